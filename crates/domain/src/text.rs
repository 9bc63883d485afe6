//! Texts in the three languages the service speaks, and how long each free text may be.

use serde::{Deserialize, Serialize};

/// Longest name of anything: an organiser, a provider, a unit, a voucher type.
pub const NAME_CHARS_MAX: usize = 200;
/// Longest short line: an address, a contact, a code's label.
pub const LINE_CHARS_MAX: usize = 300;
/// Longest free text: a reason, a description.
pub const TEXT_CHARS_MAX: usize = 4_000;
/// Longest code a caller gives to something, such as a voucher type's.
pub const CODE_CHARS_MAX: usize = 64;
/// Most words that one fact has.
pub const WORDS_MAX: usize = 100;
/// Longest text of words: as many as one fact may have, each with a comma and a space.
pub const WORDS_CHARS_MAX: usize = WORDS_MAX * (CODE_CHARS_MAX + 2);

/// What an item of a list of texts is in the published API: how long it is at most. Documents are bounded where they are
/// checked; this says it to whoever reads the description.
macro_rules! item_of_a_list {
    ($name:ident, $chars_max:ident, $what:literal) => {
        #[doc = $what]
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some($what))
                    .max_length(Some($chars_max))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
    };
}

item_of_a_list!(CodeText, CODE_CHARS_MAX, "A code or a word.");
item_of_a_list!(WordsText, WORDS_CHARS_MAX, "A figure, or codes and words one after another.");
item_of_a_list!(LineText, LINE_CHARS_MAX, "A short line.");

/// A language the service answers in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Finnish.
    #[default]
    Fi,
    /// Swedish.
    Sv,
    /// English.
    En,
}

impl Language {
    /// The ISO 639-1 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fi => "fi",
            Self::Sv => "sv",
            Self::En => "en",
        }
    }

    /// The language of an ISO 639-1 code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Fi, Self::Sv, Self::En].into_iter().find(|l| l.code() == code)
    }
}

/// A text in Finnish, Swedish and English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Localized {
    /// Finnish.
    #[schema(max_length = 4000)]
    pub fi: String,
    /// Swedish.
    #[schema(max_length = 4000)]
    pub sv: String,
    /// English.
    #[schema(max_length = 4000)]
    pub en: String,
}

impl Localized {
    /// A text from its three wordings.
    pub fn new(fi: impl Into<String>, sv: impl Into<String>, en: impl Into<String>) -> Self {
        Self { fi: fi.into(), sv: sv.into(), en: en.into() }
    }

    /// The wording in a language.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Fi => &self.fi,
            Language::Sv => &self.sv,
            Language::En => &self.en,
        }
    }

    /// Each wording with its language.
    pub fn wordings(&self) -> [(Language, &str); 3] {
        [(Language::Fi, &self.fi), (Language::Sv, &self.sv), (Language::En, &self.en)]
    }
}
