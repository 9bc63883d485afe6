//! What the system itself knows of how an offering has served, as facts that clients may compare. What rests on too few
//! clients is not told. Never orders a list.

use serde::{Deserialize, Serialize};

use crate::time::{Day, Period};

/// The smallest number of clients that a fact is told of (FIELD §10).
pub const TOLD_FROM: u32 = 5;
/// How many days before the day on which it is found a fact looks back at.
pub const WINDOW_DAYS: u16 = 365;

/// The facts of one offering that are told; what is of too few is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QualityFacts {
    /// How long clients waited for their first service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_service: Option<Waited>,
    /// How many clients went to another provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_provider: Option<Share>,
}

/// Days from the first day of a choice to the first service under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waited {
    /// The median, in days: half of the clients waited no longer.
    pub median_days: u32,
    /// How many clients it is of.
    pub clients: u32,
}

/// A share of the clients who chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// In whole per cent, rounded.
    pub percent: u8,
    /// How many clients chose: the whole.
    pub clients: u32,
}

/// What was seen of an offering within the window: each client counts once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// For each client whose first service was in the window, the days that it took.
    pub waits: Vec<u32>,
    /// How many clients chose it in the window.
    pub chose: u32,
    /// How many of them went to another provider since.
    pub left: u32,
}

impl QualityFacts {
    /// The facts that may be told of what was seen.
    pub fn of(seen: Seen) -> Self {
        let clients = u32::try_from(seen.waits.len()).unwrap_or(u32::MAX);
        let first_service = median(seen.waits).filter(|_| clients >= TOLD_FROM);
        Self {
            first_service: first_service.map(|median_days| Waited { median_days, clients }),
            changed_provider: share(seen.left, seen.chose),
        }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The days that are looked back at on a day: those before it, which are over.
pub fn window_on(day: Day) -> Option<Period> {
    Period::new(day.plus_days(-i64::from(WINDOW_DAYS)), Some(day)).ok()
}

/// The middle one of the figures in their order. Of two in the middle, their mean, rounded up: nobody is promised less.
pub fn median(mut figures: Vec<u32>) -> Option<u32> {
    figures.sort_unstable();
    let half = figures.len() / 2;
    let upper = figures.get(half).copied()?;
    if figures.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = half.checked_sub(1).and_then(|place| figures.get(place)).copied().unwrap_or(upper);
    Some(lower + (upper - lower).div_ceil(2))
}

/// A part of a whole, where both the whole is large enough to be told and the part is none or large enough: otherwise
/// it would tell of single clients.
fn share(part: u32, whole: u32) -> Option<Share> {
    let told = whole >= TOLD_FROM && part <= whole && (part == 0 || part >= TOLD_FROM);
    let percent = (u64::from(part) * 200 + u64::from(whole)).checked_div(u64::from(whole) * 2)?;
    told.then_some(Share { percent: u8::try_from(percent).ok()?, clients: whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_or_between_two_rounded_up() {
        for (figures, expected) in [
            (vec![], None),
            (vec![7], Some(7)),
            (vec![9, 1], Some(5)),
            (vec![2, 1], Some(2)),
            (vec![3, 100, 1], Some(3)),
            (vec![4, 4, 4, 4], Some(4)),
            (vec![u32::MAX, u32::MAX], Some(u32::MAX)),
            (vec![0, u32::MAX], Some(1 << 31)),
        ] {
            assert_eq!(median(figures.clone()), expected, "{figures:?}");
        }
    }

    #[test]
    fn four_clients_hide_what_the_fifth_shows() {
        let seen = |clients: u32| Seen { waits: (0..clients).collect(), chose: clients, left: 0 };
        assert!(QualityFacts::of(seen(4)).is_empty());
        let facts = QualityFacts::of(seen(5));
        assert_eq!(facts.first_service, Some(Waited { median_days: 2, clients: 5 }));
        assert_eq!(facts.changed_provider, Some(Share { percent: 0, clients: 5 }));
    }

    #[test]
    fn a_share_of_few_is_not_told_though_the_whole_is_of_many() {
        for (part, whole, percent) in [
            (0, 4, None),
            (0, 5, Some(0)),
            (1, 5, None),
            (4, 100, None),
            (5, 5, Some(100)),
            (5, 40, Some(13)),
            (5, 41, Some(12)),
            (5, 100, Some(5)),
            (0, 0, None),
            (9, 8, None),
            (u32::MAX, u32::MAX, Some(100)),
        ] {
            assert_eq!(share(part, whole).map(|share| share.percent), percent, "{part} of {whole}");
        }
    }

    #[test]
    fn the_window_is_the_year_before_a_day() {
        let day = Day::ymd(2026, 11, 11).unwrap();
        let window = window_on(day).unwrap();
        assert_eq!((window.from(), window.last_day()), (Day::ymd(2025, 11, 11).unwrap(), day.plus_days(-1)));
    }
}
