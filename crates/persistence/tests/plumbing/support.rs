//! What the tests share: a database of each kind, and a table to write to.

use std::io::Write;
use std::sync::Once;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use uuid::Uuid;
use valinta_domain::Moment;
use valinta_persistence::testing::{TEST_DATABASE_URL, TestDatabase};
use valinta_persistence::{Conn, Db, DbError};

/// Runs a test on a new, migrated database of each kind.
pub(crate) fn on_each(test: impl Fn(&TestDatabase, &Db)) {
    note_what_is_left_out();
    for database in TestDatabase::each().unwrap() {
        eprintln!("on {}", database.url());
        let db = database.open().unwrap();
        test(&database, &db);
    }
}

/// Says once, and past the test harness that keeps back what passing tests print, that PostgreSQL takes no part.
pub(crate) fn note_what_is_left_out() {
    static SAID: Once = Once::new();
    if std::env::var_os(TEST_DATABASE_URL).is_none() {
        SAID.call_once(|| {
            let note =
                format!("\nNOTE: {TEST_DATABASE_URL} is not set: SQLite alone is tested, PostgreSQL is not.\n\n");
            std::io::stderr().write_all(note.as_bytes()).unwrap();
        });
    }
}

/// A table of counters, the first of them at 0.
pub(crate) fn make_counters(database: &TestDatabase) {
    database
        .tamper(
            "CREATE TABLE counters (id INTEGER PRIMARY KEY, n BIGINT NOT NULL CHECK (n >= 0));
             CREATE TABLE parts (id INTEGER PRIMARY KEY, counter INTEGER NOT NULL
                 REFERENCES counters (id) DEFERRABLE INITIALLY DEFERRED);
             INSERT INTO counters (id, n) VALUES (1, 0);",
        )
        .unwrap();
}

pub(crate) fn run(c: &mut Conn, sql: &str) -> Result<usize, DbError> {
    Ok(diesel::sql_query(sql).execute(c)?)
}

/// The one number that the query gives as `n`.
pub(crate) fn number(c: &mut Conn, sql: &str) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    Ok(diesel::sql_query(sql).get_result::<Row>(c)?.n)
}

pub(crate) fn ask(db: &Db, sql: &str) -> i64 {
    let sql = sql.to_owned();
    db.read_blocking(move |c| number(c, &sql)).unwrap()
}

pub(crate) fn tell(db: &Db, sql: &str) -> Result<usize, DbError> {
    let sql = sql.to_owned();
    db.write_blocking(move |c| run(c, &sql))
}

pub(crate) fn moment(seconds: i64) -> Moment {
    Moment::from_micros(1_800_000_000_000_000 + seconds * 1_000_000 + 1).unwrap()
}

pub(crate) fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}
