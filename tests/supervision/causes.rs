//! Why a condition lapsed: those concerned are told by which piece of evidence, wherever they look, and nobody else is.

use serde_json::{Value, json};

use super::scene::Scene;
use crate::support::{home_care_terms, id_of, localized};

const NOTE: &str = "It names another firm";

/// Gives evidence of the whole provider, and has it accepted. Its id.
fn accepted(scene: &Scene, body: &Value) -> String {
    let given =
        id_of(&scene.provider.user.post(&format!("/v1/providers/{}/evidence", scene.provider.id), body).created());
    let checked = scene.county.officer.check_evidence(&given, &json!({"outcome": "accepted"}));
    assert!(checked.status < 300, "{}", checked.text);
    given
}

fn insurance(scene: &Scene, days: i64) -> String {
    let body = json!({
        "kind": "other",
        "requirement": "liability_insurance",
        "reference": "Policy 2",
        "valid_until": scene.day(days),
    });
    accepted(scene, &body)
}

fn reject(scene: &Scene, evidence: &str) {
    let checked = scene.county.officer.check_evidence(evidence, &json!({"outcome": "rejected", "note": NOTE}));
    assert!(checked.status < 300, "{}", checked.text);
}

/// The piece of evidence that the provider was approved by.
fn first_insurance(scene: &Scene) -> String {
    let given = scene.provider.user.get(&format!("/v1/providers/{}/evidence", scene.provider.id)).ok();
    let given = given["items"].as_array().unwrap();
    id_of(given.iter().find(|piece| piece["requirement"] == "liability_insurance").unwrap())
}

/// A rulebook that asks for one thing more begins in so many days.
fn asks_for_more(scene: &Scene, days: i64, more: Value) {
    let mut terms = home_care_terms();
    terms["requirements"].as_array_mut().unwrap().push(more);
    scene.county.adopt(&scene.home_care.id, &terms, scene.world.today().plus_days(days));
}

fn patient_insurance() -> Value {
    json!({
        "code": "patient_insurance",
        "text": localized("Insurance of patients"),
        "source": "948/2019",
        "expires": true,
        "kind": "patient_insurance",
    })
}

/// What is told of the cause of a lapse.
fn cause(of: &Value) -> Value {
    json!([of["cause"], of["evidence"], of["valid_until"], of["note"]])
}

/// The lapses of the approval. Its list, and the officer's for days that have come and that are to come, say the same.
fn lapses(scene: &Scene) -> Vec<Value> {
    let interruptions = scene.approval()["interruptions"].clone();
    for user in [&scene.provider.user, &scene.county.officer] {
        let listed = user.get("/v1/approvals").ok();
        assert_eq!(listed["items"][0]["interruptions"], interruptions);
    }
    let lapses = interruptions.as_array().unwrap().clone();
    let mut at_the_desk = 0;
    for list in ["lapsed", "lapsing&within_days=366"] {
        let listed = scene.county.officer.get(&format!("/v1/desk/evidence?list={list}")).ok();
        for row in listed["items"].as_array().unwrap() {
            let same = |one: &&Value| one["requirement"] == row["requirement"] && one["from"] == row["lapses_on"];
            assert_eq!(cause(row), cause(lapses.iter().find(same).unwrap()), "{row}");
            at_the_desk += 1;
        }
    }
    let today = scene.day(0);
    let is_over = |one: &&Value| one["until"].as_str().is_some_and(|until| until < today.as_str());
    assert_eq!(at_the_desk, lapses.iter().filter(|one| !is_over(one)).count());
    lapses
}

/// What was told last of an approval that lapsed.
fn told(scene: &Scene) -> Value {
    scene.told("approval.lapsed").last().unwrap().payload.clone()
}

#[test]
fn rejected_or_taken_back_the_piece_and_its_own_last_day_are_named() {
    let mut scene = Scene::of("company");
    let (first, until) = (first_insurance(&scene), scene.day(300));
    assert_eq!(cause(&lapses(&scene)[0]), json!(["expired", first, until, null]), "it is to come");
    scene.pass(5);
    reject(&scene, &first);
    let lapsed = lapses(&scene);
    assert_eq!((lapsed.len(), &lapsed[0]["from"]), (1, &json!(scene.day(0))));
    assert_eq!(cause(&lapsed[0]), json!(["rejected", first, until, NOTE]));
    let row = scene.county.officer.get("/v1/desk/evidence?list=lapsed").ok()["items"][0].clone();
    assert_eq!((&row["lapses_on"], &row["days_left"]), (&json!(scene.day(0)), &json!(0)));
    assert_eq!((&told(&scene)["cause"], &told(&scene)["evidence"]), (&json!("rejected"), &json!(first)));
    // What the officer wrote is for the provider and the county's own staff.
    assert!(!told(&scene).to_string().contains(NOTE));
    let public = scene.world.api.anyone().get("/v1/approvals/public");
    assert!(public.text.contains(&scene.approval) && !public.text.contains(NOTE) && !public.text.contains("rejected"));

    scene.pass(5);
    let (second, second_until) = (insurance(&scene, 200), scene.day(200));
    assert_eq!(scene.approval()["standing"], "in_force");
    scene.pass(5);
    scene.provider.user.post(&format!("/v1/evidence/{second}/withdraw"), &json!({})).ok();
    let lapsed = lapses(&scene);
    assert_eq!(cause(&lapsed[0]), json!(["rejected", first, until, NOTE]), "what was stands");
    assert_eq!(cause(&lapsed[1]), json!(["withdrawn", second, second_until, null]));
    assert_eq!((&told(&scene)["cause"], &told(&scene)["evidence"]), (&json!("withdrawn"), &json!(second)));
    scene.lapses_agree();
}

#[test]
fn what_expires_and_what_is_newly_asked_is_told_as_such_on_its_day() {
    let mut scene = Scene::of("company");
    let (first, until) = (first_insurance(&scene), scene.day(300));
    asks_for_more(&scene, 30, patient_insurance());
    let coming = lapses(&scene);
    assert_eq!(cause(&coming[0]), json!(["newly_asked", null, null, null]));
    let row = scene.county.officer.get("/v1/desk/evidence?list=lapsing").ok()["items"][0].clone();
    assert_eq!((&row["lapses_on"], &row["days_left"]), (&json!(scene.day(30)), &json!(30)));
    assert_eq!(row["voucher_type_name"], localized("home-care"));
    let app = scene.world.apps[0].clone();
    for (days, of) in [(30, json!(["newly_asked", null])), (270, json!(["expired", first]))] {
        scene.pass(days);
        valinta_service::deadlines::run_once(&app).unwrap();
        assert_eq!(json!([told(&scene)["cause"], told(&scene)["evidence"]]), of);
        if days == 30 {
            scene.pass(1);
        }
    }
    assert_eq!(cause(&lapses(&scene)[1]), json!(["expired", first, until, null]));
}

#[test]
fn what_is_accepted_and_does_not_show_what_is_asked_is_named() {
    let scene = Scene::of("company");
    let registered = json!({
        "code": "registered",
        "text": localized("Registered for home support"),
        "source": "741/2023",
        "expires": false,
        "kind": "soteri",
        "services": ["home_support"],
    });
    asks_for_more(&scene, 30, registered);
    let unit = scene.approval()["unit"].clone();
    let soteri = |services: Value| {
        let soteri = json!({"state": "registered", "services": services, "valid_from": "2026-01-01"});
        json!({"kind": "soteri", "unit": unit, "reference": "Soteri 1", "soteri": soteri})
    };
    let meals = accepted(&scene, &soteri(json!(["meals"])));
    let outside = lapses(&scene)[0].clone();
    assert_eq!((&outside["requirement"], &outside["from"]), (&json!("registered"), &json!(scene.day(30))));
    assert_eq!(cause(&outside), json!(["does_not_show", meals, null, null]));
    accepted(&scene, &soteri(json!(["meals", "home_support"])));
    assert_eq!(lapses(&scene)[0]["requirement"], "liability_insurance");

    asks_for_more(&scene, 60, patient_insurance());
    let endless = accepted(&scene, &json!({"kind": "patient_insurance", "reference": "Policy 3"}));
    assert_eq!(cause(&lapses(&scene)[0]), json!(["does_not_show", endless, null, null]), "it has no last day");
    scene.lapses_agree();
}
