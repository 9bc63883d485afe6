//! Consistency of a value rule, checked when a rulebook is saved: what passes evaluates for every client.
//!
//! It looks at the rule and at what is said of its facts, never at a client. One walk finds everything that is wrong in
//! all blocks, and besides what each comes to: money or a plain number, and at most how much. A figure that could leave
//! the range of money is therefore refused here and not where a client stands.
//!
//! One refusal is left to the moment of decision, as the rule means it: an individual value outside its limits.

mod block;
mod by_fact;
mod reduction;
mod steps;
mod texts;
mod times;
mod worth;

use rust_decimal::Decimal;

use self::block::{Checker, Place};
pub(crate) use self::texts::{
    check_length, check_line, check_lined_codes, check_source, check_text, check_texted_codes, check_word, decimals,
};
use self::worth::Kind;
use super::fact_terms::FactTerms;
use super::value_rule::ValueRule;
use crate::money::{AMOUNT_MINOR_MAX, Amount};

/// How deep blocks may nest.
const DEPTH_MAX: usize = 16;
/// Most blocks of one rule.
const BLOCKS_MAX: usize = 2_000;
/// Most steps that an evaluation of one rule may take: a decision keeps them all, in three languages.
const STEPS_MAX: usize = 150;
/// Most faults that are told of one rule.
const FAULTS_MAX: usize = 200;
/// Most decimals of a plain number.
const NUMBER_DECIMALS_MAX: u32 = 4;
/// The largest plain number that a rule may name.
const NUMBER_MAX: u32 = 1_000_000;

/// Something a rule or its rulebook gets wrong, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer from the root that was checked.
    pub pointer: String,
    /// What is wrong, as a code.
    pub code: &'static str,
    /// What is wrong, in words.
    pub detail: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into() }
    }
}

/// All that is inconsistent in a rule that stands at `pointer`; nothing means that it is sound. `terms` are to know every
/// fact that the rule may ask for; the fact `item` has words only where the rulebook has items.
pub fn check(rule: &ValueRule, terms: FactTerms<'_>, pointer: &str) -> Vec<Fault> {
    if is_too_large(rule) {
        return vec![Fault::new(pointer, "too_many_blocks", format!("a rule has at most {BLOCKS_MAX} blocks"))];
    }
    let mut checker = Checker::new(terms);
    let worth = checker.block(rule, &Place::root(pointer));
    let mut faults = checker.faults;
    match worth.kind {
        Some(Kind::Number) => {
            faults.push(Fault::new(
                pointer,
                "not_money",
                "the rule comes to a plain number, not to an amount of money",
            ));
        }
        None if faults.is_empty() => {
            faults.push(Fault::new(pointer, "not_money", "the rule never comes to an amount of money"));
        }
        Some(Kind::Money) if worth.most > Amount::from_minor(AMOUNT_MINOR_MAX).decimal() => {
            let most = worth.most.round_dp(2).normalize();
            let why = format!(
                "the rule could come to {most}, which is more than the service takes: give its facts a maximum, or \
                 keep it within limits"
            );
            faults.push(Fault::new(pointer, "too_large", why));
        }
        Some(Kind::Money) | None => {}
    }
    let steps = steps::most(rule);
    if steps > STEPS_MAX {
        let why = format!(
            "the rule could take {steps} steps for one client, and every one is explained: at most {STEPS_MAX} are taken"
        );
        faults.push(Fault::new(pointer, "too_many_steps", why));
    }
    faults.truncate(FAULTS_MAX);
    faults
}

/// Whether a rule has too many blocks to be looked at. Counting stops at the limit.
fn is_too_large(rule: &ValueRule) -> bool {
    let mut blocks = 0;
    let mut left = vec![rule];
    while let Some(rule) = left.pop() {
        blocks += 1;
        if blocks + left.len() > BLOCKS_MAX {
            return true;
        }
        left.extend(rule.children().into_iter().map(|(_, child)| child));
    }
    false
}

/// What is wrong with a plain number that a rule names, if anything is.
fn number_fault(number: Decimal) -> Option<(&'static str, String)> {
    if decimals(number) > NUMBER_DECIMALS_MAX {
        return Some(("too_precise", format!("a number has at most {NUMBER_DECIMALS_MAX} decimals")));
    }
    let range = Decimal::ZERO..=Decimal::from(NUMBER_MAX);
    (!range.contains(&number)).then(|| ("out_of_range", format!("a number lies between 0 and {NUMBER_MAX}")))
}

#[cfg(test)]
mod tests;
