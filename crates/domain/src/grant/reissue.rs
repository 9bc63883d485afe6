//! A voucher issued in place of another: what is left of the one is granted by the other, for the rest of its time.

use super::change::{ChangeRefused, Present};
use super::quantities::{Quantities, QuantityChange};
use super::steps;
use crate::explain::Step;
use crate::ledger::{Allotment, allotment_periods, same_period};
use crate::quantity::Quantity;
use crate::rulebook::{Unused, VALIDITY_DAYS_MAX};
use crate::time::{Day, Period};
use crate::voucher::{RaisedValue, raised_on};

/// What the new voucher is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reissue {
    /// Its days.
    pub validity: Period,
    /// Granted per period, as far as nothing of it has been used: as in the first one, and as was decided for later
    /// ones.
    pub quantities: Quantities,
    /// Its parts.
    pub parts: Vec<Allotment>,
    /// The raised values of the old one that hold for the new one, from its days on.
    pub raises: Vec<RaisedValue>,
    /// How it came about.
    pub steps: Vec<Step>,
}

/// Grants anew what is left of a voucher, from today on or from the old one's first day. Of a part, that is what
/// neither a service has used nor a decision has taken back: `rests` says it by the places of the parts. What has
/// lapsed stays so; what is carried over goes with the first part. Days that the old voucher did not have are granted
/// as its last period was.
///
/// # Errors
/// Nothing is left, or the days are none.
pub fn reissue(grant: &Present<'_>, rests: &[Quantity], last: Option<Day>) -> Result<Reissue, ChangeRefused> {
    let Present { voucher, parts, quantities, per, today, .. } = *grant;
    let from = today.max(voucher.validity.from());
    let before = voucher.validity.last_day();
    let last = match last {
        Some(last) => last,
        None if before >= from => before,
        None => return Err(ChangeRefused::LastDayNeeded { last: before }),
    };
    let latest = from.plus_days(i64::from(VALIDITY_DAYS_MAX) - 1);
    if last > latest {
        return Err(ChangeRefused::ValidTooLong { latest });
    }
    let validity = Period::new(from, Some(last.plus_days(1))).map_err(|_| ChangeRefused::EndsInPast { from })?;
    let rest_of = |place: usize| rests.get(place).copied().unwrap_or(Quantity::ZERO);
    let mut new = Vec::new();
    for period in allotment_periods(validity, per) {
        let of_same = parts.iter().position(|part| same_period(part.period, period, per));
        let granted = of_same.map_or_else(|| quantities.in_period(period), rest_of);
        new.push(Allotment { period, granted, used: Quantity::ZERO });
    }
    if voucher.unused == Unused::CarriesOver {
        let earlier = parts.iter().enumerate().filter(|(_, part)| {
            part.period.from() < from && !new.iter().any(|own| same_period(part.period, own.period, per))
        });
        let carried = earlier.map(|(place, _)| rest_of(place)).try_fold(Quantity::ZERO, Quantity::plus);
        let carried = carried.ok_or(ChangeRefused::Overflow)?;
        if let Some(first) = new.first_mut() {
            first.granted = first.granted.plus(carried).ok_or(ChangeRefused::Overflow)?;
        }
    }
    if new.iter().all(|part| part.granted == Quantity::ZERO) {
        return Err(ChangeRefused::NothingLeft);
    }
    let quantities = quantities_from(quantities, &new);
    let steps = vec![steps::reissued(voucher.id, &new, quantities.issued)];
    Ok(Reissue { validity, quantities, parts: new, raises: raises_from(&voucher.raises, from), steps })
}

/// What is granted in each of some periods, as of a voucher that is issued for them.
fn quantities_from(old: &Quantities, new: &[Allotment]) -> Quantities {
    let mut quantities = Quantities::issued(new.first().map_or(old.issued, |part| old.in_period(part.period)));
    for part in new {
        let quantity = old.in_period(part.period);
        if quantity != quantities.at_last() {
            quantities.changes.push(QuantityChange { from: part.period.from(), quantity });
        }
    }
    quantities
}

/// The raised values that count on a day or after it.
fn raises_from(raises: &[RaisedValue], from: Day) -> Vec<RaisedValue> {
    let now = raised_on(raises, from).map(|raise| RaisedValue { from, ..*raise });
    now.into_iter().chain(raises.iter().filter(|raise| raise.from > from).copied()).collect()
}
