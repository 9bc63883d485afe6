//! The days and moments of decisions: what was served before one is owed, what is lifted or ended on one day stays to be
//! seen, and what begins later can be told in time.

use serde_json::{Value, json};

use super::scene::{Scene, code_of, impose, measure, tag};
use crate::support::{id_of, localized, price, terms_with};

/// Two hours later on the same day.
fn later(scene: &mut Scene) {
    scene.world.set_moment(&format!("{}T10:00:00Z", scene.world.today()));
    scene.county.renew_tokens();
    scene.provider.renew_token();
}

/// The provider breaks the rulebook until it is heard about a suspension. The measure's id.
fn heard_about_suspension(scene: &mut Scene) -> String {
    let notice = scene.opened("notice", "breach");
    scene.replied(&notice);
    scene.decide(&notice, &impose(json!({}))).ok();
    let warning = scene.opened("warning", "breach");
    scene.replied(&warning);
    scene.decide(&warning, &impose(json!({"deadline": scene.day(0)}))).ok();
    scene.pass(1);
    let suspension = scene.opened("suspension", "breach");
    scene.replied(&suspension);
    suspension
}

fn resume(scene: &Scene) -> Value {
    let path = format!("/v1/approvals/{}", scene.approval);
    let seen = tag(&scene.county.officer, &path);
    let body = json!({"reasons": localized("All is well again")});
    scene.county.officer.post_seen(&format!("{path}/resume"), &seen, &body).ok()
}

/// What was given before a decision is recorded after it; what was given afterwards, or may have been, is not.
fn what_came_before_is_owed(scene: &mut Scene, vouchers: &[&str]) {
    later(scene);
    for voucher in vouchers {
        let undated = scene.record(voucher, 0);
        assert_eq!(code_of(&undated), "not_approved");
        assert_eq!(undated.body["errors"][0]["pointer"], "/started_at");
        assert_eq!(code_of(&scene.record_until(voucher, 0)), "not_approved");
        // It had not ended when it was decided.
        assert_eq!(code_of(&scene.record_until(voucher, 119)), "not_approved");
        scene.record_until(voucher, 120).created();
    }
    scene.pass(1);
    for voucher in vouchers {
        assert_ne!(scene.record(voucher, 0).status, 201);
    }
    scene.world.ledger_balances();
}

#[test]
fn services_of_the_morning_of_a_suspension_are_owed() {
    let mut scene = Scene::of("company");
    let (_, before) = scene.client();
    scene.pass(1);
    let (_, this_morning) = scene.client();
    scene.danger("must_move");
    what_came_before_is_owed(&mut scene, &[&before, &this_morning]);
}

#[test]
fn services_of_the_morning_of_a_cancellation_are_owed() {
    let mut scene = Scene::of("public");
    let (_, before) = scene.client();
    scene.pass(1);
    let (_, this_morning) = scene.client();
    scene.cancelled();
    what_came_before_is_owed(&mut scene, &[&before, &this_morning]);
}

#[test]
fn the_morning_is_paid_to_the_unit_that_served_it_though_its_provider_has_another_that_was_chosen_for_the_rest() {
    let mut scene = Scene::of("company");
    let unit = scene.provider.unit();
    scene.county.decide(&scene.provider.apply(&unit, &scene.home_care), "approved").ok();
    let dearer = id_of(&scene.provider.offer(&unit, &scene.home_care, &price("38.00")).created());
    let (resident, voucher) = scene.client();
    scene.danger("must_move");
    resident.choose(&voucher, &dearer).ok();
    later(&mut scene);
    let (morning, afternoon) = (scene.record_until(&voucher, 120), scene.record_until(&voucher, 30));
    let [morning, afternoon] = [morning, afternoon].map(|answer| answer.created()["event"].clone());
    assert_eq!(morning["unit"], scene.approval()["unit"]);
    assert_eq!((&morning["total"]["amount"], &afternoon["total"]["amount"]), (&json!("36.00"), &json!("38.00")));
    assert_eq!(afternoon["unit"], unit.as_str());
    scene.world.ledger_balances();
}

#[test]
fn what_is_no_danger_begins_tomorrow_where_no_day_is_said() {
    let mut scene = Scene::of("company");
    let suspension = heard_about_suspension(&mut scene);
    let (_, voucher) = scene.client();
    let decided = scene.decide(&suspension, &impose(json!({"vouchers_in_use": "must_move"}))).ok();
    assert_eq!((&decided["measure"]["from"], &decided["vouchers_in_use"]), (&json!(scene.day(1)), &json!(1)));
    assert_eq!(scene.approval()["standing"], "in_force");
    scene.record(&voucher, 0).created();
    scene.pass(1);
    assert_eq!(scene.approval()["standing"], "suspended");
    assert_eq!(code_of(&scene.record(&voucher, 0)), "not_approved");
}

/// The suspensions among an approval's interruptions; evidence lapses one day, too.
fn suspensions(approval: &Value) -> Vec<Value> {
    let all = approval["interruptions"].as_array().unwrap();
    all.iter().filter(|one| one["kind"] == "suspended").cloned().collect()
}

#[test]
fn a_suspension_that_is_lifted_before_it_begins_is_told_to_those_who_were_to_leave() {
    let mut scene = Scene::of("company");
    let suspension = heard_about_suspension(&mut scene);
    let (stays, waits) = (scene.client(), scene.client());
    let (_, other) = scene.another(2);
    let leaves = scene.client();
    let ahead = json!({"vouchers_in_use": "must_move", "from": scene.day(5)});
    assert_eq!(scene.decide(&suspension, &impose(ahead)).ok()["vouchers_in_use"], 3);
    leaves.0.choose(&leaves.1, &other).ok();
    let resumed = resume(&scene);
    assert_eq!(suspensions(&resumed), Vec::<Value>::new());
    let told: Vec<String> =
        scene.told("voucher.unit_resumed").into_iter().map(|message| message.subject.to_string()).collect();
    let mut expected = vec![stays.1.clone(), waits.1];
    expected.sort();
    let mut told_sorted = told;
    told_sorted.sort();
    assert_eq!(told_sorted, expected);
    // Who wants to stay chooses the unit again.
    stays.0.choose(&stays.1, &scene.offering).ok();
    scene.pass(6);
    scene.record(&stays.1, 0).created();
}

#[test]
fn what_is_suspended_and_lifted_on_one_day_stays_to_be_seen() {
    let scene = Scene::of("company");
    scene.danger("may_finish");
    resume(&scene);
    for user in [&scene.county.officer, &scene.provider.user] {
        let shown = user.get(&format!("/v1/approvals/{}", scene.approval)).ok();
        assert_eq!((&shown["standing"], suspensions(&shown).len()), (&json!("in_force"), 0));
        let undone = &shown["undone"][0];
        assert_eq!((&undone["from"], &undone["reasons"]["en"]), (&json!(scene.day(0)), &json!("As it was found")));
        assert!(undone["until"].is_null() && undone["lifted_by"].is_string(), "{shown}");
    }
    let lifted = scene.approval()["undone"][0]["lifted_by"].as_str().unwrap().to_owned();
    assert_eq!(scene.provider.user.get(&format!("/v1/decisions/{lifted}")).ok()["outcome"], "lifted");
    // An approval that ends on its first day shows no last day before its first one.
    scene.cancelled();
    let shown = scene.approval();
    assert_eq!((&shown["standing"], &shown["no_whole_day"]), (&json!("cancelled"), &json!(true)));
    assert!(shown["valid_until"].is_null(), "{shown}");
}

#[test]
fn a_provider_brings_the_end_of_its_approval_forward() {
    let mut scene = Scene::of("company");
    let terms = terms_with(&json!({"supervision": {"end_notice_days": 14}}));
    let care = scene.county.publish("respite", "hour", &terms);
    let unit = scene.approval()["unit"].as_str().unwrap().to_owned();
    let application = scene.provider.apply(&unit, &care);
    scene.county.decide(&application, "approved").ok();
    let offered = scene.provider.offer(&unit, &care, &price("30.00")).created();
    let resident = scene.county.client();
    let voucher = scene.county.chosen_voucher(&resident, &care, "5", offered["id"].as_str().unwrap());
    let listed = scene.provider.user.get(&format!("/v1/approvals?voucher_type={}", care.id)).ok();
    let path = format!("/v1/approvals/{}/end", listed["items"][0]["id"].as_str().unwrap());
    let user = scene.provider.user.clone();
    user.post(&path, &json!({"from": scene.day(200)})).ok();
    user.post(&path, &json!({"from": scene.day(200)})).refused(409, "wrong_state");
    user.post(&path, &json!({"from": scene.day(201)})).refused(409, "wrong_state");
    assert_eq!(code_of(&user.post(&path, &json!({"from": scene.day(13)}))), "too_soon");
    let ended = user.post(&path, &json!({"from": scene.day(20)})).ok();
    assert_eq!(ended["approval"]["valid_until"], scene.day(19));
    let decision = user.get(&format!("/v1/decisions/{}", ended["decision"].as_str().unwrap())).ok();
    assert_eq!(decision["inputs"]["replaces_end"], scene.day(200));
    scene.pass(20);
    let id = voucher["id"].as_str().unwrap();
    assert_eq!(code_of(&scene.record(id, 0)), "not_approved");
    scene.record(id, -1).created();
}

#[test]
fn measures_and_findings_are_listed_by_provider() {
    let scene = Scene::of("company");
    let (other, _) = scene.another(2);
    let notice = scene.opened("notice", "breach");
    let noted =
        json!({"provider": scene.provider.id, "subject": "self_monitoring", "description": "No plan is followed"});
    let finding = id_of(&scene.county.officer.post("/v1/findings", &noted).created());
    for (provider, expected) in [(&scene.provider.id, 1), (&other.id, 0)] {
        for (list, id) in [("measures", &notice), ("findings", &finding)] {
            let path = format!("/v1/{list}?provider={provider}");
            let listed = scene.county.officer.get(&path).ok();
            let ids: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
            assert_eq!(ids.len(), expected, "{listed}");
            assert!(ids.iter().all(|shown| *shown == id.as_str()));
            // Nobody sees another's by asking for it.
            assert_eq!(other.user.get(&path).ok()["items"], json!([]));
        }
    }
    // What a measure is heard about is said only where conditions are lost.
    assert!(scene.provider.user.get(&format!("/v1/measures/{notice}")).ok()["lapsed"].is_null());
}

#[test]
fn a_suspended_unit_takes_nobody_on_for_a_later_start_either() {
    let scene = Scene::of("company");
    let mut suspended = measure("suspension", "danger");
    suspended["vouchers_in_use"] = json!("may_finish");
    suspended["until"] = json!(scene.day(4));
    scene.open(&suspended).created();
    let later = json!({"accepts_new_clients": true, "earliest_start": scene.day(5)});
    scene.provider.user.put_seen(&format!("/v1/offerings/{}", scene.offering), "*", &later).ok();
    let resident = scene.county.client();
    let voucher = id_of(&scene.county.issue(&resident, &scene.home_care, "5"));
    resident.accept(&voucher);
    let choices = format!("/v1/vouchers/{voucher}/choices");
    assert_eq!(resident.user.get(&choices).ok()["total"], 0);
    let examined = resident.user.get(&format!("{choices}/{}", scene.offering)).ok();
    let finding = |code: &str| {
        let all = examined["findings"].as_array().unwrap();
        all.iter().find(|finding| finding["code"] == code).unwrap()["standing"].clone()
    };
    assert_eq!((finding("approved"), finding("not_interrupted")), (json!("met"), json!("not_met")));
    assert_eq!(code_of(&resident.choose(&voucher, &scene.offering)), "interrupted");
    resume(&scene);
    assert_eq!(resident.user.get(&choices).ok()["total"], 1);
    resident.choose(&voucher, &scene.offering).ok();
}
