//! What is found once and kept for those who ask for the same: so many things, and no more. Readers wait for nobody who
//! finds something.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

/// Things by what they were asked by.
#[derive(Debug)]
pub(super) struct Kept<K, V> {
    most: usize,
    things: RwLock<HashMap<K, Arc<V>>>,
}

impl<K: Clone + Eq + Hash, V> Kept<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, things: RwLock::default() }
    }

    /// The thing that was found before, or that is found now. Two who ask at once may both find it.
    pub(super) fn get_or(&self, by: &K, find: impl FnOnce() -> V) -> Arc<V> {
        if let Some(thing) = self.things.read().unwrap_or_else(PoisonError::into_inner).get(by) {
            return Arc::clone(thing);
        }
        let found = Arc::new(find());
        let mut things = self.things.write().unwrap_or_else(PoisonError::into_inner);
        if things.len() >= self.most {
            things.clear();
        }
        Arc::clone(things.entry(by.clone()).or_insert(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_found_once_and_there_are_never_more_than_may_be() {
        let kept: Kept<u32, u32> = Kept::new(3);
        assert_eq!(*kept.get_or(&1, || 10), 10);
        assert_eq!(*kept.get_or(&1, || 11), 10);
        for n in 2..100 {
            kept.get_or(&n, || n);
            assert!(kept.things.read().unwrap().len() <= 3);
        }
    }
}
