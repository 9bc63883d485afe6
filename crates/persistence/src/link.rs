//! One connection and the one way to run a command on it. Owns transactions' ends; decides nothing about retries or
//! who may go first.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::Connection;
use diesel::connection::{InstrumentationEvent, TransactionManager};

use crate::database_url::DatabaseUrl;
use crate::dialect::{self, Conn, Mode, Use};
use crate::error::DbError;
#[cfg(feature = "testing")]
use crate::testing::faults::{Death, Faults};

/// How long a connection is used. Servers and networks that drop old ones are met before they do.
const AGE_MAX: Duration = Duration::from_secs(30 * 60);

type Transactions = <Conn as Connection>::TransactionManager;

/// A connection that is set up and, between calls of its owner, in no transaction.
pub(crate) struct Link {
    conn: Conn,
    opened: Instant,
    /// A statement has failed since it was last reset.
    failed: Arc<AtomicBool>,
    sound: bool,
    /// Where a test lets the process die, and whether it is a write that is under way.
    #[cfg(feature = "testing")]
    faults: (Faults, bool),
}

impl Link {
    pub(crate) fn open(url: &DatabaseUrl, purpose: Use) -> Result<Self, String> {
        let mut conn = dialect::connect(url, purpose)?;
        let failed = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&failed);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::FinishQuery { error: Some(_), .. } = event {
                flag.store(true, Ordering::Relaxed);
            }
        });
        Ok(Self {
            conn,
            opened: Instant::now(),
            failed,
            sound: true,
            #[cfg(feature = "testing")]
            faults: (Faults::of(url), false),
        })
    }

    /// Whether it may be used again.
    pub(crate) fn is_sound(&mut self) -> bool {
        self.sound && self.opened.elapsed() < AGE_MAX && matches!(self.depth(), Some(0))
    }

    pub(crate) fn begin(&mut self, mode: Mode) -> Result<(), DbError> {
        #[cfg(feature = "testing")]
        {
            self.faults.0.live().inspect_err(|_| self.sound = false)?;
            self.faults.1 = mode == Mode::Write;
        }
        dialect::begin(&mut self.conn, mode).inspect_err(|_| self.sound = false)?;
        Ok(())
    }

    pub(crate) fn savepoint(&mut self) -> Result<(), DbError> {
        Ok(Transactions::begin_transaction(&mut self.conn)?)
    }

    /// Ends the innermost savepoint or, without one, the transaction.
    pub(crate) fn commit(&mut self) -> Result<(), DbError> {
        #[cfg(feature = "testing")]
        let is_outermost = self.die_before_commit()?;
        Transactions::commit_transaction(&mut self.conn)?;
        #[cfg(feature = "testing")]
        if is_outermost && self.faults.1 {
            self.faults.0.pass(Death::AfterCommit)?;
        }
        Ok(())
    }

    /// Lets the process die where a test has chosen so; tells whether it is the transaction itself that ends.
    #[cfg(feature = "testing")]
    fn die_before_commit(&mut self) -> Result<bool, DbError> {
        let is_outermost = self.depth() == Some(1);
        if self.faults.1 {
            self.faults.0.pass(if is_outermost { Death::BeforeCommit } else { Death::InGroup })?;
        }
        Ok(is_outermost)
    }

    /// Rolls back to the outermost `depth` levels; 0 ends the transaction. `false` where that fails: the connection is
    /// then to be given up, which rolls back as well.
    pub(crate) fn roll_back_to(&mut self, depth: u32) -> bool {
        while let Some(now) = self.depth() {
            if now <= depth {
                // Fewer levels are left than should be: the database itself has rolled back more.
                return now == depth;
            }
            if Transactions::rollback_transaction(&mut self.conn).is_err() {
                break;
            }
        }
        self.sound = false;
        false
    }

    /// Runs a command within the transaction or savepoint that is open. Whatever is not `Ok` is to be rolled back.
    ///
    /// A command that goes on after a failed statement fails: PostgreSQL would have undone it at that statement and yet
    /// take its COMMIT without a word, where SQLite would keep the rest.
    pub(crate) fn attempt<T, E: From<DbError>>(&mut self, f: &impl Fn(&mut Conn) -> Result<T, E>) -> Result<T, E> {
        self.failed.store(false, Ordering::Relaxed);
        let outcome = catch_unwind(AssertUnwindSafe(|| f(&mut self.conn)))
            .unwrap_or_else(|_| Err(DbError::Internal("a command panicked".to_owned()).into()));
        match outcome {
            Ok(_) if self.failed.load(Ordering::Relaxed) => {
                Err(DbError::Internal("a command went on after a statement had failed".to_owned()).into())
            }
            other => other,
        }
    }

    /// Levels of transactions and savepoints; `None` where the connection is broken.
    fn depth(&mut self) -> Option<u32> {
        let status = Transactions::transaction_manager_status_mut(&mut self.conn);
        let depth = status.transaction_depth().ok()?;
        Some(depth.map_or(0, std::num::NonZeroU32::get))
    }
}
