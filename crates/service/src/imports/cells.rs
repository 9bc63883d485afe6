//! The cells of a row as text, and readers of what they mean. JSON values become the text that a cell of CSV would
//! have, so that there is one way to read a row.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::{Map, Value};
use validator::{ValidateEmail, ValidateUrl};
use valinta_domain::{Amount, Day, Language};

use super::report::RowErrors;
use crate::providers::not_blank;

/// Between the items of a list in a cell.
pub(crate) const BETWEEN: &str = "|";
/// Most items of a list in a cell.
const ITEMS_MAX: usize = 500;

/// A row's cells, in the order of its kind's columns.
#[derive(Debug)]
pub(crate) struct Cells {
    pub(super) columns: &'static [&'static str],
    pub(super) texts: Vec<String>,
}

/// The text of a JSON value in a cell; `None` where no cell says such a thing.
pub(crate) fn cell_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(flag) => Some(flag.to_string()),
        // An amount is a text: a number with decimals has lost its cents on the way already.
        Value::Number(number) => number.as_i64().map(|number| number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let texts: Option<Vec<&str>> =
                items.iter().map(|item| item.as_str().filter(|text| is_item(text))).collect();
            Some(texts?.join(BETWEEN))
        }
        Value::Object(fields) => {
            let texts: Option<Vec<String>> = fields
                .iter()
                .map(|(name, value)| Some(format!("{name}={}", value.as_str()?)).filter(|text| is_item(text)))
                .collect();
            Some(texts?.join(BETWEEN))
        }
    }
}

fn is_item(text: &str) -> bool {
    !text.is_empty() && !text.contains(BETWEEN)
}

/// A list as JSON has it.
pub(crate) fn list<'t>(items: impl IntoIterator<Item = &'t str>) -> Value {
    Value::Array(items.into_iter().map(|item| Value::String(item.to_owned())).collect())
}

/// What may be absent, as JSON has it.
pub(crate) fn or_null(text: Option<impl Display>) -> Value {
    text.map_or(Value::Null, |text| Value::String(text.to_string()))
}

/// Prices by item, as JSON has them.
pub(crate) fn amounts(items: &BTreeMap<String, Amount>) -> Value {
    let fields: Map<String, Value> =
        items.iter().map(|(item, amount)| (item.clone(), Value::String(amount.to_string()))).collect();
    Value::Object(fields)
}

impl Cells {
    /// A cell's text; none where it is empty.
    pub(super) fn get(&self, column: &str) -> Option<&str> {
        let place = self.columns.iter().position(|known| *known == column)?;
        self.texts.get(place).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// What a cell says; `Some(None)` where it is empty.
    pub(super) fn optional<T, E: Display>(
        &self,
        errors: &mut RowErrors,
        column: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        let Some(text) = self.get(column) else { return Some(None) };
        match read(text) {
            Ok(value) => Some(Some(value)),
            Err(why) => {
                errors.fail(column, "invalid", why);
                None
            }
        }
    }

    /// What a cell says that may not be empty.
    pub(super) fn required<T, E: Display>(
        &self,
        errors: &mut RowErrors,
        column: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.optional(errors, column, read)? {
            Some(value) => Some(value),
            None => {
                errors.fail(column, "missing", "this must be given");
                None
            }
        }
    }

    /// The row's own name at its source.
    pub(super) fn source_id(&self, errors: &mut RowErrors) -> Option<String> {
        self.reference(errors, "source_id")
    }

    /// What another row is called.
    pub(super) fn reference(&self, errors: &mut RowErrors, column: &str) -> Option<String> {
        self.required(errors, column, |text| {
            let plain = text.chars().count() <= 100 && !text.chars().any(char::is_control) && text.trim() == text;
            if plain { Ok(text.to_owned()) } else { Err("1 to 100 characters are wanted, without blanks around them") }
        })
    }

    /// A text that says something, of so many characters at most.
    pub(super) fn name(&self, errors: &mut RowErrors, column: &str, most: usize) -> Option<String> {
        let text = self.text(errors, column, most)?;
        let Some(text) = text else {
            errors.fail(column, "missing", "this must be given");
            return None;
        };
        match not_blank(&text) {
            Ok(text) => Some(text),
            Err(why) => {
                errors.fail(column, "invalid", why);
                None
            }
        }
    }

    /// A text of so many characters at most.
    pub(super) fn text(&self, errors: &mut RowErrors, column: &str, most: usize) -> Option<Option<String>> {
        let Some(text) = self.get(column) else { return Some(None) };
        if text.chars().count() > most {
            errors.fail(column, "length", format!("at most {most} characters are wanted"));
            return None;
        }
        Some(Some(text.to_owned()))
    }

    /// An e-mail address.
    pub(super) fn email(&self, errors: &mut RowErrors, column: &str) -> Option<Option<String>> {
        let text = self.text(errors, column, 300)?;
        if text.as_ref().is_some_and(|text| !text.validate_email()) {
            errors.fail(column, "email", "an e-mail address is wanted");
            return None;
        }
        Some(text)
    }

    /// An address on the internet.
    pub(super) fn website(&self, errors: &mut RowErrors, column: &str) -> Option<Option<String>> {
        let text = self.text(errors, column, 300)?;
        let is_web = |text: &String| text.starts_with("https://") || text.starts_with("http://");
        if text.as_ref().is_some_and(|text| !is_web(text) || !text.validate_url()) {
            errors.fail(column, "url", "an address on the internet begins with https:// or http://");
            return None;
        }
        Some(text)
    }

    /// A day.
    pub(super) fn day(&self, errors: &mut RowErrors, column: &str) -> Option<Option<Day>> {
        self.optional(errors, column, |text| text.trim().parse::<Day>())
    }

    /// Yes or no.
    pub(super) fn flag(&self, errors: &mut RowErrors, column: &str) -> Option<Option<bool>> {
        // Spreadsheets write their own kind of it in capitals.
        self.optional(errors, column, |text| match text.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("true or false is wanted"),
        })
    }

    /// A value that has a code.
    pub(super) fn code<T>(
        &self,
        errors: &mut RowErrors,
        column: &str,
        of: impl Fn(&str) -> Option<T>,
    ) -> Option<Option<T>> {
        self.optional(errors, column, |text| {
            of(text.trim()).ok_or("one of the names that the documentation lists is wanted")
        })
    }

    /// A list, each item once.
    pub(super) fn items<T, E: Display>(
        &self,
        errors: &mut RowErrors,
        column: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let Some(text) = self.get(column) else { return Some(Vec::new()) };
        let parts: Vec<&str> = text.split(BETWEEN).map(str::trim).take(ITEMS_MAX + 1).collect();
        if parts.len() > ITEMS_MAX {
            errors.fail(column, "length", format!("at most {ITEMS_MAX} items are wanted"));
            return None;
        }
        let mut items = Vec::with_capacity(parts.len());
        for (i, part) in parts.iter().enumerate() {
            if parts.get(..i).is_some_and(|before| before.contains(part)) {
                errors.fail(column, "duplicate", format!("{part:?} is listed twice"));
                return None;
            }
            match read(part) {
                Ok(item) => items.push(item),
                Err(why) => {
                    errors.fail(column, "invalid", format!("{part:?}: {why}"));
                    return None;
                }
            }
        }
        Some(items)
    }

    /// A list of values that have codes.
    pub(super) fn codes<T>(
        &self,
        errors: &mut RowErrors,
        column: &str,
        of: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.items(errors, column, |text| of(text).ok_or("there is no such name"))
    }
}

/// The language of a code.
pub(super) fn language(code: &str) -> Option<Language> {
    [Language::Fi, Language::Sv, Language::En].into_iter().find(|language| language.code() == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_json_value_says_what_a_cell_would() {
        for (value, cell) in [
            (json!(null), Some("")),
            (json!(true), Some("true")),
            (json!(12), Some("12")),
            (json!("=1"), Some("=1")),
            (json!(["fi", "sv"]), Some("fi|sv")),
            (json!([]), Some("")),
            (json!({"bath": "12.00", "meal": "3.50"}), Some("bath=12.00|meal=3.50")),
            (json!(12.5), None),
            (json!([["fi"]]), None),
            (json!(["fi|sv"]), None),
            (json!({"bath": 12}), None),
        ] {
            assert_eq!(cell_of(&value).as_deref(), cell, "{value}");
        }
    }

    #[test]
    fn lists_hold_each_item_once() {
        let cells = |text: &str| Cells { columns: &["languages"], texts: vec![text.to_owned()] };
        let read = |text: &str| {
            let mut errors = RowErrors::default();
            let read = cells(text).codes(&mut errors, "languages", language);
            (read, errors.is_empty())
        };
        assert_eq!(read("fi| sv"), (Some(vec![Language::Fi, Language::Sv]), true));
        assert_eq!(read(""), (Some(vec![]), true));
        for bad in ["fi|fi", "fi|", "xx", &"fi|".repeat(2_000)] {
            assert_eq!(read(bad), (None, false), "{bad}");
        }
    }
}
