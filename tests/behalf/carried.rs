//! Acting for a client by a mandate that the token carries, and that is nowhere recorded.

use chrono::TimeDelta;
use serde_json::{Value, json};
use valinta_domain::policy::Role;

use super::{Scene, id, items};
use crate::support::{County, ISSUER, Resident, User, price};

/// When the mandate of a token ends, if nothing else is said: an hour after the scene begins.
const ENDS_AT: &str = "2026-11-11T09:00:00Z";

impl Scene {
    fn seconds(&self, from_now: TimeDelta) -> i64 {
        (self.world.clock.now().utc() + from_now).timestamp()
    }

    /// What a token says by which the representative acts for the client.
    fn claims(&self, scope: &str) -> Value {
        let scopes: Vec<&str> = Role::Resident.scopes().into_iter().map(|scope| scope.code()).collect();
        json!({
            "sub": "the-client",
            "person_id": self.client.person,
            "valinta_role": "resident",
            "scope": scopes.join(" "),
            "act": {"sub": "the-representative", "person_id": self.representative.person},
            "mandate_scope": scope,
            "mandate_exp": self.seconds(TimeDelta::hours(1)),
        })
    }

    fn carrying(&self, scope: &str) -> User {
        self.world.bearer(&self.claims(scope))
    }

    /// A caller with a token that says something else, or, where that is null, does not say it.
    fn carrying_with(&self, name: &str, value: Value) -> User {
        let mut claims = self.claims("vouchers");
        claims.as_object_mut().unwrap().remove(name);
        if !value.is_null() {
            claims[name] = value;
        }
        self.world.bearer(&claims)
    }
}

#[test]
fn a_representative_whose_token_carries_the_mandate_is_told_accepts_and_chooses_with_nothing_recorded() {
    let scene = Scene::set();
    let user = scene.carrying("vouchers");
    let listed = user.get("/v1/me/vouchers").ok();
    let expected = json!({"scope": "vouchers", "ends_at": "2026-11-11T09:00:00Z", "name": scene.client.name});
    assert_eq!((items(&listed).len(), &listed["items"][0]["acting_for"]), (1, &expected));
    assert!(listed["items"][0]["number"].is_string(), "one who chooses tells the provider the number");

    let information = scene.information(&user);
    user.post(&scene.at("/accept"), &information).ok();
    user.get(&scene.at("/choices")).ok();
    let chosen = user.put(&scene.at("/choice"), &json!({"offering": scene.offering})).ok();
    assert_eq!(chosen["choice"]["chosen_by"], "representative");
    scene.provider.record(&scene.voucher, "1").created();
    assert_eq!(items(&user.get("/v1/service-events").ok()).len(), 1);
    assert!(items(&scene.county.case_worker.get(&scene.mandates()).ok()).is_empty());

    // Each decision is kept with what it rested on.
    let kept = json!({"issuer": ISSUER, "scope": "vouchers", "ends_at": ENDS_AT});
    let mut with_person = kept.clone();
    with_person["representative"] = json!(scene.representative.person);
    for (viewer, mandate) in [
        (&scene.client.user, &kept),
        (&user, &kept),
        (&scene.county.case_worker, &with_person),
        (&scene.county.auditor, &with_person),
    ] {
        let seen = viewer.get(&scene.at("")).ok();
        for act in [&seen["choice"]["on_behalf"], &seen["answered_on_behalf"]] {
            assert_eq!((&act["made_by"], &act["token_mandate"]), (&json!("representative"), mandate));
            assert!(act["mandate"].is_null(), "none is recorded: {act}");
        }
    }
    let seen = scene.provider.user.get(&scene.at("")).ok();
    assert_eq!((&seen["choice"]["chosen_by"], &seen["choice"]["on_behalf"]), (&json!("representative"), &Value::Null));
    scene.world.audit_rows();
}

#[test]
fn who_acted_and_by_whose_word_is_in_the_audit_trail_and_in_the_clients_own_log() {
    let scene = Scene::set().accepted();
    let user = scene.carrying("vouchers");
    user.get(&scene.at("/choices")).ok();
    user.put(&scene.at("/choice"), &json!({"offering": scene.offering})).ok();
    for action in ["choose_provider", "list_choices"] {
        let rows = scene.county.auditor.get(&format!("/v1/audit?target={}&action={action}", scene.voucher)).ok();
        let row = &rows["items"][0];
        assert_eq!((&row["actor"], &row["role"]), (&json!("the-representative"), &json!("resident")), "{row}");
        let mandate = &row["details"]["mandate"];
        assert_eq!((&mandate["issuer"], &mandate["scope"]), (&json!(ISSUER), &json!("vouchers")));
        assert_eq!(mandate["ends_at"], ENDS_AT);
        assert_eq!(mandate["representative"], scene.representative.person.as_str());
    }
    let log = scene.client.user.get("/v1/me/access-log?limit=100").ok();
    let of = |action: &str| items(&log).iter().find(|row| row["action"] == action).unwrap();
    assert_eq!(of("choose_provider")["mandate_issuer"], ISSUER);
    assert!(of("accept_voucher")["mandate_issuer"].is_null(), "the client accepted alone");
    let shown = scene.county.auditor.get(&scene.at("/shown-lists")).ok();
    assert_eq!(shown["items"][0]["shown_to"], "the-representative");
}

#[test]
fn a_token_that_is_to_look_lets_one_look_alone() {
    let scene = Scene::set().accepted();
    let user = scene.carrying("vouchers_read");
    let seen = user.get(&scene.at("")).ok();
    assert!(seen["number"].is_null(), "the number opens the voucher: {seen}");
    user.get(&scene.at("/choices")).ok();
    let choice = json!({"offering": scene.offering});
    user.put(&scene.at("/choice"), &choice).refused(403, "forbidden").saying("mandate is to look only");
    // Of both, the wider one counts; what the token's own scopes do not let one do, no mandate does.
    let mut claims = scene.claims("vouchers_read vouchers");
    scene.world.bearer(&claims).put(&scene.at("/choice"), &choice).ok();
    claims["scope"] = json!("vouchers:read");
    let user = scene.world.bearer(&claims);
    user.get(&scene.at("")).ok();
    user.put(&scene.at("/choice"), &choice).refused(403, "forbidden");
}

#[test]
fn a_mandate_ends_when_the_token_says_though_the_token_goes_on() {
    let scene = Scene::set().accepted();
    let user = scene.carrying("vouchers");
    let body = json!({"offering": scene.offering}).to_string();
    let choose = || user.send("PUT", &scene.at("/choice"), &[("Idempotency-Key", "the-choice")], Some(&body));
    scene.world.clock.advance(TimeDelta::hours(1) - TimeDelta::seconds(1));
    choose().ok();
    assert_eq!(choose().header("Idempotent-Replayed"), Some("true"));
    // There is no leeway, as there is for the token's own time: the service answers for what is done.
    scene.world.clock.advance(TimeDelta::seconds(1));
    for answer in [user.get(&scene.at("")), user.get("/v1/me/vouchers"), choose()] {
        let challenge = answer.header("www-authenticate").unwrap().to_owned();
        assert!(challenge.contains("invalid_token"), "{challenge}");
        assert!(answer.refused(401, "unauthenticated").detail().contains("it ended at 2026-11-11T09:00:00Z"));
    }
    // What was done stands.
    assert_eq!(scene.client.user.get(&scene.at("")).ok()["choice"]["chosen_by"], "representative");
}

#[test]
fn a_mandate_of_which_something_is_missing_or_wrong_lets_nothing_be_done_and_says_what() {
    let scene = Scene::set();
    let (person, now) = (&scene.client.person, scene.seconds(TimeDelta::zero()));
    for (name, value, told) in [
        ("act", Value::Null, "there is no act"),
        ("mandate_scope", Value::Null, "there is no mandate_scope"),
        ("mandate_exp", Value::Null, "there is no mandate_exp"),
        ("act", json!("the-representative"), "act is an object"),
        ("act", json!({"person_id": person}), "act is an object"),
        ("act", json!({"sub": " "}), "act is an object"),
        ("act", json!({"sub": "s".repeat(201)}), "act is an object"),
        ("act", json!({"sub": "another", "person_id": "one"}), "act.person_id"),
        ("act", json!({"sub": "the-client"}), "nobody represents themselves"),
        ("act", json!({"sub": "another", "person_id": person}), "nobody represents themselves"),
        ("mandate_scope", json!(""), "mandate_scope is one or more of vouchers, vouchers_read"),
        ("mandate_scope", json!("everything"), "mandate_scope is one or more of"),
        ("mandate_scope", json!("vouchers everything"), "mandate_scope is one or more of"),
        ("mandate_scope", json!(["vouchers"]), "mandate_scope is one or more of"),
        ("mandate_exp", json!("2026-11-12"), "mandate_exp is a whole number of seconds"),
        ("mandate_exp", json!(-1), "mandate_exp is a whole number of seconds"),
        ("mandate_exp", json!(now * 1_000), "mandate_exp is a whole number of seconds"),
        ("mandate_exp", json!(now), "it ended at"),
        ("valinta_role", json!("provider"), "act is for residents"),
        ("valinta_role", json!("operator"), "act is for residents"),
    ] {
        let refused = scene.carrying_with(name, value.clone()).get(&scene.at("")).refused(401, "unauthenticated");
        assert!(refused.detail().contains(told), "{name} {value}: {}", refused.detail());
    }
    // Whoever acted before for whom acts now says nothing, and a person need not be said to be one.
    let chain = json!({"sub": "another", "act": {"sub": "the-client"}});
    scene.carrying_with("act", chain).get(&scene.at("")).ok();
    // A token of which anything else is wrong tells a forger nothing.
    let expired = scene.carrying_with("exp", json!(now - 60)).get(&scene.at("")).refused(401, "unauthenticated");
    assert_eq!(expired.detail(), "The bearer token is not valid.");
}

#[test]
fn what_is_the_representatives_own_and_what_is_the_clients_alone_stay_closed() {
    let scene = Scene::set().accepted();
    let own = scene.county.issue(&scene.representative, &scene.home_care, "20");
    // Another client has recorded a mandate for the same representative.
    let another = scene.county.client();
    let body = scene.mandate("vouchers", &json!({}));
    scene.county.case_worker.post(&format!("/v1/clients/{}/mandates", another.client), &body).created();
    let anothers = scene.county.issue(&another, &scene.home_care, "20");
    let user = scene.carrying("vouchers");
    for hidden in [id(&own), id(&anothers)] {
        user.get(&format!("/v1/vouchers/{hidden}")).refused(404, "not_found");
        user.put(&format!("/v1/vouchers/{hidden}/choice"), &json!({"offering": scene.offering}))
            .refused(404, "not_found");
    }
    for (query, expected) in [("", 1), ("?whose=represented", 1), ("?whose=own", 0)] {
        let listed = user.get(&format!("/v1/me/vouchers{query}")).ok();
        assert_eq!(items(&listed).len(), expected, "{query}");
        assert!(items(&listed).iter().all(|voucher| id(voucher) == scene.voucher), "{listed}");
    }
    // The representative's own token reaches what it reached, and not what the other token does.
    let listed = scene.representative.user.get("/v1/me/vouchers").ok();
    assert_eq!(items(&listed).len(), 2);
    assert!(items(&listed).iter().all(|voucher| id(voucher) != scene.voucher), "{listed}");

    user.get("/v1/me/access-log").refused(404, "not_found");
    let decision = scene.client.user.get(&scene.at("")).ok()["decision"].as_str().unwrap().to_owned();
    user.get(&format!("/v1/decisions/{decision}")).refused(404, "not_found");
    user.get(&format!("/v1/clients/{}", scene.client.client)).refused(403, "forbidden");
}

#[test]
fn a_mandate_of_a_token_is_good_with_every_county_of_the_client() {
    let scene = Scene::set();
    let other = County::found_as(&scene.world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    let registration = Resident::registration(&scene.client.identity_code, &scene.client.name);
    let made = other.case_worker.post("/v1/clients", &registration).created();
    let there = Resident { client: id(&made).to_owned(), ..scene.client.clone() };
    let voucher = other.issue(&there, &other.home_care(), "20");
    let user = scene.carrying("vouchers");
    let listed = user.get("/v1/me/vouchers?whose=represented").ok();
    assert_eq!(items(&listed).len(), 2);
    user.get(&format!("/v1/vouchers/{}", id(&voucher))).ok();
}

#[test]
fn the_same_key_of_the_client_and_of_representatives_are_different_keys() {
    let scene = Scene::set().accepted();
    let (_, other) = crate::support::Provider::approved(&scene.county, 2, "ngo", &scene.home_care, &price("35.00"));
    let choose = |user: &User, offering: &str| {
        let body = json!({"offering": offering}).to_string();
        user.send("PUT", &scene.at("/choice"), &[("Idempotency-Key", "one-key")], Some(&body))
    };
    let represented = scene.carrying("vouchers");
    // The representative, with the same name as in the token that carries the mandate, and with a recorded one.
    scene.record("vouchers", &json!({})).created();
    let person = Some(scene.representative.person.as_str());
    let recorded = scene.world.user(Role::Resident, "the-representative", None, person);
    // The client, named as the representative is.
    let namesake = scene.world.user(Role::Resident, "the-representative", None, Some(&scene.client.person));
    let mut first = Vec::new();
    for (user, offering, by) in [
        (&scene.client.user, &scene.offering, "holder"),
        (&represented, &other, "representative"),
        (&recorded, &scene.offering, "representative"),
        (&namesake, &other, "holder"),
    ] {
        let answer = choose(user, offering);
        assert_eq!(answer.header("Idempotent-Replayed"), None, "{by}");
        let done = answer.ok();
        let choice = if done["next_choice"].is_null() { &done["choice"] } else { &done["next_choice"] };
        assert_eq!((&choice["chosen_by"], &choice["offering"]), (&json!(by), &json!(offering)));
        first.push((user, offering, done));
    }
    for (user, offering, done) in first {
        let again = choose(user, offering);
        assert_eq!(again.header("Idempotent-Replayed"), Some("true"));
        assert_eq!(again.ok(), done);
    }
}
