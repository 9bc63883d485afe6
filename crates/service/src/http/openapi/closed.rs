//! Says in the document that what a request is made of takes no other names, where the derived schema does not.
//!
//! A shape that is one of several is read strictly, like any other, but the schema of its forms is derived without
//! saying so. It does nothing to schemas that stand in answers alone: those may grow.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AdditionalProperties, Object};
use utoipa::openapi::{RefOr, Schema};

const PLACE: &str = "#/components/schemas/";

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Closes the forms of every schema that a request's body is made of.
pub(super) fn close<'a>(schemas: &mut Schemas, operations: impl Iterator<Item = &'a Operation>) {
    let mut left = Vec::new();
    for body in operations.filter_map(|operation| operation.request_body.as_ref()) {
        named_in(&serde_json::to_value(body).unwrap_or_default(), &mut left);
    }
    let mut seen = BTreeSet::new();
    while let Some(name) = left.pop() {
        let Some(schema) = schemas.get_mut(&name) else { continue };
        if seen.insert(name) {
            named_in(&serde_json::to_value(&*schema).unwrap_or_default(), &mut left);
            close_forms(schema);
        }
    }
}

/// The schemas that a piece of the document refers to.
fn named_in(piece: &Value, names: &mut Vec<String>) {
    match piece {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix(PLACE));
            names.extend(name.map(str::to_owned));
            members.values().for_each(|member| named_in(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| named_in(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A form is an object with its name as the only key, or an object with its name in a field.
fn close_forms(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::OneOf(several)) = schema else { return };
    for form in &mut several.items {
        let RefOr::T(Schema::Object(form)) = form else { continue };
        close_object(form);
        if form.properties.len() == 1 {
            for body in form.properties.values_mut() {
                if let RefOr::T(Schema::Object(body)) = body {
                    close_object(body);
                }
            }
        }
    }
}

fn close_object(object: &mut Object) {
    if !object.properties.is_empty() && object.additional_properties.is_none() {
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{PLACE, named_in};
    use crate::http::openapi::document;

    /// What a request for a token says besides is passed over: OAuth wants it so (RFC 6749 § 3.2).
    const OPEN: &str = "#/components/schemas/TokenRequest";

    /// Every object with members that stands anywhere in a piece, with its place.
    fn objects(piece: &Value, place: &str, found: &mut Vec<(String, Value)>) {
        if piece.get("properties").is_some_and(Value::is_object) && piece["type"] == "object" {
            found.push((place.to_owned(), piece["additionalProperties"].clone()));
        }
        if let Some(members) = piece.as_object() {
            members.iter().for_each(|(name, member)| objects(member, &format!("{place}/{name}"), found));
        }
        for (index, item) in piece.as_array().into_iter().flatten().enumerate() {
            objects(item, &format!("{place}/{index}"), found);
        }
    }

    #[test]
    fn every_object_of_a_request_says_that_it_takes_no_other_names() {
        let document = serde_json::to_value(document()).unwrap();
        let mut left = Vec::new();
        let mut found = Vec::new();
        for operation in document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap()) {
            named_in(&operation.1["requestBody"], &mut left);
        }
        let mut seen = std::collections::BTreeSet::new();
        while let Some(name) = left.pop() {
            if seen.insert(name.clone()) {
                let schema = &document["components"]["schemas"][&name];
                named_in(schema, &mut left);
                objects(schema, &format!("{PLACE}{name}"), &mut found);
            }
        }
        assert!(seen.contains("ValueRule") && seen.contains("Condition"), "{seen:?}");
        let open: Vec<String> =
            found.into_iter().filter(|(_, others)| *others != json!(false)).map(|(place, _)| place).collect();
        assert_eq!(open, [OPEN]);
    }
}
