//! Query parameters, parsed like bodies. A failure's pointer is `/query/<name>`, and `/query/<name>/<n>` in a list.
//!
//! A parameter that may be given several times is a list (`?language=fi&language=sv`); any other may be given once.
//! A parameter that the operation does not know is refused where its shape denies unknown fields: a mistyped filter
//! that is silently ignored would answer another question.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev, web};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::body::{Parse, data_problem, pointer};
use super::failures::Errors;
use super::limits::{QUERY_BYTES_MAX, QUERY_PARAMETERS_MAX};
use super::problem::Problem;

/// Where failures of parameters are.
pub(super) const QUERY_POINTER: &str = "/query";

/// A query, parsed. The OpenAPI document takes its parameters from `T` by itself.
#[derive(Debug)]
pub struct Query<T: Parse> {
    request: T,
    parsed: T::Into,
}

impl<T: Parse> Query<T> {
    /// What the domain speaks.
    pub fn into_inner(self) -> T::Into {
        self.parsed
    }

    /// The shape that came in.
    pub fn request(&self) -> &T {
        &self.request
    }

    fn read(query: &str) -> Result<Self, Problem> {
        let request: T = from_parameters(parameters(query)?)?;
        let mut errors = Errors::under(QUERY_POINTER);
        errors.validated(request.validate());
        let parsed = request.parse(&mut errors);
        Ok(Self { parsed: errors.finish_with(parsed)?, request })
    }
}

impl<T: Parse> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Self::read(request.query_string()))
    }
}

/// Parameters by name, each with its values in the order they came.
pub(super) type Parameters = BTreeMap<String, Vec<String>>;

/// Reads the parameters of a query.
pub(super) fn parameters(query: &str) -> Result<Parameters, Problem> {
    let refuse = |detail: String| Problem::invalid(Vec::new()).at(QUERY_POINTER, "invalid", detail);
    if query.len() > QUERY_BYTES_MAX {
        return Err(refuse(format!("a query has at most {QUERY_BYTES_MAX} bytes")));
    }
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|_| refuse("the query is not of the form name=value&name=value".to_owned()))?
        .into_inner();
    if pairs.len() > QUERY_PARAMETERS_MAX {
        return Err(refuse(format!("a query has at most {QUERY_PARAMETERS_MAX} parameters")));
    }
    let mut parameters = Parameters::new();
    for (name, value) in pairs {
        if name.chars().chain(value.chars()).any(char::is_control) {
            let why = "a parameter holds no control characters";
            return Err(Problem::invalid(Vec::new()).at(QUERY_POINTER, "control_character", why));
        }
        parameters.entry(name).or_default().push(value);
    }
    Ok(parameters)
}

/// Reads a shape from parameters.
pub(super) fn from_parameters<T: DeserializeOwned>(parameters: Parameters) -> Result<T, Problem> {
    let fields = parameters.into_iter().map(|(name, values)| (name, Values(values)));
    serde_path_to_error::deserialize(MapDeserializer::<_, de::value::Error>::new(fields))
        .map_err(|error| data_problem(&format!("{QUERY_POINTER}{}", pointer(error.path())), &error.inner().to_string()))
}

/// The values of one parameter.
struct Values(Vec<String>);

impl Values {
    fn one(mut self) -> Result<String, de::value::Error> {
        match (self.0.pop(), self.0.is_empty()) {
            (Some(value), true) => Ok(value),
            _ => Err(de::Error::custom("may be given once only")),
        }
    }

    fn number<T: std::str::FromStr>(self) -> Result<T, de::value::Error>
    where
        T::Err: Display,
    {
        self.one()?.parse().map_err(de::Error::custom)
    }
}

impl<'de> IntoDeserializer<'de> for Values {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! numbers {
    ($($deserialize:ident => $visit:ident),+ $(,)?) => {
        $(fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            visitor.$visit(self.number()?)
        })+
    };
}

impl<'de> Deserializer<'de> for Values {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_string(self.one()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let each = self.0.into_iter().map(|value| Self(vec![value]));
        visitor.visit_seq(SeqDeserializer::new(each))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.one()?.into_deserializer().deserialize_enum(name, variants, visitor)
    }

    numbers! {
        deserialize_bool => visit_bool,
        deserialize_u8 => visit_u8, deserialize_u16 => visit_u16, deserialize_u32 => visit_u32,
        deserialize_u64 => visit_u64, deserialize_i8 => visit_i8, deserialize_i16 => visit_i16,
        deserialize_i32 => visit_i32, deserialize_i64 => visit_i64,
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier
        ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use validator::Validate;
    use valinta_domain::Language;

    #[derive(Debug, Clone, PartialEq, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        #[validate(length(min = 3, max = 3))]
        municipality: Option<String>,
        #[serde(default)]
        #[validate(length(max = 2))]
        language: Vec<Language>,
        #[validate(range(max = 10))]
        within_km: Option<u16>,
        #[serde(default)]
        all: bool,
    }
    crate::parse_as_is!(Filter);

    fn failed(query: &str) -> Vec<(String, String)> {
        let problem = Query::<Filter>::read(query).unwrap_err();
        problem.failures().iter().map(|f| (f.pointer.clone(), f.code.clone())).collect()
    }

    fn at(pointer: &str, code: &str) -> (String, String) {
        (pointer.to_owned(), code.to_owned())
    }

    #[test]
    fn a_query_is_read_with_its_lists_and_numbers() {
        let filter = Query::<Filter>::read("municipality=079&language=fi&language=sv&within_km=7&all=true").unwrap();
        let expected = Filter {
            municipality: Some("079".into()),
            language: vec![Language::Fi, Language::Sv],
            within_km: Some(7),
            all: true,
        };
        assert_eq!(filter.into_inner(), expected);
        assert!(Query::<Filter>::read("").is_ok());
    }

    #[test]
    fn a_failure_names_the_parameter() {
        assert_eq!(failed("munisipality=079"), [at("/query/munisipality", "unknown_field")]);
        assert_eq!(failed("within_km=far"), [at("/query/within_km", "invalid")]);
        assert_eq!(failed("language=fi&language=xx"), [at("/query/language/1", "unknown_value")]);
        assert_eq!(failed("municipality=1&municipality=2"), [at("/query/municipality", "invalid")]);
        assert_eq!(
            failed("municipality=1&within_km=11"),
            [at("/query/municipality", "length"), at("/query/within_km", "range")]
        );
        let many = "all=true&".repeat(QUERY_PARAMETERS_MAX + 1);
        assert_eq!(failed(&many), [at("/query", "invalid")]);
    }
}
