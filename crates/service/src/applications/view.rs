//! How an application is shown, and to whom it belongs.

use serde::Serialize;
use valinta_domain::application::{ApplicationEventKind, ApplicationState, Evidence, WrongApplicationState};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::policy::{Role, Target};
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::applications::{Application, Event};

use super::names::Applicant;
use super::question::OpenQuestion;
use crate::cx::Cx;
use crate::http::conditional::IfMatch;
use crate::http::{Problem, ProblemKind};

/// A unit's application for approval.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ApplicationView {
    /// Its id.
    pub(crate) id: Id<kind::Application>,
    /// Who decides it.
    pub(crate) organiser: Id<kind::Organiser>,
    /// Who applies.
    pub(crate) provider: Id<kind::Provider>,
    /// For which unit.
    pub(crate) unit: Id<kind::ServiceUnit>,
    /// Their names. Shown where applications are read, not where they are changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) applicant: Option<Applicant>,
    /// For which voucher type.
    pub(crate) voucher_type: Id<kind::VoucherType>,
    /// For residents of which municipalities; of all of the organiser's where none is named.
    #[schema(max_items = 320)]
    pub(crate) area: Vec<MunicipalityCode>,
    /// Against which rulebook version.
    pub(crate) rulebook: Id<kind::Rulebook>,
    /// Where it stands.
    pub(crate) state: ApplicationState,
    /// What is stated for the rulebook's requirements.
    #[schema(max_items = 50)]
    pub(crate) evidence: Vec<Evidence>,
    /// When it was handed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) submitted_at: Option<Moment>,
    /// By whom, when and what: as it was last handed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signature: Option<Signature>,
    /// Last day for the provider's answer, where more information was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answer_due: Option<Day>,
    /// What was asked and is not answered yet. Shown with one application, not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) question: Option<OpenQuestion>,
    /// The decision on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<Id<kind::Decision>>,
    /// When it was begun.
    pub(crate) created_at: Moment,
    /// What happened to it, oldest first. Shown with one application, not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100)]
    pub(crate) history: Option<Vec<EventView>>,
}

/// Who handed in what, and when.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Signature {
    /// Who, as their token names them.
    #[schema(max_length = 255)]
    by: String,
    /// When.
    at: Moment,
    /// SHA-256 of what was handed in, in hexadecimal; `/document` gives the bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 64, max_length = 64)]
    sha256: Option<String>,
}

/// Something that happened to an application.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ApplicationEvent)]
pub(crate) struct EventView {
    /// What.
    kind: ApplicationEventKind,
    /// When.
    at: Moment,
    /// Who, as their token names them. Who acted for the organiser is told to the organiser.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    by: Option<String>,
    /// What was asked or answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    text: Option<String>,
    /// Last day for the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Day>,
    /// About which requirements more was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50, value_type = Vec<valinta_domain::text::CodeText>)]
    requirements: Vec<String>,
    /// SHA-256 of what was handed in, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 64, max_length = 64)]
    sha256: Option<String>,
}

impl EventView {
    fn of(event: Event, role: Role) -> Self {
        let by = (event.kind.is_of_provider() || role != Role::Provider).then_some(event.by);
        let Event { kind, at, text, due, requirements, sha256, .. } = event;
        Self { kind, at, by, text, due, requirements, sha256 }
    }
}

impl ApplicationView {
    pub(super) fn of(application: Application) -> Self {
        Self {
            id: application.id,
            organiser: application.organiser,
            provider: application.provider,
            unit: application.unit,
            applicant: None,
            voucher_type: application.voucher_type,
            rulebook: application.rulebook,
            state: application.state,
            evidence: application.evidence,
            area: application.area,
            submitted_at: application.submitted.as_ref().map(|(at, _)| *at),
            signature: application.submitted.map(|(at, by)| Signature { by, at, sha256: application.submitted_sha256 }),
            answer_due: application.answer_due,
            question: None,
            decision: application.decision,
            created_at: application.created_at,
            history: None,
        }
    }

    /// With what happened to it.
    pub(super) fn with_history(self, events: Vec<Event>, role: Role) -> Self {
        let question = OpenQuestion::of(self.state, &events);
        Self { question, history: Some(events.into_iter().map(|event| EventView::of(event, role)).collect()), ..self }
    }
}

/// Something that the caller does to an application now.
pub(super) fn event(cx: &Cx, kind: ApplicationEventKind) -> Event {
    Event {
        id: cx.id(),
        kind,
        text: None,
        due: None,
        requirements: Vec::new(),
        sha256: None,
        by: cx.actor().subject.clone(),
        at: cx.now(),
    }
}

/// Goes on if a taken application is the version that the caller has seen.
///
/// # Errors
/// Another came first: `precondition_failed`, with where the application stands now.
pub(super) fn check_seen(precondition: &IfMatch, application: &Application) -> Result<(), Problem> {
    // Taking it has counted one up already.
    precondition.check(application.version.saturating_sub(1)).map_err(|problem| {
        let detail = format!("{} It is {} now.", problem.detail(), application.state.code());
        Problem::new(ProblemKind::PreconditionFailed, detail)
    })
}

/// To whom an application belongs. What has not been handed in is the provider's alone.
pub(super) fn target_of(application: &Application) -> Target {
    let organiser = application.submitted.is_some().then_some(application.organiser);
    Target { organiser, provider: Some(application.provider), person: None }
}

/// The organiser for which the caller sees applications and approvals, or `None` for one who acts for providers.
pub(crate) fn staff_of(cx: &Cx) -> Result<Option<Id<kind::Organiser>>, Problem> {
    match cx.actor().role {
        Role::Provider => Ok(None),
        Role::Officer | Role::Auditor => cx.actor().organiser.map(Some).ok_or_else(Problem::not_found),
        Role::Operator | Role::CaseWorker | Role::Finance | Role::Resident => {
            Err(Problem::new(ProblemKind::Forbidden, "This is not for the caller's role."))
        }
    }
}

impl From<WrongApplicationState> for Problem {
    fn from(wrong: WrongApplicationState) -> Self {
        Self::new(ProblemKind::WrongState, format!("Not possible: {wrong}."))
    }
}
