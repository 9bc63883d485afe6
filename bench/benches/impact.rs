//! How long the impact simulation of a rulebook draft takes over 100,000 service events, asked for over HTTP from the
//! release binary, and the most memory that the service took. `cargo xtask bench impact` names the binary.
#![expect(clippy::print_stdout, reason = "what it prints is its result")]

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Which binary serves.
const BINARY_VARIABLE: &str = "VALINTA_BENCH_BINARY";
/// Makes clients with a voucher each, and events under it, in a database that holds the demo county.
const EVENTS: &str = include_str!("impact.sql");
/// How often it is simulated; the slowest run counts.
const RUNS: usize = 3;
/// The longest wait for anything.
const WAIT_MAX: Duration = Duration::from_secs(120);
/// The longest that the simulation of 100,000 events may take.
const SECONDS_MAX: f64 = 10.0;

fn main() -> Outcome<()> {
    let Some(binary) = std::env::var_os(BINARY_VARIABLE) else {
        return Err(format!("{BINARY_VARIABLE} names no binary; start this by `cargo xtask bench impact`").into());
    };
    let folder = tempfile::tempdir()?;
    drop(Service::start(Path::new(&binary), folder.path())?);
    let events = make_events(folder.path())?;

    let service = Service::start(Path::new(&binary), folder.path())?;
    let token = service.token(Path::new(&binary), folder.path())?;
    let before = service.peak_megabytes()?;
    println!("{:<10} {:>10} {:>12} {:>10}", "draft", "seconds", "events/s", "peak MB");
    let mut slowest = 0.0_f64;
    for draft in DRAFTS {
        let id = service.draft(&token, draft)?;
        for _ in 0..RUNS {
            let started = Instant::now();
            let answer = service.post(&token, &format!("/v1/rulebooks/{id}/impact"), &json!({}))?;
            let seconds = started.elapsed().as_secs_f64();
            let valued = answer.pointer("/total/events").and_then(Value::as_u64);
            if valued.is_none_or(|valued| valued < events) {
                return Err(format!("{events} events were made, and {valued:?} were valued").into());
            }
            slowest = slowest.max(seconds);
            let (rate, peak) = (rate(events, seconds), service.peak_megabytes()?);
            println!("{:<10} {seconds:>10.2} {rate:>12.0} {peak:>10}", draft.0);
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

/// A service that ends with its handle.
struct Service {
    child: Child,
    url: String,
}

impl Service {
    /// Starts it in a folder with no settings but a free port, and waits until it is ready.
    fn start(binary: &Path, folder: &Path) -> Outcome<Self> {
        let log = folder.join("log");
        let mut child = bare(binary, folder)
            .env("VALINTA_LISTEN", "127.0.0.1:0")
            .stdout(fs::File::create(&log)?)
            .stderr(fs::File::create(folder.join("errors"))?)
            .spawn()?;
        let started = Instant::now();
        while started.elapsed() < WAIT_MAX && child.try_wait()?.is_none() {
            let told = [log.clone(), folder.join("errors")].iter().find_map(|file| address_in(file));
            if let Some(url) = told {
                let service = Self { child, url };
                service.ready()?;
                return Ok(service);
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(format!("the service did not start: {}", fs::read_to_string(folder.join("errors"))?).into())
    }

    fn ready(&self) -> Outcome<()> {
        let started = Instant::now();
        while started.elapsed() < WAIT_MAX {
            if ureq::get(format!("{}/health/ready", self.url)).call().is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err("the service is never ready".into())
    }

    fn token(&self, binary: &Path, folder: &Path) -> Outcome<String> {
        let output = bare(binary, folder).args(["token", "officer"]).output()?;
        Ok(format!("Bearer {}", String::from_utf8(output.stdout)?.trim()))
    }

    /// Drafts another rule for home care and says the draft's id.
    fn draft(&self, token: &str, (name, rule): Draft) -> Outcome<String> {
        let types = self.get(token, "/v1/voucher-types")?;
        let items = types.pointer("/items").and_then(Value::as_array).ok_or("no voucher types")?;
        let home_care = items.iter().find(|kind| kind.pointer("/code").is_some_and(|code| code == "home-care"));
        let kind = home_care.and_then(|kind| kind.pointer("/id")?.as_str()).ok_or("no home care")?;
        let rulebook = self.get(token, &format!("/v1/voucher-types/{kind}/rulebook"))?;
        let mut terms = rulebook.pointer("/terms").cloned().ok_or("no terms")?;
        *terms.pointer_mut("/value/income_reduction/maximum").ok_or("home care goes by another rule")? = json!("30.00");
        let value = terms.pointer_mut("/value").ok_or("no value")?;
        *value = rule(value.take());
        let body = json!({"voucher_type": kind, "terms": terms});
        let draft = self.post_once(token, "/v1/rulebooks", name, &body)?;
        Ok(draft.pointer("/id").and_then(Value::as_str).ok_or("no draft")?.to_owned())
    }

    fn get(&self, token: &str, path: &str) -> Outcome<Value> {
        let mut answer = ureq::get(format!("{}{path}", self.url)).header("authorization", token).call()?;
        Ok(answer.body_mut().read_json()?)
    }

    fn post(&self, token: &str, path: &str, body: &Value) -> Outcome<Value> {
        self.post_once(token, path, path, body)
    }

    fn post_once(&self, token: &str, path: &str, key: &str, body: &Value) -> Outcome<Value> {
        let mut answer = ureq::post(format!("{}{path}", self.url))
            .config()
            .http_status_as_error(false)
            .build()
            .header("authorization", token)
            .header("idempotency-key", format!("bench-{key}"))
            .send_json(body)?;
        let status = answer.status();
        let told: Value = answer.body_mut().read_json()?;
        if status.is_success() { Ok(told) } else { Err(format!("{path} answers {status}: {told}").into()) }
    }

    /// The most memory that the process has held, as the system knows it.
    fn peak_megabytes(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes: u64 = line.and_then(|line| line.split_whitespace().next()).ok_or("no peak")?.parse()?;
        Ok(kilobytes / 1024)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // In order, so that the database is left whole and alone.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

fn bare(binary: &Path, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    command.current_dir(folder).env_clear().env("HOME", folder).stdin(Stdio::null());
    command
}

fn address_in(log: &Path) -> Option<String> {
    let lines = BufReader::new(fs::File::open(log).ok()?).lines().map_while(Result::ok);
    lines.into_iter().find_map(|line| {
        let (_, after) = line.split_once("http://127.0.0.1:")?;
        let port: String = after.chars().take_while(char::is_ascii_digit).collect();
        (!port.is_empty()).then(|| format!("http://127.0.0.1:{port}"))
    })
}
