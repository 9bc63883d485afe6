//! Places for what takes much: so many at once, and so many for each who asks. Knows neither who that is nor what for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// Places. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    each: usize,
    /// How many are taken, by who took them.
    taken: Mutex<HashMap<String, usize>>,
    freed: Notify,
}

/// A place that is taken. It is free again once this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    of: Arc<Inner>,
    by: String,
}

impl Places {
    /// So many places, of which each may take so many.
    pub(crate) fn new(most: usize, each: usize) -> Self {
        Self(Arc::new(Inner { most, each, taken: Mutex::default(), freed: Notify::new() }))
    }

    /// Takes a place, if there is one.
    pub(crate) fn try_take(&self, by: &str) -> Option<Place> {
        let mut taken = self.0.taken();
        let own = taken.get(by).copied().unwrap_or_default();
        if own >= self.0.each || taken.values().sum::<usize>() >= self.0.most {
            return None;
        }
        taken.insert(by.to_owned(), own.saturating_add(1));
        Some(Place { of: Arc::clone(&self.0), by: by.to_owned() })
    }

    /// Takes a place as soon as there is one; none after the time is up.
    pub(crate) async fn take(&self, by: &str, wait: Duration) -> Option<Place> {
        let taking = async {
            loop {
                // Asked for before the look, so that no place is freed unheard between the two.
                let freed = self.0.freed.notified();
                if let Some(place) = self.try_take(by) {
                    return place;
                }
                freed.await;
            }
        };
        tokio::time::timeout(wait, taking).await.ok()
    }
}

impl Inner {
    fn taken(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.of.taken();
        match taken.get(&self.by).copied() {
            Some(own) if own > 1 => {
                taken.insert(self.by.clone(), own.saturating_sub(1));
            }
            Some(_) | None => {
                taken.remove(&self.by);
            }
        }
        drop(taken);
        self.of.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_more_than_a_share_and_all_together_no_more_than_there_are() {
        let places = Places::new(3, 2);
        let own = [places.try_take("anna").unwrap(), places.try_take("anna").unwrap()];
        assert!(places.try_take("anna").is_none());
        let other = places.try_take("ville").unwrap();
        assert!(places.try_take("eeva").is_none());
        drop(own);
        assert!(places.try_take("anna").is_some() && places.try_take("eeva").is_some());
        drop(other);
        assert_eq!(places.0.taken().len(), 0);
    }

    #[actix_web::test]
    async fn who_waits_gets_the_place_that_is_freed_or_is_told_that_there_is_none() {
        let places = Places::new(1, 1);
        let held = places.take("anna", Duration::ZERO).await.unwrap();
        assert!(places.take("ville", Duration::from_millis(5)).await.is_none());
        let waiting = actix_web::rt::spawn({
            let places = places.clone();
            async move { places.take("ville", Duration::from_secs(30)).await.is_some() }
        });
        tokio::task::yield_now().await;
        drop(held);
        assert!(waiting.await.unwrap());
    }
}
