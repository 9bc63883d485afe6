//! The Finnish calendar of public holidays and their eves, computed for any year.

use chrono::{Datelike, Weekday};
use serde::{Deserialize, Serialize};

use crate::time::Day;

/// A Finnish public holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holiday {
    /// 1 January.
    NewYearsDay,
    /// 6 January.
    Epiphany,
    /// The Friday before Easter.
    GoodFriday,
    /// Easter Sunday.
    EasterSunday,
    /// The Monday after Easter.
    EasterMonday,
    /// 1 May.
    MayDay,
    /// The Thursday 39 days after Easter.
    AscensionDay,
    /// The Sunday 49 days after Easter.
    Pentecost,
    /// The Saturday between 20 and 26 June.
    MidsummerDay,
    /// The Saturday between 31 October and 6 November.
    AllSaintsDay,
    /// 6 December.
    IndependenceDay,
    /// 25 December.
    ChristmasDay,
    /// 26 December.
    BoxingDay,
}

impl Holiday {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::NewYearsDay,
        Self::Epiphany,
        Self::GoodFriday,
        Self::EasterSunday,
        Self::EasterMonday,
        Self::MayDay,
        Self::AscensionDay,
        Self::Pentecost,
        Self::MidsummerDay,
        Self::AllSaintsDay,
        Self::IndependenceDay,
        Self::ChristmasDay,
        Self::BoxingDay,
    ];

    /// The day of the holiday in a year; `None` beyond the calendar.
    pub fn day_in(self, year: i32) -> Option<Day> {
        match self {
            Self::NewYearsDay => Day::ymd(year, 1, 1),
            Self::Epiphany => Day::ymd(year, 1, 6),
            Self::GoodFriday => Some(easter(year)?.plus_days(-2)),
            Self::EasterSunday => easter(year),
            Self::EasterMonday => Some(easter(year)?.plus_days(1)),
            Self::MayDay => Day::ymd(year, 5, 1),
            Self::AscensionDay => Some(easter(year)?.plus_days(39)),
            Self::Pentecost => Some(easter(year)?.plus_days(49)),
            Self::MidsummerDay => saturday_from(Day::ymd(year, 6, 20)?),
            Self::AllSaintsDay => saturday_from(Day::ymd(year, 10, 31)?),
            Self::IndependenceDay => Day::ymd(year, 12, 6),
            Self::ChristmasDay => Day::ymd(year, 12, 25),
            Self::BoxingDay => Day::ymd(year, 12, 26),
        }
    }
}

/// The public holiday of a day, if it is one. Ascension Day can fall on May Day: then it is the former.
pub fn holiday_on(day: Day) -> Option<Holiday> {
    let year = day.date().year();
    Holiday::ALL.into_iter().rev().find(|holiday| holiday.day_in(year) == Some(day))
}

/// The first Saturday on a day or after it.
fn saturday_from(day: Day) -> Option<Day> {
    (0..7).map(|days| day.plus_days(days)).find(|day| day.date().weekday() == Weekday::Sat)
}

/// Easter Sunday of the Gregorian calendar, by the reckoning of Meeus, Jones and Butcher.
fn easter(year: i32) -> Option<Day> {
    let golden = year.rem_euclid(19);
    let (century, of_century) = (year.div_euclid(100), year.rem_euclid(100));
    let (leap_centuries, century_rest) = (century.div_euclid(4), century.rem_euclid(4));
    let correction = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let epact = (19 * golden + century - leap_centuries - correction + 15).rem_euclid(30);
    let (leap_years, rest) = (of_century.div_euclid(4), of_century.rem_euclid(4));
    let to_sunday = (32 + 2 * century_rest + 2 * leap_years - epact - rest).rem_euclid(7);
    let late = (golden + 11 * epact + 22 * to_sunday).div_euclid(451);
    let march_days = epact + to_sunday - 7 * late + 114;
    Day::ymd(year, u32::try_from(march_days.div_euclid(31)).ok()?, u32::try_from(march_days.rem_euclid(31) + 1).ok()?)
}

#[cfg(test)]
mod tests;
