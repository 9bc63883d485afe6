//! What a client is told before accepting a voucher (569/2009 § 6): status, value, prices, basis and estimate of the
//! co-payment, and the client fee of the corresponding public service.

use serde::{Deserialize, Serialize};

use crate::explain::Step;
use crate::money::{Amount, Currency, Money};
use crate::offering::{ItemPrice, OfferPrice};
use crate::quantity::{Quantity, Unit};
use crate::rulebook::{GrantPeriod, Measure, RulebookTerms};
use crate::service_event::charge;
use crate::text::Localized;
use crate::time::Day;
use crate::valuation::{Valuation, public_client_fee};
use crate::voucher::Voucher;

/// Version of this information's shape; stored with every record of it.
pub const INFORMATION_VERSION: u16 = 1;

/// The information as given. Stored whole, so that what was told can be shown years later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Information {
    /// Version of the information's shape.
    pub version: u16,
    /// The client's standing: what the voucher is, that it can be refused, and what then.
    pub status: Localized,
    /// Value per unit.
    pub value: Money,
    /// How the value came about.
    #[schema(max_items = 500)]
    pub value_steps: Vec<Step>,
    /// What it is counted in.
    pub unit: Unit,
    /// Quantity granted per period.
    pub quantity: Quantity,
    /// The period of the quantity.
    pub per: GrantPeriod,
    /// What is granted: a quantity of units, or money.
    #[serde(default)]
    pub measure: Measure,
    /// First day of validity.
    pub valid_from: Day,
    /// Last day of validity.
    pub valid_until: Day,
    /// Providers' prices at present, and what they would mean to the client.
    pub prices: PriceOverview,
    /// How the co-payment comes about and what it does not count towards.
    pub co_payment_basis: Localized,
    /// Set where an act makes the service free of charge to the client.
    #[schema(max_length = 300)]
    pub free_of_charge_source: Option<String>,
    /// Client fee of the corresponding public service, per unit.
    pub public_client_fee: Money,
    /// How that fee is set.
    pub public_client_fee_basis: Localized,
    /// Where a client who refuses is directed.
    pub alternatives: Localized,
    /// How to ask for revision of the decision.
    pub appeal: Localized,
}

/// The range of prices and co-payments among the choices of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PriceOverview {
    /// How many offerings could be chosen.
    pub choices: u32,
    /// Lowest price per unit.
    pub price_lowest: Option<Money>,
    /// Highest price per unit.
    pub price_highest: Option<Money>,
    /// Lowest co-payment per unit.
    pub co_payment_lowest: Option<Money>,
    /// Highest co-payment per unit.
    pub co_payment_highest: Option<Money>,
    /// Highest co-payment for the granted quantity; none of a purse, which grants no quantity.
    pub co_payment_for_quantity_highest: Option<Money>,
}

/// Composes the information of a voucher from its rulebook's terms and the prices of the day.
pub fn compose(
    voucher: &Voucher,
    terms: &RulebookTerms,
    valuation: &Valuation<'_>,
    value_steps: Vec<Step>,
    quantity: Quantity,
    prices: &[OfferPrice],
    currency: Currency,
) -> Information {
    let money = |amount: Amount| amount.of(currency);
    Information {
        version: INFORMATION_VERSION,
        status: terms.texts.status.clone(),
        value: money(valuation.quoted().value),
        value_steps,
        unit: voucher.unit,
        quantity,
        per: terms.grant.per,
        measure: voucher.measure,
        valid_from: voucher.validity.from(),
        valid_until: voucher.validity.last_day(),
        prices: overview(valuation, terms, quantity_of(voucher, quantity), prices, currency),
        co_payment_basis: terms.texts.co_payment.clone(),
        free_of_charge_source: terms.free_of_charge.as_ref().map(|free| free.source.clone()),
        public_client_fee: money(public_client_fee(terms, &voucher.facts)),
        public_client_fee_basis: terms.public_service.basis.clone(),
        alternatives: terms.texts.alternatives.clone(),
        appeal: terms.texts.appeal.clone(),
    }
}

/// The quantity that co-payments are estimated for: a purse grants none.
fn quantity_of(voucher: &Voucher, quantity: Quantity) -> Option<Quantity> {
    match voucher.measure {
        Measure::Quantity => Some(quantity),
        Measure::Money => None,
    }
}

fn overview(
    valuation: &Valuation<'_>,
    terms: &RulebookTerms,
    quantity: Option<Quantity>,
    prices: &[OfferPrice],
    currency: Currency,
) -> PriceOverview {
    let asked: Vec<ItemPrice> = prices
        .iter()
        .filter(|price| matches!(price, OfferPrice::Voucher { .. }))
        .filter_map(|price| price.of_item(None).per_voucher_unit(terms.price_unit))
        .collect();
    let co_payments = |quantity: Quantity| {
        asked
            .iter()
            .filter_map(move |price| charge(valuation.at_price(price.price()).ok()?, *price, quantity))
            .map(|charges| charges.co_payment)
    };
    let money = |amount: Amount| amount.of(currency);
    let per_unit = || asked.iter().filter_map(|price| price.price());
    PriceOverview {
        choices: u32::try_from(prices.len()).unwrap_or(u32::MAX),
        price_lowest: per_unit().min().map(money),
        price_highest: per_unit().max().map(money),
        co_payment_lowest: co_payments(Quantity::ONE).min().map(money),
        co_payment_highest: co_payments(Quantity::ONE).max().map(money),
        co_payment_for_quantity_highest: quantity.and_then(|quantity| co_payments(quantity).max()).map(money),
    }
}
