//! A record of an import as a row of a file that is handed out.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use crate::imports::{ID_COLUMN, Record, cell_of};
use crate::tabular::Row;

/// A row as it is written: what can be brought in, and the id that the thing has here.
pub(crate) struct ExportRow<T>(pub(crate) Uuid, pub(crate) T);

impl<T: Record> Serialize for ExportRow<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(Some(T::EXPORT_COLUMNS.len()))?;
        for (column, value) in T::COLUMNS.iter().zip(self.1.values()) {
            fields.serialize_entry(column, &value)?;
        }
        fields.serialize_entry(ID_COLUMN, &self.0)?;
        fields.end()
    }
}

impl<T: Record> Row for ExportRow<T> {
    const COLUMNS: &'static [&'static str] = T::EXPORT_COLUMNS;

    fn cells(&self) -> Vec<String> {
        let cells = self.1.values();
        let cells = cells.iter().map(|value| cell_of(value).unwrap_or_default());
        cells.chain([self.0.to_string()]).collect()
    }
}

/// All rows, as JSON has them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ExportPage {
    /// The rows: objects with the columns' names.
    #[schema(max_items = 1_000_000)]
    items: Vec<Value>,
}
