//! Sets of lines, as bits: what filters are made of.

/// A set of places below a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

const WORD: usize = 64;

impl Bits {
    /// The empty set of places below a number.
    pub(super) fn none(below: usize) -> Self {
        Self(vec![0; below.div_ceil(WORD)])
    }

    /// All places below a number.
    pub(super) fn all(below: usize) -> Self {
        let mut words = vec![u64::MAX; below.div_ceil(WORD)];
        let rest = below % WORD;
        if let Some(last) = words.last_mut().filter(|_| rest > 0) {
            *last = (1_u64 << rest) - 1;
        }
        Self(words)
    }

    pub(super) fn insert(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / WORD) {
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
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    /// Adds what is in another set.
    pub(super) fn add(&mut self, other: &Self) {
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
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_sets(one in btree_set(0..200_usize, 0..80), other in btree_set(0..200_usize, 0..80)) {
            let bits = |of: &std::collections::BTreeSet<usize>| {
                let mut bits = Bits::none(200);
                of.iter().for_each(|place| bits.insert(*place));
                bits
            };
            let (a, b) = (bits(&one), bits(&other));
            prop_assert_eq!(a.places().collect::<Vec<_>>(), one.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(a.count(), one.len());
            prop_assert!((0..210).all(|place| a.contains(place) == one.contains(&place)));
            let (mut both, mut either) = (a.clone(), a.clone());
            both.keep(&b);
            either.add(&b);
            prop_assert_eq!(both.clone(), bits(&one.intersection(&other).copied().collect()));
            prop_assert_eq!(either, bits(&one.union(&other).copied().collect()));
            prop_assert_eq!(a.count_common(&b), both.count());
            let mut even = a.clone();
            even.retain(|place| place % 2 == 0);
            prop_assert_eq!(even, bits(&one.iter().copied().filter(|place| place % 2 == 0).collect()));
        }
    }

    #[test]
    fn all_are_as_many_as_there_are() {
        for below in [0, 1, 63, 64, 65, 130] {
            assert_eq!(Bits::all(below).places().collect::<Vec<_>>(), (0..below).collect::<Vec<_>>());
        }
    }
}
