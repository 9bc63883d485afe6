//! Promises of a value rule: what the check lets pass evaluates for every client, the same each time, to an amount
//! within the range of money, and every outcome is explained up to its last figure.

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::Value;
use valinta_domain::explain::Step;
use valinta_domain::rulebook::{Item, RulebookTerms};
use valinta_domain::rules::{
    At, EvaluateError, Evaluation, FactTerm, FactTerms, FactValue, Facts, INDIVIDUAL_VALUE, ITEM, Occasion, Outcome,
    Stretch, TimeOfDay, ValueRule, evaluate, facts_asked_for, split,
};
use valinta_domain::{Amount, Day};

use crate::{LARGEST, judge_faults, judge_text, unsound};

/// Where the rule stands in the terms.
const PLACE: &str = "/value";

/// Terms without fault, whose value rule, facts and items are replaced.
const AROUND: &str = include_str!("around.json");

/// One input of the target.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    rule: ValueRule,
    #[serde(default)]
    fact_terms: Vec<FactTerm>,
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    facts: Facts,
    #[serde(default)]
    price: Option<Amount>,
    #[serde(default)]
    at: Option<When>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct When {
    day: Day,
    #[serde(default)]
    time: Option<TimeOfDay>,
    #[serde(default)]
    minutes: u16,
}

/// Judges one input.
pub fn judge(data: &[u8]) {
    let Input { rule, fact_terms, items, facts, price, at } = match serde_json::from_slice(data) {
        Ok(input) => input,
        Err(error) => return unsound(error),
    };
    judge_round_trip(&rule);
    let terms = RulebookTerms { value: rule, facts: fact_terms, items, ..around() };
    let faults = terms.check();
    assert_eq!(faults, terms.check(), "a check that wavers");
    if !faults.is_empty() {
        judge_faults(&faults, &serde_json::to_value(&terms).expect("terms are JSON"));
        return unsound(faults);
    }
    if !fit(&terms, &facts) {
        return unsound(facts);
    }
    if let Some(when) = &at {
        judge_split(&terms.value, when);
    }
    let at = at.map(|when| At { day: when.day, time: when.time });
    judge_evaluation(&terms.value, terms.fact_terms(), &Occasion { facts: &facts, price, at });
}

fn around() -> RulebookTerms {
    serde_json::from_str(AROUND).expect("the terms around a rule parse")
}

/// Whether a request with these facts would be let in.
fn fit(terms: &RulebookTerms, facts: &Facts) -> bool {
    let known =
        |item: &FactValue| item.word().is_some_and(|word| terms.items.iter().any(|of_list| of_list.code == word));
    terms.fact_terms().check(facts, &facts_asked_for(&terms.value), None).is_empty()
        && facts.get(ITEM).is_none_or(known)
}

fn judge_round_trip(rule: &ValueRule) {
    let written = serde_json::to_value(rule).expect("a rule is JSON");
    let read: ValueRule = serde_json::from_value(written).expect("a rule that was written can be read");
    assert_eq!(read, *rule, "a rule that changes when it is stored");
}

fn judge_evaluation(rule: &ValueRule, terms: FactTerms<'_>, occasion: &Occasion<'_>) {
    let first = evaluate(rule, terms, occasion);
    assert_eq!(first, evaluate(rule, terms, occasion), "an evaluation that wavers");
    match first {
        Ok(evaluation) => judge_outcome(&evaluation),
        // The one refusal that is left to the moment of decision: its limits are the rule's, not the fact's.
        Err(EvaluateError::Unfit(unfit)) => assert_eq!(unfit.name(), INDIVIDUAL_VALUE, "refused: {unfit}"),
        Err(EvaluateError::Overflow) => panic!("figures that the check should have refused"),
    }
}

fn judge_outcome(evaluation: &Evaluation<'_>) {
    let (steps, of_service) = (evaluation.steps(PLACE), evaluation.steps_of_service(PLACE));
    for steps in [&steps, &of_service] {
        judge_steps(steps);
        if let Outcome::Value(value) = &evaluation.outcome {
            assert!((Amount::ZERO..=LARGEST).contains(value), "{value} is no amount");
            let last = steps.last().and_then(|step| step.figure.clone());
            assert_eq!(last, Some(value.to_string()), "the last step has another figure: {steps:?}");
        }
    }
    assert_eq!(steps, evaluation.steps(PLACE), "an explanation that wavers");
}

fn judge_steps(steps: &[Step]) {
    assert!(!steps.is_empty(), "an outcome without a reason");
    for step in steps {
        assert!(step.rule.starts_with(PLACE), "a step outside the rule: {step:?}");
        judge_text(&step.text);
        let read: Value = serde_json::to_value(step).expect("a step is JSON");
        assert!(read.is_object());
    }
}

/// The parts of a service that is split come to the whole, and each stands where the last one ended.
fn judge_split(rule: &ValueRule, when: &When) {
    let Some(time) = when.time else { return };
    let midnight = when.day.date().and_hms_opt(0, 0, 0).expect("a day has a midnight");
    let length = TimeDelta::minutes(when.minutes.into());
    let Some(start) = midnight.checked_add_signed(TimeDelta::minutes(time.minute().into())) else { return };
    if start.checked_add_signed(length).is_none() {
        return;
    }
    let slots = split([rule], &[Stretch { start, length }]);
    let total = slots.iter().fold(TimeDelta::zero(), |sum, slot| sum + slot.length);
    assert_eq!(total, length, "a service that is split into more or less than there was");
    assert!(slots.iter().all(|slot| slot.length > TimeDelta::zero()), "an empty part: {slots:?}");
}
