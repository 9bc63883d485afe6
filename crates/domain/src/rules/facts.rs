//! The facts of a client that a rule may ask for, by name.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::written::is_code;

/// Most facts one evaluation takes.
pub const FACTS_MAX: usize = 50;
/// Largest number a fact can be.
const NUMBER_MAX: i64 = 1_000_000_000;

/// A fact's value: a number, a truth or a word. On the wire a number is a decimal string or a whole number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactValue {
    /// A number; money is in whole units with decimals.
    Number(Decimal),
    /// A truth.
    Flag(bool),
    /// A word, such as a form of care.
    Word(String),
}

/// Why a fact cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FactError {
    /// A number was asked for.
    #[error("the fact {name} is to be a number")]
    NotANumber {
        /// Which fact.
        name: String,
    },
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

    /// A number among the facts; `None` where the fact is not given.
    ///
    /// # Errors
    /// The fact is given but is no number.
    pub fn number(&self, name: &str) -> Result<Option<Decimal>, FactError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(FactValue::Number(number)) => Ok(Some(*number)),
            Some(FactValue::Flag(_) | FactValue::Word(_)) => Err(FactError::NotANumber { name: name.to_owned() }),
        }
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
        impl de::Visitor<'_> for Visitor {
            type Value = FactValue;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a decimal number in quotes, a whole number, true, false or a word")
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
                match Decimal::from_str_exact(v) {
                    Ok(number) => bounded(number),
                    Err(_) => Ok(FactValue::Word(v.to_owned())),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl utoipa::PartialSchema for Facts {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(64));
        let whole = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(-1e9)).maximum(Some(1e9));
        let flag = ObjectBuilder::new().schema_type(Type::Boolean);
        let value = OneOfBuilder::new().item(text).item(whole).item(flag);
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
