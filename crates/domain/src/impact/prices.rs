//! What a rulebook does to prices: whether one is allowed, and what it would have to come down to.

use std::collections::HashMap;

use crate::money::Amount;
use crate::offering::{OfferPrice, PriceRefused, check_ceiling, check_price};
use crate::provider::Sector;
use crate::rulebook::RulebookTerms;

/// Different prices that are remembered at once. There are about as many as offerings.
const REMEMBERED_MAX: usize = 10_000;

/// A price under a rulebook.
#[derive(Debug, Clone)]
pub(super) struct Fitted {
    /// The price, or what it would have to come down to.
    pub(super) price: OfferPrice,
    /// Why it is not allowed as it is, if it is not.
    pub(super) refused: Option<PriceRefused>,
}

type Key = (Sector, Option<Amount>, Option<Amount>, Vec<(String, Amount)>);

/// Prices under a rulebook, each looked at once.
#[derive(Debug)]
pub(super) struct Prices<'t> {
    terms: &'t RulebookTerms,
    known: HashMap<Key, Fitted>,
}

impl<'t> Prices<'t> {
    pub(super) fn under(terms: &'t RulebookTerms) -> Self {
        Self { terms, known: HashMap::new() }
    }

    /// A price of a sector.
    pub(super) fn fitted(&mut self, price: &OfferPrice, sector: Sector) -> &Fitted {
        if self.known.len() >= REMEMBERED_MAX {
            self.known.clear();
        }
        let terms = self.terms;
        self.known.entry(key(price, sector)).or_insert_with(|| fit(price.clone(), sector, terms))
    }
}

fn key(price: &OfferPrice, sector: Sector) -> Key {
    match price {
        OfferPrice::Voucher { price, items } => {
            (sector, Some(*price), None, items.iter().map(|(item, price)| (item.clone(), *price)).collect())
        }
        OfferPrice::ClientFee { client_fee, unit_cost } => (sector, Some(*client_fee), Some(*unit_cost), Vec::new()),
    }
}

/// Takes a price down as far as the terms ask, item by item.
fn fit(price: OfferPrice, sector: Sector, terms: &RulebookTerms) -> Fitted {
    let mut fitted = Fitted { price, refused: None };
    if let OfferPrice::Voucher { price, items } = &mut fitted.price {
        // Items without a price of their own are charged the same as all else, up to their own ceiling.
        for item in terms.items.iter().filter(|item| !items.contains_key(&item.code)).collect::<Vec<_>>() {
            if let Err(PriceRefused::OverCeiling { ceiling, .. }) = check_ceiling(*price, Some(&item.code), terms) {
                items.insert(item.code.clone(), ceiling);
            }
        }
    }
    let tries = match &fitted.price {
        OfferPrice::Voucher { items, .. } => items.len().saturating_add(1).saturating_mul(2),
        OfferPrice::ClientFee { .. } => 1,
    };
    for _ in 0..tries {
        let Err(refused) = check_price(&fitted.price, sector, terms) else { break };
        let changed = comply(&mut fitted.price, &refused);
        fitted.refused.get_or_insert(refused);
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
            OfferPrice::Voucher { price, items },
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
