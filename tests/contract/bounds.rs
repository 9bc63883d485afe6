//! Everything that the document describes has a bound, and no two schemas have names that are taken for each other.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::World;

/// Longest summary of an operation: it is the heading in lists of operations.
const SUMMARY_CHARS_MAX: usize = 200;

/// What has no bound, and why. The list may only shrink.
const UNBOUNDED: &[(&str, &str)] = &[];

/// What is said of a text that bounds it.
const BOUNDS_OF_TEXTS: &[&str] = &["maxLength", "enum", "const", "pattern", "format"];

/// Notes the places in a schema where a text or a list has no bound.
fn unbounded(schema: &Value, at: &str, found: &mut BTreeSet<String>) {
    let is = |name: &str| {
        schema["type"] == name || schema["type"].as_array().is_some_and(|types| types.iter().any(|t| t == name))
    };
    if is("string") && !BOUNDS_OF_TEXTS.iter().any(|bound| schema.get(bound).is_some()) {
        found.insert(at.to_owned());
    }
    if is("array") && schema.get("maxItems").is_none() {
        found.insert(format!("{at}[…]"));
    }
    for one in ["oneOf", "allOf", "anyOf"].iter().flat_map(|word| schema[word].as_array().into_iter().flatten()) {
        unbounded(one, at, found);
    }
    unbounded_in(schema.get("items"), format!("{at}[]"), found);
    unbounded_in(schema.get("additionalProperties"), format!("{at}{{}}"), found);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        unbounded(property, &format!("{at}.{name}"), found);
    }
}

fn unbounded_in(schema: Option<&Value>, at: String, found: &mut BTreeSet<String>) {
    if let Some(schema) = schema {
        unbounded(schema, &at, found);
    }
}

#[test]
fn every_text_and_every_list_in_the_document_has_a_bound() {
    let world = World::start();
    let document = world.api.anyone().get("/v1/openapi.json").ok();
    let mut found = BTreeSet::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        unbounded(schema, name, &mut found);
    }
    for operation in document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
    {
        let name = operation["operationId"].as_str().unwrap();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            unbounded(&parameter["schema"], &format!("{name} {}", parameter["name"]), &mut found);
        }
    }
    let known: BTreeSet<String> = UNBOUNDED.iter().map(|(at, _)| (*at).to_owned()).collect();
    assert_eq!(found, known, "a bound is missing, or an exception is no longer one");
}

#[test]
fn what_an_operation_does_is_told_in_one_sentence() {
    let world = World::start();
    let document = world.api.anyone().get("/v1/openapi.json").ok();
    for operation in document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
    {
        let summary = operation["summary"].as_str().unwrap();
        assert!(summary.chars().count() <= SUMMARY_CHARS_MAX, "{}: {summary}", operation["operationId"]);
        // What is left of a sentence that was cut begins with a small letter, and is no heading.
        assert!(summary.starts_with(char::is_uppercase), "{}: {summary}", operation["operationId"]);
    }
}

#[test]
fn no_schema_is_named_like_the_view_of_another() {
    let world = World::start();
    let document = world.api.anyone().get("/v1/openapi.json").ok();
    let names: BTreeSet<&String> = document["components"]["schemas"].as_object().unwrap().keys().collect();
    for name in &names {
        let view = format!("{name}View");
        assert!(!names.contains(&view), "{name} and {view} are taken for each other: name one by what it is of");
    }
}
