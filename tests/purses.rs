//! Vouchers that grant money, and what is left of a period: it lapses, or it is carried over.

use serde_json::{Value, json};
use valinta_domain::policy::Role;

use crate::support::{Answer, County, Provider, Resident, World, price, terms_with};

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

/// A purse of 100 € a month that pays the price up to 80 € a visit; a visit costs 60 €.
struct Scene {
    world: World,
    provider: Provider,
    resident: Resident,
    voucher: String,
}

impl Scene {
    fn set(members: &Value) -> Self {
        let world = World::start();
        let county = County::found(&world);
        let kind = county.publish("service", "visit", &terms_with(members));
        let (provider, offering) = Provider::approved(&county, 1, "company", &kind, &price("60.00"));
        let resident = county.client();
        let voucher = id(&county.chosen_voucher(&resident, &kind, "100", &offering)).to_owned();
        Self { world, provider, resident, voucher }
    }

    fn in_december(&mut self) {
        self.world.set_day("2026-12-02".parse().unwrap());
        self.provider.renew_token();
        self.resident.user = self.world.user(Role::Resident, "resident-0", None, Some(&self.resident.person));
    }

    fn record(&self, quantity: &str) -> Answer {
        self.provider.record(&self.voucher, quantity)
    }

    fn shown(&self) -> Value {
        self.resident.user.get(&format!("/v1/vouchers/{}", self.voucher)).ok()
    }

    /// What was used, entry by entry.
    fn used(&self) -> Vec<String> {
        let ledger = self.resident.ledger(&self.voucher);
        let entries = ledger["entries"].as_array().unwrap().iter();
        let used = entries.filter(|entry| entry["kind"] == "used");
        used.map(|entry| entry["quantity"].as_str().unwrap().to_owned()).collect()
    }
}

fn purse(unused: &str) -> Value {
    json!({
        "value": {"price": {"at_most": "80.00"}},
        "grant": {"per": "month", "measure": "money", "unused": unused, "quantity_max": "500"},
    })
}

fn paid(recorded: &Value) -> [&str; 3] {
    let amount = |name: &str| recorded["event"][name]["amount"].as_str().unwrap();
    [amount("organiser_pays"), amount("co_payment"), recorded["available"].as_str().unwrap()]
}

#[test]
fn a_purse_pays_as_far_as_it_reaches_and_what_is_left_of_a_month_lapses() {
    let mut scene = Scene::set(&purse("lapses"));
    let shown = scene.shown();
    assert_eq!((&shown["measure"], &shown["unused"]), (&json!("money"), &json!("lapses")));
    assert_eq!((&shown["quantity"], &shown["available_now"]), (&json!("100"), &json!("100")));
    let choices = scene.resident.user.get(&format!("/v1/vouchers/{}/choices", scene.voucher)).ok();
    assert_eq!(choices["measure"], "money");
    assert_eq!(choices["items"][0]["per_unit"]["organiser_pays"]["amount"], "60.00");
    assert!(choices["items"][0].get("for_quantity").is_none(), "{choices}");

    assert_eq!(paid(&scene.record("1").created()), ["60.00", "0.00", "40"]);
    let second = scene.record("1").created();
    assert_eq!(paid(&second), ["40.00", "20.00", "0"]);
    assert!(second["event"]["steps"].to_string().contains("purse_exhausted"), "{second}");
    scene.record("1").refused(422, "insufficient_balance").at("/quantity", "over_balance");
    assert_eq!(scene.shown()["available_now"], "0");
    assert_eq!(scene.used(), ["60", "40"]);

    scene.in_december();
    assert_eq!(scene.shown()["available_now"], "100");
    assert_eq!(paid(&scene.record("1").created()), ["60.00", "0.00", "40"]);
    scene.world.ledger_balances();
}

#[test]
fn a_purse_that_carries_over_is_drawn_from_the_newest_month_first_and_an_event_may_draw_on_two() {
    let mut scene = Scene::set(&purse("carries_over"));
    assert_eq!(paid(&scene.record("1").created()), ["60.00", "0.00", "40"]);
    scene.in_december();
    assert_eq!(scene.shown()["available_now"], "140");
    let two = scene.record("2").created();
    assert_eq!(paid(&two), ["120.00", "0.00", "20"]);
    assert_eq!(scene.used(), ["60", "100", "20"]);
    let shown = scene.shown();
    let left: Vec<&Value> = shown["allotments"].as_array().unwrap().iter().map(|part| &part["available"]).collect();
    assert_eq!(left, ["20", "0"]);
    assert_eq!(paid(&scene.record("1").created()), ["20.00", "40.00", "0"]);
    assert_eq!(scene.shown()["status"], "used_up");
    scene.world.ledger_balances();
}

#[test]
fn visits_that_are_carried_over_are_left_to_the_earlier_month_as_long_as_the_newer_lasts() {
    let carried = json!({"grant": {"per": "month", "unused": "carries_over", "quantity_max": "500"}});
    let mut scene = Scene::set(&carried);
    scene.record("99").created();
    scene.in_december();
    assert_eq!(scene.shown()["available_now"], "101");
    let recorded = scene.record("3").created();
    assert_eq!(recorded["available"], "98");
    assert_eq!(scene.used(), ["99", "3"]);
    scene.record("99").refused(422, "insufficient_balance").saying("98");
    scene.world.ledger_balances();
}

#[test]
fn what_a_cancelled_purse_has_left_returns_to_the_organiser() {
    let world = World::start();
    let county = County::found(&world);
    let kind = county.publish("service", "visit", &terms_with(&purse("carries_over")));
    let (provider, offering) = Provider::approved(&county, 1, "company", &kind, &price("60.00"));
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &kind, "100", &offering);
    provider.record(id(&voucher), "1").created();
    let cancel = json!({"reasons": crate::support::localized("Ended")});
    let cancelled = county.case_worker.post(&format!("/v1/vouchers/{}/cancel", id(&voucher)), &cancel).ok();
    assert_eq!((&cancelled["status"], &cancelled["available_now"]), (&json!("cancelled"), &json!("0")));
    world.ledger_balances();
}
