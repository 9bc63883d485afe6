//! Consistency of an income reduction: limits and percents by household.

use rust_decimal::Decimal;

use super::super::value_rule::IncomeReduction;
use super::{Fault, NUMBER_DECIMALS_MAX, decimals};
use crate::money::Amount;

/// Most household sizes listed.
const HOUSEHOLDS_MAX: usize = 20;
/// Most hours a month.
const DIVISOR_MAX: u16 = 1000;

/// The largest amount that a reduction leaves.
pub(super) fn most(reduction: &IncomeReduction) -> Decimal {
    highest(reduction).max(reduction.minimum).decimal()
}

fn highest(reduction: &IncomeReduction) -> Amount {
    let index = reduction.index.unwrap_or(Decimal::ONE);
    let highest = reduction.maximum.decimal().checked_mul(index).and_then(Amount::rounded);
    highest.unwrap_or(Amount::from_minor(i64::MAX))
}

pub(super) fn check(reduction: &IncomeReduction, pointer: &str, faults: &mut Vec<Fault>) {
    let mut fault = |below: &str, code, why: String| faults.push(Fault::new(format!("{pointer}/{below}"), code, why));
    if reduction.minimum > highest(reduction) {
        fault("minimum", "minimum_above_maximum", "the minimum is above the maximum, index included".to_owned());
    }
    if !(1..=DIVISOR_MAX).contains(&reduction.divisor) {
        fault("divisor", "out_of_range", format!("the divisor lies between 1 and {DIVISOR_MAX}"));
    }
    if !(1..=HOUSEHOLDS_MAX).contains(&reduction.households.len()) {
        let why = format!("1 to {HOUSEHOLDS_MAX} household sizes are listed, from one person on");
        fault("households", "bad_length", why);
    }
    for (i, term) in reduction.households.iter().enumerate() {
        if let Some((code, why)) = percent_fault(term.percent) {
            fault(&format!("households/{i}/percent"), code, why);
        }
    }
    for (i, pair) in reduction.households.windows(2).enumerate() {
        if let [smaller, larger] = pair
            && larger.income_limit < smaller.income_limit
        {
            let why = "a larger household's income limit is not below a smaller one's".to_owned();
            fault(&format!("households/{}/income_limit", i + 1), "not_ascending", why);
        }
    }
    if let Some((code, why)) = reduction.further_person.as_ref().and_then(|further| percent_fault(further.percent_step))
    {
        fault("further_person/percent_step", code, why);
    }
    if let Some(index) = reduction.index {
        if index <= Decimal::ZERO || index > Decimal::TEN {
            fault("index", "out_of_range", "an index is above 0 and at most 10".to_owned());
        } else if decimals(index) > NUMBER_DECIMALS_MAX {
            fault("index", "too_precise", format!("an index has at most {NUMBER_DECIMALS_MAX} decimals"));
        }
    }
}

fn percent_fault(percent: Decimal) -> Option<(&'static str, String)> {
    if percent > Decimal::ONE_HUNDRED || percent < Decimal::ZERO {
        return Some(("out_of_range", "a percent lies between 0 and 100".to_owned()));
    }
    let precise = decimals(percent) > NUMBER_DECIMALS_MAX;
    precise.then(|| ("too_precise", format!("a percent has at most {NUMBER_DECIMALS_MAX} decimals")))
}
