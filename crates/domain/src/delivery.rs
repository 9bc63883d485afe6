//! What leaves the house: one thing, handed over to one place, until it has come there or is given up (FIELD §6: a frozen
//! month is sent, then paid). Owns where a delivery stands and when it is tried again; what is in it is not its business.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::lease::{back_off, later};
use crate::time::Moment;

/// Tries of a delivery until it is given up: more than half a day.
pub const TRIES_MAX: i32 = 12;
/// How long whoever takes a delivery has for it; then another may take it.
pub const LEASE: TimeDelta = TimeDelta::minutes(5);
/// How long a delivery waits after its first failure, and at most.
pub const WAITS: (TimeDelta, TimeDelta) = (TimeDelta::seconds(30), TimeDelta::hours(6));
/// Longest text about an attempt.
pub const SAID_CHARS_MAX: usize = 500;

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$of_variant:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of_variant])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$variant),+];

            /// The name on the wire and in the database.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The one of a name.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.code() == code)
            }
        }
    };
}

coded! {
    /// What is handed over.
    DeliveryKind {
        /// A statement, as the provider's invoice to the organiser.
        Invoice = "invoice",
        /// What a bank is asked to pay for a statement.
        Payment = "payment",
    }
}

coded! {
    /// How it is handed over.
    Channel {
        /// As a file in a folder, from which another system takes it.
        Files = "files",
    }
}

coded! {
    /// Where a delivery stands.
    DeliveryState {
        /// It is to be handed over, for the first time or again.
        Waiting = "waiting",
        /// It has been handed over.
        Sent = "sent",
        /// It was given up, until somebody has it tried again.
        Dead = "dead",
        /// It is not wanted any more.
        CalledOff = "called_off",
    }
}

coded! {
    /// What came of an attempt.
    AttemptOutcome {
        /// It was handed over.
        Sent = "sent",
        /// It was not.
        Failed = "failed",
        /// Whoever had taken it never said.
        Lost = "lost",
        /// It was not wanted any more.
        CalledOff = "called_off",
    }
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// It may go well later.
    ForNow,
    /// It will not, until somebody has put something right.
    ForGood,
}

/// When a delivery that failed is tried again; never, where it is given up.
pub fn next_try(tries: i32, failed: Failed, now: Moment, random: u64) -> Option<Moment> {
    match failed {
        Failed::ForNow if tries < TRIES_MAX => Some(later(now, back_off(tries, WAITS, random))),
        Failed::ForNow | Failed::ForGood => None,
    }
}

/// Why a delivery is not tried again by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("what is {} is not tried again; only what was given up is", state.code())]
pub struct ReplayRefused {
    /// Where it stands.
    pub state: DeliveryState,
}

/// Lets what was given up be tried again.
///
/// # Errors
/// It was not given up.
pub const fn may_replay(state: DeliveryState) -> Result<(), ReplayRefused> {
    match state {
        DeliveryState::Dead => Ok(()),
        DeliveryState::Waiting | DeliveryState::Sent | DeliveryState::CalledOff => Err(ReplayRefused { state }),
    }
}

/// A text about an attempt, as long as it may be; none where there is nothing to say.
pub fn said(text: &str) -> Option<String> {
    let text: String = text.trim().chars().take(SAID_CHARS_MAX).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_tried_again_until_it_is_given_up() {
        let now = Moment::from_micros(1_790_000_000_000_000).unwrap();
        let mut at = now;
        for tries in 1..TRIES_MAX {
            let next = next_try(tries, Failed::ForNow, at, 0).unwrap();
            assert!(next > at && next <= later(at, WAITS.1));
            at = next;
        }
        assert!(at > later(now, TimeDelta::hours(12)), "a night is not enough to lose it");
        assert_eq!(next_try(TRIES_MAX, Failed::ForNow, at, 0), None);
        assert_eq!(next_try(1, Failed::ForGood, at, 0), None);
    }

    #[test]
    fn only_what_was_given_up_is_replayed() {
        for state in DeliveryState::ALL {
            assert_eq!(may_replay(state).is_ok(), state == DeliveryState::Dead);
        }
        let refused = may_replay(DeliveryState::Sent).unwrap_err();
        assert_eq!(refused.to_string(), "what is sent is not tried again; only what was given up is");
    }

    #[test]
    fn texts_are_cut() {
        assert_eq!(said(&"ä".repeat(600)).map(|text| text.chars().count()), Some(SAID_CHARS_MAX));
        assert_eq!((said("  "), said(" no ")), (None, Some("no".to_owned())));
    }

    #[test]
    fn names_are_read_back() {
        assert!(DeliveryKind::ALL.into_iter().all(|one| DeliveryKind::from_code(one.code()) == Some(one)));
        assert!(Channel::ALL.into_iter().all(|one| Channel::from_code(one.code()) == Some(one)));
        assert!(DeliveryState::ALL.into_iter().all(|one| DeliveryState::from_code(one.code()) == Some(one)));
        assert!(AttemptOutcome::ALL.into_iter().all(|one| AttemptOutcome::from_code(one.code()) == Some(one)));
    }
}
