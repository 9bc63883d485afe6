//! What the service is held against: a bare handler that returns the same bytes under the same headers, one that commits
//! the same rows before, and those commits alone.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, error, web};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::sql_types::{BigInt, Binary, Integer, Text};
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use valinta_domain::policy::Role;
use valinta_domain::{Id, Moment};
use valinta_persistence::audit::{self, NewAuditRow};
use valinta_persistence::{Conn, DatabaseUrl, Db, DbError};

use crate::Outcome;
use crate::load::Round;

/// What the process is told to be it.
pub(crate) const ARGUMENT: &str = "bare";
/// The answers that are given, in the folder that the process runs in.
pub(crate) const ANSWERS: &str = "answers.json";
/// Whether lists that are shown for a voucher are kept by the service that is measured.
pub(crate) const SHOWN_ARE_KEPT: &str = "shown-are-kept";

/// Headers that the framework writes by itself.
const WRITTEN_ANYHOW: [&str; 3] = ["content-length", "date", "connection"];
/// Stands for the service's table of lists that were shown: of the same width, with an index like it.
const SHOWN: &str = "CREATE TABLE IF NOT EXISTS bare_shown (
    id BLOB PRIMARY KEY NOT NULL, voucher_id BLOB NOT NULL, revision INTEGER NOT NULL, day TEXT NOT NULL, rule TEXT NOT NULL,
    filters TEXT NOT NULL, offerings BLOB NOT NULL, at INTEGER NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS bare_shown_by_voucher ON bare_shown (voucher_id ASC, id ASC);";

/// An answer as the service gave it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

#[derive(Clone)]
struct Given {
    headers: Vec<(String, String)>,
    body: Bytes,
}

/// Serves until it is stopped, from the folder that the process runs in. Answers are at `/bytes/{name}`, and at
/// `/rows/{name}` after a transaction.
pub(crate) fn serve() -> Outcome<()> {
    let answers: BTreeMap<String, Answer> = serde_json::from_str(&fs::read_to_string(ANSWERS)?)?;
    let rows = Arc::new(Rows::open(Path::new("."))?);
    let given: BTreeMap<String, Given> = answers
        .into_iter()
        .map(|(name, Answer { mut headers, body })| {
            headers.retain(|(name, _)| !WRITTEN_ANYHOW.contains(&name.as_str()));
            (name, Given { headers, body: body.into() })
        })
        .collect();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut out = std::io::stdout();
    writeln!(out, "listening on http://{} ", listener.local_addr()?)?;
    out.flush()?;
    actix_web::rt::System::new().block_on(async move {
        HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(given.clone()))
                .app_data(web::Data::from(Arc::clone(&rows)))
                .route("/ready", web::get().to(HttpResponse::Ok))
                .route("/bytes/{name}", web::get().to(bytes))
                .route("/rows/{name}", web::get().to(after_rows))
        })
        .listen(listener)?
        .run()
        .await
    })?;
    Ok(())
}

async fn bytes(given: web::Data<BTreeMap<String, Given>>, name: web::Path<String>) -> HttpResponse {
    let Some(Given { headers, body }) = given.get(name.as_str()) else { return HttpResponse::NotFound().finish() };
    let mut response = HttpResponse::Ok();
    for (name, value) in headers {
        response.insert_header((name.as_str(), value.as_str()));
    }
    response.body(body.clone())
}

async fn after_rows(
    given: web::Data<BTreeMap<String, Given>>,
    rows: web::Data<Rows>,
    name: web::Path<String>,
) -> actix_web::Result<HttpResponse> {
    rows.write().await.map_err(error::ErrorInternalServerError)?;
    Ok(bytes(given, name).await)
}

/// A database in which the rows are written that a list for a voucher leaves behind.
pub(crate) struct Rows {
    db: Db,
    shown: bool,
}

impl Rows {
    /// Opens `bare.db` in a folder.
    pub(crate) fn open(folder: &Path) -> Outcome<Self> {
        let db = Db::open(&DatabaseUrl::Sqlite(folder.join("bare.db")))?;
        db.migrate()?;
        db.write_blocking(|c| -> Result<(), DbError> { Ok(c.batch_execute(SHOWN)?) })?;
        Ok(Self { db, shown: folder.join(SHOWN_ARE_KEPT).exists() })
    }

    async fn write(&self) -> Result<(), DbError> {
        let shown = self.shown;
        self.db.write(move |c| write_rows(c, shown)).await
    }
}

/// One transaction after the other from so many tasks, committed in groups as the service commits.
pub(crate) fn grouped(folder: &Path, tasks: usize, lasting: Duration) -> Outcome<Round> {
    let rows = Arc::new(Rows::open(folder)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    let took = runtime.block_on(async {
        let write = |rows: Arc<Rows>| async move {
            let mut took = Vec::new();
            while began.elapsed() < lasting {
                let asked = Instant::now();
                rows.write().await.map_err(|e| e.to_string())?;
                took.push(asked.elapsed());
            }
            Ok::<_, String>(took)
        };
        let writing: Vec<_> = (0..tasks).map(|_| tokio::spawn(write(Arc::clone(&rows)))).collect();
        let mut took = Vec::new();
        for one in writing {
            took.extend(one.await.map_err(|e| e.to_string())??);
        }
        Ok::<_, String>(took)
    })?;
    Round::of(took, began.elapsed())
}

/// One transaction after the other on one connection, each committed by itself.
pub(crate) fn ungrouped(folder: &Path, lasting: Duration) -> Outcome<Round> {
    let shown = Rows::open(folder)?.shown;
    let file = folder.join("bare.db");
    let mut c = Conn::Sqlite(SqliteConnection::establish(file.to_str().ok_or("a folder's name is not text")?)?);
    c.batch_execute(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA recursive_triggers = ON;",
    )?;
    let (began, mut took) = (Instant::now(), Vec::new());
    while began.elapsed() < lasting {
        let asked = Instant::now();
        begin(&mut c)?;
        write_rows(&mut c, shown)?;
        commit(&mut c)?;
        took.push(asked.elapsed());
    }
    Round::of(took, began.elapsed())
}

/// Begins as the service does. Diesel must know of it: several rows at once are inserted in a savepoint then.
fn begin(c: &mut Conn) -> Outcome<()> {
    match c {
        Conn::Sqlite(c) => Ok(AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")?),
        Conn::Postgres(_) => Err("only SQLite is measured".into()),
    }
}

fn commit(c: &mut Conn) -> Outcome<()> {
    match c {
        Conn::Sqlite(c) => Ok(AnsiTransactionManager::commit_transaction(c)?),
        Conn::Postgres(_) => Err("only SQLite is measured".into()),
    }
}

static WRITTEN: AtomicI32 = AtomicI32::new(0);

/// Ids as the service makes them: ordered by time, and random behind it.
fn ids(n: u64) -> impl Iterator<Item = Uuid> {
    (1_u64..).map(move |line| {
        let mut random = n.wrapping_mul(16).wrapping_add(line).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        random = (random ^ (random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        random ^= random >> 27;
        let ordered = u128::from(n) << 80;
        Uuid::from_u128(ordered | (0x7 << 76) | (0x8 << 60) | u128::from(random >> 4))
    })
}

/// An audit row, and the list that was shown where the service keeps that.
fn write_rows(c: &mut Conn, shown: bool) -> Result<(), DbError> {
    let revision = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let number = u64::from(revision.unsigned_abs()) | (u64::from(std::process::id()) << 32);
    let mut ids = ids(number);
    let mut id = || ids.next().unwrap_or_default();
    let (target, now) =
        (id(), Moment::from_micros(i64::from(revision)).ok_or_else(|| DbError::Internal("no moment".to_owned()))?);
    let row = NewAuditRow {
        id: Id::new(id()),
        at: now,
        organiser: Some(Id::new(target)),
        actor: format!("resident-{target}"),
        role: Role::Resident,
        action: "list_choices".to_owned(),
        target_kind: "voucher".to_owned(),
        target: Some(target),
        person: Some(Id::new(target)),
        request: id(),
        details: json!({"order": "neutral", "revision": revision}),
    };
    audit::append(c, &[row])?;
    if shown {
        diesel::sql_query("INSERT INTO bare_shown VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind::<Binary, _>(id().as_bytes().to_vec())
            .bind::<Binary, _>(target.as_bytes().to_vec())
            .bind::<Integer, _>(revision)
            .bind::<Text, _>("2026-11-22")
            .bind::<Text, _>("neutral 1")
            .bind::<Text, _>("{}")
            .bind::<Binary, _>(vec![7; 20 * 16])
            .bind::<BigInt, _>(now.micros())
            .execute(c)?;
    }
    Ok(())
}
