//! A webhook is made, shown, told again, given other secrets and ended by those whose it is.

use chrono::TimeDelta;
use serde_json::{Value, json};
use valinta_domain::webhook::{SECRETS_MAX, WEBHOOKS_MAX};

use super::{Answers, Receiver, Scene};
use crate::support::User;

#[test]
fn what_was_heard_is_told_again_from_where_one_likes_and_with_the_same_ids() {
    let scene = Scene::new();
    let receiver = Receiver::start();
    let webhook = scene.webhook(&receiver);
    let before = scene.now();
    scene.county.chosen_voucher(&scene.resident, &scene.care, "20", &scene.offering);
    scene.call();
    let ids = || receiver.heard().iter().map(|one| one.id().to_owned()).collect::<Vec<_>>();
    let first = ids();
    assert_eq!(first.len(), 3);
    assert_eq!(webhook.is_told_after(&before).ok()["heard"], before);
    scene.call();
    assert_eq!(ids(), first);
    // From the middle on, as a page of events names it.
    let page = scene.county.case_worker.get(&format!("/v1/events?after={before}&limit=1")).ok();
    webhook.is_told_after(page["next"].as_str().unwrap()).ok();
    scene.call();
    assert_eq!(ids(), first[1..]);
    // One event's calls can be looked at apart.
    let calls = webhook.user.get(&format!("/v1/webhooks/{}/calls?event={}", webhook.id, first[0])).ok();
    assert_eq!(calls["items"].as_array().unwrap().len(), 2);
    let first_page = webhook.user.get(&format!("/v1/webhooks/{}/calls?limit=3", webhook.id)).ok();
    let next = &first_page["next"];
    let rest = webhook.user.get(&format!("/v1/webhooks/{}/calls?before={next}", webhook.id)).ok();
    let numbers: Vec<i64> = [&first_page, &rest]
        .into_iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|call| call["number"].as_i64().unwrap())
        .collect();
    assert_eq!((numbers, rest.get("next")), ((1..=8).rev().collect(), None));

    // What is passed over is not told, and what was never said is no place.
    scene.world.clock.advance(TimeDelta::hours(1));
    receiver.answers(Answers::with("500 Internal Server Error"));
    scene.offer();
    scene.call();
    webhook.is_told_after("now").ok();
    receiver.answers(Answers::with("200 OK"));
    receiver.heard();
    scene.call();
    assert!(receiver.heard().is_empty());
    webhook.is_told_after("999999999").refused(422, "invalid_input").at("/after", "ahead");
    webhook.is_told_after("yesterday").refused(422, "invalid_input").at("/after", "invalid");
}

#[test]
fn who_was_away_from_the_beginning_can_be_told_all_of_it() {
    let scene = Scene::new();
    scene.county.chosen_voucher(&scene.resident, &scene.care, "20", &scene.offering);
    scene.call();
    let receiver = Receiver::start();
    let events = scene.events("0");
    scene.webhook_of(&scene.county.case_worker, &json!({"url": receiver.url(), "after": "0"}));
    scene.call();
    let heard: Vec<Value> = receiver.heard().iter().map(super::receiver::Heard::event).collect();
    assert!(heard.len() >= 3);
    assert_eq!(heard, events);
}

#[test]
fn a_webhook_that_was_ended_is_called_no_more_and_stays_to_be_read() {
    let scene = Scene::new();
    let receiver = Receiver::start();
    let webhook = scene.webhook(&receiver);
    webhook.does("end").ok();
    scene.offer();
    scene.call();
    assert!(receiver.heard().is_empty());
    assert_eq!(webhook.show()["state"], "ended");
    for what in ["end", "enable", "secrets"] {
        webhook.does(what).refused(409, "wrong_state");
    }
    webhook.is_told_after("0").refused(409, "wrong_state");
}

#[test]
fn a_webhook_is_for_the_role_and_the_organiser_that_made_it() {
    let scene = Scene::new();
    let receiver = Receiver::start();
    let webhook = scene.webhook(&receiver);
    let place = format!("/v1/webhooks/{}", webhook.id);
    for (user, is_seen) in [
        (&scene.county.case_worker, true),
        (&scene.county.auditor, true),
        (&scene.county.officer, false),
        (&scene.county.finance, false),
        (&scene.provider.user, false),
    ] {
        let listed = user.get("/v1/webhooks").ok()["items"].as_array().unwrap().len();
        assert_eq!((user.get(&place).status, listed), if is_seen { (200, 1) } else { (404, 0) });
    }
    scene.county.auditor.post(&format!("{place}/end"), &json!({})).refused(403, "forbidden");
    let shown = webhook.show();
    assert!(shown.get("secret").is_none() && !shown.to_string().contains(&webhook.secret));
}

#[test]
fn what_cannot_be_made_is_refused_with_its_place() {
    let scene = Scene::new();
    let receiver = Receiver::start();
    let (worker, provider): (&User, &User) = (&scene.county.case_worker, &scene.provider.user);
    let url = receiver.url();
    for (user, body, pointer, code) in [
        (worker, json!({}), "/url", "missing_field"),
        (worker, json!({"url": ""}), "/url", "length"),
        (worker, json!({"url": format!("{url}/{}", "x".repeat(1_000))}), "/url", "length"),
        (worker, json!({"url": url, "types": []}), "/types", "length"),
        (worker, json!({"url": url, "types": ["voucher.chosen", "rulebook.proposed"]}), "/types/1", "not_for_it"),
        (worker, json!({"url": url, "types": ["voucher.eaten"]}), "/types/0", "unknown_value"),
        (worker, json!({"url": url, "after": "then"}), "/after", "invalid"),
        (worker, json!({"url": url, "after": "999999999"}), "/after", "ahead"),
        (worker, json!({"url": url, "description": " "}), "/description", "invalid"),
        (worker, json!({"url": url, "secret": "mine"}), "/secret", "unknown_field"),
        (worker, json!({"url": url, "provider": scene.provider.id}), "/provider", "not_for_it"),
        (provider, json!({"url": url}), "/provider", "required"),
    ] {
        user.post("/v1/webhooks", &body).refused(422, "invalid_input").at(pointer, code);
    }
    let other = json!({"url": url, "provider": scene.world.unknown_id()});
    provider.post("/v1/webhooks", &other).refused(404, "not_found");

    for _ in 0..WEBHOOKS_MAX {
        scene.webhook(&receiver);
    }
    worker.post("/v1/webhooks", &json!({"url": url})).refused(409, "conflict").saying("end one first");
    let one = scene.webhook_of(provider, &json!({"url": url, "provider": scene.provider.id}));
    for _ in 1..SECRETS_MAX {
        one.does("secrets").created();
    }
    one.does("secrets").refused(409, "conflict");
}
