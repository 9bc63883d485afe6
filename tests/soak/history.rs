//! What the registry was at each revision, as the one who changes it knows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::thread;
use std::time::{Duration, Instant};

/// The longest wait for what the one who changes has just done.
const KNOWN_AFTER_MAX: Duration = Duration::from_secs(30);

/// What an offering was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) accepts: bool,
    pub(super) suspended: bool,
    pub(super) cents: u32,
}

impl State {
    pub(super) fn is_choosable(self) -> bool {
        self.accepts && !self.suspended
    }
}

/// All offerings at each revision, from the first on.
pub(super) struct History {
    first: i64,
    states: RwLock<Vec<Vec<State>>>,
    ended: AtomicBool,
}

/// Ends a history when it goes, also where it goes by a panic.
pub(super) struct Ends<'a>(&'a History);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Release);
    }
}

impl History {
    pub(super) fn begin(first: i64, states: Vec<State>) -> Self {
        Self { first, states: RwLock::new(vec![states]), ended: AtomicBool::new(false) }
    }

    pub(super) fn ends_with_this(&self) -> Ends<'_> {
        Ends(self)
    }

    /// The next revision.
    pub(super) fn add(&self, states: Vec<State>) {
        self.states.write().unwrap().push(states);
    }

    fn known(&self) -> RwLockReadGuard<'_, Vec<Vec<State>>> {
        self.states.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last revision that is known.
    pub(super) fn latest(&self) -> i64 {
        self.first + i64::try_from(self.known().len()).unwrap() - 1
    }

    /// The revision up to which all is known that was done before now: one change may be under way.
    pub(super) fn once_it_is_known(&self) -> i64 {
        let now = self.latest();
        self.wait(now + 1);
        self.latest()
    }

    /// What stood at a revision, which may just have been made.
    pub(super) fn at(&self, revision: i64) -> Vec<State> {
        self.wait(revision);
        self.between(revision, revision).pop().unwrap_or_else(|| panic!("there is no revision {revision}"))
    }

    /// What stood from one revision to another.
    pub(super) fn between(&self, from: i64, to: i64) -> Vec<Vec<State>> {
        let place = |revision: i64| usize::try_from(revision - self.first).expect("a revision before the first");
        self.known().get(place(from)..=place(to)).map(<[_]>::to_vec).unwrap_or_default()
    }

    fn wait(&self, revision: i64) {
        let began = Instant::now();
        while self.latest() < revision && !self.ended.load(Ordering::Acquire) {
            assert!(began.elapsed() < KNOWN_AFTER_MAX, "revision {revision} is not made");
            thread::sleep(Duration::from_millis(1));
        }
    }
}
