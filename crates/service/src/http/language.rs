//! In which language texts are told: the one that `Accept-Language` likes best of Finnish, Swedish and English, and Finnish
//! where it likes none of them. An answer says which it is, and whether another was asked for.

use std::future::{Ready, ready};

use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest, HttpResponseBuilder, dev};
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use valinta_domain::{Language, Localized};

use super::problem::Problem;

/// Most languages that are read of one request; those after them are not looked at.
const RANGES_MAX: usize = 50;
/// Longest name of a language.
const TAG_CHARS_MAX: usize = 35;
/// The languages there are, the first of them where nothing is asked for.
const SPOKEN: [Language; 3] = [Language::Fi, Language::Sv, Language::En];

/// The language of an answer's texts. Operations that take it declare `params(Spoken)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Spoken {
    used: Language,
    /// What was asked for and is not spoken here.
    instead_of: Option<String>,
}

/// The language that the texts of an answer are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SpokenLanguage)]
pub struct SpokenView {
    /// The language.
    used: Language,
    /// The language that was asked for first, where none that was asked for is spoken here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 35, example = "de")]
    asked: Option<String>,
    /// Whether it is another than was asked for.
    fallback: bool,
}

impl Spoken {
    /// The language.
    pub const fn language(&self) -> Language {
        self.used
    }

    /// Whether another language was asked for.
    pub const fn is_fallback(&self) -> bool {
        self.instead_of.is_some()
    }

    /// A text in the language.
    pub fn say(&self, text: &Localized) -> String {
        text.in_language(self.used).to_owned()
    }

    /// How an answer tells it.
    pub fn view(&self) -> SpokenView {
        SpokenView { used: self.used, asked: self.instead_of.clone(), fallback: self.instead_of.is_some() }
    }

    /// Says in the headers of an answer which language it is in, and that it depends on the one that is asked for.
    pub fn told<'a>(&self, response: &'a mut HttpResponseBuilder) -> &'a mut HttpResponseBuilder {
        response
            .insert_header((header::CONTENT_LANGUAGE, self.used.code()))
            .append_header((header::VARY, header::ACCEPT_LANGUAGE.as_str()))
    }

    /// As [`Spoken::told`], of an answer without a body.
    pub fn told_beside(&self, headers: &mut HeaderMap) {
        headers.append(header::VARY, header::HeaderValue::from_static("accept-language"));
    }

    fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT_LANGUAGE).filter_map(|value| value.to_str().ok());
        let mut ranges: Vec<Range<'_>> =
            values.flat_map(|value| value.split(',')).take(RANGES_MAX).filter_map(Range::read).collect();
        // Between equals, the order in which they were written stays.
        ranges.sort_by_key(|range| std::cmp::Reverse(range.weight));
        let is_refused =
            |language: &Language| ranges.iter().any(|range| range.weight == 0 && range.language() == Some(*language));
        let any = || SPOKEN.into_iter().find(|language| !is_refused(language));
        let wanted = || ranges.iter().filter(|range| range.weight > 0);
        let found = wanted().find_map(|range| if range.tag == "*" { any() } else { range.language() });
        match found {
            Some(used) => Self { used, instead_of: None },
            None => Self {
                used: any().unwrap_or_default(),
                instead_of: wanted().find(|range| range.tag != "*").map(|range| range.tag.to_owned()),
            },
        }
    }
}

/// A language that is asked for, and how much in thousandths.
struct Range<'a> {
    tag: &'a str,
    weight: u16,
}

impl<'a> Range<'a> {
    /// What is written; nothing where it is of no form that is known.
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let tag = parts.next()?;
        let is_tag = tag == "*" || tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if tag.is_empty() || tag.len() > TAG_CHARS_MAX || !is_tag {
            return None;
        }
        let weight = parts.next().map_or(Some(1_000), |part| weight(part.strip_prefix("q=")?))?;
        Some(Self { tag, weight })
    }

    fn language(&self) -> Option<Language> {
        let primary = self.tag.split('-').next().unwrap_or_default();
        Language::from_code(&primary.to_ascii_lowercase())
    }
}

/// A weight from 0 to 1 with at most three decimals, in thousandths.
fn weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1_000),
        _ => None,
    }
}

impl FromRequest for Spoken {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self::of(request.headers())))
    }
}

impl IntoParams for Spoken {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new().schema_type(Type::String).max_length(Some(1_000)).examples(["sv, en;q=0.5"]);
        let parameter = ParameterBuilder::new()
            .name("Accept-Language")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(
                "The languages of texts, best first: fi, sv and en are spoken. Where none of them is asked for, texts are \
                 in Finnish, and the answer says so.",
            ))
            .schema(Some(schema))
            .build();
        vec![parameter]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn spoken(values: &[&str]) -> (Language, Option<String>) {
        let mut request = TestRequest::default();
        for value in values {
            request = request.append_header((header::ACCEPT_LANGUAGE, *value));
        }
        let spoken = Spoken::of(request.to_http_request().headers());
        (spoken.used, spoken.instead_of)
    }

    #[test]
    fn the_language_that_is_liked_best_is_spoken() {
        for (asked, used) in [
            ("sv", Language::Sv),
            ("sv-FI, sv;q=0.9, fi;q=0.8", Language::Sv),
            ("EN-gb", Language::En),
            ("fi-FI", Language::Fi),
            ("fi;q=0.2, en;q=0.7, sv;q=0.5", Language::En),
            ("de, sv;q=0.1", Language::Sv),
            ("en;q=0.5, sv;q=0.5", Language::En),
            ("sv;q=1.000", Language::Sv),
            ("de, *;q=0.5", Language::Fi),
            ("*, fi;q=0", Language::Sv),
            ("fi;q=0, sv;q=0, *;q=0.1", Language::En),
        ] {
            assert_eq!(spoken(&[asked]), (used, None), "{asked}");
        }
        assert_eq!(spoken(&["de", "en;q=0.3"]), (Language::En, None));
        assert_eq!(spoken(&[]), (Language::Fi, None));
    }

    #[test]
    fn what_is_not_spoken_is_told_and_what_cannot_be_read_is_no_error() {
        for (asked, used, instead_of) in [
            ("de", Language::Fi, Some("de")),
            ("de;q=0.3, fr-CA", Language::Fi, Some("fr-CA")),
            ("de, fi;q=0", Language::Sv, Some("de")),
            ("", Language::Fi, None),
            (";;;", Language::Fi, None),
            ("sv;q=high, en;q=2, fi;q=0.5555", Language::Fi, None),
            ("s v, ,", Language::Fi, None),
            ("finska", Language::Fi, Some("finska")),
            ("fi;q=0", Language::Sv, None),
        ] {
            assert_eq!(spoken(&[asked]), (used, instead_of.map(str::to_owned)), "{asked}");
        }
        let long = format!("{}, sv", "a".repeat(36));
        assert_eq!(spoken(&[&long]), (Language::Sv, None));
        let many = format!("{}sv", "de,".repeat(RANGES_MAX));
        assert_eq!(spoken(&[&many]), (Language::Fi, Some("de".to_owned())));
    }
}
