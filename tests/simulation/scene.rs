//! A county with four kinds of vouchers, three providers and five residents, set up over HTTP, with the model beside it; and
//! how what is asked becomes a call.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::TimeDelta;
use serde_json::{Value, json};
use valinta_domain::Moment;
use valinta_domain::policy::Role;
use valinta_persistence::idempotency;
use valinta_service::deadlines;
use valinta_service::keys::Keys;

use super::asked::{Asked, Back, Delivered, Done};
use super::commands::{Step, Terms};
use super::model::{self, Day, Kind, Model, Offering, Price, Version, decimal};
use crate::support::{Answer, County, Provider, Site, User, World, localized, new_key, terms_with};

/// What each kind grants per, what becomes of what is left, of what, and how far back a decision reaches.
const KINDS: [(&str, &str, &str, i64); 4] = [
    ("month", "lapses", "quantity", 20),
    ("voucher", "lapses", "quantity", 0),
    ("month", "lapses", "money", 0),
    ("month", "carries_over", "quantity", 0),
];
/// Which kinds each provider offers; the third is public.
const OFFERED: [&[usize]; 3] = [&[0, 1, 2, 3], &[0, 2], &[0]];
const SECTORS: [&str; 3] = ["company", "ngo", "public"];
const RESIDENTS: usize = 5;
/// So many days after the first rulebooks have come into force the first voucher is issued.
const BEGINS_AFTER_DAYS: i64 = 26;
/// For so many days an answer is given again.
pub(super) const KEYS_KEPT_DAYS: i64 = 7;
/// A public unit's fee and cost.
const PUBLIC: (i64, i64) = (1_240, 5_500);

/// A fault that is planted, for the simulation to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Planted {
    /// After a process has died, no answer is known by its key any more.
    KeysAreForgotten,
    /// The model rounds half a cent down.
    ModelRoundsDown,
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Worker,
    Officer,
    Maker,
    Approver,
    Provider(usize),
    Resident(usize),
}

/// A call, to be sent as often as is wanted.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) who: Who,
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) key: String,
    pub(super) body: Value,
}

/// What was called, and what was answered.
#[derive(Debug, Clone)]
pub(super) struct Called {
    pub(super) on: Day,
    pub(super) asked: Asked,
    pub(super) call: Call,
    pub(super) answer: Answer,
}

pub(super) struct Scene {
    pub(super) world: World,
    pub(super) model: Model,
    pub(super) planted: Option<Planted>,
    pub(super) history: Vec<Called>,
    /// The statements of each settled month with their lines, as they were when it was frozen.
    pub(super) frozen: BTreeMap<Day, String>,
    /// How often each command was done, and refused for which reason.
    pub(super) told: BTreeMap<String, usize>,
    cast: Cast,
    users: BTreeMap<Who, User>,
}

/// Who takes part.
#[derive(Debug, Clone)]
struct Cast {
    county: String,
    /// Their tokens' subjects, and their ids.
    providers: Vec<(String, String)>,
    /// As clients, and as persons.
    residents: Vec<(String, String)>,
}

/// A scene that is set, as it stands in a file: to set one takes longer than many steps.
struct Prepared {
    content: (Vec<u8>, Keys),
    model: Model,
    cast: Cast,
}

static PREPARED: OnceLock<Option<Prepared>> = OnceLock::new();

impl Scene {
    pub(super) fn set(planted: Option<Planted>) -> Self {
        let prepared = PREPARED.get_or_init(|| {
            let world = World::start();
            let (model, cast) = set_up(&world);
            world.end_and_copy().map(|content| Prepared { content, model, cast })
        });
        let (world, mut model, cast) = match prepared {
            Some(of) => (World::on_copy(&of.content), of.model.clone(), of.cast.clone()),
            None => {
                let mut world = World::start();
                let (model, cast) = set_up(&world);
                world.restart();
                (world, model, cast)
            }
        };
        model.rounds_down = planted == Some(Planted::ModelRoundsDown);
        let (history, frozen, told, users) = (Vec::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut scene = Self { world, model, planted, history, frozen, told, cast, users };
        // A decision that reaches back stays within the days of the first rulebooks.
        scene.come_to(model::days(scene.model.today, BEGINS_AFTER_DAYS));
        scene.settle_down();
        scene
    }

    /// Another process begins where one has died.
    pub(super) fn restart(&mut self) {
        self.begin_anew();
        self.settle_down();
    }

    /// Another process begins, and has not looked yet what there is to be done.
    pub(super) fn begin_anew(&mut self) {
        self.world.restart();
        self.users.clear();
        if self.planted == Some(Planted::KeysAreForgotten) {
            self.world.tamper("DELETE FROM idempotency_keys");
        }
    }

    /// Does what a service that begins does by itself, so that none of it comes later.
    pub(super) fn settle_down(&mut self) {
        let app = self.world.apps.last().unwrap();
        let before = Moment::new(self.world.clock.now().utc() - TimeDelta::days(KEYS_KEPT_DAYS));
        app.db().write_blocking(move |c| idempotency::forget_before(c, before)).unwrap();
        deadlines::run_once(app).unwrap();
    }

    pub(super) fn come_to(&mut self, day: Day) {
        self.model.today = day;
        self.world.set_day(valinta_domain::Day::new(day));
        self.users.clear();
    }

    /// Who that is, with a token of the present moment.
    pub(super) fn user(&mut self, who: Who) -> User {
        let (site, county): (&Site, &str) = (&self.world, &self.cast.county);
        let make = || match who {
            Who::Worker => site.user(Role::CaseWorker, "case-worker", Some(county), None),
            Who::Officer => site.user(Role::Officer, "officer", Some(county), None),
            Who::Maker => site.user(Role::Finance, "finance", Some(county), None),
            Who::Approver => site.user(Role::Finance, "finance-second", Some(county), None),
            Who::Provider(place) => site.user(Role::Provider, &self.cast.providers[place].0, None, None),
            Who::Resident(place) => {
                let person = &self.cast.residents[place].1;
                site.user(Role::Resident, &format!("resident-{place}"), None, Some(person))
            }
        };
        self.users.entry(who).or_insert_with(make).clone()
    }

    /// The place of a provider's id.
    pub(super) fn provider_of(&self, id: &str) -> usize {
        self.cast.providers.iter().position(|(_, own)| own == id).expect("a provider of the scene")
    }

    /// What was given about a voucher, as the law wants before it is accepted; anything, where it is not given.
    pub(super) fn inform(&mut self, voucher: usize) -> String {
        let of = &self.model.vouchers[voucher];
        let (path, client) = (format!("/v1/vouchers/{}/information", of.id), of.client);
        let told = self.user(Who::Resident(client)).post(&path, &json!({"language": "fi"}));
        told.body["id"].as_str().map_or_else(|| self.world.unknown_id(), str::to_owned)
    }

    /// A proposed rulebook, to be adopted.
    pub(super) fn propose(&mut self, kind: usize, terms: Terms) -> String {
        let officer = self.user(Who::Officer);
        let body = json!({"voucher_type": self.model.kinds[kind].id, "terms": terms_of(kind, &terms)});
        let drafted = officer.post("/v1/rulebooks", &body).created();
        let rulebook = drafted["id"].as_str().unwrap().to_owned();
        officer.post(&format!("/v1/rulebooks/{rulebook}/propose"), &json!({})).ok();
        rulebook
    }

    /// The call by which something is asked.
    pub(super) fn call(&self, asked: &Asked) -> Call {
        let of = |voucher: usize, what: &str| format!("/v1/vouchers/{}/{what}", self.model.vouchers[voucher].id);
        let holder = |voucher: usize| Who::Resident(self.model.vouchers[voucher].client);
        let reasons = localized("As the service plan says");
        let (who, path, body) = match asked {
            Asked::Issue { kind, client, hundredths, from, until } => {
                let body = json!({
                    "client": self.cast.residents[*client].0, "voucher_type": self.model.kinds[*kind].id,
                    "quantity": decimal(*hundredths), "valid_from": from, "valid_until": until,
                    "duplicate": true,
                });
                (Who::Worker, "/v1/vouchers".to_owned(), body)
            }
            Asked::Accept { voucher, information } => {
                (holder(*voucher), of(*voucher, "accept"), json!({"information": information}))
            }
            Asked::Refuse { voucher } => (holder(*voucher), of(*voucher, "refuse"), json!({})),
            Asked::Choose { voucher, offering } => {
                let body = json!({"offering": self.model.offerings[*offering].id});
                (holder(*voucher), of(*voucher, "choice"), body)
            }
            Asked::Record(delivered) => {
                (Who::Provider(delivered.provider), "/v1/service-events".to_owned(), self.delivery(delivered))
            }
            Asked::Act { event, act, by_provider } => self.act(*event, act, *by_provider),
            Asked::Extend { voucher, until } => {
                (Who::Worker, of(*voucher, "extend"), json!({"to": until, "reasons": reasons}))
            }
            Asked::Raise { voucher, hundredths, cents, from } => {
                let body = json!({
                    "quantity": hundredths.map(decimal), "value": cents.map(decimal), "from": from, "reasons": reasons,
                });
                (Who::Worker, of(*voucher, "raise"), body)
            }
            Asked::Reduce { voucher, hundredths, from } => {
                let body = json!({"quantity": decimal(*hundredths), "from": from, "reasons": reasons});
                (Who::Worker, of(*voucher, "reduce"), body)
            }
            Asked::Cancel { voucher } => (Who::Worker, of(*voucher, "cancel"), json!({"reasons": reasons})),
            Asked::Reissue { voucher, until } => {
                (Who::Worker, of(*voucher, "reissue"), json!({"valid_until": until, "reasons": reasons}))
            }
            Asked::Price { offering, cents, from } => {
                let of = &self.model.offerings[*offering];
                let body = json!({"price": price_body(Price::Paid(*cents)), "from": from});
                (Who::Provider(of.provider), format!("/v1/offerings/{}/prices", of.id), body)
            }
            Asked::Adopt { from, rulebook, .. } => {
                let body = json!({"in_force_from": from, "reasons": reasons});
                (Who::Officer, format!("/v1/rulebooks/{rulebook}/adopt"), body)
            }
            Asked::Settle { month } => (Who::Maker, "/v1/settlements".to_owned(), json!({"month": month})),
            Asked::Move { statement, step, by_maker } => {
                let (what, body) = match step {
                    Step::Approve => ("approve", json!({})),
                    Step::Send => ("send", json!({})),
                    Step::Pay => ("paid", json!({"payment_reference": "RF18539007547034"})),
                };
                let who = if *by_maker { Who::Maker } else { Who::Approver };
                (who, format!("/v1/statements/{}/{what}", self.model.statements[*statement].id), body)
            }
        };
        let method = if matches!(asked, Asked::Choose { .. }) { "PUT" } else { "POST" };
        Call { who, method, path, key: new_key(), body }
    }

    pub(super) fn delivery(&self, delivered: &Delivered) -> Value {
        let Delivered { voucher, day, hundredths, span, worker, .. } = delivered;
        let mut body = json!({
            "voucher": self.model.vouchers[*voucher].id, "day": day, "quantity": decimal(*hundredths),
            "worker": worker.map(|worker| format!("w-{worker}")),
        });
        if let Some((start, end)) = span {
            let midnight = day.and_hms_opt(0, 0, 0).unwrap().and_utc();
            let at = |minutes: i64| (midnight + TimeDelta::minutes(minutes)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
            (body["started_at"], body["ended_at"]) = (json!(at(*start)), json!(at(*end)));
        }
        body
    }

    fn act(&self, event: usize, act: &Done, by_provider: bool) -> (Who, String, Value) {
        let of = &self.model.events[event];
        let client = self.model.vouchers[of.voucher].client;
        let own = if by_provider { Who::Provider(of.provider) } else { Who::Worker };
        let words = "As was found";
        let (who, what, body) = match act {
            Done::Accept => (Who::Worker, "accept", json!({})),
            Done::Contest => (Who::Resident(client), "contest", json!({"reason": words})),
            Done::Query => (Who::Worker, "query", json!({"text": words})),
            Done::Answer => (Who::Provider(of.provider), "answer", json!({"text": words})),
            Done::Dismiss => (Who::Worker, "resolve", json!({"outcome": "dismissed", "reason": words})),
            Done::Uphold(back) => (Who::Worker, "resolve", taken_back(back, json!({"outcome": "upheld"}))),
            Done::Withdraw => (own, "withdraw", json!({"reason_code": "not_given"})),
            Done::Credit(back) => (own, "credit", taken_back(back, json!({}))),
        };
        (who, format!("/v1/service-events/{}/{what}", of.id), body)
    }

    /// Sends a call. Nothing is answered where the process has died.
    pub(super) fn send(&mut self, call: &Call) -> Result<Answer, String> {
        let user = self.user(call.who);
        send(&user, call)
    }
}

/// Sets the scene up over HTTP.
fn set_up(world: &World) -> (Model, Cast) {
    let county = County::found(world);
    let today = world.today().date();
    let terms = Terms { cents: 2_995, days_after_month: 20, up_to: Some(12_000), moves: false };
    let (mut kinds, mut types) = (Vec::new(), Vec::new());
    for (place, (per, unused, measure, retroactive)) in KINDS.into_iter().enumerate() {
        let made = county.publish(&format!("kind-{place}"), "hour", &terms_of(place, &terms));
        let Terms { cents: value, days_after_month, up_to, moves } = terms;
        kinds.push(Kind {
            id: made.id.clone(),
            per_month: per == "month",
            carries_over: unused == "carries_over",
            is_purse: measure == "money",
            retroactive,
            versions: vec![Version { from: today, value, days_after_month, up_to, moves }],
        });
        types.push(made);
    }
    let (mut providers, mut offerings) = (Vec::new(), Vec::new());
    for (place, of) in OFFERED.into_iter().enumerate() {
        let n = u32::try_from(place).unwrap() + 1;
        let provider = Provider::register(world, n, &format!("Provider {n}"), SECTORS[place]);
        let unit = provider.unit();
        for kind in of {
            let application = provider.user.post("/v1/applications", &application(&unit, &types[*kind].id)).created();
            let application = application["id"].as_str().unwrap().to_owned();
            provider.user.post(&format!("/v1/applications/{application}/submit"), &json!({})).ok();
            assert!(county.decide(&application, "approved").status < 300);
            let price = if place == 2 { Price::Fee { fee: PUBLIC.0, cost: PUBLIC.1 } } else { Price::Paid(3_987) };
            let made = provider.offer(&unit, &types[*kind], &price_body(price)).created();
            let id = made["id"].as_str().unwrap().to_owned();
            offerings.push(Offering { id, kind: *kind, provider: place, prices: vec![(today, price)] });
        }
        providers.push((provider.subject.clone(), provider.id.clone()));
    }
    let settings = json!({"valid_from": today, "terms": {
        "payment_days": 14, "approval_limit": decimal(model::APPROVAL_LIMIT), "iban": "FI21 1234 5600 0007 85",
        "buyer_reference": "SIMULATED",
    }});
    county.finance.post("/v1/settlement-settings", &settings).created();
    let residents =
        (0..RESIDENTS).map(|_| county.client()).map(|resident| (resident.client, resident.person)).collect();
    let model = Model {
        today,
        kinds,
        offerings,
        vouchers: Vec::new(),
        events: Vec::new(),
        statements: Vec::new(),
        frozen: None,
        rounds_down: false,
    };
    (model, Cast { county: county.id, providers, residents })
}

/// Sends a call as somebody.
pub(super) fn send(user: &User, call: &Call) -> Result<Answer, String> {
    let bearer = format!("Bearer {}", user.token.as_deref().unwrap_or_default());
    let headers =
        [("Authorization", bearer.as_str()), ("Idempotency-Key", &call.key), ("Content-Type", "application/json")];
    let body = call.body.to_string();
    let answer = user.api.send(call.method, &call.path, &headers, Some(body.as_bytes())).map_err(|e| e.to_string())?;
    if answer.status >= 500 { Err(answer.text) } else { Ok(answer) }
}

fn taken_back(back: &Back, mut body: Value) -> Value {
    (body["reason_code"], body["reason"]) = (json!("less_given"), json!("Less was given"));
    for (name, figure) in [
        ("quantity", back.quantity),
        ("organiser_pays", back.pays),
        ("co_payment", back.co_payment),
        ("client_fee", back.fee),
    ] {
        if let Some(figure) = figure {
            body[name] = json!(decimal(figure));
        }
    }
    body
}

fn price_body(price: Price) -> Value {
    match price {
        Price::Paid(cents) => json!({"charging": "voucher", "price": decimal(cents)}),
        Price::Fee { fee, cost } => {
            json!({"charging": "client_fee", "client_fee": decimal(fee), "unit_cost": decimal(cost)})
        }
    }
}

fn application(unit: &str, voucher_type: &str) -> Value {
    let evidence = json!([{"requirement": "prepayment_register", "reference": "Register entry"}]);
    json!({"unit": unit, "voucher_type": voucher_type, "evidence": evidence})
}

fn terms_of(kind: usize, terms: &Terms) -> Value {
    let (per, unused, measure, retroactive) = KINDS[kind];
    let Terms { cents, days_after_month, up_to, moves } = terms;
    let mut acceptance = json!({"contest_days": model::CONTEST_DAYS});
    if let Some(up_to) = up_to {
        acceptance["up_to"] = json!(decimal(*up_to));
    }
    terms_with(&json!({
        "value": {"flat": {"value": decimal(*cents)}},
        "grant": {
            "per": per, "unused": unused, "measure": measure, "quantity_max": decimal(model::QUANTITY_MAX),
            "validity_days_max": model::VALIDITY_DAYS_MAX[0], "retroactive_days_max": retroactive,
        },
        "recording": {"days_after_month": days_after_month, "acceptance": acceptance},
        "issued_vouchers": if *moves { "move" } else { "keep" },
        "requirements": [{
            "code": "prepayment_register", "text": localized("In the register"), "source": "569/2009 § 5", "expires": false,
        }],
    }))
}
