//! What is granted is held while somebody has been chosen or asked to deliver it.

use serde_json::json;

use super::scene::{Scene, confirm, refuse, shown};
use crate::support::{Resident, localized};

/// What is available and held now, of each period, and in the ledger.
fn figures(resident: &Resident, voucher: &str) -> String {
    let view = shown(resident, voucher);
    let parts: Vec<String> = view["allotments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| format!("{}/{}", part["held"].as_str().unwrap(), part["available"].as_str().unwrap()))
        .collect();
    let ledger = resident.ledger(voucher);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    format!(
        "now {}/{} parts {} ledger {}/{}",
        text(&view["held_now"]),
        text(&view["available_now"]),
        parts.join(" "),
        text(&ledger["held"]),
        text(&ledger["available"])
    )
}

#[test]
fn a_hold_follows_from_the_request_and_the_choice() {
    let scene = Scene::answering();
    let (resident, voucher, request) = scene.asking();
    assert_eq!(figures(&resident, &voucher), "now 20/20 parts 20/20 20/20 ledger 40/40");
    refuse(&scene.provider, &request, "Full").ok();
    assert_eq!(figures(&resident, &voucher), "now 0/20 parts 0/20 0/20 ledger 0/40");
    let asked = resident.choose(&voucher, &scene.offering).ok();
    confirm(&scene.provider, asked["choice_request"]["id"].as_str().unwrap()).ok();
    scene.provider.record(&voucher, "5").created();
    assert_eq!(figures(&resident, &voucher), "now 15/15 parts 15/15 20/20 ledger 35/35");
    // A choice that ends this month promises nothing of the next.
    let approvals = scene.provider.user.get("/v1/approvals").ok();
    let path = format!("/v1/approvals/{}/end", approvals["items"][0]["id"].as_str().unwrap());
    scene.provider.user.post(&path, &json!({"from": scene.day(5)})).ok();
    assert_eq!(figures(&resident, &voucher), "now 15/15 parts 15/15 0/20 ledger 15/35");
    let cancel = json!({"reasons": localized("Moved away")});
    scene.county.case_worker.post(&format!("/v1/vouchers/{voucher}/cancel"), &cancel).ok();
    assert_eq!(figures(&resident, &voucher), "now 0/0 parts 0/0 0/0 ledger 0/0");
    scene.world.ledger_balances();
}

#[test]
fn with_a_voucher_that_has_nothing_left_nobody_is_chosen() {
    let mut scene = Scene::of(&json!({}));
    let (_, other) = scene.another(2);
    let (resident, voucher) = scene.holder();
    resident.choose(&voucher, &scene.offering).ok();
    // What was left of November has lapsed, and December is used.
    scene.pass(22);
    let resident = scene.renewed(&resident);
    scene.provider.record(&voucher, "20").created();
    assert_eq!(shown(&resident, &voucher)["status"], "in_use");
    resident.choose(&voucher, &other).refused(409, "wrong_state").saying("Nothing is left");
    assert_eq!(figures(&resident, &voucher), "now 0/0 parts 0/20 0/0 ledger 0/20");
}
