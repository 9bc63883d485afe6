//! Tokens that are expired, foreign, forged or for another purpose open nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::{Value, json};
use valinta_domain::policy::Role;
use valinta_service::keys::Keys;
use valinta_service::tokens::{Grant, Tokens};

use crate::support::{AUDIENCE, Answer, ISSUER, World};

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn grant(world: &World, role: Role) -> Grant {
    let id = world.unknown_id();
    Grant {
        subject: "someone".into(),
        role,
        organiser: role.is_county_staff().then(|| id.parse().unwrap()),
        person: (role == Role::Resident).then(|| id.parse().unwrap()),
        scopes: role.scopes(),
        lifetime: TimeDelta::minutes(10),
        client_id: "acceptance".into(),
    }
}

fn tried(world: &World, token: &str) -> Answer {
    world.api.with_token(token).get("/v1/me/vouchers")
}

#[track_caller]
fn is_refused(world: &World, token: &str) {
    let answer = tried(world, token);
    assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"), "{}", answer.text);
    // Why it is not valid is for the log: a forger learns nothing.
    assert_eq!(answer.refused(401, "unauthenticated").detail(), "The bearer token is not valid.");
}

#[test]
fn a_token_is_good_until_it_expires() {
    let world = World::start();
    let token = world.tokens.mint(&grant(&world, Role::Resident), world.clock.now());
    tried(&world, &token).ok();
    world.clock.advance(TimeDelta::minutes(9));
    tried(&world, &token).ok();
    // A little more than the minute, for clocks that are not quite right.
    world.clock.advance(TimeDelta::seconds(61 + 30));
    is_refused(&world, &token);
    world.clock.advance(TimeDelta::hours(-1));
    is_refused(&world, &token);
}

#[test]
fn tokens_of_others_are_foreign() {
    let world = World::start();
    let now = world.clock.now();
    let other_keys = Tokens::new(ISSUER, AUDIENCE, &Keys::generate(), None).unwrap();
    is_refused(&world, &other_keys.mint(&grant(&world, Role::Resident), now));
    for (issuer, audience) in [("https://other.example", AUDIENCE), (ISSUER, "another-service"), ("", "")] {
        let theirs = world.tokens_of(issuer, audience);
        is_refused(&world, &theirs.mint(&grant(&world, Role::Resident), now));
    }
}

#[test]
fn a_token_that_was_tampered_with_is_refused() {
    let world = World::start();
    let token = world.tokens.mint(&grant(&world, Role::Resident), world.clock.now());
    tried(&world, &token).ok();
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { panic!("{token}") };

    let mut raised = decoded(claims);
    raised["valinta_role"] = json!("case-worker");
    raised["organiser_id"] = json!(world.unknown_id());
    is_refused(&world, &format!("{header}.{}.{signature}", encoded(&raised)));

    let mut longer = decoded(claims);
    longer["exp"] = json!(longer["exp"].as_i64().unwrap() + 1);
    is_refused(&world, &format!("{header}.{}.{signature}", encoded(&longer)));

    for algorithm in ["none", "None", "HS256", "RS256"] {
        let mut other = decoded(header);
        other["alg"] = json!(algorithm);
        is_refused(&world, &format!("{}.{claims}.{signature}", encoded(&other)));
        is_refused(&world, &format!("{}.{claims}.", encoded(&other)));
    }
    let mut identity_token = decoded(header);
    identity_token["typ"] = json!("JWT");
    is_refused(&world, &format!("{}.{claims}.{signature}", encoded(&identity_token)));
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    is_refused(&world, &format!("{header}.{claims}.{flipped}{}", &signature[1..]));
    for nonsense in ["x", "a.b.c", "..", &format!("{token}.x"), &token[..token.len() - 4]] {
        is_refused(&world, nonsense);
    }
}

#[test]
fn a_header_that_is_no_bearer_token_is_refused() {
    let world = World::start();
    let token = world.tokens.mint(&grant(&world, Role::Resident), world.clock.now());
    let anyone = world.api.anyone();
    let too_long = format!("Bearer {}", "x".repeat(9_000));
    for value in ["Basic dTpw", "Bearer", &token, &too_long] {
        let answer = anyone.send("GET", "/v1/me/vouchers", &[("Authorization", value)], None);
        assert!([401, 431].contains(&answer.status), "{}", answer.text);
    }
    let bearer = format!("Bearer {token}");
    let twice = [("Authorization", bearer.as_str()), ("Authorization", bearer.as_str())];
    anyone.send("GET", "/v1/me/vouchers", &twice, None).refused(401, "unauthenticated");
    let in_query = anyone.get(&format!("/v1/me/vouchers?access_token={token}"));
    in_query.refused(401, "unauthenticated");
}
