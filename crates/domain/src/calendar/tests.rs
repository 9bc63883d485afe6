//! The calendar against dates that are known, and Easter against another reckoning.

use super::*;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Easter by the golden number, the epact and the Sunday after the full moon, as it is taught: unlike what is tested here,
/// it goes through the moon's age.
fn easter_by_the_moon(year: i32) -> Day {
    let golden = year % 19 + 1;
    let century = year / 100 + 1;
    let dropped_leap_days = 3 * century / 4 - 12;
    let moon_drift = (8 * century + 5) / 25 - 5;
    let sunday = 5 * year / 4 - dropped_leap_days - 10;
    let epact = (11 * golden + 20 + moon_drift - dropped_leap_days).rem_euclid(30);
    let epact = if epact == 24 || (epact == 25 && golden > 11) { epact + 1 } else { epact };
    let full_moon = if epact > 23 { 74 - epact } else { 44 - epact };
    let easter = full_moon + 7 - (sunday + full_moon) % 7;
    Day::ymd(year, 3, 1).unwrap().plus_days(i64::from(easter) - 1)
}

#[test]
fn easter_agrees_with_another_reckoning_for_three_centuries() {
    for year in 1900..=2200 {
        assert_eq!(Holiday::EasterSunday.day_in(year), Some(easter_by_the_moon(year)), "{year}");
    }
}

#[test]
fn easter_falls_on_days_that_are_known() {
    for text in [
        "1913-03-23",
        "1943-04-25",
        "1954-04-18",
        "1961-04-02",
        "1981-04-19",
        "2000-04-23",
        "2008-03-23",
        "2011-04-24",
        "2016-03-27",
        "2019-04-21",
        "2024-03-31",
        "2025-04-20",
        "2026-04-05",
        "2027-03-28",
        "2038-04-25",
        "2049-04-18",
    ] {
        let easter = day(text);
        assert_eq!(Holiday::EasterSunday.day_in(easter.date().year()), Some(easter));
    }
}

#[test]
fn the_holidays_of_2026_are_those_of_the_almanac() {
    let almanac = [
        ("2026-01-01", Holiday::NewYearsDay),
        ("2026-01-06", Holiday::Epiphany),
        ("2026-04-03", Holiday::GoodFriday),
        ("2026-04-05", Holiday::EasterSunday),
        ("2026-04-06", Holiday::EasterMonday),
        ("2026-05-01", Holiday::MayDay),
        ("2026-05-14", Holiday::AscensionDay),
        ("2026-05-24", Holiday::Pentecost),
        ("2026-06-20", Holiday::MidsummerDay),
        ("2026-10-31", Holiday::AllSaintsDay),
        ("2026-12-06", Holiday::IndependenceDay),
        ("2026-12-25", Holiday::ChristmasDay),
        ("2026-12-26", Holiday::BoxingDay),
    ];
    let first = day("2026-01-01");
    let found: Vec<_> = (0..365)
        .map(|days| first.plus_days(days))
        .filter_map(|day| Some((day.to_string(), holiday_on(day)?)))
        .collect();
    assert_eq!(found, almanac.map(|(day, holiday)| (day.to_owned(), holiday)));
}

#[test]
fn midsummer_and_all_saints_day_move_within_their_week() {
    for (year, midsummer, all_saints) in [
        (2020, "2020-06-20", "2020-10-31"),
        (2021, "2021-06-26", "2021-11-06"),
        (2022, "2022-06-25", "2022-11-05"),
        (2023, "2023-06-24", "2023-11-04"),
        (2024, "2024-06-22", "2024-11-02"),
        (2025, "2025-06-21", "2025-11-01"),
        (2027, "2027-06-26", "2027-11-06"),
    ] {
        assert_eq!(Holiday::MidsummerDay.day_in(year), Some(day(midsummer)));
        assert_eq!(Holiday::AllSaintsDay.day_in(year), Some(day(all_saints)));
    }
    for year in 1900..=2200 {
        let midsummer = Holiday::MidsummerDay.day_in(year).unwrap();
        let all_saints = Holiday::AllSaintsDay.day_in(year).unwrap();
        for (found, first, last) in [(midsummer, (6, 20), (6, 26)), (all_saints, (10, 31), (11, 6))] {
            assert_eq!(found.date().weekday(), Weekday::Sat);
            let (first, last) = (Day::ymd(year, first.0, first.1).unwrap(), Day::ymd(year, last.0, last.1).unwrap());
            assert!(first <= found && found <= last);
        }
    }
}

#[test]
fn every_year_has_its_holidays_on_their_weekdays() {
    for year in 1900..=2200 {
        let weekday = |holiday: Holiday| holiday.day_in(year).unwrap().date().weekday();
        assert_eq!(weekday(Holiday::GoodFriday), Weekday::Fri);
        assert_eq!(weekday(Holiday::EasterMonday), Weekday::Mon);
        assert_eq!(weekday(Holiday::AscensionDay), Weekday::Thu);
        assert_eq!(weekday(Holiday::Pentecost), Weekday::Sun);
        for holiday in Holiday::ALL {
            let found = holiday.day_in(year).unwrap();
            assert!(holiday_on(found).is_some());
            assert!(holiday_on(found) == Some(holiday) || holiday == Holiday::MayDay, "{year} {holiday:?}");
        }
    }
}

#[test]
fn ascension_day_on_may_day_is_ascension_day() {
    assert_eq!(holiday_on(day("2008-05-01")), Some(Holiday::AscensionDay));
    assert_eq!(holiday_on(day("2009-05-01")), Some(Holiday::MayDay));
}

#[test]
fn ordinary_days_and_eves_are_no_holidays() {
    for text in ["2026-04-04", "2026-06-19", "2026-12-24", "2026-12-31", "2026-11-01", "2026-05-15", "2024-02-29"] {
        assert_eq!(holiday_on(day(text)), None, "{text}");
    }
}
