//! Says of every text and number in the document how large it can be, where its own shape leaves it to its format.
//!
//! An identifier, a day and a moment are as long as their form, and a count is as large as its type. Texts hold no
//! control characters: bodies are searched in `tree`, queries in `query`. A limit that a shape states itself stands.

use std::collections::BTreeMap;

use utoipa::Number;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayItems, KnownFormat, Object, Schema, SchemaFormat, SchemaType, Type,
};
use valinta_domain::text::CODE_CHARS_MAX;

/// `8-4-4-4-12` digits.
const UUID_CHARS: usize = 36;
/// `2026-11-21`.
const DAY_CHARS: usize = 10;
/// `2026-11-21T09:30:00.000000000+02:00`.
const MOMENT_CHARS_MAX: usize = 35;
/// Longest entity tag that is made, and so the longest that there is to be sent back.
const HEADER_CHARS_MAX: usize = 400;

/// A text of a body: of the control characters, tab and line ends alone.
const TEXT: &str = r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]*$";
/// A parameter of a query.
const LINE: &str = r"^[^\u0000-\u001F\u007F-\u009F]*$";
/// The value of a header.
const HEADER: &str = r"^[\u0009\u0020-\u007E]*$";

/// The largest whole number that every reader of JSON has exactly (RFC 8259 § 6).
const EXACT_MAX: i64 = 9_007_199_254_740_991;

/// Bounds what the parameters and answers of an operation say themselves.
pub(super) fn bound_operation(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let characters = match parameter.parameter_in {
            ParameterIn::Query | ParameterIn::QueryString | ParameterIn::Path => LINE,
            ParameterIn::Header | ParameterIn::Cookie => HEADER,
        };
        parameter.schema.iter_mut().for_each(|schema| bound(schema, characters));
    }
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        for header in response.headers.values_mut() {
            let RefOr::T(header) = header else { continue };
            let Some(schema) = &mut header.schema else { continue };
            bound(schema, HEADER);
            if let RefOr::T(Schema::Object(text)) = schema
                && is(text, &Type::String)
            {
                text.max_length.get_or_insert(HEADER_CHARS_MAX);
            }
        }
    }
}

/// Bounds the shapes that bodies are made of.
pub(super) fn bound_schemas(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    schemas.values_mut().for_each(|schema| bound(schema, TEXT));
}

fn bound(schema: &mut RefOr<Schema>, characters: &str) {
    if let RefOr::T(schema) = schema {
        bound_shape(schema, characters);
    }
}

fn bound_shape(schema: &mut Schema, characters: &str) {
    match schema {
        Schema::Object(object) => bound_object(object, characters),
        Schema::Array(list) => {
            if let ArrayItems::RefOrSchema(item) = &mut list.items {
                bound(item, characters);
            }
        }
        Schema::OneOf(several) => several.items.iter_mut().for_each(|one| bound(one, characters)),
        Schema::AllOf(together) => together.items.iter_mut().for_each(|part| bound(part, characters)),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(|one| bound(one, characters)),
        // What a later version of the description may know is not made here.
        _ => {}
    }
}

fn bound_object(object: &mut Object, characters: &str) {
    if is(object, &Type::String) {
        bound_text(object, characters);
    }
    if is(object, &Type::Integer) {
        bound_number(object);
    }
    object.properties.values_mut().for_each(|property| bound(property, characters));
    if let Some(AdditionalProperties::RefOr(other)) = object.additional_properties.as_deref_mut() {
        bound(other, characters);
    }
    if let Some(Schema::Object(name)) = object.property_names.as_deref_mut() {
        // Names that are no fields are codes.
        name.max_length.get_or_insert(CODE_CHARS_MAX);
        bound_text(name, characters);
    }
}

fn bound_text(text: &mut Object, characters: &str) {
    let chars_max = match &text.format {
        Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)) => Some(UUID_CHARS),
        Some(SchemaFormat::KnownFormat(KnownFormat::Date)) => Some(DAY_CHARS),
        Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)) => Some(MOMENT_CHARS_MAX),
        _ => None,
    };
    text.max_length = text.max_length.or(chars_max);
    if text.format.is_none() && text.pattern.is_none() && text.enum_values.is_none() {
        text.pattern = Some(characters.to_owned());
    }
}

fn bound_number(number: &mut Object) {
    let (least, most) = match &number.format {
        Some(SchemaFormat::KnownFormat(KnownFormat::Int32)) => (i64::from(i32::MIN), i64::from(i32::MAX)),
        Some(_) => (EXACT_MAX.saturating_neg(), EXACT_MAX),
        None => {
            number.format = Some(SchemaFormat::KnownFormat(KnownFormat::Int64));
            (EXACT_MAX.saturating_neg(), EXACT_MAX)
        }
    };
    if number.exclusive_minimum.is_none() {
        number.minimum.get_or_insert_with(|| whole(least));
    }
    if number.exclusive_maximum.is_none() {
        number.maximum.get_or_insert_with(|| whole(most));
    }
}

fn whole(number: i64) -> Number {
    Number::Int(isize::try_from(number).unwrap_or(if number < 0 { isize::MIN } else { isize::MAX }))
}

/// Whether it may be of this type, besides being absent.
fn is(object: &Object, wanted: &Type) -> bool {
    match &object.schema_type {
        SchemaType::Type(one) => one == wanted,
        SchemaType::Array(several) => several.contains(wanted),
        SchemaType::AnyValue => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn bounded(schema: Value) -> Value {
        let mut schema: RefOr<Schema> = serde_json::from_value(schema).unwrap();
        bound(&mut schema, TEXT);
        serde_json::to_value(schema).unwrap()
    }

    #[test]
    fn what_has_a_form_is_as_long_as_its_form() {
        for (format, chars) in [("uuid", 36), ("date", 10), ("date-time", 35)] {
            let text = bounded(json!({"type": ["string", "null"], "format": format}));
            assert_eq!((&text["maxLength"], &text["pattern"]), (&json!(chars), &Value::Null), "{format}");
        }
        assert_eq!(bounded(json!({"type": "string", "format": "email", "maxLength": 300}))["maxLength"], 300);
    }

    #[test]
    fn a_text_without_a_form_says_which_characters_it_may_have() {
        let list = bounded(json!({"type": "array", "items": {"type": "string", "maxLength": 64}, "maxItems": 9}));
        assert_eq!(list["items"]["pattern"], TEXT);
        for schema in [json!({"type": "string", "enum": ["a"]}), json!({"type": "string", "pattern": "^a$"})] {
            assert_eq!(bounded(schema.clone()), schema);
        }
    }

    #[test]
    fn a_number_is_within_its_type_and_within_what_it_says_itself() {
        let count = bounded(json!({"type": "integer", "minimum": 0}));
        assert_eq!(count, json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": EXACT_MAX}));
        let number = bounded(json!({"type": "integer", "format": "int32", "maximum": 12}));
        assert_eq!(number, json!({"type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": 12}));
    }

    #[test]
    fn names_that_are_no_fields_are_codes() {
        let names = bounded(json!({"type": "object", "propertyNames": {"type": "string"}}));
        assert_eq!(names["propertyNames"]["maxLength"], 64);
    }
}
