//! A unit that closes: when it may, who is told, and what it still serves.

use std::thread;

use serde_json::{Value, json};
use valinta_domain::policy::Role;

use super::scene::{Scene, code_of};
use crate::support::{Provider, VoucherType, id_of, price, terms_with};

/// A unit approved for what asks for fourteen days' notice, its offering of that, and the unit.
fn with_notice(scene: &Scene) -> (VoucherType, String, String) {
    let terms = terms_with(&json!({"supervision": {"end_notice_days": 14}}));
    let care = scene.county.publish("respite", "hour", &terms);
    let unit = scene.approval()["unit"].as_str().unwrap().to_owned();
    let application = scene.provider.apply(&unit, &care);
    scene.county.decide(&application, "approved").ok();
    let offered = scene.provider.offer(&unit, &care, &price("30.00")).created();
    (care, offered["id"].as_str().unwrap().to_owned(), unit)
}

fn closing(day: Option<String>) -> Value {
    let mut unit = Provider::unit_request("Provider 1");
    unit["closed_from"] = json!(day);
    unit
}

#[test]
fn who_has_chosen_a_unit_that_closes_is_told_and_served_until_then() {
    let mut scene = Scene::of("company");
    let (care, offering, unit) = with_notice(&scene);
    let path = format!("/v1/service-units/{unit}");
    let resident = scene.county.client();
    let voucher = scene.county.chosen_voucher(&resident, &care, "5", &offering)["id"].as_str().unwrap().to_owned();

    // It binds the provider: it is an admin's, and told as early as the end of an approval.
    let members = format!("/v1/providers/{}/members", scene.provider.id);
    scene.provider.user.post(&members, &json!({"subject": "clerk", "role": "clerk"})).created();
    let clerk = scene.world.user(Role::Provider, "clerk", None, None);
    clerk.put_seen(&path, "*", &closing(Some(scene.day(20)))).refused(403, "forbidden");
    clerk.put_seen(&path, "*", &closing(None)).ok();
    let soon = scene.provider.user.put_seen(&path, "*", &closing(Some(scene.day(13))));
    soon.refused(422, "invalid_input").at("/closed_from", "too_soon").saying(&scene.day(14));
    assert_eq!(scene.told("voucher.must_choose_again").len(), 0);
    scene.provider.user.put_seen(&path, "*", &closing(Some(scene.day(14)))).ok();

    let told = scene.told("voucher.must_choose_again");
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0].payload["voucher"], &told[0].payload["from"]), (&json!(voucher), &json!(scene.day(14))));
    let shown = resident.user.get(&format!("/v1/vouchers/{voucher}")).ok();
    assert_eq!(
        (&shown["choice"]["until"], &shown["choose_again_from"]),
        (&json!(scene.day(13)), &json!(scene.day(14)))
    );
    // Who chooses now is told until when.
    let late = scene.county.client();
    let chosen = scene.county.chosen_voucher(&late, &care, "5", &offering);
    let shown = late.user.get(&format!("/v1/vouchers/{}", chosen["id"].as_str().unwrap())).ok();
    assert_eq!(shown["choice"]["until"], scene.day(13));
    let public = |as_of: &str| {
        let path = format!("/v1/approvals/public?unit={unit}&voucher_type={}{as_of}", care.id);
        scene.world.api.anyone().get(&path).ok()["items"].as_array().unwrap().clone()
    };
    assert_eq!(public("")[0]["until"], scene.day(13));
    assert_eq!(public(&format!("&as_of={}", scene.day(13))).len(), 1);
    assert_eq!(public(&format!("&as_of={}", scene.day(14))), Vec::<Value>::new());

    scene.pass(13);
    scene.record(&voucher, 0).created();
    scene.pass(1);
    // The choice has ended; and what was delivered before is owed.
    assert!([404, 409, 422].contains(&scene.record(&voucher, 0).status));
    scene.record(&voucher, -2).created();
    scene.world.ledger_balances();
}

#[test]
fn a_unit_that_closes_today_serves_and_takes_nobody_any_more() {
    let mut scene = Scene::of("company");
    let (resident, voucher) = scene.client();
    scene.pass(1);
    let resident = scene.renewed(&resident);
    let unit = scene.approval()["unit"].as_str().unwrap().to_owned();
    let path = format!("/v1/service-units/{unit}");
    scene.provider.user.put_seen(&path, "*", &closing(Some(scene.day(0)))).ok();
    // What it served today before it closed would be owed; of this it is not said when it was.
    assert!(["closed", "not_approved"].contains(&code_of(&scene.record(&voucher, 0)).as_str()));
    assert_eq!(scene.told("voucher.must_choose_again").len(), 1);
    assert_eq!(code_of(&resident.choose(&voucher, &scene.offering)), "not_approved");
}

#[test]
fn what_is_to_come_of_lapses_is_nobody_elses_business() {
    let scene = Scene::of("company");
    assert_eq!(scene.approval()["interruptions"][0]["from"], scene.day(301));
    let anyone = scene.world.api.anyone();
    for as_of in [scene.day(0), scene.day(301), scene.day(400)] {
        let list = anyone.get(&format!("/v1/approvals/public?as_of={as_of}")).ok();
        assert_eq!(list["items"][0]["no_new_choices"], json!([]), "as of {as_of}");
        let list = anyone.get(&format!("/v1/offerings?as_of={as_of}")).ok();
        assert_eq!(list["items"][0]["takes_new_choices"], true, "as of {as_of}");
    }
}

#[test]
fn what_no_rulebook_is_in_force_for_asks_for_no_notice() {
    let mut scene = Scene::of("company");
    let (_, _, unit) = with_notice(&scene);
    let path = format!("/v1/service-units/{unit}");
    scene.provider.user.put_seen(&path, "*", &closing(Some(scene.day(1)))).refused(422, "invalid_input");
    // Rulebooks begin tomorrow.
    scene.pass(-1);
    scene.provider.user.put_seen(&path, "*", &closing(Some(scene.day(2)))).ok();
}

#[test]
fn who_closes_a_unit_and_who_looks_at_its_evidence_do_not_wait_for_each_other() {
    let scene = Scene::of("company");
    let unit = scene.approval()["unit"].as_str().unwrap().to_owned();
    let path = format!("/v1/service-units/{unit}");
    let evidence = format!("/v1/providers/{}/evidence", scene.provider.id);
    let given: Vec<String> = (0..12)
        .map(|n| {
            let body = json!({
                "kind": "other",
                "requirement": "liability_insurance",
                "reference": format!("Policy {n}"),
                "valid_until": scene.day(400 + n),
            });
            id_of(&scene.provider.user.post(&evidence, &body).created())
        })
        .collect();
    let (scene, path) = (&scene, &path);
    thread::scope(|scope| {
        scope.spawn(move || {
            for n in 0..12 {
                let mut body = closing(Some(scene.day(30 - n)));
                body["soteri"] = json!({
                    "state": "registered", "services": ["home_care"], "valid_from": "2026-01-01",
                    "valid_until": scene.day(900 - n),
                });
                scene.provider.user.put_seen(path, "*", &body).ok();
            }
        });
        for id in &given {
            scene.county.officer.check_evidence(id, &json!({"outcome": "accepted"})).created();
            scene.provider.user.post(&format!("/v1/evidence/{id}/withdraw"), &json!({})).ok();
        }
    });
    scene.lapses_agree();
}
