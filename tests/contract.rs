//! The contract: the OpenAPI document on disk, what it promises of every operation, and the pages for newcomers.

mod bounds;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::World;

fn at_top(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

#[test]
fn the_document_on_disk_is_the_one_that_is_served() {
    let world = World::start();
    let served = world.api.anyone().get("/v1/openapi.json").ok();
    let kept = fs::read_to_string(at_top("openapi/valinta.json"))
        .expect("openapi/valinta.json is there; make it with `cargo xtask openapi`");
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert!(kept == served, "openapi/valinta.json is not what the service serves; run `cargo xtask openapi`");
}

#[test]
fn every_operation_is_named_after_its_function_and_declares_its_refusals() {
    let world = World::start();
    let document = world.api.anyone().get("/v1/openapi.json").ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    let functions = handlers(&at_top("crates/service/src"));
    let mut names = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            let route = format!("{method} {path}");
            assert_eq!(functions.get(&name), Some(&route), "{name}");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name}");
            refusals_are_problems(&name, operation);
            assert!(names.insert(name.clone(), route).is_none(), "{name} is there twice");
        }
    }
    assert_eq!(names, functions, "every handler is an operation of the document");
}

/// Its clients understand the refusals of OAuth alone (RFC 6749 § 5.2), which do not tell a body that is too large, of another
/// type or of another content from one that is not right.
const TOKEN_ENDPOINT: &str = "obtain_token";

fn refusals_are_problems(name: &str, operation: &Value) {
    let responses = operation["responses"].as_object().unwrap();
    let declares = |status: &str| {
        let contents = &responses.get(status)?["content"];
        let schema = &contents["application/problem+json"]["schema"]["$ref"];
        let of_oauth = &contents["application/json"]["schema"]["$ref"];
        let is_of_oauth = name == TOKEN_ENDPOINT && of_oauth == "#/components/schemas/OAuthRefusal";
        (schema == "#/components/schemas/Problem" || is_of_oauth).then_some(())
    };
    let mut wanted = vec!["429", "500", "503"];
    if operation["security"][0].get("bearer").is_some() {
        wanted.extend(["401", "403"]);
    }
    if name == TOKEN_ENDPOINT {
        wanted.extend(["400", "401"]);
    } else if operation.get("requestBody").is_some() {
        wanted.extend(["400", "413", "415", "422"]);
    }
    let takes = |place: &str| operation["parameters"].as_array().into_iter().flatten().any(|p| p["in"] == place);
    if takes("path") {
        wanted.push("404");
    }
    if takes("query") {
        wanted.push("422");
    }
    for status in wanted {
        assert!(declares(status).is_some(), "{name} does not declare {status} as a problem");
    }
    assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
}

#[test]
fn the_rules_that_the_document_shows_can_be_tried_out_as_they_stand() {
    let world = World::start();
    let anyone = world.api.anyone();
    let document = anyone.get("/v1/openapi.json").ok();
    let body = &document["paths"]["/v1/value-rules/evaluate"]["post"]["requestBody"]["content"]["application/json"];
    for (name, example) in body["examples"].as_object().unwrap() {
        let answer = anyone.send("POST", "/v1/value-rules/evaluate", &[], Some(&example["value"].to_string()));
        let outcome = answer.ok();
        assert!(outcome["value"].is_string() && outcome["co_payment"].is_string(), "{name}: {outcome}");
    }
}

/// The handlers in the source: function name to method and path.
fn handlers(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(handlers(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("http/tests.rs") {
            found.extend(handlers_of(&fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

fn handlers_of(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut route: Option<String> = None;
    for line in source.lines() {
        for method in ["get", "post", "put", "patch", "delete"] {
            let path = line.strip_prefix(&format!("#[{method}(\"")).and_then(|rest| rest.strip_suffix("\")]"));
            route = path.map(|path| format!("{method} {path}")).or(route);
        }
        let name = line.strip_prefix("pub(crate) async fn ").and_then(|rest| rest.split('(').next());
        if let (Some(name), Some(route)) = (name, route.take_if(|_| name.is_some())) {
            found.push((name.to_owned(), route));
        }
    }
    found
}

#[test]
fn the_pages_for_newcomers_pull_nothing_from_elsewhere() {
    let world = World::start();
    let anyone = world.api.anyone();
    let page = anyone.get("/docs/");
    assert_eq!(page.status, 200, "{}", page.text);
    let policy = page.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("http"), "{policy}");
    let mut assets = 0;
    for attribute in ["src=\"", "href=\""] {
        for asset in page.text.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(!asset.contains("//"), "{asset} is elsewhere");
            let asset = anyone.get(&format!("/docs/{}", asset.trim_start_matches("./")));
            assert_eq!(asset.status, 200, "{}", asset.call);
            assets += 1;
        }
    }
    assert!(assets >= 3, "{}", page.text);
    let settings = anyone.get("/docs/swagger-initializer.js");
    assert!(settings.text.contains("/v1/openapi.json") && !settings.text.contains("petstore"), "{}", settings.text);
    assert_eq!(anyone.get("/docs").status, 200);
    assert_eq!(anyone.get("/").status, 200);
    let problems = anyone.get("/docs/problems");
    assert!(problems.text.contains("id=\"insufficient_balance\""), "{}", problems.text);
}

#[test]
fn health_says_that_the_process_runs_and_that_it_can_serve() {
    let world = World::start();
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(world.api.anyone().get(path).ok()["status"], "ok");
    }
}

#[test]
fn answers_carry_the_headers_that_browsers_heed() {
    let world = World::start();
    let answer = world.api.anyone().get("/v1/organisers");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
    let wrong = world.api.anyone().send("DELETE", "/v1/organisers", &[], None);
    assert!(wrong.header("allow").unwrap().contains("GET"), "{:?}", wrong.headers);
    wrong.refused(405, "method_not_allowed");
    world.api.anyone().get("/v1/nothing-here").refused(404, "not_found");
}
