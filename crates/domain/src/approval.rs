//! A unit's approval for a voucher type of an organiser (*hyväksyminen*), and the days on which it takes no new choices.

mod cause;
mod cut_day;
mod follows;
mod kept;
mod lapses;
mod standing;

pub use cause::{Known, LapseCause, LapseReason, lapse_reason};
pub use cut_day::{CutChoice, NotBefore};
pub use follows::{Existing, InTheWay, following, follows, has_same_area};
pub use kept::{LapseChange, lapse_changes};
pub use lapses::{Asked, Lapse, Piece, lapses};
pub use standing::{ApprovalStanding, NotServing, may_serve, served_until, standing_on};

use serde::{Deserialize, Serialize};

use crate::id::{Id, kind};
use crate::identifiers::MunicipalityCode;
use crate::time::{Day, Moment, Period};

/// How an approval ended, or will. Dates decide whether it is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// It has not been given an end.
    Active,
    /// Ended by the organiser.
    Cancelled,
    /// Ended at the provider's own wish.
    Ended,
}

impl ApprovalState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Active, Self::Cancelled, Self::Ended];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Cancelled => "cancelled",
            Self::Ended => "ended",
        }
    }

    /// The state of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What becomes of vouchers in use where an approval is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VouchersInUse {
    /// Those who have chosen the unit are served on.
    MayFinish,
    /// They choose another: their choices end on the interruption's first day.
    MustMove,
}

impl VouchersInUse {
    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MayFinish => "may_finish",
            Self::MustMove => "must_move",
        }
    }

    /// What a name means.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::MayFinish, Self::MustMove].into_iter().find(|one| one.code() == code)
    }
}

/// Why an approval takes no new choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InterruptionCause {
    /// A decision suspended it; another one may have lifted that.
    Suspended {
        /// The decision.
        decision: Id<kind::Decision>,
        /// The decision that lifted it.
        lifted: Option<Id<kind::Decision>>,
    },
    /// A requirement of the rulebook is not shown to hold.
    Lapsed {
        /// The requirement's code.
        requirement: String,
    },
}

/// Days on which an approval takes no new choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interruption {
    /// Its id.
    pub id: Id<kind::Interruption>,
    /// Of which approval.
    pub approval: Id<kind::Approval>,
    /// Why.
    pub cause: InterruptionCause,
    /// What becomes of vouchers in use.
    pub vouchers_in_use: VouchersInUse,
    /// First day.
    pub from: Day,
    /// First day on which it no longer holds, if that is known. An interruption that ended before it began has the same
    /// day twice.
    pub to: Option<Day>,
    /// When those concerned were told that it has begun.
    pub told_at: Option<Moment>,
}

impl Interruption {
    /// Its days; none where it ended before it began.
    pub fn period(&self) -> Option<Period> {
        Period::new(self.from, self.to).ok()
    }

    /// The code of the requirement that it is a lapse of.
    pub fn requirement(&self) -> Option<&str> {
        kept::requirement_of(self)
    }

    /// Whether it is a suspension by a decision, and not a lapse.
    pub const fn is_suspension(&self) -> bool {
        matches!(self.cause, InterruptionCause::Suspended { .. })
    }

    /// Whether it holds on a day.
    pub fn holds_on(&self, day: Day) -> bool {
        self.period().is_some_and(|period| period.contains(day))
    }
}

/// Days on which a unit may be chosen, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approved {
    /// The days.
    pub period: Period,
    /// The municipalities whose residents it is approved for; all of the organiser's where none is named.
    pub area: Vec<MunicipalityCode>,
}

impl Approved {
    /// Whether a resident of a municipality may choose the unit on a day. Of one whose municipality is not known, it is
    /// not asked.
    pub fn covers(&self, day: Day, municipality: Option<&MunicipalityCode>) -> bool {
        let in_area = self.area.is_empty() || municipality.is_none_or(|code| self.area.contains(code));
        in_area && self.period.contains(day)
    }
}

/// The days of a period that no interruption covers, in order.
pub fn uninterrupted(period: Period, interruptions: &[Period]) -> Vec<Period> {
    let mut left = vec![period];
    for gap in interruptions {
        left = left.into_iter().flat_map(|part| without(part, *gap)).collect();
    }
    left
}

/// What is left of a period when the days of another are taken out of it.
fn without(period: Period, gap: Period) -> Vec<Period> {
    if !period.overlaps(gap) {
        return vec![period];
    }
    let before = Period::new(period.from(), Some(gap.from())).ok();
    let after = gap.to().and_then(|from| Period::new(from, period.to()).ok());
    before.into_iter().chain(after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(d: u32) -> Day {
        Day::ymd(2026, 1, d).unwrap()
    }

    fn period(from: u32, to: Option<u32>) -> Period {
        Period::new(day(from), to.map(day)).unwrap()
    }

    #[test]
    fn what_is_interrupted_is_cut_out() {
        let whole = period(10, None);
        assert_eq!(uninterrupted(whole, &[]), [whole]);
        assert_eq!(uninterrupted(whole, &[period(12, Some(15))]), [period(10, Some(12)), period(15, None)]);
        assert_eq!(uninterrupted(whole, &[period(1, Some(15)), period(20, None)]), [period(15, Some(20))]);
        assert_eq!(uninterrupted(whole, &[period(1, None)]), []);
        assert_eq!(uninterrupted(period(10, Some(12)), &[period(12, None)]), [period(10, Some(12))]);
    }

    #[test]
    fn an_area_is_asked_of_those_whose_municipality_is_known() {
        let pori: MunicipalityCode = "609".parse().unwrap();
        let rauma: MunicipalityCode = "684".parse().unwrap();
        let approved = Approved { period: period(10, None), area: vec![pori.clone()] };
        assert!(approved.covers(day(10), Some(&pori)) && approved.covers(day(10), None));
        assert!(!approved.covers(day(10), Some(&rauma)) && !approved.covers(day(9), Some(&pori)));
    }
}
