//! A provider's own worklist: what its members must do or may, for all its units and all organisers.

use serde_json::{Value, json};
use valinta_domain::policy::Role;

use super::tiles::{approval_of, ask_for_more, find, insured_until, open_measure, reject_all, reply, warn};
use super::{Scene, items};
use crate::support::{County, Provider, User, cleaning_terms};

fn tasks(user: &User, provider: &Provider) -> Vec<Value> {
    user.get(&format!("/v1/providers/{}/tasks", provider.id)).ok()["items"].as_array().unwrap().clone()
}

fn kinds(tasks: &[Value]) -> Vec<&str> {
    tasks.iter().map(|task| task["kind"].as_str().unwrap()).collect()
}

/// What a task leads to, and its day.
fn leads_to<'a>(tasks: &'a [Value], kind: &str, to: &str) -> (&'a Value, Option<&'a str>) {
    let task = tasks.iter().find(|task| task["kind"] == kind).unwrap_or_else(|| panic!("{kind}: {tasks:?}"));
    (&task[to], task["due"].as_str())
}

#[test]
fn a_provider_sees_on_one_page_what_it_must_do_and_by_when() {
    let mut scene = Scene::new();
    let cleaning = scene.county.publish("cleaning", "hour", &cleaning_terms());
    let mut provider = insured_until(&scene, 1, "2026-12-01");
    let first = approval_of(&provider);
    let officer = &scene.county.officer;
    assert_eq!(kinds(&tasks(&provider.user, &provider)), ["evidence_lapsing"]);
    warn(officer, &provider, &first, "2026-11-20");
    let unit = provider.unit();
    let other = provider.apply(&unit, &scene.kind);
    scene.county.decide(&other, "approved").ok();
    let other = items(&provider.user, &format!("/v1/approvals?unit={unit}"))[0]["id"].as_str().unwrap().to_owned();
    let hearing = open_measure(officer, &other, "notice");
    let asked = provider.apply(&unit, &cleaning);
    ask_for_more(officer, &asked, "2026-11-16");
    let undated = find(officer, &provider, None);
    let finding = find(officer, &provider, Some("2026-11-13"));
    let draft = provider.draft_application(&provider.unit(), &scene.kind);
    let iban = json!({"field": "iban", "value": "FI21 1234 5600 0007 85"});
    let changes = format!("/v1/providers/{}/changes", provider.id);
    let change = provider.user.post(&changes, &iban).created()["change"]["id"].clone();
    provider.user.post(&changes, &json!({"field": "name", "value": "Kaisla"})).created();

    let listed = tasks(&provider.user, &provider);
    let expected = ["finding", "more_information", "hearing", "warning", "evidence_lapsing", "finding", "draft"];
    let mut sorted = kinds(&listed);
    sorted.sort_unstable();
    let mut wanted = expected;
    wanted.sort_unstable();
    assert_eq!(sorted, wanted);
    let days: Vec<&str> = listed.iter().filter_map(|task| task["due"].as_str()).collect();
    assert!(days.is_sorted() && days.len() == 5, "{days:?}");
    assert_eq!((kinds(&listed)[0], kinds(&listed)[5], kinds(&listed)[6]), ("finding", "finding", "draft"));
    assert_eq!((&listed[0]["finding"], &listed[0]["days_left"]), (&json!(finding), &json!(2)));
    assert_eq!(listed[5]["finding"], undated.as_str());
    assert_eq!(leads_to(&listed, "more_information", "application"), (&json!(asked), Some("2026-11-16")));
    assert_eq!(leads_to(&listed, "hearing", "measure").0, hearing.as_str());
    assert_eq!(leads_to(&listed, "hearing", "approval").0, other.as_str());
    assert_eq!(leads_to(&listed, "hearing", "unit").0, unit.as_str());
    assert_eq!(leads_to(&listed, "hearing", "unit_name").0, "Provider 1, Pori");
    assert_eq!(leads_to(&listed, "warning", "approval"), (&json!(first), Some("2026-11-20")));
    assert_eq!(
        leads_to(&listed, "evidence_lapsing", "requirement"),
        (&json!("liability_insurance"), Some("2026-12-01"))
    );
    assert_eq!(leads_to(&listed, "evidence_lapsing", "lapses_on").0, "2026-12-02");
    assert_eq!(leads_to(&listed, "draft", "application"), (&json!(draft), None));

    // Another admin may confirm the account, which who asked for it may not; a name an officer confirms.
    let added = json!({"subject": "second", "role": "admin"});
    provider.user.post(&format!("/v1/providers/{}/members", provider.id), &added).created();
    let second = scene.world.user(Role::Provider, "second", None, None);
    assert_eq!(leads_to(&tasks(&second, &provider), "confirm_change", "change").0, &change);
    second
        .post(&format!("/v1/provider-changes/{}/decision", change.as_str().unwrap()), &json!({"outcome": "confirmed"}))
        .ok();
    assert!(!kinds(&tasks(&second, &provider)).contains(&"confirm_change"));

    // What is done is gone; what is late stays.
    provider.user.post(&format!("/v1/findings/{finding}/answer"), &json!({"text": "Two were hired"})).ok();
    reply(&provider, &hearing);
    provider.user.post(&format!("/v1/applications/{asked}/submit"), &json!({"answer": "Here it is"})).ok();
    let left = ["warning", "evidence_lapsing", "finding", "draft"];
    assert_eq!(kinds(&tasks(&provider.user, &provider)), left);
    scene.on("2026-12-03");
    provider.renew_token();
    let listed = tasks(&provider.user, &provider);
    assert_eq!(kinds(&listed), ["warning", "evidence_lapsed", "finding", "draft"]);
    assert_eq!((&listed[0]["days_left"], &listed[1]["days_left"]), (&json!(-13), &json!(-2)));
}

#[test]
fn rejected_evidence_is_a_task_until_other_is_given() {
    let scene = Scene::new();
    let provider = insured_until(&scene, 1, "2027-12-01");
    let officer = &scene.county.officer;
    assert!(tasks(&provider.user, &provider).is_empty());
    reject_all(officer, &provider);
    let listed = tasks(&provider.user, &provider);
    let lapsed = ["evidence_lapsed", "evidence_lapsed", "evidence_rejected", "evidence_rejected"];
    assert_eq!(kinds(&listed), lapsed);
    assert_eq!(listed[2]["organiser"], scene.county.id.as_str());
    let (piece, unit) = (listed[2]["evidence"].as_str().unwrap(), listed[2]["unit"].clone());
    assert_eq!((&listed[2]["evidence_kind"], &unit), (&json!("other"), &listed[0]["unit"]));
    assert_eq!((&listed[2]["note"], listed[0].get("note")), (&json!("It is another's"), None));
    // Looked at again and accepted, it is no task.
    officer.check_evidence(piece, &json!({"outcome": "accepted"})).created();
    let listed = tasks(&provider.user, &provider);
    assert_eq!(kinds(&listed), ["evidence_lapsed", "evidence_rejected"]);
    // Given anew, the other is none either, though the requirement is not shown before an officer has looked.
    let path = format!("/v1/providers/{}/evidence", provider.id);
    let mut given = json!({"kind": "other", "requirement": listed[1]["requirement"], "reference": "New"});
    if given["requirement"] == "liability_insurance" {
        given["valid_until"] = json!("2027-01-31");
    }
    given["unit"] = json!(provider.unit());
    provider.user.post(&path, &given).created();
    assert_eq!(kinds(&tasks(&provider.user, &provider)), ["evidence_lapsed", "evidence_rejected"], "of another unit");
    given["unit"] = unit;
    let renewed = provider.user.post(&path, &given).created();
    assert_eq!(kinds(&tasks(&provider.user, &provider)), ["evidence_lapsed"]);
    // Taken back, it is in nothing's place; of the whole provider, it is of the unit too.
    let withdraw = format!("/v1/evidence/{}/withdraw", renewed["id"].as_str().unwrap());
    provider.user.post(&withdraw, &json!({})).ok();
    assert_eq!(kinds(&tasks(&provider.user, &provider)), ["evidence_lapsed", "evidence_rejected"]);
    given.as_object_mut().unwrap().remove("unit");
    provider.user.post(&path, &given).created();
    assert_eq!(kinds(&tasks(&provider.user, &provider)), ["evidence_lapsed"]);
}

#[test]
fn a_list_that_is_cut_says_so() {
    let scene = Scene::new();
    let provider = insured_until(&scene, 1, "2027-12-01");
    let told = || {
        let listed = provider.user.get(&format!("/v1/providers/{}/tasks", provider.id)).ok();
        (listed["items"].as_array().unwrap().len(), listed["truncated"].as_bool().unwrap())
    };
    for _ in 0..500 {
        find(&scene.county.officer, &provider, None);
    }
    assert_eq!(told(), (500, false));
    find(&scene.county.officer, &provider, Some("2026-11-13"));
    assert_eq!(told(), (500, true));
    provider.draft_application(&provider.unit(), &scene.kind);
    assert_eq!(told(), (501, true), "of each kind as many");
}

#[test]
fn a_providers_tasks_are_its_members_alone() {
    let scene = Scene::new();
    let provider = insured_until(&scene, 1, "2026-12-01");
    let stranger = Provider::register(&scene.world, 2, "Stranger", "company");
    let elsewhere = County::found_as(&scene.world, 1, &[("853", "Turku", "Åbo")]);
    let path = format!("/v1/providers/{}/tasks", provider.id);
    for user in [&stranger.user, &scene.county.officer, &scene.county.auditor, &elsewhere.officer] {
        user.get(&path).refused(404, "not_found");
    }
    scene.county.case_worker.get(&path).refused(403, "forbidden");
    let added = json!({"subject": "worker", "role": "worker"});
    provider.user.post(&format!("/v1/providers/{}/members", provider.id), &added).created();
    let worker = scene.world.user(Role::Provider, "worker", None, None);
    assert_eq!(kinds(&tasks(&worker, &provider)), ["evidence_lapsing"]);
    assert!(tasks(&stranger.user, &stranger).is_empty());
}
