//! The history of the tables, compiled in: what is pending, and running it. The files lie in `migrations/` at the top,
//! one folder for each database.

use std::collections::BTreeSet;

use diesel::backend::Backend;
use diesel::connection::TransactionManager;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::dialect::{self, Conn, Mode};
use crate::error::DbError;

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Where diesel notes what has been run.
const APPLIED: &str = "__diesel_schema_migrations";

/// Version and name of every migration there is, oldest first.
fn all(c: &Conn) -> Result<Vec<(String, String)>, DbError> {
    fn names<DB: Backend>(found: Vec<Box<dyn Migration<DB>>>) -> Vec<(String, String)> {
        found.iter().map(|m| (m.name().version().to_string(), m.name().to_string())).collect()
    }
    let found = match c {
        Conn::Postgres(_) => MigrationSource::<Pg>::migrations(&POSTGRES).map(names),
        Conn::Sqlite(_) => MigrationSource::<Sqlite>::migrations(&SQLITE).map(names),
    };
    let mut found = found.map_err(|e| DbError::Internal(e.to_string()))?;
    found.sort();
    Ok(found)
}

/// The names of the migrations that have not been run, oldest first. Changes nothing, so that a user without rights to
/// change tables may ask.
pub(crate) fn pending(c: &mut Conn) -> Result<Vec<String>, DbError> {
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = Text)]
        version: String,
    }
    let mut applied = BTreeSet::new();
    if dialect::count_tables(c, APPLIED)? > 0 {
        let rows: Vec<Applied> = diesel::sql_query("SELECT version FROM __diesel_schema_migrations").load(c)?;
        applied.extend(rows.into_iter().map(|row| row.version));
    }
    let pending = all(c)?.into_iter().filter(|(version, _)| !applied.contains(version));
    Ok(pending.map(|(_, name)| name).collect())
}

/// Runs what is pending, oldest first, and names it. On SQLite all or nothing; on PostgreSQL one migration at a time.
///
/// Another process that does the same at the same moment makes one of the two fail: try again.
pub(crate) fn run(c: &mut Conn) -> Result<Vec<String>, DbError> {
    let in_one = matches!(c, Conn::Sqlite(_));
    if in_one {
        dialect::begin(c, Mode::Write)?;
    }
    let names = pending(c)?;
    let done = match c {
        Conn::Postgres(c) => c.run_pending_migrations(POSTGRES).map(|_| ()),
        Conn::Sqlite(c) => c.run_pending_migrations(SQLITE).map(|_| ()),
    };
    let done = done.map_err(|e| DbError::Internal(e.to_string()));
    if in_one {
        let ended = if done.is_ok() {
            <Conn as Connection>::TransactionManager::commit_transaction(c)
        } else {
            <Conn as Connection>::TransactionManager::rollback_transaction(c)
        };
        done?;
        ended?;
    } else {
        done?;
    }
    Ok(names)
}

/// Undoes the migrations after a version, newest first: for tests alone. Before the first one there is the empty text.
pub(crate) fn revert_after(c: &mut Conn, version: &str) -> Result<(), DbError> {
    fn revert<DB: Backend, S: MigrationSource<DB>>(
        c: &mut impl MigrationHarness<DB>,
        source: impl Fn() -> S,
        after: &str,
    ) -> diesel::migration::Result<()> {
        while c.applied_migrations()?.iter().any(|applied| applied.to_string().as_str() > after) {
            c.revert_last_migration(source())?;
        }
        Ok(())
    }
    let undone = match c {
        Conn::Postgres(c) => revert(c, || POSTGRES, version),
        Conn::Sqlite(c) => revert(c, || SQLITE, version),
    };
    undone.map_err(|e| DbError::Internal(e.to_string()))
}
