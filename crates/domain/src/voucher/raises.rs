//! Values that a decision has raised above what the rules give (569/2009 § 8): from which day on, and which one counts.

use serde::{Deserialize, Serialize};

use crate::explain::Step;
use crate::explain::days::in_languages;
use crate::explain::numbers::with_comma;
use crate::id::{Id, kind};
use crate::money::Amount;
use crate::text::Localized;
use crate::time::Day;
use crate::valuation::Worth;

/// A value per unit that a decision has set for services from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaisedValue {
    /// The first day of services that it holds for.
    pub from: Day,
    /// The value per unit.
    pub value: Amount,
    /// The decision.
    pub decision: Id<kind::Decision>,
}

impl RaisedValue {
    /// What a unit is worth with it, where the rules give less: never more than it would cost where the organiser fixes
    /// the co-payment, which is what the raise is for.
    pub fn on_top_of(&self, rules: Worth) -> Worth {
        let raised = self.value.max(rules.value);
        let Some(co_payment) = rules.co_payment else { return Worth::of(raised) };
        let whole = rules.value.plus(co_payment).unwrap_or(raised);
        let value = raised.min(whole);
        Worth { value, co_payment: Some(whole.minus(value).unwrap_or(Amount::ZERO)) }
    }

    /// How that is explained. Why it was raised is the client's own affair.
    pub fn step(&self, value: Amount) -> Step {
        let [fi, sv, en] = in_languages(self.from);
        let figure = with_comma(value);
        Step::new(
            "/value",
            "value_raised",
            Localized::new(
                format!("Palvelusetelin arvoa on korotettu yksilöllisellä päätöksellä {fi} alkaen: {figure} yksiköltä."),
                format!("Servicesedelns värde har höjts genom ett individuellt beslut från och med {sv}: {figure} per enhet."),
                format!("The voucher's value was raised by an individual decision from {en} on: {value} per unit."),
            ),
        )
        .input("decision", self.decision)
        .input("from", self.from)
        .input("raised_value", self.value)
        .figure(value)
        .source("569/2009 § 8")
        .of_client(true)
    }
}

/// The raised value that counts on a day: the highest of those that hold by then. A raise never lowers another one.
pub fn raised_on(raises: &[RaisedValue], day: Day) -> Option<&RaisedValue> {
    let mut highest: Option<&RaisedValue> = None;
    for raise in raises.iter().filter(|raise| raise.from <= day) {
        if highest.is_none_or(|known| raise.value > known.value) {
            highest = Some(raise);
        }
    }
    highest
}
