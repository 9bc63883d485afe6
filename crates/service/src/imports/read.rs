//! From a file to rows. A file that is not one is refused whole; a row that makes no sense is a refusal of that row.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::apply::Source;
use super::cells::{Cells, cell_of};
use super::file::{Form, ImportFile};
use super::report::{COLUMN_CHARS_MAX, RowErrors};
use crate::http::{Problem, ProblemKind};
use crate::tabular::csv_cell::unguard;

/// Most rows of one file.
pub(super) const ROWS_MAX: usize = 50_000;
/// Most rows of a provider's own file.
const ROWS_OF_PROVIDER_MAX: usize = 5_000;
/// A column that files have that are handed out, and that says nothing when they come in: a thing's id here.
pub(crate) const ID_COLUMN: &str = "id";
/// Most fields of one JSON object that are looked at.
const FIELDS_MAX: usize = 100;
/// What is said where there are more rows.
const TOO_MANY: &str = "too many rows";

/// A kind of row.
pub(crate) trait Record: Sized {
    /// Its columns, in the order in which they are written.
    const COLUMNS: &'static [&'static str];
    /// Those that every file has. One that is left out is as if all its cells were empty.
    const NEEDED: &'static [&'static str];
    /// Its columns in files that are handed out: those and [`ID_COLUMN`].
    const EXPORT_COLUMNS: &'static [&'static str];

    /// Reads a row, noting everything that is wrong with it.
    fn read(cells: &Cells, errors: &mut RowErrors) -> Option<Self>;

    /// What the row is called at its source.
    fn source_id(&self) -> &str;

    /// What stands in the columns, as JSON has it.
    fn values(&self) -> Vec<Value>;
}

/// Columns with [`ID_COLUMN`] behind them: one more than there are.
pub(super) const fn with_id<const N: usize>(columns: &[&'static str]) -> [&'static str; N] {
    let (mut all, mut rest, mut place) = ([ID_COLUMN; N], columns, 0);
    while let [first, others @ ..] = rest {
        if let Some((_, tail)) = all.split_at_mut_checked(place)
            && let [cell, ..] = tail
        {
            *cell = first;
        }
        rest = others;
        place += 1;
    }
    all
}

/// A row, or all that is wrong with it.
pub(super) type Read<T> = Result<T, RowErrors>;

/// Most rows that a source brings in at once.
pub(super) const fn most_rows_of(source: &Source) -> usize {
    match source {
        Source::Organiser(_) => ROWS_MAX,
        Source::Provider(_) => ROWS_OF_PROVIDER_MAX,
    }
}

/// All rows of a file, in order.
///
/// # Errors
/// The file is none of its form, has other columns or more than `most` rows.
pub(super) fn rows_of<T: Record>(file: &ImportFile, most: usize) -> Result<Vec<Read<T>>, Problem> {
    match file.form {
        Form::Csv => csv_rows(&file.text, most),
        Form::Json => {
            let document: Document = serde_json::from_str(&file.text).map_err(|error| not_json(&error, 0))?;
            if document.0.len() > most {
                return Err(too_many_rows(most));
            }
            Ok(document.0.into_iter().map(of_fields).collect())
        }
        Form::Ndjson => {
            let mut rows = Vec::new();
            for (number, line) in (1..).zip(file.text.lines()) {
                if line.trim().is_empty() {
                    continue;
                }
                if rows.len() >= most {
                    return Err(too_many_rows(most));
                }
                let fields: Fields = serde_json::from_str(line).map_err(|error| not_json(&error, number))?;
                rows.push(of_fields(fields));
            }
            Ok(rows)
        }
    }
}

fn too_many_rows(most: usize) -> Problem {
    Problem::new(ProblemKind::PayloadTooLarge, format!("A file of this caller has at most {most} rows; divide it."))
}

fn not_json(error: &serde_json::Error, line: usize) -> Problem {
    if error.to_string().starts_with(TOO_MANY) {
        return too_many_rows(ROWS_MAX);
    }
    let line = if line == 0 { error.line() } else { line };
    if error.is_data() {
        let why = format!(
            "line {line}: a list of objects is wanted, whose values are texts, true, false, null or lists of texts"
        );
        return Problem::invalid(Vec::new()).at("", "invalid_type", why);
    }
    let place = format!("The body is not JSON: line {line}, column {}.", error.column());
    Problem::new(ProblemKind::MalformedJson, place)
}

fn csv_rows<T: Record>(text: &str, most: usize) -> Result<Vec<Read<T>>, Problem> {
    let first_line = text.lines().next().unwrap_or_default();
    // What a spreadsheet writes where the comma is for decimals.
    let delimiter = if first_line.contains(';') && !first_line.contains(',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(not_csv)?.clone();
    let places = places_of::<T>(&headers)?;
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(not_csv)? {
        if rows.len() >= most {
            return Err(too_many_rows(most));
        }
        if record.len() != headers.len() {
            let why = format!("the row has {} cells, and the first line names {} columns", record.len(), headers.len());
            rows.push(Err(RowErrors::one("", "cells", why)));
            continue;
        }
        let text = |place: &Option<usize>| place.and_then(|place| record.get(place)).unwrap_or_default();
        let texts = places.iter().map(|place| unguard(text(place))).collect();
        rows.push(of_cells(&Cells { columns: T::COLUMNS, texts }, RowErrors::default()));
    }
    Ok(rows)
}

fn not_csv(error: csv::Error) -> Problem {
    Problem::invalid(Vec::new()).at("", "not_csv", "the file cannot be read as CSV").caused_by(error)
}

/// Where each column stands, if it is there, or all that is wrong with the columns.
fn places_of<T: Record>(headers: &csv::StringRecord) -> Result<Vec<Option<usize>>, Problem> {
    let mut problem = Problem::invalid(Vec::new());
    for (i, name) in headers.iter().enumerate() {
        let pointer = format!("/columns/{i}");
        if !T::EXPORT_COLUMNS.contains(&name) {
            let shown: String = name.chars().take(COLUMN_CHARS_MAX).collect();
            problem = problem.at(&pointer, "unknown_column", format!("there is no column “{shown}”"));
        } else if headers.iter().take(i).any(|before| before == name) {
            problem = problem.at(&pointer, "duplicate_column", format!("the column {name:?} is there twice"));
        }
    }
    let place = |column: &&str| headers.iter().position(|name| name == *column);
    for column in T::NEEDED.iter().filter(|column| place(column).is_none()) {
        problem = problem.at("/columns", "missing_column", format!("the column {column:?} is missing"));
    }
    if problem.failures().is_empty() { Ok(T::COLUMNS.iter().map(place).collect()) } else { Err(problem) }
}

fn of_fields<T: Record>(Fields(fields): Fields) -> Read<T> {
    let mut errors = RowErrors::default();
    let mut texts = vec![None; T::COLUMNS.len()];
    for (name, value) in fields.into_iter().filter(|(name, _)| name != ID_COLUMN) {
        let place = T::COLUMNS.iter().position(|column| *column == name);
        match place.and_then(|place| texts.get_mut(place)) {
            None => errors.fail(&name, "unknown_column", "there is no such column"),
            Some(Some(_)) => errors.fail(&name, "duplicate_column", "it is given twice"),
            Some(text) => {
                *text = cell_of(&value);
                if text.is_none() {
                    errors.fail(&name, "invalid_type", "a text, true, false, null or a list of texts is wanted");
                    *text = Some(String::new());
                }
            }
        }
    }
    of_cells(&Cells { columns: T::COLUMNS, texts: texts.into_iter().map(Option::unwrap_or_default).collect() }, errors)
}

fn of_cells<T: Record>(cells: &Cells, mut errors: RowErrors) -> Read<T> {
    for (column, text) in cells.columns.iter().zip(&cells.texts) {
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            let why = "a text holds no control characters but the end of a line and the tab";
            errors.fail(column, "control_character", why);
        }
    }
    let record = T::read(cells, &mut errors);
    errors.finish(record)
}

/// The rows of a JSON document.
struct Document(Vec<Fields>);

/// The fields of an object, in order, with those that are given twice.
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Document, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = items.next_element::<Fields>()? {
            if rows.len() >= ROWS_MAX {
                return Err(de::Error::custom(TOO_MANY));
            }
            rows.push(row);
        }
        Ok(Document(rows))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Document, A::Error> {
        let mut rows = None;
        while let Some(name) = fields.next_key::<String>()? {
            if name == "items" && rows.is_none() {
                rows = Some(fields.next_value::<Document>()?);
            } else {
                fields.next_value::<IgnoredAny>()?;
                return Err(de::Error::custom("another field than items"));
            }
        }
        rows.ok_or_else(|| de::Error::custom("no items"))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Fields, A::Error> {
        let mut found = Vec::new();
        while let Some(field) = fields.next_entry::<String, Value>()? {
            if found.len() >= FIELDS_MAX {
                return Err(de::Error::custom("too many fields"));
            }
            found.push(field);
        }
        Ok(Fields(found))
    }
}
