//! Programs that get tokens from the service itself: who registers them, by what they prove who they are, and what is no proof.

mod bounds;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use valinta_domain::policy::Role;

use crate::support::{Answer, County, ISSUER, Provider, User, World, new_key};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A program's own key.
struct Key {
    kid: String,
    signing: SigningKey,
}

impl Key {
    fn new(n: u8) -> Self {
        Self { kid: format!("key-{n}"), signing: SigningKey::from_bytes(&[n; 32]) }
    }

    fn public(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.signing.verifying_key().as_bytes());
        json!({"kty": "OKP", "crv": "Ed25519", "kid": self.kid, "alg": "EdDSA", "use": "sig", "x": x})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let signature = self.signing.sign(message.as_bytes()).to_bytes();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": "EdDSA", "kid": self.kid})
    }

    fn assertion(&self, world: &World, client: &str) -> String {
        self.sign(&self.header(), &claims(world, client))
    }
}

fn claims(world: &World, client: &str) -> Value {
    let now = world.clock.now().utc().timestamp();
    json!({"iss": client, "sub": client, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": new_key()})
}

fn form(parameters: &[(&str, &str)]) -> String {
    let plain = |text: &str| text.replace(' ', "+").replace(':', "%3A").replace('/', "%2F");
    parameters.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect::<Vec<_>>().join("&")
}

fn ask(world: &World, headers: &[(&str, &str)], parameters: &[(&str, &str)]) -> Answer {
    let mut all = vec![("Content-Type", "application/x-www-form-urlencoded")];
    all.extend(headers);
    world.api.send("POST", "/oauth/token", &all, Some(form(parameters).as_bytes())).unwrap()
}

fn with_assertion(world: &World, assertion: &str, scope: Option<&str>) -> Answer {
    let mut parameters = vec![
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    parameters.extend(scope.map(|scope| ("scope", scope)));
    ask(world, &[], &parameters)
}

fn with_secret(world: &World, client: &str, secret: &str) -> Answer {
    let basic = format!("Basic {}", STANDARD.encode(format!("{client}:{secret}")));
    ask(world, &[("Authorization", &basic)], &[("grant_type", "client_credentials")])
}

#[track_caller]
fn is_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, answer.body["error"].as_str()), (status, Some(error)), "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(status == 401, answer.header("www-authenticate").is_some());
}

fn user(world: &World, given: &Answer) -> User {
    assert_eq!(given.status, 200, "{}", given.text);
    assert_eq!((&given.body["token_type"], &given.body["expires_in"]), (&json!("Bearer"), &json!(900)));
    world.api.with_token(given.body["access_token"].as_str().unwrap())
}

/// A county's client information system, registered by the operator.
fn registered(world: &World, county: &County) -> String {
    let body = json!({
        "name": "Client information system", "organiser": county.id, "role": "case-worker",
        "scopes": ["vouchers:read", "clients:write", "vouchers:write"],
    });
    let made = world.operator().post("/v1/machine-clients", &body).created();
    assert_eq!(made["scopes"], json!(["clients:write", "vouchers:write", "vouchers:read"]));
    made["id"].as_str().unwrap().to_owned()
}

fn add(world: &World, client: &str, body: &Value) -> Value {
    world.operator().post(&format!("/v1/machine-clients/{client}/credentials"), body).created()
}

#[test]
fn a_countys_system_gets_a_token_by_its_key_and_issues_with_it() {
    let world = World::start();
    let county = County::found(&world);
    let client = registered(&world, &county);
    let key = Key::new(1);
    add(&world, &client, &json!({"jwk": key.public()}));

    let given = with_assertion(&world, &key.assertion(&world, &client), None);
    assert_eq!(given.body["scope"], "clients:write vouchers:write vouchers:read");
    let system = user(&world, &given);
    system.get("/v1/vouchers").ok();
    let body = json!({
        "personal_identity_code": "130541-921P", "name": "Kaarlo Kuvitelma", "municipality": "609", "language": "fi",
    });
    system.post("/v1/clients", &body).created();
    // What it was not registered for, it may not.
    system.get("/v1/statements").refused(403, "forbidden");

    let narrow = with_assertion(&world, &key.assertion(&world, &client), Some("vouchers:read"));
    assert_eq!(narrow.body["scope"], "vouchers:read");
    user(&world, &narrow).post("/v1/clients", &body).refused(403, "forbidden");
    let wide = with_assertion(&world, &key.assertion(&world, &client), Some("vouchers:read audit:read"));
    is_refused(&wide, 400, "invalid_scope");

    // A quarter of an hour, and what two clocks may differ by.
    world.clock.advance(TimeDelta::seconds(900 + 31));
    system.get("/v1/vouchers").refused(401, "unauthenticated");
    world.audit_rows();
}

#[test]
fn an_assertion_that_is_not_as_it_should_be_gets_nothing() {
    let world = World::start();
    let county = County::found(&world);
    let (client, other) = (registered(&world, &county), registered(&world, &county));
    let (key, others_key) = (Key::new(1), Key::new(2));
    add(&world, &client, &json!({"jwk": key.public()}));
    add(&world, &other, &json!({"jwk": others_key.public()}));
    let now = world.clock.now().utc().timestamp();
    let refused = |assertion: &str| is_refused(&with_assertion(&world, assertion, None), 401, "invalid_client");

    let good = key.assertion(&world, &client);
    user(&world, &with_assertion(&world, &good, None));
    // For one token only.
    refused(&good);

    for (name, value) in [
        ("iss", json!(other)),
        ("sub", json!(other)),
        ("sub", json!(world.unknown_id())),
        ("sub", json!("nobody")),
        ("aud", json!("https://other.example")),
        ("aud", json!([])),
        ("exp", json!(now - 31)),
        ("exp", json!(now + 3_600)),
        ("exp", Value::Null),
        ("iat", json!(now + 31)),
        ("nbf", json!(now + 31)),
        ("jti", json!("")),
        ("jti", Value::Null),
    ] {
        let mut bad = claims(&world, &client);
        bad[name] = value.clone();
        if value.is_null() {
            bad.as_object_mut().unwrap().remove(name);
        }
        refused(&key.sign(&key.header(), &bad));
    }
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("RS256")),
        ("kid", json!("key-9")),
        ("kid", json!("key-2")),
        ("typ", json!("at+jwt")),
        ("crit", json!(["exp"])),
    ] {
        let mut header = key.header();
        header[name] = value;
        refused(&key.sign(&header, &claims(&world, &client)));
    }
    // Signed by another's key under this one's name.
    refused(&others_key.sign(&key.header(), &claims(&world, &client)));
    // A token of the program's is no assertion.
    let given = with_assertion(&world, &key.assertion(&world, &client), None);
    refused(given.body["access_token"].as_str().unwrap());
    for garbage in ["", ".", "a.b.c", "ä"] {
        refused(garbage);
    }
    // Also the address of the endpoint is for whom it may be.
    let mut to_endpoint = claims(&world, &client);
    to_endpoint["aud"] = json!(["https://elsewhere.example", format!("{ISSUER}/oauth/token")]);
    user(&world, &with_assertion(&world, &key.sign(&key.header(), &to_endpoint), None));
}

#[test]
fn keys_follow_each_other_without_an_outage_and_what_is_ended_proves_nothing() {
    let world = World::start();
    let county = County::found(&world);
    let client = registered(&world, &county);
    let (old, new) = (Key::new(1), Key::new(2));
    let first = add(&world, &client, &json!({"jwk": old.public()}));
    add(&world, &client, &json!({"jwk": new.public()}));
    let path = format!("/v1/machine-clients/{client}");
    let twin = world.operator().post(&format!("{path}/credentials"), &json!({"jwk": new.public()}));
    twin.refused(409, "duplicate");
    for key in [&old, &new] {
        user(&world, &with_assertion(&world, &key.assertion(&world, &client), None));
    }
    let end = format!("{path}/credentials/{}/end", first["id"].as_str().unwrap());
    world.operator().post(&end, &json!({})).ok();
    world.operator().post(&end, &json!({})).refused(409, "wrong_state");
    is_refused(&with_assertion(&world, &old.assertion(&world, &client), None), 401, "invalid_client");
    user(&world, &with_assertion(&world, &new.assertion(&world, &client), None));

    let made = add(&world, &client, &json!({"secret_days": 1}));
    let secret = made["secret"].as_str().unwrap();
    let system = user(&world, &with_secret(&world, &client, secret));
    system.get("/v1/vouchers").ok();
    is_refused(&with_secret(&world, &client, "another"), 401, "invalid_client");
    let shown = world.operator().get(&path).ok();
    assert_eq!(shown["credentials"].as_array().unwrap().len(), 3);
    assert!(!shown.to_string().contains(secret));
    world.clock.advance(TimeDelta::days(1));
    is_refused(&with_secret(&world, &client, secret), 401, "invalid_client");

    world.operator().post(&format!("{path}/end"), &json!({})).ok();
    world.operator().post(&format!("{path}/end"), &json!({})).refused(409, "wrong_state");
    is_refused(&with_assertion(&world, &new.assertion(&world, &client), None), 401, "invalid_client");
    let late = world.operator().post(&format!("{path}/credentials"), &json!({"secret_days": 1}));
    late.refused(409, "wrong_state");
}

#[test]
fn a_request_that_is_none_is_told_what_is_wrong_with_it() {
    let world = World::start();
    let county = County::found(&world);
    let client = registered(&world, &county);
    let secret = add(&world, &client, &json!({"secret_days": 2}))["secret"].as_str().unwrap().to_owned();
    let basic = format!("Basic {}", STANDARD.encode(format!("{client}:{secret}")));
    let grant = ("grant_type", "client_credentials");
    let own = [grant, ("client_id", client.as_str()), ("client_secret", secret.as_str())];
    user(&world, &ask(&world, &[], &own));

    is_refused(&ask(&world, &[("Authorization", &basic)], &own), 400, "invalid_request");
    is_refused(&ask(&world, &[], &[]), 400, "invalid_request");
    is_refused(&ask(&world, &[], &[grant, grant]), 400, "invalid_request");
    is_refused(&ask(&world, &[], &[("grant_type", "password")]), 400, "unsupported_grant_type");
    is_refused(&ask(&world, &[], &[grant]), 401, "invalid_client");
    is_refused(&ask(&world, &[], &[grant, ("client_assertion", "a.b.c")]), 400, "invalid_request");
    is_refused(&ask(&world, &[("Authorization", "Bearer x")], &[grant]), 400, "invalid_request");
    is_refused(&ask(&world, &[("Authorization", "Basic %")], &[grant]), 400, "invalid_request");
    let json = [("Content-Type", "application/json")];
    let as_json = world.api.send("POST", "/oauth/token", &json, Some(b"{\"grant_type\": \"client_credentials\"}"));
    is_refused(&as_json.unwrap(), 400, "invalid_request");
    let long = "x".repeat(20_000);
    is_refused(&ask(&world, &[], &[grant, ("scope", &long)]), 400, "invalid_request");
}

#[test]
fn where_tokens_are_got_and_what_verifies_them_is_published() {
    let world = World::start();
    let described = world.api.anyone().get("/.well-known/oauth-authorization-server").ok();
    assert_eq!(described["issuer"], ISSUER);
    assert_eq!(described["token_endpoint"], format!("{ISSUER}/oauth/token"));
    assert_eq!(described["jwks_uri"], format!("{ISSUER}/oauth/jwks"));
    let keys = world.api.anyone().get("/oauth/jwks").ok();
    assert_eq!(keys["keys"], json!(world.tokens.public_keys(world.clock.now())));
    assert!(!keys.to_string().contains("\"d\""));
}

#[test]
fn programs_are_registered_by_those_whose_they_are_and_are_no_more_than_they_may_be() {
    let world = World::start();
    let county = County::found(&world);
    let provider = Provider::register(&world, 1, "Keksitty Hoiva", "company");
    let other = Provider::register(&world, 2, "Toinen Keksitty", "company");
    let of_county = json!({
        "name": "System", "organiser": county.id, "role": "case-worker", "scopes": ["vouchers:read"],
    });
    let of_provider = json!({
        "name": "Work planner", "provider": provider.id, "role": "provider", "member_role": "worker",
        "scopes": ["service-events:write", "vouchers:lookup"],
    });
    let with = |of: &Value, name: &str, value: Value| {
        let mut body = of.clone();
        body[name] = value;
        body
    };
    let operator = world.operator();
    let refused = |user: &User, body: &Value, pointer: &str| {
        let answer = user.post("/v1/machine-clients", body);
        assert_eq!(answer.refused(422, "invalid_input").errors()[0].0, pointer);
    };
    for (name, value) in [
        ("role", json!("operator")),
        ("role", json!("resident")),
        ("role", json!("provider")),
        ("scopes", json!(["applications:decide"])),
        ("scopes", json!(["machine-clients:write"])),
        ("scopes", json!(["everything"])),
        ("name", json!("  ")),
        ("provider", json!(provider.id)),
        ("member_role", json!("worker")),
    ] {
        refused(&operator, &with(&of_county, name, value), &format!("/{name}"));
    }
    let nowhere = operator.post("/v1/machine-clients", &with(&of_county, "organiser", json!(world.unknown_id())));
    assert_eq!(nowhere.refused(404, "not_found").errors()[0].0, "/organiser");
    refused(&provider.user, &with(&of_provider, "member_role", json!("admin")), "/member_role");
    refused(&provider.user, &with(&of_provider, "member_role", Value::Null), "/member_role");
    for (user, body) in [(&provider.user, &of_county), (&other.user, &of_provider), (&operator, &of_provider)] {
        user.post("/v1/machine-clients", body).refused(404, "not_found");
    }
    county.officer.post("/v1/machine-clients", &of_county).refused(403, "forbidden");

    let made = provider.user.post("/v1/machine-clients", &of_provider).created();
    let client = made["id"].as_str().unwrap();
    let path = format!("/v1/machine-clients/{client}");
    let secret = provider.user.post(&format!("{path}/credentials"), &json!({"secret_days": 2})).created();
    let planner = user(&world, &with_secret(&world, client, secret["secret"].as_str().unwrap()));
    // A member of the provider, in the role that was named, and of no other one.
    let nothing = json!({"voucher": world.unknown_id(), "day": world.today(), "quantity": "1"});
    planner.post("/v1/service-events", &nothing).refused(404, "not_found");
    let members = provider.user.get(&format!("/v1/providers/{}/members", provider.id)).ok();
    assert!(members["items"].as_array().unwrap().iter().any(|member| member["subject"] == client));
    for stranger in [&other.user, &operator] {
        stranger.get(&path).refused(404, "not_found");
        stranger.post(&format!("{path}/end"), &json!({})).refused(404, "not_found");
        stranger.post(&format!("{path}/credentials"), &json!({"secret_days": 2})).refused(404, "not_found");
    }
    let listed = |user: &User| user.get("/v1/machine-clients").ok()["items"].as_array().unwrap().len();
    assert_eq!((listed(&provider.user), listed(&other.user), listed(&operator)), (1, 0, 0));

    let mut private = Key::new(3).public();
    private["d"] = json!("c2VjcmV0");
    let mut weak = Key::new(3).public();
    weak["kty"] = json!("oct");
    for jwk in [private, weak, json!({})] {
        let answer = provider.user.post(&format!("{path}/credentials"), &json!({"jwk": jwk}));
        assert_eq!(answer.refused(422, "invalid_input").errors()[0].0, "/jwk");
    }
    let both = json!({"jwk": Key::new(3).public(), "secret_days": 2});
    provider.user.post(&format!("{path}/credentials"), &both).refused(422, "invalid_input");

    provider.user.post(&format!("{path}/end"), &json!({})).ok();
    let members = provider.user.get(&format!("/v1/providers/{}/members", provider.id)).ok();
    assert!(members["items"].as_array().unwrap().iter().all(|member| member["subject"] != client));
    let of_others = world.user(Role::Provider, client, None, None);
    of_others.get(&format!("/v1/providers/{}/members", provider.id)).refused(404, "not_found");
}
