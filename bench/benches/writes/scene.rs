//! A county in a database, with vouchers that services can be recorded under, and the commands that are sent to it.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use valinta_bench::load::Requests;
use valinta_bench::process::{Process, token_on};
use valinta_bench::{Outcome, morning, today};

/// Vouchers that services are recorded under.
const VOUCHERS: usize = 64;
/// Granted by each per month, and what each service takes of it: no voucher is used up.
const HOURS: &str = "90";
const HOUR: &str = "0.01";
const HOUR_SECONDS: i64 = 36;
/// How often it is asked how far a batch is.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What a bare process reads of the scene.
pub(crate) const FILE: &str = "scene.json";

/// Which database, and the folder of whoever opens it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    /// A PostgreSQL; without one, the file in the folder.
    pub(crate) postgres: Option<String>,
}

/// What is known of the county.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Scene {
    pub(crate) place: Place,
    pub(crate) vouchers: Vec<String>,
    /// A service that was recorded, and a voucher that was issued, as the service does it: whoever is bare does it again.
    pub(crate) event: String,
    pub(crate) issued: String,
    day: String,
    morning: DateTime<Utc>,
    last_day: String,
    client: String,
    voucher_type: String,
    worker_token: String,
    provider_token: String,
}

impl Place {
    /// Starts the service here.
    pub(crate) fn serve(&self, binary: &Path) -> Outcome<Process> {
        match &self.postgres {
            Some(url) => Process::service_on(binary, &self.folder, url),
            None => Process::service(binary, &self.folder),
        }
    }

    fn token(&self, binary: &Path, whose: &[&str]) -> Outcome<String> {
        token_on(binary, &self.folder, self.postgres.as_deref(), whose)
    }
}

impl Scene {
    /// Makes the vouchers, and one of everything that is measured.
    pub(crate) fn set(binary: &Path, place: &Place, service: &Process) -> Outcome<Self> {
        let (worker, resident) = (place.token(binary, &["case-worker"])?, place.token(binary, &["resident"])?);
        let types = read(service, "/v1/voucher-types?limit=100", None)?;
        let of_code = |kind: &&Value| kind.pointer("/code").is_some_and(|code| code == "home-care");
        let types = types.pointer("/items").and_then(Value::as_array).ok_or("no voucher types")?;
        let voucher_type = text(types.iter().find(of_code).ok_or("no home care")?, "/id")?;
        let own = read(service, "/v1/me/vouchers", Some(&resident))?;
        let client = text(own.pointer("/items/0").ok_or("no voucher")?, "/client")?;
        let today = today();
        let mut scene = Self {
            place: place.clone(),
            vouchers: Vec::new(),
            event: String::new(),
            issued: String::new(),
            day: today.to_string(),
            morning: morning()?,
            last_day: (today + chrono::Days::new(180)).to_string(),
            client,
            voucher_type,
            worker_token: worker,
            provider_token: String::new(),
        };
        scene.issued = scene.issue(service, "first")?;
        for n in 0..VOUCHERS {
            let voucher = scene.issue(service, &format!("scene-{n}"))?;
            let provider = choose(service, &voucher, &resident)?;
            if scene.provider_token.is_empty() {
                let shown = read(service, &format!("/v1/providers/{provider}"), None)?;
                let member = format!("demo-provider-{}", text(&shown, "/business_id")?);
                scene.provider_token = place.token(binary, &["provider", "--subject", &member])?;
            }
            scene.vouchers.push(voucher);
        }
        let (path, token, key, body) = scene.record_command(0, 0, 0);
        let recorded = service.send("POST", &path, &token, &key, &serde_json::from_str(&body)?)?;
        scene.event = text(&recorded, "/event/id")?;
        Ok(scene)
    }

    fn issue(&self, service: &Process, key: &str) -> Outcome<String> {
        let (path, token, _, body) = self.issue_command(0);
        let issued = service.send("POST", &path, &token, key, &serde_json::from_str(&body)?)?;
        text(&issued, "/voucher/id")
    }

    fn issue_command(&self, number: usize) -> (String, String, String, String) {
        let body = json!({
            "client": self.client,
            "voucher_type": self.voucher_type,
            "facts": {"gross_income_per_month": "1650.00", "household_size": 1},
            "quantity": HOURS,
            "valid_from": self.day,
            "valid_until": self.last_day,
            "duplicate": true,
        });
        let key = format!("issue-{number}-{}", self.day);
        ("/v1/vouchers".to_owned(), self.worker_token.clone(), key, body.to_string())
    }

    /// So many vouchers at once.
    fn batch_command(&self, rows: usize, mode: &str) -> Outcome<(String, String, Value)> {
        let (_, token, _, body) = self.issue_command(0);
        let row: serde_json::Map<String, Value> = serde_json::from_str(&body)?;
        let with_reference = |number: usize| {
            let mut row = row.clone();
            row.insert("reference".to_owned(), json!(format!("{mode}-{number}")));
            Value::Object(row)
        };
        let rows: Vec<Value> = (0..rows).map(with_reference).collect();
        Ok((format!("/v1/voucher-batches?mode={mode}"), token, json!({"rows": rows})))
    }

    /// Issues so many vouchers at once. How long it took from the request until all were there.
    pub(crate) fn batch(&self, service: &Process, rows: usize, mode: &str) -> Outcome<Duration> {
        let (path, token, body) = self.batch_command(rows, mode)?;
        let began = Instant::now();
        let place = format!("/v1/voucher-batches/{}", text(&service.send("POST", &path, &token, mode, &body)?, "/id")?);
        loop {
            let batch = read(service, &place, Some(&token))?;
            if batch.pointer("/state").is_some_and(|state| state != "running") {
                let all = batch.pointer("/issued").and_then(Value::as_u64) == u64::try_from(rows).ok();
                return if all { Ok(began.elapsed()) } else { Err(format!("not all were issued: {batch}").into()) };
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// A service that began at a second of the day.
    fn record_command(&self, voucher: usize, second: u32, number: usize) -> (String, String, String, String) {
        let voucher = self.vouchers.get(voucher % self.vouchers.len().max(1));
        let started_at = self.morning + TimeDelta::seconds(i64::from(second));
        let at = |moment: DateTime<Utc>| moment.to_rfc3339_opts(SecondsFormat::Secs, true);
        let body = json!({
            "voucher": voucher, "day": self.day, "quantity": HOUR, "worker": format!("w-{number}"),
            "started_at": at(started_at), "ended_at": at(started_at + TimeDelta::seconds(HOUR_SECONDS)),
        });
        let key = format!("record-{number}-{}", self.day);
        ("/v1/service-events".to_owned(), self.provider_token.clone(), key, body.to_string())
    }

    /// Services recorded, so many in a row under one voucher. None is like another, of those that begin at other seconds.
    pub(crate) fn records(&self, url: &str, in_a_row: usize, seconds: u32) -> Outcome<Requests> {
        let (scene, next) = (self.clone(), Cell::new(0_usize));
        Requests::post(url, move || {
            let number = next.replace(next.get() + 1);
            let of_voucher = number / (in_a_row * VOUCHERS) * in_a_row + number % in_a_row;
            let second = seconds + u32::try_from(of_voucher).unwrap_or_default();
            scene.record_command(number / in_a_row, second, number + 1_000_000 * usize::try_from(seconds).unwrap_or(1))
        })
    }

    /// Vouchers issued.
    pub(crate) fn issues(&self, url: &str) -> Outcome<Requests> {
        let (scene, next) = (self.clone(), Cell::new(1));
        Requests::post(url, move || scene.issue_command(next.replace(next.get() + 1)))
    }

    /// Keeps what a bare process in another folder is to know.
    pub(crate) fn keep(&self, place: Place) -> Outcome<()> {
        let file = place.folder.join(FILE);
        Ok(fs::write(file, serde_json::to_string(&Self { place, ..self.clone() })?)?)
    }
}

/// The holder is informed, accepts and chooses a provider. Says which.
fn choose(service: &Process, voucher: &str, resident: &str) -> Outcome<String> {
    let path = |what: &str| format!("/v1/vouchers/{voucher}/{what}");
    let key = |what: &str| format!("{voucher}-{what}");
    let told = service.send("POST", &path("information"), resident, &key("inform"), &json!({"language": "en"}))?;
    let accept = json!({"information": text(&told, "/id")?});
    service.send("POST", &path("accept"), resident, &key("accept"), &accept)?;
    let list = read(service, &path("choices?sector=company&order=price&limit=1"), Some(resident))?;
    let option = list.pointer("/items/0").ok_or("nothing to choose")?;
    let choice = json!({"offering": text(option, "/offering")?});
    let chosen = service.send("PUT", &path("choice"), resident, &key("choose"), &choice)?;
    if chosen.pointer("/status").is_none_or(|status| status != "chosen") {
        return Err(format!("not chosen: {chosen}").into());
    }
    text(option, "/provider")
}

fn read(service: &Process, path: &str, token: Option<&str>) -> Outcome<Value> {
    Ok(serde_json::from_slice(&service.get(path, token)?.1)?)
}

fn text(of: &Value, place: &str) -> Outcome<String> {
    Ok(of.pointer(place).and_then(Value::as_str).ok_or_else(|| format!("no {place} in {of}"))?.to_owned())
}
