//! What a draft does to offerings: which of them it would refuse, and who would have nowhere left to go.
//!
//! What a place offers is found once for all who live there, so that the time it takes grows with vouchers and offerings
//! and not with their product.

use std::collections::HashMap;

use super::prices::Prices;
use crate::choice::{Candidate, client_facts};
use crate::id::{Id, kind};
use crate::identifiers::MunicipalityCode;
use crate::money::Amount;
use crate::offering::{ItemPrice, PriceRefused};
use crate::provider::Sector;
use crate::rulebook::RulebookTerms;
use crate::rules::Standing;
use crate::text::Language;
use crate::time::Day;

/// An offering whose price is allowed now and would not be under the draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferingRefused {
    /// Which offering.
    pub offering: Id<kind::Offering>,
    /// Whose.
    pub provider: Id<kind::Provider>,
    /// Of which sector.
    pub sector: Sector,
    /// Why.
    pub refused: PriceRefused,
}

/// What a place offers, now and under the draft.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) now: Offered,
    pub(super) draft: Offered,
}

/// What is offered at a place, as far as it decides whether somebody is served.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Offered {
    anything: bool,
    without_fee: bool,
    lowest_price: Option<Amount>,
}

impl Offered {
    fn add(&mut self, price: ItemPrice) {
        self.anything = true;
        match price {
            ItemPrice::Voucher { price } => {
                self.lowest_price = Some(self.lowest_price.map_or(price, |lowest| lowest.min(price)));
            }
            ItemPrice::ClientFee { client_fee, .. } => self.without_fee |= client_fee == Amount::ZERO,
        }
    }

    /// Whether there is something for a voucher. With one that is free by law its holder can pay nothing, so that a
    /// price is not above the value.
    pub(super) fn serves(self, free_up_to: Option<Amount>) -> bool {
        match free_up_to {
            None => self.anything,
            Some(value) => self.without_fee || self.lowest_price.is_some_and(|price| price <= value),
        }
    }
}

/// An offering that new clients can choose, with its price per unit of the voucher type where that is allowed.
#[derive(Debug)]
struct Open<'c> {
    candidate: &'c Candidate,
    sector: Sector,
    now: Option<ItemPrice>,
    draft: Option<ItemPrice>,
}

/// Everything that is offered for a voucher type.
#[derive(Debug)]
pub(super) struct Reach<'c> {
    now: Option<&'c RulebookTerms>,
    draft: &'c RulebookTerms,
    open: Vec<Open<'c>>,
    refused: Vec<OfferingRefused>,
    places: HashMap<(MunicipalityCode, Language), Place>,
}

impl<'c> Reach<'c> {
    /// What can be chosen on a day, under the terms that are in force on it and under the draft.
    pub(super) fn of(
        candidates: &'c [Candidate],
        now: Option<&'c RulebookTerms>,
        draft: &'c RulebookTerms,
        day: Day,
    ) -> Self {
        let (mut under_now, mut under_draft) = (now.map(Prices::under), Prices::under(draft));
        let (mut open, mut refused) = (Vec::new(), Vec::new());
        for candidate in candidates {
            let first_day = candidate.begins_on(day);
            let (Some(sector), Some(price)) = (candidate.sectors.as_of(first_day), candidate.prices.as_of(first_day))
            else {
                continue;
            };
            let is_allowed = under_now.as_mut().is_none_or(|prices| prices.fitted(price, *sector).refused.is_none());
            let refusal = under_draft.fitted(price, *sector).refused.clone();
            let per_unit = |terms: &RulebookTerms| price.of_item(None).per_voucher_unit(terms.price_unit);
            if candidate.takes_on(day).is_ok() && candidate.choosable_on(first_day, None).is_ok() {
                open.push(Open {
                    candidate,
                    sector: *sector,
                    now: now.filter(|_| is_allowed).and_then(per_unit),
                    draft: if refusal.is_none() { per_unit(draft) } else { None },
                });
            }
            if let Some(refusal) = refusal.filter(|_| is_allowed) {
                let (offering, provider) = (candidate.offering, candidate.provider);
                refused.push(OfferingRefused { offering, provider, sector: *sector, refused: refusal });
            }
        }
        Self { now, draft, open, refused, places: HashMap::new() }
    }

    /// What is offered to those who live at a place and speak a language.
    pub(super) fn place(&mut self, municipality: &MunicipalityCode, language: Language) -> Place {
        let key = (municipality.clone(), language);
        if let Some(known) = self.places.get(&key) {
            return *known;
        }
        let client = client_facts(language, municipality);
        let suits = |open: &Open<'_>, terms: &RulebookTerms| {
            open.candidate.examine(open.sector, terms, &client).standing != Standing::NotMet
        };
        let mut place = Place::default();
        for open in self.open.iter().filter(|open| serves(open.candidate, municipality)) {
            if let Some(price) = open.now.filter(|_| self.now.is_some_and(|terms| suits(open, terms))) {
                place.now.add(price);
            }
            if let Some(price) = open.draft.filter(|_| suits(open, self.draft)) {
                place.draft.add(price);
            }
        }
        self.places.insert(key, place);
        place
    }

    /// The offerings whose price is allowed now and would not be under the draft.
    pub(super) fn into_refused(self) -> Vec<OfferingRefused> {
        self.refused
    }
}

fn serves(candidate: &Candidate, municipality: &MunicipalityCode) -> bool {
    candidate.municipality == *municipality || candidate.service_area.contains(municipality)
}
