//! Figures that authorities have published, each asked of the running service: a rule that is data goes in, the published
//! figure comes out. No rule stands here in code.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::{User, World, localized};

const EVALUATE: &str = "/v1/value-rules/evaluate";

const VECTORS: &str = include_str!("vectors/values_and_copayments.json");
const REQUESTS: &str = include_str!("vectors/requests.json");
const UNFORESEEN: &str = include_str!("vectors/unforeseen.json");

/// Anyone may ask, without a token and without an idempotency key.
fn evaluate(anyone: &User, request: &Value) -> crate::support::Answer {
    anyone.send("POST", EVALUATE, &[], Some(&request.to_string()))
}

/// What an answer has at a place of the mapping; nothing where it has nothing there.
fn found(answer: &Value, place: &Value) -> Value {
    if let Some(pointer) = place.as_str() {
        return answer.pointer(pointer).cloned().unwrap_or_default();
    }
    if place["at"].is_string() {
        let word = found(answer, &place["at"]);
        return word.as_str().and_then(|word| place["as"].get(word)).cloned().unwrap_or_default();
    }
    let steps = answer["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["rule"] == place["step"]).unwrap_or(&Value::Null);
    place["input"].as_str().map_or_else(|| step["figure"].clone(), |input| step["inputs"][input].clone())
}

/// A figure without the zeroes at its end, since sources print some without cents.
fn plain(value: &Value) -> Value {
    match value.as_str() {
        Some(text) if text.contains('.') && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
            json!(text.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => value.clone(),
    }
}

#[test]
fn every_published_figure_comes_out_of_the_running_service() {
    let world = World::start();
    let anyone = world.api.anyone();
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let requests: Value = serde_json::from_str(REQUESTS).unwrap();
    let requests: BTreeMap<&str, &Value> =
        requests["requests"].as_array().unwrap().iter().map(|entry| (entry["id"].as_str().unwrap(), entry)).collect();
    let vectors = vectors["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), requests.len());
    let mut compared = 0;
    for vector in vectors {
        let id = vector["id"].as_str().unwrap();
        let entry = requests.get(id).unwrap_or_else(|| panic!("{id} has no request"));
        let answer = evaluate(&anyone, &entry["request"]).ok();
        for (field, expected) in vector["expected"].as_object().unwrap() {
            let place = entry["expect"].get(field).unwrap_or_else(|| panic!("{id}: {field} is not mapped"));
            assert_eq!(plain(&found(&answer, place)), plain(expected), "{id}: {field}: {answer:#}");
            compared += 1;
        }
    }
    assert!(compared > vectors.len(), "{compared}");
    assert_eq!(world.audit_rows(), 0, "trying a rule out leaves nothing");
}

#[test]
fn a_rule_with_a_dimension_nobody_thought_of_needs_only_data() {
    let world = World::start();
    let file: Value = serde_json::from_str(UNFORESEEN).unwrap();
    for example in file["examples"].as_array().unwrap() {
        let request = json!({"rule": file["rule"], "fact_terms": file["fact_terms"], "facts": example["facts"]});
        assert_eq!(evaluate(&world.api.anyone(), &request).ok()["value"], example["value"], "{example}");
    }
}

#[test]
fn everything_that_is_wrong_with_a_trial_is_told_at_its_place() {
    let world = World::start();
    let anyone = world.api.anyone();
    let clamp = json!({"clamp": {"of": {"flat": {"value": "10.00"}}, "minimum": "9.00", "maximum": "8.00"}});
    let wrong = evaluate(&anyone, &json!({"rule": clamp, "facts": {"shoe_size": 44}, "time": "10:00"}));
    let errors = wrong.refused(422, "invalid_input").errors();
    let places: BTreeSet<&str> = errors.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert!(places.iter().any(|place| place.starts_with("/rule/clamp")), "{errors:?}");
    assert!(places.contains("/facts/shoe_size") && places.contains("/day"), "{errors:?}");
    let flat = json!({"flat": {"value": "10.00"}});
    for (request, pointer, code) in [
        (json!({"rule": flat, "colour": "red"}), "/colour", "unknown_field"),
        (json!({"rule": {"flat": {"value": "10.00", "colour": "red"}}}), "/rule/flat/colour", "unknown_field"),
        (json!({"rule": {"flat_rate": {"value": "10.00"}}}), "/rule", "unknown_value"),
        (json!({"rule": {"flat": {"value": "10.005"}}}), "/rule/flat/value", "invalid"),
        (json!({"rule": {"flat": {"value": 10.0}}}), "/rule/flat/value", "invalid_type"),
        (json!({"rule": {"flat": {}}}), "/rule/flat/value", "missing_field"),
        (json!({"facts": {}}), "/rule", "missing_field"),
        (json!({"rule": flat, "quantity": "1000000.5"}), "/quantity", "invalid"),
        (json!({"rule": flat, "price": "10000000.01"}), "/price", "invalid"),
        (json!({"rule": flat, "facts": {"Age": 1}}), "/facts", "invalid"),
    ] {
        let errors = evaluate(&anyone, &request).refused(422, "invalid_input").errors();
        assert!(errors.contains(&(pointer.to_owned(), code.to_owned())), "{request}: {errors:?}");
    }
    let income = json!({"fact": {"name": "gross_income_per_month", "missing": flat}});
    for (facts, pointer) in [
        (json!({"gross_income_per_month": "much"}), "/facts/gross_income_per_month"),
        (json!({"gross_income_per_month": "-1"}), "/facts/gross_income_per_month"),
        (json!({"gross_income_per_month": "100.001"}), "/facts/gross_income_per_month"),
    ] {
        let errors = evaluate(&anyone, &json!({"rule": income, "facts": facts})).refused(422, "invalid_input").errors();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].0, pointer, "{errors:?}");
    }
}

#[test]
fn figures_at_the_edge_of_what_is_taken_are_exact_or_refused() {
    let world = World::start();
    let anyone = world.api.anyone();
    let flat = json!({"flat": {"value": "10000000.00"}});
    let most = evaluate(&anyone, &json!({"rule": flat, "price": "10000000.00", "quantity": "1000000"})).ok();
    assert_eq!(most["total"], "10000000000000.00", "{most}");
    assert_eq!((&most["organiser_pays"], &most["co_payment"]), (&json!("10000000000000.00"), &json!("0.00")));
    let larger = json!({"product": {"of": [flat, {"number": {"is": "1000000"}}]}});
    let answer = evaluate(&anyone, &json!({"rule": larger}));
    let errors = answer.refused(422, "invalid_input").errors();
    assert!(errors.iter().all(|(pointer, _)| pointer.starts_with("/rule")), "{errors:?}");
}

#[test]
fn a_rule_can_be_as_deep_and_as_large_as_a_body_and_no_more() {
    let world = World::start();
    let anyone = world.api.anyone();
    let send = |body: &str| anyone.send("POST", EVALUATE, &[], Some(body));
    let nested = |depth: usize| {
        let (open, close) = (r#"{"clamp":{"minimum":"1.00","of":"#.repeat(depth), "}}".repeat(depth));
        format!(r#"{{"rule":{open}{{"flat":{{"value":"1.00"}}}}{close}}}"#)
    };
    assert_eq!(send(&nested(5)).ok()["value"], "1.00");
    for depth in [20, 40, 60] {
        let errors = send(&nested(depth)).refused(422, "invalid_input").errors();
        assert!(errors.iter().all(|(pointer, _)| pointer.starts_with("/rule/clamp")), "{errors:?}");
    }
    for depth in [64, 200, 2_000] {
        send(&nested(depth)).refused(422, "invalid_input").at("", "too_deep");
    }
    let many: Vec<Value> = (0..50).map(|_| json!({"flat": {"value": "1.00"}})).collect();
    let sum = |of: Vec<Value>| json!({"sum": {"of": of}});
    let wide = sum((0..50).map(|_| sum(many.clone())).collect());
    let answer = evaluate(&anyone, &json!({"rule": wide}));
    assert!(matches!(answer.status, 200 | 422), "{}", answer.text);
    let text = localized("x").to_string();
    let long = format!("{{\"rule\": {{\"named\": {{\"text\": {text}, \"of\": {}}}}}}}", " ".repeat(300_000));
    send(&long).refused(413, "payload_too_large");
}

#[test]
fn the_schema_of_a_rule_is_published_with_every_block_and_refers_to_itself() {
    let world = World::start();
    let document = world.api.anyone().get("/v1/openapi.json").ok();
    let schemas = &document["components"]["schemas"];
    let blocks = schemas["ValueRule"]["oneOf"].as_array().unwrap_or_else(|| panic!("{}", schemas["ValueRule"]));
    let named = |block: &Value| block["$ref"].as_str().and_then(|place| place.rsplit('/').next()).unwrap().to_owned();
    let blocks: Vec<&Value> = blocks.iter().map(|block| &schemas[named(block)]).collect();
    let names: BTreeSet<&str> = blocks.iter().map(|block| block["required"][0].as_str().unwrap()).collect();
    // The service names the blocks that it takes where it is given one that it does not.
    let refused = evaluate(&world.api.anyone(), &json!({"rule": {"no_block": {}}})).refused(422, "invalid_input");
    let told = refused.body["errors"][0]["detail"].as_str().unwrap().to_owned();
    let quoted: BTreeSet<&str> = told.split('`').skip(1).step_by(2).filter(|name| *name != "no_block").collect();
    assert!(quoted.is_subset(&names) && names.len() >= 19, "{names:?} {told}");
    let rule = json!(blocks).to_string();
    assert!(
        rule.contains("\"#/components/schemas/ValueRule\"") && rule.contains("#/components/schemas/TimeBands"),
        "{rule}"
    );
    let time_bands = schemas["TimeBand"].to_string();
    assert!(time_bands.contains("#/components/schemas/ValueRule"), "{time_bands}");
    let body = &document["paths"][EVALUATE]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["$ref"], "#/components/schemas/Trial");
    assert_eq!(schemas["Trial"]["additionalProperties"], false);
    assert_eq!(schemas["RulebookTerms"]["properties"]["value"]["$ref"], "#/components/schemas/ValueRule");
}
