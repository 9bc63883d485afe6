//! Kinds of days, the bands that hold at a time, and how a service is split at their edges.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;

fn rule(bands: &str, eves_of: &str) -> ValueRule {
    let text = format!(
        r#"{{"time_bands": {{"eves_of": {eves_of}, "bands": {bands},
            "otherwise": {{"flat": {{"value": "1.00"}}}}, "missing": {{"flat": {{"value": "0.50"}}}}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn bands_of(rule: &ValueRule) -> &TimeBands {
    let ValueRule::TimeBands(bands) = rule else { panic!("{rule:?}") };
    bands
}

/// Night on all days, Sundays and holidays, and the afternoons of eves.
fn assistance() -> ValueRule {
    rule(
        r#"[
            {"on": ["sunday", "public_holiday"], "item": "sunday", "then": {"flat": {"value": "42.00"}}},
            {"on": ["eve"], "from": "12:00", "then": {"flat": {"value": "42.00"}}},
            {"on": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday"], "from": "22:00",
             "then": {"flat": {"value": "26.30"}}},
            {"on": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "eve"], "until": "06:00",
             "then": {"flat": {"value": "26.30"}}}
        ]"#,
        r#"["new_years_day", "easter_sunday", "midsummer_day", "christmas_day", "epiphany"]"#,
    )
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

fn at(text: &str) -> At {
    let local = local(text);
    At { day: Day::new(local.date()), time: Some(TimeOfDay::of(local)) }
}

fn stretch(start: &str, minutes: i64) -> Stretch {
    Stretch { start: local(start), length: TimeDelta::minutes(minutes) }
}

fn shown(slots: &[Slot]) -> Vec<String> {
    let time = |slot: &Slot| slot.at.time.unwrap();
    slots.iter().map(|slot| format!("{} {} {}", slot.at.day, time(slot), slot.length.num_minutes())).collect()
}

#[test]
fn a_time_of_day_is_read_to_the_minute_or_refused() {
    for (text, minute) in [("00:00", 0), ("07:30", 450), ("23:59", 1439), ("24:00", 1440)] {
        let time: TimeOfDay = text.parse().unwrap();
        assert_eq!((time.minute(), time.to_string()), (minute, text.to_owned()));
    }
    for bad in ["", "7:30", "07.30", "07:60", "24:01", "25:00", "-1:00", "07:3", "+7:30", "07:30:00", "٠٧:٣٠"] {
        assert_eq!(bad.parse::<TimeOfDay>(), Err(TimeOfDayError), "{bad}");
    }
    assert_eq!(TimeOfDay::from_minute(1441), None);
}

#[test]
fn a_day_is_a_holiday_an_eve_or_its_weekday() {
    let rule = assistance();
    let bands = bands_of(&rule);
    for (text, kind) in [
        ("2026-04-04", DayKind::Eve),           // Easter Saturday
        ("2026-04-05", DayKind::PublicHoliday), // Easter Sunday
        ("2026-04-03", DayKind::PublicHoliday), // Good Friday
        ("2026-04-02", DayKind::Thursday),      // the eve of a holiday that is not listed
        ("2026-06-19", DayKind::Eve),           // Midsummer Eve, a Friday
        ("2026-06-20", DayKind::PublicHoliday),
        ("2026-12-24", DayKind::Eve),
        ("2026-12-25", DayKind::PublicHoliday),
        ("2026-12-31", DayKind::Eve), // its holiday is in another year
        ("2025-01-05", DayKind::Eve), // a Sunday that is an eve
        ("2026-11-22", DayKind::Sunday),
        ("2026-11-23", DayKind::Monday),
    ] {
        assert_eq!(bands.kind_of(day(text)), kind, "{text}");
    }
}

#[test]
fn a_kind_of_day_that_no_band_names_counts_as_its_weekday() {
    let rule = rule(r#"[{"on": ["sunday"], "then": {"flat": {"value": "2.00"}}}]"#, "[]");
    let bands = bands_of(&rule);
    assert_eq!(bands.kind_of(day("2026-12-25")), DayKind::Friday);
    assert_eq!(bands.kind_of(day("2026-12-24")), DayKind::Thursday);
    assert_eq!(bands.kind_of(day("2026-04-05")), DayKind::Sunday);
    assert!(!bands.needs_time());
    let when = At { day: day("2026-04-05"), time: None };
    assert_eq!(bands.band_at(when), (DayKind::Sunday, Some(0)));
}

#[test]
fn the_band_of_a_time_ends_before_its_edge() {
    let rule = assistance();
    let bands = bands_of(&rule);
    for (text, band) in [
        ("2026-11-23 21:59", None),
        ("2026-11-23 22:00", Some(2)),
        ("2026-11-24 05:59", Some(3)),
        ("2026-11-24 06:00", None),
        ("2026-11-22 22:30", Some(0)),
        ("2026-12-24 05:00", Some(3)),
        ("2026-12-24 11:59", None),
        ("2026-12-24 12:00", Some(1)),
        ("2026-12-24 23:30", Some(1)),
        ("2026-12-25 03:00", Some(0)),
    ] {
        assert_eq!(bands.band_at(at(text)).1, band, "{text}");
    }
}

#[test]
fn a_service_is_split_at_edges_and_at_midnight() {
    let rule = assistance();
    assert_eq!(
        shown(&split([&rule], &[stretch("2026-11-21 21:15", 600)])),
        ["2026-11-21 21:15 45", "2026-11-21 22:00 120", "2026-11-22 00:00 360", "2026-11-22 06:00 75"],
    );
    assert_eq!(shown(&split([&rule], &[stretch("2026-11-23 22:00", 120)])), ["2026-11-23 22:00 120"]);
    assert_eq!(shown(&split([&rule], &[stretch("2026-11-23 22:00", 0)])), Vec::<String>::new());
    let flat = ValueRule::Flat { value: crate::money::Amount::ZERO };
    assert_eq!(
        shown(&split([&flat], &[stretch("2026-11-23 23:00", 120)])),
        ["2026-11-23 23:00 60", "2026-11-24 00:00 60"],
    );
}

#[test]
fn edges_of_nested_bands_split_as_well() {
    let inner = rule(r#"[{"on": ["sunday"], "from": "18:00", "then": {"flat": {"value": "3.00"}}}]"#, "[]");
    let inner = serde_json::to_string(&inner).unwrap();
    let outer = rule(&format!(r#"[{{"on": ["sunday"], "from": "08:00", "then": {inner}}}]"#), "[]");
    assert_eq!(
        shown(&split([&outer], &[stretch("2026-11-22 07:00", 720)])),
        ["2026-11-22 07:00 60", "2026-11-22 08:00 600", "2026-11-22 18:00 60"],
    );
}

/// The caller cuts a service where the clock jumps: on 29 March 2026 from 3 to 4, on 25 October from 4 back to 3.
#[test]
fn a_night_in_which_the_clock_jumps_keeps_its_true_length() {
    let rule =
        rule(r#"[{"on": ["sunday"], "from": "03:00", "until": "05:00", "then": {"flat": {"value": "2.00"}}}]"#, "[]");
    let spring = split([&rule], &[stretch("2026-03-29 02:00", 60), stretch("2026-03-29 04:00", 120)]);
    assert_eq!(shown(&spring), ["2026-03-29 02:00 60", "2026-03-29 04:00 60", "2026-03-29 05:00 60"]);
    let autumn = split([&rule], &[stretch("2026-10-25 02:00", 120), stretch("2026-10-25 03:00", 180)]);
    assert_eq!(
        shown(&autumn),
        ["2026-10-25 02:00 60", "2026-10-25 03:00 60", "2026-10-25 03:00 120", "2026-10-25 05:00 60"],
    );
}

fn any_bands() -> impl Strategy<Value = ValueRule> {
    let band = (proptest::sample::subsequence(DayKind::ALL.to_vec(), 1..=9), 0_u16..1440, 1_u16..=1440);
    let band = band.prop_map(|(on, from, length)| TimeBand {
        on,
        from: TimeOfDay::from_minute(from),
        until: TimeOfDay::from_minute((from + length).min(1440)),
        item: None,
        then: ValueRule::Flat { value: crate::money::Amount::ZERO },
    });
    let eves = proptest::sample::subsequence(Holiday::ALL.to_vec(), 0..=13);
    (proptest::collection::vec(band, 1..6), eves).prop_map(|(bands, eves_of)| {
        let nothing = || Box::new(ValueRule::Flat { value: crate::money::Amount::ZERO });
        ValueRule::TimeBands(TimeBands { eves_of, bands, otherwise: Some(nothing()), missing: nothing() })
    })
}

fn any_start() -> impl Strategy<Value = NaiveDateTime> {
    let midnight = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
    (0_i64..730 * 86_400).prop_map(move |seconds| midnight + TimeDelta::seconds(seconds))
}

proptest! {
    #[test]
    fn the_slots_are_the_service_and_nothing_changes_within_one(
        rule in any_bands(), starts in proptest::collection::vec((any_start(), 0_i64..200_000), 0..3),
    ) {
        let stretches: Vec<_> =
            starts.iter().map(|(start, length)| Stretch { start: *start, length: TimeDelta::seconds(*length) }).collect();
        let slots = split([&rule], &stretches);
        let sum = |lengths: Vec<TimeDelta>| lengths.into_iter().fold(TimeDelta::zero(), |sum, length| sum + length);
        prop_assert_eq!(
            sum(slots.iter().map(|slot| slot.length).collect()),
            sum(stretches.iter().map(|stretch| stretch.length).collect())
        );
        let bands = bands_of(&rule);
        for slot in &slots {
            prop_assert!(slot.length > TimeDelta::zero());
            let first = slot.at.time.unwrap().minute();
            // The last minute that the slot has a whole part of: it never goes beyond midnight, or over an edge.
            let minutes = u16::try_from((slot.length - TimeDelta::seconds(1)).num_minutes()).unwrap();
            for minute in [first, first + minutes / 2, first + minutes] {
                let time = TimeOfDay::from_minute(minute);
                prop_assert!(time.is_some_and(|time| time < TimeOfDay::END));
                prop_assert_eq!(bands.band_at(At { day: slot.at.day, time }), bands.band_at(slot.at));
            }
        }
    }

    #[test]
    fn every_minute_has_one_kind_and_at_most_one_first_band(rule in any_bands(), start in any_start()) {
        let bands = bands_of(&rule);
        let day = Day::new(start.date());
        let (kind, band) = bands.band_at(At { day, time: Some(TimeOfDay::of(start)) });
        prop_assert_eq!(kind, bands.kind_of(day));
        prop_assert!(bands.names(kind) || kind == DayKind::weekday_of(day));
        if let Some(band) = band {
            prop_assert!(bands.bands[band].on.contains(&kind));
        }
    }

    #[test]
    fn a_time_of_day_survives_the_wire(minute in 0_u16..=1440) {
        let time = TimeOfDay::from_minute(minute).unwrap();
        prop_assert_eq!(time.to_string().parse::<TimeOfDay>(), Ok(time));
    }
}
