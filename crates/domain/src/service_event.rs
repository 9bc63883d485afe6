//! A service delivered under a voucher: what it is worth, who pays what of it, and what is posted.

pub mod account;
mod charges;
pub mod draft;
mod draws;
mod lines;
pub mod missed;
mod revalue;
pub mod unused;

use chrono::TimeDelta;
use thiserror::Error;

pub use charges::{Charges, charge, steps};
pub use draws::{Draw, available_on};
pub use lines::Line;
pub(crate) use lines::parts;
pub use missed::{EventKind, Missed, MissedRefused};
pub use revalue::{Moved, Recorded, more_for_organiser};

use crate::explain::Step;
use crate::ledger::{Allotment, EntryKind, Overdrawn, Posting};
use crate::money::Amount;
use crate::offering::{OfferPrice, PriceRefused, check_charging};
use crate::provider::Sector;
use crate::quantity::{Quantity, Unit};
use crate::rulebook::{Measure, RulebookTerms};
use crate::rules::{EvaluateError, FactValue, Facts, Given, ITEM, Stretch, UnfitFact};
use crate::time::{Day, Moment, Period};
use crate::valuation::{NoWorth, Valuation};
use crate::voucher::{Voucher, VoucherRefusal};

/// What was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Day of service.
    pub day: Day,
    /// How much.
    pub quantity: Quantity,
    /// From when to when, if given.
    pub span: Option<Span>,
    /// Facts of the service that the rulebook asks for.
    pub facts: Facts,
    /// That the client missed it; day, quantity, start and end are then those that were agreed.
    pub missed: Option<Missed>,
}

/// From when to when a service was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Start.
    pub started_at: Moment,
    /// End.
    pub ended_at: Moment,
    /// The organiser's day on which it started.
    pub day: Day,
    /// The time between in the organiser's own time: one stretch, or two where the clock jumps in between.
    pub stretches: Vec<Stretch>,
}

/// Longest service that is recorded with start and end.
pub const SPAN_MAX: TimeDelta = TimeDelta::hours(24);

/// What was agreed when the provider was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// The price, as it stood at the choice.
    pub price: OfferPrice,
    /// The days on which the choice holds.
    pub period: Period,
    /// The provider's sector.
    pub sector: Sector,
}

/// What an event comes to, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The voucher afterwards.
    pub voucher: Voucher,
    /// The allotment of the event's day, by its place among the voucher's.
    pub allotment_index: usize,
    /// What is taken out of which allotments.
    pub draws: Vec<Draw>,
    /// What is left for services of the day afterwards.
    pub available: Quantity,
    /// The event's lines: one, or several where it was split.
    pub lines: Vec<Line>,
    /// Money of the event: the sum of its lines.
    pub charges: Charges,
    /// The money that is posted to the ledger; what is drawn is posted besides.
    pub postings: Vec<Posting>,
    /// How it came about.
    pub steps: Vec<Step>,
}

/// Why an event cannot be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordRefused {
    /// The voucher does not let it.
    #[error(transparent)]
    Voucher(#[from] VoucherRefusal),
    /// The provider was not the chosen one on the day.
    #[error("the provider was not the chosen one on {day}, but on the days {}", in_words(period))]
    NotChosenOn {
        /// Day of service.
        day: Day,
        /// The days on which the provider is or was the chosen one.
        period: Period,
    },
    /// The day is still to come.
    #[error("{day} is still to come")]
    InFuture {
        /// Day of service.
        day: Day,
    },
    /// The deadline has passed.
    #[error("services of {day} could be recorded until {deadline}")]
    TooLate {
        /// Day of service.
        day: Day,
        /// Last day for it.
        deadline: Day,
    },
    /// Nothing was delivered.
    #[error("a service event has a quantity above nothing")]
    NoQuantity,
    /// A part of a unit that is too small.
    #[error("a quantity is recorded in steps of {step}")]
    NotAStep {
        /// The smallest step of the unit.
        step: Quantity,
    },
    /// The start is on another day.
    #[error("the service started on {started_on}, not on {day}")]
    SpanOnOtherDay {
        /// Day of service.
        day: Day,
        /// The day of the start, where the organiser is.
        started_on: Day,
    },
    /// The end is still to come.
    #[error("the end of the service is still to come")]
    SpanInFuture,
    /// Longer than a day.
    #[error("a service with start and end lasts at most 24 hours")]
    SpanTooLong,
    /// The end is not after the start.
    #[error("the service ends after it starts")]
    SpanReversed,
    /// Start and end do not make the quantity of hours.
    #[error("from start to end are {hours} hours, not {quantity}")]
    SpanNotQuantity {
        /// Hours from start to end.
        hours: Quantity,
        /// The quantity given.
        quantity: Quantity,
    },
    /// The value depends on the time of day.
    #[error("the voucher's value depends on the time of the service: give its start and end")]
    SpanNeeded,
    /// Facts of the service do not fit the rulebook.
    #[error("the facts of the service do not fit the rulebook: {}", listed(.0))]
    Facts(Vec<UnfitFact>),
    /// The time of the service is paid for as another item.
    #[error("by its time, the service is paid for as {}, not as {given}", by_time.as_deref().unwrap_or("no item"))]
    OtherItem {
        /// The item that was given.
        given: String,
        /// The item of the time, if it has one.
        by_time: Option<String>,
    },
    /// The agreed price leaves the item out.
    #[error("the price that was agreed by the choice does not offer {item}")]
    ItemNotOffered {
        /// Its code.
        item: String,
    },
    /// The rules that the voucher is valued by on the day grant nothing for it. Why is between the organiser and its client.
    #[error("the rules that the voucher is valued by on that day grant nothing for the service")]
    NotEligible,
    /// More than the voucher has left.
    #[error(transparent)]
    Overdrawn(#[from] Overdrawn),
    /// The agreed price is no longer allowed.
    #[error(transparent)]
    Price(#[from] PriceRefused),
    /// A missed visit is not charged.
    #[error(transparent)]
    Missed(#[from] MissedRefused),
    /// Figures beyond the range of money.
    #[error("the figures are too large")]
    Overflow,
}

impl From<NoWorth> for RecordRefused {
    fn from(none: NoWorth) -> Self {
        match none {
            // Facts of the service have been checked: what does not fit is the client's, and not for the provider to know.
            NoWorth::NotEligible(_) | NoWorth::Evaluate(EvaluateError::Unfit(_)) => Self::NotEligible,
            NoWorth::Evaluate(EvaluateError::Overflow) => Self::Overflow,
        }
    }
}

fn listed(unfit: &[UnfitFact]) -> String {
    unfit.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Under what an event is recorded.
#[derive(Debug, Clone, Copy)]
pub struct Under<'a> {
    /// What was agreed with the provider.
    pub agreement: &'a Agreement,
    /// The terms in force on the day of service: ceilings and deadlines.
    pub terms: &'a RulebookTerms,
    /// What units are worth to the client on the day of service.
    pub valuation: &'a Valuation<'a>,
    /// The moment of recording.
    pub now: Moment,
    /// Its day, where the organiser is.
    pub today: Day,
}

/// Records a delivery under a voucher, or says why it cannot be recorded.
///
/// # Errors
/// See [`RecordRefused`].
pub fn record(
    voucher: Voucher,
    allotments: &[Allotment],
    under: &Under<'_>,
    delivery: &Delivery,
) -> Result<Recording, RecordRefused> {
    let Under { agreement, terms, valuation, now, today } = *under;
    let day = delivery.day;
    check_delivery(voucher.unit, terms, delivery, now, today)?;
    check_facts(valuation.terms(), delivery)?;
    // Only what the event is charged by: other items of the price list may have become too dear meanwhile.
    let price_allowed = check_charging(&agreement.price, agreement.sector, terms);
    // The state first: a voucher that was never chosen with has better reasons to give than an empty allotment.
    let in_use = voucher.clone().deliver(day, false)?;
    if !agreement.period.contains(day) {
        return Err(RecordRefused::NotChosenOn { day, period: agreement.period });
    }
    price_allowed?;
    let missed = missed::charged_by(terms.recording.missed.as_ref(), delivery)?;
    let of_day = allotments.iter().position(|allotment| allotment.period.contains(day));
    let nothing = Overdrawn { asked: delivery.quantity, available: Quantity::ZERO, from: day, last: day };
    let allotment_index = of_day.ok_or(nothing)?;
    let (mut lines, mut steps) = lines::lines(&voucher, agreement, terms, valuation, delivery)?;
    // What is not used leaves the voucher where it stands.
    let uses = voucher.measure == Measure::Money || missed.is_none_or(|by| by.charge.uses_quantity);
    if let Some(by) = &missed {
        missed::charge_lines(by, &mut lines, &mut steps).ok_or(RecordRefused::Overflow)?;
    }
    let draws = match voucher.measure {
        Measure::Quantity => {
            // What the voucher could not have paid for was not agreed, whether or not it is used up by it.
            let draws = draws::draw(allotments, voucher.unused, day, delivery.quantity)?;
            if uses { draws } else { Vec::new() }
        }
        Measure::Money => spend(&voucher, allotments, day, &mut lines, &mut steps)?,
    };
    let drawn =
        |place: usize| draws.iter().find(|draw| draw.allotment == place).map_or(Quantity::ZERO, |draw| draw.quantity);
    let after: Vec<Allotment> = allotments
        .iter()
        .enumerate()
        .map(|(place, allotment)| allotment.take(drawn(place)))
        .collect::<Result<_, _>>()?;
    let all_used = after.iter().all(|allotment| allotment.available() == Quantity::ZERO);
    let charges =
        lines.iter().try_fold(Charges::default(), |sum, line| sum.plus(line.charges)).ok_or(RecordRefused::Overflow)?;
    Ok(Recording {
        available: available_on(&after, voucher.unused, day),
        voucher: match (uses, all_used) {
            (false, _) => voucher,
            (true, false) => in_use,
            (true, true) => in_use.deliver(day, true)?,
        },
        allotment_index,
        draws,
        postings: postings(&agreement.price, &charges),
        lines,
        charges,
        steps,
    })
}

/// What stands by itself: quantity, day, deadline, start and end.
fn check_delivery(
    unit: Unit,
    terms: &RulebookTerms,
    delivery: &Delivery,
    now: Moment,
    today: Day,
) -> Result<(), RecordRefused> {
    let (day, quantity) = (delivery.day, delivery.quantity);
    if quantity == Quantity::ZERO {
        return Err(RecordRefused::NoQuantity);
    }
    let step = unit.smallest_step();
    if !quantity.is_made_of(step) {
        return Err(RecordRefused::NotAStep { step });
    }
    if day > today {
        return Err(RecordRefused::InFuture { day });
    }
    let deadline = recording_deadline(terms, day);
    if today > deadline {
        return Err(RecordRefused::TooLate { day, deadline });
    }
    match &delivery.span {
        Some(span) => check_span(span, day, quantity, unit, now),
        None => Ok(()),
    }
}

/// Facts are those that the rules ask for with a service, and an item is one of the price list.
fn check_facts(terms: &RulebookTerms, delivery: &Delivery) -> Result<(), RecordRefused> {
    let mut asked_for = terms.facts_of_worth();
    if !terms.items.is_empty() {
        asked_for.insert(ITEM);
    }
    let mut unfit = terms.fact_terms().check(&delivery.facts, &asked_for, Some(Given::WithService));
    if let Some(FactValue::Word(item)) = delivery.facts.get(ITEM)
        && !terms.items.is_empty()
        && !terms.items.iter().any(|known| known.code == *item)
    {
        unfit.push(UnfitFact::UnknownWord { name: ITEM.to_owned(), word: item.clone() });
    }
    if unfit.is_empty() { Ok(()) } else { Err(RecordRefused::Facts(unfit)) }
}

/// Takes the organiser's shares out of a purse. What it does not cover is the client's; where the service is free by law
/// that cannot be.
fn spend(
    voucher: &Voucher,
    allotments: &[Allotment],
    day: Day,
    lines: &mut [Line],
    steps: &mut Vec<Step>,
) -> Result<Vec<Draw>, RecordRefused> {
    let left = available_on(allotments, voucher.unused, day);
    let available = Amount::from_minor(left.e4() / MONEY_STEP_E4);
    let cost = |line: &Line| match line.price {
        Some(_) => line.charges.organiser_pays,
        // A public unit is paid by nobody outside: the purse is used up in kind, by its cost.
        None => line.charges.total,
    };
    let share = lines.iter().try_fold(Amount::ZERO, |sum, line| sum.plus(cost(line))).ok_or(RecordRefused::Overflow)?;
    if left == Quantity::ZERO || (voucher.free_of_charge && share > available) {
        let asked = Quantity::from_e4(share.minor().saturating_mul(MONEY_STEP_E4));
        draws::draw(allotments, voucher.unused, day, asked.max(Quantity::from_e4(MONEY_STEP_E4)))?;
    }
    let mut open = available;
    for line in lines.iter_mut() {
        let covered = cost(line).min(open);
        open = open.minus(covered).ok_or(RecordRefused::Overflow)?;
        if line.price.is_some() {
            let charges = &mut line.charges;
            charges.organiser_pays = covered;
            charges.co_payment = charges.total.minus(covered).ok_or(RecordRefused::Overflow)?;
        }
    }
    let spent = share.min(available);
    if share > available {
        let sum = lines.iter().try_fold(Charges::default(), |sum, line| sum.plus(line.charges));
        steps.push(charges::purse_step(share, available, &sum.ok_or(RecordRefused::Overflow)?));
    }
    let quantity = Quantity::from_e4(spent.minor().saturating_mul(MONEY_STEP_E4));
    Ok(draws::draw(allotments, voucher.unused, day, quantity)?)
}

/// Ten-thousandths in a cent.
const MONEY_STEP_E4: i64 = 100;

fn in_words(period: &Period) -> String {
    match period.to() {
        Some(_) => format!("from {} to {}", period.from(), period.last_day()),
        None => format!("from {} on", period.from()),
    }
}

/// The last day on which a service of `day` can be recorded.
pub fn recording_deadline(terms: &RulebookTerms, day: Day) -> Day {
    day.first_of_next_month().plus_days(i64::from(terms.recording.days_after_month) - 1)
}

fn check_span(span: &Span, day: Day, quantity: Quantity, unit: Unit, now: Moment) -> Result<(), RecordRefused> {
    let length = span.ended_at.utc() - span.started_at.utc();
    if length <= TimeDelta::zero() {
        return Err(RecordRefused::SpanReversed);
    }
    if length > SPAN_MAX {
        return Err(RecordRefused::SpanTooLong);
    }
    if span.day != day {
        return Err(RecordRefused::SpanOnOtherDay { day, started_on: span.day });
    }
    if span.ended_at > now {
        return Err(RecordRefused::SpanInFuture);
    }
    if unit == Unit::Hour {
        // Hundredths of an hour, rounded to the nearest: 20 minutes are 0.33.
        let hours = Quantity::from_e4((length.num_seconds() * 100 + 1_800) / 3_600 * 100);
        if hours != quantity {
            return Err(RecordRefused::SpanNotQuantity { hours, quantity });
        }
    }
    Ok(())
}

fn postings(price: &OfferPrice, charges: &Charges) -> Vec<Posting> {
    match price {
        OfferPrice::Voucher { .. } => vec![
            Posting::of_amount(EntryKind::OrganiserShare, charges.organiser_pays),
            Posting::of_amount(EntryKind::CoPayment, charges.co_payment),
        ],
        OfferPrice::ClientFee { .. } => vec![Posting::of_amount(EntryKind::ClientFee, charges.client_fee)],
    }
}

#[cfg(test)]
mod tests;
