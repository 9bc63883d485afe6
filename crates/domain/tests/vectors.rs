//! Figures that authorities have published, each computed from a rule that is data: the same requests that go to the public
//! evaluation endpoint. No rule stands here in code.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's helpers fail the test where it stands")]

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;
use valinta_domain::rules::{Trial, trial};

const VECTORS: &str = include_str!("../../../tests/vectors/values_and_copayments.json");
const REQUESTS: &str = include_str!("../../../tests/vectors/requests.json");

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
    match place["input"].as_str() {
        Some(input) => step["inputs"][input].clone(),
        None => step["figure"].clone(),
    }
}

fn number(value: &Value) -> Option<Decimal> {
    value.as_str()?.parse().ok()
}

fn is_same(expected: &Value, found: &Value) -> bool {
    match (number(expected), number(found)) {
        (Some(expected), Some(found)) => expected == found,
        _ => expected == found,
    }
}

#[test]
fn every_published_figure_comes_out_of_a_rule_that_is_data() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let requests: Value = serde_json::from_str(REQUESTS).unwrap();
    let requests: BTreeMap<&str, &Value> =
        requests["requests"].as_array().unwrap().iter().map(|entry| (entry["id"].as_str().unwrap(), entry)).collect();
    let vectors = vectors["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), requests.len());
    for vector in vectors {
        let id = vector["id"].as_str().unwrap();
        let entry = requests.get(id).unwrap_or_else(|| panic!("{id} has no request"));
        let request: Trial = serde_json::from_value(entry["request"].clone()).unwrap_or_else(|e| panic!("{id}: {e}"));
        let answer = trial(&request).unwrap_or_else(|faults| panic!("{id}: {faults:?}"));
        let answer = serde_json::to_value(answer).unwrap();
        for (field, expected) in vector["expected"].as_object().unwrap() {
            let place = entry["expect"].get(field).unwrap_or_else(|| panic!("{id}: {field} is not mapped"));
            let found = found(&answer, place);
            assert!(is_same(expected, &found), "{id}: {field} is {expected}, not {found}: {answer:#}");
        }
    }
}

/// A request without a voucher's value among the expected figures still has to leave no figure unexplained.
#[test]
fn every_answer_explains_its_value_in_its_last_step_of_the_rule() {
    let requests: Value = serde_json::from_str(REQUESTS).unwrap();
    for entry in requests["requests"].as_array().unwrap() {
        let request: Trial = serde_json::from_value(entry["request"].clone()).unwrap();
        let outcome = trial(&request).unwrap();
        let last = outcome.steps.iter().rfind(|step| {
            step.rule.starts_with("/rule") && step.code != "organiser_share" && step.code != "co_payment"
        });
        let figure = last.and_then(|step| step.figure.clone());
        assert_eq!(figure, outcome.value.map(|value| value.to_string()), "{}", entry["id"]);
    }
}
