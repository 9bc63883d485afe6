//! A provider that delivers is left after the notice that the rulebook asks for.

use serde_json::json;

use super::scene::{Scene, confirm, shown};
use crate::support::id_of;

#[test]
fn a_provider_that_delivers_is_left_after_the_notice_and_both_are_told() {
    let mut scene = Scene::of(&json!({"change_notice_days": 14}));
    let (mut other, other_offering) = scene.another(2);
    let (resident, voucher) = scene.holder();
    resident.choose(&voucher, &scene.offering).ok();
    assert!(scene.told("choice.beginning").is_empty());
    // Nothing has been delivered: another one begins at once.
    let at_once = resident.choose(&voucher, &other_offering).ok();
    assert_eq!(
        (&at_once["choice"]["from"], &at_once["choice"]["offering"]),
        (&json!(scene.day(0)), &json!(other_offering))
    );
    assert_eq!(scene.told("choice.ending")[0].payload["last_day"], json!(null), "it never began");
    resident.choose(&voucher, &scene.offering).ok();
    scene.provider.record(&voucher, "1").created();

    let listed = resident.user.get(&format!("/v1/vouchers/{voucher}/choices")).ok();
    assert_eq!(listed["day"], scene.day(14));
    let examined = resident.user.get(&format!("/v1/vouchers/{voucher}/choices/{other_offering}")).ok();
    assert_eq!((&examined["day"], &examined["choosable"]), (&json!(scene.day(14)), &json!(true)));
    let changed = resident.choose(&voucher, &other_offering).ok();
    assert_eq!(
        (&changed["choice"]["until"], &changed["next_choice"]["from"]),
        (&json!(scene.day(13)), &json!(scene.day(14)))
    );
    let ending = scene.told("choice.ending").pop().unwrap().payload;
    assert_eq!((&ending["provider"], &ending["last_day"]), (&json!(scene.provider.id), &json!(scene.day(13))));
    let beginning = scene.told("choice.beginning").pop().unwrap().payload;
    assert_eq!((&beginning["provider"], &beginning["first_day"]), (&json!(other.id), &json!(scene.day(14))));
    other.record(&voucher, "1").refused(422, "not_valid_on_day").at("/day", "not_chosen");
    scene.pass(13);
    scene.provider.record(&voucher, "1").created();
    scene.pass(1);
    other.renew_token();
    assert_ne!(scene.provider.record(&voucher, "1").status, 201);
    other.record(&voucher, "1").created();
    scene.world.ledger_balances();
}

#[test]
fn nobody_waits_for_a_provider_that_has_ended() {
    let scene = Scene::of(&json!({"change_notice_days": 90}));
    let (_, other_offering) = scene.another(2);
    let (resident, voucher) = scene.holder();
    resident.choose(&voucher, &scene.offering).ok();
    scene.provider.record(&voucher, "1").created();
    // The voucher itself does not last as long as the notice.
    let refused = resident.choose(&voucher, &other_offering).refused(422, "not_choosable");
    refused.at("/offering", "outside_validity").saying(&scene.day(90));
    let approvals = scene.provider.user.get("/v1/approvals").ok();
    let path = format!("/v1/approvals/{}/end", id_of(&approvals["items"][0]));
    scene.provider.user.post(&path, &json!({"from": scene.day(10)})).ok();
    resident.choose(&voucher, &other_offering).ok();
    let view = shown(&resident, &voucher);
    assert_eq!((&view["choice"]["until"], &view["next_choice"]["from"]), (&json!(scene.day(9)), &json!(scene.day(10))));
}

#[test]
fn the_notice_to_a_former_provider_runs_from_the_confirmation_and_not_from_the_request() {
    let mut scene = Scene::of(&json!({"change_notice_days": 14, "answer_days": 7}));
    let (mut other, other_offering) = scene.another(2);
    let (resident, voucher) = scene.holder();
    let asked = resident.choose(&voucher, &scene.offering).ok();
    confirm(&scene.provider, asked["choice_request"]["id"].as_str().unwrap()).ok();
    scene.provider.record(&voucher, "1").created();
    let asked = resident.choose(&voucher, &other_offering).ok();
    let request = asked["choice_request"]["id"].as_str().unwrap().to_owned();
    assert_eq!(asked["choice_request"]["first_day"], scene.day(14));
    assert!(asked["choice"].get("until").is_none(), "as long as nobody has said yes, nothing ends");
    scene.pass(5);
    other.renew_token();
    confirm(&other, &request).ok();
    let view = shown(&scene.renewed(&resident), &voucher);
    // `scene.day` counts from today.
    assert_eq!(
        (&view["choice"]["until"], &view["next_choice"]["from"]),
        (&json!(scene.day(13)), &json!(scene.day(14)))
    );
    let ending = scene.told("choice.ending").pop().unwrap().payload;
    assert_eq!(ending["last_day"], json!(scene.day(13)));
}
