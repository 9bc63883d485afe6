//! Evaluation of a value rule on facts, with the steps that led to the figure. Pure, exact, deterministic.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use thiserror::Error;

use super::facts::{FactError, Facts};
use super::value_rule::{IncomeReduction, ValueRule};
use crate::explain::Step;
use crate::money::Amount;
use crate::text::Localized;

/// The fact an income reduction reads: gross income a month.
pub const GROSS_INCOME: &str = "gross_income_per_month";
/// A fact that bands may read: net income a month.
pub const NET_INCOME: &str = "net_income_per_month";
/// The fact an income reduction reads: how many persons live on that income.
pub const HOUSEHOLD_SIZE: &str = "household_size";
/// Largest income a month.
const INCOME_MAX: u32 = 1_000_000;
/// Largest household.
const HOUSEHOLD_MAX: u32 = 30;

/// What a rule came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A value per unit.
    Value(Amount),
    /// No voucher, with the rule's reason code.
    NotEligible(String),
}

/// An outcome and how it was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// What the rule came to.
    pub outcome: Outcome,
    /// The steps, in the order they were taken.
    pub steps: Vec<Step>,
}

/// Why a rule cannot be evaluated on these facts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvaluateError {
    /// A fact is of the wrong kind.
    #[error(transparent)]
    Fact(#[from] FactError),
    /// A number lies where no such number can.
    #[error("{name} lies between {minimum} and {maximum}")]
    OutOfRange {
        /// Which fact.
        name: &'static str,
        /// Smallest.
        minimum: u32,
        /// Largest.
        maximum: u32,
    },
    /// A whole number was wanted.
    #[error("{name} is a whole number")]
    NotWhole {
        /// Which fact.
        name: &'static str,
    },
    /// The rule does not ask for the fact. Facts that have no bearing are not taken in, let alone kept.
    #[error("the rulebook does not ask for the fact {name}")]
    NotAskedFor {
        /// Which fact.
        name: String,
    },
    /// Figures beyond the range of money.
    #[error("the figures of this rule and these facts are too large")]
    Overflow,
}

impl EvaluateError {
    /// The fact to blame, if it is one.
    pub fn fact(&self) -> Option<&str> {
        match self {
            Self::Fact(FactError::NotANumber { name }) => Some(name),
            Self::OutOfRange { name, .. } | Self::NotWhole { name } => Some(name),
            Self::NotAskedFor { name } => Some(name),
            Self::Overflow => None,
        }
    }
}

/// Evaluates the rule that stands at `pointer` of a rulebook's terms.
///
/// # Errors
/// Every fact that is of the wrong kind, out of range or not asked for; or that the figures overflow.
pub fn evaluate(rule: &ValueRule, pointer: &str, facts: &Facts) -> Result<Evaluation, Vec<EvaluateError>> {
    let unfit = check_facts(rule, facts);
    if !unfit.is_empty() {
        return Err(unfit);
    }
    let mut steps = Vec::new();
    let outcome = walk(rule, pointer, facts, &mut steps).map_err(|error| vec![error])?;
    Ok(Evaluation { outcome, steps })
}

/// The names of the facts that a rule asks for, in any of its branches.
pub fn facts_asked_for(rule: &ValueRule) -> BTreeSet<&str> {
    match rule {
        ValueRule::Flat { .. } | ValueRule::NotEligible { .. } => BTreeSet::new(),
        ValueRule::IncomeReduction(_) => BTreeSet::from([GROSS_INCOME, HOUSEHOLD_SIZE]),
        ValueRule::Bands { fact, bands, above, missing } => {
            let branches = bands.iter().map(|band| &band.then).chain([above.as_ref(), missing.as_ref()]);
            branches.flat_map(facts_asked_for).chain([fact.as_str()]).collect()
        }
    }
}

fn check_facts(rule: &ValueRule, facts: &Facts) -> Vec<EvaluateError> {
    let asked_for = facts_asked_for(rule);
    let unasked = facts
        .iter()
        .filter(|(name, _)| !asked_for.contains(name.as_str()))
        .map(|(name, _)| EvaluateError::NotAskedFor { name: name.clone() });
    let incomes = [GROSS_INCOME, NET_INCOME].into_iter().filter_map(|name| income(facts, name).err());
    unasked.chain(incomes).chain(household_size(facts).err()).collect()
}

fn income(facts: &Facts, name: &'static str) -> Result<Option<Decimal>, EvaluateError> {
    let income = facts.number(name)?;
    if income.is_some_and(|income| income.is_sign_negative() || income > Decimal::from(INCOME_MAX)) {
        return Err(EvaluateError::OutOfRange { name, minimum: 0, maximum: INCOME_MAX });
    }
    Ok(income)
}

fn walk(rule: &ValueRule, pointer: &str, facts: &Facts, steps: &mut Vec<Step>) -> Result<Outcome, EvaluateError> {
    match rule {
        ValueRule::Flat { value } => {
            steps.push(
                Step::new(
                    format!("{pointer}/flat"),
                    "flat_value",
                    Localized::new(
                        format!("Arvo on sama kaikille: {value} yksiköltä."),
                        format!("Värdet är lika för alla: {value} per enhet."),
                        format!("The value is the same for everyone: {value} per unit."),
                    ),
                )
                .figure(value),
            );
            Ok(Outcome::Value(*value))
        }
        ValueRule::IncomeReduction(reduction) => {
            reduce(reduction, &format!("{pointer}/income_reduction"), facts, steps).map(Outcome::Value)
        }
        ValueRule::Bands { fact, bands, above, missing } => {
            let pointer = format!("{pointer}/bands");
            let Some(number) = facts.number(fact)? else {
                steps.push(Step::new(
                    format!("{pointer}/missing"),
                    "fact_missing",
                    Localized::new(
                        format!("Tietoa {fact} ei ole annettu; sovelletaan sitä varten määrättyä sääntöä."),
                        format!("Uppgiften {fact} saknas; regeln för det fallet tillämpas."),
                        format!("The fact {fact} was not given; the rule for that case applies."),
                    ),
                ));
                return walk(missing, &format!("{pointer}/missing"), facts, steps);
            };
            let hit = bands.iter().enumerate().find(|(_, band)| number <= band.up_to);
            match hit {
                Some((i, band)) => {
                    let edge = band.up_to;
                    steps.push(
                        Step::new(
                            format!("{pointer}/bands/{i}"),
                            "band",
                            Localized::new(
                                format!("{fact} {number} kuuluu luokkaan, jonka yläraja on {edge}."),
                                format!("{fact} {number} hör till klassen med övre gränsen {edge}."),
                                format!("{fact} {number} falls in the band up to and including {edge}."),
                            ),
                        )
                        .input(fact, number)
                        .input("up_to", edge),
                    );
                    walk(&band.then, &format!("{pointer}/bands/{i}/then"), facts, steps)
                }
                None => {
                    steps.push(
                        Step::new(
                            format!("{pointer}/above"),
                            "above_bands",
                            Localized::new(
                                format!("{fact} {number} ylittää taulukon viimeisen rajan."),
                                format!("{fact} {number} överskrider tabellens sista gräns."),
                                format!("{fact} {number} is above the last edge of the table."),
                            ),
                        )
                        .input(fact, number),
                    );
                    walk(above, &format!("{pointer}/above"), facts, steps)
                }
            }
        }
        ValueRule::NotEligible { reason } => {
            steps.push(
                Step::new(
                    format!("{pointer}/not_eligible"),
                    "not_eligible",
                    Localized::new(
                        "Palveluseteliä ei myönnetä tämän säännön mukaan.",
                        "Servicesedel beviljas inte enligt denna regel.",
                        "No voucher is granted under this rule.",
                    ),
                )
                .input("reason", reason),
            );
            Ok(Outcome::NotEligible(reason.clone()))
        }
    }
}

fn reduce(
    rule: &IncomeReduction,
    pointer: &str,
    facts: &Facts,
    steps: &mut Vec<Step>,
) -> Result<Amount, EvaluateError> {
    let income = income(facts, GROSS_INCOME)?;
    let persons = household_size(facts)?;
    let Some(income) = income else {
        let value = rule.minimum;
        steps.push(
            Step::new(
                pointer,
                "income_missing",
                Localized::new(
                    format!("Tuloja ei ole ilmoitettu, joten arvo on vähimmäisarvo {value}."),
                    format!("Inkomsterna har inte uppgetts, så värdet är minimivärdet {value}."),
                    format!("Income was not given, so the value is the minimum, {value}."),
                ),
            )
            .figure(value),
        );
        return Ok(value);
    };
    let (limit, percent) = terms_for(rule, persons).ok_or(EvaluateError::Overflow)?;
    steps.push(
        Step::new(
            format!("{pointer}/households"),
            "household_terms",
            Localized::new(
                format!("{persons} hengen taloudessa tuloraja on {limit} kuukaudessa ja vähennysprosentti {percent}."),
                format!("För ett hushåll med {persons} personer är inkomstgränsen {limit} i månaden och avdragsprocenten {percent}."),
                format!("For a household of {persons} the income limit is {limit} a month and the reduction {percent} per cent."),
            ),
        )
        .input(HOUSEHOLD_SIZE, persons)
        .input("income_limit", limit)
        .input("percent", percent),
    );
    let excess = (income - limit.decimal()).max(Decimal::ZERO);
    let index = rule.index.unwrap_or(Decimal::ONE);
    // Everything is multiplied before the one division, so that nothing is lost before the rounding.
    let reduction = excess
        .checked_mul(percent)
        .and_then(|x| x.checked_mul(index))
        .and_then(|x| x.checked_div(Decimal::ONE_HUNDRED.checked_mul(Decimal::from(rule.divisor))?))
        .ok_or(EvaluateError::Overflow)?;
    let highest = rule.maximum.decimal().checked_mul(index).ok_or(EvaluateError::Overflow)?;
    let reduced = Amount::rounded(highest - reduction).ok_or(EvaluateError::Overflow)?;
    let highest = Amount::rounded(highest).ok_or(EvaluateError::Overflow)?;
    let value = reduced.max(rule.minimum).min(highest.max(rule.minimum));
    steps.push(
        Step::new(
            pointer,
            if value == reduced { "reduced_by_income" } else { "minimum_value" },
            reduction_text(rule, income, limit, percent, value, value != reduced),
        )
        .input(GROSS_INCOME, income)
        .input("maximum", highest)
        .input("minimum", rule.minimum)
        .input("divisor", rule.divisor)
        .input("index", index)
        .figure(value),
    );
    Ok(value)
}

fn reduction_text(
    rule: &IncomeReduction,
    income: Decimal,
    limit: Amount,
    percent: Decimal,
    value: Amount,
    is_minimum: bool,
) -> Localized {
    let (maximum, divisor) = (rule.maximum, rule.divisor);
    let index = rule.index.map(|index| format!(" × {index}")).unwrap_or_default();
    let formula = if income <= limit.decimal() {
        format!("{maximum}{index}")
    } else {
        format!("({maximum} − ({income} − {limit}) × {percent} / 100 / {divisor}){index}")
    };
    if is_minimum {
        Localized::new(
            format!("Arvo {formula} jäisi alle vähimmäisarvon, joten arvo on {value}."),
            format!("Värdet {formula} skulle bli lägre än minimivärdet, så värdet är {value}."),
            format!("The value {formula} would be below the minimum, so it is {value}."),
        )
    } else {
        Localized::new(
            format!("Arvo on {formula} = {value}."),
            format!("Värdet är {formula} = {value}."),
            format!("The value is {formula} = {value}."),
        )
    }
}

fn household_size(facts: &Facts) -> Result<u32, EvaluateError> {
    let Some(size) = facts.number(HOUSEHOLD_SIZE)? else { return Ok(1) };
    if !size.is_integer() {
        return Err(EvaluateError::NotWhole { name: HOUSEHOLD_SIZE });
    }
    u32::try_from(size).ok().filter(|size| (1..=HOUSEHOLD_MAX).contains(size)).ok_or(EvaluateError::OutOfRange {
        name: HOUSEHOLD_SIZE,
        minimum: 1,
        maximum: HOUSEHOLD_MAX,
    })
}

fn terms_for(rule: &IncomeReduction, persons: u32) -> Option<(Amount, Decimal)> {
    let place = usize::try_from(persons).ok()?.checked_sub(1)?;
    if let Some(term) = rule.households.get(place) {
        return Some((term.income_limit, term.percent));
    }
    let last = rule.households.last()?;
    let Some(further) = &rule.further_person else { return Some((last.income_limit, last.percent)) };
    let extra = i64::try_from(place + 1 - rule.households.len()).ok()?;
    let step = further.income_limit_step.minor().checked_mul(extra)?;
    let limit = last.income_limit.plus(Amount::from_minor(step))?;
    let percent = last.percent - further.percent_step.checked_mul(Decimal::from(extra))?;
    Some((limit, percent.max(Decimal::ZERO)))
}

#[cfg(test)]
mod tests;
