//! From columns to domain values and back. A column that holds what no code of ours writes is a named error.

use chrono::NaiveDate;
use serde::{Serialize, de::DeserializeOwned};
use valinta_domain::offering::OfferPrice;
use valinta_domain::{Amount, Day, Localized, Period};

use crate::error::DbError;

/// A value that a column holds by its code.
pub(crate) fn coded<T>(table: &'static str, code: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, DbError> {
    parse(code).ok_or_else(|| DbError::corrupt(format!("{table} holds the unknown code {code:?}")))
}

/// A value that a column holds as text of its own form.
pub(crate) fn parsed<T: std::str::FromStr>(table: &'static str, text: &str) -> Result<T, DbError> {
    text.parse().map_err(|_| DbError::corrupt(format!("{table} holds a malformed identifier")))
}

pub(crate) fn from_json<T: DeserializeOwned>(table: &'static str, text: &str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|e| DbError::corrupt(format!("{table} holds malformed JSON: {e}")))
}

pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|e| DbError::Internal(format!("a value could not be written as JSON: {e}")))
}

pub(crate) fn period(table: &'static str, from: NaiveDate, to: Option<NaiveDate>) -> Result<Period, DbError> {
    Period::new(Day::new(from), to.map(Day::new)).map_err(|e| DbError::corrupt(format!("{table}: {e}")))
}

/// A period, or `None` for one that was closed on the day it began.
pub(crate) fn period_or_none(
    table: &'static str,
    from: NaiveDate,
    to: Option<NaiveDate>,
) -> Result<Option<Period>, DbError> {
    if to == Some(from) { Ok(None) } else { period(table, from, to).map(Some) }
}

pub(crate) fn localized(fi: String, sv: String, en: String) -> Localized {
    Localized { fi, sv, en }
}

/// A price as its columns have it.
#[derive(Debug, Clone)]
pub(crate) struct PriceColumns {
    pub(crate) charging: String,
    pub(crate) price_minor: Option<i64>,
    pub(crate) client_fee_minor: Option<i64>,
    pub(crate) unit_cost_minor: Option<i64>,
    pub(crate) items: Option<String>,
    pub(crate) only_items: bool,
}

impl PriceColumns {
    pub(crate) fn of(price: &OfferPrice) -> Result<Self, DbError> {
        Ok(match price {
            OfferPrice::Voucher { price, items, only_items } => Self {
                charging: BY_VOUCHER.to_owned(),
                price_minor: Some(price.minor()),
                client_fee_minor: None,
                unit_cost_minor: None,
                items: if items.is_empty() { None } else { Some(to_json(items)?) },
                only_items: *only_items,
            },
            OfferPrice::ClientFee { client_fee, unit_cost } => Self {
                charging: BY_CLIENT_FEE.to_owned(),
                price_minor: None,
                client_fee_minor: Some(client_fee.minor()),
                unit_cost_minor: Some(unit_cost.minor()),
                items: None,
                only_items: false,
            },
        })
    }

    pub(crate) fn price(self, table: &'static str) -> Result<OfferPrice, DbError> {
        let columns = (self.charging.as_str(), self.price_minor, self.client_fee_minor, self.unit_cost_minor);
        match (columns, self.items, self.only_items) {
            ((BY_VOUCHER, Some(price), None, None), items, only_items) => Ok(OfferPrice::Voucher {
                price: Amount::from_minor(price),
                items: items.map(|items| from_json(table, &items)).transpose()?.unwrap_or_default(),
                only_items,
            }),
            ((BY_CLIENT_FEE, None, Some(fee), Some(cost)), None, false) => {
                Ok(OfferPrice::ClientFee { client_fee: Amount::from_minor(fee), unit_cost: Amount::from_minor(cost) })
            }
            _ => Err(DbError::corrupt(format!("{table} holds a price that is none"))),
        }
    }
}

/// Whether a service is charged by a client fee, from its column.
pub(crate) fn by_client_fee(table: &'static str, charging: &str) -> Result<bool, DbError> {
    coded(table, charging, |code| match code {
        BY_VOUCHER => Some(false),
        BY_CLIENT_FEE => Some(true),
        _ => None,
    })
}

/// The column's word for that.
pub(crate) fn charging_code(by_client_fee: bool) -> &'static str {
    if by_client_fee { BY_CLIENT_FEE } else { BY_VOUCHER }
}

const BY_VOUCHER: &str = "voucher";
const BY_CLIENT_FEE: &str = "client_fee";
