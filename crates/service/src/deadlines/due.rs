//! Which reminders of an expiry are due: a plain function of days.

use valinta_domain::evidence::Evidence;
use valinta_domain::{Day, Period};

/// The last day of an unbroken run of days from a day on; `None` where it has no end, or the day itself is not covered.
pub(super) fn covered_until(today: Day, periods: &[Period]) -> Option<Day> {
    let mut next = today;
    // Each turn takes at least one period further, so there are no more turns than periods.
    for _ in 0..=periods.len() {
        let on = periods.iter().filter(|period| period.contains(next));
        let furthest = on.map(|period| period.to()).max_by_key(|to| (to.is_none(), *to));
        match furthest {
            Some(Some(to)) => next = to,
            Some(None) => return None,
            None => break,
        }
    }
    (next > today).then(|| next.plus_days(-1))
}

/// The reminders, by their days ahead, that are due so many days before an expiry: the nearest one first, which is the
/// one to be told. Those before it have been told or are too late.
pub(super) fn due(days_left: i64, remind_days: &[u16]) -> Vec<u16> {
    let mut due: Vec<u16> =
        remind_days.iter().copied().filter(|days| (0..=i64::from(*days)).contains(&days_left)).collect();
    due.sort_unstable();
    due.dedup();
    due
}

/// How many days are left of a piece of evidence, its last day not counted: 0 on its last day.
pub(super) fn days_left(piece: &Evidence, today: Day) -> Option<i64> {
    piece.valid_until.map(|until| until.date().signed_duration_since(today.date()).num_days())
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
    fn what_follows_without_a_gap_carries_on() {
        assert_eq!(covered_until(day(5), &[period(1, Some(10))]), Some(day(9)));
        assert_eq!(covered_until(day(5), &[period(10, Some(20)), period(1, Some(10))]), Some(day(19)));
        assert_eq!(covered_until(day(5), &[period(8, Some(20)), period(1, Some(10))]), Some(day(19)));
        assert_eq!(covered_until(day(5), &[period(11, Some(20)), period(1, Some(10))]), Some(day(9)));
        assert_eq!(covered_until(day(5), &[period(1, Some(10)), period(10, None)]), None);
        assert_eq!(covered_until(day(5), &[period(6, None)]), None);
        assert_eq!(covered_until(day(5), &[]), None);
    }

    #[test]
    fn the_nearest_reminder_is_told_and_none_after_the_last_day() {
        let usual = [30, 7];
        assert_eq!(due(31, &usual), [0_u16; 0]);
        assert_eq!(due(30, &usual), [30]);
        assert_eq!(due(8, &usual), [30]);
        assert_eq!(due(7, &usual), [7, 30]);
        assert_eq!(due(0, &usual), [7, 30]);
        assert_eq!(due(-1, &usual), [0_u16; 0]);
        assert_eq!(due(0, &[]), [0_u16; 0]);
    }
}
