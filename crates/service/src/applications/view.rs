//! How an application is shown, and to whom it belongs.

use serde::Serialize;
use valinta_domain::application::{ApplicationState, Evidence, WrongApplicationState};
use valinta_domain::id::kind;
use valinta_domain::policy::{Role, Target};
use valinta_domain::{Id, Moment};
use valinta_persistence::applications::Application;

use crate::cx::Cx;
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
    /// For which voucher type.
    pub(crate) voucher_type: Id<kind::VoucherType>,
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
    /// The decision on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<Id<kind::Decision>>,
    /// When it was begun.
    pub(crate) created_at: Moment,
}

impl ApplicationView {
    pub(super) fn of(application: Application) -> Self {
        Self {
            id: application.id,
            organiser: application.organiser,
            provider: application.provider,
            unit: application.unit,
            voucher_type: application.voucher_type,
            rulebook: application.rulebook,
            state: application.state,
            evidence: application.evidence,
            submitted_at: application.submitted.map(|(at, _)| at),
            decision: application.decision,
            created_at: application.created_at,
        }
    }
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
