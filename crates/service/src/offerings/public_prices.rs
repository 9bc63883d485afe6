//! Prices as everyone sees them, with their days: as JSON and as cells.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::offering::{OfferPrice, PriceCheck};
use valinta_domain::provider::Sector;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::time::Timeline;
use valinta_domain::{Currency, Day, Id, Period};
use valinta_persistence::{Conn, rulebooks};

use super::view::NotAllowedView;
use crate::http::Problem;
use crate::rulebooks::{NotAllowed, not_allowed};
use crate::tabular::joined;
use crate::vouchers::PriceView;

/// A price and its days.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PublicPriceView {
    /// First day.
    from: Day,
    /// Last day, if another price follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Day>,
    /// The price per unit of service.
    price: PriceView,
    /// Set where a rulebook that has been adopted does not allow it on some of its days: it cannot be chosen on those.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_allowed: Option<NotAllowedView>,
}

impl PublicPriceView {
    pub(super) fn new(
        period: Period,
        price: &OfferPrice,
        currency: Currency,
        not_allowed: impl FnOnce() -> Option<NotAllowed>,
    ) -> Self {
        Self {
            from: period.from(),
            until: period.to().map(|_| period.last_day()),
            price: PriceView::of(price, currency),
            not_allowed: not_allowed().map(NotAllowedView::from),
        }
    }
}

/// Adopted rulebooks, by their days.
type Dated = Vec<(Period, PriceCheck<Arc<RulebookTerms>>)>;

/// What the prices of a page are held against: the adopted rulebooks of its voucher types.
pub(super) struct Check(HashMap<Id<kind::VoucherType>, Dated>);

impl Check {
    pub(super) fn of(c: &mut Conn, of: impl Iterator<Item = Id<kind::VoucherType>>) -> Result<Self, Problem> {
        let mut checks = HashMap::new();
        for voucher_type in of {
            if let Entry::Vacant(unknown) = checks.entry(voucher_type) {
                let versions = rulebooks::adopted_versions(c, voucher_type)?;
                let dated = versions.entries().iter();
                let dated = dated.map(|(in_force, (_, terms))| (*in_force, PriceCheck::under(Arc::clone(terms))));
                unknown.insert(dated.collect());
            }
        }
        Ok(Self(checks))
    }

    /// On which days, of those from a day on, a price is not allowed.
    pub(super) fn not_allowed(
        &self,
        voucher_type: Id<kind::VoucherType>,
        (period, price): (Period, &OfferPrice),
        sectors: Option<&Timeline<Sector>>,
        day: Day,
    ) -> Option<NotAllowed> {
        let versions = self.0.get(&voucher_type)?.iter().map(|(in_force, check)| (*in_force, check));
        not_allowed(period, price, sectors?, versions, day)
    }
}

/// A price in a line.
#[derive(Default)]
pub(super) struct PriceCells {
    pub(super) charging: String,
    pub(super) price: String,
    pub(super) items: String,
    pub(super) only_items: String,
    pub(super) client_fee: String,
    pub(super) unit_cost: String,
    pub(super) from: String,
    pub(super) until: String,
}

/// The cells of a price; empty where there is none.
pub(super) fn price_cells(price: Option<&PublicPriceView>) -> PriceCells {
    let Some(dated) = price else { return PriceCells::default() };
    let from = dated.from.to_string();
    let until = dated.until.map(|day| day.to_string()).unwrap_or_default();
    match &dated.price {
        PriceView::Voucher { price, items, only_items } => PriceCells {
            charging: "voucher".to_owned(),
            price: price.amount.to_string(),
            items: joined(items.iter().map(|(item, price)| format!("{item}={}", price.amount))),
            only_items: only_items.to_string(),
            from,
            until,
            ..PriceCells::default()
        },
        PriceView::ClientFee { client_fee, unit_cost } => PriceCells {
            charging: "client_fee".to_owned(),
            client_fee: client_fee.amount.to_string(),
            unit_cost: unit_cost.amount.to_string(),
            from,
            until,
            ..PriceCells::default()
        },
    }
}
