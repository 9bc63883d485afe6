//! Sets of places, as bits: what filters are made of.

/// A set of places.
#[derive(Debug, Clone, Default)]
pub(super) struct Bits(Vec<u64>);

const WORD: usize = 64;

impl Bits {
    pub(super) fn insert(&mut self, place: usize) {
        let word = place / WORD;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (place % WORD);
        }
    }

    pub(super) fn remove(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / WORD) {
            *word &= !(1 << (place % WORD));
        }
    }

    pub(super) fn contains(&self, place: usize) -> bool {
        self.0.get(place / WORD).is_some_and(|word| word & (1 << (place % WORD)) != 0)
    }

    /// Leaves what is in another set too.
    pub(super) fn keep(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    /// Adds what is in another set.
    pub(super) fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    /// Takes away what is in another set.
    pub(super) fn take(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= !other;
        }
    }

    /// Leaves what passes.
    pub(super) fn retain(&mut self, mut passes: impl FnMut(usize) -> bool) {
        for place in self.clone().places() {
            if !passes(place) {
                self.remove(place);
            }
        }
    }

    /// Takes away what is in another set and does not pass.
    pub(super) fn retain_in(&mut self, other: &Self, mut passes: impl FnMut(usize) -> bool) {
        let mut looked_at = self.clone();
        looked_at.keep(other);
        for place in looked_at.places() {
            if !passes(place) {
                self.remove(place);
            }
        }
    }

    pub(super) fn count(&self) -> usize {
        self.0.iter().map(ones).sum()
    }

    /// How many are in both.
    pub(super) fn count_common(&self, other: &Self) -> usize {
        self.0.iter().zip(&other.0).map(|(word, other)| ones(&(word & other))).sum()
    }

    /// The places, lowest first.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(n, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let lowest = usize::try_from(left.trailing_zeros()).unwrap_or(WORD);
                left &= left.wrapping_sub(1);
                (lowest < WORD).then(|| n * WORD + lowest)
            })
        })
    }
}

fn ones(word: &u64) -> usize {
    usize::try_from(word.count_ones()).unwrap_or(WORD)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::btree_set;
    use proptest::prelude::*;

    use super::*;

    fn bits(of: &BTreeSet<usize>) -> Bits {
        let mut bits = Bits::default();
        of.iter().for_each(|place| bits.insert(*place));
        bits
    }

    fn set(of: &Bits) -> BTreeSet<usize> {
        of.places().collect()
    }

    proptest! {
        #[test]
        fn they_are_sets(one in btree_set(0..200_usize, 0..80), other in btree_set(0..300_usize, 0..80)) {
            let (a, b) = (bits(&one), bits(&other));
            prop_assert_eq!(set(&a), one.clone());
            prop_assert_eq!(a.count(), one.len());
            prop_assert!((0..310).all(|place| a.contains(place) == one.contains(&place)));
            for (a, b, one, other) in [(&a, &b, &one, &other), (&b, &a, &other, &one)] {
                let (mut both, mut either, mut rest) = (a.clone(), a.clone(), a.clone());
                both.keep(b);
                either.add(b);
                rest.take(b);
                prop_assert_eq!(set(&both), one.intersection(other).copied().collect::<BTreeSet<_>>());
                prop_assert_eq!(set(&either), one.union(other).copied().collect::<BTreeSet<_>>());
                prop_assert_eq!(set(&rest), one.difference(other).copied().collect::<BTreeSet<_>>());
                prop_assert_eq!(a.count_common(b), both.count());
                let mut even = a.clone();
                even.retain_in(b, |place| place % 2 == 0);
                let kept = one.iter().copied().filter(|place| place % 2 == 0 || !other.contains(place));
                prop_assert_eq!(set(&even), kept.collect::<BTreeSet<_>>());
            }
            let mut even = a.clone();
            even.retain(|place| place % 2 == 0);
            prop_assert_eq!(set(&even), one.iter().copied().filter(|place| place % 2 == 0).collect::<BTreeSet<_>>());
            let mut none = a;
            one.iter().for_each(|place| none.remove(*place));
            prop_assert_eq!(none.count(), 0);
        }
    }
}
