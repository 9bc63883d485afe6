//! More per period, and a raised value per unit.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use super::{Scene, left, text, with_reasons};
use crate::support::terms_with;

fn paid(recorded: &Value) -> [&str; 3] {
    let amount = |name: &str| text(&recorded["event"][name], "amount");
    [amount("value"), amount("organiser_pays"), amount("co_payment")]
}

#[test]
fn more_is_granted_from_the_period_of_the_day_on() {
    let mut scene = Scene::set();
    let done = scene.change("/raise", &json!({"quantity": "25.5", "from": "2026-12-20"})).ok();
    assert_eq!((left(&done["voucher"]), text(&done["voucher"], "quantity")), (vec!["20", "25.5"], "20"));
    assert_eq!(scene.moved("granted"), ["20", "20", "5.5"]);
    assert_eq!(text(&done["steps"][0], "code"), "quantity_raised");
    // What follows is granted as the last period was.
    let done = scene.change("/extend", &json!({"to": "2027-01-31"})).ok();
    assert_eq!(left(&done["voucher"]), ["20", "25.5", "25.5"]);
    scene.on("2026-12-02");
    assert_eq!(text(&scene.shown(), "quantity"), "25.5");
    scene.record("25.5").created();
    scene.record("0.5").refused(422, "insufficient_balance");
    scene.is_sound();
}

#[test]
fn what_is_used_up_is_in_use_again_by_what_it_is_granted_besides() {
    let scene = Scene::under(&json!({"grant": {"per": "voucher"}}));
    scene.record("20").created();
    assert_eq!(scene.shown()["status"], "used_up");
    let done = scene.change("/raise", &json!({"quantity": "30", "from": "2026-11-11"})).ok();
    assert_eq!((text(&done["voucher"], "status"), left(&done["voucher"])), ("in_use", vec!["10"]));
    scene.record("10").created();
    assert_eq!(scene.shown()["status"], "used_up");
    scene.is_sound();
}

#[test]
fn a_raised_value_counts_from_its_day_on_in_lists_in_information_and_in_what_is_recorded() {
    let mut scene = Scene::set();
    assert_eq!(paid(&scene.record("1").created()), ["30.00", "30.00", "6.00"]);
    let done = scene.change("/raise", &json!({"value": "35.00", "from": "2026-12-01"})).ok();
    let decision = text(&done, "decision");
    assert_eq!(text(&done["voucher"]["value"], "amount"), "30.00", "not yet");
    let raised = &done["voucher"]["raised_values"][0];
    assert_eq!(
        (text(raised, "from"), text(&raised["value"], "amount"), text(raised, "decision")),
        ("2026-12-01", "35.00", decision)
    );
    assert_eq!(text(&done["steps"][0], "source"), "569/2009 § 8");
    assert_eq!(paid(&scene.record("1").created()), ["30.00", "30.00", "6.00"]);

    scene.on("2026-12-01");
    let shown = scene.shown();
    assert_eq!((text(&shown["value"], "amount"), text(&shown["granted_value"], "amount")), ("35.00", "30.00"));
    let choices = scene.resident.user.get(&scene.path("/choices")).ok();
    assert_eq!(text(&choices["value"], "amount"), "35.00");
    assert_eq!(text(&choices["items"][0]["per_unit"]["co_payment"], "amount"), "1.00", "{choices}");
    let told = scene.resident.user.post(&scene.path("/information"), &json!({"language": "fi"})).created();
    assert_eq!(text(&told["information"]["value"], "amount"), "35.00");
    assert!(told["information"]["value_steps"].to_string().contains(decision), "{told}");
    let recorded = scene.record("2").created();
    assert_eq!(paid(&recorded), ["35.00", "70.00", "2.00"]);
    // Why it was raised is between the organiser and its client.
    assert!(!recorded.to_string().contains("value_raised"), "{recorded}");
    let event = scene.resident.user.get(&format!("/v1/service-events/{}", text(&recorded["event"], "id"))).ok();
    assert!(event["steps"].to_string().contains(decision), "{event}");
    // A provider sees what a unit is worth, and not that it was raised.
    let of_provider = scene.provider.user.get(&scene.path("")).ok();
    assert_eq!(text(&of_provider["value"], "amount"), "35.00");
    assert!(of_provider.get("raised_values").is_none(), "{of_provider}");
    scene.is_sound();
}

#[test]
fn a_raise_never_lowers_another_one_nor_what_a_later_rulebook_gives() {
    let mut scene = Scene::set();
    scene.change("/raise", &json!({"value": "33.00", "from": "2026-12-10"})).ok();
    scene.change("/raise", &json!({"value": "31.00", "from": "2026-11-20"})).ok();
    let mut terms = terms_with(&json!({"issued_vouchers": "move"}));
    terms["value"]["flat"]["value"] = json!("32.00");
    scene.county.adopt(&scene.kind.id, &terms, "2026-12-01".parse().unwrap());
    for (day, value) in
        [("2026-11-19", "30.00"), ("2026-11-20", "31.00"), ("2026-12-01", "32.00"), ("2026-12-10", "33.00")]
    {
        scene.on(day);
        assert_eq!((day, paid(&scene.record("1").created())[0]), (day, value));
    }
    scene.is_sound();
}

#[test]
fn quantity_and_value_are_raised_together_or_not_at_all() {
    let scene = Scene::set();
    let refused = scene.change("/raise", &json!({"quantity": "25", "value": "30.00", "from": "2026-11-11"}));
    let refused = refused.refused(422, "invalid_input");
    assert_eq!(refused.errors(), [("/value".to_owned(), "not_more".to_owned())]);
    refused.saying("30.00");
    assert_eq!(left(&scene.shown()), ["20", "20"]);
    let done = scene.change("/raise", &json!({"quantity": "25", "value": "30.01", "from": "2026-11-11"})).ok();
    assert_eq!((left(&done["voucher"]), done["steps"].as_array().unwrap().len()), (vec!["25", "25"], 2));
    scene.is_sound();
}

#[test]
fn what_is_no_raise_is_refused_with_all_that_is_wrong() {
    let mut scene = Scene::set();
    let raise = |scene: &Scene, members: Value| scene.change("/raise", &members);
    let today = "2026-11-11";
    for (members, pointer, code) in [
        (json!({"from": today}), "/quantity", "missing_field"),
        (json!({"quantity": "20", "from": today}), "/quantity", "not_more"),
        (json!({"quantity": "0", "from": today}), "/quantity", "zero"),
        (json!({"quantity": "20.001", "from": today}), "/quantity", "not_a_step"),
        (json!({"quantity": "90.01", "from": today}), "/quantity", "over_maximum"),
        (json!({"value": "29.99", "from": today}), "/value", "not_more"),
        (json!({"quantity": "25", "from": "2026-11-10"}), "/from", "outside_validity"),
        (json!({"value": "35.00", "from": "2026-12-21"}), "/from", "outside_validity"),
    ] {
        raise(&scene, members).refused(422, "invalid_input").at(pointer, code);
    }
    for malformed in
        [json!({"quantity": "-1", "from": today}), json!({"value": "12.345", "from": today}), json!({"value": "36.00"})]
    {
        assert_eq!(raise(&scene, malformed).status, 422);
    }
    scene.on("2026-11-20");
    let back = raise(&scene, json!({"quantity": "25", "from": "2026-11-19"})).refused(422, "invalid_input");
    back.at("/from", "in_the_past").saying("2026-11-20");
    scene.on("2026-12-21");
    raise(&scene, json!({"quantity": "25", "from": "2026-12-20"})).refused(409, "wrong_state").saying("expired");
    scene.is_sound();
}

#[test]
fn a_raise_reaches_back_as_far_as_the_rulebook_lets_it_and_what_was_recorded_gets_the_difference() {
    let mut scene = Scene::under(&json!({"grant": {"retroactive_days_max": 10}}));
    let before = scene.record("1").created();
    scene.on("2026-11-21");
    scene.change("/raise", &json!({"value": "35.00", "from": "2026-11-11"})).ok();
    let body = json!({"voucher": scene.voucher, "day": "2026-11-11", "quantity": "1"});
    let after = scene.provider.user.post("/v1/service-events", &body).created();
    assert_eq!((paid(&before)[0], paid(&after)[0]), ("30.00", "35.00"));
    let event = scene.provider.user.get(&format!("/v1/service-events/{}", text(&before["event"], "id"))).ok();
    assert_eq!((text(&event["value"], "amount"), text(&event["organiser_pays"], "amount")), ("30.00", "30.00"));
    let counts = &event["counts"];
    assert_eq!((text(&counts["organiser_pays"], "amount"), text(&counts["co_payment"], "amount")), ("35.00", "1.00"));
    scene.is_sound();
    scene.on("2026-11-22");
    let back = scene.change("/raise", &json!({"value": "36.00", "from": "2026-11-11"}));
    back.refused(422, "invalid_input").at("/from", "in_the_past").saying("2026-11-12");
}

#[test]
fn of_a_raise_and_hours_that_are_recorded_at_once_nothing_is_lost() {
    let scene = Scene::under(&json!({"grant": {"per": "voucher"}}));
    let (recorders, barrier) = (24, Barrier::new(25));
    let body = scene.provider.delivery(&scene.voucher, "1");
    let (recorded, raised) = thread::scope(|scope| {
        let asked: Vec<_> = (0..recorders)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    scene.provider.user.post("/v1/service-events", &body).status
                })
            })
            .collect();
        barrier.wait();
        let raise = with_reasons(&json!({"quantity": "22", "value": "31.00", "from": "2026-11-11"}));
        let raised = scene.county.case_worker.post(&scene.path("/raise"), &raise);
        (asked.into_iter().map(|one| one.join().unwrap()).filter(|status| *status == 201).count(), raised)
    });
    raised.ok();
    let ledger = scene.county.case_worker.get(&scene.path("/ledger")).ok();
    let used = scene.moved("used").len();
    assert_eq!(used, recorded);
    assert!((20..=22).contains(&recorded), "{recorded}");
    assert_eq!(ledger["available"].as_str().unwrap().parse::<usize>().unwrap(), 22 - recorded);
    scene.is_sound();
}
