//! A provider that others have written: `oidc-provider`, run by Node.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::{Value, json};
use valinta_service::clock::Clock;
use valinta_service::openid::{ASKED_AGAIN_AFTER, Provider};

use crate::support::foreign::Foreign;
use crate::support::{AUDIENCE, County, World};

/// Of the test's one client, which gets tokens by it.
const SECRET: &str = "a-secret-of-a-test-and-of-nobody-else";
const PROVIDER: Foreign =
    Foreign { folder: "tests/openid", files: &["package.json", "package-lock.json", "provider.mjs"], besides: &[] };

/// The process. It ends with its standard input.
struct Running {
    child: Child,
    input: Option<ChildStdin>,
    issuer: String,
}

impl Running {
    /// Starts it with claims that all of its tokens have; nothing, where there is no Node.
    fn start(claims: &Value) -> Option<Self> {
        let folder = PROVIDER.of_node(false)?;
        let told = json!({
            "audience": AUDIENCE, "secret": SECRET, "claims": claims, "scope": "vouchers:read vouchers:write",
        });
        let mut child = Command::new("node")
            .arg("provider.mjs")
            .arg(told.to_string())
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("the provider tells its issuer").unwrap();
        let issuer = first.strip_prefix("issuer ").unwrap_or_else(|| panic!("{first}")).to_owned();
        Some(Self { child, input, issuer })
    }

    fn send(&self, request: ureq::http::Request<String>) -> Value {
        let mut answer = ureq::run(request).unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    }

    fn token(&self, scope: &str) -> String {
        let request = ureq::http::Request::post(format!("{}/token", self.issuer))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(format!(
                "grant_type=client_credentials&client_id=county-system&client_secret={SECRET}&scope={scope}"
            ));
        self.send(request.unwrap())["access_token"].as_str().expect("a token").to_owned()
    }

    fn rotate(&self) {
        self.send(ureq::http::Request::post(format!("{}/test/rotate", self.issuer)).body(String::new()).unwrap());
    }

    fn asked(&self) -> Value {
        self.send(ureq::http::Request::get(format!("{}/test/asked", self.issuer)).body(String::new()).unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}

#[test]
fn a_county_system_with_a_token_of_its_countys_provider_reads_vouchers_through_a_change_of_keys() {
    let mut world = World::start();
    // The provider's clock is the real one.
    world.clock.set(Clock::system().now());
    let county = County::found(&world);
    let claims = json!({"valinta_role": "case-worker", "organiser_id": county.id});
    let Some(provider) = Running::start(&claims) else {
        println!("SKIPPED: there is no node or no npm here, and so no provider that others have written");
        return;
    };
    let site = world.start_trusting(vec![Provider::new(&provider.issuer).unwrap()]);
    let system = |token: &str| site.api.with_token(token);

    let token = provider.token("vouchers:read");
    system(&token).get("/v1/vouchers").ok();
    // What the token was not asked for, it is not good for.
    let refused = system(&token).post("/v1/clients", &json!({}));
    assert!(refused.header("www-authenticate").unwrap().contains("insufficient_scope"), "{}", refused.text);
    let forged = format!("{}{}", &token[..token.len() - 4], if token.ends_with("AAAA") { "BBBB" } else { "AAAA" });
    system(&forged).get("/v1/vouchers").refused(401, "unauthenticated");

    provider.rotate();
    world.clock.advance(ASKED_AGAIN_AFTER);
    system(&provider.token("vouchers:read")).get("/v1/vouchers").ok();
    system(&token).get("/v1/vouchers").refused(401, "unauthenticated");
    assert_eq!(provider.asked(), 2, "once for each set of keys");
}
