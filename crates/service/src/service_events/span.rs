//! From when to when a service was given, as the clock on the organiser's wall shows it. Decides nothing.

use chrono::{NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;
use valinta_domain::rules::Stretch;
use valinta_domain::service_event::Span;
use valinta_domain::{Day, Moment};

/// A span where the organiser is: one stretch, or two where the clock jumps in between. Spans that no service can have are
/// not looked into; whoever records refuses them.
pub(crate) fn span_in(zone: Tz, started_at: Moment, ended_at: Moment) -> Span {
    let day = Day::new(local(zone, started_at.micros()).date());
    Span { started_at, ended_at, day, stretches: stretches(zone, started_at.micros(), ended_at.micros()) }
}

/// Longest span that is looked into: longer ones are refused, however they lie.
const MICROS_MAX: i64 = 2 * 24 * 3_600 * 1_000_000;

fn stretches(zone: Tz, start: i64, end: i64) -> Vec<Stretch> {
    let stretch = |from: i64, to: i64| Stretch { start: local(zone, from), length: TimeDelta::microseconds(to - from) };
    if start >= end || end.saturating_sub(start) > MICROS_MAX {
        return Vec::new();
    }
    match jump_between(zone, start, end) {
        Some(jump) => vec![stretch(start, jump), stretch(jump, end)],
        None => vec![stretch(start, end)],
    }
}

/// The first microsecond at which the clock shows another offset than at the start, if it does at the end. In two days no
/// clock jumps twice.
fn jump_between(zone: Tz, start: i64, end: i64) -> Option<i64> {
    let before = offset_s(zone, start);
    if offset_s(zone, end) == before {
        return None;
    }
    let (mut low, mut high) = (start, end);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if offset_s(zone, middle) == before { low = middle } else { high = middle }
    }
    // A clock that jumps at the very end does not jump within.
    (high < end).then_some(high)
}

fn offset_s(zone: Tz, micros: i64) -> i32 {
    zone.offset_from_utc_datetime(&utc(micros)).fix().local_minus_utc()
}

fn local(zone: Tz, micros: i64) -> NaiveDateTime {
    zone.from_utc_datetime(&utc(micros)).naive_local()
}

fn utc(micros: i64) -> NaiveDateTime {
    // INVARIANT: the microseconds lie between two moments, so they are one.
    Moment::from_micros(micros).map(|moment| moment.utc().naive_utc()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use chrono_tz::Europe::Helsinki;

    fn moment(text: &str) -> Moment {
        Moment::new(text.parse::<DateTime<Utc>>().unwrap())
    }

    /// Start and minutes of each stretch.
    fn shown(start: &str, end: &str) -> Vec<(String, i64)> {
        let span = span_in(Helsinki, moment(start), moment(end));
        span.stretches.iter().map(|stretch| (stretch.start.to_string(), stretch.length.num_minutes())).collect()
    }

    #[test]
    fn a_service_of_a_plain_evening_is_one_stretch_of_local_time() {
        assert_eq!(shown("2026-11-11T15:30:00Z", "2026-11-11T17:00:00Z"), [("2026-11-11 17:30:00".to_owned(), 90)]);
        let late = span_in(Helsinki, moment("2026-11-11T22:30:00Z"), moment("2026-11-11T23:00:00Z"));
        assert_eq!(late.day, Day::ymd(2026, 11, 12).unwrap());
    }

    #[test]
    fn a_night_in_which_the_clock_is_put_forward_is_two_stretches_without_the_hour_that_is_not() {
        let night = shown("2026-03-28T23:00:00Z", "2026-03-29T03:00:00Z");
        assert_eq!(night, [("2026-03-29 01:00:00".to_owned(), 120), ("2026-03-29 04:00:00".to_owned(), 120)]);
    }

    #[test]
    fn a_night_in_which_the_clock_is_put_back_has_an_hour_twice() {
        let night = shown("2026-10-24T23:00:00Z", "2026-10-25T03:00:00Z");
        assert_eq!(night, [("2026-10-25 02:00:00".to_owned(), 120), ("2026-10-25 03:00:00".to_owned(), 120)]);
    }

    #[test]
    fn a_service_that_ends_as_the_clock_jumps_is_one_stretch() {
        assert_eq!(shown("2026-10-24T23:00:00Z", "2026-10-25T01:00:00Z"), [("2026-10-25 02:00:00".to_owned(), 120)]);
        assert_eq!(shown("2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"), [("2026-10-25 03:00:00".to_owned(), 60)]);
    }

    #[test]
    fn what_no_service_can_be_has_no_stretches() {
        assert!(shown("2026-11-11T17:00:00Z", "2026-11-11T15:00:00Z").is_empty());
        assert!(shown("2026-11-11T17:00:00Z", "2026-11-14T17:00:00Z").is_empty());
    }
}
