//! Months are settled: each provider gets one statement, what comes later is a line of a later month, and what is below zero
//! is carried on.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use valinta_domain::policy::Role;
use valinta_persistence::testing::faults::Death;
use valinta_service::deadlines;

use super::{Scene, act, amount};
use crate::support::{Provider, User, World, id_of, price};

/// How long a settling is waited for.
const WAIT_MAX: Duration = Duration::from_secs(60);

fn settings() -> Value {
    json!({
        "payment_days": 14,
        "approval_limit": "100.00",
        "iban": "FI21 1234 5600 0007 85",
        "bic": "NDEAFIHH",
        "buyer_reference": "PORI-4711",
    })
}

pub(super) fn set(scene: &Scene) {
    let body = json!({"valid_from": scene.world.today().to_string(), "terms": settings()});
    scene.county.finance.post("/v1/settlement-settings", &body).created();
}

/// Settles a month, to its end.
fn settle(world: &World, finance: &User, month: &str) -> Value {
    let begun = finance.post("/v1/settlements", &json!({"month": month})).of_status(202);
    let id = id_of(&begun);
    let begun_at = Instant::now();
    loop {
        let shown = finance.get(&format!("/v1/settlements/{id}")).ok();
        if shown["state"] == "frozen" {
            world.ledger_balances();
            return shown;
        }
        assert!(begun_at.elapsed() < WAIT_MAX, "{shown}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The statements of a settlement.
pub(super) fn statements(user: &User, settlement: &Value) -> Vec<Value> {
    let path = format!("/v1/statements?settlement={}", settlement["id"].as_str().unwrap());
    user.get(&path).ok()["items"].as_array().unwrap().clone()
}

/// The provider's account, which a second person agrees to.
fn give_account(scene: &Scene, iban: &str) {
    let body = json!({"field": "iban", "value": iban});
    let asked = scene.provider.user.post(&format!("/v1/providers/{}/changes", scene.provider.id), &body).created();
    let change = id_of(&asked["change"]);
    let agreed = json!({"outcome": "confirmed"});
    scene.county.officer.post(&format!("/v1/provider-changes/{change}/decision"), &agreed).ok();
}

/// Another official of the county's finance.
fn second_official(scene: &Scene) -> User {
    scene.world.user(Role::Finance, "finance-second", Some(&scene.county.id), None)
}

#[test]
fn a_month_is_settled_approved_by_a_second_person_sent_and_paid() {
    let mut scene = Scene::new();
    set(&scene);
    scene.recorded("3");
    scene.recorded("1.5");
    let month = scene.world.today().first_of_month();
    let refused = scene.county.finance.post("/v1/settlements", &json!({"month": month}));
    refused.refused(409, "wrong_state").saying("is not over");
    scene.on(&month.first_of_next_month().plus_days(4).to_string());
    scene
        .county
        .finance
        .post("/v1/settlements", &json!({"month": month.plus_days(1)}))
        .refused(422, "invalid_input")
        .at("/month", "not_a_month");
    let settled = settle(&scene.world, &scene.county.finance, &month.to_string());
    assert_eq!((&settled["events"], &settled["statements"]), (&json!(2), &json!(1)));
    scene
        .county
        .finance
        .post("/v1/settlements", &json!({"month": month}))
        .refused(409, "wrong_state")
        .saying("is settled");

    let [statement] = &statements(&scene.county.finance, &settled)[..] else { panic!("one statement is wanted") };
    assert_eq!((amount(statement, "total"), amount(statement, "payable")), ("162.00", "162.00"));
    assert_eq!((amount(statement, "co_payment"), amount(statement, "carried_out")), ("18.00", "0.00"));
    assert_eq!((&statement["state"], &statement["needs_approval"]), (&json!("made"), &json!(true)));
    let path = format!("/v1/statements/{}", statement["id"].as_str().unwrap());
    let (finance, second) = (&scene.county.finance, second_official(&scene));
    let to = |user: &User, what: &str, body: &Value| user.post(&format!("{path}/{what}"), body);
    to(finance, "send", &json!({})).refused(409, "wrong_state").saying("approved by a second person");
    to(finance, "approve", &json!({})).refused(403, "forbidden").saying("another person");
    assert_eq!(to(&second, "approve", &json!({})).ok()["state"], "approved");
    to(finance, "paid", &json!({"payment_reference": "RF18539007547034"})).refused(409, "wrong_state");
    assert_eq!(to(finance, "send", &json!({})).ok()["state"], "sent");
    let settlement = settled["id"].as_str().unwrap();
    let payments = |finance: &User| finance.get(&format!("/v1/settlements/{settlement}/payments"));
    payments(finance).refused(409, "wrong_state").saying("no account");
    give_account(&scene, "FI42 5000 1510 0000 23");
    let message = payments(finance).text;
    for wanted in ["pain.001.001.09", "FI4250001510000023", "FI2112345600000785", "162.00"] {
        assert!(message.contains(wanted), "{wanted} is not in {message}");
    }
    assert_eq!(payments(finance).text, message, "the same statements make the same message");
    assert_eq!(to(finance, "paid", &json!({"payment_reference": "RF18539007547034"})).ok()["state"], "paid");
    to(finance, "send", &json!({})).refused(409, "wrong_state");

    // The provider reads it, line by line; another provider does not know that it is there.
    let lines = scene.provider.user.get(&format!("{path}/lines")).ok();
    assert_eq!(lines["lines"].as_array().unwrap().len(), 2, "{lines}");
    let invoice = scene.provider.user.get(&format!("{path}/invoice")).text;
    assert!(invoice.contains("VATEX-EU-132-1G") && invoice.contains("PORI-4711"), "{invoice}");
    let page = scene.provider.user.get(&format!("{path}/page")).text;
    assert!(page.contains("162,00"), "{page}");
    let (other, _) = Provider::approved(&scene.county, 2, "ngo", &scene.care, &price("30.00"));
    other.user.get(&path).refused(404, "not_found");
}

#[test]
fn what_comes_after_a_month_was_frozen_is_on_a_later_statement_and_what_is_below_zero_is_carried_on() {
    let mut scene = Scene::new();
    set(&scene);
    let first = id_of(&scene.recorded("5"));
    let settled = settle_on(&mut scene, "2026-12-05", "2026-11-01");
    let frozen = statements(&scene.county.finance, &settled);
    // A service of the month before is late, and the one that was settled is credited whole.
    record_of(&scene, "2026-11-28", "1");
    act(&scene.provider.user, &first, "withdraw", &json!({"reason_code": "not_given"})).refused(409, "wrong_state");
    let too_much = json!({"reason_code": "less_given", "reason": "Less", "organiser_pays": "180.01"});
    act(&scene.provider.user, &first, "credit", &too_much)
        .refused(422, "invalid_input")
        .at("/organiser_pays", "too_much");
    let part = json!({"reason_code": "less_given", "reason": "Less", "quantity": "0.0001"});
    act(&scene.provider.user, &first, "credit", &part).refused(422, "invalid_input").at("/quantity", "not_a_step");
    let credit = json!({"reason_code": "other_provider", "reason": "Another unit gave it"});
    assert_eq!(act(&scene.provider.user, &first, "credit", &credit).ok()["status"], "credited");

    let next = settle_on(&mut scene, "2027-01-05", "2026-12-01");
    assert_eq!(statements(&scene.county.finance, &settled), frozen, "a frozen month is what it was");
    let [second] = &statements(&scene.county.finance, &next)[..] else { panic!("one statement is wanted") };
    assert_eq!((amount(second, "total"), amount(second, "payable")), ("-144.00", "0.00"));
    assert_eq!(amount(second, "carried_out"), "-144.00");
    let path = format!("/v1/statements/{}", second["id"].as_str().unwrap());
    scene.county.finance.post(&format!("{path}/send"), &json!({})).refused(409, "wrong_state");
    let lines = scene.provider.user.get(&format!("{path}/lines")).ok();
    let mut kinds: Vec<&str> = lines["lines"].as_array().unwrap().iter().map(|l| l["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["credit", "late"], "{lines}");

    // Nothing is due of January; what is below zero goes on, and is taken off what February pays.
    let third = settle_on(&mut scene, "2027-02-05", "2027-01-01");
    let [third] = &statements(&scene.county.finance, &third)[..] else { panic!("one statement is wanted") };
    assert_eq!((amount(third, "carried_in"), amount(third, "carried_out")), ("-144.00", "-144.00"));
    assert_eq!((&third["lines"], amount(third, "payable")), (&json!(0), "0.00"));
    record_of(&scene, "2026-12-20", "6");
    let fourth = settle_on(&mut scene, "2027-03-05", "2027-02-01");
    let [fourth] = &statements(&scene.county.finance, &fourth)[..] else { panic!("one statement is wanted") };
    assert_eq!((amount(fourth, "total"), amount(fourth, "carried_in")), ("216.00", "-144.00"));
    assert_eq!((amount(fourth, "payable"), amount(fourth, "carried_out")), ("72.00", "0.00"));
    assert_eq!(fourth["needs_approval"], false);
}

/// Settles a month on a day.
pub(super) fn settle_on(scene: &mut Scene, day: &str, month: &str) -> Value {
    scene.on(day);
    settle(&scene.world, &scene.county.finance, month)
}

/// Records so many hours of a day that is past.
pub(super) fn record_of(scene: &Scene, day: &str, hours: &str) -> Value {
    let body = json!({"voucher": scene.voucher, "day": day, "quantity": hours});
    scene.provider.user.post("/v1/service-events", &body).created()["event"].clone()
}

#[test]
fn a_month_settles_by_itself_on_its_day_and_waits_for_what_is_contested() {
    let mut scene = Scene::new();
    let mut terms = settings();
    terms["settlement_day"] = json!(5);
    let body = json!({"valid_from": scene.world.today().to_string(), "terms": terms});
    scene.county.finance.post("/v1/settlement-settings", &body).created();
    let contested = id_of(&scene.recorded("2"));
    scene.recorded("1");
    act(&scene.resident.user, &contested, "contest", &json!({"reason": "Nobody came"})).ok();
    let next = scene.world.today().first_of_next_month();
    let look = |scene: &Scene| deadlines::run_once(&scene.world.apps[0]).unwrap().settled;
    scene.on(&next.plus_days(3).to_string());
    assert_eq!(look(&scene), 0);
    scene.on(&next.plus_days(4).to_string());
    assert!(look(&scene) > 0);
    assert_eq!(look(&scene), 0);
    let listed = scene.county.finance.get("/v1/settlements").ok();
    assert_eq!((&listed["items"][0]["state"], &listed["items"][0]["events"]), (&json!("frozen"), &json!(1)));
    let [statement] = &statements(&scene.county.finance, &listed["items"][0])[..] else { panic!("one is wanted") };
    assert_eq!(amount(statement, "total"), "36.00");

    let dismissed = json!({"outcome": "dismissed", "reason": "The lock of the door tells otherwise"});
    act(&scene.county.case_worker, &contested, "resolve", &dismissed).ok();
    scene.on(&next.first_of_next_month().plus_days(4).to_string());
    assert!(look(&scene) > 0);
    let listed = scene.county.finance.get("/v1/settlements").ok();
    let [statement] = &statements(&scene.county.finance, &listed["items"][0])[..] else { panic!("one is wanted") };
    assert_eq!(amount(statement, "total"), "72.00");
    let shown = scene.shown(&contested);
    assert_eq!((&shown["status"], &shown["settled"][0]["kind"]), (&json!("settled"), &json!("late")));
    scene.world.ledger_balances();
}

/// Wherever a settling is interrupted, what is recorded before it goes on is on one statement: of this month, or where those
/// are being made already, of the next.
#[test]
fn what_is_recorded_while_a_month_is_being_settled_is_settled_once() {
    let mut months = Vec::new();
    for survives in 0..5 {
        let mut scene = Scene::new();
        set(&scene);
        scene.recorded("3");
        scene.on("2026-12-05");
        scene.world.faults.arm(Death::AfterCommit, survives);
        let _ = scene.county.finance.try_post("/v1/settlements", "november", &json!({"month": "2026-11-01"}));
        let began = Instant::now();
        while !scene.world.faults.is_dead() && began.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(5));
        }
        scene.world.restart();
        let provider = scene.world.user(Role::Provider, &scene.provider.subject, None, None);
        let body = json!({"voucher": scene.voucher, "day": "2026-11-28", "quantity": "1"});
        provider.post("/v1/service-events", &body).created();
        let look = |scene: &Scene| deadlines::run_once(scene.world.apps.last().unwrap()).unwrap();
        look(&scene);
        let finance = |scene: &Scene| scene.world.user(Role::Finance, "finance", Some(&scene.county.id), None);
        scene.world.set_day("2027-01-05".parse().unwrap());
        let december = json!({"month": "2026-12-01"});
        finance(&scene).post("/v1/settlements", &december).of_status(202);
        look(&scene);
        let listed = finance(&scene).get("/v1/settlements").ok();
        let all = listed["items"].as_array().unwrap();
        assert!(all.iter().all(|settlement| settlement["state"] == "frozen"), "{listed}");
        months.push(all.iter().rev().map(|settlement| settlement["events"].as_u64().unwrap()).collect::<Vec<_>>());
        let totals = finance(&scene).get("/v1/statements").ok();
        let cents = |one: &Value| amount(one, "total").replace('.', "").parse::<i64>().unwrap();
        assert_eq!(totals["items"].as_array().unwrap().iter().map(cents).sum::<i64>(), 14_400, "{totals}");
        scene.world.ledger_balances();
    }
    // Before the lines, between lines and statements, and while statements are made.
    assert!(months.contains(&vec![2, 0]) && months.contains(&vec![1, 1]), "{months:?}");
}

#[test]
fn how_months_are_settled_is_said_before_and_wrong_terms_are_told_all_at_once() {
    let scene = Scene::new();
    let month = scene.world.today().first_of_month().plus_days(-1).first_of_month();
    scene
        .county
        .finance
        .post("/v1/settlements", &json!({"month": month}))
        .refused(409, "wrong_state")
        .saying("not been said");
    scene.county.finance.get("/v1/settlement-settings").refused(404, "not_found");
    let mut terms = settings();
    terms["iban"] = json!("FI21 1234 5600 0007 86");
    terms["payment_days"] = json!(91);
    let body = json!({"valid_from": scene.world.today().to_string(), "terms": terms});
    let refused = scene.county.finance.post("/v1/settlement-settings", &body).refused(422, "invalid_input");
    refused.at("/terms/iban", "invalid").at("/terms/payment_days", "invalid");
    let body = json!({"valid_from": scene.world.today().plus_days(-1).to_string(), "terms": settings()});
    scene
        .county
        .finance
        .post("/v1/settlement-settings", &body)
        .refused(422, "invalid_input")
        .at("/valid_from", "in_the_past");
    set(&scene);
    let shown = scene.county.finance.get("/v1/settlement-settings").ok();
    assert_eq!(shown["terms"]["buyer_reference"], "PORI-4711");
}
