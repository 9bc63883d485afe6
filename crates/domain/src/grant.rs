//! Granting a voucher: a request decided by a rulebook's terms on a day, with the steps that explain it.

mod change;
mod quantities;
mod reissue;
mod steps;
mod unused;

use thiserror::Error;

pub use change::{ChangeRefused, Changed, Extension, Present, Raise, earliest, extend, raise, reduce};
pub use quantities::{Quantities, QuantityChange};
pub use reissue::{Reissue, reissue};
pub use unused::unused_after;

use crate::explain::Step;
use crate::ledger::{Allotment, allotment_periods};
use crate::money::Amount;
use crate::quantity::{Quantity, Unit};
use crate::rulebook::{Measure, RulebookTerms};
use crate::rules::{EvaluateError, Facts, Given, INDIVIDUAL_VALUE, Occasion, Outcome, Standing, evaluate, examine};
use crate::text::Localized;
use crate::time::{Day, Period};

/// The smallest part of money, as a quantity.
const CENT: Quantity = Quantity::from_e4(100);

/// What is asked to be granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRequest {
    /// The client's facts that the rulebook asks for.
    pub facts: Facts,
    /// Quantity per period of the rulebook.
    pub quantity: Quantity,
    /// Days on which it can be used.
    pub validity: Period,
    /// Why, in the words of the decision; needed where a value is set individually.
    pub reasons: Option<Localized>,
}

/// What a request for a voucher came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granting {
    /// A voucher of this value and these allotments.
    Granted {
        /// Value per unit.
        value: Amount,
        /// The parts of the grant.
        allotments: Vec<Allotment>,
        /// How the value came about.
        steps: Vec<Step>,
    },
    /// The rulebook grants none.
    Refused {
        /// The rule's reason code.
        reason: String,
        /// How that came about.
        steps: Vec<Step>,
    },
}

/// Why a request cannot be decided at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GrantError {
    /// Nothing was asked for.
    #[error("a voucher grants more than nothing")]
    NoQuantity,
    /// A part of a unit that is too small.
    #[error("a quantity is granted in steps of {step}")]
    NotAStep {
        /// The smallest step of the unit.
        step: Quantity,
    },
    /// More than the rulebook allows.
    #[error("the rulebook grants at most {maximum}")]
    QuantityOverMaximum {
        /// Most that can be granted.
        maximum: Quantity,
    },
    /// The validity begins further back than the rulebook lets it.
    #[error("the validity begins on {earliest} at the earliest")]
    StartsInPast {
        /// The earliest first day.
        earliest: Day,
    },
    /// The validity has no end, or a late one.
    #[error("the rulebook lets a voucher be valid for at most {days_max} days")]
    ValidTooLong {
        /// Longest validity.
        days_max: u16,
    },
    /// The facts do not fit the rule.
    #[error(transparent)]
    Facts(#[from] EvaluateError),
    /// A criterion cannot be examined.
    #[error("the criterion {criterion} cannot be examined without the fact {fact}")]
    FactMissing {
        /// Which fact.
        fact: String,
        /// Which criterion.
        criterion: String,
    },
    /// A value was set individually without saying why.
    #[error("an individual value is decided with reasons")]
    ReasonsNeeded,
}

/// Decides a request for a voucher under a rulebook's terms on a day.
///
/// # Errors
/// Everything by which the request is outside of what the rulebook lets be decided, or does not fit its rule.
pub fn grant(
    terms: &RulebookTerms,
    unit: Unit,
    request: &GrantRequest,
    today: Day,
) -> Result<Granting, Vec<GrantError>> {
    let mut errors = Vec::new();
    let step = match terms.grant.measure {
        Measure::Quantity => unit.smallest_step(),
        Measure::Money => CENT,
    };
    if !request.quantity.is_made_of(step) {
        errors.push(GrantError::NotAStep { step });
    }
    let maximum = terms.grant.quantity_max;
    if request.quantity == Quantity::ZERO {
        errors.push(GrantError::NoQuantity);
    }
    if request.quantity > maximum {
        errors.push(GrantError::QuantityOverMaximum { maximum });
    }
    let earliest = earliest(terms, today);
    if request.validity.from() < earliest {
        errors.push(GrantError::StartsInPast { earliest });
    }
    let days_max = terms.grant.validity_days_max;
    let latest = request.validity.from().plus_days(i64::from(days_max));
    if request.validity.to().is_none_or(|to| to > latest) {
        errors.push(GrantError::ValidTooLong { days_max });
    }
    check_request_facts(terms, request, &mut errors);
    let findings = examine(&terms.eligibility.client, &request.facts);
    for finding in findings.findings.iter().filter(|finding| finding.standing == Standing::Unknown) {
        let missing = |fact: &String| GrantError::FactMissing { fact: fact.clone(), criterion: finding.code.clone() };
        errors.extend(finding.missing.iter().map(missing));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut steps = findings.steps("/eligibility/client");
    if request.validity.from() < today {
        steps.insert(0, steps::retroactive(request.validity.from(), today, terms.grant.retroactive_days_max));
    }
    if let Some(unmet) = findings.findings.iter().find(|finding| finding.standing == Standing::NotMet) {
        return Ok(Granting::Refused { reason: unmet.code.clone(), steps });
    }
    let evaluation = evaluate(&terms.value, terms.fact_terms(), &Occasion::of(&request.facts))
        .map_err(|error| vec![error.into()])?;
    steps.extend(evaluation.steps("/value"));
    Ok(match evaluation.outcome {
        Outcome::NotEligible(reason) => Granting::Refused { reason, steps },
        Outcome::Value(value) => Granting::Granted {
            value,
            allotments: allotment_periods(request.validity, terms.grant.per)
                .into_iter()
                .map(|period| Allotment { period, granted: request.quantity, used: Quantity::ZERO })
                .collect(),
            steps,
        },
    })
}

fn check_request_facts(terms: &RulebookTerms, request: &GrantRequest, errors: &mut Vec<GrantError>) {
    let unfit = terms.fact_terms().check(&request.facts, &terms.facts_of_request(), Some(Given::WithRequest));
    errors.extend(unfit.into_iter().map(|unfit| EvaluateError::from(unfit).into()));
    if request.facts.get(INDIVIDUAL_VALUE).is_some() && request.reasons.is_none() {
        errors.push(GrantError::ReasonsNeeded);
    }
}
