//! What a decision changes of a grant: a later last day, more or less per period, a raised value. Pure: of a voucher,
//! its parts and its rulebook's terms, with the steps that explain what came of it.

use thiserror::Error;

use super::quantities::Quantities;
use super::{CENT, steps};
use crate::explain::Step;
use crate::ledger::{Allotment, allotment_periods};
use crate::money::Amount;
use crate::quantity::Quantity;
use crate::rulebook::{GrantPeriod, Measure, RulebookTerms, VALIDITY_DAYS_MAX};
use crate::time::{Day, Period};
use crate::valuation::Worth;
use crate::voucher::{Voucher, VoucherRefusal};

/// A grant as it stands when it is to be changed.
#[derive(Debug, Clone, Copy)]
pub struct Present<'a> {
    /// The voucher.
    pub voucher: &'a Voucher,
    /// Its parts, earliest first.
    pub parts: &'a [Allotment],
    /// What it grants per period.
    pub quantities: &'a Quantities,
    /// The period of the quantity.
    pub per: GrantPeriod,
    /// The terms that it was granted under.
    pub terms: &'a RulebookTerms,
    /// The day of decision.
    pub today: Day,
}

/// Why a grant cannot be changed so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChangeRefused {
    /// The voucher's life is over.
    #[error(transparent)]
    Voucher(#[from] VoucherRefusal),
    /// The new last day is not later.
    #[error("the voucher is valid until {last} already")]
    NotLater {
        /// Its last day.
        last: Day,
    },
    /// The new last day is too late.
    #[error("a voucher is valid for at most {VALIDITY_DAYS_MAX} days: this one until {latest} at the latest")]
    ValidTooLong {
        /// The latest last day.
        latest: Day,
    },
    /// Neither a quantity nor a value was given.
    #[error("give a quantity, a value or both")]
    NothingAsked,
    /// The day is none of the voucher's.
    #[error("the voucher is valid from {from} to {last}")]
    OutsideValidity {
        /// Its first day.
        from: Day,
        /// Its last day.
        last: Day,
    },
    /// The day lies too far back.
    #[error("the change holds from {earliest} on at the earliest")]
    TooFarBack {
        /// The earliest day.
        earliest: Day,
    },
    /// Nothing would be left of the grant.
    #[error("a voucher grants more than nothing: cancel it instead")]
    NoQuantity,
    /// A part of a unit that is too small.
    #[error("a quantity is granted in steps of {step}")]
    NotAStep {
        /// The smallest step of the unit.
        step: Quantity,
    },
    /// More than the rulebook allows.
    #[error("the rulebook grants at most {maximum}")]
    OverMaximum {
        /// Most that can be granted.
        maximum: Quantity,
    },
    /// It is no more than is granted.
    #[error("the voucher grants {present} already in the period that begins on {from}: that is no raise")]
    NotMore {
        /// What is granted.
        present: Quantity,
        /// The first day of the period in question.
        from: Day,
    },
    /// It is no less than is granted.
    #[error("the voucher grants {present} in the period that begins on {from}: that is no reduction")]
    NotLess {
        /// What is granted.
        present: Quantity,
        /// The first day of the period in question.
        from: Day,
    },
    /// The value is no higher than it is.
    #[error("a unit is worth {present} already on that day: that is no raise")]
    ValueNotMore {
        /// What a unit is worth.
        present: Amount,
    },
    /// Less than has been used.
    #[error("of the period that begins on {from} so much is used that at least {lowest} must stay granted")]
    BelowUsed {
        /// The lowest quantity that can be set.
        lowest: Quantity,
        /// The first day of the period in question.
        from: Day,
    },
    /// Nothing is left to be granted anew.
    #[error("nothing is left of the voucher to be granted anew")]
    NothingLeft,
    /// The old voucher's last day is over, and the new one's was not given.
    #[error("the voucher was valid until {last}: say until when the new one is")]
    LastDayNeeded {
        /// The old voucher's last day.
        last: Day,
    },
    /// The new voucher would end before it begins.
    #[error("the new voucher begins on {from}")]
    EndsInPast {
        /// Its first day.
        from: Day,
    },
    /// Figures beyond the range of quantities.
    #[error("the figures are too large")]
    Overflow,
}

/// A longer validity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The voucher afterwards.
    pub voucher: Voucher,
    /// The last part, by its place, where its period goes on, with its days afterwards.
    pub lengthened: Option<(usize, Period)>,
    /// The parts that follow it.
    pub new: Vec<Allotment>,
    /// How it came about.
    pub steps: Vec<Step>,
}

/// Lets a voucher be valid until a later last day. Its periods go on: the last one to its end in the calendar, and
/// others after it; a grant for the whole voucher keeps its quantity, for longer.
///
/// # Errors
/// The day is not later or too late, or the voucher's life is over.
pub fn extend(grant: &Present<'_>, last: Day) -> Result<Extension, ChangeRefused> {
    let Present { voucher, parts, quantities, per, today, .. } = *grant;
    let (from, before) = (voucher.validity.from(), voucher.validity.last_day());
    if last <= before {
        voucher.clone().extend(today, voucher.validity, true)?;
        return Err(ChangeRefused::NotLater { last: before });
    }
    let latest = from.plus_days(i64::from(VALIDITY_DAYS_MAX) - 1);
    if last > latest {
        return Err(ChangeRefused::ValidTooLong { latest });
    }
    let validity = Period::new(from, Some(last.plus_days(1))).map_err(|_| ChangeRefused::NotLater { last: before })?;
    let periods = allotment_periods(validity, per);
    let granting =
        |period: &Period| Allotment { period: *period, granted: quantities.in_period(*period), used: Quantity::ZERO };
    let new: Vec<Allotment> = periods.iter().skip(parts.len()).map(granting).collect();
    let grants_anew = !new.is_empty();
    let voucher = voucher.clone().extend(today, validity, grants_anew)?;
    let last_place = parts.len().checked_sub(1);
    let lengthened = last_place.and_then(|place| {
        let (part, period) = (parts.get(place)?, periods.get(place)?);
        (part.period != *period).then_some((place, *period))
    });
    let steps = vec![steps::extended(before, last, &new)];
    Ok(Extension { voucher, lengthened, new, steps })
}

/// What is asked to be raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raise {
    /// Granted per period from then on.
    pub quantity: Option<Quantity>,
    /// Worth of a unit from then on.
    pub value: Option<Amount>,
    /// From which day on; the quantity, from the period of the day.
    pub from: Day,
}

/// A grant that is raised or reduced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The voucher afterwards.
    pub voucher: Voucher,
    /// By how much parts grant more, or less, by their places.
    pub parts: Vec<(usize, Quantity)>,
    /// How it came about.
    pub steps: Vec<Step>,
}

/// Lets a voucher grant more per period, or be worth more, from a day on. `present` is what a unit is worth on that
/// day, before there is a service: wanted where a value is asked for.
///
/// # Errors
/// It is no raise, the day is none of the voucher's, or the voucher's life is over: all that is wrong at once.
pub fn raise(grant: &Present<'_>, raise: &Raise, present: Option<Worth>) -> Result<Changed, Vec<ChangeRefused>> {
    let voucher = grant.voucher.clone().raise(grant.today, raise.quantity.is_some());
    let voucher = voucher.map_err(|refused| vec![refused.into()])?;
    let mut errors = Vec::new();
    check_day(grant, raise.from, &mut errors);
    let (mut parts, mut steps) = (Vec::new(), Vec::new());
    if let Some(quantity) = raise.quantity {
        check_quantity(grant, quantity, &mut errors);
        let maximum = grant.terms.grant.quantity_max;
        if quantity > maximum {
            errors.push(ChangeRefused::OverMaximum { maximum });
        }
        for (place, period, granted) in affected(grant, raise.from) {
            match quantity.minus(granted).filter(|more| *more > Quantity::ZERO) {
                Some(more) => parts.push((place, more)),
                None => {
                    errors.push(ChangeRefused::NotMore { present: granted, from: period.from() });
                    break;
                }
            }
        }
        steps.push(steps::quantity_raised(grant, raise.from, quantity));
    }
    if let Some(value) = raise.value {
        let worth = present.map_or(Amount::ZERO, |worth| worth.value);
        if value <= worth {
            errors.push(ChangeRefused::ValueNotMore { present: worth });
        }
        steps.push(steps::value_raised(raise.from, worth, value));
    }
    if raise.quantity.is_none() && raise.value.is_none() {
        errors.push(ChangeRefused::NothingAsked);
    }
    if errors.is_empty() { Ok(Changed { voucher, parts, steps }) } else { Err(errors) }
}

/// Lets a voucher grant less per period, from the period of a day on: never less than is used.
///
/// # Errors
/// It is no reduction, more is used, the day is none of the voucher's, or the voucher's life is over: all at once.
pub fn reduce(grant: &Present<'_>, quantity: Quantity, from: Day) -> Result<Changed, Vec<ChangeRefused>> {
    grant.voucher.clone().reduce(grant.today, false).map_err(|refused| vec![refused.into()])?;
    let mut errors = Vec::new();
    check_day(grant, from, &mut errors);
    check_quantity(grant, quantity, &mut errors);
    let (mut parts, mut after) = (Vec::new(), grant.parts.to_vec());
    let mut below: Option<ChangeRefused> = None;
    for (place, period, granted) in affected(grant, from) {
        let Some(less) = granted.minus(quantity).filter(|less| *less > Quantity::ZERO) else {
            errors.push(ChangeRefused::NotLess { present: granted, from: period.from() });
            break;
        };
        let available = after.get(place).map_or(Quantity::ZERO, Allotment::available);
        match after.get_mut(place).map(|part| part.take(less).map(|taken| *part = taken)) {
            Some(Ok(())) => parts.push((place, less)),
            Some(Err(_)) | None => {
                let lowest = granted.minus(available).unwrap_or(Quantity::ZERO);
                let is_highest =
                    !matches!(below, Some(ChangeRefused::BelowUsed { lowest: known, .. }) if known >= lowest);
                if is_highest {
                    below = Some(ChangeRefused::BelowUsed { lowest, from: period.from() });
                }
            }
        }
    }
    errors.extend(below);
    if !errors.is_empty() {
        return Err(errors);
    }
    let nothing_left = after.iter().all(|part| part.available() == Quantity::ZERO);
    let voucher = grant.voucher.clone().reduce(grant.today, nothing_left);
    let voucher = voucher.map_err(|refused| vec![refused.into()])?;
    Ok(Changed { voucher, parts, steps: vec![steps::quantity_reduced(grant, from, quantity)] })
}

/// The day lies in the validity, and no further back than the rulebook lets decisions reach.
fn check_day(grant: &Present<'_>, from: Day, errors: &mut Vec<ChangeRefused>) {
    let validity = grant.voucher.validity;
    let earliest = earliest(grant.terms, grant.today);
    if !validity.contains(from) {
        errors.push(ChangeRefused::OutsideValidity { from: validity.from(), last: validity.last_day() });
    } else if from < earliest {
        errors.push(ChangeRefused::TooFarBack { earliest });
    }
}

/// The first day that a decision of a day can hold from.
pub fn earliest(terms: &RulebookTerms, today: Day) -> Day {
    today.plus_days(-i64::from(terms.grant.retroactive_days_max))
}

fn check_quantity(grant: &Present<'_>, quantity: Quantity, errors: &mut Vec<ChangeRefused>) {
    let step = match grant.voucher.measure {
        Measure::Quantity => grant.voucher.unit.smallest_step(),
        Measure::Money => CENT,
    };
    if quantity == Quantity::ZERO {
        errors.push(ChangeRefused::NoQuantity);
    } else if !quantity.is_made_of(step) {
        errors.push(ChangeRefused::NotAStep { step });
    }
}

/// The parts from the period of a day on, by their places, with what each is granted.
fn affected<'a>(grant: &'a Present<'_>, from: Day) -> impl Iterator<Item = (usize, Period, Quantity)> + 'a {
    let reaches = move |period: Period| period.to().is_none_or(|to| from < to);
    let parts = grant.parts.iter().enumerate().filter(move |(_, part)| reaches(part.period));
    parts.map(|(place, part)| (place, part.period, grant.quantities.in_period(part.period)))
}

#[cfg(test)]
pub(super) mod tests;
