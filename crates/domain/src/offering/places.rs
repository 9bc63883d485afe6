//! Places of an offering that serves so many clients at once: when one is free.

use crate::time::Day;

/// The first day on which a place is free, where all are taken: `ends` are the first days on which those who have chosen
/// the offering, or ask for it, do not have it any more. A place is kept from the choice on, also for one who begins
/// later. `None` where one is free at once.
pub fn free_from(places: u32, mut ends: Vec<Day>) -> Option<Day> {
    let place = usize::try_from(places).unwrap_or(usize::MAX).checked_sub(1)?;
    // Latest first: when the one at this place has ended, fewer are left than there are places.
    ends.sort_unstable_by(|a, b| b.cmp(a));
    ends.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(n: i64) -> Day {
        Day::ymd(2026, 1, 1).unwrap().plus_days(n)
    }

    #[test]
    fn a_place_is_free_when_fewer_are_left_than_there_are_places() {
        let ends = vec![day(5), day(30), day(10)];
        assert_eq!(free_from(4, ends.clone()), None);
        assert_eq!(free_from(3, ends.clone()), Some(day(5)));
        assert_eq!(free_from(2, ends.clone()), Some(day(10)));
        assert_eq!(free_from(1, ends), Some(day(30)));
        assert_eq!(free_from(1, vec![]), None);
    }

    proptest! {
        #[test]
        fn it_is_the_first_day_with_a_place(places in 1_u32..6, ends in prop::collection::vec(0_i64..40, 0..12)) {
            let taken = |on: i64| ends.iter().filter(|end| **end > on).count();
            let has_place = |on: i64| taken(on) < usize::try_from(places).unwrap();
            let found = free_from(places, ends.iter().map(|end| day(*end)).collect());
            match found {
                None => prop_assert!(has_place(-1)),
                Some(free) => for on in -1..45 {
                    prop_assert_eq!(has_place(on), day(on) >= free);
                }
            }
        }

        #[test]
        fn whoever_is_let_in_there_are_never_more_at_once_than_places(
            places in 1_u32..4, asked in prop::collection::vec((0_i64..30, 1_i64..30), 0..25)
        ) {
            let mut taken: Vec<(i64, i64)> = Vec::new();
            for (from, lasts) in asked {
                let free = free_from(places, taken.iter().map(|(_, to)| day(*to)).collect());
                if free.is_none_or(|free| day(from) >= free) {
                    taken.push((from, from + lasts));
                }
            }
            for on in 0..60 {
                let served = taken.iter().filter(|(from, to)| (*from..*to).contains(&on)).count();
                prop_assert!(served <= usize::try_from(places).unwrap(), "{served} on day {on}");
            }
        }
    }
}
