//! The building blocks of a value rule. Where a new shape of value is added, it is added here, in `check`, in `evaluate`
//! and in `explain`, and the compiler names the places.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::time_bands::TimeBands;
use crate::money::Amount;
use crate::text::Localized;

/// How an amount per unit is found: a voucher's value, a fixed co-payment or a client fee (FIELD §3). A block is written
/// as an object with its name as the key, and blocks nest. Every block yields an amount or a plain number, exactly;
/// rounding to the cent, half up, comes last unless a `round` says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ValueRule {
    /// The same amount for everyone (*tasasuuruinen*).
    Flat {
        /// Amount per unit.
        value: Amount,
    },
    /// A plain number, such as a coefficient or a share: `is`, or `is / over` where a fraction is meant.
    Number {
        /// The number.
        #[serde(with = "decimal_text")]
        #[schema(value_type = String, max_length = 20, pattern = r"^[0-9]{1,12}(\.[0-9]{1,10})?$", example = "1.15")]
        is: Decimal,
        /// What it is divided by, if it is a fraction such as 365 over 12. Above zero.
        #[serde(default, with = "decimal_text::option", skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, max_length = 20, pattern = r"^[0-9]{1,12}(\.[0-9]{1,10})?$", example = "12")]
        over: Option<Decimal>,
    },
    /// A fact of the client or of the service, as a number.
    Fact {
        /// Which fact.
        #[schema(max_length = 64)]
        name: String,
        /// What holds when it is not given.
        #[schema(no_recursion)]
        missing: Box<ValueRule>,
    },
    /// The provider's price per unit: a value up to the price.
    Price {
        /// At most so much.
        at_most: Amount,
    },
    /// An amount that falls as income rises (*tulosidonnainen*).
    IncomeReduction(IncomeReduction),
    /// Another rule by bands of a numeric fact, such as income, age or household size.
    Bands {
        /// The fact that decides.
        #[schema(max_length = 64)]
        fact: String,
        /// Bands in ascending order.
        #[schema(min_items = 1, max_items = 200)]
        bands: Vec<Band>,
        /// What holds above the last edge.
        #[schema(no_recursion)]
        above: Box<ValueRule>,
        /// What holds when the fact is not given.
        #[schema(no_recursion)]
        missing: Box<ValueRule>,
    },
    /// Another rule by a word or a truth, such as the form of care.
    Cases {
        /// The fact that decides.
        #[schema(max_length = 64)]
        fact: String,
        /// The cases.
        #[schema(min_items = 1, max_items = 200)]
        cases: Vec<Case>,
        /// What holds for words that no case names. Needed where the cases do not name them all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(no_recursion)]
        otherwise: Option<Box<ValueRule>>,
        /// What holds when the fact is not given.
        #[schema(no_recursion)]
        missing: Box<ValueRule>,
    },
    /// The sum of what a list gives for each code among the facts: a price list of procedures, or their coefficients.
    Listed {
        /// The fact with the code, or with several.
        #[schema(max_length = 64)]
        fact: String,
        /// What the entries are.
        entries_are: ListedKind,
        /// The list.
        #[schema(min_items = 1, max_items = 1000)]
        entries: Vec<ListedEntry>,
        /// What holds when the fact is not given.
        #[schema(no_recursion)]
        missing: Box<ValueRule>,
    },
    /// Another rule by the day and time of the service. A service that crosses an edge is split there.
    TimeBands(TimeBands),
    /// The sum of several.
    Sum {
        /// What is added up.
        #[schema(min_items = 1, max_items = 50, no_recursion)]
        of: Vec<ValueRule>,
    },
    /// What is left of one when others are taken off; never below zero.
    Difference {
        /// From what.
        #[schema(no_recursion)]
        of: Box<ValueRule>,
        /// What is taken off.
        #[schema(min_items = 1, max_items = 50, no_recursion)]
        less: Vec<ValueRule>,
    },
    /// The product of several: an amount and plain numbers.
    Product {
        /// What is multiplied.
        #[schema(min_items = 1, max_items = 50, no_recursion)]
        of: Vec<ValueRule>,
    },
    /// The least of several.
    Least {
        /// Of what.
        #[schema(min_items = 1, max_items = 50, no_recursion)]
        of: Vec<ValueRule>,
    },
    /// The greatest of several.
    Greatest {
        /// Of what.
        #[schema(min_items = 1, max_items = 50, no_recursion)]
        of: Vec<ValueRule>,
    },
    /// Another rule, kept within limits.
    Clamp {
        /// What is kept within them.
        #[schema(no_recursion)]
        of: Box<ValueRule>,
        /// At least so much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minimum: Option<Amount>,
        /// At most so much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maximum: Option<Amount>,
    },
    /// Another rule, rounded to a step other than the cent, or in another way.
    Round {
        /// What is rounded.
        #[schema(no_recursion)]
        of: Box<ValueRule>,
        /// To multiples of this.
        to: Amount,
        /// Which way.
        how: Rounding,
    },
    /// An amount set in the decision itself, within limits and with reasons: the fact `individual_value`.
    Individual {
        /// At least so much.
        minimum: Amount,
        /// At most so much.
        maximum: Amount,
        /// What holds when none is set.
        #[schema(no_recursion)]
        missing: Box<ValueRule>,
    },
    /// Another rule with a name of its own in the explanation.
    Named {
        /// What people call it, such as *care fee*.
        text: Localized,
        /// The act and section, or the decision, that it comes from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(max_length = 300)]
        source: Option<String>,
        /// What is named.
        #[schema(no_recursion)]
        of: Box<ValueRule>,
    },
    /// No voucher is granted.
    NotEligible {
        /// Reason as a code, such as `income_above_limit`.
        #[schema(max_length = 64)]
        reason: String,
        /// The reason in words, if the code is not enough.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Localized>,
    },
}

/// One band of a [`ValueRule::Bands`]. It has one upper edge: `up_to`, itself inside the band, or `below`, itself outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Lower edge as a published table prints it. Not needed; where it is given it must meet the band before.
    #[serde(default, with = "decimal_text::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 20, pattern = r"^[0-9]{1,12}(\.[0-9]{1,10})?$", example = "900.01")]
    pub from: Option<Decimal>,
    /// Upper edge, inside the band.
    #[serde(default, with = "decimal_text::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 20, pattern = r"^[0-9]{1,12}(\.[0-9]{1,10})?$", example = "1000.00")]
    pub up_to: Option<Decimal>,
    /// Upper edge, outside the band.
    #[serde(default, with = "decimal_text::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 20, pattern = r"^[0-9]{1,12}(\.[0-9]{1,10})?$", example = "3")]
    pub below: Option<Decimal>,
    /// The rule within the band.
    #[schema(no_recursion)]
    pub then: ValueRule,
}

impl Band {
    /// Whether a number is not above the band's upper edge.
    pub fn reaches(&self, number: Decimal) -> bool {
        self.up_to.is_some_and(|edge| number <= edge) || self.below.is_some_and(|edge| number < edge)
    }
}

/// One case of a [`ValueRule::Cases`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Words that the case is for; `true` or `false` where the fact is a truth.
    #[schema(min_items = 1, max_items = 50, value_type = Vec<crate::text::CodeText>)]
    pub is: Vec<String>,
    /// The rule in that case.
    #[schema(no_recursion)]
    pub then: ValueRule,
}

/// What the entries of a [`ValueRule::Listed`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListedKind {
    /// Amounts of money.
    Amounts,
    /// Plain numbers, such as coefficients.
    Numbers,
}

/// One entry of a [`ValueRule::Listed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedEntry {
    /// The code, such as that of a procedure.
    #[schema(max_length = 64, example = "SFA10")]
    pub code: String,
    /// The amount or number.
    #[serde(with = "decimal_text")]
    #[schema(value_type = String, max_length = 20, pattern = r"^[0-9]{1,12}(\.[0-9]{1,10})?$", example = "25.00")]
    pub is: Decimal,
}

/// Which way a [`ValueRule::Round`] rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest step; a half goes up.
    HalfUp,
    /// To the step at or above.
    Up,
    /// To the step at or below.
    Down,
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
    #[serde(default)]
    pub further_person: Option<FurtherPerson>,
    /// A multiplier of the reduced value; the largest value becomes `maximum × index`.
    #[serde(default, with = "decimal_text::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 20, pattern = r"^[0-9]{1,12}(\.[0-9]{1,10})?$", example = "1.20")]
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
    #[schema(value_type = String, max_length = 20, pattern = r"^[0-9]{1,12}(\.[0-9]{1,10})?$", example = "35")]
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
    #[schema(value_type = String, max_length = 20, pattern = r"^[0-9]{1,12}(\.[0-9]{1,10})?$", example = "1")]
    pub percent_step: Decimal,
}

/// Decimals as text: a JSON number would pass through floating point.
pub(super) mod decimal_text {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::written;

    pub(in super::super) fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let parse =
            |text: &str| written::decimal(text).ok_or("a decimal number in quotes is wanted, for example \"1.20\"");
        written::in_quotes(deserializer, "1.20", parse)
    }

    /// A decimal that may be absent is read as one that may not.
    struct Plain(Decimal);

    impl<'de> Deserialize<'de> for Plain {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserialize(deserializer).map(Self)
        }
    }

    pub(in super::super) mod option {
        use super::{Decimal, Deserialize, Deserializer, Plain, Serializer};

        pub(in super::super::super) fn serialize<S: Serializer>(
            value: &Option<Decimal>,
            s: S,
        ) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => super::serialize(value, s),
                None => s.serialize_none(),
            }
        }

        pub(in super::super::super) fn deserialize<'de, D: Deserializer<'de>>(
            d: D,
        ) -> Result<Option<Decimal>, D::Error> {
            Ok(Option::<Plain>::deserialize(d)?.map(|Plain(decimal)| decimal))
        }
    }
}
