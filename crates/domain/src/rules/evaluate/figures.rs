//! The arithmetic of the blocks: exact, and `None` where a figure is beyond what a number can hold.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{EvaluateError, Turn, number_of};
use crate::money::Amount;
use crate::rules::fact_terms::{GROSS_INCOME, HOUSEHOLD_SIZE};
use crate::rules::facts::Facts;
use crate::rules::value_rule::{IncomeReduction, Rounding, ValueRule};

pub(super) fn sum(_: &[ValueRule], parts: &[Decimal]) -> Option<Decimal> {
    parts.iter().try_fold(Decimal::ZERO, |sum, part| sum.checked_add(*part))
}

pub(super) fn least(_: &[ValueRule], parts: &[Decimal]) -> Option<Decimal> {
    parts.iter().min().copied()
}

pub(super) fn greatest(_: &[ValueRule], parts: &[Decimal]) -> Option<Decimal> {
    parts.iter().max().copied()
}

/// Everything is multiplied before the one division, so that nothing is lost before the rounding.
pub(super) fn product(of: &[ValueRule], parts: &[Decimal]) -> Option<Decimal> {
    let mut over = Decimal::ONE;
    let mut product = Decimal::ONE;
    for (rule, part) in of.iter().zip(parts) {
        if let ValueRule::Number { is, over: Some(divisor) } = rule {
            product = product.checked_mul(*is)?;
            over = over.checked_mul(*divisor)?;
        } else {
            product = product.checked_mul(*part)?;
        }
    }
    if over == Decimal::ONE { Some(product) } else { product.checked_div(over) }
}

/// What the first leaves when the others are taken off.
pub(super) fn difference(_: &[ValueRule], parts: &[Decimal]) -> Option<Decimal> {
    let (first, less) = parts.split_first()?;
    let left = less.iter().try_fold(*first, |left, part| left.checked_sub(*part))?;
    Some(left.max(Decimal::ZERO))
}

pub(super) fn round(number: Decimal, step: Decimal, how: Rounding) -> Option<Decimal> {
    let strategy = match how {
        Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
        Rounding::Up => RoundingStrategy::ToPositiveInfinity,
        Rounding::Down => RoundingStrategy::ToNegativeInfinity,
    };
    number.checked_div(step)?.round_dp_with_strategy(0, strategy).checked_mul(step)
}

pub(super) fn reduce(rule: &IncomeReduction, facts: &Facts) -> Result<(Turn, Amount), EvaluateError> {
    let number = |name: &str| facts.get(name).map(|value| number_of(name, value)).transpose();
    let persons = match number(HOUSEHOLD_SIZE)? {
        Some(size) => u32::try_from(size).ok().filter(|persons| *persons > 0).ok_or(EvaluateError::Overflow)?,
        None => 1,
    };
    let Some(income) = number(GROSS_INCOME)? else { return Ok((Turn::IncomeMissing, rule.minimum)) };
    let (limit, percent) = terms_for(rule, persons).ok_or(EvaluateError::Overflow)?;
    let (highest, value, at_minimum) = reduced(rule, income, limit, percent).ok_or(EvaluateError::Overflow)?;
    Ok((Turn::Reduced { income, persons, limit, percent, highest, value, at_minimum }, value))
}

fn reduced(rule: &IncomeReduction, income: Decimal, limit: Amount, percent: Decimal) -> Option<(Amount, Amount, bool)> {
    let excess = income.checked_sub(limit.decimal())?.max(Decimal::ZERO);
    let index = rule.index.unwrap_or(Decimal::ONE);
    // Everything is multiplied before the one division, so that nothing is lost before the rounding.
    let divisor = Decimal::ONE_HUNDRED.checked_mul(Decimal::from(rule.divisor))?;
    let reduction = excess.checked_mul(percent)?.checked_mul(index)?.checked_div(divisor)?;
    let highest = rule.maximum.decimal().checked_mul(index)?;
    let reduced = Amount::rounded(highest.checked_sub(reduction)?)?;
    let highest = Amount::rounded(highest)?;
    let value = reduced.max(rule.minimum).min(highest.max(rule.minimum));
    Some((highest, value, value != reduced))
}

fn terms_for(rule: &IncomeReduction, persons: u32) -> Option<(Amount, Decimal)> {
    let place = usize::try_from(persons).ok()?.checked_sub(1)?;
    if let Some(term) = rule.households.get(place) {
        return Some((term.income_limit, term.percent));
    }
    let last = rule.households.last()?;
    let Some(further) = &rule.further_person else { return Some((last.income_limit, last.percent)) };
    let extra = i64::try_from(place.checked_add(1)?.checked_sub(rule.households.len())?).ok()?;
    let step = further.income_limit_step.minor().checked_mul(extra)?;
    let limit = last.income_limit.plus(Amount::from_minor(step))?;
    let percent = last.percent.checked_sub(further.percent_step.checked_mul(Decimal::from(extra))?)?;
    Some((limit, percent.max(Decimal::ZERO)))
}
