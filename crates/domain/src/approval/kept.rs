//! What is stored of lapses, compared with what they are: the least that brings the days to come in line. What is past
//! stands as it was.

use super::lapses::Lapse;
use super::{Interruption, InterruptionCause};
use crate::id::{Id, kind};
use crate::time::Day;

/// What is to be done to a stored lapse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LapseChange {
    /// One is to be stored that is not.
    Begins(Lapse),
    /// A stored one ends on another day, or not at all; on its own first day, if it has none left.
    Ends {
        /// Which.
        id: Id<kind::Interruption>,
        /// First day on which it no longer holds.
        to: Option<Day>,
    },
    /// One that was to come does not.
    Removed(Id<kind::Interruption>),
}

/// What is to be done to an approval's stored lapses so that from `today` on they are those that were found.
pub fn lapse_changes(stored: &[Interruption], found: &[Lapse], today: Day) -> Vec<LapseChange> {
    let mut left: Vec<(&Interruption, &str)> =
        stored.iter().filter_map(|one| requirement_of(one).map(|code| (one, code))).collect();
    let mut changes = Vec::new();
    for lapse in found {
        let goes_on = |one: &Interruption| one.from <= today && one.to.is_none_or(|to| to >= today);
        let same = |(one, code): &(&Interruption, &str)| {
            *code == lapse.requirement && (one.from == lapse.from || (lapse.from == today && goes_on(one)))
        };
        match left.iter().position(same).map(|place| left.swap_remove(place)) {
            None => changes.push(LapseChange::Begins(lapse.clone())),
            Some((one, _)) if one.to != lapse.to => changes.push(LapseChange::Ends { id: one.id, to: lapse.to }),
            Some(_) => {}
        }
    }
    for (one, _) in left.into_iter().filter(|(one, _)| one.to.is_none_or(|to| to > today)) {
        changes.push(if one.from > today {
            LapseChange::Removed(one.id)
        } else {
            LapseChange::Ends { id: one.id, to: Some(today) }
        });
    }
    changes
}

/// The code of the requirement that a lapse is of.
pub(super) fn requirement_of(interruption: &Interruption) -> Option<&str> {
    match &interruption.cause {
        InterruptionCause::Lapsed { requirement } => Some(requirement),
        InterruptionCause::Suspended { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::approval::VouchersInUse;

    fn day(n: i64) -> Day {
        Day::ymd(2026, 1, 1).unwrap().plus_days(n)
    }

    fn row(n: u128, code: &str, from: i64, to: Option<i64>) -> Interruption {
        Interruption {
            id: Id::new(Uuid::from_u128(n)),
            approval: Id::new(Uuid::from_u128(0)),
            cause: InterruptionCause::Lapsed { requirement: code.to_owned() },
            vouchers_in_use: VouchersInUse::MayFinish,
            from: day(from),
            to: to.map(day),
            told_at: None,
        }
    }

    fn apply(stored: &[Interruption], changes: &[LapseChange]) -> Vec<Interruption> {
        let mut rows = stored.to_vec();
        for (n, change) in (1_000..).zip(changes) {
            match change {
                LapseChange::Begins(lapse) => {
                    rows.push(Interruption { from: lapse.from, to: lapse.to, ..row(n, &lapse.requirement, 0, None) })
                }
                LapseChange::Ends { id, to } => {
                    rows.iter_mut().filter(|one| one.id == *id).for_each(|one| one.to = *to)
                }
                LapseChange::Removed(id) => rows.retain(|one| one.id != *id),
            }
        }
        rows
    }

    fn gaps(most: usize, from: i64) -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
        prop::collection::vec((1..9i64, 1..9i64), 0..most).prop_map(move |steps| {
            let mut at = from - 1;
            let count = steps.len();
            let mut gaps = Vec::new();
            for (n, (pause, length)) in steps.into_iter().enumerate() {
                at += pause;
                gaps.push((at, (n + 1 < count || length % 2 == 0).then_some(at + length)));
                at += length;
            }
            gaps
        })
    }

    proptest! {
        #[test]
        fn afterwards_the_days_to_come_are_as_found_and_those_past_as_they_were(
            stored in gaps(5, 0), found in gaps(4, 20), at_once in any::<bool>(),
        ) {
            let today = day(20);
            let rows: Vec<Interruption> = (1..).zip(&stored).map(|(n, (from, to))| row(n, "a", *from, *to)).collect();
            let shift = if at_once { found.first().map_or(0, |(from, _)| from - 20) } else { 0 };
            let found: Vec<Lapse> = found.iter().map(|(from, to)| Lapse {
                requirement: "a".to_owned(), from: day(from - shift), to: to.map(|to| day(to - shift)),
            }).collect();
            let changes = lapse_changes(&rows, &found, today);
            let after = apply(&rows, &changes);
            let holds = |rows: &[Interruption], on: Day| rows.iter().filter(|one| one.holds_on(on)).count();
            for n in 0..100 {
                let on = day(n);
                let expected = if on < today {
                    holds(&rows, on)
                } else {
                    found.iter().filter(|l| l.from <= on && l.to.is_none_or(|to| on < to)).count()
                };
                prop_assert_eq!(holds(&after, on), expected, "day {}", n);
            }
            prop_assert_eq!(lapse_changes(&after, &found, today), []);
        }
    }

    #[test]
    fn what_is_renewed_before_it_expires_never_lapses() {
        let stored = [row(1, "a", 30, None)];
        let found = [Lapse { requirement: "a".to_owned(), from: day(60), to: None }];
        let changes = lapse_changes(&stored, &found, day(20));
        assert_eq!(changes, [LapseChange::Begins(found[0].clone()), LapseChange::Removed(stored[0].id)]);
        assert_eq!(
            lapse_changes(&[row(1, "b", 30, None)], &[], day(40)),
            [LapseChange::Ends { id: Id::new(Uuid::from_u128(1)), to: Some(day(40)) }]
        );
    }
}
