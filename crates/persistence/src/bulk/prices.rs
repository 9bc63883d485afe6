//! Prices in bulk. A price that was set stays what it was; only its end can be set.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::offering::OfferPrice;
use valinta_domain::{Amount, Day, Id, Moment};

use super::IDS_PER_QUERY_MAX;
use crate::convert::{by_client_fee, charging_code, from_json, to_json};
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::schema::offering_prices;
use crate::types::{DbId, DbMoment};

const TABLE: &str = "offering_prices";

/// A price and its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedOfferPrice {
    /// Its id.
    pub id: Id<kind::OfferingPrice>,
    /// Of which offering.
    pub offering: Id<kind::Offering>,
    /// The price.
    pub price: OfferPrice,
    /// Why it was raised, if it was said.
    pub reason: Option<String>,
    /// First day.
    pub from: Day,
    /// The first day on which it no longer holds; the day on which it begins where it never held.
    pub to: Option<Day>,
    /// The rulebook it was checked against.
    pub rulebook: Id<kind::Rulebook>,
    /// Who set it.
    pub created_by: String,
    /// When.
    pub created_at: Moment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = offering_prices, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    offering_id: DbId,
    charging: String,
    price_minor: Option<i64>,
    client_fee_minor: Option<i64>,
    unit_cost_minor: Option<i64>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    rulebook_id: DbId,
    created_by: String,
    created_at: DbMoment,
    items: Option<String>,
    reason: Option<String>,
    only_items: bool,
}

impl Row {
    fn of(dated: &DatedOfferPrice) -> Result<Self, DbError> {
        let mut row = Self {
            id: dated.id.into(),
            offering_id: dated.offering.into(),
            charging: String::new(),
            price_minor: None,
            client_fee_minor: None,
            unit_cost_minor: None,
            valid_from: dated.from.date(),
            valid_to: dated.to.map(Day::date),
            rulebook_id: dated.rulebook.into(),
            created_by: dated.created_by.clone(),
            created_at: dated.created_at.into(),
            items: None,
            reason: dated.reason.clone(),
            only_items: false,
        };
        match &dated.price {
            OfferPrice::Voucher { price, items, only_items } => {
                charging_code(false).clone_into(&mut row.charging);
                row.price_minor = Some(price.minor());
                row.items = if items.is_empty() { None } else { Some(to_json(items)?) };
                row.only_items = *only_items;
            }
            OfferPrice::ClientFee { client_fee, unit_cost } => {
                charging_code(true).clone_into(&mut row.charging);
                row.client_fee_minor = Some(client_fee.minor());
                row.unit_cost_minor = Some(unit_cost.minor());
            }
        }
        Ok(row)
    }

    fn dated(self) -> Result<DatedOfferPrice, DbError> {
        let amount = |minor: Option<i64>| {
            minor.map(Amount::from_minor).ok_or_else(|| DbError::corrupt(format!("{TABLE} holds a price that is none")))
        };
        let price = if by_client_fee(TABLE, &self.charging)? {
            OfferPrice::ClientFee {
                client_fee: amount(self.client_fee_minor)?,
                unit_cost: amount(self.unit_cost_minor)?,
            }
        } else {
            OfferPrice::Voucher {
                price: amount(self.price_minor)?,
                items: self.items.map(|items| from_json(TABLE, &items)).transpose()?.unwrap_or_default(),
                only_items: self.only_items,
            }
        };
        Ok(DatedOfferPrice {
            id: self.id.id(),
            offering: self.offering_id.id(),
            price,
            reason: self.reason,
            from: Day::new(self.valid_from),
            to: self.valid_to.map(Day::new),
            rulebook: self.rulebook_id.id(),
            created_by: self.created_by,
            created_at: self.created_at.moment(),
        })
    }
}

/// Adds prices. Their offerings have been taken.
///
/// # Errors
/// [`DbError::Check`] where two would hold on one day.
pub fn insert_prices(c: &mut Conn, new: &[DatedOfferPrice]) -> Result<(), DbError> {
    let rows = new.iter().map(Row::of).collect::<Result<Vec<_>, DbError>>()?;
    insert_many!(c, offering_prices::table, &rows)?;
    Ok(())
}

/// Lets a price end before a day, or have no end. Its offering has been taken.
///
/// # Errors
/// [`DbError::Check`] where two would hold on one day.
pub fn end_price(c: &mut Conn, id: Id<kind::OfferingPrice>, to: Option<Day>) -> Result<(), DbError> {
    diesel::update(offering_prices::table.find(DbId::from(id)))
        .set(offering_prices::valid_to.eq(to.map(Day::date)))
        .execute(c)?;
    Ok(())
}

/// All prices that offerings ever had, by offering and first day; those that were replaced before they held too.
///
/// # Errors
/// The database's.
pub fn prices_of(c: &mut Conn, offerings: &[Id<kind::Offering>]) -> Result<Vec<DatedOfferPrice>, DbError> {
    let mut found = Vec::new();
    for some in offerings.chunks(IDS_PER_QUERY_MAX) {
        let some = some.iter().map(|id| DbId::from(*id));
        let rows = offering_prices::table
            .filter(offering_prices::offering_id.eq_any(some))
            .order((offering_prices::offering_id, offering_prices::valid_from, offering_prices::id))
            .select(Row::as_select())
            .load(c)?;
        for row in rows {
            found.push(row.dated()?);
        }
    }
    Ok(found)
}

/// To which offerings prices belong, by the prices' ids.
///
/// # Errors
/// The database's.
pub fn offerings_of_prices(
    c: &mut Conn,
    ids: &[Id<kind::OfferingPrice>],
) -> Result<HashMap<Id<kind::OfferingPrice>, Id<kind::Offering>>, DbError> {
    let mut found = HashMap::new();
    for some in ids.chunks(IDS_PER_QUERY_MAX) {
        let some = some.iter().map(|id| DbId::from(*id));
        let rows: Vec<(DbId, DbId)> = offering_prices::table
            .filter(offering_prices::id.eq_any(some))
            .select((offering_prices::id, offering_prices::offering_id))
            .load(c)?;
        found.extend(rows.into_iter().map(|(id, offering)| (id.id(), offering.id())));
    }
    Ok(found)
}
