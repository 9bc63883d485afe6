//! Criteria as data: what must hold of a client, of a provider's unit or of an offering, and how each came out.
//!
//! A criterion is met, not met, or unknown: then the facts that are missing are named.

mod check;

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::facts::{FactValue, Facts};
use super::value_rule::decimal_text;
use crate::explain::Step;
use crate::text::Localized;

pub(crate) use check::check_criteria;
pub use check::{About, OFFERING_FACTS, RegistryFact, UNIT_FACTS};

/// A condition on facts. It is written as an object with its name as the key, and conditions nest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// A number is at least so much.
    AtLeast {
        /// Which fact.
        #[schema(max_length = 64)]
        fact: String,
        /// The number.
        #[serde(with = "decimal_text")]
        #[schema(value_type = String, max_length = 20, example = "65")]
        number: Decimal,
    },
    /// A number is at most so much.
    AtMost {
        /// Which fact.
        #[schema(max_length = 64)]
        fact: String,
        /// The number.
        #[serde(with = "decimal_text")]
        #[schema(value_type = String, max_length = 20, example = "2107.00")]
        number: Decimal,
    },
    /// A word, or one of several, is among these; `true` or `false` for a truth.
    OneOf {
        /// Which fact.
        #[schema(max_length = 64)]
        fact: String,
        /// The words.
        #[schema(min_items = 1, max_items = 400, value_type = Vec<crate::text::CodeText>)]
        words: Vec<String>,
    },
    /// Two facts have a word in common, such as the client's language and those of the unit.
    InCommon {
        /// One fact.
        #[schema(max_length = 64)]
        fact: String,
        /// The other.
        #[schema(max_length = 64)]
        with: String,
    },
    /// All of several hold.
    All {
        /// Which.
        #[schema(min_items = 1, max_items = 50, no_recursion)]
        of: Vec<Condition>,
    },
    /// At least one of several holds.
    Any {
        /// Which.
        #[schema(min_items = 1, max_items = 50, no_recursion)]
        of: Vec<Condition>,
    },
    /// Another does not hold.
    Not {
        /// Which.
        #[schema(no_recursion)]
        of: Box<Condition>,
    },
}

/// Something that must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Its code within the rulebook: the reason code where it is not met.
    #[schema(max_length = 64, example = "over_65")]
    pub code: String,
    /// When it is met.
    pub met_if: Condition,
    /// What is asked, in words.
    pub text: Localized,
    /// Act and section, or the organiser's own condition.
    #[schema(max_length = 300)]
    pub source: String,
}

/// How a criterion came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is met.
    Met,
    /// It is not met.
    NotMet,
    /// It cannot be said: facts are missing.
    Unknown,
}

impl Standing {
    /// The name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not_met",
            Self::Unknown => "unknown",
        }
    }
}

/// How one criterion came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = EligibilityFinding)]
pub struct Finding {
    /// The criterion's code.
    #[schema(max_length = 64)]
    pub code: String,
    /// How it came out.
    pub standing: Standing,
    /// The facts that are missing, if it cannot be said.
    #[schema(max_items = 50, value_type = Vec<crate::text::CodeText>)]
    pub missing: Vec<String>,
    /// What is asked, in words.
    pub text: Localized,
    /// Act and section, or the organiser's own condition.
    #[schema(max_length = 300)]
    pub source: String,
}

/// How all criteria came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Findings {
    /// Not met if one is not met; else unknown if one is unknown; else met.
    pub standing: Standing,
    /// One for each criterion, in the rulebook's order.
    #[schema(max_items = 100)]
    pub findings: Vec<Finding>,
}

/// Examines criteria on facts.
pub fn examine(criteria: &[Criterion], facts: &Facts) -> Findings {
    Findings::of(criteria.iter().map(|criterion| criterion.examine(facts)).collect())
}

impl Findings {
    /// From single findings.
    pub fn of(findings: Vec<Finding>) -> Self {
        let any = |standing| findings.iter().any(|finding| finding.standing == standing);
        let standing = if any(Standing::NotMet) {
            Standing::NotMet
        } else if any(Standing::Unknown) {
            Standing::Unknown
        } else {
            Standing::Met
        };
        Self { standing, findings }
    }

    /// The findings as steps of an explanation. `pointer` is where the criteria stand in the rulebook's terms.
    pub fn steps(&self, pointer: &str) -> Vec<Step> {
        self.findings.iter().enumerate().map(|(i, finding)| finding.step(&format!("{pointer}/{i}"))).collect()
    }
}

impl Finding {
    fn step(&self, pointer: &str) -> Step {
        let (fi, sv, en) = match self.standing {
            Standing::Met => ("Ehto täyttyy", "Villkoret är uppfyllt", "Condition met"),
            Standing::NotMet => ("Ehto ei täyty", "Villkoret är inte uppfyllt", "Condition not met"),
            Standing::Unknown => {
                ("Ehtoa ei voida todeta", "Villkoret kan inte konstateras", "Condition that cannot be examined")
            }
        };
        let text = &self.text;
        let text = Localized::new(
            format!("{fi}: ”{}”", text.fi),
            format!("{sv}: ”{}”", text.sv),
            format!("{en}: “{}”", text.en),
        );
        let step = Step::new(pointer, self.standing.code(), text).input("criterion", &self.code).source(&self.source);
        if self.missing.is_empty() { step } else { step.input("missing", self.missing.join(", ")) }
    }
}

impl Criterion {
    /// How it comes out on facts.
    pub fn examine(&self, facts: &Facts) -> Finding {
        let mut missing = BTreeSet::new();
        let standing = match self.met_if.holds(facts, &mut missing) {
            Some(true) => Standing::Met,
            Some(false) => Standing::NotMet,
            None => Standing::Unknown,
        };
        let missing = match standing {
            Standing::Unknown => missing.into_iter().map(str::to_owned).collect(),
            Standing::Met | Standing::NotMet => Vec::new(),
        };
        Finding { code: self.code.clone(), standing, missing, text: self.text.clone(), source: self.source.clone() }
    }
}

impl Condition {
    /// The conditions directly within this one, each with its JSON pointer below it.
    pub fn children(&self) -> Vec<(String, &Self)> {
        let each =
            |name: &str, of: &'_ [Self]| -> Vec<String> { (0..of.len()).map(|i| format!("/{name}/of/{i}")).collect() };
        match self {
            Self::AtLeast { .. } | Self::AtMost { .. } | Self::OneOf { .. } | Self::InCommon { .. } => Vec::new(),
            Self::All { of } => each("all", of).into_iter().zip(of).collect(),
            Self::Any { of } => each("any", of).into_iter().zip(of).collect(),
            Self::Not { of } => vec![("/not/of".to_owned(), of)],
        }
    }

    /// The names of the facts that it reads.
    pub fn facts(&self) -> BTreeSet<&str> {
        let own: &[&str] = match self {
            Self::AtLeast { fact, .. } | Self::AtMost { fact, .. } | Self::OneOf { fact, .. } => &[fact],
            Self::InCommon { fact, with } => &[fact, with],
            Self::All { .. } | Self::Any { .. } | Self::Not { .. } => &[],
        };
        own.iter().copied().chain(self.children().into_iter().flat_map(|(_, child)| child.facts())).collect()
    }

    /// Whether it holds; `None` where that depends on facts that are missing, which are noted.
    fn holds<'c>(&'c self, facts: &Facts, missing: &mut BTreeSet<&'c str>) -> Option<bool> {
        match self {
            Self::AtLeast { fact, number } => Some(numeric(facts, fact, missing)? >= *number),
            Self::AtMost { fact, number } => Some(numeric(facts, fact, missing)? <= *number),
            Self::OneOf { fact, words } => {
                Some(words_in(facts, fact, missing)?.iter().any(|word| words.iter().any(|is| is == word)))
            }
            Self::InCommon { fact, with } => {
                // Both are looked at, so that all that is missing is named at once.
                let (one, other) = (words_in(facts, fact, missing), words_in(facts, with, missing));
                let other = other?;
                Some(one?.iter().any(|word| other.contains(word)))
            }
            // What is known can decide whatever is missing: one that does not hold is enough.
            Self::All { of } => three_valued(of, facts, missing, false),
            Self::Any { of } => three_valued(of, facts, missing, true),
            Self::Not { of } => of.holds(facts, missing).map(|holds| !holds),
        }
    }
}

fn three_valued<'c>(
    of: &'c [Condition],
    facts: &Facts,
    missing: &mut BTreeSet<&'c str>,
    decisive: bool,
) -> Option<bool> {
    // What one that is decided would have liked to know has no bearing: nobody is asked for it.
    let mut hold = |condition: &'c Condition| {
        let mut lacking = BTreeSet::new();
        let holds = condition.holds(facts, &mut lacking);
        if holds.is_none() {
            missing.append(&mut lacking);
        }
        holds
    };
    let found: Vec<Option<bool>> = of.iter().map(&mut hold).collect();
    if found.contains(&Some(decisive)) {
        Some(decisive)
    } else if found.contains(&None) {
        None
    } else {
        Some(!decisive)
    }
}

fn numeric<'c>(facts: &Facts, name: &'c str, missing: &mut BTreeSet<&'c str>) -> Option<Decimal> {
    match facts.get(name) {
        Some(FactValue::Number(number)) => Some(*number),
        Some(FactValue::Flag(_) | FactValue::Word(_) | FactValue::Words(_)) | None => {
            missing.insert(name);
            None
        }
    }
}

fn words_in<'c>(facts: &Facts, name: &'c str, missing: &mut BTreeSet<&'c str>) -> Option<Vec<String>> {
    match facts.get(name) {
        Some(FactValue::Flag(flag)) => Some(vec![flag.to_string()]),
        Some(FactValue::Word(word)) => Some(vec![word.clone()]),
        Some(FactValue::Words(words)) => Some(words.clone()),
        Some(FactValue::Number(number)) => Some(vec![number.to_string()]),
        None => {
            missing.insert(name);
            None
        }
    }
}

#[cfg(test)]
mod tests;
