//! A later last day.

use serde_json::{Value, json};

use super::{Scene, ends, left, text, with_reasons};
use crate::support::{Provider, price};

#[test]
fn a_voucher_that_is_extended_goes_on_month_by_month_and_with_it_the_choice() {
    let mut scene = Scene::set();
    scene.record("3").created();
    let done = scene.change("/extend", &json!({"to": "2027-02-10"})).ok();
    let voucher = &done["voucher"];
    assert_eq!(ends(voucher), ["2026-11-30", "2026-12-31", "2027-01-31", "2027-02-10"]);
    assert_eq!(left(voucher), ["17", "20", "20", "20"]);
    assert_eq!((text(voucher, "valid_until"), text(voucher, "status")), ("2027-02-10", "in_use"));
    assert!(voucher["choice"].get("until").is_none(), "{voucher}");
    assert_eq!(scene.moved("granted"), ["20"; 4]);
    let decision = scene.county.case_worker.get(&format!("/v1/decisions/{}", text(&done, "decision"))).ok();
    assert_eq!((text(&decision, "kind"), text(&decision["inputs"], "valid_until")), ("extend_voucher", "2027-02-10"));
    assert_eq!(
        (text(&decision["reasons"], "en"), text(&decision["steps"][0], "code")),
        ("As the client's service plan says", "extended")
    );
    assert_eq!(text(&decision["appeal"], "en"), "A claim for revision within 30 days");
    assert_eq!(scene.told("voucher.extended").len(), 1);
    scene.on("2027-01-20");
    scene.record("20").created();
    scene.record("1").refused(422, "insufficient_balance");
    scene.is_sound();
}

#[test]
fn a_grant_for_the_whole_voucher_keeps_its_quantity_for_longer() {
    let mut scene = Scene::under(&json!({"grant": {"per": "voucher"}}));
    scene.record("5").created();
    let done = scene.change("/extend", &json!({"to": "2027-06-30"})).ok();
    assert_eq!((ends(&done["voucher"]), left(&done["voucher"])), (vec!["2027-06-30"], vec!["15"]));
    assert_eq!(scene.moved("granted"), ["20"]);
    scene.on("2027-06-30");
    scene.record("15").created();
    assert_eq!(scene.shown()["status"], "used_up");
    // It would grant nothing for being valid longer.
    scene.change("/extend", &json!({"to": "2027-07-31"})).refused(409, "wrong_state").saying("used_up");
    scene.is_sound();
}

#[test]
fn only_a_later_day_within_five_years_extends() {
    let scene = Scene::set();
    for day in ["2026-12-20", "2026-11-30", "2020-01-01"] {
        scene.change("/extend", &json!({"to": day})).refused(422, "invalid_input").at("/to", "not_later");
    }
    let latest = scene.world.today().plus_days(1_829);
    let beyond = json!({"to": latest.plus_days(1).to_string()});
    let refused = scene.change("/extend", &beyond).refused(422, "invalid_input");
    refused.at("/to", "too_long").saying(&latest.to_string());
    assert_eq!(scene.change("/extend", &json!({"to": "tomorrow"})).status, 422);
    let done = scene.change("/extend", &json!({"to": latest.to_string()})).ok();
    assert_eq!(done["voucher"]["allotments"].as_array().unwrap().len(), 61);
    scene.is_sound();
}

#[test]
fn what_is_over_is_not_extended() {
    let mut scene = Scene::set();
    let extend = |scene: &Scene| scene.change("/extend", &json!({"to": "2027-03-31"}));
    let refused = scene.county.client();
    let of_refused = scene.issued(&refused, "20");
    refused.user.post(&format!("/v1/vouchers/{of_refused}/refuse"), &json!({})).ok();
    let body = with_reasons(&json!({"to": "2027-03-31"}));
    let answer = scene.county.case_worker.post(&format!("/v1/vouchers/{of_refused}/extend"), &body);
    answer.refused(409, "wrong_state").saying("refused");
    scene.on("2026-12-21");
    extend(&scene).refused(409, "wrong_state").saying("expired");
    scene.on("2026-12-20");
    scene.change("/cancel", &json!({})).ok();
    extend(&scene).refused(409, "wrong_state").saying("cancelled");
    scene.is_sound();
}

#[test]
fn a_used_up_month_goes_on_to_the_next_with_the_same_provider() {
    let mut scene = Scene::set();
    scene.record("20").created();
    scene.on("2026-12-01");
    scene.record("20").created();
    assert_eq!(scene.shown()["status"], "used_up");
    let done = scene.change("/extend", &json!({"to": "2027-01-31"})).ok();
    assert_eq!((text(&done["voucher"], "status"), left(&done["voucher"])), ("in_use", vec!["0", "0", "20"]));
    scene.on("2027-01-04");
    scene.record("1").created();
    scene.is_sound();
}

/// Lets the offering serve so many clients at once.
fn limit(scene: &Scene, places: u32) {
    let body = json!({"accepts_new_clients": true, "places": places}).to_string();
    let path = format!("/v1/offerings/{}", scene.offering);
    scene.provider.user.send("PUT", &path, &[("If-Match", "*")], Some(&body)).ok();
}

#[test]
fn a_place_that_was_promised_to_another_from_the_old_end_on_is_kept_for_them() {
    let mut scene = Scene::set();
    limit(&scene, 1);
    let next = scene.county.client();
    let mut request = scene.county.voucher_request(&next, &scene.kind, "5", "1650.00");
    (request["valid_from"], request["valid_until"]) = (json!("2026-12-21"), json!("2027-03-31"));
    let issued: Value = scene.county.case_worker.post("/v1/vouchers", &request).created();
    let of_next = text(&issued["voucher"], "id").to_owned();
    next.accept(&of_next);
    let chosen = next.choose(&of_next, &scene.offering).ok();
    assert_eq!(text(&chosen["choice"], "from"), "2026-12-21", "{chosen}");
    let done = scene.change("/extend", &json!({"to": "2027-03-31"})).ok();
    assert_eq!(text(&done["voucher"]["choice"], "until"), "2026-12-20");
    assert_eq!(text(&done["voucher"], "choose_again_from"), "2026-12-21");
    let told = scene.told("choice.ending");
    assert_eq!((told.len(), told[0].payload["last_day"].as_str()), (1, Some("2026-12-20")));
    // Its holder chooses another provider for the time after.
    let (mut another, offering) = Provider::approved(&scene.county, 2, "ngo", &scene.kind, &price("36.00"));
    scene.on("2026-12-21");
    another.renew_token();
    scene.resident.choose(&scene.voucher, &offering).ok();
    another.record(&scene.voucher, "1").created();
    scene.is_sound();
}
