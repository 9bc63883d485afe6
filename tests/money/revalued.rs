//! A value is raised from a day that has been: of what was recorded, the organiser pays exactly the difference in place of
//! the client, at the provider and in the month that it belongs to.

use serde_json::{Value, json};

use super::settling::{record_of, set, settle_on, statements};
use super::{Answer, Scene, act, amount};
use crate::support::{id_of, localized};

/// A scene in which decisions reach two months back.
fn scene() -> Scene {
    Scene::under(|terms| terms["grant"]["retroactive_days_max"] = json!(62))
}

fn raise(scene: &Scene, value: &str, from: &str) -> Answer {
    let body = json!({"value": value, "from": from, "reasons": localized("Livelihood would be endangered")});
    scene.county.case_worker.post(&format!("/v1/vouchers/{}/raise", scene.voucher), &body)
}

/// What the organiser and the client pay of what counts.
fn counted(scene: &Scene, event: &str) -> [String; 2] {
    let shown = scene.shown(event);
    ["organiser_pays", "co_payment"].map(|name| amount(&shown["counts"], name).to_owned())
}

#[test]
fn what_was_settled_gets_the_difference_with_the_next_month_and_what_does_not_count_gets_nothing() {
    let mut scene = scene();
    set(&scene);
    let day = scene.world.today().to_string();
    let whole = id_of(&scene.recorded("5"));
    let half = id_of(&scene.recorded("2"));
    let settled = settle_on(&mut scene, "2026-12-05", "2026-11-01");
    let frozen = statements(&scene.county.finance, &settled);
    assert_eq!(amount(&frozen[0], "total"), "252.00");
    let less = json!({"reason_code": "less_given", "reason": "One hour was given", "quantity": "1"});
    act(&scene.provider.user, &half, "credit", &less).ok();
    let open = id_of(&record_of(&scene, "2026-11-28", "3"));
    let withdrawn = id_of(&record_of(&scene, "2026-11-28", "4"));
    act(&scene.provider.user, &withdrawn, "withdraw", &json!({"reason_code": "not_given"})).ok();
    let early = scene.moved().len();

    raise(&scene, "38.50", &day).ok();
    // 2.50 € an hour: of five hours, of the one that counts still, and of three.
    assert_eq!(counted(&scene, &whole), ["192.50", "7.50"]);
    assert_eq!(counted(&scene, &half), ["38.50", "1.50"]);
    assert_eq!(counted(&scene, &open), ["115.50", "4.50"]);
    assert_eq!(scene.shown(&withdrawn)["acts"].as_array().unwrap().len(), 1);
    let shown = scene.shown(&whole);
    let revalued = &shown["acts"][0];
    assert_eq!((&revalued["act"], &revalued["reason_code"]), (&json!("revalued"), &json!("value_raised")));
    assert_eq!((amount(revalued, "moved_to_organiser"), revalued.get("taken_back")), ("12.50", None));
    assert_eq!(
        (amount(&shown, "organiser_pays"), &shown["status"]),
        ("180.00", &json!("settled")),
        "as it was recorded"
    );
    let moved = ["organiser_share 0 12.50", "co_payment_reversed 0 12.50"];
    assert!(scene.moved()[early..].windows(2).any(|two| two == moved), "{:?}", scene.moved());
    scene.world.ledger_balances();

    let next = settle_on(&mut scene, "2027-01-05", "2026-12-01");
    assert_eq!(statements(&scene.county.finance, &settled), frozen, "a frozen month is what it was");
    let [second] = &statements(&scene.county.finance, &next)[..] else { panic!("one statement is wanted") };
    // +12.50 of the five hours; −36.00 + 2.50 of the two; the three whole, as late ones.
    assert_eq!(amount(second, "total"), "94.50");
    let path = format!("/v1/statements/{}/lines", second["id"].as_str().unwrap());
    let lines = scene.provider.user.get(&path).ok();
    let mut told: Vec<(&str, &str)> = lines["lines"].as_array().unwrap().iter().map(of_line).collect();
    told.sort_unstable();
    assert_eq!(told, [("correction", "12.50"), ("credit", "-33.50"), ("late", "115.50")]);
    let invoice = scene.provider.user.get(&format!("/v1/statements/{}/invoice", second["id"].as_str().unwrap()));
    assert!(invoice.text.contains("94.50"), "{}", invoice.text);

    // Nothing is left to be settled of it.
    let third = settle_on(&mut scene, "2027-02-05", "2027-01-01");
    assert_eq!(statements(&scene.county.finance, &third), Vec::<Value>::new());
}

fn of_line(line: &Value) -> (&str, &str) {
    (line["kind"].as_str().unwrap(), amount(line, "organiser_pays"))
}

#[test]
fn no_more_than_the_price_is_paid_and_each_raise_adds_its_own() {
    let scene = scene();
    let day = scene.world.today().to_string();
    let event = id_of(&scene.recorded("2"));
    raise(&scene, "39.00", &day).ok();
    assert_eq!(counted(&scene, &event), ["78.00", "2.00"]);
    raise(&scene, "45.00", &day).ok();
    assert_eq!(counted(&scene, &event), ["80.00", "0.00"], "the price is 40.00");
    raise(&scene, "46.00", &day).ok();
    let shown = scene.shown(&event);
    assert_eq!(shown["acts"].as_array().unwrap().len(), 2, "nothing moved by the third: {shown}");
    // All of it is taken back: both the first share and what was added.
    act(&scene.provider.user, &event, "withdraw", &json!({"reason_code": "not_given"})).ok();
    assert!(scene.moved().contains(&"organiser_share_reversed 0 80.00".to_owned()), "{:?}", scene.moved());
    assert_eq!(scene.available(), "20");
    scene.world.ledger_balances();
}

#[test]
fn what_is_contested_stays_so_and_is_valued_anew_all_the_same() {
    let scene = scene();
    let day = scene.world.today().to_string();
    let event = id_of(&scene.recorded("2"));
    act(&scene.resident.user, &event, "contest", &json!({"reason": "They stayed for an hour"})).ok();
    raise(&scene, "38.00", &day).ok();
    assert_eq!(scene.shown(&event)["status"], "contested");
    let body =
        json!({"outcome": "upheld", "reason": "An hour was given", "reason_code": "less_given", "quantity": "1"});
    act(&scene.county.case_worker, &event, "resolve", &body).ok();
    assert_eq!(counted(&scene, &event), ["38.00", "2.00"]);
    scene.world.ledger_balances();
}

#[test]
fn out_of_a_purse_is_paid_no_more_than_is_left_in_it() {
    // 100 € a month that pay 36 € of each hour of 40 €.
    let scene = Scene::under(|terms| {
        terms["grant"]["retroactive_days_max"] = json!(62);
        terms["grant"]["measure"] = json!("money");
        terms["grant"]["quantity_max"] = json!("500");
    });
    let day = scene.world.today().to_string();
    // Twenty of the purse: half an hour; then most of what is left.
    let first = id_of(&scene.recorded("0.25"));
    assert_eq!(scene.available(), "11");
    let second = id_of(&scene.recorded("0.05"));
    assert_eq!(scene.available(), "9.2");
    raise(&scene, "40.00", &day).ok();
    assert_eq!(counted(&scene, &first), ["10.00", "0.00"]);
    assert_eq!(counted(&scene, &second), ["2.00", "0.00"]);
    assert_eq!(scene.available(), "8");
    scene.world.ledger_balances();
}
