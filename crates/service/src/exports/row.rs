//! A record of an import as a row of a file that is handed out.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::imports::{Record, cell_of};
use crate::tabular::Row;

/// A row as it is written.
pub(crate) struct ExportRow<T>(pub(crate) T);

impl<T: Record> Serialize for ExportRow<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(Some(T::COLUMNS.len()))?;
        for (column, value) in T::COLUMNS.iter().zip(self.0.values()) {
            fields.serialize_entry(column, &value)?;
        }
        fields.end()
    }
}

impl<T: Record> Row for ExportRow<T> {
    const COLUMNS: &'static [&'static str] = T::COLUMNS;

    fn cells(&self) -> Vec<String> {
        self.0.values().iter().map(|value| cell_of(value).unwrap_or_default()).collect()
    }
}

/// All rows, as JSON has them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExportPage {
    /// The rows: objects with the columns' names.
    #[schema(max_items = 1_000_000)]
    items: Vec<Value>,
}
