//! Work that any of several processes may do and one does: it is taken for a while, and where it fails it is tried again,
//! later each time. Owns the reckoning of moments; what is taken is not its business.

use chrono::TimeDelta;

use crate::time::Moment;

/// A moment so much later; the same one at the calendar's end.
pub fn later(from: Moment, by: TimeDelta) -> Moment {
    from.utc().checked_add_signed(by).map_or(from, Moment::new)
}

/// How long what has failed so often in a row waits: twice as long each time, up to the longest, less a random part of at
/// most a half, so that what failed together is not tried together again.
pub fn back_off(failures: i32, (first, longest): (TimeDelta, TimeDelta), random: u64) -> TimeDelta {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(30);
    let (first, longest) = (first.num_milliseconds().max(1), longest.num_milliseconds().max(1));
    let whole = first.saturating_mul(1_i64 << doublings).min(longest);
    let half = whole.checked_div(2).unwrap_or(0);
    let span = u64::try_from(half).unwrap_or(0).saturating_add(1);
    let less = i64::try_from(random.checked_rem(span).unwrap_or(0)).unwrap_or(0);
    TimeDelta::milliseconds(whole.saturating_sub(less))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: (TimeDelta, TimeDelta) = (TimeDelta::seconds(30), TimeDelta::hours(6));

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<i64> = (0..=12).map(|failures| back_off(failures, BOUNDS, 0).num_seconds()).collect();
        assert_eq!(waits, [30, 30, 60, 120, 240, 480, 960, 1_920, 3_840, 7_680, 15_360, 21_600, 21_600]);
        assert_eq!(back_off(i32::MAX, BOUNDS, 0), BOUNDS.1);
        assert_eq!(back_off(i32::MIN, BOUNDS, 0), BOUNDS.0);
    }

    proptest! {
        #[test]
        fn a_wait_is_at_least_half_of_the_whole_and_never_more(failures in 0..50_i32, random: u64) {
            let (whole, wait) = (back_off(failures, BOUNDS, 0), back_off(failures, BOUNDS, random));
            prop_assert!(wait <= whole && wait * 2 >= whole, "{wait} of {whole}");
        }
    }

    #[test]
    fn a_moment_is_moved_on_and_stays_within_the_calendar() {
        let at = Moment::from_micros(1_790_000_000_000_000).unwrap();
        assert_eq!(later(at, TimeDelta::seconds(5)).micros(), 1_790_000_005_000_000);
        assert_eq!(later(at, TimeDelta::MAX), at);
    }
}
