//! The public verifiers of Standard Webhooks believe what this service signs, through a change of secrets, and nothing else.

use std::process::Command;

use chrono::TimeDelta;
use serde_json::{Value, json};
use valinta_domain::lease::later;
use valinta_service::clock::Clock;

use super::receiver::{Heard, Receiver};
use super::{Scene, Webhook};
use crate::support::foreign::{self, Foreign};

const JAVASCRIPT: Foreign =
    Foreign { folder: "tests/webhooks", files: &["package.json", "package-lock.json", "verify.mjs"], besides: &[] };
const PYTHON: Foreign = Foreign { folder: "tests/webhooks", files: &["requirements.txt", "verify.py"], besides: &[] };

/// By each verifier: which of the calls it believes; nothing where it cannot be run here.
fn verified(calls: &[Value]) -> [(&'static str, Option<Vec<bool>>); 2] {
    let told = json!(calls).to_string();
    let asked = |mut command: Command| serde_json::from_str(&foreign::asked(&mut command, &told)).unwrap();
    let by_node = JAVASCRIPT.of_node(false).map(|at| {
        let mut node = Command::new("node");
        node.arg("verify.mjs").current_dir(at);
        asked(node)
    });
    let by_python = PYTHON.of_python(&[]).map(|at| {
        let mut python = foreign::of_packages(&at, "python");
        python.arg("verify.py");
        asked(python)
    });
    [("JavaScript, by node and npm", by_node), ("Python, by python3 with venv", by_python)]
}

#[test]
fn the_public_verifiers_believe_what_is_signed_and_nothing_else() {
    let mut scene = Scene::new();
    // Verifiers believe what was signed within five minutes of their own clock, which is the real one.
    let at = |scene: &mut Scene, by: TimeDelta| {
        scene.world.clock.set(later(Clock::system().now(), by));
        scene.county.renew_tokens();
    };
    let other_secret = |webhook: &Webhook| webhook.does("secrets").created()["secret"].as_str().unwrap().to_owned();

    // A secret that was replaced more than a day ago is over, one that was replaced just now is not.
    at(&mut scene, TimeDelta::hours(-25));
    let (long_ago, now) = (Receiver::start(), Receiver::start());
    let replaced = scene.webhook(&long_ago);
    let replaced_by = other_secret(&replaced);
    at(&mut scene, TimeDelta::zero());
    let webhook = scene.webhook(&now);
    let before = scene.now();
    scene.resident = scene.county.client();
    scene.county.chosen_voucher(&scene.resident, &scene.care, "20", &scene.offering);
    scene.call();
    let (after_it, first) = (long_ago.heard(), now.heard());
    let newer = other_secret(&webhook);
    webhook.is_told_after(&before).ok();
    scene.call();
    let between = now.heard();
    assert_eq!((after_it.len(), first.len(), between.len()), (3, 3, 3));
    let signatures = |heard: &Heard| heard.headers["webhook-signature"].split(' ').count();
    assert_eq!((signatures(&after_it[0]), signatures(&first[0]), signatures(&between[0])), (1, 1, 2));

    at(&mut scene, TimeDelta::hours(1));
    scene.offer();
    scene.call();
    let too_early = now.heard().remove(0);
    let mut forged = first[0].clone();
    forged.body = forged.body.replacen("voucher.offered", "voucher.expired", 1);
    assert_ne!(forged.body, first[0].body);
    let mut moved = first[0].clone();
    moved.headers.insert("webhook-id".to_owned(), first[1].id().to_owned());
    let (calls, wanted): (Vec<Value>, Vec<bool>) = [
        (&first[0], &webhook.secret, true),
        (&first[2], &webhook.secret, true),
        (&first[0], &newer, false),
        (&first[0], &replaced_by, false),
        (&forged, &webhook.secret, false),
        (&moved, &webhook.secret, false),
        (&between[0], &webhook.secret, true),
        (&between[0], &newer, true),
        (&after_it[0], &replaced_by, true),
        (&after_it[0], &replaced.secret, false),
        (&too_early, &newer, false),
    ]
    .into_iter()
    .map(|(heard, secret, is_believed)| (heard.with_secret(secret), is_believed))
    .unzip();
    for (by, verified) in verified(&calls) {
        match verified {
            Some(verified) => assert_eq!(verified, wanted, "{by}"),
            None => println!("SKIPPED: the verifier in {by}, which is not here"),
        }
    }
}
