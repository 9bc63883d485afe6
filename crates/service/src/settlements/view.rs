//! How the settling of a month is shown.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::settlement::SettlementState;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::settlements::Settlement;

/// The settling of a month.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Settlement)]
pub(crate) struct SettlementView {
    /// Its id.
    pub(super) id: Id<kind::Settlement>,
    /// The first day of the month.
    month: Day,
    /// Where it stands.
    state: SettlementState,
    /// How many service events are on statements so far.
    #[schema(minimum = 0)]
    events: i64,
    /// How many statements were made, when the month is frozen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    statements: Option<i64>,
    /// When it was started.
    started_at: Moment,
    /// When the month was frozen.
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen_at: Option<Moment>,
}

impl SettlementView {
    pub(super) fn of(run: Settlement) -> Self {
        Self {
            id: run.id,
            month: run.month,
            state: run.state,
            events: run.events,
            statements: run.frozen_at.map(|_| run.statements),
            started_at: run.started_at,
            frozen_at: run.frozen_at,
        }
    }
}
