//! Connections with a fair queue before them. Owns how many run at once, how long one waits, and retries; opens a
//! connection only when there is none idle, so that a database that comes back is used at once.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::database_url::DatabaseUrl;
use crate::dialect::{Conn, Mode, Use};
use crate::error::{DbError, Retryable};
use crate::link::Link;

/// Tries of one command before its last error is told.
pub(crate) const TRIES_MAX: u32 = 5;
/// The longest back-off before the second try; it doubles with every further one.
const BACK_OFF_MICROS: u64 = 10_000;

pub(crate) struct Lane {
    url: DatabaseUrl,
    purpose: Use,
    gate: Arc<Semaphore>,
    wait: Duration,
    idle: Mutex<Vec<Link>>,
}

impl Lane {
    /// A lane of so many connections. The first is opened now, so that a wrong address fails at once and with its
    /// reason.
    pub(crate) fn open(url: &DatabaseUrl, purpose: Use, connections: usize, wait: Duration) -> Result<Self, String> {
        let first = Link::open(url, purpose)?;
        Ok(Self {
            url: url.clone(),
            purpose,
            gate: Arc::new(Semaphore::new(connections)),
            wait,
            idle: Mutex::new(vec![first]),
        })
    }

    /// Waits in turn for the right to use a connection.
    pub(crate) async fn enter(&self) -> Result<OwnedSemaphorePermit, DbError> {
        match tokio::time::timeout(self.wait, Arc::clone(&self.gate).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(DbError::Overloaded),
        }
    }

    /// Waits in turn, in the same queue, by parking the thread.
    pub(crate) fn enter_blocking(&self) -> Result<OwnedSemaphorePermit, DbError> {
        match block_on(Arc::clone(&self.gate).acquire_owned(), Some(self.wait)) {
            Some(Ok(permit)) => Ok(permit),
            Some(Err(_)) | None => Err(DbError::Overloaded),
        }
    }

    /// Runs a command in a transaction of its own, again from its start where a concurrent one came first. Blocks.
    /// The caller holds a permit.
    pub(crate) fn run<T, E>(&self, mode: Mode, f: &impl Fn(&mut Conn) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError> + Retryable,
    {
        let mut tries = 1;
        loop {
            let outcome = self.run_once(mode, f);
            match &outcome {
                Err(e) if e.is_retryable() && tries < TRIES_MAX => {
                    thread::sleep(back_off(tries));
                    tries = tries.saturating_add(1);
                }
                Ok(_) | Err(_) => return outcome,
            }
        }
    }

    fn run_once<T, E>(&self, mode: Mode, f: &impl Fn(&mut Conn) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        let mut link = self.begin(mode)?;
        let outcome = link.attempt(f).and_then(|value| link.commit().map(|()| value).map_err(E::from));
        if outcome.is_ok() || link.roll_back_to(0) {
            self.put_back(link);
        }
        outcome
    }

    /// A connection with a transaction begun. One that has died while idle is found out by that, when nothing has been
    /// done on it yet, and the next is tried.
    fn begin(&self, mode: Mode) -> Result<Link, DbError> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut link) = idle else { break };
            if link.begin(mode).is_ok() {
                return Ok(link);
            }
        }
        let mut link = Link::open(&self.url, self.purpose).map_err(DbError::unavailable)?;
        link.begin(mode)?;
        Ok(link)
    }

    fn put_back(&self, mut link: Link) {
        if link.is_sound() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(link);
        }
    }
}

/// A random part of a time that doubles with every try, so that those who collided do not collide again.
pub(crate) fn back_off(tries: u32) -> Duration {
    let most = BACK_OFF_MICROS.saturating_mul(1_u64 << tries.min(6));
    let mut bytes = [0; 8];
    // Without randomness the wait is merely the same for all.
    let random = getrandom::fill(&mut bytes).map_or(u64::MAX, |()| u64::from_le_bytes(bytes));
    Duration::from_micros(random.checked_rem(most).unwrap_or(most).saturating_add(500))
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future on this thread, which need not know any runtime. `None` after the time is up.
pub(crate) fn block_on<F: Future>(future: F, at_most: Option<Duration>) -> Option<F::Output> {
    let began = Instant::now();
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        match at_most {
            None => thread::park(),
            Some(at_most) => match at_most.checked_sub(began.elapsed()) {
                Some(left) if !left.is_zero() => thread::park_timeout(left),
                Some(_) | None => return None,
            },
        }
    }
}
