//! How a finding is shown, and to whom it belongs.

use serde::Serialize;
use valinta_domain::finding::{Finding, FindingState, FindingSubject, Said, WrongFindingState};
use valinta_domain::id::kind;
use valinta_domain::policy::Target;
use valinta_domain::{Day, Id, Moment};

use crate::cx::Cx;
use crate::http::{Problem, ProblemKind};

/// What supervision has found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SupervisionFinding)]
pub(crate) struct FindingView {
    /// Its id.
    pub(super) id: Id<kind::Finding>,
    /// Whose finding it is.
    organiser: Id<kind::Organiser>,
    /// At which provider.
    provider: Id<kind::Provider>,
    /// At which of its units.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Id<kind::ServiceUnit>>,
    /// What it is about.
    subject: FindingSubject,
    /// What was found.
    #[schema(max_length = 4000)]
    description: String,
    /// When.
    found_on: Day,
    /// Last day for putting it right.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Day>,
    /// Where it stands.
    state: FindingState,
    /// What the provider answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    answer: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<Moment>,
    /// What the organiser concluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    conclusion: Option<String>,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Moment>,
    /// Who noted it; not shown to the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    created_by: Option<String>,
    /// When.
    created_at: Moment,
}

impl FindingView {
    pub(super) fn of(finding: Finding, cx: &Cx) -> Self {
        let words = |said: Option<Said>| said.map(|said| (said.text, said.at)).unzip();
        let (answer, answered_at) = words(finding.answer);
        let (conclusion, closed_at) = words(finding.conclusion);
        Self {
            id: finding.id,
            organiser: finding.organiser,
            provider: finding.provider,
            unit: finding.unit,
            subject: finding.subject,
            description: finding.description,
            found_on: finding.found_on,
            deadline: finding.deadline,
            state: finding.state,
            answer,
            answered_at,
            conclusion,
            closed_at,
            created_by: cx.actor().role.is_county_staff().then_some(finding.created_by),
            created_at: finding.created_at,
        }
    }
}

/// To whom a finding belongs: who found it, and at whom.
pub(super) fn target_of(finding: &Finding) -> Target {
    Target { organiser: Some(finding.organiser), provider: Some(finding.provider), person: None }
}

impl From<WrongFindingState> for Problem {
    fn from(wrong: WrongFindingState) -> Self {
        Self::new(ProblemKind::WrongState, format!("Not possible: {wrong}."))
    }
}
