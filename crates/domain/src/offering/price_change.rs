//! When and how a price may be changed (FIELD §5.10): a price can be lowered at any time, a raise keeps to the rulebook's
//! terms. Figures against ceilings are not looked at here.
//!
//! Two things make a raise. From the first day on, someone is asked more than on the day before: that is held against the
//! days and the number of raises. Or someone is asked more on a day than had been told for that day: that is held against
//! the time of notice. A price that is set replaces those that were to begin on its first day or later. So a lowering
//! takes an announced raise with it, which can be told anew; and an announced raise can be made smaller without being
//! told anew, as long as nobody is asked more on any day than had been told.

use chrono::Datelike;
use thiserror::Error;

use super::OfferPrice;
use crate::money::Amount;
use crate::rulebook::RulebookTerms;
use crate::time::{Day, Timeline};

/// What setting a price comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceSetting {
    /// Whether someone is asked more than the day before, or than had been told.
    pub is_raise: bool,
    /// The first days of the prices that it replaces: those that were to begin on its first day or later.
    pub replaces: Vec<Day>,
}

/// Why a price cannot be raised so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PriceChangeRefused {
    /// It is not told early enough.
    #[error(
        "from {from} more would be asked than has been told: that is told {notice_days} days ahead, so that it can hold \
         from {earliest}"
    )]
    TooSoon {
        /// The first day on which more would be asked.
        from: Day,
        /// How many days ahead it is told.
        notice_days: u16,
        /// The first day on which more can be asked, if it is told today.
        earliest: Day,
    },
    /// Raises take effect on other days.
    #[error("a raise can take effect on {} only, not on {from}", .days.join(", "))]
    NotOnThatDay {
        /// The first day.
        from: Day,
        /// The days of the year, as `MM-DD`.
        days: Vec<String>,
    },
    /// Enough raises take effect in the year.
    #[error(
        "raises of a price in a calendar year: {most} at most; those that take effect in {year} besides this one: {already}"
    )]
    TooManyRaises {
        /// The year.
        year: i32,
        /// How many can take effect.
        most: u16,
        /// How many do.
        already: usize,
    },
    /// It wants a reason.
    #[error("a raise is given a reason")]
    ReasonNeeded,
}

impl PriceChangeRefused {
    /// What is wrong, as a code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooSoon { .. } => "notice_too_short",
            Self::NotOnThatDay { .. } => "not_a_day_of_raises",
            Self::TooManyRaises { .. } => "too_many_raises",
            Self::ReasonNeeded => "reason_needed",
        }
    }
}

/// What is asked from a day on.
pub type Step<'p> = (Day, &'p OfferPrice);

/// Lets a price of an offering hold from a day on, by what the terms of that day say of changes; or says all that stands
/// against it. `history` are its prices as they are known today, those to come included. The first price of an offering
/// is no change, nor is one that is charged in another way, which follows the provider's sector.
///
/// # Errors
/// It is a raise, and is not told in time, not for one of the days, one too many in the year, or without its reason.
pub fn check_price_change(
    terms: &RulebookTerms,
    history: &Timeline<OfferPrice>,
    new: &OfferPrice,
    (from, today): (Day, Day),
    reason: Option<&str>,
) -> Result<PriceSetting, Vec<PriceChangeRefused>> {
    let told: Vec<Step<'_>> = history.entries().iter().map(|(period, price)| (period.from(), price)).collect();
    check_price_change_among(terms, &told, new, (from, today), reason)
}

/// As [`check_price_change`], for prices in the order of their first days.
///
/// # Errors
/// As there.
pub fn check_price_change_among(
    terms: &RulebookTerms,
    told: &[Step<'_>],
    new: &OfferPrice,
    (from, today): (Day, Day),
    reason: Option<&str>,
) -> Result<PriceSetting, Vec<PriceChangeRefused>> {
    let (policy, items) = (&terms.price_changes, items_of(terms));
    let (kept, replaced): (Vec<Step<'_>>, Vec<Step<'_>>) = told.iter().partition(|(day, _)| *day < from);
    let is_step = is_more(&kept, new, &items);
    let mut refused = Vec::new();
    let more_from = more_than_told(told, new, from, &items);
    let earliest = today.plus_days(i64::from(policy.notice_days));
    if let Some(day) = more_from.filter(|day| *day < earliest) {
        refused.push(PriceChangeRefused::TooSoon { from: day, notice_days: policy.notice_days, earliest });
    }
    if is_step && !policy.days.is_empty() && !policy.days.contains(&day_of_year(from)) {
        refused.push(PriceChangeRefused::NotOnThatDay { from, days: policy.days.clone() });
    }
    if let Some(most) = policy.raises_per_year.filter(|_| is_step) {
        let (year, already) = (year_of(from), raises_in(&kept, year_of(from), &items));
        if already >= usize::from(most) {
            refused.push(PriceChangeRefused::TooManyRaises { year, most, already });
        }
    }
    let is_raise = is_step || more_from.is_some();
    if is_raise && policy.reason_needed && reason.is_none_or(|reason| reason.trim().is_empty()) {
        refused.push(PriceChangeRefused::ReasonNeeded);
    }
    if refused.is_empty() {
        Ok(PriceSetting { is_raise, replaces: replaced.into_iter().map(|(day, _)| day).collect() })
    } else {
        Err(refused)
    }
}

/// The change of price that comes next after a day, if one has been told.
pub fn next_price(prices: &Timeline<OfferPrice>, after: Day) -> Option<(Day, &OfferPrice)> {
    prices.entries().iter().find(|(period, _)| period.from() > after).map(|(period, price)| (period.from(), price))
}

/// What has a price: the items of the list, and what has no item.
fn items_of(terms: &RulebookTerms) -> Vec<Option<&str>> {
    terms.items.iter().map(|item| Some(item.code.as_str())).chain([None]).collect()
}

/// How many steps up take effect in a year.
fn raises_in(steps: &[Step<'_>], year: i32, items: &[Option<&str>]) -> usize {
    let of_year = steps.iter().enumerate().filter(|(_, (day, _))| year_of(*day) == year);
    of_year.filter(|(i, (_, price))| is_more(steps.get(..*i).unwrap_or_default(), price, items)).count()
}

/// The first day, from a day on, on which a price asks more than has been told for that day.
fn more_than_told(told: &[Step<'_>], new: &OfferPrice, from: Day, items: &[Option<&str>]) -> Option<Day> {
    let changes = told.iter().map(|(day, _)| *day).filter(|day| *day > from);
    [from].into_iter().chain(changes).find(|day| {
        let until = told.partition_point(|(start, _)| start <= day);
        is_more(told.get(..until).unwrap_or_default(), new, items)
    })
}

/// Whether a price asks more for anything than the steps before it have come to.
fn is_more(before: &[Step<'_>], new: &OfferPrice, items: &[Option<&str>]) -> bool {
    items.iter().any(|item| {
        let asked_before = before.iter().rev().find_map(|(_, price)| {
            // What was left out for a while comes back at its last price, or it would be raised by leaving it out.
            asked(price, *item).filter(|_| std::mem::discriminant(*price) == std::mem::discriminant(new))
        });
        asked(new, *item).zip(asked_before).is_some_and(|(now, then)| now > then)
    })
}

/// What a client or a voucher is asked for an item, where it is offered. A public unit asks its client fee.
fn asked(price: &OfferPrice, item: Option<&str>) -> Option<Amount> {
    match price {
        OfferPrice::Voucher { .. } => price.of_item(item).price().filter(|_| price.offers(item)),
        OfferPrice::ClientFee { client_fee, .. } => Some(*client_fee),
    }
}

fn year_of(day: Day) -> i32 {
    day.date().year()
}

fn day_of_year(day: Day) -> String {
    format!("{:02}-{:02}", day.date().month(), day.date().day())
}
