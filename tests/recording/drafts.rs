//! Drafts: services that a provider has begun to record and not finished. None is lost silently.

use std::thread;

use serde_json::{Value, json};
use valinta_service::deadlines::run_once;

use super::Scene;
use crate::support::{Answer, Provider, id_of};

const DRAFTS: &str = "/v1/service-event-drafts";

fn drafts(scene: &Scene) -> Vec<Value> {
    scene.provider.user.get(DRAFTS).ok()["items"].as_array().unwrap().clone()
}

/// Replaces what a draft says, as its latest version was seen.
fn say(scene: &Scene, draft: &str, body: &Value) -> Answer {
    let path = format!("{DRAFTS}/{draft}");
    let shown = scene.provider.user.get(&path);
    let tag = shown.header("etag").unwrap().to_owned();
    scene.provider.user.send("PUT", &path, &[("If-Match", &tag)], Some(&body.to_string()))
}

#[test]
fn a_draft_is_said_more_of_and_recorded_by_the_door_of_all() {
    let scene = Scene::new();
    let begun = scene.provider.user.post(DRAFTS, &json!({"quantity": "2"})).created();
    let draft = id_of(&begun);
    // Begun in November: 60 days from 1 December on.
    assert_eq!((&begun["state"], &begun["recordable_until"]), (&json!("open"), &json!("2027-01-29")), "{begun}");
    let record = format!("{DRAFTS}/{draft}/record");
    scene
        .provider
        .user
        .post(&record, &json!({}))
        .refused(422, "invalid_input")
        .at("/voucher", "missing_field")
        .at("/day", "missing_field");
    let mut content = scene.row("d-1", "2");
    content["started_at"] = json!(format!("{}T05:00:00Z", scene.world.today()));
    let said = say(&scene, &draft, &content).ok();
    assert_eq!((&said["content"]["reference"], &said["too_late"]), (&json!("d-1"), &json!(false)));
    scene.provider.user.post(&record, &json!({})).refused(422, "invalid_input").at("/ended_at", "missing_field");
    content["ended_at"] = json!(format!("{}T06:00:00Z", scene.world.today()));
    say(&scene, &draft, &content).ok();
    scene.provider.user.post(&record, &json!({})).refused(422, "invalid_input").at("/quantity", "not_the_span");
    assert_eq!((drafts(&scene).len(), scene.events().len()), (1, 0), "what is refused stays a draft");
    content["quantity"] = json!("1");
    say(&scene, &draft, &content).ok();
    let stale = [("If-Match", "\"v1\"")];
    let path = format!("{DRAFTS}/{draft}");
    scene.provider.user.send("PUT", &path, &stale, Some("{}")).refused(412, "precondition_failed");
    let event = scene.provider.user.post(&record, &json!({})).created()["event"].clone();
    assert_eq!(
        (&event["status"], &event["reference"], scene.available()),
        (&json!("accepted"), &json!("d-1"), json!("19"))
    );
    let kept = scene.provider.user.get(&path).ok();
    assert_eq!((&kept["state"], &kept["service_event"]), (&json!("recorded"), &event["id"]));
    assert!(drafts(&scene).is_empty());
    scene.provider.user.post(&record, &json!({})).refused(409, "wrong_state").at("/path/id", "ended");
    scene.provider.user.post(&format!("{path}/discard"), &json!({})).refused(409, "wrong_state");
    scene.provider.user.send("PUT", &path, &[("If-Match", "*")], Some("{}")).refused(409, "wrong_state");
    // Begun twice, it is recorded once.
    let again = id_of(&scene.provider.user.post(DRAFTS, &content).created());
    let found = scene.provider.user.post(&format!("{DRAFTS}/{again}/record"), &json!({})).ok();
    assert_eq!((&found["event"]["id"], scene.events().len()), (&event["id"], 1));
    scene.world.ledger_balances();
}

#[test]
fn a_provider_is_reminded_of_its_draft_once_per_step_and_has_a_last_word_when_it_is_too_late() {
    let mut scene = Scene::of(&json!({"days_after_month": 20, "draft_remind_days": [10, 2]}));
    let content = json!({"voucher": scene.voucher, "day": scene.world.today()});
    let draft = id_of(&scene.provider.user.post(DRAFTS, &content).created());
    let usual = id_of(&scene.provider.user.post(DRAFTS, &json!({})).created());
    let discarded = id_of(&scene.provider.user.post(DRAFTS, &content).created());
    scene.provider.user.post(&format!("{DRAFTS}/{discarded}/discard"), &json!({})).ok();
    scene.world.start_another();
    // Twenty days after November: 20 December is the last day.
    let steps = [("2026-12-09", 0), ("2026-12-10", 1), ("2026-12-11", 0), ("2026-12-18", 1), ("2026-12-20", 0)];
    let mut left = Vec::new();
    for (day, expected) in steps.into_iter().chain([("2026-12-21", 1), ("2026-12-22", 0)]) {
        scene.at(&format!("{day}T08:00:00Z"));
        let told: usize = thread::scope(|scope| {
            let apps = &scene.world.apps;
            let looks: Vec<_> = apps.iter().map(|app| scope.spawn(move || run_once(app).unwrap().drafts)).collect();
            looks.into_iter().map(|look| look.join().unwrap()).sum()
        });
        assert_eq!(told, expected, "{day}");
        let listed = drafts(&scene);
        assert_eq!(listed.len(), 2, "{day}");
        let own = listed.iter().find(|one| one["id"] == draft.as_str()).unwrap();
        assert_eq!(own["recordable_until"], "2026-12-20");
        left.push((own["days_left"].as_i64().unwrap(), own["too_late"].as_bool().unwrap()));
    }
    assert_eq!((left[0], left[4], left[5]), ((11, false), (0, false), (-1, true)));
    let record = format!("{DRAFTS}/{draft}/record");
    scene.provider.user.post(&record, &json!({})).refused(422, "invalid_input").at("/quantity", "missing_field");
    let whole = json!({"voucher": scene.voucher, "day": "2026-11-11", "quantity": "1"});
    say(&scene, &draft, &whole).ok();
    scene.provider.user.post(&record, &json!({})).refused(422, "invalid_input").at("/day", "too_late");
    scene.provider.user.post(&format!("{DRAFTS}/{draft}/discard"), &json!({})).ok();
    let rest: Vec<Value> = drafts(&scene).iter().map(|one| one["id"].clone()).collect();
    assert_eq!(rest, [json!(usual)]);
}

#[test]
fn a_draft_is_its_providers_alone() {
    let scene = Scene::new();
    let draft = id_of(&scene.provider.user.post(DRAFTS, &json!({"worker": "w-1"})).created());
    let stranger = Provider::register(&scene.world, 7, "Another provider", "ngo");
    let path = format!("{DRAFTS}/{draft}");
    stranger.user.get(&path).refused(404, "not_found");
    stranger.user.post(&format!("{path}/record"), &json!({})).refused(404, "not_found");
    stranger.user.post(&format!("{path}/discard"), &json!({})).refused(404, "not_found");
    stranger.user.send("PUT", &path, &[("If-Match", "*")], Some("{}")).refused(404, "not_found");
    assert_eq!(stranger.user.get(DRAFTS).ok()["items"], json!([]));
    scene.county.case_worker.get(&path).refused(403, "forbidden");
    scene.resident.user.get(DRAFTS).refused(403, "forbidden");
    let unfit = json!({"worker": "w".repeat(65), "quantity": "-1"});
    scene.provider.user.post(DRAFTS, &unfit).refused(422, "invalid_input").at("/quantity", "invalid");
    scene.provider.user.post(DRAFTS, &json!({"colour": "red"})).refused(422, "invalid_input");
}
