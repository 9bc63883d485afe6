//! Everything that is wrong with an input, gathered before anything is refused.
//!
//! Three readers report here: serde (form), `validator` (lengths, ranges) and the domain's own constructors
//! (meaning). Each names the place by an RFC 6901 pointer.

use std::borrow::Cow;
use std::fmt::Display;

use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};
use valinta_domain::Localized;

use super::limits::FAILURES_MAX;
use super::problem::{Failure, Problem};

/// Gathers failures under a pointer.
#[derive(Debug, Default)]
pub struct Errors {
    failures: Vec<Failure>,
    prefix: String,
}

impl Errors {
    /// Nothing wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing wrong yet, and every pointer is under a prefix.
    pub(super) fn under(prefix: &str) -> Self {
        Self { failures: Vec::new(), prefix: prefix.to_owned() }
    }

    /// The value, or `None` with a failure at the pointer.
    ///
    /// A place that has failed already is not reported again: what is too long need not also be malformed.
    pub fn take<T, E: Display>(&mut self, pointer: &str, result: Result<T, E>) -> Option<T> {
        self.take_as(pointer, "invalid", result)
    }

    /// As [`Errors::take`], with a stable word of one's own for what is wrong.
    pub fn take_as<T, E: Display>(&mut self, pointer: &str, code: &str, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let full = format!("{}{pointer}", self.prefix);
                if !self.failures.iter().any(|failure| failure.pointer == full) {
                    self.fail(pointer, code, error);
                }
                None
            }
        }
    }

    /// As [`Errors::take`], for a value that may be absent: `Some(None)` where it is.
    pub fn take_optional<T, E: Display>(&mut self, pointer: &str, result: Option<Result<T, E>>) -> Option<Option<T>> {
        match result {
            None => Some(None),
            Some(result) => self.take(pointer, result).map(Some),
        }
    }

    /// The text, or `None` with a failure at each wording that is empty or too long.
    pub fn text(&mut self, pointer: &str, text: &Localized, chars_max: usize) -> Option<Localized> {
        let mut good = true;
        for (language, wording) in text.wordings() {
            let chars = wording.trim().chars().count();
            if chars == 0 || wording.chars().count() > chars_max {
                let detail = format!("a text of 1 to {chars_max} characters is wanted in each language");
                self.fail(&format!("{pointer}/{}", language.code()), "length", detail);
                good = false;
            }
        }
        good.then(|| text.clone())
    }

    /// Notes a failure.
    pub fn fail(&mut self, pointer: &str, code: &str, detail: impl Display) {
        if self.failures.len() < FAILURES_MAX {
            self.failures.push(Failure::new(format!("{}{pointer}", self.prefix), code, detail));
        }
    }

    /// Reads a nested value; its pointers are under this one.
    pub fn within<T>(&mut self, pointer: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.prefix.len();
        self.prefix.push_str(pointer);
        let value = read(self);
        self.prefix.truncate(outer);
        value
    }

    /// Reads every item of a list; `None` if any failed.
    pub fn each<I, T>(
        &mut self,
        pointer: &str,
        items: &[I],
        mut read: impl FnMut(&I, &mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            values.extend(self.within(&format!("{pointer}/{index}"), |errors| read(item, errors)));
        }
        (values.len() == items.len()).then_some(values)
    }

    /// Notes what `validator` found.
    pub fn validated(&mut self, result: Result<(), ValidationErrors>) {
        if let Err(errors) = result {
            self.note(&errors);
        }
    }

    /// Whether nothing has failed.
    pub fn is_empty(&self) -> bool {
        self.failures.is_empty()
    }

    /// Goes on if nothing has failed.
    ///
    /// # Errors
    /// One `invalid_input` problem with all failures.
    pub fn finish(self) -> Result<(), Problem> {
        if self.failures.is_empty() { Ok(()) } else { Err(Problem::invalid(self.failures)) }
    }

    /// Goes on with the value if nothing has failed.
    pub(super) fn finish_with<T>(self, value: Option<T>) -> Result<T, Problem> {
        self.finish()?;
        // A reader that gives up without saying why is a mistake of ours, not of the caller's.
        value.ok_or_else(|| Problem::internal("an input was refused without a failure"))
    }

    fn note(&mut self, errors: &ValidationErrors) {
        // The map has no order of its own; answers should not change from one run to the next.
        let mut fields: Vec<_> =
            errors.errors().iter().map(|(name, kind)| (name.trim_start_matches("r#"), kind)).collect();
        fields.sort_by_key(|(name, _)| *name);
        for (name, kind) in fields {
            let pointer = match name {
                "__all__" => String::new(),
                name => format!("/{}", escaped(name)),
            };
            match kind {
                ValidationErrorsKind::Field(found) => {
                    for error in found {
                        self.fail(&pointer, &error.code, wording(error));
                    }
                }
                ValidationErrorsKind::Struct(nested) => self.within(&pointer, |e| e.note(nested)),
                ValidationErrorsKind::List(items) => {
                    for (index, nested) in items {
                        self.within(&format!("{pointer}/{index}"), |e| e.note(nested));
                    }
                }
            }
        }
    }
}

/// A name as a pointer's token.
pub(super) fn escaped(token: &str) -> Cow<'_, str> {
    if token.contains(['~', '/']) {
        Cow::Owned(token.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(token)
    }
}

/// What a validator's finding means, without repeating what was sent.
fn wording(error: &ValidationError) -> String {
    if let Some(message) = &error.message {
        return message.to_string();
    }
    let bound = |name: &str| error.params.get(name).map(ToString::to_string);
    let counted =
        if error.params.get("value").is_some_and(serde_json::Value::is_array) { "items" } else { "characters" };
    match error.code.as_ref() {
        "length" => match (bound("equal"), bound("min"), bound("max")) {
            (Some(equal), _, _) => format!("must have {equal} {counted}"),
            (None, Some(min), Some(max)) => format!("must have {min} to {max} {counted}"),
            (None, Some(min), None) => format!("must have at least {min} {counted}"),
            (None, None, Some(max)) => format!("must have at most {max} {counted}"),
            (None, None, None) => "has the wrong length".to_owned(),
        },
        "range" => match (bound("min"), bound("max")) {
            (Some(min), Some(max)) => format!("must lie between {min} and {max}"),
            (Some(min), None) => format!("must be at least {min}"),
            (None, Some(max)) => format!("must be at most {max}"),
            (None, None) => "is out of range".to_owned(),
        },
        "required" => "is required".to_owned(),
        "email" => "must be an e-mail address".to_owned(),
        "url" => "must be a URL".to_owned(),
        "non_control_character" => "must not hold control characters".to_owned(),
        "regex" => "does not have the form it must have".to_owned(),
        other => format!("is not acceptable ({other})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use validator::Validate;

    #[derive(Validate)]
    struct Unit {
        #[validate(length(min = 1, max = 3))]
        name: String,
    }

    #[derive(Validate)]
    struct Provider {
        #[validate(length(max = 2))]
        codes: Vec<u8>,
        #[validate(nested)]
        units: Vec<Unit>,
        #[validate(nested)]
        seat: Unit,
        #[validate(range(min = 1, max = 5))]
        r#type: u8,
    }

    #[test]
    fn every_failure_of_a_nested_input_has_its_pointer() {
        let unit = |name: &str| Unit { name: name.into() };
        let input =
            Provider { codes: vec![1, 2, 3], units: vec![unit("ok"), unit("too long")], seat: unit(""), r#type: 9 };
        let mut errors = Errors::new();
        errors.validated(input.validate());
        let problem = errors.finish().unwrap_err();
        let found: Vec<_> =
            problem.failures().iter().map(|f| (f.pointer.as_str(), f.code.as_str(), f.detail.as_str())).collect();
        assert_eq!(
            found,
            [
                ("/codes", "length", "must have at most 2 items"),
                ("/seat/name", "length", "must have 1 to 3 characters"),
                ("/type", "range", "must lie between 1 and 5"),
                ("/units/1/name", "length", "must have 1 to 3 characters"),
            ]
        );
    }

    #[test]
    fn a_place_that_failed_is_not_parsed_as_well_but_others_are() {
        let mut errors = Errors::new();
        errors.fail("/a", "length", "too long");
        assert_eq!(errors.take("/a", "x".parse::<u8>()), None);
        assert_eq!(errors.take("/b", "7".parse::<u8>()), Some(7));
        let read = errors.each("/list", &["1", "x", "3"], |item, e| e.take("/n", item.parse::<u8>()));
        assert_eq!(read, None);
        let problem = errors.finish().unwrap_err();
        let pointers: Vec<_> = problem.failures().iter().map(|f| f.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a", "/list/1/n"]);
    }

    #[test]
    fn more_failures_than_the_limit_are_not_told() {
        let mut errors = Errors::new();
        for n in 0..1_000 {
            errors.fail(&format!("/{n}"), "invalid", "no");
        }
        assert_eq!(errors.finish().unwrap_err().failures().len(), FAILURES_MAX);
    }
}
