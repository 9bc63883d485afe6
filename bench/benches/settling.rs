//! How long it takes to settle a month of 200,000 service events of 400 providers, asked for over HTTP from the release binary,
//! the most memory that the service took, and how long a voucher's list takes meanwhile. `cargo xtask bench settling` names the
//! binary.
#![expect(clippy::print_stdout, reason = "what it prints is its result")]

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use chrono::{Datelike, NaiveDate};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use serde_json::{Value, json};
use valinta_bench::process::{Process, token};
use valinta_bench::{Outcome, binary, today};

/// Makes vouchers and 100,000 events.
const EVENTS: &str = include_str!("impact.sql");
/// Makes another 100,000, and what settling goes by.
const ACCOUNTS: &str = include_str!("settling.sql");
/// How many are settled.
const EVENTS_MADE: u64 = 200_000;
/// The longest that settling them may take.
const SECONDS_MAX: f64 = 60.0;
/// By how much memory may grow while they are settled.
const MEGABYTES_MAX: u64 = 64;
/// How often is looked how far it has come.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The longest wait for its end.
const WAIT_MAX: Duration = Duration::from_secs(600);

fn main() -> Outcome<()> {
    let binary = binary()?;
    let folder = tempfile::tempdir()?;
    drop(Process::service(&binary, folder.path())?);
    make_events(folder.path())?;
    let service = Process::service(&binary, folder.path())?;
    let finance = token(&binary, folder.path(), &["finance"])?;
    let resident = token(&binary, folder.path(), &["resident"])?;
    let month = set(&service, &finance)?;
    let before = service.peak_megabytes()?;
    let began = Instant::now();
    let settlement = service.send("POST", "/v1/settlements", &finance, "month", &json!({"month": month}))?;
    let id = settlement.pointer("/id").and_then(Value::as_str).ok_or("no settlement")?;
    let (mut slowest, mut looks) = (Duration::ZERO, 0_u32);
    let events = loop {
        let shown: Value = serde_json::from_slice(&service.get(&format!("/v1/settlements/{id}"), Some(&finance))?.1)?;
        let events = shown.pointer("/events").and_then(Value::as_u64).ok_or("no progress")?;
        if shown.pointer("/state").is_some_and(|state| state == "frozen") {
            break events;
        }
        if looks % 20 == 0 {
            println!("{:>6.1} s: {events:>7} events settled", began.elapsed().as_secs_f64());
        }
        looks += 1;
        let asked = Instant::now();
        service.get("/v1/me/vouchers", Some(&resident))?;
        slowest = slowest.max(asked.elapsed());
        if began.elapsed() > WAIT_MAX {
            return Err("it does not end".into());
        }
        thread::sleep(LOOK_EVERY);
    };
    let seconds = began.elapsed().as_secs_f64();
    let grown = service.peak_megabytes()?.saturating_sub(before);
    println!("{events} events settled in {seconds:.1} s; the bound is {SECONDS_MAX} s");
    println!("memory grew by {grown} MB over {before}; the bound is {MEGABYTES_MAX}");
    println!("the slowest of {looks} other commands meanwhile took {} ms", slowest.as_millis());
    if events < EVENTS_MADE {
        return Err(format!("{EVENTS_MADE} events were made").into());
    }
    if seconds > SECONDS_MAX || grown > MEGABYTES_MAX { Err("over its bound".into()) } else { Ok(()) }
}

/// Says how months are settled, from today on, and gives the month before this one.
fn set(service: &Process, finance: &str) -> Outcome<NaiveDate> {
    let terms = json!({
        "payment_days": 14, "iban": "FI21 1234 5600 0007 85", "bic": "NDEAFIHH", "buyer_reference": "BENCH-1",
    });
    let today = today();
    let body = json!({"valid_from": today, "terms": terms});
    service.send("POST", "/v1/settlement-settings", finance, "settings", &body)?;
    let last = today.with_day(1).and_then(|first| first.pred_opt()).ok_or("no month before")?;
    Ok(last.with_day(1).ok_or("no first of month")?)
}

/// Adds the events.
fn make_events(folder: &Path) -> Outcome<()> {
    let started = Instant::now();
    let file = folder.join("valinta.db");
    let mut connection = SqliteConnection::establish(file.to_str().ok_or("a folder's name is not text")?)?;
    connection.batch_execute(EVENTS)?;
    connection.batch_execute(ACCOUNTS)?;
    println!("{EVENTS_MADE} events made in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}
