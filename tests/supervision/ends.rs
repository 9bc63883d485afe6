//! What becomes of vouchers in use, and of the provider, where an approval is suspended, cancelled or ended.

use serde_json::json;
use valinta_domain::policy::Role;

use super::scene::{Scene, code_of, in_finnish, tag};
use crate::support::{localized, price, terms_with};

#[test]
fn where_vouchers_must_move_the_choice_ends_and_another_is_chosen() {
    let mut scene = Scene::of("company");
    let (other, other_offering) = scene.another(2);
    let (resident, voucher) = scene.client();
    scene.record(&voucher, 0).created();
    scene.pass(1);
    scene.danger("must_move");
    let resident = scene.renewed(&resident);
    let shown = resident.user.get(&format!("/v1/vouchers/{voucher}")).ok();
    assert_eq!(shown["choose_again_from"], scene.day(0));
    assert!(shown["choice"].is_null(), "{shown}");
    let told = scene.told("voucher.must_choose_again");
    assert_eq!(told.len(), 1);
    assert!(!told[0].payload.to_string().contains("found"), "ids and days alone: {}", told[0].payload);
    // What it delivered before is owed, what it would deliver now is not.
    scene.record(&voucher, -1).created();
    let undated = scene.record(&voucher, 0);
    assert_eq!(code_of(&undated), "not_approved");
    assert_eq!(undated.body["errors"][0]["pointer"], "/started_at");
    assert_eq!(code_of(&resident.choose(&voucher, &scene.offering)), "interrupted");
    resident.choose(&voucher, &other_offering).ok();
    let shown = resident.user.get(&format!("/v1/vouchers/{voucher}")).ok();
    assert!(shown["choose_again_from"].is_null() && shown["choice"]["from"] == scene.day(0), "{shown}");
    let mut other = other;
    other.renew_token();
    other.record(&voucher, "1").created();
    scene.world.ledger_balances();
}

#[test]
fn a_lifted_suspension_lets_the_unit_be_chosen_again() {
    let scene = Scene::of("company");
    let (resident, voucher) = scene.client();
    scene.danger("may_finish");
    let path = format!("/v1/approvals/{}", scene.approval);
    let body = json!({"reasons": localized("All is well again")});
    scene.county.officer.post(&format!("{path}/resume"), &body).refused(428, "precondition_required");
    let seen = tag(&scene.county.officer, &path);
    let resumed = scene.county.officer.post_seen(&format!("{path}/resume"), &seen, &body).ok();
    assert_eq!(resumed["standing"], "in_force");
    scene.county.officer.post_seen(&format!("{path}/resume"), &seen, &body).refused(412, "precondition_failed");
    let seen = tag(&scene.county.officer, &path);
    scene.county.officer.post_seen(&format!("{path}/resume"), &seen, &body).refused(409, "wrong_state");
    let other = scene.county.client();
    scene.county.chosen_voucher(&other, &scene.home_care, "5", &scene.offering);
    assert!(resident.user.get(&format!("/v1/vouchers/{voucher}")).ok()["choose_again_from"].is_null());
}

#[test]
fn a_provider_out_of_approval_acts_on_nothing_but_what_it_is_owed() {
    let mut scene = Scene::of("company");
    let (_, voucher) = scene.client();
    let (_, begun) = scene.client();
    let first = scene.record(&begun, 0).created();
    scene.pass(1);
    scene.cancelled();
    scene.pass(1);
    let user = scene.provider.user.clone();
    // Owed: what was delivered before.
    scene.record(&voucher, -2).created();
    let event = first["event"]["id"].as_str().unwrap();
    user.get(&format!("/v1/service-events/{event}")).ok();
    user.get(&format!("/v1/vouchers/{begun}/ledger")).ok();
    assert_eq!(user.get("/v1/approvals?standing=cancelled").ok()["items"].as_array().unwrap().len(), 1);
    // Nothing else.
    assert_eq!(code_of(&scene.record(&voucher, 0)), "not_approved");
    assert_eq!(code_of(&scene.record(&voucher, -1)), "not_approved");
    let cheaper = json!({"price": price("30.00"), "from": scene.day(0)});
    user.post(&format!("/v1/offerings/{}/prices", scene.offering), &cheaper).refused(409, "wrong_state");
    let other = scene.county.client();
    let other_voucher = scene.county.issue(&other, &scene.home_care, "5");
    let other_voucher = other_voucher["id"].as_str().unwrap();
    other.accept(other_voucher);
    assert_eq!(code_of(&other.choose(other_voucher, &scene.offering)), "not_approved");
    let listed = scene.world.api.anyone().get(&format!("/v1/choices?voucher_type={}", scene.home_care.id)).ok();
    assert_eq!(listed["total"], 0);
    user.post(&format!("/v1/approvals/{}/end", scene.approval), &json!({"from": scene.day(3)}))
        .refused(409, "wrong_state");
    // After the deadline for recording, not even that.
    scene.pass(90);
    let late = scene.record(&voucher, -92);
    assert!([404, 422].contains(&late.status), "{}", late.text);
    scene.world.ledger_balances();
    scene.lapses_agree();
}

#[test]
fn a_provider_ends_its_approval_with_the_notice_that_the_rulebook_asks_for() {
    let mut scene = Scene::of("company");
    let terms = terms_with(&json!({"supervision": {"end_notice_days": 14}}));
    let care = scene.county.publish("respite", "hour", &terms);
    let unit = scene.approval()["unit"].as_str().unwrap().to_owned();
    let application = scene.provider.apply(&unit, &care);
    scene.county.decide(&application, "approved").ok();
    let offered = scene.provider.offer(&unit, &care, &price("30.00")).created();
    let offering = offered["id"].as_str().unwrap();
    let listed = scene.provider.user.get(&format!("/v1/approvals?voucher_type={}&standing=in_force", care.id)).ok();
    let approval = listed["items"][0]["id"].as_str().unwrap().to_owned();
    let resident = scene.county.client();
    let voucher = scene.county.chosen_voucher(&resident, &care, "5", offering)["id"].as_str().unwrap().to_owned();

    let path = format!("/v1/approvals/{approval}/end");
    let soon = scene.provider.user.post(&path, &json!({"from": scene.day(13)}));
    assert_eq!(code_of(&soon), "too_soon");
    scene.county.officer.post(&path, &json!({"from": scene.day(14)})).refused(403, "forbidden");
    let ended = scene.provider.user.post(&path, &json!({"from": scene.day(14)})).ok();
    assert_eq!((&ended["vouchers_in_use"], &ended["approval"]["standing"]), (&json!(1), &json!("in_force")));
    assert_eq!(ended["approval"]["valid_until"], scene.day(13));
    assert!(ended["what_follows"]["sv"].as_str().unwrap().contains(&in_finnish(&scene.day(13))));
    let decision = ended["decision"].as_str().unwrap();
    let decision = scene.provider.user.get(&format!("/v1/decisions/{decision}")).ok();
    assert_eq!(decision["kind"], "end_approval");
    assert!(decision["reasons"]["fi"].as_str().is_some_and(|reasons| !reasons.is_empty()));
    scene.provider.user.post(&path, &json!({"from": scene.day(20)})).refused(409, "wrong_state");

    // Who chooses now is told until when.
    let late = scene.county.client();
    let chosen = scene.county.chosen_voucher(&late, &care, "5", offering);
    let shown = late.user.get(&format!("/v1/vouchers/{}", chosen["id"].as_str().unwrap())).ok();
    assert_eq!(
        (&shown["choice"]["until"], &shown["choose_again_from"]),
        (&json!(scene.day(13)), &json!(scene.day(14)))
    );
    scene.pass(13);
    scene.record(&voucher, 0).created();
    scene.pass(1);
    let after = scene.provider.user.get(&format!("/v1/approvals/{approval}")).ok();
    assert_eq!((&after["standing"], &after["state"]), (&json!("ended"), &json!("ended")));
    assert_eq!(code_of(&scene.record(&voucher, 0)), "not_approved");
    scene.record(&voucher, -2).created();
}

#[test]
fn an_approval_is_shown_to_those_concerned_alone() {
    let scene = Scene::of("company");
    scene.danger("may_finish");
    let path = format!("/v1/approvals/{}", scene.approval);
    for user in [&scene.county.officer, &scene.county.auditor, &scene.provider.user] {
        let shown = user.get(&path).ok();
        assert_eq!(shown["interruptions"][0]["reasons"]["en"], "As it was found");
    }
    let (other, _) = scene.another(2);
    other.user.get(&path).refused(404, "not_found");
    let elsewhere = crate::support::County::found_as(&scene.world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    elsewhere.officer.get(&path).refused(404, "not_found");
    let worker = scene.world.user(Role::CaseWorker, "case-worker", Some(&scene.county.id), None);
    worker.get(&path).refused(403, "forbidden");
    let officers = |standing: &str| {
        scene.county.officer.get(&format!("/v1/approvals?standing={standing}")).ok()["items"].as_array().unwrap().len()
    };
    assert_eq!((officers("suspended"), officers("in_force"), officers("ended")), (1, 1, 0));
}
