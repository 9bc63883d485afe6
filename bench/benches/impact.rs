//! How long the impact simulation of a rulebook draft takes over 100,000 service events, asked for over HTTP from the
//! release binary, and the most memory that the service took. `cargo xtask bench impact` names the binary.
#![expect(clippy::print_stdout, reason = "what it prints is its result")]

use std::path::Path;
use std::time::Instant;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use serde_json::{Value, json};
use valinta_bench::process::{Process, token};
use valinta_bench::{Outcome, binary};

/// Makes clients with a voucher each, and events under it, in a database that holds the demo county.
const EVENTS: &str = include_str!("impact.sql");
/// How often it is simulated; the slowest run counts.
const RUNS: usize = 3;
/// The longest that the simulation of 100,000 events may take.
const SECONDS_MAX: f64 = 10.0;

fn main() -> Outcome<()> {
    let binary = binary()?;
    let folder = tempfile::tempdir()?;
    drop(Process::service(&binary, folder.path())?);
    let events = make_events(folder.path())?;

    let service = Process::service(&binary, folder.path())?;
    let token = token(&binary, folder.path(), &["officer"])?;
    let before = service.peak_megabytes()?;
    println!("{:<10} {:>10} {:>12} {:>10}", "draft", "seconds", "events/s", "peak MB");
    let mut slowest = 0.0_f64;
    for of in DRAFTS {
        let id = draft(&service, &token, of)?;
        for _ in 0..RUNS {
            let started = Instant::now();
            let answer = service.ask("POST", &format!("/v1/rulebooks/{id}/impact"), Some(&token), &json!({}))?;
            let seconds = started.elapsed().as_secs_f64();
            let valued = answer.pointer("/total/events").and_then(Value::as_u64);
            if valued.is_none_or(|valued| valued < events) {
                return Err(format!("{events} events were made, and {valued:?} were valued").into());
            }
            slowest = slowest.max(seconds);
            let (rate, peak) = (rate(events, seconds), service.peak_megabytes()?);
            println!("{:<10} {seconds:>10.2} {rate:>12.0} {peak:>10}", of.0);
        }
    }
    println!("before the first run the peak was {before} MB; the bound is {SECONDS_MAX} s for {events} events");
    if slowest > SECONDS_MAX { Err("too slow".into()) } else { Ok(()) }
}

/// Home care's own rule with a lower maximum, which is evaluated once for each voucher; and the same times a number that
/// goes by the clock, which is evaluated for each part of each event: the events begin before an edge and end after it.
const DRAFTS: [Draft; 2] = [
    ("income", |reduction| reduction),
    ("by_time", |reduction| {
        let times = json!({"time_bands": {
            "eves_of": ["christmas_day", "midsummer_day"],
            "bands": [
                {"on": ["sunday", "public_holiday", "eve"], "then": {"number": {"is": "2"}}},
                {"on": ["saturday"], "from": "07:00", "until": "18:00", "then": {"number": {"is": "1.2"}}},
                {"on": ["monday", "tuesday", "wednesday", "thursday", "friday"], "from": "07:00", "until": "18:00",
                 "then": {"number": {"is": "1"}}},
            ],
            "otherwise": {"number": {"is": "1.15"}}, "missing": {"number": {"is": "1"}},
        }});
        json!({"product": {"of": [reduction, times]}})
    }),
];

/// A draft's name, and its value rule made of the one in force.
type Draft = (&'static str, fn(Value) -> Value);

#[expect(clippy::float_arithmetic, clippy::as_conversions, reason = "a rate for people to look at")]
fn rate(events: u64, seconds: f64) -> f64 {
    events as f64 / seconds
}

/// Adds the events and says how many there are of them.
fn make_events(folder: &Path) -> Outcome<u64> {
    let started = Instant::now();
    let file = folder.join("valinta.db");
    let mut connection = SqliteConnection::establish(file.to_str().ok_or("a folder's name is not text")?)?;
    connection.batch_execute(EVENTS)?;
    println!("100,000 events made in {:.1} s", started.elapsed().as_secs_f64());
    Ok(100_000)
}

/// Drafts another rule for home care and says the draft's id.
fn draft(service: &Process, token: &str, (name, rule): Draft) -> Outcome<String> {
    let types = read(service, token, "/v1/voucher-types")?;
    let items = types.pointer("/items").and_then(Value::as_array).ok_or("no voucher types")?;
    let home_care = items.iter().find(|kind| kind.pointer("/code").is_some_and(|code| code == "home-care"));
    let kind = home_care.and_then(|kind| kind.pointer("/id")?.as_str()).ok_or("no home care")?;
    let rulebook = read(service, token, &format!("/v1/voucher-types/{kind}/rulebook"))?;
    let mut terms = rulebook.pointer("/terms").cloned().ok_or("no terms")?;
    *terms.pointer_mut("/value/income_reduction/maximum").ok_or("home care goes by another rule")? = json!("30.00");
    let value = terms.pointer_mut("/value").ok_or("no value")?;
    *value = rule(value.take());
    let body = json!({"voucher_type": kind, "terms": terms});
    let draft = service.send("POST", "/v1/rulebooks", token, name, &body)?;
    Ok(draft.pointer("/id").and_then(Value::as_str).ok_or("no draft")?.to_owned())
}

fn read(service: &Process, token: &str, path: &str) -> Outcome<Value> {
    Ok(serde_json::from_slice(&service.get(path, Some(token))?.1)?)
}
