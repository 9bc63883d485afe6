//! A client's request to be taken by a provider, where the rulebook lets the provider answer: it waits, and ends once.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::time::Day;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// The provider has not answered.
    Waiting,
    /// The provider takes the client: there is a choice.
    Confirmed,
    /// The provider does not take the client.
    Refused,
    /// It came to nothing without anybody's answer.
    Lapsed,
    /// The client took it back.
    Withdrawn,
}

impl RequestState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Confirmed, Self::Refused, Self::Lapsed, Self::Withdrawn];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Lapsed => "lapsed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// Why a request lapsed or was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestCause {
    /// The provider did not answer in time.
    NotAnswered,
    /// The voucher was cancelled or used up.
    VoucherEnded,
    /// The unit is not approved any more, or takes no new choices.
    UnitEnded,
    /// The client did not want it any more.
    Holder,
    /// The client chose again.
    Replaced,
}

impl RequestCause {
    /// All causes.
    pub const ALL: [Self; 5] = [Self::NotAnswered, Self::VoucherEnded, Self::UnitEnded, Self::Holder, Self::Replaced];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAnswered => "not_answered",
            Self::VoucherEnded => "voucher_ended",
            Self::UnitEnded => "unit_ended",
            Self::Holder => "holder",
            Self::Replaced => "replaced",
        }
    }

    /// The cause of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.code() == code)
    }

    /// Where a request stands that has ended so.
    pub const fn state(self) -> RequestState {
        match self {
            Self::NotAnswered | Self::VoucherEnded | Self::UnitEnded => RequestState::Lapsed,
            Self::Holder | Self::Replaced => RequestState::Withdrawn,
        }
    }
}

/// Why a request cannot be answered or taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RequestRefusal {
    /// It has ended.
    #[error("the request is {} already", state.code())]
    Ended {
        /// How.
        state: RequestState,
    },
    /// Its last day is over, whether or not anybody has looked since.
    #[error("the request was to be answered by {answer_by}")]
    Late {
        /// The last day.
        answer_by: Day,
    },
}

/// The last day on which a request of a day can be answered: not after the last day on which the voucher could be used.
pub fn answer_by(asked_on: Day, answer_days: u16, voucher_until: Day) -> Day {
    asked_on.plus_days(answer_days.into()).min(voucher_until.max(asked_on))
}

/// Lets a request be answered, or taken back, on a day: its last day counts.
///
/// # Errors
/// It has ended, or its last day is over.
pub fn may_answer(state: RequestState, answer_by: Day, today: Day) -> Result<(), RequestRefusal> {
    match state {
        RequestState::Waiting if today > answer_by => Err(RequestRefusal::Late { answer_by }),
        RequestState::Waiting => Ok(()),
        RequestState::Confirmed | RequestState::Refused | RequestState::Lapsed | RequestState::Withdrawn => {
            Err(RequestRefusal::Ended { state })
        }
    }
}

/// Where a request stands on a day: dates decide, whether or not anybody has looked.
pub fn state_on(state: RequestState, answer_by: Day, today: Day) -> RequestState {
    if state == RequestState::Waiting && today > answer_by { RequestState::Lapsed } else { state }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_counts_and_the_day_after_does_not() {
        let asked = Day::ymd(2026, 11, 11).unwrap();
        let last = answer_by(asked, 7, asked.plus_days(100));
        assert_eq!(last, asked.plus_days(7));
        assert_eq!(may_answer(RequestState::Waiting, last, last), Ok(()));
        assert_eq!(state_on(RequestState::Waiting, last, last), RequestState::Waiting);
        let late = last.plus_days(1);
        assert_eq!(may_answer(RequestState::Waiting, last, late), Err(RequestRefusal::Late { answer_by: last }));
        assert_eq!(state_on(RequestState::Waiting, last, late), RequestState::Lapsed);
        for state in RequestState::ALL.into_iter().filter(|state| *state != RequestState::Waiting) {
            assert_eq!(may_answer(state, last, asked), Err(RequestRefusal::Ended { state }));
            assert_eq!(state_on(state, last, late), state);
        }
    }

    #[test]
    fn no_answer_is_waited_for_longer_than_the_voucher_is_valid() {
        let asked = Day::ymd(2026, 11, 11).unwrap();
        assert_eq!(answer_by(asked, 60, asked.plus_days(3)), asked.plus_days(3));
        assert_eq!(answer_by(asked, 1, asked), asked);
    }

    #[test]
    fn names_lead_back_to_what_they_name() {
        for state in RequestState::ALL {
            assert_eq!(RequestState::from_code(state.code()), Some(state));
        }
        for cause in RequestCause::ALL {
            assert_eq!(RequestCause::from_code(cause.code()), Some(cause));
            assert_ne!(cause.state(), RequestState::Waiting);
        }
    }
}
