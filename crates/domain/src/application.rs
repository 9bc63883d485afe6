//! A unit's application for approval: where it stands and what can be done with it (FIELD §5, §6).
//!
//! What is stated in it is in `stated`, and what is stated where the provider does not say it in `nearest`; how that is
//! examined in `examination`, what is asked about it in `question`, and what is kept of what was handed in in `document`.
//! Nothing here knows whether evidence is true: that a person decides.

mod document;
mod examination;
mod nearest;
mod question;
mod stated;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use document::{Kept, canonical, kept};
pub use examination::{Examination, RequirementOutcome, examine, requirement_outcome};
pub use nearest::nearest;
pub use question::{Unanswered, unanswered};
pub use stated::{AttachedFile, Evidence, Refuted, Shown};

use crate::time::Day;

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationState {
    /// Being written; only the provider sees it.
    Draft,
    /// Handed in, waiting for a decision.
    Submitted,
    /// Handed in; the organiser has asked for more, and waits for the provider.
    MoreInformation,
    /// Decided: approved.
    Approved,
    /// Decided: rejected. The unit may apply again.
    Rejected,
    /// Taken back by the provider.
    Withdrawn,
}

impl ApplicationState {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Draft, Self::Submitted, Self::MoreInformation, Self::Approved, Self::Rejected, Self::Withdrawn];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::MoreInformation => "more_information",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether it is neither decided nor taken back. A unit has one such application for a voucher type.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Draft | Self::Submitted | Self::MoreInformation => true,
            Self::Approved | Self::Rejected | Self::Withdrawn => false,
        }
    }

    /// Edited by the provider; it stands where it stood.
    ///
    /// # Errors
    /// It waits for the organiser, or is over.
    pub fn edit(self) -> Result<Self, WrongApplicationState> {
        match self {
            Self::Draft | Self::MoreInformation => Ok(self),
            Self::Submitted | Self::Approved | Self::Rejected | Self::Withdrawn => Err(self.cannot_be("edited")),
        }
    }

    /// Handed in by the provider, for the first time or again.
    ///
    /// # Errors
    /// It waits for the organiser, or is over.
    pub fn submit(self) -> Result<Self, WrongApplicationState> {
        match self {
            Self::Draft | Self::MoreInformation => Ok(Self::Submitted),
            Self::Submitted | Self::Approved | Self::Rejected | Self::Withdrawn => Err(self.cannot_be("submitted")),
        }
    }

    /// Given back by the organiser, which asks for more.
    ///
    /// # Errors
    /// It does not wait for a decision.
    pub fn ask_for_more(self) -> Result<Self, WrongApplicationState> {
        match self {
            Self::Submitted => Ok(Self::MoreInformation),
            Self::Draft | Self::MoreInformation | Self::Approved | Self::Rejected | Self::Withdrawn => {
                Err(self.cannot_be("asked more about"))
            }
        }
    }

    /// Decided by the organiser. What waits for the provider's answer is rejected at most, and only where the answer is
    /// overdue: it may be half rewritten, and nobody has signed that.
    ///
    /// # Errors
    /// It does not wait for a decision.
    pub fn decide(self, approve: bool, answer_is_overdue: bool) -> Result<Self, WrongApplicationState> {
        match self {
            Self::Submitted if approve => Ok(Self::Approved),
            Self::Submitted => Ok(Self::Rejected),
            Self::MoreInformation if !approve && answer_is_overdue => Ok(Self::Rejected),
            Self::MoreInformation if approve => Err(self.cannot_be("approved")),
            Self::MoreInformation => Err(self.cannot_be("rejected before the answer is overdue")),
            Self::Draft | Self::Approved | Self::Rejected | Self::Withdrawn => Err(self.cannot_be("decided")),
        }
    }

    /// Taken back by the provider.
    ///
    /// # Errors
    /// It has been decided or was taken back before.
    pub fn withdraw(self) -> Result<Self, WrongApplicationState> {
        match self {
            Self::Draft | Self::Submitted | Self::MoreInformation => Ok(Self::Withdrawn),
            Self::Approved | Self::Rejected | Self::Withdrawn => Err(self.cannot_be("withdrawn")),
        }
    }

    const fn cannot_be(self, attempted: &'static str) -> WrongApplicationState {
        WrongApplicationState { state: self, attempted }
    }
}

/// A transition that the state does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an application that is {} cannot be {attempted}", state.code())]
pub struct WrongApplicationState {
    /// Where the application stands.
    pub state: ApplicationState,
    /// What was attempted.
    pub attempted: &'static str,
}

/// Whether an answer that was wanted by a day is overdue on another.
pub fn is_overdue(due: Option<Day>, today: Day) -> bool {
    due.is_some_and(|due| due < today)
}

/// What happened to an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationEventKind {
    /// The provider handed it in.
    Submitted,
    /// The organiser asked for more.
    InformationRequested,
    /// The provider took it back.
    Withdrawn,
    /// The organiser decided it.
    Decided,
}

impl ApplicationEventKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Submitted, Self::InformationRequested, Self::Withdrawn, Self::Decided];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::InformationRequested => "information_requested",
            Self::Withdrawn => "withdrawn",
            Self::Decided => "decided",
        }
    }

    /// The kind of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether it is the provider's own act.
    pub const fn is_of_provider(self) -> bool {
        match self {
            Self::Submitted | Self::Withdrawn => true,
            Self::InformationRequested | Self::Decided => false,
        }
    }
}
