//! Name, sector and account: what two people must agree on.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};
use valinta_domain::policy::Role;

use super::{at, known_to, member, seen};
use crate::support::{Answer, County, Provider, User, World, price};

const IBAN: &str = "FI21 1234 5600 0007 85";
const OTHER_IBAN: &str = "DE89 3704 0044 0532 0130 00";

fn propose(user: &User, provider: &Provider, field: &str, value: &str) -> Answer {
    user.post(&at(provider, "/changes"), &json!({"field": field, "value": value}))
}

/// The id of a change that waits.
fn waiting(user: &User, provider: &Provider, field: &str, value: &str) -> String {
    let proposed = propose(user, provider, field, value).created();
    assert_eq!((&proposed["outcome"], &proposed["change"]["state"]), (&json!("waiting"), &json!("waiting")));
    proposed["change"]["id"].as_str().unwrap().to_owned()
}

fn decide(user: &User, change: &str, body: &Value) -> Answer {
    user.post(&format!("/v1/provider-changes/{change}/decision"), body)
}

fn confirm(user: &User, change: &str) -> Answer {
    decide(user, change, &json!({"outcome": "confirmed"}))
}

fn own(provider: &Provider) -> Value {
    provider.user.get("/v1/providers/mine").ok()["items"][0].clone()
}

fn last_four(provider: &Provider) -> Value {
    provider.user.get(&at(provider, "/private")).ok()["iban_last_four"].clone()
}

#[test]
fn a_provider_that_nobody_relies_on_corrects_its_registration_alone() {
    let world = World::start();
    let provider = Provider::register(&world, 1, "Provider 1", "company");
    for (field, value) in [("name", "Provider One"), ("sector", "ngo"), ("iban", IBAN)] {
        let made = propose(&provider.user, &provider, field, value).ok();
        assert_eq!((&made["outcome"], made.get("change")), (&json!("in_force"), None));
    }
    let shown = own(&provider);
    assert_eq!((&shown["name"], &shown["sector"]), (&json!("Provider One"), &json!("ngo")));
    assert_eq!(last_four(&provider), "0785");
    // The name has versions; the others have histories of their own.
    let history = provider.user.get(&at(&provider, "/history")).ok();
    let names: Vec<&str> =
        history["items"].as_array().unwrap().iter().map(|version| version["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Provider One", "Provider 1"]);
    for (field, value) in [("name", "Provider One"), ("sector", "ngo"), ("iban", IBAN)] {
        propose(&provider.user, &provider, field, value).refused(422, "invalid_input").at("/value", "unchanged");
    }
}

#[test]
fn a_name_and_a_sector_wait_for_an_officer_who_knows_the_provider() {
    let world = World::start();
    let county = County::found(&world);
    let stranger = County::found_as(&world, 1, &[("079", "Harjavalta", "Harjavalta")]);
    let provider = known_to(&county);
    let second = member(&provider, "second", "admin");
    let before = seen(&provider);
    for (field, value, shown) in [("name", "Provider One", "Provider 1"), ("sector", "ngo", "company")] {
        let change = waiting(&provider.user, &provider, field, value);
        propose(&second, &provider, field, value).refused(409, "duplicate").at("/field", "waiting");
        assert_eq!(own(&provider)[field], shown);
        for own_admin in [&provider.user, &second] {
            confirm(own_admin, &change).refused(403, "forbidden");
        }
        confirm(&stranger.officer, &change).refused(404, "not_found");
        confirm(&county.auditor, &change).refused(403, "forbidden");
        // One person in two roles is still one person.
        let same = world.user(Role::Officer, &provider.subject, Some(&county.id), None);
        confirm(&same, &change).refused(403, "forbidden");

        let confirmed = confirm(&county.officer, &change).ok();
        assert_eq!((&confirmed["state"], &confirmed["decided_for"]), (&json!("confirmed"), &json!(county.id)));
        assert_eq!(own(&provider)[field], value);
        confirm(&county.officer, &change).refused(409, "wrong_state");
    }
    assert_ne!(seen(&provider), before, "a new name is a new version");
    let listed = county.officer.get(&at(&provider, "/changes")).ok();
    let fields: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|change| &change["field"]).collect();
    assert_eq!(fields, ["sector", "name"]);
    world.audit_rows();
}

#[test]
fn an_account_waits_for_any_second_person_and_is_never_shown_whole() {
    let world = World::start();
    let county = County::found(&world);
    let provider = known_to(&county);
    let second = member(&provider, "second", "admin");
    let clerk = member(&provider, "clerk", "clerk");

    let change = waiting(&provider.user, &provider, "iban", IBAN);
    confirm(&provider.user, &change).refused(403, "forbidden");
    confirm(&clerk, &change).refused(403, "forbidden");
    assert_eq!(last_four(&provider), Value::Null);
    confirm(&second, &change).ok();
    assert_eq!(last_four(&provider), "0785");

    let change = waiting(&second, &provider, "iban", OTHER_IBAN);
    confirm(&county.officer, &change).ok();
    assert_eq!(last_four(&provider), "3000");
    for path in ["/changes", "/private", "/history"] {
        for reader in [&provider.user, &county.officer] {
            let text = reader.get(&at(&provider, path)).text;
            assert!(!text.contains("12345600") && !text.contains("37040044"), "{path}: {text}");
        }
    }
    let mistyped = propose(&provider.user, &provider, "iban", "FI21 1234 5600 0007 86");
    mistyped.refused(422, "invalid_input").at("/value", "invalid");
}

#[test]
fn a_change_is_refused_with_a_reason_or_taken_back_and_asked_for_anew() {
    let world = World::start();
    let county = County::found(&world);
    let provider = known_to(&county);
    let second = member(&provider, "second", "admin");
    let change = waiting(&provider.user, &provider, "name", "Provider One");
    let silent = decide(&county.officer, &change, &json!({"outcome": "refused"}));
    silent.refused(422, "invalid_input").at("/reason", "required");
    let reason = "The trade register has another name.";
    let refused = decide(&county.officer, &change, &json!({"outcome": "refused", "reason": reason})).ok();
    assert_eq!((&refused["state"], &refused["reason"]), (&json!("refused"), &json!(reason)));
    assert_eq!(own(&provider)["name"], "Provider 1");

    let change = waiting(&provider.user, &provider, "name", "Provider Uno");
    let withdraw = format!("/v1/provider-changes/{change}/withdraw");
    county.officer.post(&withdraw, &json!({})).refused(403, "forbidden");
    assert_eq!(second.post(&withdraw, &json!({})).ok()["state"], "withdrawn");
    second.post(&withdraw, &json!({})).refused(409, "wrong_state");
    confirm(&county.officer, &change).refused(409, "wrong_state");
    waiting(&provider.user, &provider, "name", "Provider Uno");
}

#[test]
fn a_sector_begins_on_its_day_and_history_stands() {
    let world = World::start();
    let county = County::found(&world);
    let provider = known_to(&county);
    let today = world.today();
    let ask = |value: &str, from: valinta_domain::Day| {
        let body = json!({"field": "sector", "value": value, "valid_from": from.to_string()});
        provider.user.post(&at(&provider, "/changes"), &body)
    };
    ask("ngo", today.plus_days(-1)).refused(422, "invalid_input").at("/valid_from", "in_the_past");
    let body = json!({"field": "name", "value": "Provider One", "valid_from": today.to_string()});
    let named = provider.user.post(&at(&provider, "/changes"), &body);
    named.refused(422, "invalid_input").at("/valid_from", "not_applicable");

    let asked = ask("ngo", today.plus_days(20)).created();
    confirm(&county.officer, asked["change"]["id"].as_str().unwrap()).ok();
    assert_eq!(own(&provider)["sector"], "company");
    ask("public", today.plus_days(10)).refused(409, "conflict").at("/valid_from", "later_agreed");
    world.set_day(today.plus_days(20));
    let mut provider = provider.clone();
    provider.renew_token();
    let shown = own(&provider);
    let since = today.plus_days(20).to_string();
    assert_eq!((&shown["sector"], &shown["sector_since"]), (&json!("ngo"), &json!(since)));

    // What has waited longer than it asked for holds from its confirmation.
    let body = json!({"field": "sector", "value": "company", "valid_from": today.plus_days(21).to_string()});
    let asked = provider.user.post(&at(&provider, "/changes"), &body).created();
    world.set_day(today.plus_days(30));
    provider.renew_token();
    let mut county = county;
    county.renew_tokens();
    let confirmed = confirm(&county.officer, asked["change"]["id"].as_str().unwrap()).ok();
    assert_eq!(confirmed["valid_from"], today.plus_days(30).to_string());
    assert_eq!(own(&provider)["sector_since"], today.plus_days(30).to_string());
}

#[test]
fn of_several_who_decide_at_once_one_does() {
    let world = World::start();
    let county = County::found(&world);
    let provider = known_to(&county);
    let second = member(&provider, "second", "admin");
    for value in [IBAN, OTHER_IBAN] {
        let change = waiting(&provider.user, &provider, "iban", value);
        let barrier = Barrier::new(3);
        let at_once = |user: &User, body: Value| {
            barrier.wait();
            decide(user, &change, &body)
        };
        let answers = thread::scope(|scope| {
            let one = scope.spawn(|| at_once(&county.officer, json!({"outcome": "confirmed"})));
            let two = scope.spawn(|| at_once(&second, json!({"outcome": "confirmed"})));
            let no = scope.spawn(|| at_once(&second, json!({"outcome": "refused", "reason": "Not ours"})));
            [one, two, no].map(|answer| answer.join().unwrap())
        });
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 2, "{statuses:?}");
    }
}

#[test]
fn a_confirmed_name_is_the_one_that_clients_see() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, _) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let change = waiting(&provider.user, &provider, "name", "Provider One");
    confirm(&county.officer, &change).ok();
    let anyone = world.api.anyone();
    assert_eq!(anyone.get(&at(&provider, "")).ok()["name"], "Provider One");
    let choices = anyone.get(&format!("/v1/choices?voucher_type={}", home_care.id));
    assert!(choices.text.contains("Provider One"), "{}", choices.text);
}
