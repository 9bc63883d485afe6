//! `POST /v1/applications/{id}/submit`: the provider hands its application in. What it says is kept word for word.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;
use valinta_domain::application::{self, ApplicationEventKind, ApplicationState, Evidence, Kept};
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::policy::Action;
use valinta_domain::rules::Facts;
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::{Id, Moment};
use valinta_persistence::applications::{Application, Event, NewEvent};
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::{Conn, applications, approvals, organisers, providers, voucher_types};

use super::examined::{check_submittable, examined, obstacles};
use super::view::{ApplicationView, check_seen, target_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::conditional::IfMatch;
use crate::http::permit::ApplicationsWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};

/// Largest document that is kept of what was handed in.
const DOCUMENT_CHARS_MAX: usize = 262_144;

/// Handing in.
#[derive(Debug, Clone, Default, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmitApplication {
    /// The answer in words, where more information was asked for.
    #[schema(min_length = 1, max_length = 4000)]
    answer: Option<String>,
}

impl Parse for SubmitApplication {
    type Into = Option<String>;

    fn parse(&self, errors: &mut Errors) -> Option<Option<String>> {
        let answer = self.answer.as_ref().map(|answer| {
            let is_text = !answer.trim().is_empty() && answer.chars().count() <= TEXT_CHARS_MAX;
            is_text
                .then(|| answer.clone())
                .ok_or_else(|| format!("a text of 1 to {TEXT_CHARS_MAX} characters is wanted"))
        });
        errors.take_optional("/answer", answer)
    }
}

/// What was handed in. It is kept and hashed as canonical JSON (RFC 8785).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SubmittedApplication {
    /// Which application.
    application: Id<kind::Application>,
    /// Who decides it.
    organiser: Id<kind::Organiser>,
    /// Who applies.
    provider: Applicant,
    /// For which unit, with all that the registry says of it.
    unit: AppliedUnit,
    /// For which voucher type.
    voucher_type: Id<kind::VoucherType>,
    /// Against which rulebook version.
    rulebook: Id<kind::Rulebook>,
    /// For residents of which municipalities; of all of the organiser's where none is named.
    #[schema(max_items = 320)]
    area: Vec<MunicipalityCode>,
    /// What is stated for the rulebook's requirements, with the hashes of files.
    #[schema(max_items = 50)]
    evidence: Vec<Evidence>,
    /// The facts of the unit that the rulebook's criteria ask for.
    #[schema(value_type = Object)]
    unit_facts: Facts,
    /// The answer in words, where more information was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    answer: Option<String>,
    /// Who handed it in, as their token names them.
    #[schema(max_length = 255)]
    submitted_by: String,
    /// When.
    submitted_at: Moment,
}

/// Who applied, as the registry had them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SubmittedApplicant)]
struct Applicant {
    /// Its id.
    id: Id<kind::Provider>,
    /// Its business id.
    #[schema(max_length = 9)]
    business_id: String,
    /// Its name.
    #[schema(max_length = 200)]
    name: String,
}

/// The unit, as the registry had it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct AppliedUnit {
    /// Its id.
    id: Id<kind::ServiceUnit>,
    /// Which of its versions.
    version: i64,
    /// All that is said of it.
    #[schema(value_type = Object)]
    details: Value,
}

/// Submits an application, or submits it again with an answer. It must show something for every requirement of the
/// rulebook in force: all that is missing is told at once. Where more was asked, it is answered: in words, or with other
/// evidence for each requirement that was asked about. What is handed in is kept to the byte, and its hash stands with who
/// handed it in and when. Who sends `If-Match` signs the version that it names, or nothing.
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
    precondition: Result<IfMatch, Problem>,
    key: IdempotencyKey,
    body: Json<SubmitApplication>,
) -> Result<HttpResponse, Problem> {
    let precondition = match precondition {
        Ok(precondition) => Some(precondition),
        Err(problem) if problem.kind() == ProblemKind::PreconditionRequired => None,
        Err(problem) => return Err(problem),
    };
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let answer = body.into_inner();
    app.command(permit.into_caller(), "submit_application", &key, &bytes, move |c, cx| {
        hand_in(c, cx, id, precondition.as_ref(), answer.as_deref())
    })
    .await
}

/// Hands an application in as it is.
pub(crate) fn submit(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Application>,
    answer: Option<&str>,
) -> Result<Reply<ApplicationView>, Problem> {
    hand_in(c, cx, id, None, answer)
}

/// Hands an application in. Who has read it may name the version that was read: what is signed is what was seen.
fn hand_in(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Application>,
    precondition: Option<&IfMatch>,
    answer: Option<&str>,
) -> Result<Reply<ApplicationView>, Problem> {
    let mut application = found(applications::take(c, id)?)?;
    cx.require(Action::BindProvider, &target_of(&application))?;
    precondition.map_or(Ok(()), |precondition| check_seen(precondition, &application))?;
    // From here on nobody adopts another rulebook, and nobody changes alone what two must agree on once something has been
    // handed in.
    approvals::hold_for(c, application.provider, application.voucher_type)?;
    let submitted = application.state.submit()?;
    if answer.is_some() && application.state == ApplicationState::Draft {
        let detail = "nothing has been asked yet";
        return Err(Problem::invalid(Vec::new()).at("/answer", "not_applicable", detail));
    }
    let organiser = found(organisers::find(c, application.organiser)?)?;
    let unit = found(providers::find_unit(c, application.unit)?)?;
    let today = cx.today(&organiser)?;
    let rulebook = voucher_types::rulebook_in_force(c, application.voucher_type, today)?.ok_or_else(|| {
        Problem::new(ProblemKind::WrongState, "The voucher type has no rulebook in force today to apply under.")
    })?;
    let case = (&application, &unit, &organiser);
    let examined = examined(c, cx, case, &rulebook, today)?;
    let shown = (&examined.examination, answer);
    check_submittable(&obstacles(c, case, &rulebook, shown, today)?)?;
    let kept = kept(c, cx, &application, &unit, (answer, examined.facts))?;
    application.state = submitted;
    application.submitted = Some((cx.now(), cx.actor().subject.clone()));
    application.submitted_sha256 = Some(kept.sha256.clone());
    application.answer_due = None;
    applications::update(c, &application)?;
    let event = Event {
        text: answer.map(str::to_owned),
        sha256: Some(kept.sha256.clone()),
        ..super::view::event(cx, ApplicationEventKind::Submitted)
    };
    let new = NewEvent { organiser: application.organiser, application: id, event: &event, document: Some(&kept.text) };
    applications::append_event(c, &new)?;
    let target = target_of(&application);
    let details = json!({
        "application": id,
        "provider": application.provider,
        "unit": application.unit,
        "sha256": kept.sha256,
    });
    cx.audit("submit_application", ("application", id.uuid()), &target, details.clone());
    cx.tell(EventKind::ApplicationSubmitted, ("application", id.uuid()), &target, details);
    Ok(Reply::ok(ApplicationView::of(application)))
}

/// What is kept of what is handed in now.
fn kept(
    c: &mut Conn,
    cx: &Cx,
    application: &Application,
    unit: &ServiceUnit,
    (answer, unit_facts): (Option<&str>, Facts),
) -> Result<Kept, Problem> {
    let provider = found(providers::find(c, application.provider)?)?;
    let document = SubmittedApplication {
        application: application.id,
        organiser: application.organiser,
        provider: Applicant {
            id: provider.id,
            business_id: provider.business_id.to_string(),
            name: provider.details.name,
        },
        unit: AppliedUnit {
            id: unit.id,
            version: unit.version,
            details: serde_json::to_value(&unit.details).map_err(Problem::internal)?,
        },
        voucher_type: application.voucher_type,
        rulebook: application.rulebook,
        area: application.area.clone(),
        evidence: application.evidence.clone(),
        unit_facts,
        answer: answer.map(str::to_owned),
        submitted_by: cx.actor().subject.clone(),
        submitted_at: cx.now(),
    };
    let kept = application::kept(&serde_json::to_value(&document).map_err(Problem::internal)?);
    if kept.text.chars().count() > DOCUMENT_CHARS_MAX {
        let detail = format!("all that is handed in has at most {DOCUMENT_CHARS_MAX} characters together");
        return Err(Problem::invalid(Vec::new()).at("/evidence", "too_large", detail));
    }
    Ok(kept)
}
