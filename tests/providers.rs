//! Providers over HTTP: what they say of themselves, and what of it is not public.

mod changes;
mod members;
mod units;
mod visibility;

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};
use valinta_domain::policy::Role;

use crate::support::{Answer, County, Provider, User, World, oid};

/// The tag of what an answer shows.
fn tag(answer: &Answer) -> String {
    answer.header("etag").unwrap_or_else(|| panic!("{} has no tag: {}", answer.call, answer.text)).to_owned()
}

/// The path of something of a provider's.
fn at(provider: &Provider, what: &str) -> String {
    format!("/v1/providers/{}{what}", provider.id)
}

/// The present tag of a provider, as its members read it.
fn seen(provider: &Provider) -> String {
    tag(&provider.user.get(&at(provider, "/private")))
}

/// The OID of the n-th provider, or of a unit of its.
fn own_oid(n: u32, number: u32) -> String {
    oid(Provider::registration(n, "", "ngo")["business_id"].as_str().unwrap(), number)
}

/// What a provider may say of itself.
fn details(email: &str) -> Value {
    json!({
        "email": email,
        "phone": "+358 2 000 0000",
        "website": "https://provider.example",
        "languages": ["fi", "sv"],
        "oid": own_oid(1, 0),
    })
}

/// Someone who acts for a provider besides who registered it.
fn member(provider: &Provider, subject: &str, role: &str) -> User {
    let added = provider.user.post(&at(provider, "/members"), &json!({"subject": subject, "role": role}));
    assert!([200, 201].contains(&added.status), "{}", added.text);
    provider.site.user(Role::Provider, subject, None, None)
}

/// A provider that has handed in an application to a county, and that no other county knows.
fn known_to(county: &County) -> Provider {
    let provider = Provider::register(&county.site, 1, "Provider 1", "company");
    provider.apply(&provider.unit(), &county.home_care());
    provider
}

#[test]
fn what_a_provider_says_of_itself_is_replaced_and_what_it_was_is_kept() {
    let world = World::start();
    let provider = Provider::register(&world, 1, "Provider 1", "company");
    let first = seen(&provider);
    let changed = provider.user.put_seen(&at(&provider, ""), &first, &details("new@provider.example"));
    let second = tag(&changed);
    assert_ne!(first, second);
    let changed = changed.ok();
    assert_eq!(changed["name"], "Provider 1");
    assert_eq!((&changed["email"], &changed["languages"]), (&json!("new@provider.example"), &json!(["fi", "sv"])));
    assert_eq!(changed["oid"], own_oid(1, 0));

    // Who changes what has changed meanwhile is told; who names no version is asked for one.
    let stale = provider.user.put_seen(&at(&provider, ""), &first, &details("old@provider.example"));
    stale.refused(412, "precondition_failed");
    provider.user.put(&at(&provider, ""), &details("x@provider.example")).refused(428, "precondition_required");
    assert_eq!(seen(&provider), second);

    // What is left out is no longer said.
    provider.user.put_seen(&at(&provider, ""), &second, &json!({})).ok();
    let history = provider.user.get(&at(&provider, "/history")).ok();
    let said: Vec<(i64, Option<&str>)> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| (version["version"].as_i64().unwrap(), version["email"].as_str()))
        .collect();
    assert_eq!(said, [(3, None), (2, Some("new@provider.example")), (1, Some("office@provider.example"))]);
    let newest = &history["items"][0];
    assert_eq!((&newest["by"], &newest["day"]), (&json!("provider-1"), &json!("2026-11-11")));
    let page = provider.user.get(&at(&provider, "/history?limit=2")).ok();
    let rest = provider.user.get(&at(&provider, &format!("/history?cursor={}", page["next"].as_str().unwrap()))).ok();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["items"][0]["version"]), (1, &json!(1)));
    world.audit_rows();
}

#[test]
fn everything_that_is_wrong_with_a_change_is_told_at_once() {
    let world = World::start();
    let provider = Provider::register(&world, 1, "Provider 1", "company");
    let bad = json!({"email": "nobody", "website": "ftp://x.example", "languages": ["fi", "fi"], "oid": "1.2.3"});
    let refused = provider.user.put_seen(&at(&provider, ""), "*", &bad).refused(422, "invalid_input");
    refused.at("/email", "email").at("/website", "invalid").at("/languages/1", "duplicate").at("/oid", "invalid");
    // Name, sector and account are not changed by one who merely may write.
    for field in ["name", "sector", "iban", "business_id"] {
        let body = json!({field: "x"});
        provider.user.put_seen(&at(&provider, ""), "*", &body).refused(422, "invalid_input");
    }
}

#[test]
fn a_business_id_or_an_oid_names_one_provider_or_unit() {
    let world = World::start();
    let oid = own_oid(1, 0);
    let mut registration = Provider::registration(1, "Provider 1", "company");
    registration["oid"] = json!(oid);
    registration["languages"] = json!(["sv"]);
    let first = world.user(Role::Provider, "provider-1", None, None);
    let made = first.post("/v1/providers", &registration).created();
    assert_eq!((&made["oid"], &made["languages"], &made["version"]), (&json!(oid), &json!(["sv"]), &json!(1)));

    first.post("/v1/providers", &registration).refused(409, "duplicate").at("/business_id", "duplicate");
    // Nobody takes the OID that another is to have: it is built on the business id.
    registration["business_id"] = Provider::registration(2, "", "ngo")["business_id"].clone();
    let foreign = first.post("/v1/providers", &registration).refused(422, "invalid_input");
    foreign.at("/oid", "not_of_business_id");
    let other = Provider::register(&world, 3, "Provider 3", "company");
    let taking = other.user.put_seen(&at(&other, ""), "*", &json!({"oid": oid}));
    taking.refused(422, "invalid_input").at("/oid", "not_of_business_id");
    let mut unit = Provider::unit_request("Provider 3");
    unit["oid"] = json!(oid);
    // Municipalities exist where a county serves them.
    County::found(&world);
    let units = at(&other, "/units");
    other.user.post(&units, &unit).refused(422, "invalid_input").at("/oid", "not_of_business_id");

    // Of its own, each names one thing.
    unit["oid"] = json!(own_oid(3, 1));
    let made = other.user.post(&units, &unit).created();
    other.user.post(&units, &unit).refused(409, "duplicate").at("/oid", "duplicate");
    let taking = other.user.put_seen(&at(&other, ""), "*", &json!({"oid": own_oid(3, 1)}));
    taking.refused(409, "duplicate").at("/oid", "duplicate");
    unit["oid"] = json!(own_oid(1, 1));
    let replaced = other.user.put_seen(&format!("/v1/service-units/{}", made["id"].as_str().unwrap()), "*", &unit);
    replaced.refused(422, "invalid_input").at("/oid", "not_of_business_id");
}

#[test]
fn of_several_who_take_one_oid_at_once_one_does() {
    let world = World::start();
    County::found(&world);
    let provider = Provider::register(&world, 1, "Provider 1", "company");
    let mut unit = Provider::unit_request("Provider 1");
    unit["oid"] = json!(own_oid(1, 1));
    let barrier = Barrier::new(4);
    let take = || {
        barrier.wait();
        provider.user.post(&at(&provider, "/units"), &unit)
    };
    let answers = thread::scope(|scope| {
        let takers: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
        takers.into_iter().map(|taker| taker.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for refused in answers.into_iter().filter(|answer| answer.status != 201) {
        refused.refused(409, "duplicate").at("/oid", "duplicate");
    }
}

#[test]
fn contacts_are_for_those_who_know_the_provider_and_are_kept_sealed() {
    let world = World::start();
    let county = County::found(&world);
    let stranger = County::found_as(&world, 1, &[("079", "Harjavalta", "Harjavalta")]);
    let provider = known_to(&county);
    let contacts = json!({"contacts": [
        {"purpose": "county", "function": "Palvelupäällikkö", "email": "paallikko@provider.example"},
        {"purpose": "invoicing", "function": "Laskutus", "phone": "+358 2 000 0001"},
    ]});
    let tag_before = seen(&provider);
    let replaced = provider.user.put_seen(&at(&provider, "/contacts"), &tag_before, &contacts);
    assert_eq!(tag(&replaced), seen(&provider));
    assert_eq!(replaced.ok()["contacts"], contacts["contacts"]);
    provider.user.put_seen(&at(&provider, "/contacts"), &tag_before, &contacts).refused(412, "precondition_failed");

    let before = world.audit_rows();
    for reader in [&county.officer, &county.auditor] {
        let private = reader.get(&at(&provider, "/private")).ok();
        assert_eq!((&private["contacts"], &private["members"]), (&contacts["contacts"], &json!(1)));
    }
    assert_eq!(world.audit_rows(), before + 2);
    for outsider in [&stranger.officer, &stranger.auditor] {
        for what in ["/private", "/members", "/changes", "/history"] {
            outsider.get(&at(&provider, what)).refused(404, "not_found");
        }
    }
    let elsewhere = Provider::register(&world, 2, "Provider 2", "ngo");
    for what in ["/private", "/members", "/changes", "/history"] {
        elsewhere.user.get(&at(&provider, what)).refused(404, "not_found");
    }
    elsewhere.user.put_seen(&at(&provider, "/contacts"), "*", &contacts).refused(404, "not_found");
    elsewhere.user.put_seen(&at(&provider, ""), "*", &json!({})).refused(404, "not_found");

    // Nothing of it is in what everyone sees, nor in what is kept of versions.
    let history = provider.user.get(&at(&provider, "/history"));
    assert!(!history.text.contains("paallikko") && !history.text.contains("000 0001"), "{}", history.text);

    let bad = json!({"contacts": [
        {"purpose": "county", "function": " "},
        {"purpose": "complaints", "function": "x", "phone": "call me"},
    ]});
    let refused = provider.user.put_seen(&at(&provider, "/contacts"), "*", &bad).refused(422, "invalid_input");
    refused.at("/contacts/0", "missing").at("/contacts/0/function", "invalid").at("/contacts/1/phone", "invalid");
}

#[test]
fn a_clerk_writes_and_a_worker_reads() {
    let world = World::start();
    let provider = Provider::register(&world, 1, "Provider 1", "company");
    let (clerk, worker) = (member(&provider, "clerk", "clerk"), member(&provider, "worker", "worker"));
    let iban = json!({"field": "iban", "value": "FI21 1234 5600 0007 85"});
    let newcomer = json!({"subject": "newcomer", "role": "worker"});
    clerk.put_seen(&at(&provider, ""), "*", &details("clerk@provider.example")).ok();
    clerk.put_seen(&at(&provider, "/contacts"), "*", &json!({"contacts": []})).ok();
    worker.put_seen(&at(&provider, ""), "*", &details("worker@provider.example")).refused(403, "forbidden");
    worker.put_seen(&at(&provider, "/contacts"), "*", &json!({"contacts": []})).refused(403, "forbidden");
    for user in [&clerk, &worker] {
        user.post(&at(&provider, "/changes"), &iban).refused(403, "forbidden");
        user.post(&at(&provider, "/members"), &newcomer).refused(403, "forbidden");
        user.post(&at(&provider, "/members/remove"), &json!({"subject": "provider-1"})).refused(403, "forbidden");
        user.get(&at(&provider, "/private")).ok();
        user.get(&at(&provider, "/history")).ok();
    }
}
