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

/// A price as its columns have it: charging, price, client fee, unit cost.
pub(crate) fn price_columns(price: OfferPrice) -> (&'static str, Option<i64>, Option<i64>, Option<i64>) {
    match price {
        OfferPrice::Voucher { price } => ("voucher", Some(price.minor()), None, None),
        OfferPrice::ClientFee { client_fee, unit_cost } => {
            ("client_fee", None, Some(client_fee.minor()), Some(unit_cost.minor()))
        }
    }
}

pub(crate) fn price(
    table: &'static str,
    charging: &str,
    price: Option<i64>,
    client_fee: Option<i64>,
    unit_cost: Option<i64>,
) -> Result<OfferPrice, DbError> {
    match (charging, price, client_fee, unit_cost) {
        ("voucher", Some(price), None, None) => Ok(OfferPrice::Voucher { price: Amount::from_minor(price) }),
        ("client_fee", None, Some(fee), Some(cost)) => {
            Ok(OfferPrice::ClientFee { client_fee: Amount::from_minor(fee), unit_cost: Amount::from_minor(cost) })
        }
        _ => Err(DbError::corrupt(format!("{table} holds a price that is none"))),
    }
}
