//! Consistency of a value rule, checked when a rulebook is saved: what passes evaluates for every client.

use rust_decimal::Decimal;

use super::value_rule::{IncomeReduction, ValueRule};
use crate::written::is_code;

/// How deep blocks may nest.
const DEPTH_MAX: usize = 8;
/// Most bands of one table.
const BANDS_MAX: usize = 200;
/// Most household sizes listed.
const HOUSEHOLDS_MAX: usize = 20;

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

/// All that is inconsistent in a rule that stands at `pointer`; nothing means that it is sound.
pub fn check(rule: &ValueRule, pointer: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    walk(rule, pointer, 1, &mut faults);
    faults
}

fn walk(rule: &ValueRule, pointer: &str, depth: usize, faults: &mut Vec<Fault>) {
    if depth > DEPTH_MAX {
        faults.push(Fault::new(pointer, "too_deep", format!("blocks nest at most {DEPTH_MAX} deep")));
        return;
    }
    match rule {
        ValueRule::Flat { .. } => {}
        ValueRule::IncomeReduction(reduction) => {
            check_reduction(reduction, &format!("{pointer}/income_reduction"), faults);
        }
        ValueRule::Bands { fact, bands, above, missing } => {
            let pointer = format!("{pointer}/bands");
            if !is_code(fact) {
                faults.push(Fault::new(
                    format!("{pointer}/fact"),
                    "bad_name",
                    "a fact's name is small letters, digits and underscores",
                ));
            }
            if bands.is_empty() || bands.len() > BANDS_MAX {
                faults.push(Fault::new(
                    format!("{pointer}/bands"),
                    "bad_length",
                    format!("a table has 1 to {BANDS_MAX} bands"),
                ));
            }
            let mut previous: Option<Decimal> = None;
            for (i, band) in bands.iter().enumerate() {
                if previous.is_some_and(|edge| band.up_to <= edge) {
                    faults.push(Fault::new(
                        format!("{pointer}/bands/{i}/up_to"),
                        "unreachable",
                        "each edge is above the one before it; this band could never be reached",
                    ));
                }
                previous = Some(band.up_to);
                walk(&band.then, &format!("{pointer}/bands/{i}/then"), depth + 1, faults);
            }
            walk(above, &format!("{pointer}/above"), depth + 1, faults);
            walk(missing, &format!("{pointer}/missing"), depth + 1, faults);
        }
        ValueRule::NotEligible { reason } => {
            if !is_code(reason) {
                faults.push(Fault::new(
                    format!("{pointer}/not_eligible/reason"),
                    "bad_name",
                    "a reason's code is small letters, digits and underscores",
                ));
            }
        }
    }
}

fn check_reduction(reduction: &IncomeReduction, pointer: &str, faults: &mut Vec<Fault>) {
    if reduction.minimum > reduction.maximum {
        faults.push(Fault::new(
            format!("{pointer}/minimum"),
            "minimum_above_maximum",
            "the minimum is above the maximum",
        ));
    }
    if reduction.divisor == 0 || reduction.divisor > 1000 {
        faults.push(Fault::new(format!("{pointer}/divisor"), "out_of_range", "the divisor lies between 1 and 1000"));
    }
    if reduction.households.is_empty() || reduction.households.len() > HOUSEHOLDS_MAX {
        faults.push(Fault::new(
            format!("{pointer}/households"),
            "bad_length",
            format!("1 to {HOUSEHOLDS_MAX} household sizes are listed, from one person on"),
        ));
    }
    for (i, term) in reduction.households.iter().enumerate() {
        if term.percent > Decimal::ONE_HUNDRED {
            faults.push(Fault::new(
                format!("{pointer}/households/{i}/percent"),
                "out_of_range",
                "a percent is at most 100",
            ));
        }
    }
    for (i, pair) in reduction.households.windows(2).enumerate() {
        if let [smaller, larger] = pair
            && larger.income_limit < smaller.income_limit
        {
            faults.push(Fault::new(
                format!("{pointer}/households/{}/income_limit", i + 1),
                "not_ascending",
                "a larger household's income limit is not below a smaller one's",
            ));
        }
    }
    if let Some(further) = &reduction.further_person
        && further.percent_step > Decimal::ONE_HUNDRED
    {
        faults.push(Fault::new(
            format!("{pointer}/further_person/percent_step"),
            "out_of_range",
            "a percent is at most 100",
        ));
    }
    if reduction.index.is_some_and(|index| index <= Decimal::ZERO || index > Decimal::TEN) {
        faults.push(Fault::new(format!("{pointer}/index"), "out_of_range", "an index is above 0 and at most 10"));
    }
}
