//! Rules as data: a closed set of building blocks that nest, and the engine that evaluates and explains them.

mod check;
mod criteria;
mod evaluate;
mod explain;
mod fact_terms;
mod facts;
mod shares;
mod time_bands;
mod tree;
mod trial;
mod value_rule;

pub use check::{Fault, check};
pub(crate) use check::{
    check_length, check_line, check_lined_codes, check_source, check_text, check_texted_codes, check_word, decimals,
};
pub(crate) use criteria::check_criteria;
pub use criteria::{
    About, Condition, Criterion, Finding, Findings, OFFERING_FACTS, RegistryFact, Standing, UNIT_FACTS, examine,
};
pub use evaluate::{At, EvaluateError, Evaluation, Occasion, Outcome, evaluate, facts_asked_for};
pub use fact_terms::{
    FactKind, FactTerm, FactTerms, GROSS_INCOME, Given, HOUSEHOLD_SIZE, INDIVIDUAL_VALUE, ITEM, NET_INCOME, UnfitFact,
    WordTerm, known_facts,
};
pub use facts::{FACTS_MAX, FactValue, Facts};
pub use shares::{Shares, shares};
pub use time_bands::{DayKind, Slot, Stretch, TimeBand, TimeBands, TimeOfDay, split};
pub use trial::{Purse, RefusedPrice, Trial, TrialOutcome, TrialStanding, trial};
pub use value_rule::{
    Band, Case, FurtherPerson, HouseholdTerm, IncomeReduction, ListedEntry, ListedKind, Rounding, ValueRule,
};
