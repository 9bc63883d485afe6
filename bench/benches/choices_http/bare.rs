//! What the service is held against: a bare handler that returns the same bytes under the same headers, one that commits
//! the same rows before, and those commits alone.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, error, web};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::{Connection, SqliteConnection};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::audit::{self, NewAuditRow};
use valinta_persistence::shown_lists::{self, ShownList};
use valinta_persistence::vault::Vault;
use valinta_persistence::{Conn, DatabaseUrl, Db, DbError, choices, clients, mandates, vouchers};

use crate::registry;
use valinta_bench::Outcome;
use valinta_bench::load::Round;

/// What the process is told to be it.
pub(crate) const ARGUMENT: &str = "bare";
/// The answers that are given, in the folder that the process runs in.
pub(crate) const ANSWERS: &str = "answers.json";

/// Headers that the framework writes by itself.
const WRITTEN_ANYHOW: [&str; 3] = ["content-length", "date", "connection"];
/// How long what was asked is, as it is noted of a list without filters.
const ASKED_BYTES: usize = 400;

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
    rows.read_and_write().await.map_err(error::ErrorInternalServerError)?;
    Ok(bytes(given, name).await)
}

/// A copy of the service's own database: the statements of a voucher's list are run in it, and nothing else.
pub(crate) struct Rows {
    db: Db,
    vault: Arc<Vault>,
    /// Whose vouchers they are, and of which organiser.
    of: (Id<kind::Person>, Id<kind::Organiser>),
}

impl Rows {
    /// Opens the database of a folder.
    pub(crate) fn open(folder: &Path) -> Outcome<Self> {
        let db = Db::open(&DatabaseUrl::Sqlite(folder.join("valinta.db")))?;
        let first = Id::new(registry::voucher(0, 0));
        let voucher = db.read_blocking(|c| vouchers::find(c, first))?.ok_or("no voucher")?.voucher;
        let vault = Vault::new(1, BTreeMap::from([(1, [1; 32])]), [2; 32])?;
        Ok(Self { db, vault: Arc::new(vault), of: (voucher.person, voucher.organiser) })
    }

    /// What a list reads, and then what it leaves behind.
    async fn read_and_write(&self) -> Result<(), DbError> {
        let number = next_number();
        let (person, now) = (self.of.0, moment(number)?);
        self.db.read(move |c| read_rows(c, person, number, now)).await?;
        self.write(number).await
    }

    async fn write(&self, number: u32) -> Result<(), DbError> {
        let (vault, of) = (Arc::clone(&self.vault), self.of);
        self.db.write(move |c| write_rows(c, &vault, of, number)).await
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
                rows.write(next_number()).await.map_err(|e| e.to_string())?;
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
    let rows = Rows::open(folder)?;
    let file = folder.join("valinta.db");
    let mut c = Conn::Sqlite(SqliteConnection::establish(file.to_str().ok_or("a folder's name is not text")?)?);
    c.batch_execute(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA recursive_triggers = ON;",
    )?;
    let (began, mut took) = (Instant::now(), Vec::new());
    while began.elapsed() < lasting {
        let asked = Instant::now();
        begin(&mut c)?;
        write_rows(&mut c, &rows.vault, rows.of, next_number())?;
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

static WRITTEN: AtomicU32 = AtomicU32::new(0);

fn next_number() -> u32 {
    WRITTEN.fetch_add(1, Ordering::Relaxed)
}

fn moment(number: u32) -> Result<Moment, DbError> {
    let no_moment = || DbError::Internal("no moment".to_owned());
    Moment::from_micros(1_795_000_000_000_000 + i64::from(number)).ok_or_else(no_moment)
}

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

/// What the service reads for a voucher's list: the holder's mandates, the voucher, the choice that holds and what criteria
/// may ask.
fn read_rows(c: &mut Conn, person: Id<kind::Person>, number: u32, now: Moment) -> Result<(), DbError> {
    let today = Day::new(now.utc().date_naive());
    mandates::held_between(c, person, (today.plus_days(-1), today.plus_days(1)))?;
    let found = vouchers::find(c, Id::new(registry::voucher(0, number)))?;
    let voucher = found.ok_or_else(|| DbError::Internal("no voucher".to_owned()))?.voucher;
    choices::holding_on(c, voucher.id, voucher.validity.from())?;
    clients::find_service_facts(c, voucher.client)?;
    Ok(())
}

/// An audit row, and the list that was shown.
fn write_rows(
    c: &mut Conn,
    vault: &Vault,
    (person, organiser): (Id<kind::Person>, Id<kind::Organiser>),
    number: u32,
) -> Result<(), DbError> {
    let mut ids = ids(u64::from(number) | (u64::from(std::process::id()) << 32));
    let mut id = || ids.next().unwrap_or_default();
    let (voucher, now) = (registry::voucher(0, number), moment(number)?);
    let list = ShownList {
        id: Id::new(id()),
        organiser,
        voucher: Id::new(voucher),
        person,
        revision: 1,
        day: Day::new(now.utc().date_naive()),
        rule: valinta_domain::choice::RULE.to_owned(),
        asked: json!({"filters": "x".repeat(ASKED_BYTES)}).to_string(),
        total: 5_000,
        offerings: (0..20).map(|n| Id::new(registry::offering(n))).collect(),
        shown_to: format!("resident-{person}"),
        shown_as: Role::Resident,
        shown_at: now,
    };
    shown_lists::append(c, vault, &[list])?;
    let row = NewAuditRow {
        id: Id::new(id()),
        at: now,
        organiser: Some(organiser),
        actor: format!("resident-{person}"),
        role: Role::Resident,
        action: "list_choices".to_owned(),
        target_kind: "voucher".to_owned(),
        target: Some(voucher),
        person: Some(person),
        request: id(),
        details: json!({"order": "neutral", "not_choosable": false, "revision": number}),
    };
    audit::append(c, &[row])
}
