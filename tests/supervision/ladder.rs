//! The sanctions ladder, step by step, for bought and own production alike.

use serde_json::{Value, json};

use super::scene::{Scene, code_of, impose, in_finnish, measure};
use crate::support::id_of;

/// What a decision says that does not name its parties.
fn said(scene: &Scene, decided: &Value) -> Value {
    let id = decided["measure"]["decision"].as_str().unwrap_or_else(|| panic!("no decision: {decided}"));
    let decision = scene.provider.user.get(&format!("/v1/decisions/{id}")).ok();
    json!({
        "kind": decision["kind"],
        "outcome": decision["outcome"],
        "steps": decision["steps"],
        "reasons": decision["reasons"],
        "appeal": decision["appeal"],
    })
}

/// A provider breaks the rulebook until its approval is cancelled. Everything that is said to it.
fn climbs(sector: &str) -> Vec<Value> {
    let mut scene = Scene::of(sector);
    let (resident, voucher) = scene.client();
    let mut told = Vec::new();

    // Nothing comes before a notice.
    for step in ["warning", "suspension", "cancellation"] {
        let refused = scene.open(&measure(step, "breach"));
        assert_eq!(code_of(&refused), "step_missing");
        told.push(json!(refused.refused(422, "rule_error").detail()));
    }
    let notice = scene.opened("notice", "breach");
    let early = scene.decide(&notice, &impose(json!({})));
    told.push(json!(early.refused(409, "wrong_state").detail()));
    // One at a time.
    scene.open(&measure("notice", "breach")).refused(409, "duplicate");
    scene.replied(&notice);
    let again = scene.provider.user.post(&format!("/v1/measures/{notice}/reply"), &json!({"text": "And more"}));
    again.refused(409, "wrong_state");
    let decided = scene.decide(&notice, &impose(json!({}))).ok();
    told.push(said(&scene, &decided));
    assert_eq!(scene.approval()["standing"], "in_force");

    let warning = scene.opened("warning", "breach");
    scene.pass(8);
    let without = scene.decide(&warning, &impose(json!({})));
    assert_eq!(code_of(&without), "missing_field");
    let deadline = scene.day(10);
    let decided = scene.decide(&warning, &impose(json!({"deadline": deadline}))).ok();
    assert_eq!(decided["measure"]["deadline"], deadline);
    let words = said(&scene, &decided);
    assert_eq!(words["outcome"], "imposed");
    assert!(words["steps"].to_string().contains(&in_finnish(&deadline)), "days are written as people do: {words}");
    told.push(words);
    let runs = scene.open(&measure("suspension", "breach"));
    assert_eq!(code_of(&runs), "warning_runs");

    scene.pass(11);
    let suspension = scene.opened("suspension", "breach");
    scene.replied(&suspension);
    let decided =
        scene.decide(&suspension, &impose(json!({"vouchers_in_use": "may_finish", "from": scene.day(0)}))).ok();
    assert_eq!(decided["vouchers_in_use"], 0);
    told.push(said(&scene, &decided));
    let shown = scene.approval();
    assert_eq!((&shown["standing"], &shown["interruptions"][0]["kind"]), (&json!("suspended"), &json!("suspended")));
    assert_eq!(shown["interruptions"][0]["reasons"]["en"], "Nothing has changed");
    // Who chose the unit is served on; nobody else can choose it.
    scene.record(&voucher, 0).created();
    let other = scene.county.client();
    let other_voucher = id_of(&scene.county.issue(&other, &scene.home_care, "5"));
    other.accept(&other_voucher);
    let refused = other.choose(&other_voucher, &scene.offering);
    assert_eq!(code_of(&refused), "interrupted");
    assert!(!refused.text.contains("Nothing has changed"), "{}", refused.text);

    scene.pass(1);
    let cancellation = scene.opened("cancellation", "breach");
    scene.replied(&cancellation);
    let decided = scene.decide(&cancellation, &impose(json!({"from": scene.day(2)}))).ok();
    assert_eq!(decided["vouchers_in_use"], 1);
    told.push(said(&scene, &decided));
    let moved = scene.told("voucher.must_choose_again");
    assert_eq!((moved.len(), moved[0].subject.to_string()), (1, voucher.clone()));
    let resident = scene.renewed(&resident);
    let shown = resident.user.get(&format!("/v1/vouchers/{voucher}")).ok();
    assert_eq!((&shown["choice"]["until"], &shown["choose_again_from"]), (&json!(scene.day(1)), &json!(scene.day(2))));
    assert_eq!(scene.approval()["standing"], "suspended");
    scene.pass(2);
    assert_eq!(scene.approval()["standing"], "cancelled");
    scene.open(&measure("notice", "breach")).refused(409, "wrong_state");
    scene.world.ledger_balances();
    scene.world.audit_rows();
    scene.lapses_agree();
    told
}

#[test]
fn the_ladder_is_climbed_alike_by_a_company_and_by_the_countys_own_unit() {
    let company = climbs("company");
    assert_eq!(company.len(), 8);
    assert_eq!(company, climbs("public"));
}

#[test]
fn what_was_heard_can_be_dropped_or_taken_back() {
    let scene = Scene::of("ngo");
    let notice = scene.opened("notice", "breach");
    scene.replied(&notice);
    let dropped = json!({"outcome": "dropped", "reasons": crate::support::localized("It was not so")});
    let decided = scene.decide(&notice, &dropped).ok();
    assert_eq!(decided["measure"]["state"], "dropped");
    assert_eq!(said(&scene, &decided)["outcome"], "dropped");
    // What was dropped leads nowhere.
    assert_eq!(code_of(&scene.open(&measure("warning", "breach"))), "step_missing");
    let notice = scene.opened("notice", "breach");
    let path = format!("/v1/measures/{notice}/withdraw");
    let withdrawn = scene.county.officer.post(&path, &json!({})).ok();
    assert_eq!(withdrawn["state"], "withdrawn");
    scene.county.officer.post(&path, &json!({})).refused(409, "wrong_state");
    let listed = scene.provider.user.get(&format!("/v1/measures?approval={}", scene.approval)).ok();
    let states: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["dropped", "withdrawn"]);
    assert_eq!(scene.county.auditor.get("/v1/measures?state=dropped").ok()["items"].as_array().unwrap().len(), 1);
}

#[test]
fn danger_comes_first_and_the_hearing_afterwards() {
    let scene = Scene::of("company");
    assert_eq!(code_of(&scene.open(&measure("warning", "danger"))), "too_mild");
    assert_eq!(code_of(&scene.open(&measure("suspension", "danger"))), "missing_field");
    let lost = scene.open(&measure("suspension", "conditions_lost"));
    assert_eq!(code_of(&lost), "nothing_lapsed");
    let imposed = scene.danger("may_finish");
    assert_eq!((&imposed["state"], &imposed["from"]), (&json!("imposed"), &json!(scene.day(0))));
    assert_eq!(scene.approval()["standing"], "suspended");
    scene.replied(&id_of(&imposed));
    // Vouchers in use move at once, though the unit is suspended in a milder way and is being heard; but only once.
    scene.opened("notice", "breach");
    let mut harder = measure("suspension", "danger");
    harder["vouchers_in_use"] = json!("must_move");
    assert_eq!(scene.open(&harder).created()["state"], "imposed");
    assert_eq!(code_of(&scene.open(&harder)), "suspended_already");
    assert_eq!(scene.told("approval.suspended").len(), 2);
}
