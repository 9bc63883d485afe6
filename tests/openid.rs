//! Access tokens of OpenID providers: whose keys are fetched, when, and what is not believed of anyone.

mod published;
mod real;

use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::{Value, json};
use valinta_domain::policy::Role;
use valinta_service::clock::Clock;
use valinta_service::keys::Keys;
use valinta_service::openid::{ASKED_AGAIN_AFTER, KEPT_FOR, Provider};
use valinta_service::tokens::{Grant, Tokens};

use self::published::Published;
use crate::support::{AUDIENCE, Answer, County, ISSUER, World, id_of};

/// How long a service is waited for that has just begun.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Signs as a provider does.
fn signer(issuer: &str) -> Tokens {
    Tokens::new(issuer, AUDIENCE, &Keys::generate(), None).unwrap()
}

/// What it publishes.
fn key_set(signer: &Tokens) -> Value {
    json!({"keys": signer.public_keys(Clock::system().now())})
}

fn token(world: &World, signer: &Tokens) -> String {
    let grant = Grant {
        subject: "resident-of-theirs".into(),
        role: Role::Resident,
        organiser: None,
        person: Some(world.unknown_id().parse().unwrap()),
        scopes: Role::Resident.scopes(),
        lifetime: TimeDelta::hours(24),
        client_id: "portal".into(),
    };
    signer.mint(&grant, world.clock.now())
}

fn tried(world: &World, token: &str) -> Answer {
    world.api.with_token(token).get("/v1/me/vouchers")
}

#[track_caller]
fn is_refused(world: &World, token: &str) {
    assert_eq!(tried(world, token).refused(401, "unauthenticated").detail(), "The bearer token is not valid.");
}

#[track_caller]
fn has_no_keys(world: &World, token: &str) {
    let answer = tried(world, token);
    assert!(answer.header("retry-after").is_some(), "{}", answer.text);
    assert!(answer.refused(503, "unavailable").detail().contains("cannot be had"));
}

/// A provider, and a service that trusts it and has fetched its keys.
fn trusted() -> (World, Published, Tokens) {
    let provider = Published::of(json!({"keys": []}));
    let theirs = signer(&provider.issuer);
    provider.says(|said| said.keys = key_set(&theirs));
    let world = World::trusting(vec![Provider::new(&provider.issuer).unwrap()]);
    let began = Instant::now();
    while world.tokens.providers()[0].keys(world.clock.now()).is_none() {
        assert!(began.elapsed() < WAIT_MAX, "the keys are not fetched");
        thread::sleep(Duration::from_millis(5));
    }
    (world, provider, theirs)
}

/// A header and claims of another's making, with a signature that is as good as none.
fn forged(header: &Value, claims_of: &str) -> String {
    let claims = claims_of.split('.').nth(1).unwrap();
    format!("{}.{claims}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode([7; 64]))
}

#[test]
fn a_mandate_that_a_providers_token_carries_is_that_providers_word() {
    let mut world = World::start();
    let county = County::found(&world);
    let client = county.client();
    let voucher = id_of(&county.issue(&client, &county.home_care(), "20"));
    let claims = json!({
        "sub": "resident-of-theirs",
        "person_id": client.person,
        "valinta_role": "resident",
        "scope": "vouchers:read vouchers:respond",
        "act": {"sub": "daughter-of-theirs"},
        "mandate_scope": "vouchers_read",
        "mandate_exp": world.clock.now().utc().timestamp() + 600,
    });
    let provider = Published::of(json!({"keys": world.tokens.public_keys(world.clock.now())}));
    let trusting = world.start_trusting(vec![Provider::new(&provider.issuer).unwrap()]);
    let user = trusting.api.with_token(world.signed(&provider.issuer, &claims));
    let seen = user.get(&format!("/v1/vouchers/{voucher}")).ok();
    assert_eq!(seen["acting_for"]["scope"], "vouchers_read");
    let log = client.user.get("/v1/me/access-log").ok();
    assert_eq!(log["items"][0]["mandate_issuer"], provider.issuer.as_str());
    // Where the provider is not trusted, nor is its word.
    let elsewhere = world.api.with_token(world.signed(&provider.issuer, &claims));
    elsewhere.get(&format!("/v1/vouchers/{voucher}")).refused(401, "unauthenticated");
}

#[test]
fn a_providers_token_is_good_and_its_keys_are_fetched_once() {
    let (world, provider, theirs) = trusted();
    for _ in 0..3 {
        tried(&world, &token(&world, &theirs)).ok();
    }
    assert_eq!(provider.asked(), 1);
    // The service's own are as good as before.
    tried(&world, &token(&world, &world.tokens)).ok();
}

#[test]
fn a_provider_that_changes_its_key_is_asked_for_the_new_one_and_the_old_one_is_good_no_more() {
    let (world, provider, old) = trusted();
    let of_old = token(&world, &old);
    tried(&world, &of_old).ok();
    let new = signer(&provider.issuer);
    provider.says(|said| said.keys = key_set(&new));
    world.clock.advance(ASKED_AGAIN_AFTER);
    tried(&world, &token(&world, &new)).ok();
    assert_eq!(provider.asked(), 2);
    // It was verified before, and is not taken for known.
    is_refused(&world, &of_old);
}

#[test]
fn tokens_of_keys_that_nobody_knows_do_not_have_the_provider_hammered() {
    let (world, provider, theirs) = trusted();
    let good = token(&world, &theirs);
    for n in 0..40 {
        is_refused(&world, &forged(&json!({"typ": "at+jwt", "alg": "EdDSA", "kid": format!("unknown-{n}")}), &good));
    }
    assert_eq!(provider.asked(), 1, "it was asked a moment ago");
    world.clock.advance(ASKED_AGAIN_AFTER);
    thread::scope(|scope| {
        for n in 0..8 {
            let forged = forged(&json!({"typ": "at+jwt", "alg": "EdDSA", "kid": format!("late-{n}")}), &good);
            let world = &world;
            scope.spawn(move || is_refused(world, &forged));
        }
    });
    assert_eq!(provider.asked(), 2, "those who come at once wait for one answer");
    tried(&world, &good).ok();
}

#[test]
fn a_key_is_good_for_its_own_issuers_tokens_alone() {
    let (world, provider, theirs) = trusted();
    let other = Published::of(json!({"keys": []}));
    let kid = theirs.public_keys(world.clock.now())[0]["kid"].as_str().unwrap().to_owned();
    // A provider that signs in the service's name, or in another's.
    for issuer in [ISSUER, &other.issuer, "https://foreign.example"] {
        let keys = Keys::generate();
        let posing = Tokens::new(issuer, AUDIENCE, &keys, None).unwrap();
        provider.says(|said| said.keys = key_set(&posing));
        is_refused(&world, &token(&world, &posing));
    }
    // The service's own key for the provider's name.
    is_refused(&world, &token(&world, &world.tokens_of(&provider.issuer, AUDIENCE)));
    // For another service, and with the public key as if it were a secret.
    let elsewhere = Tokens::new(&provider.issuer, "another-service", &Keys::generate(), None).unwrap();
    is_refused(&world, &token(&world, &elsewhere));
    let good = token(&world, &theirs);
    tried(&world, &good).ok();
    for alg in ["none", "HS256", "RS256", "ES256"] {
        is_refused(&world, &forged(&json!({"typ": "at+jwt", "alg": alg, "kid": kid}), &good));
    }
    is_refused(&world, &forged(&json!({"typ": "JWT", "alg": "EdDSA", "kid": kid}), &good));
    is_refused(&world, &forged(&json!({"typ": "at+jwt", "alg": "EdDSA", "kid": kid}), &good));
    assert_eq!(other.asked(), 0, "who is not trusted is asked nothing");
}

#[test]
fn a_provider_that_is_away_takes_nobody_in_and_its_keys_are_kept_for_a_day() {
    let (world, provider, theirs) = trusted();
    let good = token(&world, &theirs);
    provider.says(|said| said.status = "500 Internal Server Error");
    world.clock.advance(KEPT_FOR - TimeDelta::seconds(1));
    tried(&world, &good).ok();
    world.clock.advance(TimeDelta::seconds(1));
    has_no_keys(&world, &good);
    provider.says(|said| said.status = "200 OK");
    world.clock.advance(ASKED_AGAIN_AFTER);
    // Its day is over by now.
    is_refused(&world, &good);
    tried(&world, &token(&world, &theirs)).ok();
}

#[test]
fn a_provider_that_is_not_who_it_should_be_is_not_believed() {
    let (world, provider, theirs) = trusted();
    let whole = json!({"issuer": provider.issuer, "jwks_uri": format!("{}/keys", provider.issuer)});
    let with = |name: &str, value: Value| {
        let mut description = whole.clone();
        description[name] = value;
        description
    };
    let lies = [
        with("issuer", json!("https://another.example")),
        with("issuer", json!(format!("{}/", provider.issuer))),
        with("jwks_uri", json!("http://keys.example/jwks")),
        with("jwks_uri", json!("file:///etc/passwd")),
        with("jwks_uri", Value::Null),
        json!([]),
    ];
    world.clock.advance(KEPT_FOR);
    for description in lies {
        provider.says(|said| said.description = description.clone());
        world.clock.advance(ASKED_AGAIN_AFTER);
        has_no_keys(&world, &token(&world, &theirs));
    }
    provider.says(|said| said.description = whole.clone());
    for (status, keys) in [
        ("302 Found", key_set(&theirs)),
        ("404 Not Found", key_set(&theirs)),
        ("200 OK", json!({"keys": []})),
        ("200 OK", json!({"keys": [{"kty": "oct", "kid": "a", "k": "c2VjcmV0"}]})),
        ("200 OK", json!("x".repeat(300_000))),
    ] {
        provider.says(|said| (said.status, said.keys) = (status, keys.clone()));
        world.clock.advance(ASKED_AGAIN_AFTER);
        has_no_keys(&world, &token(&world, &theirs));
    }
    provider.says(|said| (said.status, said.keys) = ("200 OK", key_set(&theirs)));
    world.clock.advance(ASKED_AGAIN_AFTER);
    tried(&world, &token(&world, &theirs)).ok();
}
