//! The building blocks of a value rule. Where a new shape of value is added, it is added here, in `check` and in
//! `evaluate`, and the compiler names the places.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::Amount;

/// How a voucher's value per unit is found (FIELD §3). A block is written as an object with its name as the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ValueRule {
    /// The same value for everyone (*tasasuuruinen*).
    Flat {
        /// Value per unit.
        value: Amount,
    },
    /// A value that falls as income rises (*tulosidonnainen*).
    IncomeReduction(IncomeReduction),
    /// Another rule by bands of a numeric fact, such as income or household size.
    Bands {
        /// The fact that decides.
        #[schema(max_length = 64)]
        fact: String,
        /// Bands in ascending order; each holds up to and including its edge.
        #[schema(max_items = 200)]
        bands: Vec<Band>,
        /// What holds above the last edge.
        #[schema(no_recursion)]
        above: Box<ValueRule>,
        /// What holds when the fact is not given.
        #[schema(no_recursion)]
        missing: Box<ValueRule>,
    },
    /// No voucher is granted.
    NotEligible {
        /// Reason as a code, such as `income_above_limit`.
        #[schema(max_length = 64)]
        reason: String,
    },
}

/// One band of a [`ValueRule::Bands`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Upper edge, itself inside the band.
    #[serde(with = "decimal_text")]
    #[schema(value_type = String, max_length = 20, example = "900.00")]
    pub up_to: Decimal,
    /// The rule within the band.
    #[schema(no_recursion)]
    pub then: ValueRule,
}

/// `value = clamp(minimum, (maximum − (income − limit) × percent / 100 / divisor) × index, maximum × index)`, with
/// the limit and percent of the household's size. Income below the limit never lifts the value above the maximum;
/// income not given yields the minimum (FIELD §4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncomeReduction {
    /// Smallest value per unit.
    pub minimum: Amount,
    /// Largest value per unit, before the index.
    pub maximum: Amount,
    /// Hours of service a month that the reduction is spread over.
    #[schema(minimum = 1, maximum = 1000)]
    pub divisor: u16,
    /// Limits and percents for households of one, two, three … persons.
    #[schema(min_items = 1, max_items = 20)]
    pub households: Vec<HouseholdTerm>,
    /// How limit and percent go on in households larger than the last one listed.
    pub further_person: Option<FurtherPerson>,
    /// A multiplier of the reduced value; the largest value becomes `maximum × index`.
    #[serde(default, with = "decimal_text::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 20, example = "1.20")]
    pub index: Option<Decimal>,
}

/// Income limit and percent of one household size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HouseholdTerm {
    /// Monthly gross income up to which nothing is reduced.
    pub income_limit: Amount,
    /// Percent of the income above the limit.
    #[serde(with = "decimal_text")]
    #[schema(value_type = String, max_length = 20, example = "35")]
    pub percent: Decimal,
}

/// What each further person of a household adds to the limit and takes off the percent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FurtherPerson {
    /// Added to the income limit.
    pub income_limit_step: Amount,
    /// Taken off the percent, which does not go below zero.
    #[serde(with = "decimal_text")]
    #[schema(value_type = String, max_length = 20, example = "1")]
    pub percent_step: Decimal,
}

/// Decimals as text: a JSON number would pass through floating point.
mod decimal_text {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::written;

    pub(super) fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        parse(&String::deserialize(deserializer)?)
    }

    fn parse<E: de::Error>(text: &str) -> Result<Decimal, E> {
        written::decimal(text).ok_or_else(|| E::custom("a decimal number in quotes is wanted, for example \"1.20\""))
    }

    pub(super) mod option {
        use super::{Decimal, Deserialize, Deserializer, Serializer};

        pub(in super::super) fn serialize<S: Serializer>(value: &Option<Decimal>, s: S) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => super::serialize(value, s),
                None => s.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Decimal>, D::Error> {
            Option::<String>::deserialize(d)?.map(|text| super::parse(&text)).transpose()
        }
    }
}
