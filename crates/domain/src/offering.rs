//! What a unit charges for a service, and what a rulebook lets it charge.

mod details;
mod places;
mod price_bounds;
mod price_change;

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::money::Amount;
use crate::provider::Sector;
use crate::quantity::Unit;
use crate::rulebook::{CoPaymentIn, RulebookTerms};
use crate::valuation::{LowestValues, fixed_co_payment_of_item, lowest_values};

pub use details::{DetailsRefused, OfferingDetails, PLACES_MAX, QUEUE_MAX};
pub use places::free_from;
pub use price_bounds::{
    PRICE_DAYS_AHEAD_MAX, PRICES_OF_OFFERING_MAX, PRICES_TO_COME_MAX, PriceBoundsRefused, check_price_brought_in,
    check_price_to_come,
};
pub use price_change::{
    PriceChangeRefused, PriceSetting, Step, check_price_change, check_price_change_among, next_price,
};

/// The price of an offering per unit of service, by who is paid how (FIELD §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "charging", rename_all = "snake_case", deny_unknown_fields)]
pub enum OfferPrice {
    /// A company's or association's price: the voucher pays up to its value, the client the rest.
    Voucher {
        /// Price per unit, all-inclusive.
        price: Amount,
        /// Prices of items of the rulebook's price list that differ from it, by the item's code.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        items: BTreeMap<String, Amount>,
        /// Whether items of the price list without a price of their own are not offered. What has no item at all is
        /// offered at the price.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        only_items: bool,
    },
    /// A public unit's client fee, with its full unit cost for comparison. Nothing is settled to an outside payee.
    ClientFee {
        /// What the client is charged per unit.
        client_fee: Amount,
        /// What a unit costs the public purse, at full cost.
        unit_cost: Amount,
    },
}

impl OfferPrice {
    /// One price for everything.
    pub const fn voucher(price: Amount) -> Self {
        Self::Voucher { price, items: BTreeMap::new(), only_items: false }
    }

    /// Whether an item is offered, or what has none.
    pub fn offers(&self, item: Option<&str>) -> bool {
        match self {
            Self::Voucher { items, only_items, .. } => !only_items || item.is_none_or(|item| items.contains_key(item)),
            Self::ClientFee { .. } => true,
        }
    }

    /// The price of an item, or of what has no price of its own.
    pub fn of_item(&self, item: Option<&str>) -> ItemPrice {
        match self {
            Self::Voucher { price, items, .. } => {
                ItemPrice::Voucher { price: item.and_then(|item| items.get(item)).copied().unwrap_or(*price) }
            }
            Self::ClientFee { client_fee, unit_cost } => {
                ItemPrice::ClientFee { client_fee: *client_fee, unit_cost: *unit_cost }
            }
        }
    }
}

/// What one unit of one item costs, by who is paid how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemPrice {
    /// A price.
    Voucher {
        /// Price per unit.
        price: Amount,
    },
    /// A client fee.
    ClientFee {
        /// What the client is charged per unit.
        client_fee: Amount,
        /// What a unit costs the public purse.
        unit_cost: Amount,
    },
}

impl ItemPrice {
    /// The price where it is given for `unit` and wanted per unit of the voucher type: a month's is a day's × 365 / 12.
    /// `None` where it overflows.
    pub fn per_voucher_unit(self, unit: Option<Unit>) -> Option<Self> {
        let converted =
            |amount: Amount| if unit == Some(Unit::Day) { amount.of_days_per_month() } else { Some(amount) };
        Some(match self {
            Self::Voucher { price } => Self::Voucher { price: converted(price)? },
            Self::ClientFee { client_fee, unit_cost } => {
                Self::ClientFee { client_fee: converted(client_fee)?, unit_cost: converted(unit_cost)? }
            }
        })
    }

    /// What the voucher is held against: the price; nothing where a client fee is charged instead.
    pub const fn price(self) -> Option<Amount> {
        match self {
            Self::Voucher { price } => Some(price),
            Self::ClientFee { .. } => None,
        }
    }
}

/// Why a price cannot be offered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PriceRefused {
    /// Above the ceiling.
    #[error("the price {price}{} is above the price ceiling {ceiling}", of_item(item))]
    OverCeiling {
        /// The item, if it is about one.
        item: Option<String>,
        /// What was asked.
        price: Amount,
        /// What may be asked at most.
        ceiling: Amount,
    },
    /// The service is free by law, so that nobody could pay what exceeds the value.
    #[error(
        "the service is free of charge by law{}: the price {price}{} is above the voucher's value {value}",
        in_brackets(source_of_law),
        of_item(item)
    )]
    OverFreeValue {
        /// The item, if it is about one.
        item: Option<String>,
        /// What was asked.
        price: Amount,
        /// The voucher's value.
        value: Amount,
        /// Act and section.
        source_of_law: String,
    },
    /// The service is free by law and a client fee was asked.
    #[error("the service is free of charge by law{}: no client fee can be charged", in_brackets(source_of_law))]
    FeeForFreeService {
        /// Act and section.
        source_of_law: String,
    },
    /// Only public units charge a client fee.
    #[error("only a public provider charges a client fee; a company or an association has a price")]
    ClientFeeNotPublic,
    /// Public units are not paid by voucher.
    #[error("a public provider charges a client fee and names its unit cost; it is not paid by voucher")]
    VoucherPriceOfPublic,
    /// The price list has no such item.
    #[error("the rulebook's price list has no item {item:?}")]
    UnknownItem {
        /// Its code.
        item: String,
    },
}

fn in_brackets(source: &str) -> String {
    if source.is_empty() { String::new() } else { format!(" ({source})") }
}

fn of_item(item: &Option<String>) -> String {
    item.as_ref().map_or_else(String::new, |item| format!(" of {item}"))
}

impl PriceRefused {
    /// The member of the price that is to blame, as a JSON pointer without its first slash: for an item without a price
    /// of its own, the price of all else.
    pub fn member(&self, of: &OfferPrice) -> String {
        let has_own = |item: &str| matches!(of, OfferPrice::Voucher { items, .. } if items.contains_key(item));
        match self {
            Self::UnknownItem { item } => format!("items/{item}"),
            Self::OverCeiling { item: Some(item), .. } | Self::OverFreeValue { item: Some(item), .. }
                if has_own(item) =>
            {
                format!("items/{item}")
            }
            Self::OverCeiling { .. } | Self::OverFreeValue { .. } => "price".to_owned(),
            Self::FeeForFreeService { .. } => "client_fee".to_owned(),
            Self::ClientFeeNotPublic | Self::VoucherPriceOfPublic => "charging".to_owned(),
        }
    }

    /// What is wrong, as a code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OverCeiling { .. } => "price_over_ceiling",
            Self::OverFreeValue { .. } => "over_value_of_free_service",
            Self::FeeForFreeService { .. } => "fee_for_free_service",
            Self::ClientFeeNotPublic => "client_fee_not_public",
            Self::VoucherPriceOfPublic => "voucher_price_of_public",
            Self::UnknownItem { .. } => "unknown_item",
        }
    }
}

/// Terms that prices are held against. What is the same for all prices is found once, when it is first asked for.
#[derive(Debug)]
pub struct PriceCheck<T> {
    terms: T,
    limits: OnceLock<Limits>,
}

/// The highest prices: of items, in the order of the price list, and of what has no item.
#[derive(Debug)]
struct Limits {
    otherwise: Limit,
    of_items: Vec<Limit>,
}

/// The highest price of one item, per unit that prices are given for.
#[derive(Debug, Clone, Copy)]
struct Limit {
    ceiling: Option<Amount>,
    free_up_to: Option<Amount>,
}

impl<T: Borrow<RulebookTerms>> PriceCheck<T> {
    /// Prices under terms.
    pub const fn under(terms: T) -> Self {
        Self { terms, limits: OnceLock::new() }
    }

    /// The terms.
    pub fn terms(&self) -> &RulebookTerms {
        self.terms.borrow()
    }

    /// Lets a price be offered under the terms, or says why not.
    ///
    /// # Errors
    /// What any item would cost that is offered, with a price of its own or without, is above its ceiling, or above its value where the
    /// service is free by law; the charging is not for the provider's sector; or there is no such item.
    pub fn check(&self, price: &OfferPrice, sector: Sector) -> Result<(), PriceRefused> {
        check_charging(price, sector, self.terms())?;
        self.figures_refused(price).next().map_or(Ok(()), Err)
    }

    /// Everything that stands in the way of a price.
    pub fn all_refused(&self, price: &OfferPrice, sector: Sector) -> Vec<PriceRefused> {
        match check_charging(price, sector, self.terms()) {
            Ok(()) => self.figures_refused(price).collect(),
            Err(refused) => vec![refused],
        }
    }

    /// The figures that are too high: first the prices of items, then the price of all else, then the items for which
    /// that is the price, if they are offered.
    fn figures_refused<'p>(&'p self, price: &'p OfferPrice) -> impl Iterator<Item = PriceRefused> + 'p {
        let terms = self.terms();
        let priced = match price {
            OfferPrice::Voucher { price, items, only_items } => Some((*price, items, *only_items)),
            OfferPrice::ClientFee { .. } => None,
        };
        priced.into_iter().flat_map(move |(price, items, only_items)| {
            let limits = self.limits.get_or_init(|| Limits::of(terms));
            let listed = move || terms.items.iter().zip(&limits.of_items);
            // All are known where as many items of the list have a price of their own.
            let are_known = listed().filter(|(item, _)| items.contains_key(&item.code)).count() == items.len();
            let unknown = items.keys().filter(move |_| !are_known);
            let unknown = unknown.filter(move |item| !terms.items.iter().any(|known| known.code == **item));
            let own = listed().filter_map(move |(item, limit)| {
                let own = items.get(&item.code)?;
                limit.check(*own, Some(&item.code), terms).err()
            });
            let inherited = listed().filter(move |(item, _)| !only_items && !items.contains_key(&item.code));
            let inherited =
                inherited.filter_map(move |(item, limit)| limit.check(price, Some(&item.code), terms).err());
            unknown
                .map(|item| PriceRefused::UnknownItem { item: item.clone() })
                .chain(own)
                .chain(limits.otherwise.check(price, None, terms).err())
                .chain(inherited)
        })
    }
}

impl Limits {
    fn of(terms: &RulebookTerms) -> Self {
        // Where the organiser fixes the co-payment, the provider's own price has no part in what the client pays.
        let is_free = terms.free_of_charge.is_some() && terms.co_payment.is_none();
        let lowest = if is_free {
            lowest_values(terms)
        } else {
            LowestValues { otherwise: None, of_items: vec![None; terms.items.len()] }
        };
        let limit = |item: Option<&str>, value: Option<Amount>| Limit {
            ceiling: ceiling_of(item, terms),
            free_up_to: value.and_then(|value| highest_within(value, terms.price_unit)),
        };
        let of_items = terms.items.iter().zip(lowest.of_items);
        Self {
            otherwise: limit(None, lowest.otherwise),
            of_items: of_items.map(|(item, value)| limit(Some(&item.code), value)).collect(),
        }
    }
}

impl Limit {
    fn check(self, price: Amount, item: Option<&str>, terms: &RulebookTerms) -> Result<(), PriceRefused> {
        under_ceiling(price, item, self.ceiling)?;
        match (&terms.free_of_charge, self.free_up_to) {
            (Some(free), Some(value)) if price > value => Err(PriceRefused::OverFreeValue {
                item: item.map(str::to_owned),
                price,
                value,
                source_of_law: free.source.clone(),
            }),
            _ => Ok(()),
        }
    }
}

/// Lets a price be offered under a rulebook's terms, or says why not. For many prices there is [`PriceCheck`].
///
/// # Errors
/// See [`PriceCheck::check`].
pub fn check_price(price: &OfferPrice, sector: Sector, terms: &RulebookTerms) -> Result<(), PriceRefused> {
    PriceCheck::under(terms).check(price, sector)
}

/// Lets a provider charge so, whatever the figures.
///
/// # Errors
/// It is not for the provider's sector, or a client fee is charged for a service that is free by law.
pub(crate) fn check_charging(price: &OfferPrice, sector: Sector, terms: &RulebookTerms) -> Result<(), PriceRefused> {
    match (price, sector) {
        (OfferPrice::ClientFee { .. }, Sector::Company | Sector::Ngo) => Err(PriceRefused::ClientFeeNotPublic),
        (OfferPrice::Voucher { .. }, Sector::Public) => Err(PriceRefused::VoucherPriceOfPublic),
        (OfferPrice::ClientFee { client_fee, .. }, Sector::Public) => match &terms.free_of_charge {
            Some(free) if *client_fee != Amount::ZERO => {
                Err(PriceRefused::FeeForFreeService { source_of_law: free.source.clone() })
            }
            _ => Ok(()),
        },
        (OfferPrice::Voucher { .. }, Sector::Company | Sector::Ngo) => Ok(()),
    }
}

/// Lets an item's price pass the ceiling.
///
/// # Errors
/// It is above.
pub fn check_ceiling(price: Amount, item: Option<&str>, terms: &RulebookTerms) -> Result<(), PriceRefused> {
    under_ceiling(price, item, ceiling_of(item, terms))
}

fn under_ceiling(price: Amount, item: Option<&str>, ceiling: Option<Amount>) -> Result<(), PriceRefused> {
    match ceiling {
        Some(ceiling) if price > ceiling => {
            Err(PriceRefused::OverCeiling { item: item.map(str::to_owned), price, ceiling })
        }
        _ => Ok(()),
    }
}

/// The most that may be asked for an item, per unit that prices are given for.
fn ceiling_of(item: Option<&str>, terms: &RulebookTerms) -> Option<Amount> {
    let limits = terms.price_ceiling.as_ref()?;
    let ceiling = limits.of_item(item);
    match limits.co_payment {
        CoPaymentIn::Included => Some(ceiling),
        CoPaymentIn::Excluded => {
            // The co-payment is given per unit of the voucher type, as values are.
            let on_top = fixed_co_payment_of_item(terms, item).unwrap_or(Amount::ZERO);
            let per_unit = ItemPrice::Voucher { price: ceiling }.per_voucher_unit(terms.price_unit)?.price()?;
            highest_within(per_unit.plus(on_top)?, terms.price_unit)
        }
    }
}

/// The highest price, given for `unit`, that comes to no more than an amount per unit of the voucher type.
fn highest_within(most: Amount, unit: Option<Unit>) -> Option<Amount> {
    if unit != Some(Unit::Day) {
        return Some(most);
    }
    let days = most.decimal().checked_mul(Decimal::from(12))?.checked_div(Decimal::from(365))?;
    // A cent a day is thirty a month, so that it is the nearest price or the one below.
    let nearest = Amount::rounded(days)?;
    let below = nearest.minus(Amount::from_minor(1))?;
    Some(if nearest.of_days_per_month()? <= most { nearest } else { below })
}

#[cfg(test)]
mod tests;
