//! Two counties, the providers of every sector that both know, and the residents: set up over HTTP, with the model
//! beside them. Every call that changes something goes through here, so that it can be told afterwards.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, Write};
use std::thread;

use serde_json::{Value, json};
use valinta_domain::Day;
use valinta_domain::policy::Role;

use super::model::{self, Model, Requirement};
use crate::support::{
    self, Answer, County, Dice, Provider, Resident, User, World, localized, price, public_price, terms_with,
};

/// What every voucher type asks for from the beginning.
pub(super) const REQUIREMENTS: [Requirement; 2] = [("prepayment_register", false), ("liability_insurance", true)];
/// What is asked for as well once a rulebook has been changed.
pub(super) const ONE_MORE: Requirement = ("patient_insurance", true);

const BEGINS: &str = "2026-01-12T08:00:00Z";

const SECTORS: [&str; 3] = ["company", "ngo", "public"];

/// What was done, told where a test fails.
#[derive(Debug)]
pub(super) struct Story {
    seed: u64,
    lines: Vec<String>,
}

impl Story {
    pub(super) fn of(seed: u64) -> Self {
        Self { seed, lines: Vec::new() }
    }

    pub(super) fn length(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn tell(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if thread::panicking() || env::var_os("VALINTA_TELL").is_some() {
            let told = self.lines.join("\n");
            let again = format!("To repeat: VALINTA_SEED={} VALINTA_ROUNDS=1", self.seed);
            let _ = writeln!(io::stderr(), "{told}\n{again}");
        }
    }
}

/// Where an application stands, as it was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Draft,
    Submitted,
    MoreInformation,
    Closed,
}

#[derive(Debug, Clone)]
pub(super) struct Application {
    pub(super) id: String,
    pub(super) unit: usize,
    pub(super) voucher_type: usize,
    pub(super) stage: Stage,
    /// The evidence handed in, by place in the model.
    pub(super) evidence: Vec<usize>,
}

/// A measure of which a hearing is open.
#[derive(Debug, Clone)]
pub(super) struct Measure {
    pub(super) id: String,
    pub(super) approval: usize,
    pub(super) step: &'static str,
    pub(super) opened: Day,
    /// Whether its provider has replied.
    pub(super) heard: bool,
    pub(super) open: bool,
}

/// Who holds vouchers of a county.
pub(super) struct Holder {
    pub(super) county: usize,
    pub(super) resident: Resident,
    subject: String,
}

pub(super) struct Scene {
    pub(super) story: Story,
    pub(super) dice: Dice,
    pub(super) model: Model,
    pub(super) counties: Vec<County>,
    pub(super) providers: Vec<Provider>,
    pub(super) types: Vec<support::VoucherType>,
    pub(super) units: Vec<String>,
    pub(super) holders: Vec<Holder>,
    pub(super) applications: Vec<Application>,
    pub(super) measures: Vec<Measure>,
    /// How often each command was acknowledged.
    pub(super) done: BTreeMap<&'static str, usize>,
    // Last, so that all that uses it is gone before.
    pub(super) world: World,
}

impl Scene {
    /// Two counties with three voucher types, three providers with four units. Nobody is approved yet.
    pub(super) fn set(seed: u64) -> Self {
        let world = World::start();
        // Before any day on which `valinta verify`, which goes by the clock of the system, may be run.
        world.set_moment(BEGINS);
        let counties = vec![County::found(&world), County::found_as(&world, 1, &[("743", "Seinäjoki", "Seinäjoki")])];
        let mut model = Model::default();
        let mut types = Vec::new();
        for (county, code) in [(0, "home-care"), (0, "cleaning"), (1, "home-care")] {
            types.push(counties[county].publish(code, "hour", &terms(&REQUIREMENTS)));
            let versions = vec![(world.today(), REQUIREMENTS.to_vec())];
            model.types.push(model::VoucherType { county, versions });
        }
        let providers: Vec<Provider> = (1..)
            .zip(SECTORS)
            .map(|(n, sector)| Provider::register(&world, n, &format!("Esimerkki {n}"), sector))
            .collect();
        let mut units = Vec::new();
        for provider in [0, 1, 2, 0] {
            units.push(providers[provider].unit());
            model.units.push(provider);
            model.closed_from.push(None);
        }
        let holders = [0, 0, 1, 1].into_iter().enumerate().map(|(n, county)| {
            let resident = counties[county].client();
            Holder { county, resident, subject: format!("holder-{n}") }
        });
        let mut scene = Self {
            story: Story::of(seed),
            dice: Dice::of(seed),
            holders: holders.collect(),
            model,
            counties,
            providers,
            types,
            units,
            applications: Vec::new(),
            measures: Vec::new(),
            done: BTreeMap::new(),
            world,
        };
        scene.renew_tokens();
        scene
    }

    pub(super) fn today(&self) -> Day {
        self.world.today()
    }

    /// Everyone comes back on another day.
    pub(super) fn pass(&mut self, days: i64) {
        self.world.set_day(self.today().plus_days(days));
        self.renew_tokens();
        self.story.tell(format!("-- it is {}", self.today()));
    }

    fn renew_tokens(&mut self) {
        self.counties.iter_mut().for_each(County::renew_tokens);
        self.providers.iter_mut().for_each(Provider::renew_token);
        for holder in &mut self.holders {
            let person = Some(holder.resident.person.as_str());
            holder.resident.user = self.world.site.user(Role::Resident, &holder.subject, None, person);
        }
    }

    /// Sends a command and tells it. A refusal is an answer like another; a failure of the service is not.
    pub(super) fn send(&mut self, what: &'static str, user: &User, method: &str, path: &str, body: &Value) -> Answer {
        let key = format!("{what}-{}", self.story.lines.len());
        let headers = [("Idempotency-Key", key.as_str()), ("If-Match", "*")];
        let answer = user.send(method, path, &headers, Some(&body.to_string()));
        self.note(what, body, &answer);
        answer
    }

    pub(super) fn note(&mut self, what: &'static str, body: &Value, answer: &Answer) {
        let outcome = if answer.status < 300 { String::new() } else { format!(" {}", answer.text) };
        self.story.tell(format!("{what}: {} {body} -> {}{outcome}", answer.call, answer.status));
        assert!(answer.status < 500, "{what}: {}", answer.text);
        if answer.status < 300 {
            self.count(what);
        }
    }

    pub(super) fn count(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    pub(super) fn provider_of(&self, unit: usize) -> &Provider {
        &self.providers[self.model.units[unit]]
    }

    /// The user of a unit's provider.
    pub(super) fn member(&self, unit: usize) -> User {
        self.provider_of(unit).user.clone()
    }

    /// The officer of a voucher type's county.
    pub(super) fn officer(&self, voucher_type: usize) -> User {
        self.counties[self.model.types[voucher_type].county].officer.clone()
    }

    /// A price as the unit's sector asks it.
    pub(super) fn price_of(&mut self, unit: usize) -> Value {
        let euros = self.dice.days(15, 29);
        match SECTORS[self.model.units[unit]] {
            "public" => public_price("5.00", &format!("{euros}.00")),
            _ => price(&format!("{euros}.00")),
        }
    }
}

/// Terms of a flat 30 € that ask for so much, and let measures follow each other quickly.
pub(super) fn terms(requirements: &[Requirement]) -> Value {
    let requirements: Vec<Value> = requirements
        .iter()
        .map(|(code, expires)| {
            json!({"code": code, "kind": code, "text": localized(code), "source": "569/2009 § 5", "expires": expires})
        })
        .collect();
    terms_with(&json!({"requirements": requirements, "supervision": {"hearing_days": 1}}))
}
