//! Promises of a rulebook's terms: whatever is written is parsed or refused, a refusal has a place, what is stored reads
//! back as it was, and what the check lets pass can be evaluated for a client of whom nothing is known.

use serde_json::Value;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::{EvaluateError, Facts, Occasion, evaluate, examine};

use crate::{judge_faults, judge_text, unsound};

/// Judges one input.
pub fn judge(data: &[u8]) {
    let terms: RulebookTerms = match serde_json::from_slice(data) {
        Ok(terms) => terms,
        Err(error) => return unsound(error),
    };
    let written = serde_json::to_value(&terms).expect("terms are JSON");
    judge_round_trip(&terms, &written);
    let faults = terms.check();
    assert_eq!(faults, terms.check(), "a check that wavers");
    judge_faults(&faults, &written);
    if !faults.is_empty() {
        return unsound(faults);
    }
    judge_for_anyone(&terms);
}

fn judge_round_trip(terms: &RulebookTerms, written: &Value) {
    let read: RulebookTerms = serde_json::from_value(written.clone()).expect("terms that were written can be read");
    assert_eq!(read, *terms, "terms that change when they are stored");
}

fn judge_for_anyone(terms: &RulebookTerms) {
    let nothing = Facts::default();
    let rules = [Some(&terms.value), terms.co_payment.as_ref(), terms.public_service.client_fee_rule.as_ref()];
    for rule in rules.into_iter().flatten() {
        match evaluate(rule, terms.fact_terms(), &Occasion::of(&nothing)) {
            Ok(evaluation) => evaluation.steps("/rule").iter().for_each(|step| judge_text(&step.text)),
            Err(EvaluateError::Unfit(unfit)) => panic!("a fact that was not given is refused: {unfit}"),
            Err(EvaluateError::Overflow) => panic!("figures that the check should have refused"),
        }
    }
    let eligibility = &terms.eligibility;
    for criteria in [&eligibility.client, &eligibility.unit, &eligibility.offering] {
        examine(criteria, &nothing).steps("/eligibility").iter().for_each(|step| judge_text(&step.text));
    }
}
