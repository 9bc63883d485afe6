//! What fails is tried again, later each time, given up in the end, seen, and tried again by hand.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};
use valinta_domain::delivery::{Failed, TRIES_MAX};

use super::{ACCOUNTS, Place, Scene, look, moment, process};
use crate::support::{id_of, new_key};

#[test]
fn what_fails_again_and_again_is_given_up_and_replayed_by_hand() {
    let mut scene = Scene::sent(1);
    let place = Arc::new(Place::default());
    let process = process(&scene.world, &place);
    let tries = usize::try_from(TRIES_MAX).unwrap();
    place.refuse(Some(("the disk is full", Failed::ForNow)));
    let mut waits = Vec::new();
    for _ in 0..tries {
        let asked = place.asked();
        assert_eq!(look(&process), 0);
        assert_eq!((look(&process), place.asked()), (0, asked + 2), "each is tried once until its next moment");
        let now = scene.world.clock.now();
        let next = scene.deliveries("&state=waiting").iter().map(|one| moment(&one["next_try_at"])).max();
        let Some(next) = next else { break };
        waits.push(next.micros() - now.micros());
        scene.after(TimeDelta::microseconds(next.micros() - now.micros()));
    }
    assert_eq!(waits.len(), tries - 1);
    assert!(waits[0] >= 15_000_000 && waits[0] <= 30_000_000, "{waits:?}");
    assert!(waits.iter().zip(&waits[4..]).all(|(earlier, later)| later > earlier), "{waits:?}");

    let dead = scene.deliveries("&state=dead");
    assert_eq!(dead.len(), 2);
    assert!(dead.iter().all(|one| one["last_error"] == "the disk is full" && one["attempts"] == TRIES_MAX));
    assert_eq!(scene.outcomes(&dead[0]), vec!["failed"; tries]);
    let counted = json!([{"organiser": scene.county.id, "state": "dead", "count": 2}]);
    assert_eq!(scene.jobs()["deliveries"], counted);
    scene.after(TimeDelta::days(30));
    let asked = place.asked();
    assert_eq!((look(&process), place.asked()), (0, asked), "what was given up is left alone");

    // By hand: once, however often the request is repeated.
    let (path, key) = (format!("/v1/deliveries/{}/replay", id_of(&dead[0])), new_key());
    let replayed = scene.county.finance.post_keyed(&path, &key, &json!({})).ok();
    assert_eq!((&replayed["state"], &replayed["id"]), (&json!("waiting"), &dead[0]["id"]));
    let again = scene.county.finance.post_keyed(&path, &key, &json!({}));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    scene.replay(&scene.county.officer, &dead[0]).refused(409, "wrong_state").saying("waiting");
    place.refuse(None);
    assert_eq!(look(&process), 1);
    let sent = scene.delivery("&state=sent");
    assert_eq!((&sent["id"], &sent["attempts"]), (&dead[0]["id"], &json!(TRIES_MAX + 1)));
    assert_eq!(sent.get("last_error"), None);
    scene.replay(&scene.county.finance, &sent).refused(409, "wrong_state").saying("sent");
    let trail = scene.county.auditor.get(&format!("/v1/audit?target={}", id_of(&sent))).ok();
    let actions: Vec<&str> =
        trail["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    for wanted in ["hand_over_delivery", "replay_delivery", "give_up_delivery"] {
        assert!(actions.contains(&wanted), "{actions:?}");
    }
    scene.is_sound();
}

#[test]
fn what_no_trying_can_help_is_given_up_at_once_until_it_is_put_right() {
    let scene = Scene::settled(1);
    let path = format!("/v1/statements/{}/send", scene.statements[0]);
    scene.county.finance.post(&path, &json!({})).ok();
    let place = Arc::new(Place::default());
    let process = process(&scene.world, &place);
    assert_eq!(look(&process), 1, "the invoice alone");
    let dead = scene.delivery("&state=dead");
    assert_eq!((&dead["kind"], &dead["attempts"]), (&json!("payment"), &json!(1)));
    let said = dead["last_error"].as_str().unwrap();
    assert!(said.contains("202611-00001") && said.contains("no account"), "{said}");
    scene.give_account(&scene.providers[0], ACCOUNTS[0]);
    assert_eq!(look(&process), 0);
    // What was given up can be handed in by people, until it is tried again.
    let settlement = id_of(&scene.county.finance.get("/v1/settlements").ok()["items"][0]);
    let by_hand = || scene.county.finance.get(&format!("/v1/settlements/{settlement}/payments")).status;
    assert_eq!(by_hand(), 200);
    scene.replay(&scene.county.finance, &dead).ok();
    assert_eq!((look(&process), by_hand()), (1, 409));
    let sent: Value = scene.delivery("&kind=payment");
    assert_eq!((&sent["state"], scene.outcomes(&sent)), (&json!("sent"), vec!["sent".to_owned(), "failed".to_owned()]));
    let taken = place.taken.lock().unwrap();
    assert!(String::from_utf8_lossy(&taken[&id_of(&sent)][0].content).contains("FI4250001510000023"));
    drop(taken);
    scene.is_sound();
}

#[test]
fn what_was_paid_by_hand_is_not_paid_again() {
    let scene = Scene::sent(1);
    let path = format!("/v1/statements/{}/paid", scene.statements[0]);
    scene.county.finance.post(&path, &json!({"payment_reference": "RF18539007547034"})).ok();
    let place = Arc::new(Place::default());
    let process = process(&scene.world, &place);
    assert_eq!((look(&process), look(&process)), (1, 0), "the invoice alone");
    let payment = scene.delivery("&kind=payment");
    assert_eq!((&payment["state"], scene.outcomes(&payment)), (&json!("called_off"), vec!["called_off".to_owned()]));
    assert_eq!(payment["last_error"], "the statement was noted as paid before");
    scene.replay(&scene.county.finance, &payment).refused(409, "wrong_state");
}

#[test]
fn one_that_fails_keeps_none_of_the_others_back() {
    let scene = Scene::settled(2);
    scene.give_account(&scene.providers[1], ACCOUNTS[1]);
    for statement in &scene.statements {
        scene.county.finance.post(&format!("/v1/statements/{statement}/send"), &json!({})).ok();
    }
    let place = Arc::new(Place::default());
    assert_eq!(look(&process(&scene.world, &place)), 3);
    assert_eq!((scene.deliveries("&state=sent").len(), scene.deliveries("&state=dead").len()), (3, 1));
}
