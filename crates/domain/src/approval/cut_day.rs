//! The day on which a decision ended a choice: what was served on it before the decision is owed, what follows is not.

use thiserror::Error;

use crate::time::{Day, Moment, Period};

/// A choice that a decision on the unit's approval ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutChoice {
    /// Its first day.
    pub from: Day,
    /// The day on which it ended: the first on which it no longer holds.
    pub to: Day,
    /// The moment of the decision.
    pub at: Moment,
}

/// Why a service of the day on which a choice was ended cannot be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotBefore {
    /// Whether it was given before the decision, nobody can tell.
    #[error(
        "the choice was ended by a decision on {day}: what had been served by then is recorded with its start and its end"
    )]
    TimeUnknown {
        /// The day.
        day: Day,
    },
    /// It was given afterwards, or went on.
    #[error("the choice was ended by a decision on {day} before the service had ended")]
    Afterwards {
        /// The day.
        day: Day,
    },
}

impl CutChoice {
    /// The days of the choice with the one on which it was ended, for a service of that day which had ended by the moment
    /// of the decision. None where another day is asked for: this rule says nothing of it.
    ///
    /// # Errors
    /// The service had not ended by then, or it is not known when it did.
    pub fn served_before(&self, day: Day, ended_at: Option<Moment>) -> Result<Option<Period>, NotBefore> {
        if day != self.to || day < self.from {
            return Ok(None);
        }
        match ended_at {
            None => Err(NotBefore::TimeUnknown { day }),
            Some(ended) if ended > self.at => Err(NotBefore::Afterwards { day }),
            Some(_) => Ok(Period::new(self.from, Some(day.plus_days(1))).ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(d: u32) -> Day {
        Day::ymd(2026, 1, d).unwrap()
    }

    fn moment(micros: i64) -> Moment {
        Moment::from_micros(micros).unwrap()
    }

    #[test]
    fn what_was_served_before_the_decision_is_owed_and_what_followed_is_not() {
        let cut = CutChoice { from: day(1), to: day(10), at: moment(50) };
        let whole = Period::new(day(1), Some(day(11))).unwrap();
        assert_eq!(cut.served_before(day(10), Some(moment(50))), Ok(Some(whole)));
        assert_eq!(cut.served_before(day(10), Some(moment(51))), Err(NotBefore::Afterwards { day: day(10) }));
        assert_eq!(cut.served_before(day(10), None), Err(NotBefore::TimeUnknown { day: day(10) }));
        for other in [9, 11] {
            assert_eq!(cut.served_before(day(other), Some(moment(1))), Ok(None));
        }
        // One that was made that morning has no whole day, and a part of one.
        let morning = CutChoice { from: day(10), ..cut };
        let only = Period::new(day(10), Some(day(11))).unwrap();
        assert_eq!(morning.served_before(day(10), Some(moment(1))), Ok(Some(only)));
        // One that was to begin later never served.
        let later = CutChoice { from: day(12), to: day(12), ..cut };
        assert_eq!(later.served_before(day(10), Some(moment(1))), Ok(None));
        assert_eq!(later.served_before(day(12), Some(moment(60))), Err(NotBefore::Afterwards { day: day(12) }));
    }
}
