//! What a unit charges for a service, and what a rulebook lets it charge.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::money::Amount;
use crate::provider::Sector;
use crate::rulebook::RulebookTerms;

/// The price of an offering per unit of service, by who is paid how (FIELD §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "charging", rename_all = "snake_case", deny_unknown_fields)]
pub enum OfferPrice {
    /// A company's or association's price: the voucher pays up to its value, the client the rest.
    Voucher {
        /// Price per unit, all-inclusive.
        price: Amount,
    },
    /// A public unit's client fee, with its full unit cost for comparison. Nothing is settled to an outside payee.
    ClientFee {
        /// What the client is charged per unit.
        client_fee: Amount,
        /// What a unit costs the public purse, at full cost.
        unit_cost: Amount,
    },
}

/// Why a price cannot be offered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PriceRefused {
    /// Above the ceiling.
    #[error("the price {price} is above the price ceiling {ceiling}")]
    OverCeiling {
        /// What was asked.
        price: Amount,
        /// What may be asked at most.
        ceiling: Amount,
    },
    /// The service is free by law, so that nobody could pay what exceeds the value.
    #[error(
        "the service is free of charge by law{}: the price {price} is above the voucher's value {value}",
        in_brackets(source_of_law)
    )]
    OverFreeValue {
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
}

fn in_brackets(source: &str) -> String {
    if source.is_empty() { String::new() } else { format!(" ({source})") }
}

impl PriceRefused {
    /// The member of the price that is to blame.
    pub fn member(&self) -> &'static str {
        match self {
            Self::OverCeiling { .. } | Self::OverFreeValue { .. } => "price",
            Self::FeeForFreeService { .. } => "client_fee",
            Self::ClientFeeNotPublic | Self::VoucherPriceOfPublic => "charging",
        }
    }
}

/// Lets a price be offered under a rulebook's terms, or says why not.
///
/// # Errors
/// The price is above the ceiling, above the value of a service that is free by law, or charged in a way that is not
/// for the provider's sector.
pub fn check_price(price: OfferPrice, sector: Sector, terms: &RulebookTerms) -> Result<(), PriceRefused> {
    match (price, sector) {
        (OfferPrice::ClientFee { .. }, Sector::Company | Sector::Ngo) => Err(PriceRefused::ClientFeeNotPublic),
        (OfferPrice::Voucher { .. }, Sector::Public) => Err(PriceRefused::VoucherPriceOfPublic),
        (OfferPrice::ClientFee { client_fee, .. }, Sector::Public) => match &terms.free_of_charge {
            Some(free) if client_fee != Amount::ZERO => {
                Err(PriceRefused::FeeForFreeService { source_of_law: free.source.clone() })
            }
            _ => Ok(()),
        },
        (OfferPrice::Voucher { price }, Sector::Company | Sector::Ngo) => {
            if let Some(ceiling) = terms.price_ceiling.as_ref().map(|c| c.amount)
                && price > ceiling
            {
                return Err(PriceRefused::OverCeiling { price, ceiling });
            }
            if let (Some(free), Some(value)) = (&terms.free_of_charge, terms.value_without_facts())
                && price > value
            {
                return Err(PriceRefused::OverFreeValue { price, value, source_of_law: free.source.clone() });
            }
            Ok(())
        }
    }
}
