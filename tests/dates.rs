//! Days: whose day it is, what has ended, until when it can be recorded, and which price and ceiling hold.

use serde_json::{Value, json};
use valinta_domain::policy::Role;

use crate::support::{County, Provider, Resident, World, home_care_terms, price};

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

/// A voucher until the end of the year with a company chosen at 36 €.
struct Scene {
    world: World,
    county: County,
    home_care: crate::support::VoucherType,
    provider: Provider,
    offering: String,
    resident: Resident,
    voucher: String,
}

impl Scene {
    fn set() -> Self {
        let world = World::start();
        let county = County::found(&world);
        let home_care = county.home_care();
        let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
        let resident = county.client();
        let voucher = id(&county.chosen_voucher(&resident, &home_care, "20", &offering)).to_owned();
        Self { world, county, home_care, provider, offering, resident, voucher }
    }

    /// Everyone comes back on another day, with new tokens.
    fn on(&mut self, moment: &str) {
        self.world.set_moment(moment);
        self.provider.renew_token();
        self.county.renew_tokens();
        self.resident.user = self.world.user(Role::Resident, "resident-0", None, Some(&self.resident.person));
    }

    fn record_on(&self, day: &str) -> crate::support::Answer {
        let body = json!({"voucher": self.voucher, "day": day, "quantity": "1"});
        self.provider.user.post("/v1/service-events", &body)
    }

    fn status(&self) -> Value {
        self.resident.user.get(&format!("/v1/vouchers/{}", self.voucher)).ok()["status"].clone()
    }
}

#[test]
fn the_day_is_the_organisers_and_not_the_worlds() {
    let mut scene = Scene::set();
    // In Finland it is half past midnight of the next day.
    scene.on("2026-11-12T22:30:00Z");
    scene.record_on("2026-11-13").created();
    scene.record_on("2026-11-14").refused(422, "invalid_input").at("/day", "in_the_future");
    let voucher = scene.county.issue(&scene.resident, &scene.home_care, "1");
    assert_eq!((&voucher["valid_from"], &voucher["status"]), (&json!("2026-11-13"), &json!("offered")));
    let mut request = scene.county.voucher_request(&scene.resident, &scene.home_care, "1", "0");
    request["valid_from"] = json!("2026-11-12");
    scene
        .county
        .case_worker
        .post("/v1/vouchers", &request)
        .refused(422, "invalid_input")
        .at("/valid_from", "in_the_past");
    let open = scene.world.api.anyone().get(&format!("/v1/choices?voucher_type={}", scene.home_care.id)).ok();
    assert_eq!(open["day"], "2026-11-13");
}

#[test]
fn after_its_validity_a_voucher_is_expired_and_its_last_services_can_be_recorded_for_a_while() {
    let mut scene = Scene::set();
    scene.on("2026-12-30T21:59:59Z");
    assert_eq!(scene.status(), "chosen");
    scene.on("2026-12-30T22:00:00Z");
    assert_eq!(scene.status(), "expired");
    scene.resident.choose(&scene.voucher, &scene.offering).refused(409, "wrong_state");
    scene.record_on("2026-12-31").refused(422, "not_valid_on_day").at("/voucher", "refused");
    scene.record_on("2026-12-30").created();
    assert_eq!(scene.status(), "expired");
    // Sixty days after the end of the month of service: the last of them still counts.
    scene.on("2027-03-01T08:00:00Z");
    scene.record_on("2026-11-30").refused(422, "invalid_input").at("/day", "too_late");
    scene.record_on("2026-12-30").created();
    scene.on("2027-03-01T22:00:00Z");
    scene.record_on("2026-12-30").refused(422, "invalid_input").at("/day", "too_late").saying("2027-03-01");
}

#[test]
fn the_price_is_the_one_agreed_by_the_choice_until_another_choice() {
    let mut scene = Scene::set();
    let dearer = json!({"price": price("40.00"), "from": "2026-11-12"});
    let set = scene.provider.user.post(&format!("/v1/offerings/{}/prices", scene.offering), &dearer).created();
    let days: Vec<(&Value, &Value)> = set["prices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|dated| (&dated["from"], &dated["price"]["price"]["amount"]))
        .collect();
    assert_eq!(days, [(&json!("2026-11-11"), &json!("36.00")), (&json!("2026-11-12"), &json!("40.00"))]);

    scene.on("2026-11-12T08:00:00Z");
    let event = scene.record_on("2026-11-12").created();
    assert_eq!(event["event"]["total"]["amount"], "36.00");
    let list = scene.resident.user.get(&format!("/v1/vouchers/{}/choices", scene.voucher)).ok();
    assert_eq!(list["items"][0]["price"]["price"]["amount"], "40.00");
    scene.resident.choose(&scene.voucher, &scene.offering).ok();
    scene.on("2026-11-13T08:00:00Z");
    let event = scene.record_on("2026-11-13").created();
    assert_eq!(
        (&event["event"]["total"]["amount"], &event["event"]["co_payment"]["amount"]),
        (&json!("40.00"), &json!("11.55"))
    );
    scene.world.ledger_balances();
}

#[test]
fn a_ceiling_that_was_lowered_holds_at_the_service_too() {
    let mut scene = Scene::set();
    let mut terms = home_care_terms();
    terms["price_ceiling"]["amount"] = json!("35.00");
    scene.county.adopt(&scene.home_care.id, &terms, "2026-11-12".parse().unwrap());
    scene.record_on("2026-11-11").created();
    scene.on("2026-11-12T08:00:00Z");
    scene.record_on("2026-11-11").created();
    scene.record_on("2026-11-12").refused(422, "price_over_ceiling").saying("35.00").saying("36.00");
    let other = scene.county.issue(&scene.resident, &scene.home_care, "1");
    scene.resident.accept(id(&other));
    scene
        .resident
        .choose(id(&other), &scene.offering)
        .refused(422, "not_choosable")
        .at("/offering", "price_not_allowed")
        .saying("35.00");
}

#[test]
fn a_unit_that_takes_no_new_clients_is_not_among_the_choices() {
    let scene = Scene::set();
    let full = Provider::register(&scene.world, 2, "Full", "ngo");
    let unit = full.unit();
    let application = full.apply(&unit, &scene.home_care);
    scene.county.decide(&application, "approved").ok();
    let body = json!({
        "unit": unit, "voucher_type": scene.home_care.id, "price": price("30.00"), "accepts_new_clients": false,
    });
    let offering = full.user.post("/v1/offerings", &body).created();
    let list = scene.resident.user.get(&format!("/v1/vouchers/{}/choices", scene.voucher)).ok();
    assert_eq!(list["total"], 1);
    let refused = scene.resident.choose(&scene.voucher, id(&offering)).refused(422, "not_choosable");
    refused.at("/offering", "not_taking_clients");
}

#[test]
fn an_offering_begins_with_its_first_price() {
    let mut scene = Scene::set();
    let later = Provider::register(&scene.world, 2, "Later", "company");
    let unit = later.unit();
    let application = later.apply(&unit, &scene.home_care);
    scene.county.decide(&application, "approved").ok();
    let body = json!({
        "unit": unit, "voucher_type": scene.home_care.id, "price": price("30.00"), "price_from": "2026-11-20",
    });
    let offering = later.user.post("/v1/offerings", &body).created();
    let choices = format!("/v1/vouchers/{}/choices", scene.voucher);
    assert_eq!(scene.resident.user.get(&choices).ok()["total"], 1);
    scene.resident.choose(&scene.voucher, id(&offering)).refused(422, "not_choosable").at("/offering", "no_price");
    scene.on("2026-11-20T08:00:00Z");
    assert_eq!(scene.resident.user.get(&choices).ok()["total"], 2);
    scene.resident.choose(&scene.voucher, id(&offering)).ok();
}
