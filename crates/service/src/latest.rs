//! What can be chosen, as this process knows it: the latest snapshot, how it follows the registry, and how old it is.
//!
//! Readers take the snapshot that is there and wait for nobody. One look at the registry runs at a time; whoever asks for
//! one while another runs waits for the next, which sees what they have committed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use valinta_domain::Moment;
use valinta_domain::choice::Snapshot;
use valinta_persistence::{Conn, Db, DbError, registry};

use crate::cx::day_in;

/// After how long without a look that went well the choices are too old to be relied on.
pub(crate) const TOO_OLD: Duration = Duration::from_secs(10);

/// The latest snapshot.
#[derive(Default)]
pub(crate) struct Latest {
    snapshot: ArcSwapOption<Snapshot>,
    /// When the last look that went well began.
    looked_at: Mutex<Option<Instant>>,
    turn: tokio::sync::Mutex<()>,
}

impl Latest {
    /// The snapshot, if one has been loaded.
    pub(crate) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.load_full()
    }

    /// For how long it has not been known whether the registry has changed.
    pub(crate) fn age(&self) -> Option<Duration> {
        self.looked_at().map(|at| at.elapsed())
    }

    fn looked_at(&self) -> Option<Instant> {
        *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks whether the registry has changed, and takes in what has.
    ///
    /// # Errors
    /// The database's; then all stays as it was.
    pub(crate) async fn refresh(&self, db: &Db, now: Moment) -> Result<(), DbError> {
        let asked_at = Instant::now();
        let _turn = self.turn.lock().await;
        if self.has_looked_since(asked_at) {
            return Ok(());
        }
        if db.read(registry::is_behind).await? {
            db.write(registry::catch_up).await?;
        }
        let (began, known) = (Instant::now(), self.snapshot());
        let fresh = db.read(move |c| look(c, known.as_deref(), now)).await?;
        self.take_in(fresh, began);
        Ok(())
    }

    /// As [`Latest::refresh`], for a thread that may block.
    ///
    /// # Errors
    /// The database's; then all stays as it was.
    pub(crate) fn refresh_blocking(&self, db: &Db, now: Moment) -> Result<(), DbError> {
        let asked_at = Instant::now();
        let _turn = self.turn.blocking_lock();
        if self.has_looked_since(asked_at) {
            return Ok(());
        }
        if db.read_blocking(registry::is_behind)? {
            db.write_blocking(registry::catch_up)?;
        }
        let (began, known) = (Instant::now(), self.snapshot());
        let fresh = db.read_blocking(|c| look(c, known.as_deref(), now))?;
        self.take_in(fresh, began);
        Ok(())
    }

    fn has_looked_since(&self, asked_at: Instant) -> bool {
        self.looked_at().is_some_and(|at| at >= asked_at)
    }

    fn take_in(&self, fresh: Option<Snapshot>, began: Instant) {
        if let Some(fresh) = fresh {
            self.snapshot.store(Some(Arc::new(fresh)));
        }
        *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(began);
    }
}

/// What can be chosen now, if it is not what is known already. The present day is indexed, so that no reader does it.
fn look(c: &mut Conn, known: Option<&Snapshot>, now: Moment) -> Result<Option<Snapshot>, DbError> {
    let fresh = registry::load(c, known)?;
    if let Some(snapshot) = fresh.as_ref().or(known) {
        snapshot.prepare(|basis| day_in(&basis.time_zone, now));
    }
    Ok(fresh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_known_before_the_first_look_and_age_counts_from_its_beginning() {
        let latest = Latest::default();
        assert!(latest.snapshot().is_none() && latest.age().is_none());
        let began = Instant::now();
        latest.take_in(Some(Snapshot::default()), began);
        assert!(latest.age().is_some_and(|age| age <= began.elapsed() && age <= TOO_OLD));
        assert!(latest.has_looked_since(began), "who asked by then has its answer");
        assert!(!latest.has_looked_since(Instant::now() + Duration::from_secs(1)));
        let known = latest.snapshot().unwrap();
        latest.take_in(None, Instant::now());
        assert!(Arc::ptr_eq(&known, &latest.snapshot().unwrap()), "what has not changed stays");
        latest.take_in(None, Instant::now().checked_sub(Duration::from_secs(11)).unwrap());
        assert!(latest.age().is_some_and(|age| age > TOO_OLD), "no look has gone well since");
    }
}
