//! A price of an offering as a row of a file.

use std::collections::BTreeMap;

use serde_json::Value;
use valinta_domain::offering::OfferPrice;
use valinta_domain::{Amount, Day};

use super::cells::{Cells, amounts, or_null};
use super::read::{Record, with_id};
use super::report::RowErrors;

/// A price as a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PriceRecord {
    pub(crate) source_id: String,
    /// What the source calls the offering.
    pub(crate) offering: String,
    pub(crate) price: OfferPrice,
    pub(crate) from: Day,
    /// Last day; without one it holds until the next price begins.
    pub(crate) until: Option<Day>,
    pub(crate) reason: Option<String>,
}

const BY_VOUCHER: &str = "voucher";
const BY_CLIENT_FEE: &str = "client_fee";

impl Record for PriceRecord {
    const COLUMNS: &'static [&'static str] = &[
        "source_id",
        "offering",
        "charging",
        "price",
        "client_fee",
        "unit_cost",
        "items",
        "only_items",
        "valid_from",
        "valid_until",
        "reason",
    ];
    const NEEDED: &'static [&'static str] = &["source_id", "offering", "charging", "valid_from"];
    const EXPORT_COLUMNS: &'static [&'static str] = &with_id::<12>(Self::COLUMNS);

    fn read(cells: &Cells, errors: &mut RowErrors) -> Option<Self> {
        let source_id = cells.source_id(errors);
        let offering = cells.reference(errors, "offering");
        let price = price(cells, errors);
        let from = cells.required(errors, "valid_from", |text| text.trim().parse::<Day>());
        let until = cells.day(errors, "valid_until");
        if let (Some(from), Some(Some(until))) = (from, until)
            && until < from
        {
            errors.fail("valid_until", "order", "it ends before it begins");
        }
        let reason = cells.text(errors, "reason", 4_000);
        Some(Self {
            source_id: source_id?,
            offering: offering?,
            price: price?,
            from: from?,
            until: until?,
            reason: reason?,
        })
    }

    fn source_id(&self) -> &str {
        &self.source_id
    }

    fn values(&self) -> Vec<Value> {
        let (charging, price, client_fee, unit_cost, items, only_items) = match &self.price {
            OfferPrice::Voucher { price, items, only_items } => {
                (BY_VOUCHER, Some(price), None, None, amounts(items), Value::Bool(*only_items))
            }
            OfferPrice::ClientFee { client_fee, unit_cost } => {
                (BY_CLIENT_FEE, None, Some(client_fee), Some(unit_cost), amounts(&BTreeMap::new()), Value::Null)
            }
        };
        vec![
            self.source_id.clone().into(),
            self.offering.clone().into(),
            charging.into(),
            or_null(price),
            or_null(client_fee),
            or_null(unit_cost),
            items,
            only_items,
            or_null(Some(self.from)),
            or_null(self.until),
            or_null(self.reason.as_ref()),
        ]
    }
}

fn price(cells: &Cells, errors: &mut RowErrors) -> Option<OfferPrice> {
    let charging = cells.required(errors, "charging", |text| match text.trim() {
        charging @ (BY_VOUCHER | BY_CLIENT_FEE) => Ok(charging == BY_CLIENT_FEE),
        _ => Err("voucher or client_fee is wanted"),
    });
    let mut amount = |column| cells.optional(errors, column, |text| text.trim().parse::<Amount>());
    let (price, client_fee, unit_cost) = (amount("price"), amount("client_fee"), amount("unit_cost"));
    let items = cells.items(errors, "items", item);
    let only_items = cells.flag(errors, "only_items");
    let by_client_fee = charging?;
    let (wanted, not_wanted): (&[&str], &[&str]) = if by_client_fee {
        (&["client_fee", "unit_cost"], &["price", "items"])
    } else {
        (&["price"], &["client_fee", "unit_cost"])
    };
    for column in wanted.iter().filter(|column| cells.get(column).is_none()) {
        errors.fail(column, "missing", "this must be given for this charging");
    }
    for column in not_wanted.iter().filter(|column| cells.get(column).is_some()) {
        errors.fail(column, "not_for_charging", "this is not given for this charging");
    }
    let listed = items?;
    let items: BTreeMap<String, Amount> = listed.iter().cloned().collect();
    if items.len() < listed.len() {
        errors.fail("items", "duplicate", "an item is listed twice");
        return None;
    }
    let only_items = only_items?.unwrap_or(false);
    if by_client_fee {
        if only_items {
            errors.fail("only_items", "not_for_charging", "this is not given for this charging");
        }
        Some(OfferPrice::ClientFee { client_fee: client_fee??, unit_cost: unit_cost?? })
    } else {
        Some(OfferPrice::Voucher { price: price??, items, only_items })
    }
}

/// The price of an item, as `bath=12.00`.
fn item(text: &str) -> Result<(String, Amount), &'static str> {
    const FORM: &str = "prices of items are written as bath=12.00|meal=3.50";
    let (item, amount) = text.split_once('=').ok_or(FORM)?;
    if item.is_empty() || item.len() > 64 {
        return Err(FORM);
    }
    Ok((item.to_owned(), amount.trim().parse().map_err(|_| FORM)?))
}
