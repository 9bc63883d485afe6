//! Choices of a provider for a voucher, by day.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::offering::OfferPrice;
use valinta_domain::provider::Sector;
use valinta_domain::{Day, Id, Moment, Period};

use crate::convert::{PriceColumns, coded};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::choices;
use crate::types::{DbId, DbMoment};

/// A pick of a provider, with the price agreed by it.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Its id.
    pub id: Id<kind::Choice>,
    /// Whose voucher.
    pub organiser: Id<kind::Organiser>,
    /// For which voucher.
    pub voucher: Id<kind::Voucher>,
    /// Which offering.
    pub offering: Id<kind::Offering>,
    /// Whose offering.
    pub provider: Id<kind::Provider>,
    /// Which unit serves.
    pub unit: Id<kind::ServiceUnit>,
    /// The provider's sector at the choice.
    pub sector: Sector,
    /// The price agreed.
    pub price: OfferPrice,
    /// First day.
    pub valid_from: Day,
    /// First day on which it no longer holds.
    pub valid_to: Option<Day>,
    /// Who chose: the token's subject.
    pub chosen_by: String,
    /// When.
    pub chosen_at: Moment,
}

impl Choice {
    /// The days on which it holds; `None` if it was replaced before its first day.
    pub fn period(&self) -> Option<Period> {
        Period::new(self.valid_from, self.valid_to).ok()
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = choices)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    voucher_id: DbId,
    offering_id: DbId,
    provider_id: DbId,
    unit_id: DbId,
    sector: String,
    charging: String,
    price_minor: Option<i64>,
    client_fee_minor: Option<i64>,
    unit_cost_minor: Option<i64>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    chosen_by: String,
    chosen_at: DbMoment,
    items: Option<String>,
}

impl Row {
    fn choice(self) -> Result<Choice, DbError> {
        Ok(Choice {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            voucher: self.voucher_id.id(),
            offering: self.offering_id.id(),
            provider: self.provider_id.id(),
            unit: self.unit_id.id(),
            sector: coded("choices", &self.sector, Sector::from_code)?,
            price: PriceColumns {
                charging: self.charging,
                price_minor: self.price_minor,
                client_fee_minor: self.client_fee_minor,
                unit_cost_minor: self.unit_cost_minor,
                items: self.items,
            }
            .price("choices")?,
            valid_from: Day::new(self.valid_from),
            valid_to: self.valid_to.map(Day::new),
            chosen_by: self.chosen_by,
            chosen_at: self.chosen_at.moment(),
        })
    }
}

/// Lets a choice hold from its first day on, and the one that held until then end. One that was to begin later never
/// does. The voucher has been taken.
///
/// # Errors
/// [`DbError::Check`] where two choices would hold on one day.
pub fn replace(c: &mut Conn, choice: &Choice) -> Result<(), DbError> {
    let from = choice.valid_from.date();
    let of_voucher = choices::table.filter(choices::voucher_id.eq(DbId::from(choice.voucher)));
    diesel::update(of_voucher.filter(choices::valid_from.ge(from)))
        .set(choices::valid_to.eq(choices::valid_from.nullable()))
        .execute(c)?;
    diesel::update(
        of_voucher
            .filter(choices::valid_from.lt(from))
            .filter(choices::valid_to.is_null().or(choices::valid_to.assume_not_null().gt(from))),
    )
    .set(choices::valid_to.eq(Some(from)))
    .execute(c)?;
    let price = PriceColumns::of(&choice.price)?;
    let row = Row {
        id: choice.id.into(),
        organiser_id: choice.organiser.into(),
        voucher_id: choice.voucher.into(),
        offering_id: choice.offering.into(),
        provider_id: choice.provider.into(),
        unit_id: choice.unit.into(),
        sector: choice.sector.code().to_owned(),
        charging: price.charging,
        price_minor: price.price_minor,
        client_fee_minor: price.client_fee_minor,
        unit_cost_minor: price.unit_cost_minor,
        valid_from: choice.valid_from.date(),
        valid_to: choice.valid_to.map(Day::date),
        chosen_by: choice.chosen_by.clone(),
        chosen_at: choice.chosen_at.into(),
        items: price.items,
    };
    diesel::insert_into(choices::table).values(&row).execute(c)?;
    Ok(())
}

/// A voucher's choices, latest first.
///
/// # Errors
/// The database's.
pub fn of_voucher(c: &mut Conn, voucher: Id<kind::Voucher>) -> Result<Vec<Choice>, DbError> {
    let rows: Vec<Row> = choices::table
        .filter(choices::voucher_id.eq(DbId::from(voucher)))
        .order(choices::id.desc())
        .limit(1_000)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::choice).collect()
}

/// The choice that holds on a day.
///
/// # Errors
/// The database's.
pub fn holding_on(c: &mut Conn, voucher: Id<kind::Voucher>, day: Day) -> Result<Option<Choice>, DbError> {
    let holds = |choice: &Choice| choice.period().is_some_and(|period| period.contains(day));
    Ok(of_voucher(c, voucher)?.into_iter().find(holds))
}
