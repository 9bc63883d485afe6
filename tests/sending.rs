//! What leaves the house when statements are sent: files, once each, whatever fails and whoever ends meanwhile; and the jobs by
//! which the service does this and all else that it does by itself.

mod files;
mod jobs;
mod leases;
mod retries;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};
use valinta_domain::Moment;
use valinta_domain::delivery::{Channel, Failed};
use valinta_domain::policy::Role;
use valinta_service::app::App;
use valinta_service::deadlines;
use valinta_service::sending::{Adapter, Parcel, SendError};

use crate::support::{County, Provider, User, World, home_care_terms, id_of, price};

/// How long a settling is waited for.
const WAIT_MAX: Duration = Duration::from_secs(60);
const ACCOUNTS: [&str; 3] = ["FI42 5000 1510 0000 23", "FI21 1234 5600 0007 85", "FI15 4055 0013 1002 31"];

/// A county with providers whose services of November are settled, on a day of December.
struct Scene {
    world: World,
    county: County,
    providers: Vec<Provider>,
    statements: Vec<String>,
}

impl Scene {
    /// With so many providers, each with an account and a statement of 72.00 that is sent.
    fn sent(providers: usize) -> Self {
        let scene = Self::settled(providers);
        for (provider, account) in scene.providers.iter().zip(ACCOUNTS) {
            scene.give_account(provider, account);
        }
        for statement in &scene.statements {
            scene.county.finance.post(&format!("/v1/statements/{statement}/send"), &json!({})).ok();
        }
        scene
    }

    /// With so many providers, each with a statement of 72.00 that can be sent.
    fn settled(providers: usize) -> Self {
        let world = World::start();
        let county = County::found(&world);
        let mut terms = home_care_terms();
        terms["value"] = json!({"flat": {"value": "36.00"}});
        let care = county.publish("home-care", "hour", &terms);
        let terms = json!({
            "payment_days": 14,
            "approval_limit": "1000.00",
            "iban": "FI21 1234 5600 0007 85",
            "buyer_reference": "PORI-4711",
        });
        let body = json!({"valid_from": world.today().to_string(), "terms": terms});
        county.finance.post("/v1/settlement-settings", &body).created();
        let providers: Vec<Provider> = (1_u32..)
            .take(providers)
            .map(|n| {
                let (provider, offering) = Provider::approved(&county, n, "company", &care, &price("40.00"));
                let voucher = id_of(&county.chosen_voucher(&county.client(), &care, "20", &offering));
                provider.record(&voucher, "2").created();
                provider
            })
            .collect();
        let mut scene = Self { world, county, providers, statements: Vec::new() };
        scene.on("2026-12-05T08:00:00Z");
        let begun = scene.county.finance.post("/v1/settlements", &json!({"month": "2026-11-01"})).of_status(202);
        let path = format!("/v1/settlements/{}", id_of(&begun));
        let since = Instant::now();
        while scene.county.finance.get(&path).ok()["state"] != "frozen" {
            assert!(since.elapsed() < WAIT_MAX, "the month is not settled");
            std::thread::sleep(Duration::from_millis(20));
        }
        let listed = scene.county.finance.get("/v1/statements").ok();
        scene.statements = listed["items"].as_array().unwrap().iter().map(id_of).collect();
        assert_eq!(scene.statements.len(), scene.providers.len());
        scene
    }

    /// Gives a provider an account, to which the county agrees.
    fn give_account(&self, provider: &Provider, iban: &str) {
        let body = json!({"field": "iban", "value": iban});
        let asked = provider.user.post(&format!("/v1/providers/{}/changes", provider.id), &body).created();
        let change = id_of(&asked["change"]);
        let agreed = json!({"outcome": "confirmed"});
        self.county.officer.post(&format!("/v1/provider-changes/{change}/decision"), &agreed).ok();
    }

    /// Lets it be another moment. Everyone gets a token of it.
    fn on(&mut self, moment: &str) {
        self.world.set_moment(moment);
        self.renew();
    }

    /// Lets so much time go by.
    fn after(&mut self, time: TimeDelta) {
        self.world.clock.advance(time);
        self.renew();
    }

    fn renew(&mut self) {
        self.county.renew_tokens();
        self.providers.iter_mut().for_each(Provider::renew_token);
    }

    /// The deliveries, of this query.
    fn deliveries(&self, query: &str) -> Vec<Value> {
        let listed = self.county.finance.get(&format!("/v1/deliveries?limit=100{query}")).ok();
        listed["items"].as_array().unwrap().clone()
    }

    /// The one delivery of this query.
    fn delivery(&self, query: &str) -> Value {
        let [one] = &self.deliveries(query)[..] else { panic!("one delivery is wanted") };
        one.clone()
    }

    /// A delivery's attempts: what came of each, latest first.
    fn outcomes(&self, delivery: &Value) -> Vec<String> {
        let shown = self.county.finance.get(&format!("/v1/deliveries/{}", id_of(delivery))).ok();
        let attempts = shown["attempts"].as_array().unwrap().iter();
        attempts.map(|attempt| attempt["outcome"].as_str().unwrap().to_owned()).collect()
    }

    fn replay(&self, user: &User, delivery: &Value) -> crate::support::Answer {
        user.post(&format!("/v1/deliveries/{}/replay", id_of(delivery)), &json!({}))
    }

    /// The operator's view of the jobs.
    fn jobs(&self) -> Value {
        self.world.user(Role::Operator, "operator", None, None).get("/v1/jobs").ok()
    }

    fn is_sound(&self) {
        self.world.ledger_balances();
        self.world.audit_rows();
    }
}

/// Does by itself all that a process does.
fn look(process: &App) -> usize {
    deadlines::run_once(process).unwrap().sent
}

/// A moment as it is shown.
fn moment(shown: &Value) -> Moment {
    serde_json::from_value(shown.clone()).unwrap_or_else(|_| panic!("{shown} is no moment"))
}

/// A place that takes what it is given, or not, and remembers.
#[derive(Debug, Default)]
struct Place {
    /// By delivery.
    taken: Mutex<BTreeMap<String, Vec<Parcel>>>,
    /// What it says instead of taking anything.
    refuses: Mutex<Option<SendError>>,
    asked: Mutex<usize>,
}

impl Place {
    fn refuse(&self, said: Option<(&str, Failed)>) {
        *self.refuses.lock().unwrap() = said.map(|(said, failed)| SendError { failed, said: said.to_owned() });
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    /// How often each delivery was taken.
    fn times(&self) -> Vec<usize> {
        self.taken.lock().unwrap().values().map(Vec::len).collect()
    }
}

impl Adapter for Place {
    fn channel(&self) -> Channel {
        Channel::Files
    }

    fn send(&self, parcel: &Parcel) -> Result<(), SendError> {
        *self.asked.lock().unwrap() += 1;
        if let Some(refused) = self.refuses.lock().unwrap().clone() {
            return Err(refused);
        }
        self.taken.lock().unwrap().entry(parcel.id.to_string()).or_default().push(parcel.clone());
        Ok(())
    }
}

/// A process that hands over there.
fn process(world: &World, place: &Arc<Place>) -> App {
    let adapter: Arc<dyn Adapter> = Arc::<Place>::clone(place);
    world.process().with_outgoing(vec![adapter])
}
