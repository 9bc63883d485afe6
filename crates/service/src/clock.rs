//! The one place that reads the system's clock and makes identifiers.
//!
//! Everything else is given a [`Moment`]. A clock may be fixed, so that a test stands on any day it likes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{TimeDelta, Utc};
use uuid::Uuid;
use valinta_domain::Moment;

/// Where the service takes the time from. Clones share it.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// The system's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at a moment until it is moved.
    pub fn fixed(at: Moment) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(at.micros()))))
    }

    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "this is the service's clock")]
    pub fn now(&self) -> Moment {
        match &self.0 {
            Source::System => Moment::new(Utc::now()),
            // INVARIANT: the microseconds came from a `Moment`, so they always are one.
            Source::Fixed(micros) => {
                Moment::from_micros(micros.load(Ordering::SeqCst)).unwrap_or_else(|| Moment::new(Utc::now()))
            }
        }
    }

    /// Sets a fixed clock. The system's clock is nobody's to set: nothing happens.
    pub fn set(&self, at: Moment) {
        if let Source::Fixed(micros) = &self.0 {
            micros.store(at.micros(), Ordering::SeqCst);
        }
    }

    /// Moves a fixed clock. The system's clock is nobody's to move: nothing happens.
    pub fn advance(&self, by: TimeDelta) {
        if let Some(later) = self.now().utc().checked_add_signed(by) {
            self.set(Moment::new(later));
        }
    }
}

/// How many identifiers this process has made, from a random start.
static MADE: AtomicU64 = AtomicU64::new(0);

/// Makes an identifier: a UUID of version 7 that carries the moment to the quarter of a microsecond, then a counter.
///
/// Identifiers made later sort later: by moment, and within one moment by the order of making in this process.
/// Panics only where the system has no randomness, and there nothing can be encrypted or signed either.
pub fn new_uuid(at: Moment) -> Uuid {
    let random = random_u64();
    // The first call picks where the counter starts: low, so that it does not soon wrap, and unlike another process.
    let _ = MADE.compare_exchange(0, (random & 0x3F_FFFF) | 1, Ordering::Relaxed, Ordering::Relaxed);
    let count = MADE.fetch_add(1, Ordering::Relaxed);

    let micros = u64::try_from(at.micros()).unwrap_or(0);
    let millis = u128::from(micros / 1_000) & 0xFFFF_FFFF_FFFF;
    let fraction = u128::from((micros % 1_000) * 4_096 / 1_000);
    let tail = (u128::from(count) & 0xFF_FFFF) << 38 | u128::from(random >> 26);
    Uuid::from_u128(millis << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | tail)
}

/// A random number. Panics where [`new_uuid`] does.
#[expect(clippy::expect_used, reason = "a system without randomness cannot run the service at all")]
pub(crate) fn random_u64() -> u64 {
    getrandom::u64().expect("the system gives random numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_made_later_sort_later() {
        let at = Moment::from_micros(1_790_000_000_123_456).unwrap();
        let made: Vec<Uuid> = (0..10_000).map(|_| new_uuid(at)).collect();
        assert!(made.is_sorted());
        let later = new_uuid(Moment::from_micros(1_790_000_000_123_457).unwrap());
        assert!(made.iter().all(|id| *id < later));
    }

    #[test]
    fn an_identifier_is_of_version_7_and_carries_its_moment() {
        let at = Moment::from_micros(1_790_000_000_123_456).unwrap();
        let id = new_uuid(at);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(id.get_timestamp().unwrap().to_unix().0, 1_790_000_000);
    }

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let at = Moment::from_micros(1_790_000_000_000_000).unwrap();
        let clock = Clock::fixed(at);
        let same = clock.clone();
        assert_eq!(clock.now(), at);
        same.advance(TimeDelta::days(1));
        assert_eq!(clock.now().micros() - at.micros(), 86_400_000_000);
        clock.set(at);
        assert_eq!(same.now(), at);
    }
}
