//! A file of comma-separated values as the JSON that it stands for: the first line names where each cell belongs, such as
//! `client` and `facts.household_size`. An empty cell says nothing.

use serde_json::{Map, Number, Value};

use super::asked::ROWS_MAX;
use crate::http::Problem;
use crate::tabular::csv_cell::unguard;

/// Most columns that are looked at.
const COLUMNS_MAX: usize = 100;
/// Longest name of a column.
const NAME_CHARS_MAX: usize = 100;

/// The rows of a file, as `{"rows": […]}`.
pub(super) fn from_csv(text: &str) -> Result<Value, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first_line = text.lines().next().unwrap_or_default();
    // What a spreadsheet writes where the comma is for decimals.
    let delimiter = if first_line.contains(';') && !first_line.contains(',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let columns: Vec<String> = reader.headers().map_err(not_csv)?.iter().map(|name| name.trim().to_owned()).collect();
    check(&columns)?;
    let mut rows = Vec::new();
    // More than a batch has are not looked at: that they are there is told.
    for record in reader.records().take(ROWS_MAX.saturating_add(1)) {
        let record = record.map_err(not_csv)?;
        let mut row = Map::new();
        for (place, cell) in record.iter().enumerate() {
            let cell = unguard(cell);
            let cell = cell.trim();
            if cell.is_empty() {
                continue;
            }
            match columns.get(place) {
                Some(column) => put(&mut row, column, cell),
                // A shape that knows no such name refuses the row at its place.
                None => {
                    put(&mut row, &format!("column {}", place.saturating_add(1)), cell);
                    break;
                }
            }
        }
        rows.push(Value::Object(row));
    }
    Ok(Value::Object(Map::from_iter([("rows".to_owned(), Value::Array(rows))])))
}

fn check(columns: &[String]) -> Result<(), Problem> {
    let fail =
        |place: usize, code, why: String| Err(Problem::invalid(Vec::new()).at(&format!("/columns/{place}"), code, why));
    for (place, name) in columns.iter().enumerate() {
        if place >= COLUMNS_MAX {
            return fail(place, "too_many", format!("a file has at most {COLUMNS_MAX} columns"));
        }
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.matches('.').count() > 1 {
            return fail(place, "unknown_column", "a column is called as in the first line of the example".to_owned());
        }
        let clashes = |before: &String| before == name || before.split('.').next() == Some(name.as_str());
        if columns.iter().take(place).any(clashes) {
            return fail(place, "duplicate_column", "the column is there twice".to_owned());
        }
    }
    Ok(())
}

/// Puts a cell where its column belongs.
fn put(row: &mut Map<String, Value>, column: &str, cell: &str) {
    match column.split_once('.') {
        None => {
            row.insert(column.to_owned(), said(cell, false));
        }
        Some((outer, inner)) => {
            let within = row.entry(outer).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(within) = within {
                within.insert(inner.to_owned(), said(cell, outer == "facts"));
            }
        }
    }
}

/// What a cell says: true, false, a whole number where one of the client's facts is one, or else a text.
fn said(cell: &str, is_fact: bool) -> Value {
    match cell {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match cell.parse::<i64>() {
            Ok(number) if is_fact && number.to_string() == cell => Value::Number(Number::from(number)),
            Ok(_) | Err(_) => Value::String(cell.to_owned()),
        },
    }
}

fn not_csv(error: csv::Error) -> Problem {
    Problem::invalid(Vec::new()).at("", "not_csv", "the file cannot be read as CSV").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cell_stands_where_its_column_says() {
        let text = "\u{feff}reference;quantity;facts.household_size;facts.income;duplicate\r\nA-1;12;2;1650.00;true\r\nA-2;;;;\r\n";
        assert_eq!(
            from_csv(text).unwrap(),
            json!({"rows": [
                {"reference": "A-1", "quantity": "12", "facts": {"household_size": 2, "income": "1650.00"}, "duplicate": true},
                {"reference": "A-2"},
            ]})
        );
    }

    #[test]
    fn a_cell_beyond_the_columns_is_not_passed_over() {
        assert_eq!(from_csv("reference\nA-1,x").unwrap(), json!({"rows": [{"reference": "A-1", "column 2": "x"}]}));
    }

    #[test]
    fn columns_that_are_none_are_refused() {
        for header in ["a,,b", "a,a", "a.b,a", "a.b.c", &"a".repeat(101)] {
            assert!(from_csv(&format!("{header}\n1,2,3")).is_err(), "{header}");
        }
    }

    #[test]
    fn rows_and_cells_that_are_too_many_are_not_kept() {
        let rows = from_csv(&format!("a\n{}", "1\n".repeat(50_000))).unwrap();
        assert_eq!(rows["rows"].as_array().unwrap().len(), ROWS_MAX + 1);
        let cells = from_csv(&format!("a\n{}", "1,".repeat(50_000))).unwrap();
        assert_eq!(cells["rows"][0].as_object().unwrap().len(), 2);
    }
}
