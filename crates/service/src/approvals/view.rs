//! How an approval is shown.

use serde::Serialize;
use valinta_domain::approval::ApprovalState;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id};
use valinta_persistence::approvals::Approval;

/// A unit's approval for a voucher type.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ApprovalView {
    /// Its id.
    pub(crate) id: Id<kind::Approval>,
    /// Whose approval it is.
    pub(crate) organiser: Id<kind::Organiser>,
    /// Who is approved.
    pub(crate) provider: Id<kind::Provider>,
    /// Which unit.
    pub(crate) unit: Id<kind::ServiceUnit>,
    /// For what.
    pub(crate) voucher_type: Id<kind::VoucherType>,
    /// From which application it follows.
    pub(crate) application: Id<kind::Application>,
    /// Where it stands.
    pub(crate) state: ApprovalState,
    /// First day.
    pub(crate) valid_from: Day,
    /// Last day, if it has an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_until: Option<Day>,
    /// The decision that it follows from.
    pub(crate) decision: Id<kind::Decision>,
}

impl ApprovalView {
    pub(crate) fn of(approval: Approval) -> Self {
        Self {
            id: approval.id,
            organiser: approval.organiser,
            provider: approval.provider,
            unit: approval.unit,
            voucher_type: approval.voucher_type,
            application: approval.application,
            state: approval.state,
            valid_from: approval.valid_from,
            valid_until: approval.valid_to.map(|to| to.plus_days(-1)),
            decision: approval.decision,
        }
    }
}
