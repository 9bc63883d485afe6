//! Facts of a client, or of a service, that a rule may ask for, by name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::text::WORDS_MAX;
use crate::written;
use crate::written::is_code;

/// Most facts one evaluation takes.
pub const FACTS_MAX: usize = 50;
/// Largest number a fact can be.
const NUMBER_MAX: i64 = 1_000_000_000;

/// A fact's value: a number, a truth, a word or several words. On the wire a number is a decimal string or a whole number.
/// Digits after a leading zero are a word, such as the code of a municipality; and a number can be read as a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactValue {
    /// A number; money is in whole units with decimals.
    Number(Decimal),
    /// A truth.
    Flag(bool),
    /// A word, such as a form of care.
    Word(String),
    /// Several words, such as the procedures of a visit.
    Words(Vec<String>),
}

impl FactValue {
    /// It as a word, if it is one: `true` or `false` for a truth, its digits for a number.
    pub fn word(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Flag(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            Self::Word(word) => Some(Cow::Borrowed(word)),
            Self::Words(_) => None,
        }
    }
}

/// A number as it is written plainly, or with a minus; `None` for what only looks like one.
fn plain_number(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let mut figures = digits.bytes();
    let padded = figures.next() == Some(b'0') && figures.next().is_some_and(|byte| byte != b'.');
    let number = written::decimal(digits).filter(|_| !padded)?;
    Some(if digits.len() == text.len() { number } else { -number })
}

/// Facts by name, such as `gross_income_per_month` and `household_size`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Facts(BTreeMap<String, FactValue>);

impl Facts {
    /// Facts from pairs.
    pub fn new(facts: impl IntoIterator<Item = (String, FactValue)>) -> Self {
        Self(facts.into_iter().collect())
    }

    /// The value of a fact, if it is given.
    pub fn get(&self, name: &str) -> Option<&FactValue> {
        self.0.get(name)
    }

    /// These facts and others; where both have one of a name, the other's.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        Self(self.0.iter().chain(&others.0).map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those among the facts that have one of the names.
    #[must_use]
    pub fn only(&self, names: &BTreeSet<&str>) -> Self {
        Self(
            self.0
                .iter()
                .filter(|(name, _)| names.contains(name.as_str()))
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect(),
        )
    }

    /// All facts.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &FactValue)> {
        self.0.iter()
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let facts = BTreeMap::<String, FactValue>::deserialize(deserializer)?;
        if facts.len() > FACTS_MAX {
            return Err(de::Error::custom(format!("at most {FACTS_MAX} facts can be given")));
        }
        if let Some(name) = facts.keys().find(|name| !is_code(name)) {
            return Err(de::Error::custom(format!(
                "a fact's name is small letters, digits and underscores, at most 64: {name:?}"
            )));
        }
        Ok(Self(facts))
    }
}

impl Serialize for FactValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.collect_str(number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Word(word) => serializer.serialize_str(word),
            Self::Words(words) => serializer.collect_seq(words),
        }
    }
}

impl<'de> Deserialize<'de> for FactValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        fn bounded<E: de::Error>(number: Decimal) -> Result<FactValue, E> {
            if number.abs() > Decimal::from(NUMBER_MAX) || number.scale() > 6 {
                return Err(E::custom("a number lies between -1000000000 and 1000000000, with at most six decimals"));
            }
            Ok(FactValue::Number(number))
        }
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = FactValue;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a decimal number in quotes, a whole number, true, false, a word or a list of words")
            }
            fn visit_bool<E: de::Error>(self, v: bool) -> Result<FactValue, E> {
                Ok(FactValue::Flag(v))
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<FactValue, E> {
                bounded(Decimal::from(v))
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<FactValue, E> {
                bounded(Decimal::from(v))
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<FactValue, E> {
                if v.is_empty() || v.len() > 64 {
                    return Err(E::custom("a fact is 1 to 64 characters long"));
                }
                plain_number(v).map_or_else(|| Ok(FactValue::Word(v.to_owned())), bounded)
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<FactValue, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = seq.next_element::<String>()? {
                    if word.is_empty() || word.len() > 64 || words.len() == WORDS_MAX {
                        return Err(de::Error::custom(format!(
                            "a list has at most {WORDS_MAX} words of 1 to 64 characters"
                        )));
                    }
                    words.push(word);
                }
                Ok(FactValue::Words(words))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl utoipa::PartialSchema for Facts {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Type};
        let text = || ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(64));
        let whole = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(-1e9)).maximum(Some(1e9));
        let flag = ObjectBuilder::new().schema_type(Type::Boolean);
        let words = ArrayBuilder::new().items(text()).max_items(Some(WORDS_MAX));
        let value = OneOfBuilder::new().item(text()).item(whole).item(flag).item(words);
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(utoipa::openapi::schema::Schema::from(value)))
            .max_properties(Some(FACTS_MAX))
            .description(Some(
                "Facts of the client by name. Numbers with decimals are written in quotes. A rulebook says which \
                 facts it asks for, such as gross_income_per_month and household_size.",
            ))
            .examples([serde_json::json!({"gross_income_per_month": "1500.00", "household_size": 1})])
            .into()
    }
}
impl utoipa::ToSchema for Facts {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: serde_json::Value) -> Result<FactValue, String> {
        let facts: Facts = serde_json::from_value(json!({"f": value})).map_err(|error| error.to_string())?;
        Ok(facts.get("f").unwrap().clone())
    }

    #[test]
    fn a_fact_is_a_number_only_where_it_is_written_as_one() {
        let number = |text: &str| FactValue::Number(text.parse().unwrap());
        for (written, meant) in [("900.00", "900.00"), ("0", "0"), ("0.5", "0.5"), ("-3", "-3")] {
            assert_eq!(read(json!(written)), Ok(number(meant)));
        }
        for word in ["091", "00", "+1", "1_000", "1e3", ".5", "1.", "SFA10", "at_home", "-", "٣"] {
            assert_eq!(read(json!(word)), Ok(FactValue::Word(word.to_owned())));
        }
        assert_eq!(read(json!(7)), Ok(number("7")));
        assert_eq!(read(json!(["a", "1"])), Ok(FactValue::Words(vec!["a".to_owned(), "1".to_owned()])));
    }

    #[test]
    fn facts_out_of_bounds_are_refused() {
        let long = "x".repeat(65);
        for bad in [
            json!(1.5),
            json!("1000000000.01"),
            json!("1.0000001"),
            json!(""),
            json!(long),
            json!([""]),
            json!(vec!["a"; WORDS_MAX + 1]),
            json!({}),
            json!(null),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
        let many: serde_json::Map<_, _> = (0..=FACTS_MAX).map(|i| (format!("f{i}"), json!(1))).collect();
        assert!(serde_json::from_value::<Facts>(many.into()).is_err());
    }

    #[test]
    fn any_fact_but_a_list_can_be_read_as_a_word() {
        for (value, word) in
            [(json!("609"), "609"), (json!("091"), "091"), (json!(true), "true"), (json!("1.50"), "1.50")]
        {
            assert_eq!(read(value).unwrap().word().as_deref(), Some(word));
        }
        assert_eq!(FactValue::Words(Vec::new()).word(), None);
    }

    #[test]
    fn facts_survive_being_written() {
        let written = json!({"a": "900.00", "b": true, "c": "091", "d": ["x"], "e": "7"});
        let facts: Facts = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&facts).unwrap(), written);
    }
}
