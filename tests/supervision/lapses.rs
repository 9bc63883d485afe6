//! Conditions that lapse and are shown again, by the days alone and by what is shown.

use serde_json::{Value, json};
use valinta_persistence::organisers;

use super::scene::{Scene, code_of, impose};
use crate::support::id_of;

fn insurance(scene: &Scene, days: i64) -> String {
    let body = json!({
        "kind": "other",
        "requirement": "liability_insurance",
        "reference": "Policy 2",
        "valid_until": scene.day(days),
    });
    let path = format!("/v1/providers/{}/evidence", scene.provider.id);
    id_of(&scene.provider.user.post(&path, &body).created())
}

fn check(scene: &Scene, evidence: &str, outcome: &str) {
    let mut body = json!({"outcome": outcome});
    if outcome == "rejected" {
        body["note"] = json!("It shows something else");
    }
    let checked = scene.county.officer.check_evidence(evidence, &body);
    assert!(checked.status < 300, "{}", checked.text);
}

fn lapse(scene: &Scene) -> Value {
    let interruptions = scene.approval()["interruptions"].clone();
    interruptions.as_array().unwrap().last().cloned().unwrap_or(Value::Null)
}

#[test]
fn an_expired_condition_blocks_choices_by_itself_and_one_shown_again_lets_them_through() {
    let mut scene = Scene::of("company");
    assert_eq!((&scene.approval()["standing"], &lapse(&scene)["from"]), (&json!("in_force"), &json!(scene.day(301))));
    scene.lapses_agree();
    // Renewed before it expires, it never lapses.
    let renewed = insurance(&scene, 400);
    assert_eq!(lapse(&scene)["from"], scene.day(301));
    check(&scene, &renewed, "accepted");
    assert_eq!(lapse(&scene)["from"], scene.day(401));
    check(&scene, &renewed, "rejected");
    assert_eq!(lapse(&scene)["from"], scene.day(301));
    scene.lapses_agree();

    scene.pass(301);
    assert_eq!(scene.approval()["standing"], "lapsed");
    scene.lapses_agree();
    let app = scene.world.apps[0].clone();
    valinta_service::deadlines::run_once(&app).unwrap();
    assert_eq!(valinta_service::deadlines::run_once(&app).unwrap().interruptions, 0);
    assert_eq!(scene.told("approval.lapsed").len(), 1);
    let resident = scene.county.client();
    let voucher = id_of(&scene.county.issue(&resident, &scene.home_care, "5"));
    resident.accept(&voucher);
    assert_eq!(code_of(&resident.choose(&voucher, &scene.offering)), "interrupted");
    let listed = scene.world.api.anyone().get(&format!("/v1/choices?voucher_type={}", scene.home_care.id)).ok();
    assert_eq!(listed["total"], 0);

    let shown = insurance(&scene, 100);
    check(&scene, &shown, "accepted");
    assert_eq!(scene.approval()["standing"], "in_force");
    assert_eq!(scene.told("approval.restored").len(), 1);
    resident.choose(&voucher, &scene.offering).ok();
    // Lost again on the same day, it is told again.
    check(&scene, &shown, "rejected");
    assert_eq!(scene.approval()["standing"], "lapsed");
    assert_eq!(scene.told("approval.lapsed").len(), 2);
    // Who chose is served on.
    scene.record(&voucher, 0).created();
    scene.lapses_agree();
}

#[test]
fn a_lost_condition_leads_straight_to_a_suspension_unless_it_is_shown_again_in_time() {
    let mut scene = Scene::of("public");
    scene.pass(301);
    let measure = scene.opened("suspension", "conditions_lost");
    scene.replied(&measure);
    let shown = insurance(&scene, 100);
    check(&scene, &shown, "accepted");
    let body = impose(json!({"vouchers_in_use": "may_finish", "from": scene.day(0)}));
    assert_eq!(code_of(&scene.decide(&measure, &body)), "nothing_lapsed");
    check(&scene, &shown, "rejected");
    scene.decide(&measure, &body).ok();
    assert_eq!(scene.approval()["standing"], "suspended");
    assert_eq!(scene.provider.user.get("/v1/approvals?standing=suspended").ok()["items"].as_array().unwrap().len(), 1);
    assert_eq!(scene.provider.user.get("/v1/approvals?standing=lapsed").ok()["items"].as_array().unwrap().len(), 0);
}

/// A rulebook that asks for more begins in so many days.
fn asks_for_patient_insurance(scene: &Scene, days: i64) {
    let mut terms = crate::support::home_care_terms();
    let more = json!({
        "code": "patient_insurance",
        "text": crate::support::localized("Insurance of patients"),
        "source": "948/2019",
        "expires": true,
        "kind": "patient_insurance",
    });
    terms["requirements"].as_array_mut().unwrap().push(more);
    scene.county.adopt(&scene.home_care.id, &terms, scene.world.today().plus_days(days));
}

#[test]
fn of_a_condition_that_was_lost_since_the_provider_is_heard_anew() {
    let mut scene = Scene::of("company");
    scene.pass(301);
    let measure = scene.opened("suspension", "conditions_lost");
    let heard = scene.provider.user.get(&format!("/v1/measures/{measure}")).ok();
    assert_eq!(heard["lapsed"], json!(["liability_insurance"]));
    scene.replied(&measure);
    asks_for_patient_insurance(&scene, 1);
    scene.pass(2);
    let shown = insurance(&scene, 100);
    check(&scene, &shown, "accepted");
    assert_eq!(scene.approval()["standing"], "lapsed");
    let body = impose(json!({"vouchers_in_use": "may_finish", "from": scene.day(0)}));
    assert_eq!(code_of(&scene.decide(&measure, &body)), "nothing_lapsed");
    // Where what it was heard about is lost still, it is imposed for that alone.
    check(&scene, &shown, "rejected");
    let decided = scene.decide(&measure, &body).ok();
    let decision = decided["measure"]["decision"].as_str().unwrap();
    let decision = scene.provider.user.get(&format!("/v1/decisions/{decision}")).ok();
    assert_eq!(decision["inputs"]["lapsed"], json!(["liability_insurance"]));
}

#[test]
fn a_new_rulebook_that_asks_for_more_lapses_those_who_do_not_show_it_from_its_first_day() {
    let scene = Scene::of("company");
    asks_for_patient_insurance(&scene, 30);
    let interruptions = scene.approval()["interruptions"].clone();
    let asked: Vec<(&Value, &Value)> =
        interruptions.as_array().unwrap().iter().map(|one| (&one["requirement"], &one["from"])).collect();
    assert_eq!(asked[0], (&json!("patient_insurance"), &json!(scene.day(30))));
    assert_eq!(scene.approval()["standing"], "in_force");
    scene.lapses_agree();
    let path = format!("/v1/providers/{}/evidence", scene.provider.id);
    let body = json!({"kind": "patient_insurance", "reference": "Policy 3", "valid_until": scene.day(500)});
    // One that does not say until when it holds does not show what expires, whoever accepts it.
    let endless = json!({"kind": "patient_insurance", "reference": "Policy 3"});
    check(&scene, &id_of(&scene.provider.user.post(&path, &endless).created()), "accepted");
    assert_eq!(scene.approval()["interruptions"][0]["from"], scene.day(30));
    let shown = id_of(&scene.provider.user.post(&path, &body).created());
    check(&scene, &shown, "accepted");
    let interruptions = scene.approval()["interruptions"].clone();
    assert!(interruptions.as_array().unwrap().iter().all(|one| one["from"] != scene.day(30)), "{interruptions}");
    scene.lapses_agree();
}

#[test]
fn lapses_that_a_migration_left_to_be_found_are_found_once() {
    let scene = Scene::of("company");
    let app = scene.world.apps[0].clone();
    let db = scene.world.db.as_ref().unwrap();
    let faults = || valinta_service::approvals::lapse_faults(db, scene.world.clock.now()).unwrap();
    let lose = || scene.world.tamper("DELETE FROM approval_interruptions");
    lose();
    valinta_service::deadlines::run_once(&app).unwrap();
    assert_eq!((lapse(&scene), faults().len()), (Value::Null, 1), "nobody has left it to be done");
    db.write_blocking(|c| organisers::note_installation_fact(c, "lapses_are_due", "since a test")).unwrap();
    valinta_service::deadlines::run_once(&app).unwrap();
    assert_eq!(lapse(&scene)["from"], scene.day(301));
    scene.lapses_agree();
    lose();
    valinta_service::deadlines::run_once(&app).unwrap();
    assert_eq!(faults().len(), 1, "it is done once");
}

#[test]
fn what_is_wrong_with_one_approval_keeps_no_lapse_of_another_and_no_deadline_back() {
    let mut scene = Scene::of("company");
    let (other, _) = scene.another(2);
    let finding = json!({
        "provider": other.id, "subject": "quality", "description": "x", "deadline": scene.day(3),
    });
    scene.county.officer.post("/v1/findings", &finding).created();
    scene.pass(4);
    let app = scene.world.apps[0].clone();
    let db = scene.world.db.as_ref().unwrap();
    let tamper = |sql: &str| scene.world.tamper(sql);
    tamper("DELETE FROM approval_interruptions");
    let faults = || valinta_service::approvals::lapse_faults(db, scene.world.clock.now()).unwrap();
    assert_eq!(faults().len(), 2);
    db.write_blocking(|c| organisers::note_installation_fact(c, "lapses_are_due", "since a test")).unwrap();
    let first = "WHERE id = (SELECT id FROM approvals ORDER BY id LIMIT 1)";
    tamper(&format!("UPDATE approvals SET area = 'no area' {first}"));
    // Whoever reads it fails, as those do who load the choices.
    let _ = valinta_service::deadlines::run_once(&app);
    assert_eq!(scene.told("finding.deadline_passed").len(), 1);
    assert_eq!(db.read_blocking(|c| organisers::installation_fact(c, "lapses_are_due")).unwrap(), None);
    tamper(&format!("UPDATE approvals SET area = '[]' {first}"));
    let left = faults();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].starts_with(&scene.approval), "{left:?}");
}
