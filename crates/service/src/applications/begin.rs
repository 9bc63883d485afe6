//! `POST /v1/applications`: a provider begins an application for one of its units. A draft is the provider's own.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::application::ApplicationState;
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::applications::Application;
use valinta_persistence::{Conn, applications, organisers, providers, voucher_types};

use super::entries::{EvidenceEntry, check_form, stated};
use super::examined::{check_area, check_unit};
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
    /// For residents of which municipalities of the organiser; of all where none is named.
    #[serde(default)]
    #[validate(length(max = 320))]
    #[schema(max_items = 320)]
    area: Vec<MunicipalityCode>,
    /// What is stated for the requirements of the rulebook in force today. Where it is left out, what the provider has
    /// given before is taken: for each requirement what meets it, or else what comes nearest to it.
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    evidence: Option<Vec<EvidenceEntry>>,
}

/// What is applied for.
#[derive(Debug, Clone)]
pub(crate) struct BeginCommand {
    pub(crate) unit: Id<kind::ServiceUnit>,
    pub(crate) voucher_type: Id<kind::VoucherType>,
    pub(crate) area: Vec<MunicipalityCode>,
    pub(crate) evidence: Option<Vec<EvidenceEntry>>,
}

impl Parse for BeginApplication {
    type Into = BeginCommand;

    fn parse(&self, errors: &mut Errors) -> Option<BeginCommand> {
        check_form(self.evidence.as_deref().unwrap_or_default(), errors);
        let Self { unit, voucher_type, area, evidence } = self.clone();
        Some(BeginCommand { unit, voucher_type, area, evidence })
    }
}

/// Begins an application against the rulebook in force today. The organiser sees it once it is submitted. Evidence that is
/// given with it is the provider's from then on, and can be named in other applications by its id.
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
    let mut application = Application {
        id: cx.id(),
        organiser: organiser.id,
        provider: unit.provider,
        unit: unit.id,
        voucher_type: voucher_type.id,
        area: command.area.clone(),
        rulebook: rulebook.id,
        state: ApplicationState::Draft,
        evidence: Vec::new(),
        submitted: None,
        submitted_sha256: None,
        answer_due: None,
        decision: None,
        version: 1,
        created_at: cx.now(),
    };
    let mut errors = Errors::new();
    check_unit(c, &application, &unit, today, &mut errors)?;
    if let Err(refused) = errors.finish() {
        let is_closed = refused.failures().iter().any(|failure| failure.code == "closed");
        let kind = if is_closed { ProblemKind::WrongState } else { ProblemKind::Duplicate };
        let problem = Problem::new(kind, "The unit cannot apply for the voucher type; see errors.");
        return Err(refused.failures().iter().fold(problem, |told, one| told.at(&one.pointer, &one.code, &one.detail)));
    }
    let mut errors = Errors::new();
    check_area(c, organiser.id, &command.area, today, &mut errors)?;
    errors.finish()?;
    let entries = (command.evidence.as_deref(), today);
    application.evidence = stated(c, cx, &unit, organiser.id, &rulebook.terms, entries)?;
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
        let one = |requirement: &str, reference: &str| EvidenceEntry {
            requirement: requirement.into(),
            reference: Some(reference.into()),
            ..EvidenceEntry::default()
        };
        let id = uuid::Uuid::from_u128(1);
        let both = EvidenceEntry { evidence: Some(Id::new(id)), ..one("plan", "x") };
        let evidence = vec![one("insurance", "policy 7"), one("insurance", "a\nb"), one("", &"x".repeat(301)), both];
        let shape = BeginApplication {
            unit: Id::new(id),
            voucher_type: Id::new(id),
            area: Vec::new(),
            evidence: Some(evidence),
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
            ("/evidence/3/reference", "not_applicable"),
        ];
        assert_eq!(told, expected);
    }
}
