//! What is a valid token, and everything that is not.

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use valinta_domain::behalf::{MandateScope, TokenMandate};
use valinta_domain::policy::MandateSource;

use super::*;

const ISSUER: &str = "https://id.example";
const NOW_S: i64 = 1_790_000_000;

fn at(seconds: i64) -> Moment {
    Moment::from_micros(seconds * 1_000_000).unwrap()
}

fn tokens_of(keys: &Keys) -> Tokens {
    Tokens::new(ISSUER, "valinta", keys, None).unwrap()
}

fn grant() -> Grant {
    Grant {
        subject: "case-worker-1".into(),
        role: Role::CaseWorker,
        organiser: Some(Id::new(Uuid::from_u128(7))),
        person: None,
        scopes: vec![Scope::VouchersWrite, Scope::ClientsRead],
        lifetime: TimeDelta::hours(1),
        client_id: "effector".into(),
    }
}

fn signing(tokens: &Tokens) -> SigningKey {
    tokens.0.own.load().keys[0].signing.clone()
}

fn kid(tokens: &Tokens) -> String {
    tokens.0.own.load().keys[0].verifying.kid.clone()
}

/// A token with a header and claims that `change` has changed, signed with the service's own key.
fn signed(tokens: &Tokens, change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let good = tokens.mint(&grant(), at(NOW_S));
    let mut parts =
        good.split('.').take(2).map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap());
    let (mut header, mut claims): (Value, Value) = (parts.next().unwrap(), parts.next().unwrap());
    change(&mut header, &mut claims);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(&claims));
    let signature = URL_SAFE_NO_PAD.encode(signing(tokens).sign(message.as_bytes()).to_bytes());
    format!("{message}.{signature}")
}

fn with_claim(tokens: &Tokens, name: &str, value: Value) -> Result<Caller, NotVerified> {
    let token = signed(tokens, |_, claims| {
        claims.as_object_mut().unwrap().remove(name);
        if !value.is_null() {
            claims[name] = value;
        }
    });
    tokens.verify(&token, at(NOW_S))
}

#[test]
fn a_minted_token_says_what_was_granted() {
    let tokens = tokens_of(&Keys::generate());
    let caller = tokens.verify(&tokens.mint(&grant(), at(NOW_S)), at(NOW_S)).unwrap();
    let expected = Caller {
        subject: "case-worker-1".into(),
        role: Role::CaseWorker,
        organiser: Some(Id::new(Uuid::from_u128(7))),
        person: None,
        mandate: None,
        client_id: "effector".into(),
        scopes: vec![Scope::VouchersWrite, Scope::ClientsRead],
    };
    assert_eq!(caller, expected);
}

#[test]
fn a_token_is_good_for_its_time_by_the_given_clock_and_30_seconds_more() {
    let tokens = tokens_of(&Keys::generate());
    let token = tokens.mint(&grant(), at(NOW_S));
    for (seconds, good) in [(-31, false), (-30, true), (3_600, true), (3_629, true), (3_630, false)] {
        assert_eq!(tokens.verify(&token, at(NOW_S + seconds)).is_ok(), good, "{seconds}");
    }
}

#[test]
fn no_token_of_ours_is_good_for_more_than_a_day() {
    let tokens = tokens_of(&Keys::generate());
    let long = Grant { lifetime: TimeDelta::days(365), ..grant() };
    let token = tokens.mint(&long, at(NOW_S));
    assert!(tokens.verify(&token, at(NOW_S + 86_400)).is_ok());
    assert!(tokens.verify(&token, at(NOW_S + 86_431)).is_err());
}

#[test]
fn every_claim_must_be_there_and_right() {
    let tokens = tokens_of(&Keys::generate());
    let bad = [
        ("iss", json!("https://other.example")),
        ("iss", Value::Null),
        ("aud", json!("another")),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("exp", Value::Null),
        ("exp", json!("soon")),
        ("exp", json!(NOW_S - 31)),
        ("iat", Value::Null),
        ("iat", json!(NOW_S + 31)),
        ("nbf", json!(NOW_S + 31)),
        ("sub", json!("")),
        ("sub", json!("s".repeat(201))),
        ("sub", json!("line\nbreak")),
        ("sub", Value::Null),
        ("client_id", Value::Null),
        ("jti", json!("")),
        ("valinta_role", json!("emperor")),
        ("valinta_role", Value::Null),
        ("organiser_id", Value::Null),
        ("organiser_id", json!("not-a-uuid")),
        ("valinta_role", json!("resident")),
    ];
    for (name, value) in bad {
        assert!(with_claim(&tokens, name, value.clone()).is_err(), "{name} {value}");
    }
    assert!(with_claim(&tokens, "aud", json!(["another", "valinta"])).is_ok());
    assert!(with_claim(&tokens, "nbf", json!(NOW_S)).is_ok());
}

#[test]
fn scopes_that_are_unknown_or_beyond_the_role_are_ignored() {
    let tokens = tokens_of(&Keys::generate());
    let scopes = json!("vouchers:write openid applications:decide  everything");
    assert_eq!(with_claim(&tokens, "scope", scopes).unwrap().scopes, [Scope::VouchersWrite]);
    assert!(with_claim(&tokens, "scope", Value::Null).unwrap().scopes.is_empty());
}

#[test]
fn a_claim_that_the_role_has_no_use_for_is_not_carried_on() {
    let tokens = tokens_of(&Keys::generate());
    let caller = with_claim(&tokens, "valinta_role", json!("provider")).unwrap();
    assert_eq!((caller.organiser, caller.person), (None, None));
}

/// A resident's token with a mandate for the person 7 that ends in ten minutes.
fn carrying(tokens: &Tokens, change: impl FnOnce(&mut Value)) -> String {
    signed(tokens, |_, claims| {
        for (name, value) in [
            ("sub", json!("client-1")),
            ("valinta_role", json!("resident")),
            ("person_id", json!(Uuid::from_u128(7))),
            ("scope", json!("vouchers:respond")),
            ("act", json!({"sub": "daughter-1", "person_id": Uuid::from_u128(8)})),
            ("mandate_scope", json!("vouchers_read vouchers")),
            ("mandate_exp", json!(NOW_S + 600)),
        ] {
            claims[name] = value;
        }
        change(claims);
    })
}

#[test]
fn who_acts_by_a_mandate_of_the_token_is_no_person_of_their_own_and_has_that_mandate() {
    let tokens = tokens_of(&Keys::generate());
    let caller = tokens.verify(&carrying(&tokens, |_| {}), at(NOW_S)).unwrap();
    let of_token = TokenMandate {
        issuer: ISSUER.into(),
        ends_at: at(NOW_S + 600),
        representative: Some(Id::new(Uuid::from_u128(8))),
    };
    let mandate = Mandate {
        person: Id::new(Uuid::from_u128(7)),
        scope: MandateScope::Vouchers,
        source: MandateSource::Token(of_token),
    };
    let expected = Caller {
        subject: "daughter-1".into(),
        role: Role::Resident,
        organiser: None,
        person: None,
        mandate: Some(mandate),
        client_id: "effector".into(),
        scopes: vec![Scope::VouchersRespond],
    };
    assert_eq!(caller, expected);
}

#[test]
fn a_mandate_ends_to_the_second_though_the_token_is_known_already() {
    let tokens = tokens_of(&Keys::generate());
    let token = carrying(&tokens, |_| {});
    assert!(tokens.verify(&token, at(NOW_S + 599)).is_ok());
    let ended = tokens.verify(&token, at(NOW_S + 600));
    let expected = UnfitMandate::Ended(at(NOW_S + 600));
    assert!(matches!(ended, Err(NotVerified::Mandate(ref why)) if *why == expected), "{ended:?}");
    // The token's own time comes first: then not even that is told.
    assert!(matches!(tokens.verify(&token, at(NOW_S + 4_000)), Err(NotVerified::Invalid(_))));
}

#[test]
fn what_a_token_says_of_a_mandate_is_whole_or_it_is_refused() {
    let tokens = tokens_of(&Keys::generate());
    let refused = |name: &str, value: Value| {
        let token = carrying(&tokens, |claims| claims[name] = value);
        match tokens.verify(&token, at(NOW_S)) {
            Err(NotVerified::Mandate(why)) => why,
            other => panic!("{name}: {other:?}"),
        }
    };
    for name in ["act", "mandate_scope", "mandate_exp"] {
        let without = carrying(&tokens, |claims| drop(claims.as_object_mut().unwrap().remove(name)));
        let unfit = tokens.verify(&without, at(NOW_S));
        let expected = UnfitMandate::Missing(name);
        assert!(matches!(unfit, Err(NotVerified::Mandate(ref why)) if *why == expected), "{unfit:?}");
    }
    // An issuer that looked for a mandate and found none has not said that the client acts.
    let nulls = carrying(&tokens, |claims| {
        for name in ["act", "mandate_scope", "mandate_exp"] {
            claims[name] = Value::Null;
        }
    });
    assert!(matches!(tokens.verify(&nulls, at(NOW_S)), Err(NotVerified::Mandate(UnfitMandate::Actor))));
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Resident) {
        let token = carrying(&tokens, |claims| {
            claims["valinta_role"] = json!(role.code());
            claims["organiser_id"] = json!(Uuid::from_u128(7));
        });
        let unfit = tokens.verify(&token, at(NOW_S));
        let expected = UnfitMandate::NotOfResident(role.code());
        assert!(matches!(unfit, Err(NotVerified::Mandate(ref why)) if *why == expected), "{unfit:?}");
    }
    let year_2201_s = 7_289_654_400_i64;
    for (seconds, fit) in [(year_2201_s, false), (year_2201_s - 1, true), (i64::MAX, false)] {
        let token = carrying(&tokens, |claims| claims["mandate_exp"] = json!(seconds));
        assert_eq!(tokens.verify(&token, at(NOW_S)).is_ok(), fit, "{seconds}");
    }
    assert_eq!(refused("mandate_exp", json!(1.5)), UnfitMandate::End);
    assert_eq!(refused("mandate_scope", json!("vouchers ")), UnfitMandate::Scope);
    assert_eq!(refused("act", json!([])), UnfitMandate::Actor);
    // None at all is a resident's own token.
    let own = carrying(&tokens, |claims| {
        for name in ["act", "mandate_scope", "mandate_exp"] {
            claims.as_object_mut().unwrap().remove(name);
        }
    });
    let own = tokens.verify(&own, at(NOW_S)).unwrap();
    assert_eq!((own.subject.as_str(), own.mandate), ("client-1", None));
}

#[test]
fn the_header_must_be_an_access_tokens_of_a_known_key() {
    let tokens = tokens_of(&Keys::generate());
    let with = |name: &str, value: Value| {
        let token = signed(&tokens, |header, _| header[name] = value);
        tokens.verify(&token, at(NOW_S))
    };
    assert!(with("typ", json!("application/at+jwt")).is_ok());
    for (name, value) in [
        ("typ", json!("JWT")),
        ("typ", Value::Null),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("ES256")),
        ("kid", json!("another")),
        ("crit", json!(["exp"])),
    ] {
        assert!(with(name, value.clone()).is_err(), "{name} {value}");
    }
}

#[test]
fn an_unsigned_token_and_one_signed_with_the_public_key_as_a_secret_are_refused() {
    let tokens = tokens_of(&Keys::generate());
    let unsigned = signed(&tokens, |header, _| header["alg"] = json!("none"));
    let (message, _) = unsigned.rsplit_once('.').unwrap();
    assert!(tokens.verify(&format!("{message}."), at(NOW_S)).is_err());

    let claims: Value = {
        let good = tokens.mint(&grant(), at(NOW_S));
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(good.split('.').nth(1).unwrap()).unwrap()).unwrap()
    };
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some("at+jwt".into());
    header.kid = Some(kid(&tokens));
    let public = signing(&tokens).verifying_key().to_bytes();
    let confused = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&public)).unwrap();
    assert!(tokens.verify(&confused, at(NOW_S)).is_err());
}

#[test]
fn a_token_that_is_known_already_expires_and_is_told_from_one_that_was_changed() {
    let tokens = tokens_of(&Keys::generate());
    let good = tokens.mint(&grant(), at(NOW_S));
    let caller = tokens.verify(&good, at(NOW_S)).unwrap();
    assert_eq!(tokens.verify(&good, at(NOW_S)).unwrap(), caller);
    let after = NOW_S + grant().lifetime.num_seconds() + LEEWAY_S;
    assert!(tokens.verify(&good, at(after)).is_err());
    assert!(tokens.verify(&good, at(NOW_S - LEEWAY_S - 1)).is_err());
    let (head, tail) = good.split_at(good.len() - 10);
    let other = if tail.starts_with('A') { "B" } else { "A" };
    assert!(tokens.verify(&format!("{head}{other}{}", &tail[1..]), at(NOW_S)).is_err());
    assert_eq!(tokens.verify(&good, at(NOW_S)).unwrap(), caller);
}

#[test]
fn another_services_token_and_a_tampered_one_are_refused() {
    let tokens = tokens_of(&Keys::generate());
    let foreign = tokens_of(&Keys::generate()).mint(&grant(), at(NOW_S));
    assert!(tokens.verify(&foreign, at(NOW_S)).is_err());

    let good = tokens.mint(&grant(), at(NOW_S));
    let better = tokens.mint(&Grant { subject: "chief".into(), ..grant() }, at(NOW_S));
    let parts: Vec<&str> = good.split('.').collect();
    let payload = better.split('.').nth(1).unwrap();
    assert!(tokens.verify(&format!("{}.{payload}.{}", parts[0], parts[2]), at(NOW_S)).is_err());
    for garbage in ["", ".", "..", "a.b.c", "a.b.c.d", &good[1..], &good[..good.len() - 9], "ä.ö.å"] {
        assert!(tokens.verify(garbage, at(NOW_S)).is_err(), "{garbage}");
    }
}

#[test]
fn another_issuers_key_is_trusted_when_its_set_is_given() {
    let theirs = tokens_of(&Keys::generate());
    let mut published = theirs.public_keys(at(NOW_S));
    published.push(json!({"kty": "RSA", "use": "enc", "kid": "secrets", "n": "AQAB", "e": "AQAB"}));
    let keys = Keys::generate();
    let ours = Tokens::new(ISSUER, "valinta", &keys, Some(&json!({"keys": published}).to_string())).unwrap();
    assert!(ours.verify(&theirs.mint(&grant(), at(NOW_S)), at(NOW_S)).is_ok());
    assert!(ours.verify(&ours.mint(&grant(), at(NOW_S)), at(NOW_S)).is_ok());
    let nameless = signed(&ours, |header, _| {
        header.as_object_mut().unwrap().remove("kid");
    });
    assert!(ours.verify(&nameless, at(NOW_S)).is_err());
    assert!(tokens_of(&keys).verify(&nameless, at(NOW_S)).is_ok());
}

#[test]
fn a_set_that_cannot_be_trusted_is_refused_at_start() {
    let keys = Keys::generate();
    let set = |keys: Value| json!({ "keys": keys }).to_string();
    let x = URL_SAFE_NO_PAD.encode([1; 32]);
    let n = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![0xFF; bytes]);
    let refused = |text: &str| Tokens::new(ISSUER, "valinta", &keys, Some(text)).err();
    let rsa = |n: String, alg: Option<&str>| set(json!([{"kty": "RSA", "kid": "a", "alg": alg, "n": n, "e": "AQAB"}]));

    assert!(matches!(refused("{}"), Some(TrustedKeysError::Malformed(_))));
    assert!(matches!(refused(&set(json!([]))), Some(TrustedKeysError::Empty)));
    let nameless = set(json!([{"kty": "OKP", "crv": "Ed25519", "x": x}]));
    assert!(matches!(refused(&nameless), Some(TrustedKeysError::Unnamed)));
    let twin = set(json!([{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": keys.token_keys()[0].kid}]));
    assert!(matches!(refused(&twin), Some(TrustedKeysError::Unnamed)));
    assert!(matches!(refused(&rsa(n(256), None)), Some(TrustedKeysError::Unusable { .. })));
    assert!(matches!(refused(&rsa(n(128), Some("RS256"))), Some(TrustedKeysError::Unusable { .. })));
    assert!(matches!(refused(&rsa(n(256), Some("RS512"))), Some(TrustedKeysError::Empty)));
    assert!(refused(&rsa(n(256), Some("PS256"))).is_none());
}

#[test]
fn a_key_that_follows_signs_when_its_time_has_come_and_the_one_before_verifies_for_a_while() {
    let keys = Keys::generate();
    let tokens = tokens_of(&keys);
    let kid_of = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let old = tokens.mint(&grant(), at(NOW_S));
    assert!(!tokens.renew(&keys));
    let rotated = keys.rotated(at(NOW_S)).unwrap();
    assert!(tokens.renew(&rotated));
    let known_before_s = crate::keys::KNOWN_BEFORE.num_seconds();
    // Until all have read it, the old one signs; what either signs is good everywhere.
    let between = tokens.mint(&grant(), at(NOW_S + known_before_s - 1));
    assert_eq!(kid_of(&between), kid_of(&old));
    let new_s = NOW_S + known_before_s;
    let new = tokens.mint(&grant(), at(new_s));
    assert_ne!(kid_of(&new), kid_of(&old));
    for token in [&old, &between, &new] {
        assert!(tokens.verify(token, at(new_s)).is_ok());
    }
    assert_eq!(tokens.public_keys(at(new_s)).len(), 2);
    // Whoever has the old key makes nothing of it then.
    let late_s = new_s + OUTLIVES.num_seconds();
    assert_eq!(tokens.public_keys(at(late_s)).len(), 1);
    let forged = tokens_of(&keys).mint(&grant(), at(late_s));
    assert!(tokens.verify(&forged, at(late_s)).is_err());
}
