//! The lines of an event: a service that crosses the edge of a time band is split, and each part is charged by itself.

use chrono::TimeDelta;

use super::charges::{self, Charges, charge};
use super::{Agreement, Delivery, RecordRefused};
use crate::explain::Step;
use crate::money::Amount;
use crate::offering::{OfferPrice, check_ceiling};
use crate::quantity::{Quantity, Unit};
use crate::rulebook::RulebookTerms;
use crate::rules::{At, Evaluation, FactValue, ITEM, Slot, TimeOfDay, split};
use crate::valuation::{Valuation, Worth};
use crate::voucher::Voucher;

/// A part of an event within which value and price are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The item of the price list, if it is one.
    pub item: Option<String>,
    /// How much.
    pub quantity: Quantity,
    /// The voucher's value per unit.
    pub value: Amount,
    /// The price per unit of the voucher type: the agreed one, or value and fixed co-payment together. None where a
    /// client fee is charged.
    pub price: Option<Amount>,
    /// Who is charged what.
    pub charges: Charges,
}

/// Longest explanation of what the lines are worth, as it is kept. Beyond it, what they came to is told alone.
const STEPS_CHARS_MAX: usize = 32_768;
/// Most lines whose worth is told then.
const LINES_EXPLAINED_MAX: usize = 24;

/// Hundredths: what quantities are divided into.
const STEP_E4: i64 = 100;

/// The lines of a delivery, and how they came about.
pub(super) fn lines(
    voucher: &Voucher,
    agreement: &Agreement,
    terms: &RulebookTerms,
    valuation: &Valuation<'_>,
    delivery: &Delivery,
) -> Result<(Vec<Line>, Vec<Step>), RecordRefused> {
    let (mut lines, mut steps, mut raises, mut shares) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut in_short: Vec<Step> = Vec::new();
    for part in parts(voucher.unit, &agreement.price, valuation, delivery)? {
        if let Some(item) = part.item.as_ref().filter(|item| !agreement.price.offers(Some(item))) {
            return Err(RecordRefused::ItemNotOffered { item: item.clone() });
        }
        let price = agreement
            .price
            .of_item(part.item.as_deref())
            .per_voucher_unit(terms.price_unit)
            .ok_or(RecordRefused::Overflow)?;
        if let Some(asked) = agreement.price.of_item(part.item.as_deref()).price() {
            check_ceiling(asked, part.item.as_deref(), terms)?;
        }
        voucher.check_free(price, part.item.as_deref(), part.worth, terms)?;
        let charges = charge(part.worth, price, part.quantity).ok_or(RecordRefused::Overflow)?;
        if let Some(evaluation) = &part.evaluation {
            // What was said of another line need not be said again.
            let said = evaluation.steps_of_event("/value");
            let new: Vec<Step> = said.into_iter().filter(|step| !steps.contains(step)).collect();
            in_short.extend(new.iter().rfind(|step| !step.personal).cloned());
            steps.extend(new);
        }
        // A raised value is explained once, however many lines it holds for.
        let raise = valuation.raise_step(part.worth).filter(|step| !raises.contains(step));
        raises.extend(raise);
        shares.extend(charges::steps(part.worth, price, part.quantity, &charges));
        lines.push(Line {
            item: part.item,
            quantity: part.quantity,
            value: part.worth.value,
            price: match (price.price(), part.worth.co_payment) {
                (Some(_), Some(fixed)) => Some(part.worth.value.plus(fixed).ok_or(RecordRefused::Overflow)?),
                (price, _) => price,
            },
            charges,
        });
    }
    if length_of(&steps) > STEPS_CHARS_MAX {
        in_short.truncate(LINES_EXPLAINED_MAX);
        steps = in_short;
    }
    steps.extend(raises);
    steps.extend(shares);
    Ok((lines, steps))
}

fn length_of(steps: &[Step]) -> usize {
    serde_json::to_string(steps).map_or(usize::MAX, |text| text.len())
}

/// A part of a delivery that is worth the same throughout.
#[derive(Debug, Clone)]
pub(crate) struct Part<'a> {
    /// The item of the price list, if it is one.
    pub(crate) item: Option<String>,
    /// How much.
    pub(crate) quantity: Quantity,
    /// What a unit is worth.
    pub(crate) worth: Worth,
    /// How that came about, where it depends on the service.
    pub(crate) evaluation: Option<Evaluation<'a>>,
}

/// The parts of a delivery that are worth the same, with their quantities.
pub(crate) fn parts<'a>(
    unit: Unit,
    price: &OfferPrice,
    valuation: &Valuation<'a>,
    delivery: &Delivery,
) -> Result<Vec<Part<'a>>, RecordRefused> {
    let slots = slots(unit, valuation, delivery)?;
    let lengths: Vec<i64> = slots.iter().map(|slot| slot.length.num_seconds()).collect();
    let mut parts: Vec<Part<'a>> = Vec::new();
    for (slot, quantity) in slots.iter().zip(apportion(delivery.quantity, &lengths)) {
        let part = part(price, valuation, delivery, slot.at, quantity)?;
        match parts.last_mut().filter(|last| last.worth == part.worth && last.item == part.item) {
            Some(last) => last.quantity = last.quantity.plus(part.quantity).ok_or(RecordRefused::Overflow)?,
            None => parts.push(part),
        }
    }
    // A stretch too short to make a hundredth of the unit is not charged by itself.
    parts.retain(|part| part.quantity > Quantity::ZERO);
    Ok(parts)
}

fn part<'a>(
    price: &OfferPrice,
    valuation: &Valuation<'a>,
    delivery: &Delivery,
    at: At,
    quantity: Quantity,
) -> Result<Part<'a>, RecordRefused> {
    let given = match delivery.facts.get(ITEM) {
        Some(FactValue::Word(item)) => Some(item.clone()),
        Some(FactValue::Number(_) | FactValue::Flag(_) | FactValue::Words(_)) | None => None,
    };
    let price_of = |item: Option<&str>| {
        price.of_item(item).per_voucher_unit(valuation.terms().price_unit).and_then(|price| price.price())
    };
    let (mut worth, mut evaluation) = valuation.of_service(&delivery.facts, price_of(given.as_deref()), at)?;
    let of_band = evaluation.as_ref().and_then(|evaluation| evaluation.item()).map(str::to_owned);
    if let Some(given) = &given
        && of_band.as_ref() != Some(given)
        && (of_band.is_some() || valuation.items_by_time().any(|item| item == given))
    {
        return Err(RecordRefused::OtherItem { given: given.clone(), by_time: of_band });
    }
    if given.is_none() && of_band.is_some() {
        // The time names the item, the item the price, and the value may go by the price.
        (worth, evaluation) = valuation.of_service(&delivery.facts, price_of(of_band.as_deref()), at)?;
    }
    Ok(Part { item: given.or(of_band), quantity, worth, evaluation })
}

/// The stretches of a delivery within which nothing of the rules changes.
fn slots(unit: Unit, valuation: &Valuation<'_>, delivery: &Delivery) -> Result<Vec<Slot>, RecordRefused> {
    let whole = |time| vec![Slot { at: At { day: delivery.day, time }, length: TimeDelta::seconds(1) }];
    match &delivery.span {
        None if valuation.needs_span(unit) => Err(RecordRefused::SpanNeeded),
        None => Ok(whole(None)),
        Some(span) if unit == Unit::Hour => Ok(split(valuation.rules(), &span.stretches)),
        Some(span) => Ok(whole(span.stretches.first().map(|stretch| TimeOfDay::of(stretch.start)))),
    }
}

/// Divides a quantity by lengths, in hundredths, so that the parts add up to it: what is left over goes to those whose
/// remainders are largest.
fn apportion(quantity: Quantity, lengths: &[i64]) -> Vec<Quantity> {
    let whole: i128 = lengths.iter().map(|length| i128::from(*length)).sum();
    let steps = i128::from(quantity.e4() / STEP_E4);
    if whole == 0 || lengths.len() < 2 {
        return lengths.iter().map(|_| quantity).collect();
    }
    let exact = |length: &i64| steps * i128::from(*length);
    let mut shares: Vec<i128> = lengths.iter().map(|length| exact(length) / whole).collect();
    let left = steps - shares.iter().sum::<i128>();
    let mut by_remainder: Vec<(usize, i128)> =
        lengths.iter().enumerate().map(|(i, length)| (i, exact(length) % whole)).collect();
    by_remainder.sort_by_key(|(i, remainder)| (-remainder, *i));
    for (i, _) in by_remainder.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        if let Some(share) = shares.get_mut(i) {
            *share += 1;
        }
    }
    shares.into_iter().map(|share| Quantity::from_e4(i64::try_from(share).unwrap_or(0) * STEP_E4)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_parts_add_up_to_the_quantity(hundredths in 1i64..2_400, lengths in prop::collection::vec(1i64..86_400, 1..9)) {
            let quantity = Quantity::from_e4(hundredths * STEP_E4);
            let parts = apportion(quantity, &lengths);
            prop_assert_eq!(parts.iter().map(|part| part.e4()).sum::<i64>(), quantity.e4());
            prop_assert!(parts.iter().all(|part| part.e4() >= 0));
        }
    }
}
