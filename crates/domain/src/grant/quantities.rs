//! What a voucher grants in each of its periods: as it was issued, and as decisions have changed it since.

use crate::ledger::allotment_periods;
use crate::quantity::Quantity;
use crate::rulebook::GrantPeriod;
use crate::time::{Day, Period};

/// A quantity per period that a decision has set from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantityChange {
    /// The period of this day is the first that it holds for.
    pub from: Day,
    /// Granted per period from then on.
    pub quantity: Quantity,
}

/// The quantities per period of one voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantities {
    /// As it was issued.
    pub issued: Quantity,
    /// What was decided since, in the order of the decisions.
    pub changes: Vec<QuantityChange>,
}

impl Quantities {
    /// As a voucher is issued.
    pub const fn issued(quantity: Quantity) -> Self {
        Self { issued: quantity, changes: Vec::new() }
    }

    /// What is granted in a period. A change holds for the period of its day and all that follow.
    pub fn in_period(&self, period: Period) -> Quantity {
        let reaches = |change: &&QuantityChange| period.to().is_none_or(|to| change.from < to);
        self.changes.iter().rev().find(reaches).map_or(self.issued, |change| change.quantity)
    }

    /// What is granted in the period of a day, or of the nearest day of the validity.
    pub fn on(&self, day: Day, validity: Period, per: GrantPeriod) -> Quantity {
        if self.changes.is_empty() {
            return self.issued;
        }
        let day = day.clamp(validity.from(), validity.last_day());
        let of_day = allotment_periods(validity, per).into_iter().find(|period| period.contains(day));
        of_day.map_or(self.issued, |period| self.in_period(period))
    }

    /// What is granted in the periods that follow all others.
    pub fn at_last(&self) -> Quantity {
        self.changes.last().map_or(self.issued, |change| change.quantity)
    }
}
