//! How the files that are brought in are described: how long they may be, and how many rows a document may have. Reads none.

use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::read::ROWS_MAX;
use crate::http::limits::IMPORT_BYTES_MAX;
use crate::http::upload::text_file;

/// Rows as a file of text: comma-separated values, or one JSON object a line.
pub(super) struct RowsText;

impl PartialSchema for RowsText {
    fn schema() -> RefOr<Schema> {
        text_file("Rows as a file of text.", IMPORT_BYTES_MAX)
    }
}

impl ToSchema for RowsText {}

/// Rows as a JSON document, as exports hand them out.
pub(super) struct RowsDocument;

impl PartialSchema for RowsDocument {
    fn schema() -> RefOr<Schema> {
        let rows = ArrayBuilder::new()
            .items(ObjectBuilder::new().schema_type(Type::Object))
            .description(Some("The rows: objects with the columns' names."))
            .max_items(Some(ROWS_MAX));
        ObjectBuilder::new()
            .description(Some("Rows as a JSON document. The list alone is taken as well."))
            .property("items", rows)
            .required("items")
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
            .into()
    }
}

impl ToSchema for RowsDocument {}
