//! `POST /v1/applications`: a provider begins an application for one of its units. A draft is the provider's own.

use std::collections::HashSet;

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::application::{ApplicationState, Evidence};
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::text::{CODE_CHARS_MAX, LINE_CHARS_MAX};
use valinta_persistence::applications::Application;
use valinta_persistence::{Conn, applications, approvals, organisers, providers, voucher_types};

use super::view::ApplicationView;
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::ApplicationsWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem, ProblemKind};

/// An application to be begun.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginApplication {
    /// For which unit of the caller's.
    unit: Id<kind::ServiceUnit>,
    /// For which voucher type.
    voucher_type: Id<kind::VoucherType>,
    /// What is stated for the requirements of the rulebook in force today.
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    evidence: Vec<Evidence>,
}

/// What is applied for.
#[derive(Debug, Clone)]
pub(crate) struct BeginCommand {
    pub(crate) unit: Id<kind::ServiceUnit>,
    pub(crate) voucher_type: Id<kind::VoucherType>,
    pub(crate) evidence: Vec<Evidence>,
}

impl Parse for BeginApplication {
    type Into = BeginCommand;

    fn parse(&self, errors: &mut Errors) -> Option<BeginCommand> {
        let mut seen = HashSet::new();
        for (i, one) in self.evidence.iter().take(50).enumerate() {
            errors.within(&format!("/evidence/{i}"), |errors| check_evidence(one, errors));
            if !seen.insert(one.requirement.as_str()) {
                let detail = "there is one piece of evidence for a requirement";
                errors.fail(&format!("/evidence/{i}/requirement"), "duplicate", detail);
            }
        }
        let evidence = self.evidence.clone();
        Some(BeginCommand { unit: self.unit, voucher_type: self.voucher_type, evidence })
    }
}

fn check_evidence(evidence: &Evidence, errors: &mut Errors) {
    let is_line = |text: &str, chars_max: usize| {
        !text.trim().is_empty() && text.chars().count() <= chars_max && !text.chars().any(char::is_control)
    };
    if !is_line(&evidence.requirement, CODE_CHARS_MAX) {
        let detail = format!("a requirement's code is one line of 1 to {CODE_CHARS_MAX} characters");
        errors.fail("/requirement", "length", detail);
    }
    if !is_line(&evidence.reference, LINE_CHARS_MAX) {
        let detail = format!("a reference is one line of 1 to {LINE_CHARS_MAX} characters");
        errors.fail("/reference", "length", detail);
    }
}

/// Begins an application against the rulebook in force today. The organiser sees it once it is submitted.
#[utoipa::path(
    tag = "applications",
    params(IdempotencyKey),
    responses((status = 201, description = "Begun.", body = ApplicationView)),
    security(("bearer" = ["applications:write"])),
)]
#[post("/v1/applications")]
pub(crate) async fn begin_application(
    permit: Permit<ApplicationsWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<BeginApplication>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let command = body.into_inner();
    app.command(permit.into_caller(), "begin_application", &key, &bytes, move |c, cx| begin(c, cx, &command)).await
}

/// Begins an application.
pub(crate) fn begin(c: &mut Conn, cx: &Cx, command: &BeginCommand) -> Result<Reply<ApplicationView>, Problem> {
    let unit = providers::find_unit(c, command.unit)?.filter(|unit| cx.actor().is_member_of(unit.provider));
    let voucher_type = voucher_types::find(c, command.voucher_type)?;
    let unit = unit.ok_or_else(|| Problem::unknown("/unit", "the caller has no such unit"))?;
    let voucher_type =
        voucher_type.ok_or_else(|| Problem::unknown("/voucher_type", "there is no such voucher type"))?;
    let target = Target { organiser: Some(voucher_type.organiser), provider: Some(unit.provider), person: None };
    cx.require(Action::ManageProvider, &target)?;
    let organiser = found(organisers::find(c, voucher_type.organiser)?)?;
    let today = cx.today(&organiser)?;
    let rulebook = voucher_types::rulebook_in_force(c, voucher_type.id, today)?.ok_or_else(|| {
        Problem::new(ProblemKind::WrongState, "The voucher type has no rulebook in force today to apply under.")
    })?;
    if applications::find_open(c, unit.id, voucher_type.id)?.is_some() {
        let problem = Problem::new(ProblemKind::Duplicate, "The unit has an open application for the voucher type.");
        return Err(problem.at("/unit", "duplicate", "an application of the unit is open"));
    }
    let approvals = approvals::of_unit(c, unit.id, voucher_type.id)?;
    if approvals.iter().any(|approval| approval.valid_to.is_none_or(|to| to > today)) {
        let problem = Problem::new(ProblemKind::Duplicate, "The unit has an approval for the voucher type.");
        return Err(problem.at("/unit", "approved", "the unit has an approval that has not ended"));
    }
    let application = Application {
        id: cx.id(),
        organiser: organiser.id,
        provider: unit.provider,
        unit: unit.id,
        voucher_type: voucher_type.id,
        area: Vec::new(),
        rulebook: rulebook.id,
        state: ApplicationState::Draft,
        evidence: command.evidence.clone(),
        submitted: None,
        submitted_sha256: None,
        decision: None,
        version: 1,
        created_at: cx.now(),
    };
    applications::insert(c, &application)?;
    let id = application.id;
    let details = json!({"unit": unit.id, "voucher_type": voucher_type.id, "rulebook": rulebook.id});
    cx.audit("begin_application", ("application", id.uuid()), &target, details);
    Ok(Reply::created(format!("/v1/applications/{id}"), ApplicationView::of(application)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_requirement_is_shown_once_and_in_one_line() {
        let one = |requirement: &str, reference: &str| Evidence {
            requirement: requirement.into(),
            reference: reference.into(),
            valid_until: None,
        };
        let id = uuid::Uuid::from_u128(1);
        let shape = BeginApplication {
            unit: Id::new(id),
            voucher_type: Id::new(id),
            evidence: vec![one("insurance", "policy 7"), one("insurance", "a\nb"), one("", &"x".repeat(301))],
        };
        let mut errors = Errors::new();
        let _ = shape.parse(&mut errors);
        let problem = errors.finish().unwrap_err();
        let told: Vec<_> = problem.failures().iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
        let expected = [
            ("/evidence/1/reference", "length"),
            ("/evidence/1/requirement", "duplicate"),
            ("/evidence/2/requirement", "length"),
            ("/evidence/2/reference", "length"),
        ];
        assert_eq!(told, expected);
    }
}
