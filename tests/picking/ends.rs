//! Requests that come to nothing: by time, with the voucher, with the unit.

use std::thread;

use serde_json::json;

use super::scene::{Scene, confirm, requests, shown, withdraw};
use crate::support::{id_of, localized};

#[test]
fn the_last_day_counts_and_after_it_the_request_has_lapsed_whoever_has_looked() {
    let mut scene = Scene::answering();
    let (first, voucher, request) = scene.asking();
    let (_, _, in_time) = scene.asking();
    assert_eq!(scene.lapse(), 0);
    scene.pass(7);
    assert_eq!(scene.lapse(), 0);
    confirm(&scene.provider, &in_time).ok();
    // Ten minutes past midnight where the county is, before anybody has looked.
    scene.world.set_moment("2026-11-18T22:10:00Z");
    let first = scene.renewed(&first);
    let late = &shown(&first, &voucher)["choice_request"];
    assert_eq!((&late["state"], &late["cause"]), (&json!("lapsed"), &json!("not_answered")));
    confirm(&scene.provider, &request)
        .refused(409, "wrong_state")
        .at("/path/id", "late")
        .saying("It is too late")
        .saying("2026-11-18");
    withdraw(&first, &request).refused(409, "wrong_state").at("/path/id", "late");
    assert_eq!(requests(&scene.provider, "?state=waiting")[0]["state"], "lapsed");
    assert_eq!((scene.lapse(), scene.lapse()), (1, 0));
    let told = scene.told("choice_request.lapsed");
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0].payload["request"], &told[0].payload["cause"]), (&json!(request), &json!("not_answered")));
    confirm(&scene.provider, &request).refused(409, "wrong_state").at("/path/id", "ended");
    assert_eq!(shown(&first, &voucher)["choice_request"]["state"], "lapsed");
    first.choose(&voucher, &scene.offering).ok();
}

#[test]
fn however_many_processes_look_each_is_told_once() {
    let mut scene = Scene::answering();
    let asked: Vec<String> = (0..6).map(|_| scene.asking().2).collect();
    scene.world.start_another();
    scene.world.start_another();
    scene.pass(8);
    let apps = scene.world.apps.clone();
    let lapsed: usize = thread::scope(|scope| {
        let looking: Vec<_> = apps
            .iter()
            .map(|app| scope.spawn(|| valinta_service::deadlines::run_once(app).unwrap().requests))
            .collect();
        looking.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!((lapsed, scene.told("choice_request.lapsed").len()), (asked.len(), asked.len()));
    assert_eq!(scene.lapse(), 0);
}

#[test]
fn no_answer_is_waited_for_longer_than_the_voucher_is_valid() {
    let mut scene = Scene::of(&json!({"answer_days": 60}));
    let (resident, voucher, request) = scene.asking();
    assert_eq!(shown(&resident, &voucher)["choice_request"]["answer_by"], scene.day(49));
    scene.pass(50);
    confirm(&scene.provider, &request).refused(409, "wrong_state");
    assert_eq!(scene.lapse(), 1);
}

#[test]
fn a_request_ends_with_its_voucher() {
    let scene = Scene::answering();
    let (resident, voucher, request) = scene.asking();
    let cancel = json!({"reasons": localized("Moved away")});
    scene.county.case_worker.post(&format!("/v1/vouchers/{voucher}/cancel"), &cancel).ok();
    let view = shown(&resident, &voucher);
    assert_eq!((&view["status"], &view["choice_request"]["cause"]), (&json!("cancelled"), &json!("voucher_ended")));
    confirm(&scene.provider, &request).refused(409, "wrong_state");

    // One that is used up while another provider is asked.
    let mut scene = scene;
    let (resident, voucher, request) = scene.asking();
    confirm(&scene.provider, &request).ok();
    let (_, offering) = scene.another(2);
    scene.provider.record(&voucher, "20").created();
    // The last month of the voucher.
    scene.pass(25);
    let resident = scene.renewed(&resident);
    let asked = id_of(&resident.choose(&voucher, &offering).ok()["choice_request"]);
    scene.provider.record(&voucher, "20").created();
    let view = shown(&resident, &voucher);
    assert_eq!((&view["status"], &view["choice_request"]["id"]), (&json!("used_up"), &json!(asked)));
    assert_eq!(view["choice_request"]["cause"], "voucher_ended");
    assert_eq!(scene.told("choice_request.lapsed").len(), 2);
}

#[test]
fn a_request_ends_with_the_unit_that_takes_no_choices() {
    for vouchers_in_use in ["may_finish", "must_move"] {
        let scene = Scene::answering();
        let (resident, voucher, request) = scene.asking();
        scene.suspend(vouchers_in_use).created();
        let ended = &shown(&resident, &voucher)["choice_request"];
        assert_eq!((&ended["state"], &ended["cause"]), (&json!("lapsed"), &json!("unit_ended")));
        confirm(&scene.provider, &request).refused(409, "wrong_state");
        let told = scene.told("choice_request.lapsed");
        assert_eq!((told.len(), &told[0].payload["voucher"]), (1, &json!(voucher)));
    }
}

#[test]
fn an_approval_that_ends_later_ends_what_is_asked_for_from_then_on() {
    let scene = Scene::answering();
    let (_, _, sooner) = scene.asking();
    let body = json!({"accepts_new_clients": true, "earliest_start": scene.day(20)});
    scene.provider.user.put_seen(&format!("/v1/offerings/{}", scene.offering), "*", &body).ok();
    let (_, _, later) = scene.asking();
    let approvals = scene.provider.user.get("/v1/approvals").ok();
    let path = format!("/v1/approvals/{}/end", id_of(&approvals["items"][0]));
    scene.provider.user.post(&path, &json!({"from": scene.day(10)})).ok();
    let told: Vec<_> =
        scene.told("choice_request.lapsed").into_iter().map(|one| one.payload["request"].clone()).collect();
    assert_eq!(told, [json!(later)]);
    confirm(&scene.provider, &sooner).ok();
}

#[test]
fn a_request_that_was_not_answered_in_time_ends_as_such_whatever_ends_it() {
    let mut scene = Scene::answering();
    let (resident, voucher, _) = scene.asking();
    scene.pass(8);
    let resident = scene.renewed(&resident);
    assert_eq!(shown(&resident, &voucher)["choice_request"]["state"], "lapsed");
    // Nobody has looked yet when the holder asks again.
    resident.choose(&voucher, &scene.offering).ok();
    assert_eq!(scene.told("choice_request.withdrawn").len(), 0);
    let told = scene.told("choice_request.lapsed");
    assert_eq!((told.len(), told[0].payload["cause"].as_str()), (1, Some("not_answered")));
    assert_eq!(scene.lapse(), 0, "it is told once");
}

#[test]
fn a_choice_to_come_of_a_cancelled_voucher_never_begins() {
    let mut scene = Scene::of(&json!({"change_notice_days": 14}));
    let later = json!({"accepts_new_clients": true, "earliest_start": scene.day(5)});
    let (mut other, other_offering) = scene.another(2);
    other.user.put_seen(&format!("/v1/offerings/{other_offering}"), "*", &later).ok();
    // One that has only a choice to come, and one whose present choice was to be followed by another.
    let (first, first_voucher) = scene.holder();
    assert_eq!(first.choose(&first_voucher, &other_offering).ok()["choice"]["from"], scene.day(5));
    let (second, second_voucher) = scene.holder();
    second.choose(&second_voucher, &scene.offering).ok();
    scene.provider.record(&second_voucher, "1").created();
    assert_eq!(second.choose(&second_voucher, &other_offering).ok()["next_choice"]["from"], scene.day(14));
    for voucher in [&first_voucher, &second_voucher] {
        other.user.get(&format!("/v1/vouchers/{voucher}")).ok();
        let body = json!({"reasons": localized("Moved away")});
        let cancelled = scene.county.case_worker.post(&format!("/v1/vouchers/{voucher}/cancel"), &body).ok();
        assert_eq!((&cancelled["status"], &cancelled["held_now"]), (&json!("cancelled"), &json!("0")));
    }
    for days in [0, 6, 14] {
        scene.pass(days);
        let shown = |resident: &crate::support::Resident, voucher: &str| shown(&scene.renewed(resident), voucher);
        let (first, second) = (shown(&first, &first_voucher), shown(&second, &second_voucher));
        assert_eq!((first.get("choice"), first.get("next_choice")), (None, None), "{first}");
        assert_eq!(first.get("choose_again_from"), None);
        assert!(second["choice"]["offering"] != other_offering.as_str() && second.get("next_choice").is_none());
        other.renew_token();
        for voucher in [&first_voucher, &second_voucher] {
            other.user.get(&format!("/v1/vouchers/{voucher}")).refused(404, "not_found");
        }
    }
}
