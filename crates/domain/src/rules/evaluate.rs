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
mod tests {
    use super::*;
    use crate::rules::{FactValue, check};
    use proptest::prelude::*;
    use serde_json::json;

    fn rule(value: serde_json::Value) -> ValueRule {
        let rule = serde_json::from_value(value).unwrap();
        assert_eq!(check(&rule, ""), vec![]);
        rule
    }

    fn facts(value: serde_json::Value) -> Facts {
        serde_json::from_value(value).unwrap()
    }

    fn helsinki() -> ValueRule {
        rule(json!({"income_reduction": {
            "minimum": "8.40", "maximum": "34.00", "divisor": 60, "index": "1.20",
            "households": [
                {"income_limit": "653", "percent": "35"}, {"income_limit": "1205", "percent": "22"},
                {"income_limit": "1891", "percent": "18"}, {"income_limit": "2338", "percent": "15"},
                {"income_limit": "2830", "percent": "13"}, {"income_limit": "3251", "percent": "11"}],
            "further_person": {"income_limit_step": "389", "percent_step": "1"}
        }}))
    }

    fn ministry(maximum: &str, limits: &[(&str, &str)]) -> ValueRule {
        let households: Vec<_> = limits.iter().map(|(l, p)| json!({"income_limit": l, "percent": p})).collect();
        rule(json!({"income_reduction": {
            "minimum": "7.00", "maximum": maximum, "divisor": 60, "households": households, "further_person": null
        }}))
    }

    #[test]
    fn published_home_care_figures_hold() {
        let cases = [
            (ministry("25.00", &[("528.00", "35")]), 1, "900.00", "22.83"),
            (ministry("27.00", &[("563", "35"), ("1039", "22")]), 2, "2400.00", "22.01"),
            (ministry("27.00", &[("563", "35")]), 1, "5000.00", "7.00"),
            (helsinki(), 1, "1500.00", "34.87"),
            (helsinki(), 1, "400.00", "40.80"),
            (helsinki(), 1, "6000.00", "8.40"),
            (helsinki(), 7, "5200.00", "37.68"),
        ];
        for (rule, persons, income, value) in cases {
            let given = facts(json!({"gross_income_per_month": income, "household_size": persons}));
            let evaluation = evaluate(&rule, "/value", &given).unwrap();
            assert_eq!(evaluation.outcome, Outcome::Value(value.parse().unwrap()), "{income}");
            assert!(evaluation.steps.iter().all(|step| step.rule.starts_with("/value/income_reduction")));
        }
    }

    #[test]
    fn income_not_given_yields_the_minimum() {
        let evaluation = evaluate(&helsinki(), "/value", &facts(json!({"household_size": 2}))).unwrap();
        assert_eq!(evaluation.outcome, Outcome::Value("8.40".parse().unwrap()));
        assert_eq!(evaluation.steps[0].code, "income_missing");
    }

    #[test]
    fn bands_have_exact_edges_and_nest() {
        let cleaning = rule(json!({"bands": {"fact": "household_size", "bands": [
            {"up_to": "1", "then": {"bands": {"fact": "gross_income_per_month", "bands": [
                {"up_to": "1138.00", "then": {"flat": {"value": "24.00"}}},
                {"up_to": "1422.00", "then": {"flat": {"value": "21.00"}}}],
                "above": {"not_eligible": {"reason": "income_above_limit"}},
                "missing": {"flat": {"value": "21.00"}}}}}],
            "above": {"not_eligible": {"reason": "household_too_large"}},
            "missing": {"not_eligible": {"reason": "household_unknown"}}}}));
        let value = |income: &str| {
            evaluate(&cleaning, "/value", &facts(json!({"household_size": 1, "gross_income_per_month": income})))
                .unwrap()
                .outcome
        };
        assert_eq!(value("1138.00"), Outcome::Value("24.00".parse().unwrap()));
        assert_eq!(value("1138.01"), Outcome::Value("21.00".parse().unwrap()));
        assert_eq!(value("1422.00"), Outcome::Value("21.00".parse().unwrap()));
        assert_eq!(value("1422.01"), Outcome::NotEligible("income_above_limit".into()));
    }

    #[test]
    fn an_inconsistent_rule_is_refused_with_its_place() {
        let bad: ValueRule = serde_json::from_value(json!({"bands": {"fact": "income", "bands": [
            {"up_to": "900", "then": {"flat": {"value": "1"}}},
            {"up_to": "900", "then": {"income_reduction": {"minimum": "9", "maximum": "8", "divisor": 0,
                "households": [], "further_person": null}}}],
            "above": {"flat": {"value": "1"}}, "missing": {"not_eligible": {"reason": "Bad Code"}}}}))
        .unwrap();
        let places: Vec<String> = check(&bad, "/value").into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(
            places,
            [
                "/value/bands/bands/1/up_to",
                "/value/bands/bands/1/then/income_reduction/minimum",
                "/value/bands/bands/1/then/income_reduction/divisor",
                "/value/bands/bands/1/then/income_reduction/households",
                "/value/bands/missing/not_eligible/reason",
            ]
        );
    }

    #[test]
    fn what_is_wrong_with_facts_is_told_all_at_once_and_what_is_not_asked_for_is_not_taken_in() {
        let bad = json!({"gross_income_per_month": "-50", "household_size": "0.5", "gross_income": "500.00"});
        let told = evaluate(&helsinki(), "", &facts(bad)).unwrap_err();
        assert_eq!(
            told.iter().filter_map(EvaluateError::fact).collect::<Vec<_>>(),
            ["gross_income", "gross_income_per_month", "household_size"]
        );
        let table = rule(json!({"bands": {"fact": "household_size", "bands": [
            {"up_to": "1", "then": {"flat": {"value": "24.00"}}}],
            "above": {"flat": {"value": "21.00"}}, "missing": {"flat": {"value": "21.00"}}}}));
        for unfit in ["-3", "0", "0.5", "31"] {
            assert!(evaluate(&table, "", &facts(json!({"household_size": unfit}))).is_err(), "{unfit}");
        }
    }

    #[test]
    fn facts_that_cannot_be_are_refused() {
        for bad in [
            json!({"gross_income_per_month": "-1"}),
            json!({"gross_income_per_month": true}),
            json!({"gross_income_per_month": "1", "household_size": "1.5"}),
            json!({"gross_income_per_month": "1", "household_size": 0}),
        ] {
            assert!(evaluate(&helsinki(), "", &facts(bad)).is_err());
        }
        for bad in [json!({"x": 1.5}), json!({"X": 1}), json!({"x": ""}), json!({"x": "12345678901234567890"})] {
            assert!(serde_json::from_value::<Facts>(bad.clone()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_value_stays_within_its_limits_and_falls_with_income(
            income in 0i64..100_000_000, more in 0i64..1_000_000, persons in 1u32..=30,
        ) {
            let value = |cents: i64| {
                let given = Facts::new([
                    (GROSS_INCOME.to_owned(), FactValue::Number(Decimal::new(cents, 2))),
                    (HOUSEHOLD_SIZE.to_owned(), FactValue::Number(Decimal::from(persons))),
                ]);
                match evaluate(&helsinki(), "", &given).unwrap().outcome {
                    Outcome::Value(value) => value,
                    Outcome::NotEligible(_) => unreachable!(),
                }
            };
            let (lower, higher) = (value(income), value((income + more).min(100_000_000)));
            prop_assert!(higher <= lower);
            prop_assert!(lower <= "40.80".parse().unwrap() && higher >= "8.40".parse().unwrap());
        }
    }
}
