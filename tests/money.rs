//! What becomes of services after they were recorded: they are accepted, contested, taken back, settled, approved and paid.

mod revalued;
mod settling;

use serde_json::{Value, json};
use valinta_domain::policy::Role;

use crate::support::{Answer, County, Provider, Resident, User, VoucherType, World, home_care_terms, id_of, price};

/// A county, a voucher type, a provider with an offering for it, and a resident who has chosen it.
struct Scene {
    world: World,
    county: County,
    care: VoucherType,
    provider: Provider,
    resident: Resident,
    voucher: String,
}

fn amount<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name]["amount"].as_str().unwrap_or_else(|| panic!("no {name}: {of}"))
}

impl Scene {
    /// Twenty hours a month at 40 € of which the voucher pays 36 €; what a rulebook says of acceptance.
    fn of(acceptance: &Value) -> Self {
        Self::under(|terms| terms["recording"]["acceptance"] = acceptance.clone())
    }

    /// The same under terms that are changed.
    fn under(change: impl FnOnce(&mut Value)) -> Self {
        let world = World::start();
        let county = County::found(&world);
        let mut terms = home_care_terms();
        terms["value"] = json!({"flat": {"value": "36.00"}});
        change(&mut terms);
        let care = county.publish("home-care", "hour", &terms);
        let (provider, offering) = Provider::approved(&county, 1, "company", &care, &price("40.00"));
        let resident = county.client();
        let voucher = id_of(&county.chosen_voucher(&resident, &care, "20", &offering));
        Self { world, county, care, provider, resident, voucher }
    }

    fn new() -> Self {
        Self::of(&json!({}))
    }

    /// Lets the clock come to a day. Everyone gets a token of that day.
    fn on(&mut self, day: &str) {
        self.world.set_day(day.parse().unwrap());
        self.county.renew_tokens();
        self.provider.renew_token();
        self.resident.user = self.world.user(Role::Resident, "resident-0", None, Some(&self.resident.person));
    }

    /// A recorded service of so many hours.
    fn recorded(&self, hours: &str) -> Value {
        self.provider.record(&self.voucher, hours).created()["event"].clone()
    }

    fn shown(&self, event: &str) -> Value {
        self.provider.user.get(&format!("/v1/service-events/{event}")).ok()
    }

    fn available(&self) -> Value {
        self.resident.user.get(&format!("/v1/vouchers/{}", self.voucher)).ok()["available_now"].clone()
    }

    /// What moved, entry by entry: kind, quantity and amount.
    fn moved(&self) -> Vec<String> {
        let ledger = self.resident.ledger(&self.voucher);
        let entries = ledger["entries"].as_array().unwrap().iter();
        entries
            .filter(|entry| entry["kind"] != "granted")
            .map(|entry| {
                let (quantity, money) =
                    (entry["quantity"].as_str().unwrap(), entry["amount"]["amount"].as_str().unwrap());
                format!("{} {quantity} {money}", entry["kind"].as_str().unwrap())
            })
            .collect()
    }
}

/// Does something about a service event.
fn act(user: &User, event: &str, what: &str, body: &Value) -> Answer {
    user.post(&format!("/v1/service-events/{event}/{what}"), body)
}

#[test]
fn what_is_withdrawn_before_it_is_settled_goes_back_to_the_voucher_and_to_those_who_paid() {
    let scene = Scene::new();
    let event = scene.recorded("3");
    assert_eq!((&event["status"], amount(&event, "organiser_pays")), (&json!("accepted"), "108.00"));
    assert_eq!(scene.available(), "17");
    let id = id_of(&event);
    act(&scene.provider.user, &id, "withdraw", &json!({"reason_code": "other"}))
        .refused(422, "invalid_input")
        .at("/reason", "missing_field");
    act(&scene.provider.user, &id, "credit", &json!({"reason_code": "not_given", "reason": "Nobody was at home"}))
        .refused(409, "wrong_state")
        .saying("withdrawn");
    let withdrawn = act(&scene.provider.user, &id, "withdraw", &json!({"reason_code": "recorded_twice"})).ok();
    assert_eq!((&withdrawn["status"], &withdrawn["counts"]["quantity"]), (&json!("withdrawn"), &json!("0")));
    assert_eq!(withdrawn["acts"][0]["taken_back"]["organiser_pays"]["amount"], "108.00");
    assert_eq!(scene.available(), "20");
    let back = ["use_reversed 3 0.00", "organiser_share_reversed 0 108.00", "co_payment_reversed 0 12.00"];
    assert_eq!(scene.moved()[3..], back);
    act(&scene.provider.user, &id, "withdraw", &json!({"reason_code": "not_given"})).refused(409, "wrong_state");
    scene.world.ledger_balances();
}

#[test]
fn what_used_a_voucher_up_and_is_withdrawn_lets_it_be_used_again() {
    let scene = Scene::new();
    let event = scene.recorded("20");
    assert_eq!(scene.available(), "0");
    act(&scene.provider.user, &id_of(&event), "withdraw", &json!({"reason_code": "recorded_wrongly"})).ok();
    assert_eq!(scene.available(), "20");
    scene.recorded("20");
    scene.world.ledger_balances();
}

#[test]
fn what_is_withdrawn_of_a_cancelled_voucher_goes_to_the_organiser_at_once() {
    let scene = Scene::new();
    let event = scene.recorded("2");
    let reasons = crate::support::localized("Moved away");
    let cancel = format!("/v1/vouchers/{}/cancel", scene.voucher);
    scene.county.case_worker.post(&cancel, &json!({"reasons": reasons})).ok();
    act(&scene.provider.user, &id_of(&event), "withdraw", &json!({"reason_code": "not_given"})).ok();
    assert_eq!(scene.available(), "0");
    assert!(scene.moved().ends_with(&[
        "use_reversed 2 0.00".to_owned(),
        "returned 2 0.00".to_owned(),
        "organiser_share_reversed 0 72.00".to_owned(),
        "co_payment_reversed 0 8.00".to_owned(),
    ]));
    scene.world.ledger_balances();
}

#[test]
fn what_is_dear_waits_for_an_officials_look_and_is_on_the_list_of_such() {
    let scene = Scene::of(&json!({"up_to": "50.00"}));
    let (dear, cheap) = (scene.recorded("2"), scene.recorded("1"));
    assert_eq!((&dear["status"], &cheap["status"]), (&json!("recorded"), &json!("accepted")));
    let waiting = scene.county.case_worker.get("/v1/service-events?state=recorded").ok();
    assert_eq!(waiting["items"].as_array().unwrap().len(), 1);
    assert_eq!(waiting["items"][0]["id"], dear["id"]);
    let id = id_of(&dear);
    let accepted = scene.county.case_worker.post(&format!("/v1/service-events/{id}/accept"), &json!({})).ok();
    assert_eq!(accepted["status"], "accepted");
    scene.county.case_worker.post(&format!("/v1/service-events/{id}/accept"), &json!({})).refused(409, "wrong_state");
    assert_eq!(scene.county.case_worker.get("/v1/service-events?state=recorded").ok()["items"], json!([]));
}

#[test]
fn what_may_have_been_recorded_already_is_looked_at_first() {
    let scene = Scene::new();
    let first = scene.recorded("1.5");
    let again = scene.recorded("1.5");
    assert_eq!((&first["status"], &again["status"]), (&json!("accepted"), &json!("recorded")));
    assert_eq!((&again["acts"][0]["act"], &again["acts"][0]["reason"]), (&json!("flagged"), &first["id"]));
    assert_eq!(again["acts"][0]["reason_code"], "same_as_another");
    // What was withdrawn is nothing to be mistaken for.
    for event in [&first, &again] {
        act(&scene.provider.user, &id_of(event), "withdraw", &json!({"reason_code": "recorded_twice"})).ok();
    }
    assert_eq!(scene.recorded("1.5")["status"], "accepted");

    let day = scene.world.today();
    let delivery = |from: &str, to: &str, worker: &str| {
        let body = json!({
            "voucher": scene.voucher, "day": day, "quantity": "1",
            "started_at": format!("{day}T{from}:00Z"), "ended_at": format!("{day}T{to}:00Z"), "worker": worker,
        });
        scene.provider.user.post("/v1/service-events", &body)
    };
    assert_eq!(delivery("04:00", "05:00", "w-7").created()["event"]["status"], "accepted");
    assert_eq!(delivery("05:00", "06:00", "w-7").created()["event"]["status"], "accepted");
    let other = delivery("05:30", "06:30", "w-8").created()["event"].clone();
    assert_eq!((&other["status"], &other["worker"]), (&json!("accepted"), &json!("w-8")));
    let overlapping = delivery("05:45", "06:45", "w-7").created()["event"].clone();
    assert_eq!(overlapping["acts"][0]["reason_code"], "worker_elsewhere");
    assert_eq!(overlapping["status"], "recorded");
    delivery("06:45", "07:45", "Maija M").refused(422, "invalid_input").at("/worker", "invalid");
    let shown = scene.resident.user.get(&format!("/v1/service-events/{}", id_of(&other))).ok();
    assert!(shown.get("worker").is_none(), "{shown}");
    scene.world.ledger_balances();
}

#[test]
fn a_client_contests_a_service_within_the_days_of_the_rulebook_and_it_is_settled_what_counts() {
    let mut scene = Scene::of(&json!({"contest_days": 5}));
    let (first, second, late) = (scene.recorded("4"), scene.recorded("1"), scene.recorded("0.5"));
    let (first, second, late) = (id_of(&first), id_of(&second), id_of(&late));
    let said = json!({"reason": "They stayed two hours only"});
    act(&scene.resident.user, &first, "contest", &said).ok();
    act(&scene.resident.user, &first, "contest", &said).refused(409, "wrong_state");
    act(&scene.resident.user, &second, "contest", &json!({"reason": "  "}))
        .refused(422, "invalid_input")
        .at("/reason", "invalid");
    let stranger = scene.county.client();
    act(&stranger.user, &second, "contest", &said).refused(404, "not_found");
    act(&scene.provider.user, &first, "answer", &json!({"text": "The clock of the device was wrong"})).ok();
    let body =
        json!({"outcome": "upheld", "reason": "Two hours were given", "reason_code": "less_given", "quantity": "2"});
    let resolved = act(&scene.county.case_worker, &first, "resolve", &body).ok();
    assert_eq!((&resolved["status"], amount(&resolved["counts"], "organiser_pays")), (&json!("accepted"), "72.00"));
    let acts: Vec<&Value> = resolved["acts"].as_array().unwrap().iter().map(|act| &act["act"]).collect();
    assert_eq!(acts, ["contested", "answered", "upheld"]);
    assert_eq!(scene.available(), "16.5");

    act(&scene.county.case_worker, &second, "query", &json!({"text": "Was it on this day?"})).ok();
    let body = json!({"outcome": "dismissed", "reason": "It was", "quantity": "1"});
    act(&scene.county.case_worker, &second, "resolve", &body)
        .refused(422, "invalid_input")
        .at("/outcome", "contradiction");
    let body = json!({"outcome": "dismissed", "reason": "It was"});
    assert_eq!(act(&scene.county.case_worker, &second, "resolve", &body).ok()["status"], "accepted");

    let day = scene.world.today().plus_days(6);
    scene.on(&day.to_string());
    act(&scene.resident.user, &late, "contest", &said).refused(409, "wrong_state").saying("could be contested until");
    scene.world.ledger_balances();
}

#[test]
fn a_ledger_is_shown_as_it_stood_at_any_moment() {
    let mut scene = Scene::new();
    scene.recorded("3");
    let path = format!("/v1/vouchers/{}/ledger", scene.voucher);
    let after_first =
        scene.resident.ledger(&scene.voucher)["entries"].as_array().unwrap().last().unwrap()["at"].clone();
    scene.on(&scene.world.today().plus_days(1).to_string());
    let second = id_of(&scene.recorded("2"));
    act(&scene.provider.user, &second, "withdraw", &json!({"reason_code": "not_given"})).ok();
    scene.recorded("1");
    let held = |ledger: &Value| -> Vec<String> {
        let balances = ledger["balances"].as_array().unwrap().iter();
        let told = |of: &Value| {
            [&of["account"], &of["quantity"], &of["amount"]["amount"]].map(|t| t.as_str().unwrap().to_owned())
        };
        balances.map(|of| told(of).join(" ")).collect()
    };
    let now = scene.resident.user.get(&path).ok();
    assert_eq!(
        (&now["available"], &held(&now)[1..]),
        (
            &json!("36"),
            &["available 36 0.00", "used 4 0.00", "client 0 -16.00", "provider 0 160.00"].map(str::to_owned)[..],
        )
    );
    let then = scene.county.case_worker.get(&format!("{path}?at={}", after_first.as_str().unwrap())).ok();
    assert_eq!(
        (&then["available"], held(&then)[4].as_str(), then.get("held")),
        (&json!("37"), "provider 0 120.00", None)
    );
    let before = scene.county.case_worker.get(&format!("{path}?at=2020-01-01T00:00:00Z")).ok();
    assert_eq!((&before["available"], &before["entries"]), (&json!("0"), &json!([])));
    let own = scene.provider.user.get(&path).ok();
    assert!(own.get("balances").is_none() && own.get("available").is_none(), "{own}");
    scene
        .county
        .case_worker
        .get(&format!("{path}?at=yesterday"))
        .refused(422, "invalid_input")
        .at("/query/at", "invalid");
}
