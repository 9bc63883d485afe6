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
use crate::schema::{choices, offerings, vouchers};
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
    only_items: bool,
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
                only_items: self.only_items,
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
        only_items: price.only_items,
    };
    diesel::insert_into(choices::table).values(&row).execute(c)?;
    Ok(())
}

/// A choice that was ended before its time, and its voucher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedChoice {
    /// The choice.
    pub choice: Id<kind::Choice>,
    /// For which voucher.
    pub voucher: Id<kind::Voucher>,
    /// Whether the voucher could still be used, so that its holder chooses again.
    pub in_use: bool,
}

/// Lets the choices of a unit for a voucher type end on a day, `from`, as far as they reach it: those that began before it
/// end on it, those that were to begin later do not, unless they begin when `until` has come. The unit's approvals are
/// held, so that none is made meanwhile.
///
/// # Errors
/// The database's.
pub fn end_of_unit(
    c: &mut Conn,
    (unit, voucher_type): (Id<kind::ServiceUnit>, Id<kind::VoucherType>),
    from: Day,
    until: Option<Day>,
) -> Result<Vec<EndedChoice>, DbError> {
    let from = from.date();
    let offered = offerings::table
        .filter(offerings::unit_id.eq(DbId::from(unit)))
        .filter(offerings::voucher_type_id.eq(DbId::from(voucher_type)))
        .select(offerings::id);
    let to = choices::valid_to.assume_not_null();
    let mut reaching = choices::table
        .inner_join(vouchers::table.on(vouchers::id.eq(choices::voucher_id)))
        .filter(choices::unit_id.eq(DbId::from(unit)))
        .filter(choices::offering_id.eq_any(offered))
        .filter(choices::valid_to.is_null().or(to.gt(from).and(to.gt(choices::valid_from))))
        .order(choices::id)
        .select((choices::id, choices::voucher_id, choices::valid_from, vouchers::state, vouchers::valid_to))
        .into_boxed();
    if let Some(until) = until {
        reaching = reaching.filter(choices::valid_from.lt(until.date()));
    }
    let rows: Vec<(DbId, DbId, NaiveDate, String, NaiveDate)> = reaching.load(c)?;
    let ids: Vec<DbId> = rows.iter().map(|(id, ..)| *id).collect();
    for some in ids.chunks(ENDED_AT_ONCE) {
        let these = || choices::table.filter(choices::id.eq_any(some));
        diesel::update(these().filter(choices::valid_from.ge(from)))
            .set(choices::valid_to.eq(choices::valid_from.nullable()))
            .execute(c)?;
        diesel::update(these().filter(choices::valid_from.lt(from)))
            .set(choices::valid_to.eq(Some(from)))
            .execute(c)?;
    }
    let in_use = |state: &str, valid_to: NaiveDate| ["chosen", "in_use"].contains(&state) && valid_to > from;
    let ended = rows.into_iter().map(|(choice, voucher, _, state, valid_to)| EndedChoice {
        choice: choice.id(),
        voucher: voucher.id(),
        in_use: in_use(&state, valid_to),
    });
    Ok(ended.collect())
}

/// How many choices are ended by one statement.
const ENDED_AT_ONCE: usize = 500;

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
