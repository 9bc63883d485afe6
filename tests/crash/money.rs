//! A kill -9 while money moves: services are recorded, taken back and credited, and a month is being settled, by several
//! clients at once. Everything that was acknowledged is there once, and the settling goes on by itself and ends.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{Datelike, Months, NaiveDate};
use serde_json::{Value, json};
use valinta_domain::policy::Role;

use super::{Installation, Running, all};
use crate::support::{Answer, County, Provider, Site, User, price, served_at, terms_with};

/// Services that there are before, enough for a settling of several steps.
const SEEDED: u32 = 240;
const VOUCHERS: usize = 4;
/// How long a settling is waited for that nobody asks about: longer than the lease of a job that a killed process held.
const WAIT_MAX: Duration = Duration::from_secs(180);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Provider,
    Finance,
}

/// A command, and its answer if there was one.
#[derive(Debug, Clone)]
struct Sent {
    who: Who,
    path: String,
    key: String,
    body: Value,
    acknowledged: Option<Answer>,
}

/// What the commands are about.
struct Stage {
    county: String,
    provider: String,
    vouchers: Vec<String>,
    /// Services of the first month.
    events: Vec<String>,
    /// The first days of the two months before this one.
    months: [NaiveDate; 2],
}

impl Stage {
    /// Sets the stage as it was two months ago, by a service in this process.
    fn set(installation: &Installation) -> Self {
        let today = Installation::today().date();
        let months = [2, 1].map(|back| today.with_day(1).unwrap() - Months::new(back));
        let at = |day: NaiveDate| format!("{day}T08:00:00Z");
        let (county, provider, vouchers) =
            served_at(&installation.database, &installation.keys, &at(months[0]), |site| {
                let county = County::found(site);
                let terms = terms_with(&json!({"recording": {"days_after_month": 120}}));
                let care = county.publish("care", "hour", &terms);
                let (provider, offering) = Provider::approved(&county, 1, "company", &care, &price("40.00"));
                let body = json!({"valid_from": months[0], "terms": {
                    "payment_days": 14, "iban": "FI21 1234 5600 0007 85", "buyer_reference": "KILLED",
                }});
                county.finance.post("/v1/settlement-settings", &body).created();
                let resident = county.client();
                let issued = |_| {
                    let mut request = county.voucher_request(&resident, &care, "90", "1650.00");
                    request["valid_until"] = json!(months[0] + Months::new(6));
                    let voucher = county.case_worker.post("/v1/vouchers", &request).created();
                    let id = voucher["voucher"]["id"].as_str().unwrap().to_owned();
                    resident.accept(&id);
                    resident.choose(&id, &offering).ok();
                    id
                };
                (county.id.clone(), provider.subject.clone(), (0..VOUCHERS).map(issued).collect::<Vec<_>>())
            });
        let events = served_at(&installation.database, &installation.keys, &at(months[1]), |site| {
            let user = site.user(Role::Provider, &provider, None, None);
            (0..SEEDED)
                .map(|n| {
                    let body = delivery(&vouchers, months[0], n);
                    let recorded = user.post("/v1/service-events", &body).created();
                    recorded["event"]["id"].as_str().unwrap().to_owned()
                })
                .collect()
        });
        Self { county, provider, vouchers, events, months }
    }

    fn user(&self, site: &Site, who: Who) -> User {
        match who {
            Who::Provider => site.user(Role::Provider, &self.provider, None, None),
            Who::Finance => site.user(Role::Finance, "finance", Some(&self.county), None),
        }
    }

    /// The nth command of a writer: one settles, one takes back, the others record.
    fn command(&self, round: u32, writer: u32, n: u32) -> Sent {
        let number = round * 10_000 + writer * 1_000 + n;
        let (who, path, body) = match (writer, n) {
            // The months one after the other; after them, one that is not over.
            (0, 0) => {
                let month = self.months.get(usize::try_from(round).unwrap()).copied();
                let month = month.unwrap_or(self.months[1] + Months::new(1));
                (Who::Finance, "/v1/settlements".to_owned(), json!({"month": month}))
            }
            (1, _) => {
                let event = &self.events[usize::try_from(round * 60 + n).unwrap() % self.events.len()];
                let (what, body) = match n % 2 {
                    0 => {
                        ("credit", json!({"reason_code": "less_given", "reason": "Less was given", "quantity": "0.01"}))
                    }
                    _ => ("withdraw", json!({"reason_code": "not_given"})),
                };
                (Who::Provider, format!("/v1/service-events/{event}/{what}"), body)
            }
            _ => {
                let body = delivery(&self.vouchers, self.months[1], 1_000 + number);
                (Who::Provider, "/v1/service-events".to_owned(), body)
            }
        };
        Sent { who, path, key: format!("money-{number}"), body, acknowledged: None }
    }

    /// The settlements, and that each comes to an end though nobody asks for it.
    fn settlements_end(&self, site: &Site) -> Vec<Value> {
        let finance = self.user(site, Who::Finance);
        let began = Instant::now();
        loop {
            let listed = all(&finance, "/v1/settlements?");
            if listed.iter().all(|settlement| settlement["state"] == "frozen") {
                return listed;
            }
            assert!(began.elapsed() < WAIT_MAX, "{listed:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The nth service: a twentieth of an hour on some day of a month.
fn delivery(vouchers: &[String], month: NaiveDate, n: u32) -> Value {
    let day = month.with_day(1 + n % 28).unwrap();
    let voucher = &vouchers[usize::try_from(n / 28).unwrap() % vouchers.len()];
    json!({"voucher": voucher, "day": day, "quantity": "0.05", "worker": format!("w-{n}")})
}

/// Sends from several threads until the service is gone, and kills it after a while.
fn hammer(stage: &Stage, running: Running, round: u32) -> Vec<Sent> {
    let site = running.site.clone();
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        let write = |writer: u32| {
            let users = [Who::Provider, Who::Finance].map(|who| stage.user(&site, who));
            let mut sent = Vec::new();
            for n in 0..1_000 {
                let mut command = stage.command(round, writer, n);
                let user = &users[usize::from(command.who == Who::Finance)];
                let answer = user.try_post(&command.path, &command.key, &command.body);
                let gone = answer.is_err();
                command.acknowledged = answer.ok().filter(|answer| answer.status < 300);
                acknowledged.fetch_add(u32::from(command.acknowledged.is_some()), Ordering::Relaxed);
                sent.push(command);
                if gone || stop.load(Ordering::Relaxed) {
                    break;
                }
            }
            sent
        };
        let writers: Vec<_> = (0..4).map(|writer| scope.spawn(move || write(writer))).collect();
        while acknowledged.load(Ordering::Relaxed) < 8 {
            thread::sleep(Duration::from_millis(2));
        }
        thread::sleep(Duration::from_millis(15 + 41 * u64::from(round)));
        running.kill();
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    })
}

#[test]
fn after_a_kill_money_is_as_it_was_acknowledged_and_a_settling_goes_on_and_ends() {
    let installation = Installation::make();
    let stage = Stage::set(&installation);
    let mut known: Vec<Sent> = Vec::new();
    for round in 0..3 {
        known.extend(hammer(&stage, installation.start(), round));
        installation.verify();
        let service = installation.start();
        let settled = stage.settlements_end(&service.site);
        installation.verify();
        for sent in &mut known {
            repeat(&stage, &service.site, sent);
        }
        let settled_again = stage.settlements_end(&service.site);
        assert!(settled_again.len() <= usize::try_from(round + 1).unwrap(), "{settled:?} {settled_again:?}");
        everything_is_there_once(&stage, &service.site, &known);
        drop(service);
        installation.verify();
    }
    let done =
        |path: &str| known.iter().filter(|sent| sent.path.ends_with(path) && sent.acknowledged.is_some()).count();
    for path in ["/v1/service-events", "/v1/settlements", "/credit", "/withdraw"] {
        assert!(done(path) > 0, "nothing of {path} was done");
    }
}

/// Sends it again: what was done is answered as before, and what was lost is done now, or refused.
fn repeat(stage: &Stage, site: &Site, sent: &mut Sent) {
    let answer = stage.user(site, sent.who).post_keyed(&sent.path, &sent.key, &sent.body);
    match &sent.acknowledged {
        Some(first) => {
            assert_eq!((first.status, &first.text), (answer.status, &answer.text), "{}", sent.key);
            assert!(answer.header("idempotent-replayed").is_some(), "{}", sent.key);
        }
        None if answer.status < 300 => sent.acknowledged = Some(answer),
        None => assert!((400..500).contains(&answer.status), "{}: {}", sent.key, answer.text),
    }
}

fn everything_is_there_once(stage: &Stage, site: &Site, known: &[Sent]) {
    let provider = stage.user(site, Who::Provider);
    let listed = all(&provider, "/v1/service-events?");
    let there: BTreeSet<&str> = listed.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(there.len(), listed.len(), "a service is listed twice");
    let recorded = known.iter().filter(|sent| sent.path == "/v1/service-events");
    let made: Vec<&str> = recorded
        .filter_map(|sent| sent.acknowledged.as_ref())
        .map(|answer| answer.body["event"]["id"].as_str().unwrap())
        .collect();
    let acknowledged: BTreeSet<&str> = made.iter().copied().chain(stage.events.iter().map(String::as_str)).collect();
    assert_eq!(acknowledged, there);
    assert_eq!(made.len() + stage.events.len(), there.len(), "two calls have made one service");
    // What is paid is what was settled: the lines of services, summed up here.
    let finance = stage.user(site, Who::Finance);
    let cents = |money: &Value| money["amount"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
    let statements = all(&finance, "/v1/statements?");
    let on_statements: i64 = statements.iter().map(|statement| cents(&statement["total"])).sum();
    let of_services: i64 = statements
        .iter()
        .flat_map(|statement| {
            let path = format!("/v1/statements/{}/lines", statement["id"].as_str().unwrap());
            finance.get(&path).ok()["lines"].as_array().unwrap().clone()
        })
        .map(|line| cents(&line["organiser_pays"]))
        .sum();
    assert_eq!(on_statements, of_services);
}
