//! What a rulebook does to prices: whether one is allowed, and what it would have to come down to.

use std::collections::HashMap;

use crate::money::Amount;
use crate::offering::{OfferPrice, PriceCheck, PriceRefused};
use crate::provider::Sector;
use crate::rulebook::RulebookTerms;

/// Different prices that are remembered at once. There are about as many as offerings.
const REMEMBERED_MAX: usize = 10_000;

/// A price that came down to its ceiling may still be above the value of a service that is free by law.
const ROUNDS_MAX: usize = 3;

/// A price under a rulebook.
#[derive(Debug, Clone)]
pub(super) struct Fitted {
    /// The price, or what it would have to come down to.
    pub(super) price: OfferPrice,
    /// Why it is not allowed as it is, if it is not.
    pub(super) refused: Option<PriceRefused>,
}

type Key = (Sector, Option<Amount>, Option<Amount>, Vec<(String, Amount)>, bool);

/// Prices under a rulebook, each looked at once.
#[derive(Debug)]
pub(super) struct Prices<'t> {
    check: PriceCheck<&'t RulebookTerms>,
    known: HashMap<Key, Fitted>,
}

impl<'t> Prices<'t> {
    pub(super) fn under(terms: &'t RulebookTerms) -> Self {
        Self { check: PriceCheck::under(terms), known: HashMap::new() }
    }

    /// A price of a sector.
    pub(super) fn fitted(&mut self, price: &OfferPrice, sector: Sector) -> &Fitted {
        if self.known.len() >= REMEMBERED_MAX {
            self.known.clear();
        }
        let check = &self.check;
        self.known.entry(key(price, sector)).or_insert_with(|| fit(price.clone(), sector, check))
    }
}

fn key(price: &OfferPrice, sector: Sector) -> Key {
    match price {
        OfferPrice::Voucher { price, items, only_items } => {
            let items = items.iter().map(|(item, price)| (item.clone(), *price)).collect();
            (sector, Some(*price), None, items, *only_items)
        }
        OfferPrice::ClientFee { client_fee, unit_cost } => {
            (sector, Some(*client_fee), Some(*unit_cost), Vec::new(), false)
        }
    }
}

/// Takes a price down as far as the terms ask, item by item. Items without a price of their own are charged the same as
/// all else, up to their own limit.
fn fit(price: OfferPrice, sector: Sector, check: &PriceCheck<&RulebookTerms>) -> Fitted {
    let mut fitted = Fitted { price, refused: None };
    for _ in 0..ROUNDS_MAX {
        let refused = check.all_refused(&fitted.price, sector);
        let mut changed = false;
        for refused in &refused {
            changed |= comply(&mut fitted.price, refused);
        }
        if let Some(first) = refused.into_iter().next() {
            fitted.refused.get_or_insert(first);
        }
        if !changed {
            break;
        }
    }
    fitted
}

/// Does to a price what its refusal asks. `false` where nothing can be done to it.
fn comply(price: &mut OfferPrice, refused: &PriceRefused) -> bool {
    match (price, refused) {
        (
            OfferPrice::Voucher { price, items, .. },
            PriceRefused::OverCeiling { item, ceiling: most, .. }
            | PriceRefused::OverFreeValue { item, value: most, .. },
        ) => {
            match item {
                Some(item) => items.insert(item.clone(), *most),
                None => Some(std::mem::replace(price, *most)),
            };
            true
        }
        // What is no item of the list any more is charged as what has no price of its own.
        (OfferPrice::Voucher { items, .. }, PriceRefused::UnknownItem { item }) => items.remove(item).is_some(),
        (OfferPrice::ClientFee { client_fee, .. }, PriceRefused::FeeForFreeService { .. }) => {
            *client_fee = Amount::ZERO;
            true
        }
        (
            OfferPrice::Voucher { .. } | OfferPrice::ClientFee { .. },
            PriceRefused::OverCeiling { .. }
            | PriceRefused::OverFreeValue { .. }
            | PriceRefused::FeeForFreeService { .. }
            | PriceRefused::ClientFeeNotPublic
            | PriceRefused::VoucherPriceOfPublic
            | PriceRefused::UnknownItem { .. },
        ) => false,
    }
}
