//! Moments, days and periods. No clock: a moment is always given.

use std::fmt;

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A civil day in the organiser's own time zone.
pub type Day = NaiveDate;

/// A point in time, UTC, cut to the microsecond: what both databases keep exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct Moment(DateTime<Utc>);

impl Moment {
    /// Cuts the time to the microsecond.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(6))
    }

    /// A moment from microseconds since 1970; `None` outside of the calendar.
    pub fn from_micros(micros: i64) -> Option<Self> {
        DateTime::from_timestamp_micros(micros).map(Self)
    }

    /// Microseconds since 1970.
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// The time as chrono has it.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
    }
}

/// Days from `from` up to but not including `to`; without `to` it has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Period {
    // INVARIANT: `to`, where given, is after `from`.
    from: Day,
    to: Option<Day>,
}

/// Why two days are no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a period must end after it begins: from {from}, to {to}")]
pub struct EmptyPeriod {
    /// First day.
    pub from: Day,
    /// First day no longer in it.
    pub to: Day,
}

impl Period {
    /// A period of at least one day.
    ///
    /// # Errors
    /// `to` is not after `from`.
    pub fn new(from: Day, to: Option<Day>) -> Result<Self, EmptyPeriod> {
        match to {
            Some(to) if to <= from => Err(EmptyPeriod { from, to }),
            _ => Ok(Self { from, to }),
        }
    }

    /// A period that has not been given an end.
    pub fn starting(from: Day) -> Self {
        Self { from, to: None }
    }

    /// First day.
    pub fn from(self) -> Day {
        self.from
    }

    /// First day no longer in it.
    pub fn to(self) -> Option<Day> {
        self.to
    }

    /// Whether the day is in it.
    pub fn contains(self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }

    /// Whether the two share a day.
    pub fn overlaps(self, other: Self) -> bool {
        self.to.is_none_or(|to| other.from < to) && other.to.is_none_or(|to| self.from < to)
    }
}

/// Values that hold in periods that do not overlap, sorted by first day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline<T> {
    // INVARIANT: sorted by `from`; no two periods overlap.
    entries: Vec<(Period, T)>,
}

/// Two entries of a timeline hold on the same day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("two entries hold on {day}")]
pub struct Overlap {
    /// A day on which both hold.
    pub day: Day,
}

impl<T> Timeline<T> {
    /// Sorts the entries.
    ///
    /// # Errors
    /// Two of them overlap.
    pub fn new(mut entries: Vec<(Period, T)>) -> Result<Self, Overlap> {
        entries.sort_by_key(|(period, _)| period.from());
        for pair in entries.windows(2) {
            if let [(earlier, _), (later, _)] = pair
                && earlier.overlaps(*later)
            {
                return Err(Overlap { day: later.from() });
            }
        }
        Ok(Self { entries })
    }

    /// What holds on the day.
    pub fn as_of(&self, day: Day) -> Option<&T> {
        self.entries.iter().rev().find(|(period, _)| period.contains(day)).map(|(_, value)| value)
    }

    /// All entries, earliest first.
    pub fn entries(&self) -> &[(Period, T)] {
        &self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(n: i32) -> Day {
        Day::from_num_days_from_ce_opt(740_000 + n).unwrap()
    }

    #[test]
    fn a_period_without_a_day_is_refused() {
        assert!(Period::new(day(3), Some(day(3))).is_err());
        assert!(Period::new(day(3), Some(day(2))).is_err());
    }

    #[test]
    fn a_timeline_answers_for_every_day_it_covers_and_no_other() {
        let t = Timeline::new(vec![
            (Period::starting(day(10)), "new"),
            (Period::new(day(0), Some(day(10))).unwrap(), "old"),
        ])
        .unwrap();
        assert_eq!(t.as_of(day(-1)), None);
        assert_eq!(t.as_of(day(9)), Some(&"old"));
        assert_eq!(t.as_of(day(10)), Some(&"new"));
    }

    proptest! {
        #[test]
        fn overlap_means_a_shared_day(a in 0..50i32, al in 1..20i32, b in 0..50i32, bl in 1..20i32) {
            let p = Period::new(day(a), Some(day(a + al))).unwrap();
            let q = Period::new(day(b), Some(day(b + bl))).unwrap();
            let shared = (0..80).any(|d| p.contains(day(d)) && q.contains(day(d)));
            prop_assert_eq!(p.overlaps(q), shared);
            prop_assert_eq!(Timeline::new(vec![(p, ()), (q, ())]).is_err(), shared);
        }
    }
}
