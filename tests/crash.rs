//! A kill -9 in the middle of writes: nothing that was acknowledged is missing, nothing is there by half or twice.

mod money;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use chrono_tz::Europe::Helsinki;
use serde_json::{Value, json};
use tempfile::TempDir;
use valinta_domain::Day;
use valinta_persistence::testing::TestDatabase;
use valinta_persistence::{Db, DbError, audit, ledger_check};
use valinta_service::clock::Clock;
use valinta_service::keys::Keys;
use valinta_service::tokens::Tokens;

use crate::support::{AUDIENCE, Api, County, ISSUER, Provider, Resident, Site, User, VoucherType, price};

const ROUNDS: u64 = 3;
const WRITERS: u32 = 6;

/// The service as a process of its own, on a database that outlives it.
struct Installation {
    database: TestDatabase,
    folder: TempDir,
    keys: Keys,
}

impl Installation {
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::generate();
        let this = Self { database: TestDatabase::create().unwrap(), folder, keys };
        this.keys.write_new(&this.keys_file()).unwrap();
        assert!(this.command("migrate").status().unwrap().success());
        this
    }

    /// Today, in Finland.
    fn today() -> Day {
        Day::new(Clock::system().now().utc().with_timezone(&Helsinki).date_naive())
    }

    fn keys_file(&self) -> PathBuf {
        self.folder.path().join("keys.json")
    }

    fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_valinta-under-test"));
        let inherited = std::env::vars_os().map(|(name, _)| name);
        for name in inherited.filter(|name| name.to_string_lossy().starts_with("VALINTA_")) {
            command.env_remove(name);
        }
        command
            .arg(subcommand)
            .current_dir(self.folder.path())
            .env("DATABASE_URL", self.database.setting())
            .env("VALINTA_KEYS", self.keys_file())
            .env("VALINTA_ISSUER", ISSUER)
            .env("VALINTA_AUDIENCE", AUDIENCE)
            .env("VALINTA_LISTEN", "127.0.0.1:0")
            .env("VALINTA_LOG", "warn")
            .stdout(Stdio::piped());
        command
    }

    fn start(&self) -> Running {
        let mut child = self.command("serve").arg("--empty").spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let base = lines.find_map(|line| address(&line.unwrap())).expect("the service says where it listens");
        // What it says later is read to its end, so that it never waits for a reader.
        thread::spawn(move || lines.for_each(drop));
        let tokens = Tokens::new(ISSUER, AUDIENCE, &self.keys, None).unwrap();
        Running { child, site: Site { api: Api::at(base), tokens, clock: Clock::system() } }
    }

    /// That the trail is whole and every balance is its ledger's, by the command and by looking.
    fn verify(&self) {
        let verified = self.command("verify").output().unwrap();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
        let db = Db::open(self.database.url()).unwrap();
        let found: Result<_, DbError> = db.read_blocking(|c| Ok((audit::verify(c)?, ledger_check::verify(c)?)));
        let (trail, faults) = found.unwrap();
        assert!(trail.first_break.is_none(), "{:?}", trail.first_break);
        assert!(faults.is_empty(), "{faults:?}");
    }
}

/// The address in the line that tells it.
fn address(line: &str) -> Option<String> {
    line.strip_prefix("listening on ")?.split_whitespace().next().map(str::to_owned)
}

struct Running {
    child: Child,
    site: Site,
}

impl Running {
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Who asks: as a name, because the address changes with every start.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    CaseWorker,
    Provider,
}

/// A command that was sent, and its answer if there was one.
#[derive(Clone)]
struct Sent {
    who: Who,
    path: &'static str,
    key: String,
    body: Value,
    acknowledged: Option<Value>,
}

/// What the commands are about.
struct Stage {
    county: String,
    case_worker: String,
    provider: String,
    home_care: VoucherType,
    resident: Resident,
    /// One voucher that all share, and so its row is hot, with more than they can use.
    voucher: String,
}

impl Stage {
    fn set(site: &Site) -> Self {
        let county = County::found(site);
        let home_care = county.home_care();
        let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
        let resident = county.client();
        let voucher = county.chosen_voucher(&resident, &home_care, "90", &offering);
        Self {
            case_worker: "case-worker-0".into(),
            provider: provider.subject.clone(),
            voucher: voucher["id"].as_str().unwrap().to_owned(),
            county: county.id.clone(),
            home_care,
            resident,
        }
    }

    fn user(&self, site: &Site, who: Who) -> User {
        use valinta_domain::policy::Role;
        match who {
            Who::CaseWorker => site.user(Role::CaseWorker, &self.case_worker, Some(&self.county), None),
            Who::Provider => site.user(Role::Provider, &self.provider, None, None),
        }
    }

    /// The nth command of a writer: three records of a tenth of an hour, then a voucher.
    fn command(&self, today: &str, until: &str, n: u32, key: String) -> Sent {
        let (who, path, body) = if n % 4 == 3 {
            let facts = json!({"gross_income_per_month": "1650.00", "household_size": 1});
            let body = json!({
                "client": self.resident.client, "voucher_type": self.home_care.id, "facts": facts, "quantity": "20",
                "valid_from": today, "valid_until": until, "duplicate": true,
            });
            (Who::CaseWorker, "/v1/vouchers", body)
        } else {
            let body = json!({"voucher": self.voucher, "day": today, "quantity": "0.01"});
            (Who::Provider, "/v1/service-events", body)
        };
        Sent { who, path, key, body, acknowledged: None }
    }
}

/// Writes from several threads until the service is gone, and kills it after a while.
fn hammer(stage: &Stage, running: Running, round: u64) -> Vec<Sent> {
    let site = running.site.clone();
    let (today, until) = (site.today().to_string(), site.today().plus_days(20).to_string());
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        let write = |writer: u32| {
            let users = [Who::CaseWorker, Who::Provider].map(|who| (who, stage.user(&site, who)));
            let mut sent = Vec::new();
            for n in 0.. {
                let mut command = stage.command(&today, &until, n, format!("{round}-{writer}-{n}"));
                let user = users.iter().find(|(who, _)| *who == command.who).map(|(_, user)| user).unwrap();
                let answer = user.try_post(command.path, &command.key, &command.body);
                if let Ok(answer) = &answer {
                    command.acknowledged = Some(answer.clone().created());
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
                sent.push(command);
                if answer.is_err() || stop.load(Ordering::Relaxed) {
                    break;
                }
            }
            sent
        };
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        // In the middle of writes: not before some are through, and not at the same point of every round.
        while acknowledged.load(Ordering::Relaxed) < 20 {
            thread::sleep(Duration::from_millis(5));
        }
        thread::sleep(Duration::from_millis(100 + 37 * round));
        running.kill();
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    })
}

/// All of a list that comes in pages.
fn all(user: &User, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut page = user.get(&format!("{path}limit=100")).ok();
    loop {
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return items };
        page = user.get(&format!("{path}limit=100&cursor={next}")).ok();
    }
}

/// Ids of service events and of vouchers that there are.
fn there(stage: &Stage, site: &Site) -> BTreeMap<&'static str, Vec<String>> {
    let ids = |items: Vec<Value>| items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    BTreeMap::from([
        ("/v1/service-events", ids(all(&stage.user(site, Who::Provider), "/v1/service-events?"))),
        ("/v1/vouchers", ids(all(&stage.user(site, Who::CaseWorker), "/v1/vouchers?"))),
    ])
}

fn made_by(sent: &Sent) -> Option<&str> {
    let answer = sent.acknowledged.as_ref()?;
    let made = if sent.who == Who::Provider { &answer["event"] } else { &answer["voucher"] };
    made["id"].as_str()
}

#[test]
fn after_a_kill_all_that_was_acknowledged_is_there_once_and_the_ledger_balances() {
    let installation = Installation::make();
    let running = installation.start();
    let stage = Stage::set(&running.site);
    let mut known: Vec<Sent> = Vec::new();
    let mut running = Some(running);
    for round in 0..ROUNDS {
        let service = running.take().unwrap_or_else(|| installation.start());
        let sent = hammer(&stage, service, round);
        known.extend(sent);
        installation.verify();

        let service = installation.start();
        nothing_acknowledged_is_missing(&stage, &service.site, &known);
        repeated_commands_are_done_once(&stage, &service.site, &mut known);
        balances(&stage, &service.site, &known);
        installation.verify();
        running = Some(service);
    }
    let acknowledged = known.iter().filter(|sent| sent.acknowledged.is_some()).count();
    assert!(acknowledged >= 60, "{acknowledged} commands in {ROUNDS} rounds");
}

fn nothing_acknowledged_is_missing(stage: &Stage, site: &Site, known: &[Sent]) {
    let there = there(stage, site);
    for (path, ids) in &there {
        let of_path: Vec<&Sent> = known.iter().filter(|sent| sent.path == *path).collect();
        for id in of_path.iter().filter_map(|sent| made_by(sent)) {
            assert_eq!(ids.iter().filter(|there| *there == id).count(), 1, "{path} {id} was acknowledged");
        }
        // The stage's own voucher is there besides.
        let besides = usize::from(*path == "/v1/vouchers");
        assert!(ids.len() - besides <= of_path.len(), "{path}: more is there than was sent");
    }
}

/// Sends everything again: what was done answers as it did, what was lost is done now.
fn repeated_commands_are_done_once(stage: &Stage, site: &Site, known: &mut [Sent]) {
    for sent in known.iter_mut() {
        let answer = stage.user(site, sent.who).post_keyed(sent.path, &sent.key, &sent.body);
        let replayed = answer.header("idempotent-replayed").is_some();
        let body = answer.created();
        match &sent.acknowledged {
            Some(first) => assert_eq!((&body, replayed), (first, true), "{}", sent.key),
            None => sent.acknowledged = Some(body),
        }
    }
    let there = there(stage, site);
    assert_eq!(
        there.values().map(Vec::len).sum::<usize>(),
        known.len() + 1,
        "one thing for each command, and the stage"
    );
}

fn balances(stage: &Stage, site: &Site, known: &[Sent]) {
    let recorded = known.iter().filter(|sent| sent.who == Who::Provider).count();
    let ledger = stage.user(site, Who::CaseWorker).get(&format!("/v1/vouchers/{}/ledger", stage.voucher)).ok();
    let entries = ledger["entries"].as_array().unwrap();
    let of_kind = |kind: &str| entries.iter().filter(|entry| entry["kind"] == kind).count();
    assert_eq!(["used", "organiser_share", "co_payment"].map(of_kind), [recorded; 3]);
    let shown = stage.user(site, Who::CaseWorker).get(&format!("/v1/vouchers/{}", stage.voucher)).ok();
    let used = shown["allotments"].as_array().unwrap().iter().find(|part| part["used"] != "0").unwrap();
    let hundredths =
        usize::try_from(used["used"].as_str().unwrap().parse::<valinta_domain::Quantity>().unwrap().e4() / 100);
    assert_eq!(hundredths.unwrap(), recorded);
}

#[test]
fn the_command_verify_finds_a_balance_that_was_changed_behind_its_back() {
    let installation = Installation::make();
    let running = installation.start();
    let stage = Stage::set(&running.site);
    let record = stage.command(&running.site.today().to_string(), "", 0, "one".into());
    stage.user(&running.site, record.who).post_keyed(record.path, &record.key, &record.body).created();
    drop(running);
    installation.verify();
    installation.database.tamper("UPDATE allotments SET used_e4 = used_e4 + 1").unwrap();
    let verified = installation.command("verify").stderr(Stdio::piped()).output().unwrap();
    assert!(!verified.status.success());
    assert!(String::from_utf8_lossy(&verified.stderr).contains("ledger"), "{verified:?}");
}
