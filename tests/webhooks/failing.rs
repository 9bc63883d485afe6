//! Receivers that do not hear: slow, elsewhere, private, broken for a day, gone, or who say everything twice.

use std::thread;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use valinta_service::deadlines::run_once;

use super::{Answers, Receiver, Scene};
use crate::support::{County, World};

fn failed() -> (String, Value) {
    ("failed".to_owned(), Value::Null)
}

#[test]
fn who_is_slow_is_told_again_and_keeps_back_nobody_else() {
    let scene = Scene::new();
    let (slow, quick) = (Receiver::start(), Receiver::start());
    slow.answers(Answers { after: Duration::from_secs(12), ..Answers::with("204 No Content") });
    let (slow_one, quick_one) = (scene.webhook(&slow), scene.webhook(&quick));
    scene.offer();
    scene.call();
    assert_eq!((slow_one.calls(), slow_one.last_said().as_str()), (vec![failed()], "it took too long"));
    assert_eq!((quick_one.calls().len(), quick.kinds()), (1, vec!["voucher.offered".to_owned()]));
    assert!(slow_one.show()["next_call_at"].as_str() > slow_one.show()["failing_since"].as_str());
    assert!(quick_one.show().get("next_call_at").is_none());

    // Not before it is due.
    scene.call();
    assert_eq!(slow_one.calls().len(), 1);
    slow.answers(Answers::with("200 OK"));
    scene.call_after(TimeDelta::seconds(11));
    let heard = slow.heard();
    assert_eq!(heard.len(), 2);
    assert_eq!((heard[0].id(), &heard[0].body), (heard[1].id(), &heard[1].body), "the same event has the same id");
    assert_eq!(slow_one.calls(), [failed(), ("heard".to_owned(), json!(200))]);
    assert!(slow_one.show().get("failing_since").is_none());
}

#[test]
fn who_hears_slowly_keeps_nobody_from_what_happens_meanwhile() {
    let scene = Scene::new();
    let (slow, quick) = (Receiver::start(), Receiver::start());
    slow.answers(Answers { after: Duration::from_secs(3), ..Answers::with("204 No Content") });
    let _webhooks = (scene.webhook(&slow), scene.webhook(&quick));
    scene.offer();
    scene.offer();
    let (app, mut heard) = (scene.app().clone(), 0);
    let calling = thread::spawn(move || run_once(&app));
    while heard < 2 {
        assert!(!calling.is_finished());
        heard += quick.kinds().len();
        thread::sleep(Duration::from_millis(20));
    }
    scene.offer();
    scene.place();
    while heard < 3 {
        assert!(!calling.is_finished(), "the slow one is through before the quick one hears");
        heard += quick.kinds().len();
        thread::sleep(Duration::from_millis(20));
    }
    calling.join().unwrap().unwrap();
    assert_eq!(slow.kinds().len(), 3);
}

#[test]
fn where_a_redirect_leads_nobody_comes() {
    let scene = Scene::new();
    let (receiver, elsewhere) = (Receiver::start(), Receiver::start());
    let webhook = scene.webhook(&receiver);
    scene.offer();
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        receiver.answers(Answers::with(&format!("{status}\r\nLocation: {}", elsewhere.url())));
        scene.call_after(TimeDelta::hours(1));
        assert_eq!(webhook.last_said(), "redirects are not followed");
    }
    assert_eq!(webhook.calls().iter().map(|(_, status)| status).collect::<Vec<_>>(), [301, 302, 307, 308]);
    assert!(elsewhere.heard().is_empty());
    assert_eq!(receiver.heard().len(), 4);
}

#[test]
fn what_turns_out_to_be_private_when_it_is_called_is_not_called() {
    let scene = Scene::new();
    let receiver = Receiver::start();
    // A name says nothing of where it leads: that is seen with each call, by the process that calls.
    let url = format!("https://localhost:{}/hear", receiver.at.port());
    let webhook = scene.webhook_of(&scene.county.case_worker, &json!({"url": url}));
    scene.offer();
    // This process may call the public network alone.
    run_once(&scene.world.process()).unwrap();
    assert_eq!(webhook.calls(), [failed()]);
    assert_eq!(webhook.last_said(), "the address is not an address of the public network");
    assert!(receiver.heard().is_empty());
}

#[test]
fn who_answers_500_for_a_day_hears_everything_in_order_after_it() {
    let mut scene = Scene::new();
    let receiver = Receiver::start();
    let webhook = scene.webhook(&receiver);
    let before = scene.now();
    receiver.answers(Answers::with("500 Internal Server Error"));
    for hour in 0..23 {
        if hour % 8 == 0 {
            scene.offer();
        }
        scene.call_after(TimeDelta::hours(1));
    }
    let tries = receiver.heard();
    assert!((20..=24).contains(&tries.len()), "at most once an hour: {}", tries.len());
    assert!(tries.iter().all(|one| one.id() == tries[0].id()), "what comes after it waits");
    assert_eq!(webhook.calls().last(), Some(&("failed".to_owned(), json!(500))));
    assert_eq!(webhook.show()["state"], "active");

    receiver.answers(Answers::with("200 OK"));
    scene.world.clock.advance(TimeDelta::hours(1));
    scene.county.renew_tokens();
    scene.call();
    let events = scene.events(&before);
    let heard: Vec<Value> = receiver.heard().iter().map(super::receiver::Heard::event).collect();
    assert!(events.len() >= 3);
    assert_eq!(heard, events);
    assert!(scene.county.case_worker.get("/v1/webhooks").ok()["items"][0].get("failing_since").is_none());
}

#[test]
fn who_fails_for_days_is_turned_off_with_notice_and_hears_all_of_it_once_it_is_on_again() {
    let mut scene = Scene::new();
    let (receiver, watching) = (Receiver::start(), Receiver::start());
    let mut webhook = scene.webhook(&receiver);
    scene.webhook_of(&scene.county.case_worker, &json!({"url": watching.url(), "types": ["webhook.disabled"]}));
    let before = scene.now();
    receiver.answers(Answers::with("503 Service Unavailable"));
    scene.offer();
    scene.call();
    for _ in 0..73 {
        scene.call_after(TimeDelta::hours(1));
    }
    scene.county.renew_tokens();
    webhook.user = scene.county.case_worker.clone();
    let shown = webhook.show();
    assert_eq!(shown["state"], "disabled");
    assert!(shown["disabled_at"].as_str() > shown["failing_since"].as_str());
    assert_eq!(watching.kinds(), ["webhook.disabled"]);
    let told = scene.events(&before).pop().unwrap();
    assert_eq!((&told["type"], &told["data"]["webhook"]), (&json!("webhook.disabled"), &json!(webhook.id)));
    let audit = scene.county.auditor.get(&format!("/v1/audit?target={}", webhook.id)).ok();
    assert_eq!(audit["items"][0]["action"], "disable_webhook");

    let tries = receiver.heard().len();
    receiver.answers(Answers::with("200 OK"));
    scene.call_after(TimeDelta::hours(2));
    assert!(receiver.heard().is_empty() && tries > 60, "it is left alone after {tries} calls");
    webhook.does("enable").ok();
    webhook.does("enable").refused(409, "wrong_state");
    scene.call();
    assert_eq!(receiver.kinds(), ["voucher.offered", "webhook.disabled"]);
}

#[test]
fn who_says_that_they_are_gone_is_turned_off_at_once() {
    let scene = Scene::new();
    let receiver = Receiver::start();
    let webhook = scene.webhook(&receiver);
    receiver.answers(Answers::with("410 Gone"));
    scene.offer();
    scene.call();
    assert_eq!(
        (webhook.calls(), webhook.show()["state"].clone()),
        (vec![("gone".into(), json!(410))], json!("disabled"))
    );
}

#[test]
fn what_is_refused_again_and_again_is_passed_over() {
    let scene = Scene::new();
    let receiver = Receiver::start();
    let webhook = scene.webhook(&receiver);
    receiver.answers(Answers::with("400 Bad Request"));
    let voucher = scene.county.chosen_voucher(&scene.resident, &scene.care, "20", &scene.offering);
    scene.call();
    for _ in 0..3 {
        scene.call_after(TimeDelta::hours(1));
    }
    let first = receiver.heard();
    assert!(first.len() == 4 && first.iter().all(|one| one.event()["type"] == "voucher.offered"));
    // The fifth time is the last; what comes after it is heard.
    scene.call_after(TimeDelta::hours(1));
    assert_eq!(receiver.kinds()[..2], ["voucher.offered", "voucher.accepted"]);
    receiver.answers(Answers::with("200 OK"));
    scene.call_after(TimeDelta::hours(1));
    assert_eq!(receiver.kinds(), ["voucher.accepted", "voucher.chosen"]);
    assert_eq!(webhook.calls()[..5], vec![("refused".to_owned(), json!(400)); 5]);
    assert_eq!(voucher["id"], scene.events("0").last().unwrap()["data"]["voucher"]);
}

#[test]
fn who_answers_twice_shifts_nothing() {
    let scene = Scene::new();
    let receiver = Receiver::start();
    let webhook = scene.webhook(&receiver);
    let before = scene.now();
    let twice = Answers { times: 2, ..Answers::with("200 OK") };
    receiver.answers_in_turn([twice, Answers::with("500 Internal Server Error"), Answers::with("202 Accepted")]);
    scene.county.chosen_voucher(&scene.resident, &scene.care, "20", &scene.offering);
    scene.call();
    // What was said beside the first answer is not taken for an answer to the next call.
    let came = |outcome: &str, status: u16| (outcome.to_owned(), json!(status));
    assert_eq!(webhook.calls(), [came("heard", 200), came("failed", 500)]);
    scene.call_after(TimeDelta::hours(1));
    assert_eq!(webhook.calls()[2..], [came("heard", 202), came("heard", 202)]);
    let heard: Vec<String> = receiver.heard().iter().map(|one| one.id().to_owned()).collect();
    let events: Vec<String> = scene.events(&before).iter().map(|event| event["id"].as_str().unwrap().into()).collect();
    assert_eq!(heard, [0, 1, 1, 2].map(|n: usize| events[n].clone()));
}

#[test]
fn who_is_away_is_told_when_they_are_back() {
    let scene = Scene::new();
    let receiver = Receiver::start();
    let at = receiver.at;
    let webhook = scene.webhook(&receiver);
    drop(receiver);
    scene.offer();
    // The port may still take one connection, which the end of the receiver waits for.
    while std::net::TcpStream::connect(at).is_ok() {}
    scene.call();
    assert_eq!((webhook.calls(), webhook.last_said().as_str()), (vec![failed()], "no connection came about"));
    assert_eq!(webhook.show()["state"], "active");
}

/// Services of this suite may call this machine; one of an installation may not unless it is told so.
#[test]
fn what_is_not_public_is_refused_where_it_can_be_seen() {
    let world = World::start();
    let county = County::found(&world);
    for url in [
        "http://county.example@127.0.0.1/",
        "http://10.1.2.3/hear",
        "https://192.168.1.1/hear",
        "https://[fd00::1]/hear",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/",
        "https://0.0.0.0/",
        "ftp://county.example/hear",
        "file:///etc/passwd",
        "county.example",
    ] {
        let refused = county.case_worker.post("/v1/webhooks", &json!({"url": url}));
        refused.refused(422, "invalid_input").at("/url", "not_called");
    }
}
