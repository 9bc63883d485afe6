//! What is refused and where, what passes, and the promise that what passes evaluates for every client.

use serde_json::{Value, json};

use super::*;
use crate::rules::fact_terms::FactTerm;

mod limits;
mod refused;
mod sound;

/// The facts of the rules in these tests.
fn declared() -> Vec<FactTerm> {
    let text = json!({"fi": "a", "sv": "b", "en": "c"});
    let word = |code: &str| json!({"code": code, "text": text});
    serde_json::from_value(json!([
        {"name": "age", "kind": "whole", "maximum": "120", "text": text},
        {"name": "hours", "kind": "number", "minimum": "0.5", "maximum": "200", "text": text},
        {"name": "support", "kind": "number", "maximum": "3", "text": text},
        {"name": "rent", "kind": "money", "maximum": "5000", "text": text},
        {"name": "care", "kind": "word", "words": [word("at_home"), word("day"), word("night")], "text": text},
        {"name": "veteran", "kind": "flag", "text": text},
        {"name": "procedures", "kind": "words", "given": "with_service",
         "words": [word("SFA10"), word("SFA20")], "text": text},
    ]))
    .unwrap()
}

/// The same, where the price list has items.
fn with_items() -> Vec<FactTerm> {
    let text = json!({"fi": "a", "sv": "b", "en": "c"});
    let words = json!([{"code": "short", "text": text}, {"code": "long", "text": text}]);
    let item = json!({"name": "item", "kind": "word", "given": "with_service", "words": words, "text": text});
    let mut terms = declared();
    terms.push(serde_json::from_value(item).unwrap());
    terms
}

fn rule(value: Value) -> ValueRule {
    serde_json::from_value(value).unwrap_or_else(|why| panic!("{why}"))
}

fn flat(value: &str) -> Value {
    json!({"flat": {"value": value}})
}

fn faults(value: Value) -> Vec<Fault> {
    check(&rule(value), FactTerms::new(&with_items()), "/value")
}

/// Pointers below the rule's own, and codes, in order.
fn found(value: Value) -> Vec<(String, &'static str)> {
    let below = |pointer: String| pointer.strip_prefix("/value").map(str::to_owned).unwrap();
    faults(value).into_iter().map(|fault| (below(fault.pointer), fault.code)).collect()
}

/// Bands over a fact: pairs of edges and rules, and flat amounts above them and where the fact is missing.
fn bands(fact: &str, bands: Value) -> Value {
    json!({"bands": {"fact": fact, "bands": bands, "above": flat("1.00"), "missing": flat("2.00")}})
}

fn cases(fact: &str, cases: Value, otherwise: Option<Value>) -> Value {
    let mut block = json!({"fact": fact, "cases": cases, "missing": flat("2.00")});
    if let Some(otherwise) = otherwise {
        block["otherwise"] = otherwise;
    }
    json!({"cases": block})
}

fn listed(fact: &str, entries_are: &str, entries: Value, missing: Value) -> Value {
    json!({"listed": {"fact": fact, "entries_are": entries_are, "entries": entries, "missing": missing}})
}

fn week(bands: Value, otherwise: Option<Value>, eves_of: Value) -> Value {
    let mut block = json!({"eves_of": eves_of, "bands": bands, "missing": flat("2.00")});
    if let Some(otherwise) = otherwise {
        block["otherwise"] = otherwise;
    }
    json!({"time_bands": block})
}

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
