//! Steps of the sanctions ladder (FIELD §5.18): on what grounds a unit's approval comes to one, how its provider is heard
//! (434/2003 § 34), and what a step does. Whether the grounds are true, a person decides.

mod effect;
mod explained;

pub use effect::{AskedEffect, Effect, EffectField, EffectRefused, effect};
pub use explained::steps;

use chrono::Months;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::approval::VouchersInUse;
use crate::id::{Id, kind};
use crate::rulebook::SupervisionTerms;
use crate::text::Localized;
use crate::time::{Day, Moment};

/// A step of the ladder, the mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureStep {
    /// A notice (*huomautus*).
    Notice,
    /// A written warning with a deadline (*varoitus*).
    Warning,
    /// The unit takes no new choices (*keskeytys*).
    Suspension,
    /// The approval ends (*peruuttaminen*).
    Cancellation,
}

impl MeasureStep {
    /// All steps.
    pub const ALL: [Self; 4] = [Self::Notice, Self::Warning, Self::Suspension, Self::Cancellation];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Suspension => "suspension",
            Self::Cancellation => "cancellation",
        }
    }

    /// The step of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.code() == code)
    }

    /// The step that leads to it.
    pub const fn after(self) -> Option<Self> {
        match self {
            Self::Notice => None,
            Self::Warning => Some(Self::Notice),
            Self::Suspension => Some(Self::Warning),
            Self::Cancellation => Some(Self::Suspension),
        }
    }
}

/// Why a step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grounds {
    /// The rulebook is not kept: one step after the other.
    Breach,
    /// A condition of approval is not shown to hold (569/2009 § 5): any step.
    ConditionsLost,
    /// Clients are in danger: at once.
    Danger,
}

impl Grounds {
    /// All grounds.
    pub const ALL: [Self; 3] = [Self::Breach, Self::ConditionsLost, Self::Danger];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Breach => "breach",
            Self::ConditionsLost => "conditions_lost",
            Self::Danger => "danger",
        }
    }

    /// The grounds of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grounds| grounds.code() == code)
    }
}

/// Where a measure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureState {
    /// The provider is being heard.
    Hearing,
    /// Decided: imposed.
    Imposed,
    /// Decided: nothing is imposed.
    Dropped,
    /// Taken back by the organiser before it was decided.
    Withdrawn,
}

impl MeasureState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Hearing, Self::Imposed, Self::Dropped, Self::Withdrawn];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hearing => "hearing",
            Self::Imposed => "imposed",
            Self::Dropped => "dropped",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What a provider has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its words.
    pub text: String,
    /// Who spoke for it.
    pub by: String,
    /// When.
    pub at: Moment,
}

/// A step of the ladder, from its hearing to its decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Its id.
    pub id: Id<kind::Measure>,
    /// Whose measure it is.
    pub organiser: Id<kind::Organiser>,
    /// Against which approval.
    pub approval: Id<kind::Approval>,
    /// Against whom.
    pub provider: Id<kind::Provider>,
    /// The finding that it follows from, if it follows from one.
    pub finding: Option<Id<kind::Finding>>,
    /// Which step.
    pub step: MeasureStep,
    /// Why.
    pub grounds: Grounds,
    /// Where it stands.
    pub state: MeasureState,
    /// What the provider is heard about.
    pub reasons: Localized,
    /// With lost conditions: the codes of those that had lapsed when it was opened, which the provider is heard about.
    pub lapsed: Vec<String>,
    /// Last day for the provider's reply.
    pub hear_until: Day,
    /// What it said.
    pub reply: Option<Reply>,
    /// Of a warning: last day for putting things right.
    pub deadline: Option<Day>,
    /// Of a suspension or cancellation: first day.
    pub from: Option<Day>,
    /// Of a suspension: first day on which it no longer holds, if it was set.
    pub to: Option<Day>,
    /// Of a suspension: what becomes of vouchers in use.
    pub vouchers_in_use: Option<VouchersInUse>,
    /// By which decision it was imposed or dropped.
    pub decision: Option<Id<kind::Decision>>,
    /// Who opened it.
    pub opened_by: String,
    /// When.
    pub opened_at: Moment,
    /// Counts changes.
    pub version: i64,
}

/// A step that was imposed before on the same approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImposedStep {
    /// Which.
    pub step: MeasureStep,
    /// On which day it was decided.
    pub on: Day,
    /// A warning's deadline.
    pub deadline: Option<Day>,
}

/// Why a measure does not go where it was to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MeasureRefused {
    /// Nothing is left that it could be about.
    #[error("the approval has ended")]
    ApprovalOver,
    /// The ladder has a step before it.
    #[error("a {} for a breach follows a {} that was imposed within {months} months, and there is none", step.code(), after.code())]
    StepMissing {
        /// The step that was asked for.
        step: MeasureStep,
        /// The one that leads to it.
        after: MeasureStep,
        /// Within how many months.
        months: u16,
    },
    /// The warning's deadline is still to come, or today.
    #[error("the warning gives the provider until {deadline}")]
    WarningRuns {
        /// Its last day.
        deadline: Day,
    },
    /// Every condition is shown to hold.
    #[error("no condition of the approval that the provider is heard about has lapsed on {day}")]
    NothingLapsed {
        /// The day.
        day: Day,
    },
    /// A mild step helps nobody who is in danger.
    #[error("where clients are in danger the approval is suspended or cancelled: a {} is not for that", step.code())]
    TooMild {
        /// The step that was asked for.
        step: MeasureStep,
    },
    /// The provider has less time to be heard than the rulebook gives.
    #[error("the provider is heard until {earliest} at least")]
    HearingTooShort {
        /// The earliest last day.
        earliest: Day,
    },
    /// It has more time than that is of use for.
    #[error("the provider is heard until {latest} at most")]
    HearingTooLong {
        /// The latest last day.
        latest: Day,
    },
    /// The provider has not replied, and still can.
    #[error("the provider has not replied, and is heard until {until}")]
    NotHeard {
        /// Its last day.
        until: Day,
    },
    /// It has been said already.
    #[error("the provider has replied")]
    Replied,
    /// It has been decided or taken back.
    #[error("a measure that is {} cannot be {attempted}", state.code())]
    WrongState {
        /// Where it stands.
        state: MeasureState,
        /// What was attempted.
        attempted: &'static str,
    },
}

/// Longest time to be heard.
const HEARING_DAYS_MAX: i64 = 180;

/// Lets a step be opened on a day on these grounds. `lapsed` is whether a condition of the approval has lapsed on the day.
///
/// # Errors
/// The ladder has no such step there.
pub fn may_open(
    (step, grounds): (MeasureStep, Grounds),
    imposed: &[ImposedStep],
    lapsed: bool,
    terms: &SupervisionTerms,
    day: Day,
) -> Result<(), MeasureRefused> {
    match grounds {
        Grounds::Breach => follows(step, imposed, terms, day),
        Grounds::ConditionsLost if lapsed => Ok(()),
        Grounds::ConditionsLost => Err(MeasureRefused::NothingLapsed { day }),
        Grounds::Danger => match step {
            MeasureStep::Suspension | MeasureStep::Cancellation => Ok(()),
            MeasureStep::Notice | MeasureStep::Warning => Err(MeasureRefused::TooMild { step }),
        },
    }
}

fn follows(
    step: MeasureStep,
    imposed: &[ImposedStep],
    terms: &SupervisionTerms,
    day: Day,
) -> Result<(), MeasureRefused> {
    let Some(after) = step.after() else { return Ok(()) };
    let months = terms.ladder_months;
    let latest = imposed
        .iter()
        .filter(|one| one.step == after && one.on <= day && leads_until(one.on, months) >= day)
        .max_by_key(|one| one.on);
    match latest {
        None => Err(MeasureRefused::StepMissing { step, after, months }),
        Some(ImposedStep { deadline: Some(deadline), .. }) if *deadline >= day => {
            Err(MeasureRefused::WarningRuns { deadline: *deadline })
        }
        Some(_) => Ok(()),
    }
}

/// The last day on which a step leads to the next one.
fn leads_until(on: Day, months: u16) -> Day {
    let end = on.date().checked_add_months(Months::new(months.into()));
    end.map_or(on, Day::new)
}

/// The last day for the provider's reply: the one that was asked for, or the earliest that the rulebook allows.
///
/// # Errors
/// It is too early or too late.
pub fn hear_until(asked: Option<Day>, terms: &SupervisionTerms, today: Day) -> Result<Day, MeasureRefused> {
    let earliest = today.plus_days(terms.hearing_days.into());
    let latest = today.plus_days(HEARING_DAYS_MAX);
    match asked {
        None => Ok(earliest),
        Some(day) if day < earliest => Err(MeasureRefused::HearingTooShort { earliest }),
        Some(day) if day > latest => Err(MeasureRefused::HearingTooLong { latest }),
        Some(day) => Ok(day),
    }
}

impl Measure {
    /// The conditions that the provider was heard about and that are still not shown to hold, of those that have lapsed on
    /// the day of the decision.
    ///
    /// # Errors
    /// The measure rests on lost conditions, and each of them is shown to hold again. Of what has lapsed since, the
    /// provider has not been heard.
    pub fn still_lapsed(&self, lapsed: &[String], today: Day) -> Result<Vec<String>, MeasureRefused> {
        let heard = self.lapsed.iter().filter(|code| lapsed.contains(code)).cloned().collect::<Vec<_>>();
        if self.grounds == Grounds::ConditionsLost && heard.is_empty() {
            return Err(MeasureRefused::NothingLapsed { day: today });
        }
        Ok(heard)
    }

    /// The provider replies: while it is heard, or after what was imposed at once.
    ///
    /// # Errors
    /// It has replied, or there is nothing to reply to any more.
    pub fn may_reply(&self) -> Result<(), MeasureRefused> {
        let heard = match self.state {
            MeasureState::Hearing => true,
            MeasureState::Imposed => self.grounds == Grounds::Danger,
            MeasureState::Dropped | MeasureState::Withdrawn => false,
        };
        match &self.reply {
            _ if !heard => Err(self.wrong("replied to")),
            Some(_) => Err(MeasureRefused::Replied),
            None => Ok(()),
        }
    }

    /// The organiser decides: after a reply, or after the time for one.
    ///
    /// # Errors
    /// It has been decided or taken back, or the provider can still be heard.
    pub fn may_decide(&self, today: Day) -> Result<(), MeasureRefused> {
        if self.state != MeasureState::Hearing {
            return Err(self.wrong("decided"));
        }
        if self.reply.is_none() && today <= self.hear_until {
            return Err(MeasureRefused::NotHeard { until: self.hear_until });
        }
        Ok(())
    }

    /// The organiser takes it back.
    ///
    /// # Errors
    /// It has been decided or taken back.
    pub fn may_withdraw(&self) -> Result<(), MeasureRefused> {
        if self.state == MeasureState::Hearing { Ok(()) } else { Err(self.wrong("withdrawn")) }
    }

    fn wrong(&self, attempted: &'static str) -> MeasureRefused {
        MeasureRefused::WrongState { state: self.state, attempted }
    }
}

#[cfg(test)]
mod tests;
