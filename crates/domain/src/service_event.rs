//! A service delivered under a voucher: what it is worth, who pays what of it, and what is posted.

use chrono::TimeDelta;
use thiserror::Error;

use crate::explain::Step;
use crate::ledger::{Allotment, EntryKind, Overdrawn, Posting};
use crate::money::Amount;
use crate::offering::{OfferPrice, PriceRefused};
use crate::provider::Sector;
use crate::quantity::{Quantity, Unit};
use crate::rulebook::RulebookTerms;
use crate::rules::shares;
use crate::text::Localized;
use crate::time::{Day, Moment, Period};
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
}

/// From when to when a service was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Start.
    pub started_at: Moment,
    /// End.
    pub ended_at: Moment,
    /// The organiser's day on which it started.
    pub day: Day,
}

/// Longest service that is recorded with start and end, in hours.
const SPAN_HOURS_MAX: i64 = 24;

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
    /// Which allotment it was taken from.
    pub allotment_index: usize,
    /// That allotment afterwards.
    pub allotment: Allotment,
    /// Money of the event.
    pub charges: Charges,
    /// What is posted to the ledger.
    pub postings: Vec<Posting>,
    /// How it came about.
    pub steps: Vec<Step>,
}

/// Who is charged what for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charges {
    /// Price (or full unit cost) × quantity.
    pub total: Amount,
    /// What the organiser pays to the provider; nothing to its own unit.
    pub organiser_pays: Amount,
    /// What the client pays to the provider.
    pub co_payment: Amount,
    /// What the client is charged by the organiser for a public unit's service.
    pub client_fee: Amount,
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
    /// More than the voucher has left.
    #[error(transparent)]
    Overdrawn(#[from] Overdrawn),
    /// The agreed price is no longer allowed.
    #[error(transparent)]
    Price(#[from] PriceRefused),
    /// Figures beyond the range of money.
    #[error("the figures are too large")]
    Overflow,
}

/// Records a delivery under a voucher, or says why it cannot be recorded. `terms` are those in force on the day of
/// service; `now` is the moment of recording and `today` its day, where the organiser is.
///
/// # Errors
/// See [`RecordRefused`].
pub fn record(
    voucher: Voucher,
    allotments: &[Allotment],
    agreement: &Agreement,
    terms: &RulebookTerms,
    delivery: &Delivery,
    now: Moment,
    today: Day,
) -> Result<Recording, RecordRefused> {
    let Delivery { day, quantity, span } = *delivery;
    if quantity == Quantity::ZERO {
        return Err(RecordRefused::NoQuantity);
    }
    let step = voucher.unit.smallest_step();
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
    if let Some(span) = span {
        check_span(&span, day, quantity, voucher.unit, now)?;
    }
    let value = voucher.value;
    let price_allowed = voucher.check_price(agreement.price, agreement.sector, terms);
    // The state first: a voucher that was never chosen with has better reasons to give than an empty allotment.
    let in_use = voucher.deliver(day, false)?;
    if !agreement.period.contains(day) {
        return Err(RecordRefused::NotChosenOn { day, period: agreement.period });
    }
    price_allowed?;
    let (allotment_index, allotment) = allotments
        .iter()
        .enumerate()
        .find(|(_, allotment)| allotment.period.contains(day))
        .ok_or(Overdrawn { asked: quantity, available: Quantity::ZERO, from: day, last: day })?;
    let allotment = allotment.take(quantity)?;
    let all_used = allotment.available() == Quantity::ZERO
        && allotments.iter().enumerate().all(|(i, other)| i == allotment_index || other.available() == Quantity::ZERO);
    let voucher = if all_used { in_use.deliver(day, true)? } else { in_use };
    let charges = charge(value, agreement.price, quantity).ok_or(RecordRefused::Overflow)?;
    Ok(Recording {
        voucher,
        allotment_index,
        allotment,
        charges,
        postings: postings(agreement.price, quantity, &charges),
        steps: steps(value, agreement.price, quantity, &charges),
    })
}

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
    if length > TimeDelta::hours(SPAN_HOURS_MAX) {
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

/// Who is charged what for a quantity at a price; `None` where a figure is beyond the range of money.
pub fn charge(value: Amount, price: OfferPrice, quantity: Quantity) -> Option<Charges> {
    match price {
        OfferPrice::Voucher { price } => {
            let s = shares(value, price, quantity)?;
            Some(Charges {
                total: s.total,
                organiser_pays: s.organiser_pays,
                co_payment: s.co_payment,
                client_fee: Amount::ZERO,
            })
        }
        OfferPrice::ClientFee { client_fee, unit_cost } => Some(Charges {
            total: unit_cost.times(quantity)?,
            organiser_pays: Amount::ZERO,
            co_payment: Amount::ZERO,
            client_fee: client_fee.times(quantity)?,
        }),
    }
}

fn postings(price: OfferPrice, quantity: Quantity, charges: &Charges) -> Vec<Posting> {
    let used = Posting::of_quantity(EntryKind::Used, quantity);
    match price {
        OfferPrice::Voucher { .. } => vec![
            used,
            Posting::of_amount(EntryKind::OrganiserShare, charges.organiser_pays),
            Posting::of_amount(EntryKind::CoPayment, charges.co_payment),
        ],
        OfferPrice::ClientFee { .. } => {
            vec![used, Posting::of_amount(EntryKind::ClientFee, charges.client_fee)]
        }
    }
}

/// How the charges came about.
pub fn steps(value: Amount, price: OfferPrice, quantity: Quantity, charges: &Charges) -> Vec<Step> {
    match price {
        OfferPrice::Voucher { price } => {
            let pays = charges.organiser_pays;
            let lower = value.min(price);
            let co_payment = charges.co_payment;
            vec![
                Step::new(
                    "/value",
                    "organiser_share",
                    Localized::new(
                        format!("Järjestäjä maksaa arvon {value} tai hinnan {price} sen mukaan kumpi on pienempi: {lower} × {quantity} = {pays}."),
                        format!("Anordnaren betalar det lägre av värdet {value} och priset {price}: {lower} × {quantity} = {pays}."),
                        format!("The organiser pays the lower of the value {value} and the price {price}: {lower} × {quantity} = {pays}."),
                    ),
                )
                .input("value", value)
                .input("price", price)
                .input("quantity", quantity)
                .figure(pays)
                .source("569/2009 § 7"),
                Step::new(
                    "/value",
                    "co_payment",
                    Localized::new(
                        format!("Omavastuuosuus on loput hinnasta: {} − {pays} = {co_payment}.", charges.total),
                        format!("Självriskandelen är resten av priset: {} − {pays} = {co_payment}.", charges.total),
                        format!("The co-payment is the rest of the price: {} − {pays} = {co_payment}.", charges.total),
                    ),
                )
                .input("total", charges.total)
                .input("organiser_pays", pays)
                .figure(co_payment)
                .source("569/2009 § 7"),
            ]
        }
        OfferPrice::ClientFee { client_fee, unit_cost } => {
            let fee = charges.client_fee;
            vec![
                Step::new(
                    "/public_service/client_fee",
                    "client_fee",
                    Localized::new(
                        format!("Julkisesta palvelusta peritään asiakasmaksu: {client_fee} × {quantity} = {fee}. Omavastuuosuutta ei ole."),
                        format!("För offentlig service tas en klientavgift ut: {client_fee} × {quantity} = {fee}. Ingen självriskandel."),
                        format!("A public service bears a client fee: {client_fee} × {quantity} = {fee}. There is no co-payment."),
                    ),
                )
                .input("client_fee", client_fee)
                .input("unit_cost", unit_cost)
                .input("quantity", quantity)
                .figure(fee)
                .source("734/1992"),
            ]
        }
    }
}

#[cfg(test)]
mod tests;
