//! What a rulebook says of the facts its rules ask for: their kinds, bounds and words, and what people call them.
//!
//! Facts that every county asks for are known here; any other is declared by the rulebook, as data.

use std::sync::LazyLock;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::facts::{FactValue, Facts};
use super::value_rule::decimal_text;
use crate::text::Localized;

/// The fact an income reduction reads: gross income a month.
pub const GROSS_INCOME: &str = "gross_income_per_month";
/// A fact that bands may read: net income a month.
pub const NET_INCOME: &str = "net_income_per_month";
/// The fact an income reduction reads: how many persons live on that income.
pub const HOUSEHOLD_SIZE: &str = "household_size";
/// The fact that an individual value is set by.
pub const INDIVIDUAL_VALUE: &str = "individual_value";
/// The fact that names an item of the price list.
pub const ITEM: &str = "item";

/// What a rulebook says of one fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactTerm {
    /// Its name in rules and requests: small letters, digits and underscores.
    #[schema(max_length = 64, example = "form_of_care")]
    pub name: String,
    /// What kind of fact it is.
    pub kind: FactKind,
    /// When it is given: with the request for a voucher, or with each service.
    #[serde(default)]
    pub given: Given,
    /// What people call it, in small letters and as it stands within a sentence.
    pub text: Localized,
    /// Smallest number, if it is one; zero if nothing is said.
    #[serde(default, with = "decimal_text::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 20, example = "0")]
    pub minimum: Option<Decimal>,
    /// Largest number, if it is one; a million if nothing is said.
    #[serde(default, with = "decimal_text::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 20, example = "120")]
    pub maximum: Option<Decimal>,
    /// The words it can be, if it is one or several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    pub words: Vec<WordTerm>,
}

/// A word that a fact can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WordTerm {
    /// The word as a code.
    #[schema(max_length = 64, example = "at_home")]
    pub code: String,
    /// What people call it.
    pub text: Localized,
}

/// The kinds of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// An amount of money, with at most two decimals.
    Money,
    /// A number, with at most four decimals.
    Number,
    /// A whole number.
    Whole,
    /// A truth.
    Flag,
    /// One of the words.
    Word,
    /// One or more of the words; one may be there several times.
    Words,
}

impl FactKind {
    /// Whether it is some kind of number.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Money | Self::Number | Self::Whole)
    }
}

/// When a fact is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// With the request for a voucher: a fact of the client.
    #[default]
    WithRequest,
    /// With each service that is recorded.
    WithService,
}

impl FactTerm {
    /// The smallest number it can be.
    pub fn lowest(&self) -> Decimal {
        self.minimum.unwrap_or(Decimal::ZERO)
    }

    /// The largest number it can be.
    pub fn highest(&self) -> Decimal {
        self.maximum.unwrap_or(Decimal::from(NUMBER_MAX))
    }

    /// The least by which two of its numbers can differ.
    pub fn grain(&self) -> Decimal {
        match self.kind {
            FactKind::Money => Decimal::new(1, 2),
            FactKind::Number => Decimal::new(1, 4),
            FactKind::Whole | FactKind::Flag | FactKind::Word | FactKind::Words => Decimal::ONE,
        }
    }

    /// What is wrong with a value of it, if anything is.
    pub fn fault_of(&self, value: &FactValue) -> Option<UnfitFact> {
        let name = || self.name.clone();
        match (self.kind, value) {
            (FactKind::Money | FactKind::Number | FactKind::Whole, FactValue::Number(number)) => {
                if number.normalize().scale() > self.grain().scale() {
                    return Some(UnfitFact::TooPrecise { name: name(), decimals: self.grain().scale() });
                }
                let (minimum, maximum) = (self.lowest(), self.highest());
                (*number < minimum || *number > maximum).then(|| UnfitFact::OutOfRange {
                    name: name(),
                    minimum,
                    maximum,
                })
            }
            (FactKind::Flag, FactValue::Flag(_)) => None,
            (FactKind::Word | FactKind::Words, FactValue::Word(word)) => self.unknown_word(word),
            // A code of digits alone, such as that of a municipality.
            (FactKind::Word | FactKind::Words, FactValue::Number(number)) => self.unknown_word(&number.to_string()),
            (FactKind::Words, FactValue::Words(words)) => words.iter().find_map(|word| self.unknown_word(word)),
            (FactKind::Money | FactKind::Number | FactKind::Whole, _) => {
                Some(UnfitFact::WrongKind { name: name(), wanted: "a number" })
            }
            (FactKind::Flag, _) => Some(UnfitFact::WrongKind { name: name(), wanted: "true or false" }),
            (FactKind::Word, _) => Some(UnfitFact::WrongKind { name: name(), wanted: "a word" }),
            (FactKind::Words, _) => Some(UnfitFact::WrongKind { name: name(), wanted: "a list of words" }),
        }
    }

    fn unknown_word(&self, word: &str) -> Option<UnfitFact> {
        let known = self.words.iter().any(|term| term.code == word);
        (!known).then(|| UnfitFact::UnknownWord { name: self.name.clone(), word: word.to_owned() })
    }
}

/// Largest number a fact can be unless its term says otherwise.
const NUMBER_MAX: u32 = 1_000_000;

/// Largest number, and as much below zero, of a fact that is asked for and that nothing is said of.
const UNDECLARED_MAX: u32 = 1_000_000_000;
/// Most decimals of it.
const UNDECLARED_DECIMALS_MAX: u32 = 6;

/// What is wrong with a value of a fact that a rulebook asks for without declaring it. A rulebook that is saved declares
/// its facts; one that was adopted before there were declarations asks for plain numbers, and still stands.
fn undeclared_fault_of(name: &str, value: &FactValue) -> Option<UnfitFact> {
    let name = || name.to_owned();
    match value {
        FactValue::Number(number) if number.normalize().scale() > UNDECLARED_DECIMALS_MAX => {
            Some(UnfitFact::TooPrecise { name: name(), decimals: UNDECLARED_DECIMALS_MAX })
        }
        FactValue::Number(number) => {
            let maximum = Decimal::from(UNDECLARED_MAX);
            let minimum = -maximum;
            (*number < minimum || *number > maximum).then(|| UnfitFact::OutOfRange { name: name(), minimum, maximum })
        }
        FactValue::Flag(_) | FactValue::Word(_) | FactValue::Words(_) => {
            Some(UnfitFact::WrongKind { name: name(), wanted: "a number" })
        }
    }
}

/// Why a fact that was given cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitFact {
    /// It is of another kind.
    #[error("{name} is to be {wanted}")]
    WrongKind {
        /// Which fact.
        name: String,
        /// What was wanted.
        wanted: &'static str,
    },
    /// A number lies where no such number can.
    #[error("{name} lies between {minimum} and {maximum}")]
    OutOfRange {
        /// Which fact.
        name: String,
        /// Smallest.
        minimum: Decimal,
        /// Largest.
        maximum: Decimal,
    },
    /// More decimals than it can have.
    #[error("{name} has at most {decimals} decimals")]
    TooPrecise {
        /// Which fact.
        name: String,
        /// How many at most.
        decimals: u32,
    },
    /// A word that the rulebook does not know.
    #[error("{name} cannot be {word:?}: the rulebook does not know it")]
    UnknownWord {
        /// Which fact.
        name: String,
        /// The word.
        word: String,
    },
    /// No rule asks for it. Facts that have no bearing are not taken in, let alone kept.
    #[error("the rulebook does not ask for the fact {name}")]
    NotAskedFor {
        /// Which fact.
        name: String,
    },
    /// It is given at another time.
    #[error("{name} is given {}", match given { Given::WithRequest => "with the request for a voucher", Given::WithService => "with each service" })]
    AtAnotherTime {
        /// Which fact.
        name: String,
        /// When it is given.
        given: Given,
    },
}

impl UnfitFact {
    /// Which fact.
    pub fn name(&self) -> &str {
        match self {
            Self::WrongKind { name, .. }
            | Self::OutOfRange { name, .. }
            | Self::TooPrecise { name, .. }
            | Self::UnknownWord { name, .. }
            | Self::NotAskedFor { name }
            | Self::AtAnotherTime { name, .. } => name,
        }
    }
}

static KNOWN: LazyLock<[FactTerm; 5]> = LazyLock::new(|| {
    let term = |name: &str, kind, given, text, minimum: Option<u32>, maximum: Option<u32>| FactTerm {
        name: name.to_owned(),
        kind,
        given,
        text,
        minimum: minimum.map(Decimal::from),
        maximum: maximum.map(Decimal::from),
        words: Vec::new(),
    };
    [
        term(
            GROSS_INCOME,
            FactKind::Money,
            Given::WithRequest,
            Localized::new("bruttotulot kuukaudessa", "bruttoinkomsterna per månad", "gross income a month"),
            None,
            None,
        ),
        term(
            NET_INCOME,
            FactKind::Money,
            Given::WithRequest,
            Localized::new("nettotulot kuukaudessa", "nettoinkomsterna per månad", "net income a month"),
            None,
            None,
        ),
        term(
            HOUSEHOLD_SIZE,
            FactKind::Whole,
            Given::WithRequest,
            Localized::new("kotitalouden koko", "hushållets storlek", "household size"),
            Some(1),
            Some(30),
        ),
        term(
            INDIVIDUAL_VALUE,
            FactKind::Money,
            Given::WithRequest,
            Localized::new("päätöksessä vahvistettu arvo", "värdet i beslutet", "the value set in the decision"),
            None,
            Some(10_000_000),
        ),
        term(
            ITEM,
            FactKind::Word,
            Given::WithService,
            Localized::new("hinnaston kohta", "punkten i prislistan", "item of the price list"),
            None,
            None,
        ),
    ]
});

/// Facts by name: those that every county asks for, and those that a rulebook declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FactTerms<'r>(&'r [FactTerm]);

impl<'r> FactTerms<'r> {
    /// With those that a rulebook declares.
    pub fn new(declared: &'r [FactTerm]) -> Self {
        Self(declared)
    }

    /// What is said of a fact.
    pub fn find(self, name: &str) -> Option<&'r FactTerm> {
        self.0.iter().chain(known_facts()).find(|term| term.name == name)
    }

    /// All that is wrong with facts that are given for rules which ask for `asked_for`.
    pub fn check(
        self,
        facts: &Facts,
        asked_for: &std::collections::BTreeSet<&str>,
        given: Option<Given>,
    ) -> Vec<UnfitFact> {
        facts
            .iter()
            .filter_map(|(name, value)| {
                if !asked_for.contains(name.as_str()) {
                    return Some(UnfitFact::NotAskedFor { name: name.clone() });
                }
                let term = self.find(name);
                let at = term.map_or(Given::WithRequest, |term| term.given);
                if given.is_some_and(|given| given != at) {
                    return Some(UnfitFact::AtAnotherTime { name: name.clone(), given: at });
                }
                let Some(term) = term else { return undeclared_fault_of(name, value) };
                // The items of the price list are the rulebook's; whoever knows them checks them.
                if name == ITEM && term.words.is_empty() { None } else { term.fault_of(value) }
            })
            .collect()
    }
}

/// The facts that need not be declared.
pub fn known_facts() -> &'static [FactTerm] {
    &*KNOWN
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use serde_json::json;

    fn unfit(facts: serde_json::Value, given: Option<Given>) -> Vec<UnfitFact> {
        let text = json!({"fi": "f", "sv": "s", "en": "e"});
        let declared: Vec<FactTerm> = serde_json::from_value(json!([
            {"name": "age", "kind": "whole", "maximum": "120", "text": text},
            {"name": "municipality", "kind": "word", "text": text,
             "words": [{"code": "609", "text": text}, {"code": "091", "text": text}]},
            {"name": "procedures", "kind": "words", "given": "with_service", "text": text,
             "words": [{"code": "SFA10", "text": text}]},
            {"name": "alone", "kind": "flag", "text": text}
        ]))
        .unwrap();
        let asked_for = BTreeSet::from(["age", "municipality", "procedures", "alone", GROSS_INCOME, ITEM]);
        let facts: Facts = serde_json::from_value(facts).unwrap();
        FactTerms::new(&declared).check(&facts, &asked_for, given)
    }

    #[test]
    fn facts_that_fit_pass_and_codes_of_digits_are_words() {
        let facts = json!({"age": 80, "municipality": "091", "procedures": ["SFA10", "SFA10"], "alone": false,
            "gross_income_per_month": "1650.05", "item": "anything"});
        assert_eq!(unfit(facts, None), []);
        assert_eq!(unfit(json!({"municipality": "609", "procedures": "SFA10"}), None), []);
    }

    #[test]
    fn everything_that_does_not_fit_is_told_at_once() {
        let facts = json!({"age": "121", "municipality": "743", "procedures": ["SFA10", "SFA99"], "alone": "yes",
            "gross_income_per_month": "1650.005", "shoe_size": 42});
        let told: Vec<String> = unfit(facts, None).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "age lies between 0 and 120",
                "alone is to be true or false",
                "gross_income_per_month has at most 2 decimals",
                "municipality cannot be \"743\": the rulebook does not know it",
                "procedures cannot be \"SFA99\": the rulebook does not know it",
                "the rulebook does not ask for the fact shoe_size",
            ]
        );
    }

    #[test]
    fn a_fact_that_is_asked_for_without_being_declared_is_a_plain_number_of_the_client() {
        let check = |fact: serde_json::Value, given| {
            let facts: Facts = serde_json::from_value(json!({"age": fact})).unwrap();
            FactTerms::default().check(&facts, &BTreeSet::from(["age"]), given)
        };
        for number in [json!(80), json!("-1.000001"), json!(1_000_000_000)] {
            assert_eq!(check(number.clone(), Some(Given::WithRequest)), [], "{number}");
        }
        for bad in [json!(true), json!("old"), json!(["old"])] {
            let told = check(bad.clone(), None);
            assert!(matches!(told.as_slice(), [UnfitFact::WrongKind { .. }]), "{bad}: {told:?}");
        }
        let with_service = check(json!(80), Some(Given::WithService));
        assert!(matches!(with_service.as_slice(), [UnfitFact::AtAnotherTime { .. }]), "{with_service:?}");
        let not_read = |number: Decimal| {
            let facts = Facts::new([("age".to_owned(), FactValue::Number(number))]);
            FactTerms::default().check(&facts, &BTreeSet::from(["age"]), None)
        };
        let above = not_read(Decimal::new(100_000_000_001, 2));
        assert!(matches!(above.as_slice(), [UnfitFact::OutOfRange { .. }]), "{above:?}");
        let precise = not_read(Decimal::new(1, 7));
        assert!(matches!(precise.as_slice(), [UnfitFact::TooPrecise { .. }]), "{precise:?}");
    }

    #[test]
    fn a_fact_is_given_at_its_time() {
        let facts = || json!({"age": 80, "procedures": ["SFA10"]});
        let name = |given| unfit(facts(), Some(given)).iter().map(|unfit| unfit.name().to_owned()).collect::<Vec<_>>();
        assert_eq!(name(Given::WithRequest), ["procedures"]);
        assert_eq!(name(Given::WithService), ["age"]);
    }

    #[test]
    fn a_word_is_no_number_and_a_number_no_truth() {
        for bad in [json!({"age": "old"}), json!({"age": true}), json!({"alone": 1}), json!({"municipality": ["609"]})]
        {
            let told = unfit(bad.clone(), None);
            assert!(matches!(told.as_slice(), [UnfitFact::WrongKind { .. }]), "{bad}: {told:?}");
        }
    }
}
