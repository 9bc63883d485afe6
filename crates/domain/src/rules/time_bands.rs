//! Time bands: rules by the day and time of a service, and how a service is split at their edges.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDateTime, TimeDelta, Timelike, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::evaluate::At;
use super::value_rule::ValueRule;
use crate::calendar::{Holiday, holiday_on};
use crate::time::Day;

/// Another rule by the day and time of the service, in the organiser's own time.
///
/// Every day is of one kind: a public holiday, an eve, or its weekday. Kinds that no band names count as their weekday,
/// so that a rule without `eve` treats Christmas Eve as the weekday it falls on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeBands {
    /// The holidays whose eves are eves. Needed where a band names `eve`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub eves_of: Vec<Holiday>,
    /// The bands. No two may hold at the same time.
    #[schema(min_items = 1, max_items = 100)]
    pub bands: Vec<TimeBand>,
    /// What holds at all other times. Needed where the bands do not cover the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub otherwise: Option<Box<ValueRule>>,
    /// What holds when the time of the service is not known: what is shown before it is given.
    #[schema(no_recursion)]
    pub missing: Box<ValueRule>,
}

/// One band of a [`TimeBands`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeBand {
    /// On which kinds of day.
    #[schema(min_items = 1, max_items = 9)]
    pub on: Vec<DayKind>,
    /// From this time of day; from midnight if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<TimeOfDay>,
    /// Until this time of day, `24:00` for the day's end; to the end of the day if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<TimeOfDay>,
    /// The item of the price list that is paid for at these times, if it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub item: Option<String>,
    /// The rule at these times.
    #[schema(no_recursion)]
    pub then: ValueRule,
}

/// A kind of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// A Monday that is no holiday or eve; the others likewise.
    Monday,
    /// A Tuesday.
    Tuesday,
    /// A Wednesday.
    Wednesday,
    /// A Thursday.
    Thursday,
    /// A Friday.
    Friday,
    /// A Saturday.
    Saturday,
    /// A Sunday.
    Sunday,
    /// A Finnish public holiday, whatever its weekday.
    PublicHoliday,
    /// The day before one of the holidays of `eves_of`, unless it is a public holiday itself.
    Eve,
}

/// A time of day by the minute, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay {
    // INVARIANT: at most 1440.
    minute: u16,
}

/// Why a text is no time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a time of day is written HH:MM, from 00:00 to 24:00")]
pub struct TimeOfDayError;

impl TimeOfDay {
    /// The day's end.
    pub const END: Self = Self { minute: 1440 };

    /// So many minutes after midnight; `None` after the day's end.
    pub const fn from_minute(minute: u16) -> Option<Self> {
        if minute <= Self::END.minute { Some(Self { minute }) } else { None }
    }

    /// Minutes after midnight.
    pub const fn minute(self) -> u16 {
        self.minute
    }

    /// The minute of a local time.
    pub fn of(local: NaiveDateTime) -> Self {
        let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(0);
        Self { minute: minute.min(Self::END.minute) }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

impl FromStr for TimeOfDay {
    type Err = TimeOfDayError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let digits = |part: &str| {
            let plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            if plain { part.parse::<u16>().map_err(|_| TimeOfDayError) } else { Err(TimeOfDayError) }
        };
        let (hours, minutes) = s.split_once(':').ok_or(TimeOfDayError)?;
        let (hours, minutes) = (digits(hours)?, digits(minutes)?);
        if minutes > 59 {
            return Err(TimeOfDayError);
        }
        Self::from_minute(hours * 60 + minutes).ok_or(TimeOfDayError)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for TimeOfDay {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"))
            .max_length(Some(5))
            .description(Some("A time of day by the minute, 00:00 to 24:00."))
            .examples([serde_json::json!("18:00")])
            .into()
    }
}
impl utoipa::ToSchema for TimeOfDay {}

impl DayKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
        Self::PublicHoliday,
        Self::Eve,
    ];

    /// The weekday of a day.
    pub fn weekday_of(day: Day) -> Self {
        match day.date().weekday() {
            Weekday::Mon => Self::Monday,
            Weekday::Tue => Self::Tuesday,
            Weekday::Wed => Self::Wednesday,
            Weekday::Thu => Self::Thursday,
            Weekday::Fri => Self::Friday,
            Weekday::Sat => Self::Saturday,
            Weekday::Sun => Self::Sunday,
        }
    }
}

impl TimeBand {
    /// Minutes of the day in which the band holds: from the first up to but not including the second.
    pub fn minutes(&self) -> (u16, u16) {
        (self.from.map_or(0, TimeOfDay::minute), self.until.unwrap_or(TimeOfDay::END).minute())
    }

    fn holds(&self, kind: DayKind, minute: u16) -> bool {
        let (from, until) = self.minutes();
        self.on.contains(&kind) && from <= minute && minute < until
    }
}

impl TimeBands {
    /// Whether a band names a kind of day.
    pub fn names(&self, kind: DayKind) -> bool {
        self.bands.iter().any(|band| band.on.contains(&kind))
    }

    /// Whether the time of day matters, and not the day alone.
    pub fn needs_time(&self) -> bool {
        self.bands.iter().any(|band| band.minutes() != (0, TimeOfDay::END.minute()))
    }

    /// The kind of a day, by these bands.
    pub fn kind_of(&self, day: Day) -> DayKind {
        let (holidays, eves) = (self.names(DayKind::PublicHoliday), self.names(DayKind::Eve));
        let is_holiday = (holidays || eves) && holiday_on(day).is_some();
        if is_holiday && holidays {
            return DayKind::PublicHoliday;
        }
        let tomorrow = day.plus_days(1);
        let is_eve = || self.eves_of.iter().any(|holiday| holiday.day_in(tomorrow.date().year()) == Some(tomorrow));
        if eves && !is_holiday && is_eve() {
            return DayKind::Eve;
        }
        DayKind::weekday_of(day)
    }

    /// The kind of the day, and the band that holds, if one does.
    pub fn band_at(&self, at: At) -> (DayKind, Option<usize>) {
        let kind = self.kind_of(at.day);
        let minute = at.time.map_or(0, TimeOfDay::minute);
        (kind, self.bands.iter().position(|band| band.holds(kind, minute)))
    }
}

/// A stretch of local time without a jump of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Its start, as the clock on the wall shows it.
    pub start: NaiveDateTime,
    /// How long it lasts.
    pub length: TimeDelta,
}

/// A part of a service within which nothing of a rule changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// When it begins.
    pub at: At,
    /// How long it lasts.
    pub length: TimeDelta,
}

/// Splits a service at midnight and at every edge of a rule's time bands. Time that the clock on the wall skips or repeats
/// lies between two stretches. How long a service can be is for the caller to bound.
pub fn split<'r>(rules: impl IntoIterator<Item = &'r ValueRule>, stretches: &[Stretch]) -> Vec<Slot> {
    let mut edges = BTreeSet::from([TimeOfDay::END.minute()]);
    for rule in rules.into_iter().flat_map(ValueRule::all) {
        if let ValueRule::TimeBands(bands) = rule {
            edges.extend(bands.bands.iter().flat_map(|band| <[u16; 2]>::from(band.minutes())));
        }
    }
    let mut slots = Vec::new();
    for stretch in stretches {
        let (mut start, mut left) = (stretch.start, stretch.length);
        while left > TimeDelta::zero() {
            let minute = TimeOfDay::of(start);
            let edge = edges.iter().find(|edge| **edge > minute.minute()).copied().unwrap_or(TimeOfDay::END.minute());
            let within_minute = TimeDelta::seconds(i64::from(start.second()));
            let to_edge = TimeDelta::minutes(i64::from(edge) - i64::from(minute.minute())) - within_minute;
            let length = left.min(to_edge);
            slots.push(Slot { at: At { day: Day::new(start.date()), time: Some(minute) }, length });
            let Some(next) = start.checked_add_signed(length) else { break };
            (start, left) = (next, left - length);
        }
    }
    slots
}

#[cfg(test)]
mod tests;
