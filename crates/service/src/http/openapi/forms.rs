//! Gives names to what the document describes in place: the forms of a shape that is one of several, and the items of pages.
//!
//! Readers see the same either way. Programs that make clients need the names: what stands in place they repeat, call
//! after its number, or, where a form refers back to the whole, do not understand.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::schema::{ArrayItems, Object};
use utoipa::openapi::{Ref, RefOr, Schema};

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// What the name of a page begins with: the rest is the name of what is on it.
const PAGE: &str = "Page_";

/// Names what can be named.
pub(super) fn name(schemas: &mut Schemas) {
    let mut named = Schemas::new();
    for (name, schema) in schemas.iter_mut() {
        match schema {
            RefOr::T(Schema::Object(page)) if name.starts_with(PAGE) => {
                named.extend(take_item(name, page));
            }
            RefOr::T(Schema::OneOf(several)) => {
                named.extend(several.items.iter_mut().filter_map(|form| take_form(name, form)));
            }
            RefOr::T(_) | RefOr::Ref(_) => {}
        }
    }
    // What is there under the name already is the same, made from the same type.
    for (name, schema) in named {
        schemas.entry(name).or_insert(schema);
    }
}

/// The items of a page, which refers to them from now on.
fn take_item(page_name: &str, page: &mut Object) -> Option<(String, RefOr<Schema>)> {
    let name = page_name.strip_prefix(PAGE)?;
    let RefOr::T(Schema::Array(list)) = page.properties.get_mut("items")? else { return None };
    let ArrayItems::RefOrSchema(item) = &mut list.items else { return None };
    let RefOr::T(_) = item.as_ref() else { return None };
    let schema = std::mem::replace(item.as_mut(), Ref::from_schema_name(name).into());
    Some((name.to_owned(), schema))
}

/// A form that stands in place, which is referred to from now on.
fn take_form(shape: &str, form: &mut RefOr<Schema>) -> Option<(String, RefOr<Schema>)> {
    let tag = match &*form {
        RefOr::T(Schema::Object(object)) => tag(object)?,
        // What another shape says, and its tag beside it.
        RefOr::T(Schema::AllOf(together)) => together.items.iter().find_map(|part| match part {
            RefOr::T(Schema::Object(object)) => tag(object),
            RefOr::T(_) | RefOr::Ref(_) => None,
        })?,
        RefOr::T(_) | RefOr::Ref(_) => return None,
    };
    let name = format!("{shape}{}", in_capitals(&tag));
    let schema = std::mem::replace(form, Ref::from_schema_name(&name).into());
    Some((name, schema))
}

/// What tells a form from its siblings: the only value that a field of it can have, or the name of its only field.
fn tag(form: &Object) -> Option<String> {
    let only_value = |field: &RefOr<Schema>| match field {
        RefOr::T(Schema::Object(text)) => match text.enum_values.as_deref() {
            Some([Value::String(only)]) => Some(only.clone()),
            _ => None,
        },
        RefOr::T(_) | RefOr::Ref(_) => None,
    };
    form.properties.values().find_map(only_value).or_else(|| {
        let mut names = form.properties.keys();
        names.next().filter(|_| names.next().is_none()).cloned()
    })
}

/// `at_least` as `AtLeast`.
fn in_capitals(name: &str) -> String {
    name.split(['_', '-'])
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters.collect::<Vec<_>>())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn named(schemas: Value) -> Value {
        let mut schemas: Schemas = serde_json::from_value(schemas).unwrap();
        name(&mut schemas);
        serde_json::to_value(schemas).unwrap()
    }

    #[test]
    fn a_page_refers_to_what_is_on_it() {
        let item = json!({"type": "object", "properties": {"id": {"type": "string"}}});
        let page = json!({"type": "object", "properties": {"items": {"type": "array", "items": item}}});
        let named = named(json!({"Page_Thing": page}));
        assert_eq!(named["Page_Thing"]["properties"]["items"]["items"], json!({"$ref": "#/components/schemas/Thing"}));
        assert_eq!(named["Thing"], item);
    }

    #[test]
    fn forms_are_named_by_what_tells_them_apart() {
        let outside = json!({"type": "object", "properties": {"at_least": {"type": "string"}}});
        let inside = json!({"type": "object", "properties": {
            "kind": {"type": "string", "enum": ["client_fee"]}, "amount": {"type": "string"}}});
        let untold = json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}});
        let beside = json!({"allOf": [{"$ref": "#/components/schemas/Other"}, {"type": "object", "properties": {
            "list": {"type": "string", "enum": ["to_check"]}}}]});
        let named = named(json!({"Rule": {"oneOf": [outside, inside, untold, beside]}}));
        assert_eq!((&named["RuleAtLeast"], &named["RuleClientFee"]), (&outside, &inside));
        assert_eq!(named["RuleToCheck"], beside);
        assert_eq!(named["Rule"]["oneOf"][1], json!({"$ref": "#/components/schemas/RuleClientFee"}));
        assert_eq!(named["Rule"]["oneOf"][2], untold);
    }
}
