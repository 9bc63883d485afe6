//! What is found once and kept for those who ask for the same: so many things, and no more. Where there is no room, that goes
//! which was not asked for longest. Readers wait for nobody who finds something.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Things by what they were asked by.
#[derive(Debug)]
pub(super) struct Kept<K, V> {
    most: usize,
    /// Counts the times that anything was asked for.
    turn: AtomicU64,
    things: RwLock<HashMap<K, Thing<V>>>,
}

#[derive(Debug)]
struct Thing<V> {
    found: Arc<V>,
    /// The turn in which it was asked for last.
    asked_in: AtomicU64,
}

impl<K: Clone + Eq + Hash, V> Kept<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, turn: AtomicU64::new(0), things: RwLock::default() }
    }

    /// Those that were asked for last, at most so many.
    pub(super) fn latest(&self, most: usize) -> Vec<(K, Arc<V>)> {
        let things = self.things.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> =
            things.iter().map(|(by, thing)| (thing.asked_in.load(Ordering::Relaxed), by, thing)).collect();
        all.sort_by_key(|(asked_in, ..)| std::cmp::Reverse(*asked_in));
        all.into_iter().take(most).map(|(_, by, thing)| (by.clone(), Arc::clone(&thing.found))).collect()
    }

    /// The thing that was found before, or that is found now. Two who ask at once may both find it.
    pub(super) fn get_or(&self, by: &K, find: impl FnOnce() -> V) -> Arc<V> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        if let Some(thing) = self.things.read().unwrap_or_else(PoisonError::into_inner).get(by) {
            thing.asked_in.store(turn, Ordering::Relaxed);
            return Arc::clone(&thing.found);
        }
        let found = Arc::new(find());
        let mut things = self.things.write().unwrap_or_else(PoisonError::into_inner);
        if things.len() >= self.most
            && !things.contains_key(by)
            && let Some(oldest) =
                things.iter().min_by_key(|(_, thing)| thing.asked_in.load(Ordering::Relaxed)).map(|(by, _)| by.clone())
        {
            things.remove(&oldest);
        }
        let thing = things.entry(by.clone()).or_insert_with(|| Thing { found, asked_in: AtomicU64::new(turn) });
        Arc::clone(&thing.found)
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

    #[test]
    fn what_is_asked_for_again_and_again_stays_whatever_else_is_asked_for() {
        let kept: Kept<u32, u32> = Kept::new(3);
        kept.get_or(&1, || 10);
        for n in 2..100 {
            kept.get_or(&n, || n);
            assert_eq!(*kept.get_or(&1, || 11), 10, "found anew after {n}");
        }
    }
}
