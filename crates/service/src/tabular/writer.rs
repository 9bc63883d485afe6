//! Rows as the bytes of a representation, a page at a time. Owns the forms and no transport.

use std::fmt::Display;

use serde::Serialize;

use super::Format;
use super::csv_cell::guard;
use crate::http::Problem;

/// Something that stands in a list: as JSON by its own shape, and as a line of cells.
pub(crate) trait Row: Serialize {
    /// The names of the cells, which are the first line.
    const COLUMNS: &'static [&'static str];

    /// The cells, as many as there are names, as they are: the writer guards them.
    fn cells(&self) -> Vec<String>;
}

/// Several in one cell, with a bar between them, as in files that are brought in.
pub(crate) fn joined(parts: impl IntoIterator<Item = impl Display>) -> String {
    let parts: Vec<String> = parts.into_iter().map(|part| part.to_string()).collect();
    parts.join("|")
}

/// The word that stands for a value on the wire.
pub(crate) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

/// Writes pages.
pub(super) struct Writer {
    format: Format,
    rows: u64,
}

impl Writer {
    pub(super) fn new(format: Format) -> Self {
        Self { format, rows: 0 }
    }

    /// What stands before the rows.
    pub(super) fn begin<R: Row>(&self) -> Result<Vec<u8>, Problem> {
        match self.format {
            Format::Json => Ok(br#"{"items":["#.to_vec()),
            Format::Csv => lines(std::iter::once(R::COLUMNS.iter().map(|name| (*name).to_owned()).collect())),
            Format::Ndjson => Ok(Vec::new()),
        }
    }

    /// A page of rows.
    pub(super) fn page<R: Row>(&mut self, rows: &[R]) -> Result<Vec<u8>, Problem> {
        match self.format {
            Format::Json => {
                let mut bytes = Vec::new();
                for row in rows {
                    if self.rows > 0 {
                        bytes.push(b',');
                    }
                    self.rows = self.rows.saturating_add(1);
                    serde_json::to_writer(&mut bytes, row).map_err(Problem::internal)?;
                }
                Ok(bytes)
            }
            Format::Csv => lines(rows.iter().map(Row::cells)),
            Format::Ndjson => {
                let mut bytes = Vec::new();
                for row in rows {
                    serde_json::to_writer(&mut bytes, row).map_err(Problem::internal)?;
                    bytes.push(b'\n');
                }
                Ok(bytes)
            }
        }
    }

    /// What stands behind the rows.
    pub(super) fn end(&self) -> Vec<u8> {
        match self.format {
            Format::Json => b"]}".to_vec(),
            Format::Csv | Format::Ndjson => Vec::new(),
        }
    }
}

/// Lines of guarded cells, ended as RFC 4180 has it. A line of another length than the first would be an error.
fn lines(rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>, Problem> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for cells in rows {
        writer.write_record(cells.iter().map(|cell| guard(cell))).map_err(Problem::internal)?;
    }
    writer.into_inner().map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Named {
        id: u8,
        name: String,
    }

    impl Row for Named {
        const COLUMNS: &'static [&'static str] = &["id", "name"];

        fn cells(&self) -> Vec<String> {
            vec![self.id.to_string(), self.name.clone()]
        }
    }

    fn written(format: Format) -> String {
        let mut writer = Writer::new(format);
        let mut bytes = writer.begin::<Named>().unwrap();
        for page in [["Hoiva, Apu", "=1"], ["\"Ääni\"", "two\nlines"]] {
            let rows: Vec<Named> = (1..).zip(page).map(|(id, name)| Named { id, name: name.to_owned() }).collect();
            bytes.extend(writer.page(&rows).unwrap());
        }
        bytes.extend(writer.end());
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_same_rows_are_written_in_each_form() {
        assert_eq!(
            written(Format::Csv),
            "id,name\r\n1,\"Hoiva, Apu\"\r\n2,'=1\r\n1,\"\"\"Ääni\"\"\"\r\n2,\"two\nlines\"\r\n"
        );
        assert_eq!(
            written(Format::Ndjson),
            "{\"id\":1,\"name\":\"Hoiva, Apu\"}\n{\"id\":2,\"name\":\"=1\"}\n{\"id\":1,\"name\":\"\\\"Ääni\\\"\"}\n\
             {\"id\":2,\"name\":\"two\\nlines\"}\n"
        );
        let json: serde_json::Value = serde_json::from_str(&written(Format::Json)).unwrap();
        assert_eq!(json["items"].as_array().unwrap().len(), 4);
        assert_eq!(json["items"][1]["name"], "=1");
    }
}
