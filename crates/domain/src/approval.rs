//! A unit's approval for a voucher type of an organiser (*hyväksyminen*).

use serde::{Deserialize, Serialize};

use crate::time::{Day, Period};

/// Where an approval stands. Dates decide; the state says why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// In force within its period.
    Active,
    /// Interrupted by the organiser: no new choices.
    Suspended,
    /// Ended by the organiser.
    Cancelled,
    /// Ended at the provider's own wish.
    Ended,
}

impl ApprovalState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Active, Self::Suspended, Self::Cancelled, Self::Ended];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Cancelled => "cancelled",
            Self::Ended => "ended",
        }
    }

    /// The state of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// Whether a unit may be chosen, and may serve, on a day.
pub fn in_force(state: ApprovalState, period: Period, day: Day) -> bool {
    state == ApprovalState::Active && period.contains(day)
}
