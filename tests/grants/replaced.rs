//! A voucher issued in place of another.

use serde_json::json;

use super::{Scene, ends, left, text};

#[test]
fn a_lost_voucher_is_replaced_by_one_of_another_number_with_what_is_left() {
    let mut scene = Scene::set();
    scene.record("5").created();
    scene.change("/raise", &json!({"value": "34.00", "from": "2026-11-12"})).ok();
    let coded = json!({"accounting_code": "4310-609"});
    scene.county.case_worker.put(&scene.path("/accounting-code"), &coded).ok();
    let number = scene.shown()["number"].clone();
    scene.on("2026-11-14");
    let done = scene.change("/reissue", &json!({})).created();
    let new = &done["voucher"];
    assert_eq!(
        (text(new, "status"), text(new, "valid_from"), text(new, "valid_until")),
        ("offered", "2026-11-14", "2026-12-20")
    );
    assert_eq!((left(new), text(new, "quantity")), (vec!["15", "20"], "20"));
    assert_ne!(new["number"], number);
    assert_eq!((text(&new["value"], "amount"), text(&new["granted_value"], "amount")), ("34.00", "30.00"));
    assert_eq!((text(new, "replaces"), text(new, "accounting_code")), (scene.voucher.as_str(), "4310-609"));
    let old = scene.shown();
    assert_eq!((text(&old, "status"), text(&old, "replaced_by")), ("cancelled", text(new, "id")));
    assert_eq!((left(&old), scene.moved("returned")), (vec!["0", "0"], vec!["15".to_owned(), "20".to_owned()]));
    scene.record("1").refused(409, "wrong_state");
    let decision = scene.county.case_worker.get(&format!("/v1/decisions/{}", text(&done, "decision"))).ok();
    assert_eq!(
        (text(&decision, "kind"), text(&decision["inputs"], "replaces")),
        ("grant_voucher", scene.voucher.as_str())
    );
    assert_eq!(text(&decision["steps"][0], "code"), "reissued");
    // Its holder accepts it and chooses anew; once replaced is enough.
    scene.change("/reissue", &json!({})).refused(409, "wrong_state").saying(text(new, "id"));
    let id = text(new, "id").to_owned();
    scene.choose(&scene.resident, &id);
    let recorded = scene.provider.record(&id, "15").created();
    assert_eq!(text(&recorded["event"]["value"], "amount"), "34.00");
    scene.provider.record(&id, "1").refused(422, "insufficient_balance");
    let seen = scene.provider.user.get(&format!("/v1/vouchers/{id}")).ok();
    assert!(seen.get("replaces").is_none() && seen.get("accounting_code").is_none(), "{seen}");
    // The new one can be changed, and replaced again, as any other.
    scene.voucher = id;
    scene.change("/raise", &json!({"quantity": "24", "from": "2026-11-14"})).ok();
    assert_eq!(left(&scene.shown()), ["4", "24"]);
    scene.change("/reduce", &json!({"quantity": "10", "from": "2026-12-01"})).ok();
    let again = scene.change("/reissue", &json!({})).created();
    assert_eq!(left(&again["voucher"]), ["4", "10"]);
    // What was decided for later periods goes with it, and is where the next decision begins.
    scene.voucher = text(&again["voucher"], "id").to_owned();
    let raised = scene.change("/raise", &json!({"quantity": "12", "from": "2026-12-01"})).ok();
    assert_eq!(left(&raised["voucher"]), ["4", "12"]);
    let longer = scene.change("/extend", &json!({"to": "2027-01-31"})).ok();
    assert_eq!(left(&longer["voucher"]), ["4", "12", "12"]);
    scene.is_sound();
}

#[test]
fn what_was_cancelled_or_is_over_is_granted_anew_for_another_time() {
    let mut scene = Scene::under(&json!({"grant": {"per": "voucher"}}));
    scene.record("5").created();
    scene.change("/cancel", &json!({})).ok();
    let done = scene.change("/reissue", &json!({})).created();
    assert_eq!((left(&done["voucher"]), ends(&done["voucher"])), (vec!["15"], vec!["2026-12-20"]));
    scene.is_sound();
    scene.voucher = text(&done["voucher"], "id").to_owned();
    scene.on("2027-01-11");
    assert_eq!(scene.shown()["status"], "expired");
    let refused = scene.change("/reissue", &json!({})).refused(422, "invalid_input");
    refused.at("/valid_until", "missing_field").saying("2026-12-20");
    let past = scene.change("/reissue", &json!({"valid_until": "2027-01-10"})).refused(422, "invalid_input");
    past.at("/valid_until", "in_the_past");
    let done = scene.change("/reissue", &json!({"valid_until": "2027-02-28", "accounting_code": "77"})).created();
    let new = &done["voucher"];
    assert_eq!((text(new, "valid_from"), text(new, "accounting_code"), left(new)), ("2027-01-11", "77", vec!["15"]));
    assert_eq!(scene.shown()["status"], "cancelled");
    scene.is_sound();
}

#[test]
fn what_was_refused_or_used_up_is_not_replaced() {
    let mut scene = Scene::under(&json!({"grant": {"per": "voucher"}}));
    scene.record("20").created();
    scene.change("/reissue", &json!({})).refused(409, "wrong_state").saying("used_up");
    let other = scene.county.client();
    scene.voucher = scene.issued(&other, "20");
    other.user.post(&scene.path("/refuse"), &json!({})).ok();
    scene.change("/reissue", &json!({})).refused(409, "wrong_state").saying("refused");
    let year = json!({"valid_until": "2032-01-01"});
    scene.voucher = scene.issued(&other, "20");
    scene.change("/reissue", &year).refused(422, "invalid_input").at("/valid_until", "too_long");
    scene.is_sound();
}
