//! Offerings that serve so many clients at once.

use serde_json::{Value, json};

use super::scene::{Scene, confirm, refuse, shown};
use crate::support::{Provider, localized};

#[test]
fn who_comes_too_late_is_told_when_a_place_is_free() {
    let scene = Scene::of(&json!({}));
    scene.limit(2);
    let holders: Vec<_> = (0..3).map(|_| scene.holder()).collect();
    let choose = |n: usize| holders[n].0.choose(&holders[n].1, &scene.offering);
    choose(0).ok();
    assert_eq!(scene.listed(), 1);
    choose(1).ok();
    assert_eq!(scene.listed(), 0, "the list follows at once");
    let free_from = scene.day(50);
    choose(2).refused(422, "not_choosable").at("/offering", "full").saying(&free_from);
    let path = format!("/v1/vouchers/{}/choices/{}", holders[2].1, scene.offering);
    let examined = holders[2].0.user.get(&path).ok();
    let has_place = examined["findings"].as_array().unwrap().iter().find(|one| one["code"] == "has_place").unwrap();
    assert_eq!((&examined["choosable"], &has_place["standing"]), (&json!(false), &json!("not_met")));
    // Who has a place keeps it, and counts once.
    choose(1).ok();
    let own = format!("/v1/vouchers/{}/choices/{}", holders[1].1, scene.offering);
    assert_eq!(holders[1].0.user.get(&own).ok()["choosable"], true);
    // Fewer places send nobody away.
    scene.limit(1);
    for (resident, voucher) in &holders[..2] {
        assert_eq!(shown(resident, voucher)["choice"]["offering"], scene.offering);
        scene.provider.record(voucher, "1").created();
    }
    cancel(&scene, &holders[0].1);
    assert_eq!(scene.listed(), 0);
    choose(2).refused(422, "not_choosable");
    cancel(&scene, &holders[1].1);
    assert_eq!(scene.listed(), 1, "a place that is free again is listed");
    choose(2).ok();
}

fn cancel(scene: &Scene, voucher: &str) {
    let body = json!({"reasons": localized("Moved away")});
    scene.county.case_worker.post(&format!("/v1/vouchers/{voucher}/cancel"), &body).ok();
}

#[test]
fn a_request_holds_a_place_until_it_ends() {
    let mut scene = Scene::answering();
    scene.limit(1);
    let (first, first_voucher, request) = scene.asking();
    let (second, voucher) = scene.holder();
    assert_eq!(scene.listed(), 0);
    second.choose(&voucher, &scene.offering).refused(422, "not_choosable").at("/offering", "full");
    refuse(&scene.provider, &request, "Not in this part of the town").ok();
    assert_eq!(scene.listed(), 1);
    second.choose(&voucher, &scene.offering).ok();
    first.choose(&first_voucher, &scene.offering).refused(422, "not_choosable").at("/offering", "full");
    scene.pass(8);
    // By its date the request has lapsed, before anybody has looked: whoever asks next ends it, as what it is.
    let first = scene.renewed(&first);
    let asked = first.choose(&first_voucher, &scene.offering).ok();
    let late = &scene.renewed(&second).user.get(&format!("/v1/vouchers/{voucher}")).ok()["choice_request"];
    assert_eq!((&late["state"], &late["cause"]), (&json!("lapsed"), &json!("not_answered")), "{late}");
    confirm(&scene.provider, asked["choice_request"]["id"].as_str().unwrap()).ok();
    assert_eq!(scene.lapse(), 0);
    assert_eq!(scene.listed(), 0);
}

#[test]
fn a_place_is_free_when_its_holder_has_left() {
    let mut scene = Scene::of(&json!({"change_notice_days": 14}));
    scene.limit(1);
    let (_, other) = scene.another(2);
    let (leaving, voucher) = scene.holder();
    leaving.choose(&voucher, &scene.offering).ok();
    scene.provider.record(&voucher, "1").created();
    leaving.choose(&voucher, &other).ok();
    let (next, next_voucher) = scene.holder();
    let refused = next.choose(&next_voucher, &scene.offering).refused(422, "not_choosable");
    refused.at("/offering", "full").saying(&scene.day(14));
    scene.pass(14);
    scene.renewed(&next).choose(&next_voucher, &scene.offering).ok();
}

#[test]
fn places_are_told_brought_in_and_bounded() {
    let scene = Scene::of(&json!({}));
    let path = format!("/v1/offerings/{}", scene.offering);
    let put = |places: Value| {
        let body = json!({"accepts_new_clients": true, "places": places});
        scene.provider.user.put_seen(&path, "*", &body)
    };
    for wrong in [json!(0), json!(100_001)] {
        put(wrong).refused(422, "invalid_input").at("/places", "range");
    }
    put(json!(-1)).refused(422, "invalid_input");
    put(json!("two")).refused(422, "invalid_input");
    assert_eq!(put(json!(12)).ok()["places"], 12);
    let anyone = scene.world.api.anyone();
    assert_eq!(anyone.get(&path).ok()["places"], 12);
    let listed = anyone.get(&format!("/v1/offerings?voucher_type={}", scene.care.id)).ok();
    assert_eq!(listed["items"][0]["places"], 12);
    let csv = anyone.send("GET", "/v1/offerings", &[("Accept", "text/csv")], None).text;
    assert!(csv.lines().next().unwrap().contains(",queue,places,languages,"), "{csv}");
    assert!(csv.lines().nth(1).unwrap().contains(",,12,fi|sv,"), "{csv}");
    let history = scene.provider.user.get(&format!("{path}/history")).ok();
    assert_eq!(history["versions"][0]["details"]["places"], 12);
    assert_eq!(history["versions"][1]["details"].get("places"), None);
    let unit = Provider::register(&scene.world, 3, "Third", "company");
    let asked = json!({"unit": unit.unit(), "voucher_type": scene.care.id, "price": crate::support::price("30.00"), "places": 0});
    unit.user.post("/v1/offerings", &asked).refused(422, "invalid_input").at("/places", "range");
}

#[test]
fn a_place_that_was_left_long_ago_is_told_of_when_its_voucher_ends() {
    let mut scene = Scene::of(&json!({}));
    scene.limit(1);
    let (_, other) = scene.another(2);
    let (resident, voucher) = scene.holder();
    resident.choose(&voucher, &scene.offering).ok();
    assert_eq!(scene.listed(), 1, "the other one alone");
    scene.pass(1);
    scene.renewed(&resident).choose(&voucher, &other).ok();
    scene.pass(3);
    cancel(&scene, &voucher);
    assert_eq!(scene.listed(), 2);
    // The world looks at its end whether every offering stands as is noted of it.
}
