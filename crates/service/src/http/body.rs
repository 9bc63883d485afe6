//! Request bodies: JSON, bounded, checked and parsed into what the domain speaks before a handler runs.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;
use serde_path_to_error::Segment;
use validator::Validate;

use super::failures::{Errors, escaped};
use super::limits::{BODY_BYTES_MAX, BODY_DURATION_MAX};
use super::problem::{Problem, ProblemKind};
use super::tree::{TOO_MANY_VALUES, Tree};

/// Reads comma-separated values into the JSON that they stand for.
pub(crate) type FromCsv = fn(&str) -> Result<Value, Problem>;

/// A request's shape, and how it becomes what the domain speaks.
///
/// `validator` has checked the shape by the time of `parse`, and what it found is in `errors` already: both report
/// into one answer. `parse` must note a failure whenever it returns `None`.
pub trait Parse: DeserializeOwned + Validate {
    /// What the domain speaks.
    type Into;
    /// Largest body.
    const BYTES_MAX: usize = BODY_BYTES_MAX;
    /// How comma-separated values are read into the JSON that they stand for, where the shape comes so too.
    const FROM_CSV: Option<FromCsv> = None;

    /// Parses the values, noting everything that is wrong.
    fn parse(&self, errors: &mut Errors) -> Option<Self::Into>;
}

/// Says of request shapes that they are what the handler wants, as they are.
#[macro_export]
macro_rules! parse_as_is {
    ($($shape:ty),+ $(,)?) => {
        $(impl $crate::http::body::Parse for $shape {
            type Into = Self;
            fn parse(&self, _: &mut $crate::http::failures::Errors) -> Option<Self> {
                Some(self.clone())
            }
        })+
    };
}

/// A JSON body, parsed.
///
/// In a handler's signature write it as [`Json`]: the OpenAPI document then takes the body's schema from there.
#[derive(Debug)]
pub struct Body<T: Parse> {
    request: T,
    parsed: T::Into,
    bytes: Bytes,
}

/// A body under the name by which the OpenAPI document recognises one.
pub type Json<T> = Body<T>;

impl<T: Parse> Body<T> {
    /// What the domain speaks.
    pub fn into_inner(self) -> T::Into {
        self.parsed
    }

    /// The shape that came in, and what it was parsed into.
    pub fn into_parts(self) -> (T, T::Into) {
        (self.request, self.parsed)
    }

    /// The shape that came in.
    pub fn request(&self) -> &T {
        &self.request
    }

    /// The bytes that came in, by which a repeated request is recognised.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn read(bytes: Bytes, form: Form) -> Result<Self, Problem> {
        let request: T = match form {
            Form::Json => from_json(&bytes)?,
            Form::Csv(from_csv) => {
                let text = str::from_utf8(&bytes).map_err(|error| {
                    let why = format!("the file is not text in UTF-8: byte {} is none", error.valid_up_to());
                    Problem::invalid(Vec::new()).at("", "not_utf8", why)
                })?;
                read_tree(tree_of(&from_csv(text)?)?)?
            }
        };
        let parsed = parsed(&request)?;
        Ok(Self { request, parsed, bytes })
    }
}

impl<T: Parse> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let form = form_of(request, T::FROM_CSV).and_then(|form| check_head(request, T::BYTES_MAX).map(|()| form));
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            let form = form?;
            let payload = payload.await.map_err(Problem::internal)?;
            // The limit is on what arrives; a declared length is only a promise.
            let read = payload.to_bytes_limited(T::BYTES_MAX);
            match tokio::time::timeout(BODY_DURATION_MAX, read).await {
                Ok(Ok(Ok(bytes))) => Self::read(bytes, form),
                Ok(Ok(Err(error))) => {
                    Err(Problem::new(ProblemKind::MalformedJson, "The body could not be read.").caused_by(error))
                }
                Ok(Err(_)) => Err(too_large(T::BYTES_MAX)),
                Err(_) => Err(Problem::new(ProblemKind::RequestTimeout, "The body took too long to arrive.")),
            }
        })
    }
}

/// An item of a list that is read by itself: what is wrong with one keeps none of the others back.
///
/// Its failures are told at its own places: whoever answers puts them under the item's.
#[derive(Debug)]
pub struct Each<T: Parse>(Result<T::Into, Problem>);

impl<T: Parse> Each<T> {
    /// Reads an item that stands as it came.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn of(value: &Value) -> Result<T::Into, Problem> {
        shaped::<T>(tree_of(value)?).and_then(|request| parsed(&request))
    }

    /// What the domain speaks.
    ///
    /// # Errors
    /// Everything that is wrong with the item.
    pub fn into_result(self) -> Result<T::Into, Problem> {
        self.0
    }
}

/// Reads each item of a list by itself, up to so many: those beyond are not looked at.
///
/// # Errors
/// It is no list.
pub fn each_up_to<'de, D: Deserializer<'de>, T: Parse>(most: usize, deserializer: D) -> Result<Vec<Each<T>>, D::Error> {
    let items: Vec<Tree> = up_to(most, deserializer)?;
    let read = |item| shaped::<T>(item).and_then(|request| parsed(&request));
    Ok(items.into_iter().map(|item| Each(read(item))).collect())
}

/// Reads the items of a list up to so many, and passes over the others.
///
/// # Errors
/// It is no list, or one of its items up to there does not fit.
pub fn up_to<'de, D: Deserializer<'de>, T: Deserialize<'de>>(most: usize, deserializer: D) -> Result<Vec<T>, D::Error> {
    struct UpTo<T>(usize, PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for UpTo<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a sequence")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut read = Vec::new();
            while read.len() < self.0
                && let Some(item) = items.next_element()?
            {
                read.push(item);
            }
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok(read)
        }
    }
    deserializer.deserialize_seq(UpTo(most, PhantomData))
}

/// What a request's shape is parsed into, with everything that is wrong with it told at once.
fn parsed<T: Parse>(request: &T) -> Result<T::Into, Problem> {
    let mut errors = Errors::new();
    errors.validated(request.validate());
    let parsed = request.parse(&mut errors);
    errors.finish_with(parsed)
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(ProblemKind::PayloadTooLarge, format!("A body has at most {bytes_max} bytes."))
}

/// How a body is written.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Csv(FromCsv),
}

fn form_of(request: &HttpRequest, from_csv: Option<FromCsv>) -> Result<Form, Problem> {
    let is = |media_type: &str| request.content_type().eq_ignore_ascii_case(media_type);
    match from_csv {
        _ if is("application/json") => Ok(Form::Json),
        Some(from_csv) if is("text/csv") => Ok(Form::Csv(from_csv)),
        Some(_) | None => {
            let or_csv = if from_csv.is_some() { " or text/csv" } else { "" };
            let why = format!("The Content-Type of the body must be application/json{or_csv}.");
            Err(Problem::new(ProblemKind::UnsupportedMediaType, why))
        }
    }
}

fn check_head(request: &HttpRequest, bytes_max: usize) -> Result<(), Problem> {
    if request.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(Problem::new(ProblemKind::UnsupportedMediaType, "The body must not be compressed."));
    }
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if declared.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > bytes_max) {
        return Err(too_large(bytes_max));
    }
    Ok(())
}

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let tree: Tree = serde_json::from_slice(bytes).map_err(|error| {
        // It may well be JSON, but more of it than is read.
        let said = error.to_string();
        if said.starts_with("recursion limit exceeded") {
            return Problem::invalid(Vec::new()).at("", "too_deep", "the document nests too deep");
        }
        if said.starts_with(TOO_MANY_VALUES) {
            return too_many_values();
        }
        let place = format!("The body is not JSON: line {}, column {}.", error.line(), error.column());
        Problem::new(ProblemKind::MalformedJson, place)
    })?;
    read_tree(tree)
}

fn tree_of(value: &Value) -> Result<Tree, Problem> {
    Tree::deserialize(value).map_err(|error| {
        if error.to_string() == TOO_MANY_VALUES { too_many_values() } else { Problem::internal(error) }
    })
}

fn too_many_values() -> Problem {
    Problem::invalid(Vec::new()).at("", "too_many", TOO_MANY_VALUES)
}

fn read_tree<T: DeserializeOwned>(tree: Tree) -> Result<T, Problem> {
    if let Some(pointer) = tree.control_character() {
        return Err(Problem::invalid(Vec::new()).at(
            &pointer,
            "control_character",
            "a text holds no control characters but the end of a line and the tab",
        ));
    }
    if let Some(pointer) = tree.repeated_name() {
        return Err(Problem::invalid(Vec::new()).at(&pointer, "duplicate_field", TWICE));
    }
    shaped(tree)
}

fn shaped<T: DeserializeOwned>(tree: Tree) -> Result<T, Problem> {
    serde_path_to_error::deserialize(tree).map_err(|error| {
        let (pointer, unfit) = (pointer(error.path()), error.inner());
        match unfit.name_too_many() {
            Some(name) => {
                Problem::invalid(Vec::new()).at(&format!("{pointer}/{}", escaped(name)), "unknown_field", unfit)
            }
            None => data_problem(&pointer, &unfit.to_string()),
        }
    })
}

const TWICE: &str = "this is given twice";

/// The problem of which serde says this at this place.
pub(super) fn data_problem(pointer: &str, text: &str) -> Problem {
    const CODES: [(&str, &str); 6] = [
        ("unknown field", "unknown_field"),
        ("missing field", "missing_field"),
        ("duplicate field", "duplicate_field"),
        ("invalid type", "invalid_type"),
        ("unknown variant", "unknown_value"),
        ("invalid value: integer", "out_of_range"),
    ];
    let code = CODES.iter().find(|(words, _)| text.starts_with(words)).map_or("invalid", |(_, code)| code);
    // Of a field that is not there or is there twice, serde knows the place of its object only.
    let name = match code {
        "missing_field" | "duplicate_field" => text.split('`').nth(1).map(|name| format!("/{}", escaped(name))),
        _ => None,
    };
    Problem::invalid(Vec::new()).at(&format!("{pointer}{}", name.unwrap_or_default()), code, in_our_words(code, text))
}

/// What serde and the parsers of numbers and times say, without the names of our types.
fn in_our_words(code: &str, text: &str) -> String {
    const WANTED: [(&str, &str); 24] = [
        ("struct ", "an object"),
        ("newtype variant", "an object"),
        ("a map", "an object"),
        ("map", "an object"),
        ("a sequence", "a list"),
        ("a string", "a text"),
        ("string", "a text"),
        ("a boolean", "true or false"),
        ("bool", "true or false"),
        ("enum ValueRule", "an object with the name of a block"),
        ("enum Condition", "an object with the name of a condition"),
        ("enum ", "one of the names that the documentation lists"),
        ("internally tagged enum ", "an object"),
        ("unit", "nothing"),
        ("u8", "a whole number from 0 to 255"),
        ("u16", "a whole number from 0 to 65535"),
        ("u32", "a whole number from 0 to 4294967295"),
        ("u", "a whole number from 0"),
        ("i8", "a whole number from -128 to 127"),
        ("i16", "a whole number from -32768 to 32767"),
        ("i32", "a whole number from -2147483648 to 2147483647"),
        ("i", "a whole number"),
        ("a nonzero u", "a whole number above zero"),
        ("an RFC 3339", "a moment such as 2026-11-21T09:30:00Z"),
    ];
    const PARSERS: [(&str, &str); 7] = [
        ("invalid digit", "a whole number is wanted"),
        ("number too ", "the number is out of range"),
        ("cannot parse integer", "a whole number is wanted"),
        ("premature end", "a moment such as 2026-11-21T09:30:00Z is wanted"),
        ("input contains invalid characters", "a moment such as 2026-11-21T09:30:00Z is wanted"),
        ("input is out of range", "a moment such as 2026-11-21T09:30:00Z is wanted"),
        ("trailing input", "a moment such as 2026-11-21T09:30:00Z is wanted"),
    ];
    match code {
        "invalid_type" | "out_of_range" => {
            let expected = text.rsplit("expected ").next().unwrap_or_default();
            let wanted =
                WANTED.iter().find(|(theirs, _)| expected.starts_with(theirs)).map_or(expected, |(_, ours)| ours);
            match wanted.split_once(", for example ") {
                Some((wanted, example)) => format!("{wanted} is wanted here, for example {example}"),
                None => format!("{wanted} is wanted here"),
            }
        }
        "unknown_field" => text.replacen("unknown field", "there is no field", 1),
        "unknown_value" => text.replacen("unknown variant", "there is no", 1),
        "missing_field" => "this must be given".to_owned(),
        "duplicate_field" => TWICE.to_owned(),
        _ => PARSERS
            .iter()
            .find(|(theirs, _)| text.starts_with(theirs))
            .map_or_else(|| text.to_owned(), |(_, ours)| (*ours).to_owned()),
    }
}

/// The RFC 6901 pointer of a path.
pub(super) fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escaped(key))),
            Segment::Enum { variant } => pointer.push_str(&format!("/{}", escaped(variant))),
            Segment::Unknown => {}
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_of_more_values_than_there_may_be_is_not_held() {
        let many = |how_many: usize| format!("[0{}]", ",0".repeat(how_many.saturating_sub(1)));
        assert!(from_json::<Vec<u8>>(many(999_999).as_bytes()).is_ok(), "the list is one, too");
        let refused = from_json::<Vec<u8>>(many(1_000_000).as_bytes()).unwrap_err();
        assert_eq!(refused.kind(), ProblemKind::InvalidInput);
        assert!(serde_json::to_string(&refused.document(None)).unwrap().contains(r#""code":"too_many""#));
        let refused = tree_of(&serde_json::from_str(&many(1_000_000)).unwrap()).err().unwrap();
        assert_eq!(refused.kind(), ProblemKind::InvalidInput);
    }
}
