//! Rules as data: a closed set of building blocks that nest, and the engine that evaluates and explains them.

mod check;
mod evaluate;
mod facts;
mod shares;
mod value_rule;

pub use check::{Fault, check};
pub use evaluate::{
    EvaluateError, Evaluation, GROSS_INCOME, HOUSEHOLD_SIZE, NET_INCOME, Outcome, evaluate, facts_asked_for,
};
pub use facts::{FACTS_MAX, FactError, FactValue, Facts};
pub use shares::{Shares, shares};
pub use value_rule::{Band, FurtherPerson, HouseholdTerm, IncomeReduction, ValueRule};
