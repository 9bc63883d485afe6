//! The door to the database: one transaction for each read and each command, the same on SQLite and PostgreSQL.
//! Nothing else opens a transaction.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Integer;
use thiserror::Error;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;

use crate::database_url::{DatabaseUrl, plain_path};
use crate::dialect::{self, Conn, Mode, Use};
use crate::error::{DbError, Retryable};
use crate::lane::{Lane, back_off};
use crate::migrations;
use crate::writer::{self, Length, Writer};

/// Connections to PostgreSQL; more do not make it faster.
const POSTGRES_CONNECTIONS: usize = 16;
/// Connections that read from SQLite. Some of them send long lists, and there are always others.
const SQLITE_READERS: usize = 6;
/// Commands that may wait for SQLite's writer.
const WRITER_QUEUE_MAX: usize = 1_024;
/// The longest wait for a connection.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Tries of migrations while other processes run them too.
const MIGRATION_TRIES_MAX: u32 = 10;

/// A database that is open. Clones share it; it is closed with the last of them.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    lane: Lane,
    /// SQLite only: writes go one after the other. On PostgreSQL they share the lane with reads.
    writer: Option<Writer>,
}

/// Why a database could not be opened or brought up to date.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    /// It is not there, or does not let us in.
    #[error("cannot open the database {url}: {reason}")]
    Unreachable {
        /// Which, without its password.
        url: String,
        /// Its own words.
        reason: String,
    },
    /// Its tables could not be brought up to date.
    #[error("cannot migrate the database {url}: {reason}")]
    Migration {
        /// Which, without its password.
        url: String,
        /// Its own words.
        reason: String,
    },
}

impl Db {
    /// The longest wait for a turn of SQLite's writer. A command that keeps it longer lets others fail.
    pub const WRITER_WAIT_MAX: Duration = Duration::from_secs(10);

    /// Opens the database; a SQLite file that does not exist is made, readable by its owner alone. Connects once, so
    /// that what is wrong is told now.
    ///
    /// # Errors
    /// The database cannot be reached, with its own reason.
    pub fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        let unreachable = |reason| OpenError::Unreachable { url: url.to_string(), reason };
        let inner = match url {
            DatabaseUrl::Sqlite(path) => {
                create_private(path).map_err(unreachable)?;
                dialect::learn_unique_names();
                // The writer first: it is the one to switch a new file to WAL.
                let writer = Writer::start(url, WRITER_QUEUE_MAX).map_err(unreachable)?;
                let lane = Lane::open(url, Use::Reads, SQLITE_READERS, WAIT_MAX).map_err(unreachable)?;
                Inner { url: url.clone(), lane, writer: Some(writer) }
            }
            DatabaseUrl::Postgres(_) => {
                let lane = Lane::open(url, Use::Writes, POSTGRES_CONNECTIONS, WAIT_MAX).map_err(unreachable)?;
                Inner { url: url.clone(), lane, writer: None }
            }
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Runs the pending migrations and names them. Several processes may do so at once.
    ///
    /// # Errors
    /// A migration fails again and again.
    pub fn migrate(&self) -> Result<Vec<String>, OpenError> {
        let mut c = self.connect_to_migrate()?;
        let mut tries = 1;
        loop {
            match migrations::run(&mut c) {
                Ok(names) => return Ok(names),
                // Whoever comes second fails on what the first has just made, and then finds nothing left to do.
                Err(e) if tries < MIGRATION_TRIES_MAX => {
                    tracing::debug!(error = %e, tries, "migrations will be tried again");
                    thread::sleep(back_off(tries));
                    tries = tries.saturating_add(1);
                    c = self.connect_to_migrate()?;
                }
                Err(e) => return Err(self.not_migrated(&e)),
            }
        }
    }

    /// The migrations that have not been run yet, oldest first.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub fn pending_migrations(&self) -> Result<Vec<String>, OpenError> {
        migrations::pending(&mut self.connect_to_migrate()?).map_err(|e| self.not_migrated(&e))
    }

    /// Whether it is a PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.inner.url, DatabaseUrl::Postgres(_))
    }

    /// Runs reads that all see the same state of the data.
    ///
    /// # Errors
    /// What `f` or the database says.
    pub async fn read<T, E>(&self, f: impl Fn(&mut Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Retryable + Send + 'static,
    {
        let permit = self.inner.lane.enter().await?;
        self.run_in_lane(permit, Mode::Read, f).await
    }

    /// Runs a command in one transaction: all of it happens, or on any error none. `f` may be run several times and must
    /// do nothing but through the connection.
    ///
    /// # Errors
    /// What `f` or the database says.
    pub async fn write<T, E>(&self, f: impl Fn(&mut Conn) -> Result<T, E> + Send + Sync + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Retryable + Send + 'static,
    {
        self.write_of(Length::Short, f).await
    }

    /// [`Db::write`] for a command that may take many seconds: others do not wait for its commit after they have been run
    /// themselves. While it runs on SQLite, no other is run; those who wait longer than
    /// [`Db::WRITER_WAIT_MAX`] are told so, and it is the caller's to end it before.
    ///
    /// # Errors
    /// What `f` or the database says.
    pub async fn write_long<T, E>(&self, f: impl Fn(&mut Conn) -> Result<T, E> + Send + Sync + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Retryable + Send + 'static,
    {
        self.write_of(Length::Long, f).await
    }

    async fn write_of<T, E>(
        &self,
        length: Length,
        f: impl Fn(&mut Conn) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Retryable + Send + 'static,
    {
        match &self.inner.writer {
            Some(writer) => writer.submit(length, f)?.outcome(Self::WRITER_WAIT_MAX).await,
            None => {
                let permit = self.inner.lane.enter().await?;
                self.run_in_lane(permit, Mode::Write, f).await
            }
        }
    }

    /// [`Db::read`] for a thread that may block, with no runtime around it.
    ///
    /// # Errors
    /// What `f` or the database says.
    pub fn read_blocking<T, E>(&self, f: impl Fn(&mut Conn) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError> + Retryable,
    {
        let _permit = self.inner.lane.enter_blocking()?;
        self.inner.lane.run(Mode::Read, &f)
    }

    /// [`Db::write`] for a thread that may block, with no runtime around it.
    ///
    /// # Errors
    /// What `f` or the database says.
    pub fn write_blocking<T, E>(&self, f: impl Fn(&mut Conn) -> Result<T, E> + Send + Sync + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Retryable + Send + 'static,
    {
        self.write_blocking_of(Length::Short, f)
    }

    fn write_blocking_of<T, E>(
        &self,
        length: Length,
        f: impl Fn(&mut Conn) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Retryable + Send + 'static,
    {
        match &self.inner.writer {
            Some(writer) => writer.submit(length, f)?.outcome_blocking(Self::WRITER_WAIT_MAX),
            None => {
                let _permit = self.inner.lane.enter_blocking()?;
                self.inner.lane.run(Mode::Write, &f)
            }
        }
    }

    /// [`Db::write_long`] on a thread that may block.
    ///
    /// # Errors
    /// What `f` or the database says.
    pub fn write_long_blocking<T, E>(
        &self,
        f: impl Fn(&mut Conn) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Retryable + Send + 'static,
    {
        self.write_blocking_of(Length::Long, f)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), DbError> {
        if self.inner.writer.as_ref().is_some_and(|writer| !writer.is_running()) {
            return Err(writer::stopped());
        }
        self.read(|c| {
            diesel::select(1_i32.into_sql::<Integer>()).get_result::<i32>(c)?;
            Ok(())
        })
        .await
    }

    async fn run_in_lane<T, E>(
        &self,
        permit: OwnedSemaphorePermit,
        mode: Mode,
        f: impl Fn(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Retryable + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        let run = move || {
            let _permit = permit;
            inner.lane.run(mode, &f)
        };
        spawn_blocking(run).await.unwrap_or_else(|e| Err(DbError::Internal(e.to_string()).into()))
    }

    fn connect_to_migrate(&self) -> Result<Conn, OpenError> {
        dialect::connect(&self.inner.url, Use::Migrations)
            .map_err(|reason| OpenError::Unreachable { url: self.inner.url.to_string(), reason })
    }

    fn not_migrated(&self, e: &DbError) -> OpenError {
        OpenError::Migration { url: self.inner.url.to_string(), reason: e.to_string() }
    }
}

/// Makes the file if there is none. SQLite gives the files that it puts beside it the same rights.
fn create_private(path: &Path) -> Result<(), String> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(plain_path(path)).map(|_| ()).map_err(|e| e.to_string())
}
