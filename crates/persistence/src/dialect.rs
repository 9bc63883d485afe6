//! Where the two databases differ: how to connect, begin, insert many, and name what was violated. Every backend arm of
//! the crate stands here or goes through [`on!`]; queries elsewhere are written once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;
use std::thread;

use diesel::connection::{AnsiTransactionManager, SimpleConnection};
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::SqliteConnection;

use crate::database_url::{DatabaseUrl, plain_path};
use crate::lane::back_off;
use crate::migrations;

pub use connection::Conn;
pub(crate) use connection::{MultiBackend, MultiRawValue};

mod connection {
    use diesel::pg::PgConnection;
    use diesel::sqlite::SqliteConnection;

    /// A connection to either database, within a transaction that [`crate::Db`] has begun.
    #[derive(diesel::MultiConnection)]
    pub enum Conn {
        /// To a PostgreSQL.
        Postgres(PgConnection),
        /// To an embedded SQLite.
        Sqlite(SqliteConnection),
    }
}

/// Runs an expression on the connection behind a [`Conn`]: for what diesel can do on either database and not on both, and for
/// the statements of the busiest commands, whose text diesel otherwise writes anew each time. Others go without it.
macro_rules! on {
    ($conn:expr, $inner:ident => $body:expr) => {
        match &mut *$conn {
            $crate::dialect::Conn::Postgres($inner) => $body,
            $crate::dialect::Conn::Sqlite($inner) => $body,
        }
    };
}

/// Rows that one INSERT takes: 500 rows of 32 columns stay below the bind limits of both databases.
pub(crate) const ROWS_PER_INSERT_MAX: usize = 500;

/// Rows that SQLite's prepared INSERT of several takes.
pub(crate) const ROWS_PER_PREPARED_INSERT: usize = 16;

/// Inserts a slice of rows, any number of them: `insert_many!(c, table, &rows)` gives how many. Where one fails, the others may
/// be there: a transaction goes no further then.
macro_rules! insert_many {
    ($conn:expr, $table:expr, $rows:expr) => {{
        use diesel::RunQueryDsl as _;
        use $crate::dialect::{Conn, ROWS_PER_INSERT_MAX, ROWS_PER_PREPARED_INSERT, each};
        match (&mut *$conn, $rows) {
            (Conn::Postgres(c), rows) => {
                each(rows.chunks(ROWS_PER_INSERT_MAX), |chunk| diesel::insert_into($table).values(chunk).execute(c))
            }
            // As many at once as one prepared statement has, over and over, and the rest one by one.
            (Conn::Sqlite(c), rows) => {
                let (chunks, rest) = rows.as_chunks::<ROWS_PER_PREPARED_INSERT>();
                let of_chunks = each(chunks, |chunk| diesel::insert_into($table).values(chunk).execute(c));
                of_chunks.and_then(|done| {
                    let of_rest = each(rest, |row| diesel::insert_into($table).values(row).execute(c));
                    of_rest.map(|more| done.saturating_add(more))
                })
            }
        }
    }};
}

/// Inserts each, and gives how many rows that made.
pub(crate) fn each<T>(
    all: impl IntoIterator<Item = T>,
    mut insert: impl FnMut(T) -> QueryResult<usize>,
) -> QueryResult<usize> {
    all.into_iter().try_fold(0_usize, |done, one| insert(one).map(|inserted| done.saturating_add(inserted)))
}

/// Inserts a row unless it would violate a unique index: `insert_or_ignore!(c, table, &row)` gives 1 or 0.
macro_rules! insert_or_ignore {
    ($conn:expr, $table:expr, $row:expr) => {
        $crate::dialect::on!($conn, c => diesel::RunQueryDsl::execute(
            diesel::insert_into($table).values($row).on_conflict_do_nothing(), c))
    };
}

pub(crate) use {insert_many, insert_or_ignore, on};

/// The sum of a `BigInt` expression, 0 over no rows. An overflow is an error on both databases.
pub(crate) fn sum_i64<E: Expression<SqlType = BigInt>>(expression: E) -> SumI64<E> {
    SumI64(expression)
}

/// What [`sum_i64`] gives.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct SumI64<E>(E);

impl<E: Expression> Expression for SumI64<E> {
    type SqlType = BigInt;
}
impl<E, Source> SelectableExpression<Source> for SumI64<E> where Self: AppearsOnTable<Source> {}
impl<E: AppearsOnTable<Source>, Source> AppearsOnTable<Source> for SumI64<E> {}
impl<E, Grouping> ValidGrouping<Grouping> for SumI64<E> {
    type IsAggregate = is_aggregate::Yes;
}
impl<E: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for SumI64<E> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("CAST(COALESCE(SUM(");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql("), 0) AS BIGINT)");
        Ok(())
    }
}

/// A code that is a part of the statement and not bound to it. An index of those rows alone that have the code serves only a
/// statement of which that is known before anything is bound.
pub(crate) const fn literal(code: &'static str) -> Literal {
    Literal(code)
}

/// What [`literal`] gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Literal(&'static str);

impl Expression for Literal {
    type SqlType = Text;
}
impl<Source> SelectableExpression<Source> for Literal {}
impl<Source> AppearsOnTable<Source> for Literal {}
impl<Grouping> ValidGrouping<Grouping> for Literal {
    type IsAggregate = is_aggregate::Never;
}
impl QueryId for Literal {
    type QueryId = ();
    // Statements of other codes are others.
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl QueryFragment<MultiBackend> for Literal {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        debug_assert!(self.0.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{} is no code", self.0);
        out.push_sql("'");
        out.push_sql(self.0);
        out.push_sql("'");
        Ok(())
    }
}

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// See one state of the data.
    Read,
    /// Change it.
    Write,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Reads alone; SQLite refuses writes on it.
    Reads,
    /// Reads and writes.
    Writes,
    /// Writes that may take as long as they need.
    Migrations,
}

/// Tries of switching a new SQLite file to its way of writing, while others do.
const WAL_TRIES_MAX: u32 = 20;

/// Opens a connection, set up for its use.
///
/// # Errors
/// The database's own reason, without a password.
pub(crate) fn connect(url: &DatabaseUrl, purpose: Use) -> Result<Conn, String> {
    match url {
        DatabaseUrl::Sqlite(path) => connect_sqlite(path, purpose).map(Conn::Sqlite),
        DatabaseUrl::Postgres(url) => connect_postgres(url, purpose).map(Conn::Postgres),
    }
}

fn connect_sqlite(path: &Path, purpose: Use) -> Result<SqliteConnection, String> {
    let path = plain_path(path);
    let path = path.to_str().ok_or("the path is not UTF-8")?;
    let mut c = SqliteConnection::establish(path).map_err(|e| e.to_string())?;
    let mut run = |sql: &str| c.batch_execute(sql).map_err(|e| e.to_string());
    run("PRAGMA busy_timeout = 5000;")?;
    if purpose == Use::Reads {
        run("PRAGMA query_only = ON;")?;
    } else {
        switch_to_wal(&mut run)?;
        // FULL, because an answered command must survive a loss of power.
        run("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;")?;
    }
    // With recursive triggers a REPLACE cannot get around the guard of append-only tables.
    run("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA trusted_schema = OFF; \
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000;")?;
    Ok(c)
}

/// Switches a new file over. Where several connections do that at once, SQLite refuses one of them without a wait.
fn switch_to_wal(run: &mut impl FnMut(&str) -> Result<(), String>) -> Result<(), String> {
    let mut tries = 1;
    loop {
        match run("PRAGMA journal_mode = WAL;") {
            Err(reason) if reason.contains("is locked") && tries < WAL_TRIES_MAX => {
                thread::sleep(back_off(tries));
                tries = tries.saturating_add(1);
            }
            outcome => return outcome,
        }
    }
}

fn connect_postgres(url: &str, purpose: Use) -> Result<PgConnection, String> {
    let mut c = PgConnection::establish(&with_timeouts(url)).map_err(|e| e.to_string().trim_end().to_owned())?;
    let statement_timeout = if purpose == Use::Migrations { "0" } else { "30s" };
    c.batch_execute(&format!(
        "SET timezone = 'UTC'; SET lock_timeout = '5s'; SET statement_timeout = '{statement_timeout}'; \
         SET idle_in_transaction_session_timeout = '60s';"
    ))
    .map_err(|e| e.to_string())?;
    speak_english(&mut c)?;
    Ok(c)
}

/// A server that is away is known to be so within seconds, not after the minutes that the network itself would take.
fn with_timeouts(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [("connect_timeout", "5"), ("tcp_user_timeout", "30000"), ("application_name", "valinta")] {
        if !url.contains(&format!("{name}=")) {
            let has_options = url.rsplit('@').next().is_some_and(|rest| rest.contains('?'));
            url.push_str(if has_options { "&" } else { "?" });
            url.push_str(&format!("{name}={value}"));
        }
    }
    url
}

/// Deadlocks and lock timeouts are known by their messages alone, so these must not be translated.
fn speak_english(c: &mut PgConnection) -> Result<(), String> {
    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Text)]
        language: String,
    }
    let setting: Setting = diesel::sql_query("SELECT current_setting('lc_messages') AS language")
        .get_result(c)
        .map_err(|e| e.to_string())?;
    let english = ["", "C", "POSIX"].contains(&setting.language.as_str())
        || ["C.", "en"].iter().any(|beginning| setting.language.starts_with(beginning));
    if !english && c.batch_execute("SET lc_messages = 'C'").is_err() {
        tracing::warn!(
            lc_messages = setting.language,
            "PostgreSQL translates its messages and does not let this user change that; deadlocks will not be retried"
        );
    }
    Ok(())
}

/// Begins a transaction in the mode that makes it mean the same on both databases.
pub(crate) fn begin(c: &mut Conn, mode: Mode) -> QueryResult<()> {
    match (c, mode) {
        (Conn::Postgres(c), Mode::Read) => {
            AnsiTransactionManager::begin_transaction_sql(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        }
        (Conn::Postgres(c), Mode::Write) => {
            AnsiTransactionManager::begin_transaction_sql(c, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        }
        (Conn::Sqlite(c), Mode::Read) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN DEFERRED"),
        (Conn::Sqlite(c), Mode::Write) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
    }
}

/// Counts the tables of this name: 0 or 1.
pub(crate) fn count_tables(c: &mut Conn, name: &str) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        found: i64,
    }
    let query = match c {
        Conn::Postgres(_) => "SELECT count(*) AS found FROM pg_class WHERE oid = to_regclass($1)",
        Conn::Sqlite(_) => "SELECT count(*) AS found FROM sqlite_master WHERE name = $1",
    };
    let found: Found = diesel::sql_query(query).bind::<Text, _>(name).get_result(c)?;
    Ok(found.found)
}

/// The name of the unique index that was violated. PostgreSQL tells it; SQLite tells the columns instead
/// (`outbox.id, outbox.at`), which the migrations turn into the name again.
pub(crate) fn unique_name(told: &str) -> String {
    if let Some(name) = told.strip_prefix("index '") {
        return name.trim_end_matches('\'').to_owned();
    }
    SQLITE_UNIQUE_NAMES.get(told).map_or_else(|| told.to_owned(), Clone::clone)
}

/// Prepares [`unique_name`], so that the first violation need not wait for it.
pub(crate) fn learn_unique_names() {
    LazyLock::force(&SQLITE_UNIQUE_NAMES);
}

/// Columns of unique indexes, as SQLite tells them, with the name that PostgreSQL gives the same index.
static SQLITE_UNIQUE_NAMES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    read_sqlite_unique_names().unwrap_or_else(|reason| {
        tracing::error!(reason, "the names of SQLite's unique indexes are not known");
        BTreeMap::new()
    })
});

fn read_sqlite_unique_names() -> Result<BTreeMap<String, String>, String> {
    #[derive(QueryableByName)]
    struct IndexedColumn {
        #[diesel(sql_type = Text)]
        of_table: String,
        #[diesel(sql_type = Text)]
        of_index: String,
        #[diesel(sql_type = Nullable<Text>)]
        indexed: Option<String>,
    }
    let mut c = Conn::Sqlite(SqliteConnection::establish(":memory:").map_err(|e| e.to_string())?);
    migrations::run(&mut c).map_err(|e| e.to_string())?;
    let columns: Vec<IndexedColumn> = diesel::sql_query(
        "SELECT t.name AS of_table, CASE l.origin WHEN 'pk' THEN t.name || '_pkey' ELSE l.name END AS of_index, \
                i.name AS indexed, i.seqno AS seqno \
         FROM sqlite_master t, pragma_index_list(t.name) l, pragma_index_info(l.name) i \
         WHERE t.type = 'table' AND l.\"unique\" = 1 \
         UNION ALL \
         SELECT t.name, t.name || '_pkey', p.name, p.pk FROM sqlite_master t, pragma_table_info(t.name) p \
         WHERE t.type = 'table' AND p.pk > 0 AND NOT EXISTS \
             (SELECT 1 FROM pragma_index_list(t.name) l WHERE l.origin = 'pk') \
         ORDER BY 1, 2, 4",
    )
    .load(&mut c)
    .map_err(|e| e.to_string())?;
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    for IndexedColumn { of_table, of_index, indexed } in columns {
        let list = told.entry(of_index).or_default();
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(&format!("{of_table}.{}", indexed.unwrap_or_default()));
    }
    Ok(told.into_iter().map(|(index, columns)| (columns, index)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::audit_chains;

    #[test]
    fn sums_are_whole_numbers_and_0_over_nothing() {
        let mut c = Conn::Sqlite(SqliteConnection::establish(":memory:").unwrap());
        migrations::run(&mut c).unwrap();
        let mut sum = |above: i32| -> i64 {
            audit_chains::table
                .filter(audit_chains::chain.gt(above))
                .select(sum_i64(audit_chains::length + 2))
                .get_result(&mut c)
                .unwrap()
        };
        assert_eq!((sum(-1), sum(99)), (32, 0));
    }

    #[test]
    fn sqlites_columns_are_turned_into_the_indexes_name() {
        assert_eq!(unique_name("audit_log.chain, audit_log.position"), "audit_log_chain_position");
        assert_eq!(unique_name("idempotency_keys.caller, idempotency_keys.key"), "idempotency_keys_pkey");
        assert_eq!(unique_name("audit_chains.chain"), "audit_chains_pkey");
        assert_eq!(unique_name("index 'by_expression'"), "by_expression");
        assert_eq!(unique_name("outbox_pkey"), "outbox_pkey");
    }

    #[test]
    fn timeouts_are_added_to_a_uri_unless_it_has_its_own() {
        assert_eq!(
            with_timeouts("postgres://u:p?w@h/d"),
            "postgres://u:p?w@h/d?connect_timeout=5&tcp_user_timeout=30000&application_name=valinta"
        );
        assert_eq!(
            with_timeouts("postgres:///d?connect_timeout=1"),
            "postgres:///d?connect_timeout=1&tcp_user_timeout=30000&application_name=valinta"
        );
    }
}
