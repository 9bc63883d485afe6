//! What the service is held against: a bare handler whose transaction writes the same rows, and such transactions without a
//! server, committed in groups or each by itself.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, error, web};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::{Connection, SqliteConnection};
use serde_json::json;
use uuid::Uuid;
use valinta_bench::Outcome;
use valinta_bench::load::Round;
use valinta_domain::Id;
use valinta_domain::decision::Decision;
use valinta_domain::event::EventKind;
use valinta_domain::identifiers::VoucherNumber;
use valinta_domain::ledger::{EntryKind, Posting};
use valinta_domain::policy::Role;
use valinta_persistence::audit::{self, NewAuditRow};
use valinta_persistence::event_accounts::{self, StoredAccount};
use valinta_persistence::idempotency::{self, Kept, Trace};
use valinta_persistence::outbox::{self, Message};
use valinta_persistence::service_events::{self, NewEntry, Occasion, ServiceEvent};
use valinta_persistence::vouchers::{self, StoredAllotment, StoredVoucher};
use valinta_persistence::{Conn, DatabaseUrl, Db, DbError, decisions};

use crate::scene::{FILE, Place, Scene};

/// What the process is told to be it.
pub(crate) const ARGUMENT: &str = "bare";
/// An answer as it is kept, sealed and as text; the service's own have about that length.
const ISSUED_CHARS: usize = 6_000;
const RECORDED_CHARS: usize = 3_500;

/// A database, and one of everything that is written into it again and again.
pub(crate) struct Rows {
    db: Db,
    vouchers: Vec<(StoredVoucher, Vec<StoredAllotment>)>,
    event: ServiceEvent,
    account: StoredAccount,
    issued: (StoredVoucher, Vec<StoredAllotment>, Decision),
}

/// Which command's rows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    Issued,
    Recorded,
}

impl Rows {
    /// Opens the database of a place, and reads what is written again.
    pub(crate) fn open(place: &Place, scene: &Scene) -> Outcome<Self> {
        let file = place.folder.join("valinta.db");
        let url: DatabaseUrl = match &place.postgres {
            Some(url) => url.parse()?,
            None => DatabaseUrl::Sqlite(file),
        };
        let db = Db::open(&url)?;
        let scene = scene.clone();
        let read = db.read_blocking(move |c| {
            let missing = || DbError::Internal("what was made is not there".to_owned());
            let id = |text: &str| text.parse::<Uuid>().map_err(|_| missing());
            let mut all = Vec::new();
            for voucher in &scene.vouchers {
                let voucher = Id::new(id(voucher)?);
                all.push((vouchers::find(c, voucher)?.ok_or_else(missing)?, vouchers::allotments(c, voucher)?));
            }
            let event = Id::new(id(&scene.event)?);
            let account = event_accounts::find(c, event)?.ok_or_else(missing)?;
            let event = service_events::find(c, event)?.ok_or_else(missing)?;
            let issued = Id::new(id(&scene.issued)?);
            let parts = vouchers::allotments(c, issued)?;
            let issued = vouchers::find(c, issued)?.ok_or_else(missing)?;
            let decision = decisions::find(c, issued.decision)?.ok_or_else(missing)?;
            Ok::<_, DbError>((all, event, account, (issued, parts, decision)))
        })?;
        let (vouchers, event, account, issued) = read;
        Ok(Self { db, vouchers, event, account, issued })
    }

    /// Writes the rows of one command.
    pub(crate) fn write_rows(&self, c: &mut Conn, of: Of) -> Result<(), DbError> {
        match of {
            Of::Recorded => self.record(c),
            Of::Issued => self.issue(c),
        }
    }

    fn record(&self, c: &mut Conn) -> Result<(), DbError> {
        let number = next_number();
        let key = claim(c, "record_service_event", number)?;
        let missing = || DbError::Internal("no voucher".to_owned());
        let place = usize::try_from(number).unwrap_or_default().checked_rem(self.vouchers.len()).ok_or_else(missing)?;
        let (of, parts) = self.vouchers.get(place).ok_or_else(missing)?;
        let part = parts.first().ok_or_else(missing)?.id;
        let voucher = vouchers::take(c, of.voucher.id)?.ok_or_else(missing)?;
        vouchers::draw(c, part, self.event.quantity)?;
        let event = ServiceEvent {
            id: Id::new(new_uuid()),
            voucher: of.voucher.id,
            allotment: part,
            worker: Some(key.clone()),
            ..self.event.clone()
        };
        service_events::insert(c, &event)?;
        event_accounts::insert(c, &StoredAccount { event: event.id, ..self.account })?;
        let charges = event.charges;
        let entry = |allotment, posting| NewEntry { id: Id::new(new_uuid()), allotment, posting };
        let entries = [
            entry(Some(part), Posting::of_quantity(EntryKind::Used, event.quantity)),
            entry(None, Posting::of_amount(EntryKind::OrganiserShare, charges.organiser_pays)),
            entry(None, Posting::of_amount(EntryKind::CoPayment, charges.co_payment)),
        ];
        service_events::post(c, &event.occasion(voucher.version, event.recorded_at), &entries)?;
        self.leave(c, &key, (EventKind::ServiceEventRecorded, event.id.uuid()), RECORDED_CHARS)
    }

    fn issue(&self, c: &mut Conn) -> Result<(), DbError> {
        let number = next_number();
        let key = claim(c, "issue_voucher", number)?;
        let (issued, parts, decision) = &self.issued;
        let id = Id::new(new_uuid());
        let decision = Decision { id: Id::new(new_uuid()), subject: id.uuid(), ..decision.clone() };
        decisions::insert(c, &decision)?;
        let mut voucher = StoredVoucher { decision: decision.id, ..issued.clone() };
        voucher.voucher.id = id;
        let mut random = [0_u8; 15];
        for (byte, of_id) in random.iter_mut().zip(new_uuid().into_bytes().into_iter().chain([0; 15])) {
            *byte = of_id;
        }
        voucher.voucher.number = VoucherNumber::from_random(random);
        let parts: Vec<StoredAllotment> =
            parts.iter().map(|part| StoredAllotment { id: Id::new(new_uuid()), ..*part }).collect();
        vouchers::insert(c, &voucher, &parts)?;
        let occasion = Occasion {
            organiser: voucher.voucher.organiser,
            voucher: id,
            voucher_version: voucher.version,
            service_event: None,
            decision: Some(decision.id),
            day: voucher.voucher.validity.from(),
            at: decision.decided_at,
        };
        let granted = |part: &StoredAllotment| NewEntry {
            id: Id::new(new_uuid()),
            allotment: Some(part.id),
            posting: Posting::of_quantity(EntryKind::Granted, part.allotment.granted),
        };
        service_events::post(c, &occasion, &parts.iter().map(granted).collect::<Vec<_>>())?;
        self.leave(c, &key, (EventKind::VoucherOffered, id.uuid()), ISSUED_CHARS)
    }

    /// What every command leaves behind: its answer, a message and an audit row.
    fn leave(&self, c: &mut Conn, key: &str, (told, target): (EventKind, Uuid), chars: usize) -> Result<(), DbError> {
        let (organiser, person, at) = (self.event.organiser, self.event.person, self.event.recorded_at);
        let body = "x".repeat(chars);
        let trace = Trace {
            organiser: Some(organiser),
            person: Some(person),
            target_kind: "voucher".to_owned(),
            target: Some(target),
        };
        let kept = Kept { status: 201, body: &body, location: Some("/v1/service-events/example"), trace };
        idempotency::complete(c, CALLER, key, &kept)?;
        let message = Message {
            id: Id::new(new_uuid()),
            hearers: organiser.into(),
            kind: told,
            subject_kind: "voucher".to_owned(),
            subject: target,
            payload: json!({"service_event": target, "voucher": target}),
            at,
        };
        outbox::append(c, &[message])?;
        let row = NewAuditRow {
            id: Id::new(new_uuid()),
            at,
            organiser: Some(organiser),
            actor: "demo-provider".to_owned(),
            role: Role::Provider,
            action: told.code().to_owned(),
            target_kind: "voucher".to_owned(),
            target: Some(target),
            person: Some(person),
            request: new_uuid(),
            details: json!({"service_event": target, "provider": target, "quantity": self.event.quantity}),
        };
        audit::append(c, &[row])
    }
}

/// Who writes.
const CALLER: &str = "bench";

fn claim(c: &mut Conn, operation: &str, number: u64) -> Result<String, DbError> {
    let key = format!("bare-{}-{number}", std::process::id());
    let mut hash = [0_u8; 32];
    hash[..8].copy_from_slice(&number.to_le_bytes());
    let at = valinta_domain::Moment::from_micros(1_795_000_000_000_000);
    let at = at.ok_or_else(|| DbError::Internal("no moment".to_owned()))?;
    idempotency::claim(c, CALLER, &key, operation, &hash, at)?;
    Ok(key)
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

fn next_number() -> u64 {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// Ids as the service makes them: ordered by time, and random behind it.
#[expect(clippy::disallowed_methods, reason = "nothing here is kept")]
fn new_uuid() -> Uuid {
    Uuid::now_v7()
}

/// Serves until it is stopped, from the folder that the process runs in.
pub(crate) fn serve() -> Outcome<()> {
    let scene: Scene = serde_json::from_str(&fs::read_to_string(FILE)?)?;
    let rows = Arc::new(Rows::open(&scene.place, &scene)?);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut out = std::io::stdout();
    writeln!(out, "listening on http://{} ", listener.local_addr()?)?;
    out.flush()?;
    actix_web::rt::System::new().block_on(async move {
        HttpServer::new(move || {
            App::new()
                .app_data(web::Data::from(Arc::clone(&rows)))
                .route("/ready", web::get().to(HttpResponse::Ok))
                .route("/v1/service-events", web::post().to(|rows, body| answer(rows, body, Of::Recorded)))
                .route("/v1/vouchers", web::post().to(|rows, body| answer(rows, body, Of::Issued)))
        })
        .listen(listener)?
        .run()
        .await
    })?;
    Ok(())
}

/// The body is read as the service reads it: a connection with one that nobody reads is closed.
async fn answer(rows: web::Data<Rows>, _body: web::Bytes, of: Of) -> actix_web::Result<HttpResponse> {
    let writing = rows.clone();
    rows.db.write(move |c| writing.write_rows(c, of)).await.map_err(error::ErrorInternalServerError)?;
    let chars = match of {
        Of::Issued => ISSUED_CHARS,
        Of::Recorded => RECORDED_CHARS,
    };
    Ok(HttpResponse::Created().content_type("application/json").body(format!("\"{}\"", "x".repeat(chars * 3 / 4))))
}

/// Transactions from so many tasks, committed as the service commits.
pub(crate) fn grouped(rows: &Arc<Rows>, of: Of, tasks: usize, lasting: Duration) -> Outcome<Round> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    let took = runtime.block_on(async {
        let write = |rows: Arc<Rows>| async move {
            let mut took = Vec::new();
            while began.elapsed() < lasting {
                let (asked, writing) = (Instant::now(), Arc::clone(&rows));
                rows.db.write(move |c| writing.write_rows(c, of)).await.map_err(|e| e.to_string())?;
                took.push(asked.elapsed());
            }
            Ok::<_, String>(took)
        };
        let writing: Vec<_> = (0..tasks).map(|_| tokio::spawn(write(Arc::clone(rows)))).collect();
        let mut took = Vec::new();
        for one in writing {
            took.extend(one.await.map_err(|e| e.to_string())??);
        }
        Ok::<_, String>(took)
    })?;
    Round::of(took, began.elapsed())
}

/// Transactions from so many threads, each with a connection of its own to the file, each committed by itself.
pub(crate) fn ungrouped(folder: &Path, rows: &Arc<Rows>, of: Of, threads: usize, lasting: Duration) -> Outcome<Round> {
    let file = folder.join("valinta.db");
    let began = Instant::now();
    let write = |file: &Path| -> Result<Vec<Duration>, String> {
        let mut c = open(file)?;
        let mut took = Vec::new();
        while began.elapsed() < lasting {
            let asked = Instant::now();
            begin(&mut c)?;
            rows.write_rows(&mut c, of).map_err(|e| e.to_string())?;
            commit(&mut c)?;
            took.push(asked.elapsed());
        }
        Ok(took)
    };
    let took = std::thread::scope(|scope| {
        let writing: Vec<_> = (0..threads).map(|_| scope.spawn(|| write(&file))).collect();
        let mut took = Vec::new();
        for one in writing {
            took.extend(one.join().map_err(|_| "a writer panicked".to_owned())??);
        }
        Ok::<_, String>(took)
    })?;
    Round::of(took, began.elapsed())
}

fn open(file: &Path) -> Result<Conn, String> {
    let file = file.to_str().ok_or("a folder's name is not text")?;
    let mut c = Conn::Sqlite(SqliteConnection::establish(file).map_err(|e| e.to_string())?);
    c.batch_execute(
        "PRAGMA busy_timeout = 60000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA recursive_triggers = ON;",
    )
    .map_err(|e| e.to_string())?;
    Ok(c)
}

/// Begins as the service does. Diesel must know of it: several rows at once are inserted in a savepoint then.
fn begin(c: &mut Conn) -> Result<(), String> {
    match c {
        Conn::Sqlite(c) => {
            AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE").map_err(|e| e.to_string())
        }
        Conn::Postgres(_) => Err("only SQLite is written so".into()),
    }
}

fn commit(c: &mut Conn) -> Result<(), String> {
    match c {
        Conn::Sqlite(c) => AnsiTransactionManager::commit_transaction(c).map_err(|e| e.to_string()),
        Conn::Postgres(_) => Err("only SQLite is written so".into()),
    }
}
