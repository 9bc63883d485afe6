//! The list in its plainest form, for tests to hold the engine against: every offering is looked at, and all are sorted.

use std::sync::Arc;

use super::stand::costs_nothing;
use super::*;
use crate::identifiers::MunicipalityCode;
use crate::money::Amount;
use crate::offering::{OfferPrice, PriceCheck};
use crate::quantity::Quantity;
use crate::rulebook::RulebookTerms;
use crate::rules::Standing;
use crate::service_event::charge;
use crate::time::Timeline;
use crate::valuation::Worth;
use chrono::Datelike;

/// What is listed, all of it, each with its place.
pub(super) fn list<'a>(
    candidates: &'a [Candidate],
    rulebooks: &Timeline<PriceCheck<Arc<RulebookTerms>>>,
    query: &Query<'_>,
) -> Vec<(SortKey, Listed<'a>)> {
    let of_client = home_of(query.client);
    let home = of_client.as_ref().or(query.municipality);
    let mut lines: Vec<(SortKey, Listed<'a>)> = candidates
        .iter()
        .filter_map(|candidate| line(candidate, rulebooks, query, home))
        .map(|listed| (sort_key(&listed, query), listed))
        .collect();
    lines.sort_by(|(a, _), (b, _)| a.cmp(b));
    lines
}

/// The line of an offering: only what choosing it at this moment would let through.
fn line<'a>(
    candidate: &'a Candidate,
    rulebooks: &Timeline<PriceCheck<Arc<RulebookTerms>>>,
    query: &Query<'_>,
    home: Option<&MunicipalityCode>,
) -> Option<Listed<'a>> {
    let first_day = candidate.begins_on(query.day);
    if query.validity.is_some_and(|validity| !validity.contains(first_day)) {
        return None;
    }
    candidate.takes_on(query.day).ok()?;
    if candidate.is_full_on(first_day) && !query.own.contains(&candidate.offering) {
        return None;
    }
    let with_place = Candidate { places_taken_until: None, ..candidate.clone() };
    let sector = with_place.choosable_on(first_day, home).ok()?.0;
    let (price_period, price) = candidate.prices.entries().iter().find(|(period, _)| period.contains(first_day))?;
    let price_period = *price_period;
    let prices = rulebooks.as_of(first_day)?;
    prices.check(price, sector).ok()?;
    let terms = prices.terms();
    if candidate.examine(sector, terms, query.client).standing == Standing::NotMet {
        return None;
    }
    // Which item is wanted is not known yet: the price of what has none of its own is compared.
    let per_unit_price = price.of_item(None).per_voucher_unit(terms.price_unit)?;
    let entitled = query.entitlement.on(first_day);
    let worth = match &entitled.grant {
        Grant::Units(valuation) => Some(valuation.at_price(per_unit_price.price()).ok()?),
        Grant::NotKnown => None,
        Grant::Nothing => return None,
    };
    // What a rulebook makes free by law costs nothing, also under a voucher that was granted before it.
    let is_over = |worth: Worth| worth.co_payment.is_none() && per_unit_price.price().is_some_and(|p| p > worth.value);
    if terms.free_of_charge.is_some() && worth.is_some_and(is_over) {
        return None;
    }
    let wanted = (!entitled.free_of_charge || costs_nothing(per_unit_price, worth))
        && query.municipality.is_none_or(|m| candidate.serves(m))
        && query.sector.is_none_or(|s| sector == s)
        && query.language.is_none_or(|l| candidate.languages.contains(&l))
        && query.mode.is_none_or(|m| candidate.modes.contains(&m))
        && (!query.step_free || candidate.step_free == Some(true))
        && query.starts_by.is_none_or(|by| first_day <= by);
    let distance_m = query.near.zip(candidate.place()).map(|(near, place)| near.place.metres_to(place));
    let within = query.near.and_then(|near| near.within_m);
    if !wanted || within.is_some_and(|within| distance_m.is_none_or(|metres| metres > within)) {
        return None;
    }
    let per_unit = worth.and_then(|worth| charge(worth, per_unit_price, Quantity::ONE));
    let for_quantity = worth.zip(query.quantity).and_then(|(worth, quantity)| charge(worth, per_unit_price, quantity));
    Some(Listed { candidate, sector, price, price_period, first_day, distance_m, per_unit, for_quantity })
}

fn sort_key(listed: &Listed<'_>, query: &Query<'_>) -> SortKey {
    let offering = listed.candidate.offering;
    let figure = match query.order {
        Order::Neutral | Order::Name => None,
        Order::Price => Some(match listed.price {
            OfferPrice::Voucher { price, .. } => price.minor(),
            OfferPrice::ClientFee { unit_cost, .. } => unit_cost.minor(),
        }),
        Order::CoPayment => {
            listed.per_unit.and_then(|charges| charges.co_payment.plus(charges.client_fee)).map(Amount::minor)
        }
        Order::Distance => Some(listed.distance_m.map_or(i64::MAX, i64::from)),
        Order::EarliestStart => Some(i64::from(listed.first_day.date().num_days_from_ce())),
    };
    let name = if query.order == Order::Name { listed.candidate.unit_name.to_lowercase() } else { String::new() };
    SortKey { figure, name, drawn: query.lot.draw(offering), offering }
}
