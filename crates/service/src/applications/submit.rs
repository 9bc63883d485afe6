//! `POST /v1/applications/{id}/submit`: the provider hands its draft in.

use actix_web::{HttpResponse, post, web};
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::application::Evidence;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::rulebook::RulebookTerms;
use valinta_persistence::{Conn, applications, organisers, voucher_types};

use super::view::{ApplicationView, target_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::ApplicationsWrite;
use crate::http::{Errors, IdempotencyKey, PathId, Permit, Problem, ProblemKind};

/// Submits an application. It must show something for every requirement of its rulebook; the organiser examines what.
#[utoipa::path(
    tag = "applications",
    params(IdempotencyKey),
    responses((status = 200, description = "Submitted.", body = ApplicationView)),
    security(("bearer" = ["applications:write"])),
)]
#[post("/v1/applications/{id}/submit")]
pub(crate) async fn submit_application(
    permit: Permit<ApplicationsWrite>,
    app: web::Data<App>,
    path: PathId<kind::Application>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    app.command(permit.into_caller(), "submit_application", &key, &[], move |c, cx| submit(c, cx, id)).await
}

/// Hands a draft in.
pub(crate) fn submit(c: &mut Conn, cx: &Cx, id: Id<kind::Application>) -> Result<Reply<ApplicationView>, Problem> {
    let mut application = found(applications::take(c, id)?)?;
    cx.require(Action::ManageProvider, &target_of(&application))?;
    let submitted = application.state.submit()?;
    let organiser = found(organisers::find(c, application.organiser)?)?;
    let rulebook = voucher_types::rulebook_in_force(c, application.voucher_type, cx.today(&organiser)?)?
        .filter(|rulebook| rulebook.id == application.rulebook)
        .ok_or_else(|| {
            Problem::new(
                ProblemKind::WrongState,
                "The rulebook that the application was begun under is no longer in force: withdraw it and begin anew.",
            )
        })?;
    let mut errors = Errors::new();
    check_evidence(&rulebook.terms, &application.evidence, &mut errors);
    errors.finish()?;
    application.state = submitted;
    application.submitted = Some((cx.now(), cx.actor().subject.clone()));
    applications::update(c, &application)?;
    let target = target_of(&application);
    let details = json!({"application": id, "provider": application.provider, "unit": application.unit});
    cx.audit("submit_application", ("application", id.uuid()), &target, details.clone());
    cx.tell("application.submitted", ("application", id.uuid()), target.organiser, details);
    Ok(Reply::ok(ApplicationView::of(application)))
}

/// Notes what the rulebook does not ask for, and what it asks for and does not find.
fn check_evidence(terms: &RulebookTerms, evidence: &[Evidence], errors: &mut Errors) {
    for (i, one) in evidence.iter().enumerate() {
        if !terms.requirements.iter().any(|requirement| requirement.code == one.requirement) {
            let detail = format!("the rulebook has no requirement {}", one.requirement);
            errors.fail(&format!("/evidence/{i}/requirement"), "unknown", detail);
        }
    }
    for requirement in &terms.requirements {
        let text = &requirement.text.en;
        match evidence.iter().enumerate().find(|(_, one)| one.requirement == requirement.code) {
            None => errors.fail("/evidence", "missing", format!("{}: {text}", requirement.code)),
            Some((i, one)) if requirement.expires && one.valid_until.is_none() => {
                let detail = format!("{}: until which day is it valid?", requirement.code);
                errors.fail(&format!("/evidence/{i}/valid_until"), "missing", detail);
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn terms() -> RulebookTerms {
        let text = json!({"fi": "t", "sv": "t", "en": "t"});
        let requirement =
            |code: &str, expires: bool| json!({"code": code, "text": text, "source": "", "expires": expires});
        serde_json::from_value(json!({
            "value": {"flat": {"value": "36.00"}},
            "public_service": {"client_fee": "10.00", "basis": text},
            "grant": {"per": "month", "quantity_max": "10", "validity_days_max": 365},
            "recording": {"days_after_month": 60},
            "requirements": [
                requirement("register", false), requirement("insurance", true), requirement("plan", false),
            ],
            "texts": {"status": text, "co_payment": text, "alternatives": text, "appeal": text},
            "sources": [],
        }))
        .unwrap()
    }

    #[test]
    fn all_that_is_missing_or_not_asked_for_is_told_at_once() {
        let one =
            |requirement: &str| Evidence { requirement: requirement.into(), reference: "x".into(), valid_until: None };
        let mut errors = Errors::new();
        check_evidence(&terms(), &[one("insurance"), one("dog"), one("register")], &mut errors);
        let problem = errors.finish().unwrap_err();
        let told: Vec<_> = problem.failures().iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
        let expected =
            [("/evidence/1/requirement", "unknown"), ("/evidence/0/valid_until", "missing"), ("/evidence", "missing")];
        assert_eq!(told, expected);
    }
}
