//! What supervision has found at a provider or one of its units, of bought and own production alike: open, answered,
//! closed with a conclusion.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::{Id, kind};
use crate::time::{Day, Moment};

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingSubject {
    /// How the service is given.
    Quality,
    /// The safety of clients.
    Safety,
    /// Numbers and competence of staff.
    Staff,
    /// What is written down of services.
    Records,
    /// Prices and what clients are charged.
    Pricing,
    /// Reports and notices that are due.
    Reporting,
    /// Whether everyone can get in and be understood.
    Accessibility,
    /// Whether the provider follows its own plan of self-monitoring (741/2023 § 27).
    SelfMonitoring,
    /// Something else.
    Other,
}

impl FindingSubject {
    /// All subjects.
    pub const ALL: [Self; 9] = [
        Self::Quality,
        Self::Safety,
        Self::Staff,
        Self::Records,
        Self::Pricing,
        Self::Reporting,
        Self::Accessibility,
        Self::SelfMonitoring,
        Self::Other,
    ];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Quality => "quality",
            Self::Safety => "safety",
            Self::Staff => "staff",
            Self::Records => "records",
            Self::Pricing => "pricing",
            Self::Reporting => "reporting",
            Self::Accessibility => "accessibility",
            Self::SelfMonitoring => "self_monitoring",
            Self::Other => "other",
        }
    }

    /// The subject of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.code() == code)
    }
}

/// Where a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// The provider has not answered.
    Open,
    /// It has.
    Answered,
    /// The organiser has come to a conclusion.
    Closed,
}

impl FindingState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Open, Self::Answered, Self::Closed];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Closed => "closed",
        }
    }

    /// The state of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The provider answers.
    ///
    /// # Errors
    /// It has answered, or the finding is closed.
    pub fn answer(self) -> Result<Self, WrongFindingState> {
        match self {
            Self::Open => Ok(Self::Answered),
            Self::Answered | Self::Closed => Err(WrongFindingState { state: self, attempted: "answered" }),
        }
    }

    /// The organiser closes it, with or without an answer.
    ///
    /// # Errors
    /// It is closed.
    pub fn close(self) -> Result<Self, WrongFindingState> {
        match self {
            Self::Open | Self::Answered => Ok(Self::Closed),
            Self::Closed => Err(WrongFindingState { state: self, attempted: "closed" }),
        }
    }
}

/// What was attempted does not go with where the finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a finding that is {} cannot be {attempted}", state.code())]
pub struct WrongFindingState {
    /// Where it stands.
    pub state: FindingState,
    /// What was attempted.
    pub attempted: &'static str,
}

/// Words, who gave them, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The words.
    pub text: String,
    /// Whose.
    pub by: String,
    /// When.
    pub at: Moment,
}

/// A finding of supervision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its id.
    pub id: Id<kind::Finding>,
    /// Whose finding it is.
    pub organiser: Id<kind::Organiser>,
    /// At which provider.
    pub provider: Id<kind::Provider>,
    /// At which of its units, if at one.
    pub unit: Option<Id<kind::ServiceUnit>>,
    /// What it is about.
    pub subject: FindingSubject,
    /// What was found.
    pub description: String,
    /// When.
    pub found_on: Day,
    /// Last day for putting it right.
    pub deadline: Option<Day>,
    /// Where it stands.
    pub state: FindingState,
    /// What the provider answered.
    pub answer: Option<Said>,
    /// What the organiser concluded.
    pub conclusion: Option<Said>,
    /// Who noted it.
    pub created_by: String,
    /// When.
    pub created_at: Moment,
    /// Counts changes.
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_answered_once_and_closed_once() {
        use FindingState as S;
        for state in S::ALL {
            assert_eq!(state.answer().is_ok(), state == S::Open);
            assert_eq!(state.close().is_ok(), state != S::Closed);
        }
    }
}
