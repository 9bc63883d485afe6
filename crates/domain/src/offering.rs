//! What a unit charges for a service, and what a rulebook lets it charge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::money::Amount;
use crate::provider::Sector;
use crate::quantity::Unit;
use crate::rulebook::{CoPaymentIn, RulebookTerms};
use crate::valuation::{fixed_co_payment_without_facts, lowest_value_of_item};

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
        Self::Voucher { price, items: BTreeMap::new() }
    }

    /// The price of an item, or of what has no price of its own.
    pub fn of_item(&self, item: Option<&str>) -> ItemPrice {
        match self {
            Self::Voucher { price, items } => {
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
    /// The member of the price that is to blame, as a JSON pointer without its first slash.
    pub fn member(&self) -> String {
        match self {
            Self::OverCeiling { item: Some(item), .. }
            | Self::OverFreeValue { item: Some(item), .. }
            | Self::UnknownItem { item } => format!("items/{item}"),
            Self::OverCeiling { item: None, .. } | Self::OverFreeValue { item: None, .. } => "price".to_owned(),
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

/// Lets a price be offered under a rulebook's terms, or says why not.
///
/// # Errors
/// The price is above the ceiling, above the value of a service that is free by law, charged in a way that is not for the
/// provider's sector, or given for an item that the price list does not have.
pub fn check_price(price: &OfferPrice, sector: Sector, terms: &RulebookTerms) -> Result<(), PriceRefused> {
    match (price, sector) {
        (OfferPrice::ClientFee { .. }, Sector::Company | Sector::Ngo) => Err(PriceRefused::ClientFeeNotPublic),
        (OfferPrice::Voucher { .. }, Sector::Public) => Err(PriceRefused::VoucherPriceOfPublic),
        (OfferPrice::ClientFee { client_fee, .. }, Sector::Public) => match &terms.free_of_charge {
            Some(free) if *client_fee != Amount::ZERO => {
                Err(PriceRefused::FeeForFreeService { source_of_law: free.source.clone() })
            }
            _ => Ok(()),
        },
        (OfferPrice::Voucher { price, items }, Sector::Company | Sector::Ngo) => {
            if let Some(item) = items.keys().find(|item| !terms.items.iter().any(|known| known.code == **item)) {
                return Err(PriceRefused::UnknownItem { item: item.clone() });
            }
            let all = items.iter().map(|(item, price)| (Some(item.as_str()), *price));
            for (item, price) in all.chain([(None, *price)]) {
                check_ceiling(price, item, terms)?;
                check_free(price, item, terms)?;
            }
            Ok(())
        }
    }
}

/// Lets an item's price pass the ceiling.
///
/// # Errors
/// It is above.
pub fn check_ceiling(price: Amount, item: Option<&str>, terms: &RulebookTerms) -> Result<(), PriceRefused> {
    let Some(limits) = &terms.price_ceiling else { return Ok(()) };
    let ceiling = limits.of_item(item);
    let on_top = match limits.co_payment {
        CoPaymentIn::Included => Amount::ZERO,
        CoPaymentIn::Excluded => fixed_co_payment_without_facts(terms).unwrap_or(Amount::ZERO),
    };
    match ceiling.plus(on_top) {
        Some(ceiling) if price > ceiling => {
            Err(PriceRefused::OverCeiling { item: item.map(str::to_owned), price, ceiling })
        }
        _ => Ok(()),
    }
}

/// Lets an item's price be asked for a service that is free by law, where its value is the same for everyone.
fn check_free(price: Amount, item: Option<&str>, terms: &RulebookTerms) -> Result<(), PriceRefused> {
    let Some(free) = &terms.free_of_charge else { return Ok(()) };
    let per_unit = ItemPrice::Voucher { price }.per_voucher_unit(terms.price_unit).and_then(ItemPrice::price);
    match per_unit.zip(lowest_value_of_item(terms, item)) {
        Some((per_unit, value)) if per_unit > value => Err(PriceRefused::OverFreeValue {
            item: item.map(str::to_owned),
            price,
            value,
            source_of_law: free.source.clone(),
        }),
        _ => Ok(()),
    }
}
