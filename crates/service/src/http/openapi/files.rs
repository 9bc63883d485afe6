//! Answers that are files of text have one shape among them: a text whose length nobody can say beforehand.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Content, Ref, RefOr, Schema};

/// The name of the shape.
pub(super) const NAME: &str = "FileText";

const DESCRIPTION: &str =
    "A file of text. It is as long as what is in it, comes piece by piece, and need not be held whole.";

/// The shape.
pub(super) fn schema() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).description(Some(DESCRIPTION)).into()
}

/// Refers to the shape where an operation answers with a text that is not JSON.
pub(super) fn refer(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        for (media_type, content) in &mut response.content {
            let RefOr::T(content) = content else { continue };
            if media_type != "application/json" && is_any_text(content) {
                content.schema = Some(Ref::from_schema_name(NAME).into());
            }
        }
    }
}

fn is_any_text(content: &Content) -> bool {
    match &content.schema {
        Some(RefOr::T(Schema::Object(text))) => {
            text.schema_type == SchemaType::Type(Type::String) && text.max_length.is_none() && text.format.is_none()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn referred(media_type: &str, schema: Value) -> Value {
        let content = json!({media_type: {"schema": schema}});
        let responses = json!({"200": {"description": "It.", "content": content}});
        let mut operation: Operation = serde_json::from_value(json!({"responses": responses})).unwrap();
        refer(&mut operation);
        serde_json::to_value(operation).unwrap()["responses"]["200"]["content"][media_type]["schema"].clone()
    }

    #[test]
    fn a_text_that_is_a_file_has_the_shape_of_files() {
        let file = json!({"$ref": "#/components/schemas/FileText"});
        for media_type in ["text/csv", "application/x-ndjson", "application/xml"] {
            assert_eq!(referred(media_type, json!({"type": "string"})), file, "{media_type}");
        }
        let line = json!({"$ref": "#/components/schemas/ProviderView"});
        assert_eq!(referred("application/x-ndjson", line.clone()), line);
        assert_eq!(referred("application/json", json!({"type": "string"})), json!({"type": "string"}));
    }
}
