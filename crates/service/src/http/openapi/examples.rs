//! Puts the examples of `openapi/examples.json` to the bodies that they are of. They are calls that were made of the
//! service by its own tests; whether they still are of the described shape is checked where the document is linted.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, RefOr};

const EXAMPLES: &str = include_str!("../../../../../openapi/examples.json");

/// By name of the operation. What is not of this shape is none: a test reads it.
static BY_OPERATION: LazyLock<BTreeMap<String, Example>> =
    LazyLock::new(|| serde_json::from_str(EXAMPLES).unwrap_or_default());

/// What was sent and answered, by media type; answers also by status.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    #[serde(default)]
    request: BTreeMap<String, Value>,
    #[serde(default)]
    answers: BTreeMap<String, BTreeMap<String, Value>>,
}

/// Adds the operation's examples to bodies that show none themselves.
pub(super) fn add(operation: &mut Operation) {
    let Some(example) = operation.operation_id.as_ref().and_then(|name| BY_OPERATION.get(name)) else { return };
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for (media_type, content) in &mut body.content {
            show(content, example.request.get(media_type));
        }
    }
    for (status, response) in &mut operation.responses.responses {
        let (RefOr::T(response), Some(answers)) = (response, example.answers.get(status)) else { continue };
        for (media_type, content) in &mut response.content {
            show(content, answers.get(media_type));
        }
    }
}

fn show(content: &mut RefOr<Content>, example: Option<&Value>) {
    if let RefOr::T(content) = content
        && content.examples.is_empty()
        && content.example.is_none()
    {
        content.example = example.cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::openapi::document;

    #[test]
    fn the_examples_are_of_operations_bodies_and_answers_that_there_are() {
        let examples: BTreeMap<String, Example> = serde_json::from_str(EXAMPLES).unwrap();
        let document = serde_json::to_value(document()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let operations: BTreeMap<&str, &Value> = paths
            .values()
            .flat_map(|item| item.as_object().unwrap().values())
            .map(|operation| (operation["operationId"].as_str().unwrap(), operation))
            .collect();
        for (name, example) in &examples {
            let operation = operations.get(name.as_str()).unwrap_or_else(|| panic!("{name} is no operation"));
            for media_type in example.request.keys() {
                assert!(operation["requestBody"]["content"][media_type].is_object(), "{name}: {media_type}");
            }
            for (status, answers) in &example.answers {
                for media_type in answers.keys() {
                    let content = &operation["responses"][status]["content"][media_type];
                    assert!(content.is_object(), "{name}: {status} {media_type}");
                }
            }
        }
    }
}
