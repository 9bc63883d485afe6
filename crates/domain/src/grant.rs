//! Granting a voucher: a request decided by a rulebook's terms on a day, with the steps that explain it.

use thiserror::Error;

use crate::explain::Step;
use crate::ledger::{Allotment, allotment_periods};
use crate::money::Amount;
use crate::quantity::{Quantity, Unit};
use crate::rulebook::RulebookTerms;
use crate::rules::{EvaluateError, Facts, Outcome, evaluate};
use crate::time::{Day, Period};

/// What is asked to be granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRequest {
    /// The client's facts that the rulebook asks for.
    pub facts: Facts,
    /// Quantity per period of the rulebook.
    pub quantity: Quantity,
    /// Days on which it can be used.
    pub validity: Period,
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
    /// The validity begins before the day of decision.
    #[error("the validity begins on {today} at the earliest")]
    StartsInPast {
        /// The day of decision.
        today: Day,
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
    let step = unit.smallest_step();
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
    if request.validity.from() < today {
        errors.push(GrantError::StartsInPast { today });
    }
    let days_max = terms.grant.validity_days_max;
    let latest = request.validity.from().plus_days(i64::from(days_max));
    if request.validity.to().is_none_or(|to| to > latest) {
        errors.push(GrantError::ValidTooLong { days_max });
    }
    let evaluation = match evaluate(&terms.value, "/value", &request.facts) {
        Ok(evaluation) if errors.is_empty() => evaluation,
        Ok(_) => return Err(errors),
        Err(unfit) => {
            errors.extend(unfit.into_iter().map(GrantError::from));
            return Err(errors);
        }
    };
    Ok(match evaluation.outcome {
        Outcome::NotEligible(reason) => Granting::Refused { reason, steps: evaluation.steps },
        Outcome::Value(value) => Granting::Granted {
            value,
            allotments: allotment_periods(request.validity, terms.grant.per)
                .into_iter()
                .map(|period| Allotment { period, granted: request.quantity, used: Quantity::ZERO })
                .collect(),
            steps: evaluation.steps,
        },
    })
}
