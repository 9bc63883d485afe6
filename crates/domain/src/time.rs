//! Moments, days and periods. No clock: a moment is always given.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Months, NaiveDate, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::written::Backwards;

/// A civil day in the organiser's own time zone. On the wire `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

/// Why a text is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a day is written YYYY-MM-DD and lies between 1900-01-01 and 2200-12-31")]
pub struct DayError;

impl Day {
    /// A day of the calendar.
    pub const fn new(date: NaiveDate) -> Self {
        Self(date)
    }

    /// A day by year, month and day of the month; `None` where there is no such day.
    pub fn ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self)
    }

    /// The day as chrono has it.
    pub const fn date(self) -> NaiveDate {
        self.0
    }

    /// So many days later, or earlier; at the ends of the calendar, the last day there is.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        let end = if days < 0 { NaiveDate::MIN } else { NaiveDate::MAX };
        Self(TimeDelta::try_days(days).and_then(|delta| self.0.checked_add_signed(delta)).unwrap_or(end))
    }

    /// The first day of this day's month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self(self.0.with_day(1).unwrap_or(self.0))
    }

    /// The first day of the month after this day's.
    #[must_use]
    pub fn first_of_next_month(self) -> Self {
        let next = self.0.with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
        Self(next.unwrap_or(NaiveDate::MAX))
    }

    /// `YYYY-MM-DD`; the ends of the calendar are years of more digits, with a sign.
    fn written(self) -> Backwards {
        let mut written = Backwards::new();
        written.put_number(self.0.day().into(), 2);
        written.put(b'-');
        written.put_number(self.0.month().into(), 2);
        written.put(b'-');
        written.put_number(self.0.year().unsigned_abs().into(), 4);
        match self.0.year() {
            ..0 => written.put(b'-'),
            0..10_000 => {}
            10_000.. => written.put(b'+'),
        }
        written
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.written().text())
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.written().text())
    }
}

impl FromStr for Day {
    type Err = DayError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        if s.len() != 10 {
            return Err(DayError);
        }
        let date: NaiveDate = s.parse().map_err(|_| DayError)?;
        if (1900..=2200).contains(&date.year()) { Ok(Self(date)) } else { Err(DayError) }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for Day {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Date)))
            .examples([serde_json::json!("2026-11-21")])
            .into()
    }
}
impl utoipa::ToSchema for Day {}

/// A point in time, UTC, cut to the microsecond: what both databases keep exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let at = DateTime::<Utc>::deserialize(deserializer)?;
        if (1900..=2200).contains(&at.year()) {
            Ok(Self::new(at))
        } else {
            Err(de::Error::custom("a moment lies between the years 1900 and 2200"))
        }
    }
}

impl utoipa::PartialSchema for Moment {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .examples([serde_json::json!("2026-11-21T09:30:00.000000Z")])
            .into()
    }
}
impl utoipa::ToSchema for Moment {}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
    }
}

/// Days from `from` up to but not including `to`; without `to` it has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Days", into = "Days")]
pub struct Period {
    // INVARIANT: `to`, where given, is after `from`.
    from: Day,
    to: Option<Day>,
}

/// A period as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Days {
    from: Day,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Day>,
}

impl From<Period> for Days {
    fn from(Period { from, to }: Period) -> Self {
        Self { from, to }
    }
}

impl TryFrom<Days> for Period {
    type Error = EmptyPeriod;

    fn try_from(Days { from, to }: Days) -> Result<Self, Self::Error> {
        Self::new(from, to)
    }
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

    /// Last day; the end of the calendar where it has no end.
    pub fn last_day(self) -> Day {
        self.to.map_or(Day(NaiveDate::MAX), |to| to.plus_days(-1))
    }

    /// Whether the day is in it.
    pub fn contains(self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }

    /// Whether the two share a day.
    pub fn overlaps(self, other: Self) -> bool {
        self.to.is_none_or(|to| other.from < to) && other.to.is_none_or(|to| self.from < to)
    }

    /// The days that are in both, if there are any.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let to = match (self.to, other.to) {
            (Some(one), Some(another)) => Some(one.min(another)),
            (one, another) => one.or(another),
        };
        Self::new(self.from.max(other.from), to).ok()
    }
}

/// Values that hold in periods that do not overlap, sorted by first day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(Period, T)>", into = "Vec<(Period, T)>")]
#[serde(bound(serialize = "T: Clone + Serialize"))]
pub struct Timeline<T> {
    // INVARIANT: sorted by `from`; no two periods overlap.
    entries: Vec<(Period, T)>,
}

impl<T> From<Timeline<T>> for Vec<(Period, T)> {
    fn from(timeline: Timeline<T>) -> Self {
        timeline.entries
    }
}

impl<T> TryFrom<Vec<(Period, T)>> for Timeline<T> {
    type Error = Overlap;

    fn try_from(entries: Vec<(Period, T)>) -> Result<Self, Overlap> {
        Self::new(entries)
    }
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

    /// The same periods with something else in them.
    pub fn map<U>(&self, f: impl Fn(&T) -> U) -> Timeline<U> {
        Timeline { entries: self.entries.iter().map(|(period, value)| (*period, f(value))).collect() }
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
    use chrono::Days;
    use proptest::prelude::*;

    fn day(n: i32) -> Day {
        Day::ymd(2026, 1, 1).unwrap().plus_days(n.into())
    }

    #[test]
    fn days_are_written_as_the_calendar_writes_them() {
        let ends = [NaiveDate::MIN, NaiveDate::MAX, NaiveDate::from_ymd_opt(-4, 2, 9).unwrap()];
        let days = (0..4_000).filter_map(|n| NaiveDate::from_ymd_opt(1900, 1, 1)?.checked_add_days(Days::new(n * 27)));
        for date in days.chain(ends) {
            assert_eq!(Day::new(date).to_string(), date.to_string());
            assert_eq!(serde_json::to_value(Day::new(date)).unwrap(), date.to_string());
        }
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
