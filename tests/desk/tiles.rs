//! Every tile of the desk leads to a list with as many rows as it counts, before and after anybody has answered.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use valinta_domain::policy::Role;

use super::{Scene, items, members, paged};
use crate::support::{Provider, User, home_care_terms, localized, price};

/// The tiles and the lists that they lead to, as the tiles' descriptions name them.
const LISTS: [(&str, &str); 11] = [
    ("applications_waiting", "/v1/desk/applications?state=submitted"),
    ("answers_overdue", "/v1/desk/applications?overdue=true"),
    ("evidence_to_check", "/v1/desk/evidence?list=to_check"),
    ("evidence_lapsing", "/v1/desk/evidence?list=lapsing"),
    ("evidence_lapsed", "/v1/desk/evidence?list=lapsed"),
    ("prices_not_allowed", "/v1/desk/prices"),
    ("hearings_open", "/v1/desk/deadlines?kind=hearing"),
    ("warnings_overdue", "/v1/desk/deadlines?kind=warning&overdue=true"),
    ("findings_open", "/v1/desk/deadlines?kind=finding"),
    ("findings_overdue", "/v1/desk/deadlines?kind=finding&overdue=true"),
    ("provider_changes", "/v1/desk/changes"),
];

/// Holds every tile against its list. The tiles' counts.
#[track_caller]
fn counts(scene: &Scene) -> Vec<(&'static str, i64)> {
    let (officer, desk) = (&scene.county.officer, scene.desk());
    let tiles: BTreeSet<&str> = desk.as_object().unwrap().keys().map(String::as_str).collect();
    let known: BTreeSet<&str> = LISTS.iter().map(|(tile, _)| *tile).chain(["day"]).collect();
    assert_eq!(tiles, known);
    LISTS
        .into_iter()
        .map(|(tile, list)| {
            let and = if list.contains('?') { '&' } else { '?' };
            let (one_by_one, count) = (paged(officer, &format!("{list}{and}")), desk[tile]["count"].as_i64().unwrap());
            assert_eq!(one_by_one, items(officer, list), "{tile}");
            assert_eq!(i64::try_from(one_by_one.len()).unwrap(), count, "{tile}: {one_by_one:?}");
            (tile, count)
        })
        .collect()
}

#[track_caller]
fn count(scene: &Scene, tile: &str) -> i64 {
    counts(scene).into_iter().find(|(name, _)| *name == tile).unwrap().1
}

pub(super) fn approval_of(provider: &Provider) -> String {
    provider.user.get("/v1/approvals").ok()["items"][0]["id"].as_str().unwrap().to_owned()
}

/// The only measure or finding of a listing that is of a kind.
fn only<'a>(listed: &'a [Value], kind: &str) -> &'a Value {
    let found: Vec<&Value> = listed.iter().filter(|row| row["kind"] == kind).collect();
    assert_eq!(found.len(), 1, "{kind}: {listed:?}");
    found[0]
}

pub(super) fn open_measure(officer: &User, approval: &str, step: &str) -> String {
    let body = json!({"step": step, "grounds": "breach", "reasons": localized("Too few")});
    let made = officer.post_seen(&format!("/v1/approvals/{approval}/measures"), "*", &body).created();
    made["id"].as_str().unwrap().to_owned()
}

pub(super) fn reply(provider: &Provider, measure: &str) {
    provider.user.post(&format!("/v1/measures/{measure}/reply"), &json!({"text": "Put right"})).ok();
}

/// A notice, and after it a warning with a deadline, both heard about and imposed.
pub(super) fn warn(officer: &User, provider: &Provider, approval: &str, deadline: &str) {
    for step in ["notice", "warning"] {
        let measure = open_measure(officer, approval, step);
        reply(provider, &measure);
        let mut body = json!({"outcome": "imposed", "reasons": localized("Nothing has changed")});
        if step == "warning" {
            body["deadline"] = json!(deadline);
        }
        officer.post_seen(&format!("/v1/measures/{measure}/decision"), "*", &body).ok();
    }
}

pub(super) fn find(officer: &User, provider: &Provider, deadline: Option<&str>) -> String {
    let mut body = json!({"provider": provider.id, "subject": "staff", "description": "Too few"});
    if let Some(deadline) = deadline {
        body["deadline"] = json!(deadline);
    }
    officer.post("/v1/findings", &body).created()["id"].as_str().unwrap().to_owned()
}

pub(super) fn ask_for_more(officer: &User, application: &str, due: &str) {
    let ask = json!({"text": "More", "due": due});
    officer.post_seen(&format!("/v1/applications/{application}/information-request"), "*", &ask).ok();
}

/// An approved provider whose insurance ends on a day.
pub(super) fn insured_until(scene: &Scene, n: u32, day: &str) -> Provider {
    let provider = Provider::register(&scene.world, n, &format!("Provider {n}"), "company");
    let begin = json!({"unit": provider.unit(), "voucher_type": scene.kind.id, "evidence": [
        {"requirement": "prepayment_register", "reference": "Entry"},
        {"requirement": "liability_insurance", "reference": "Policy", "valid_until": day},
    ]});
    let begun = provider.user.post("/v1/applications", &begin).created();
    let application = begun["id"].as_str().unwrap();
    provider.user.post(&format!("/v1/applications/{application}/submit"), &json!({})).ok();
    scene.county.decide(application, "approved").ok();
    provider
}

/// Rejects all that a provider has given.
pub(super) fn reject_all(officer: &User, provider: &Provider) {
    for piece in items(&provider.user, &format!("/v1/providers/{}/evidence", provider.id)) {
        let reject = json!({"outcome": "rejected", "note": "It is another's"});
        officer.check_evidence(piece["id"].as_str().unwrap(), &reject).created();
    }
}

/// A world in which something waits on every list, once the days have come.
struct Everything {
    scene: Scene,
    supervised: Provider,
    asked: Provider,
    finding: String,
    undated: String,
    application: String,
}

fn everything() -> Everything {
    let mut scene = Scene::new();
    let (supervised, _) = Provider::approved(&scene.county, 1, "company", &scene.kind, &price("48.00"));
    let (warned, _) = Provider::approved(&scene.county, 2, "ngo", &scene.kind, &price("40.00"));
    insured_until(&scene, 3, "2026-12-11");
    let rejected = insured_until(&scene, 4, "2027-12-11");
    let applies = Provider::register(&scene.world, 5, "Kaisla", "company");
    applies.apply(&applies.unit(), &scene.kind);
    let asked = Provider::register(&scene.world, 6, "Malva", "company");
    let application = asked.apply(&asked.unit(), &scene.kind);
    assert!(counts(&scene).iter().any(|(_, count)| *count > 0));

    let officer = &scene.county.officer;
    ask_for_more(officer, &application, "2026-11-13");
    // One approval, two requirements: two rows, and so two on the tile.
    reject_all(officer, &rejected);
    let mut lower = home_care_terms();
    lower["price_ceiling"] = json!({"amount": "45.00"});
    scene.county.adopt(&scene.kind.id, &lower, "2026-12-20".parse().unwrap());
    let finding = find(officer, &supervised, Some("2026-11-13"));
    find(officer, &warned, Some("2026-12-24"));
    let undated = find(officer, &supervised, None);
    open_measure(officer, &approval_of(&supervised), "notice");
    warn(officer, &warned, &approval_of(&warned), "2026-11-20");
    let changes = format!("/v1/providers/{}/changes", supervised.id);
    for (field, value) in [("name", "Kaisla and daughters"), ("iban", "FI21 1234 5600 0007 85"), ("sector", "ngo")] {
        supervised.user.post(&changes, &json!({"field": field, "value": value})).created();
    }
    counts(&scene);
    scene.on("2026-11-25");
    let everything = Everything { scene, supervised, asked, finding, undated, application };
    let Everything { mut supervised, mut asked, .. } = everything;
    supervised.renew_token();
    asked.renew_token();
    Everything { supervised, asked, ..everything }
}

#[test]
fn every_tile_counts_the_rows_of_its_list() {
    let Everything { scene, supervised, asked, finding, undated, application } = everything();
    let expected = [
        ("applications_waiting", 1),
        ("answers_overdue", 1),
        ("evidence_to_check", 4),
        ("evidence_lapsing", 1),
        ("evidence_lapsed", 2),
        ("prices_not_allowed", 1),
        ("hearings_open", 1),
        ("warnings_overdue", 1),
        ("findings_open", 3),
        ("findings_overdue", 1),
        ("provider_changes", 3),
    ];
    assert_eq!(counts(&scene), expected);

    // What was answered or replied to is on the same lists, and waits for the officer.
    let officer = &scene.county.officer;
    for answered in [&finding, &undated] {
        supervised.user.post(&format!("/v1/findings/{answered}/answer"), &json!({"text": "Two were hired"})).ok();
    }
    let heard = items(officer, "/v1/desk/deadlines?kind=hearing");
    reply(&supervised, heard[0]["measure"].as_str().unwrap());
    assert_eq!((count(&scene, "findings_open"), count(&scene, "findings_overdue")), (3, 0));
    assert_eq!(count(&scene, "hearings_open"), 1);
    let of_mine = paged(officer, "/v1/desk/deadlines?waits_for=organiser&");
    assert_eq!(members(&of_mine, "kind"), ["finding", "hearing", "warning", "finding"].map(str::to_owned));
    let theirs = paged(officer, "/v1/desk/deadlines?waits_for=provider&");
    assert_eq!((only(&theirs, "finding")["state"].as_str(), theirs.len()), (Some("open"), 1));

    // Done with, it is on none.
    for closed in [&finding, &undated] {
        let conclusion = json!({"conclusion": "In order now"});
        officer.post_seen(&format!("/v1/findings/{closed}/close"), "*", &conclusion).ok();
    }
    assert_eq!(count(&scene, "findings_open"), 1);
    for change in items(officer, "/v1/desk/changes") {
        let path = format!("/v1/provider-changes/{}/decision", change["change"].as_str().unwrap());
        officer.post(&path, &json!({"outcome": "confirmed"})).ok();
        counts(&scene);
    }
    assert_eq!(count(&scene, "provider_changes"), 0);
    let answer = json!({"answer": "Here it is"});
    asked.user.post(&format!("/v1/applications/{application}/submit"), &answer).ok();
    assert_eq!((count(&scene, "applications_waiting"), count(&scene, "answers_overdue")), (2, 0));
}

#[test]
fn a_row_of_a_deadline_says_whose_turn_it_is_and_what_to_open() {
    let Everything { scene, supervised, finding, undated, .. } = everything();
    let officer = &scene.county.officer;
    let approval = approval_of(&supervised);
    let listed = paged(officer, "/v1/desk/deadlines?");
    assert_eq!(listed, items(officer, "/v1/desk/deadlines"));
    let kinds = members(&listed, "kind");
    assert_eq!(kinds, ["finding", "hearing", "warning", "finding", "finding"]);
    let days: Vec<Option<&str>> = listed.iter().map(|row| row["deadline"].as_str()).collect();
    assert_eq!(
        (days[0], days[2], days[3], days[4]),
        (Some("2026-11-13"), Some("2026-11-20"), Some("2026-12-24"), None)
    );
    let shown = |row: &Value| {
        let word = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        (word("state"), word("waits_for"), word("step"), row["overdue"].as_bool().unwrap())
    };
    let of = |state: &str, turn: &str, step: &str, overdue| (state.into(), turn.into(), step.into(), overdue);
    assert_eq!(shown(&listed[0]), of("open", "organiser", "-", true));
    assert_eq!(shown(&listed[2]), of("imposed", "organiser", "warning", true));
    assert_eq!(shown(&listed[1]), of("hearing", "organiser", "notice", true));
    assert_eq!(shown(&listed[3]), of("open", "provider", "-", false));
    assert_eq!(shown(&listed[4]), of("open", "provider", "-", false));
    assert_eq!((&listed[0]["finding"], &listed[4]["finding"]), (&json!(finding), &json!(undated)));
    assert_eq!((&listed[1]["approval"], &listed[1]["unit_name"]), (&json!(approval), &json!("Provider 1, Pori")));
    assert!(listed[4].get("days_left").is_none() && listed[1].get("replied_at").is_none());

    supervised.user.post(&format!("/v1/findings/{finding}/answer"), &json!({"text": "Two were hired"})).ok();
    reply(&supervised, listed[1]["measure"].as_str().unwrap());
    let listed = items(officer, "/v1/desk/deadlines");
    assert_eq!(members(&listed, "kind"), kinds, "an answer moves nothing");
    assert_eq!(shown(&listed[0]), of("answered", "organiser", "-", false));
    assert_eq!(shown(&listed[1]), of("hearing", "organiser", "notice", false));
    assert!(listed[0]["answered_at"].is_string() && listed[1]["replied_at"].is_string());
    let filtered = |filter: &str| members(&items(officer, &format!("/v1/desk/deadlines?{filter}")), "kind");
    assert_eq!(filtered("kind=warning"), ["warning"]);
    assert_eq!(filtered("overdue=true"), ["warning"]);
    assert_eq!(filtered("kind=finding&waits_for=organiser"), ["finding"]);
    officer.get("/v1/desk/deadlines?kind=notice").refused(422, "invalid_input");
    officer.get("/v1/desk/deadlines?waits_for=me").refused(422, "invalid_input");
}

#[test]
fn changes_that_an_officer_may_agree_to_are_found_without_knowing_the_provider() {
    let Everything { mut scene, supervised, .. } = everything();
    let listed = items(&scene.county.officer, "/v1/desk/changes");
    assert_eq!(members(&listed, "field"), ["name", "iban", "sector"]);
    let (name, iban) = (&listed[0], &listed[1]);
    assert_eq!((&name["provider"], &name["provider_name"]), (&json!(supervised.id), &json!("Provider 1")));
    assert_eq!((&name["name"], &listed[2]["sector"]), (&json!("Kaisla and daughters"), &json!("ngo")));
    assert_eq!((&name["proposed_by"], &name["age_days"]), (&json!(supervised.subject), &json!(14)));
    assert_eq!(name["business_id"], Provider::registration(1, "", "ngo")["business_id"]);
    assert!(!iban.to_string().contains("0785"), "a worklist needs no account: {iban}");
    // Another admin confirms the account; it is gone.
    let added = json!({"subject": "second", "role": "admin"});
    supervised.user.post(&format!("/v1/providers/{}/members", supervised.id), &added).created();
    let second = scene.world.user(Role::Provider, "second", None, None);
    let path = format!("/v1/provider-changes/{}/decision", iban["change"].as_str().unwrap());
    second.post(&path, &json!({"outcome": "confirmed"})).ok();
    assert_eq!(members(&items(&scene.county.officer, "/v1/desk/changes"), "field"), ["name", "sector"]);
    // Whose approvals have all ended is nobody's to agree to any more.
    let end = json!({"from": "2026-12-28"});
    supervised.user.post(&format!("/v1/approvals/{}/end", approval_of(&supervised)), &end).ok();
    assert_eq!(count(&scene, "provider_changes"), 2);
    scene.on("2026-12-28");
    assert_eq!(count(&scene, "provider_changes"), 0);
    scene.world.audit_rows();
}

#[test]
fn applications_and_measures_are_narrowed_to_whose_and_what_they_are_about() {
    let scene = Scene::new();
    let cleaning = scene.county.publish("cleaning", "hour", &crate::support::cleaning_terms());
    let (provider, _) = Provider::approved(&scene.county, 1, "company", &scene.kind, &price("40.00"));
    let other = Provider::register(&scene.world, 2, "Malva", "company");
    let (unit, also) = (provider.unit(), other.unit());
    let (first, second) = (provider.apply(&unit, &cleaning), other.apply(&also, &scene.kind));
    let officer = &scene.county.officer;
    let of = |filter: &str| members(&items(officer, &format!("/v1/applications?state=submitted&{filter}")), "id");
    assert_eq!(of(&format!("provider={}", provider.id)), [first.as_str()]);
    assert_eq!(of(&format!("unit={also}")), [second.as_str()]);
    assert_eq!(of(&format!("voucher_type={}", cleaning.id)), [first.as_str()]);
    assert_eq!(of(&format!("voucher_type={}&unit={also}", cleaning.id)), [""; 0]);
    // A filter lets nobody see more than without it.
    assert!(items(&other.user, &format!("/v1/applications?provider={}", provider.id)).is_empty());

    let approval = officer.get(&format!("/v1/approvals/{}", approval_of(&provider))).ok();
    let measure = open_measure(officer, approval["id"].as_str().unwrap(), "notice");
    let of = |unit: &str| members(&items(officer, &format!("/v1/measures?unit={unit}")), "id");
    assert_eq!(of(approval["unit"].as_str().unwrap()), [measure.as_str()]);
    assert_eq!(of(&unit), [""; 0]);
}
