//! Offerings and their prices by day.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::offering::{OfferPrice, OfferingDetails};
use valinta_domain::provider::ServiceMode;
use valinta_domain::registry_change::RegistryKind;
use valinta_domain::time::Timeline;
use valinta_domain::{Day, Id, Language, Moment, Period};

use crate::convert::{PriceColumns, from_json, period_or_none, to_json};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::registry_versions::{self, Version};
use crate::schema::{offering_prices, offerings};
use crate::types::{DbId, DbMoment};

/// What a unit offers for a voucher type.
#[derive(Debug, Clone)]
pub struct Offering {
    /// Its id.
    pub id: Id<kind::Offering>,
    /// Whose vouchers it is for.
    pub organiser: Id<kind::Organiser>,
    /// Who offers.
    pub provider: Id<kind::Provider>,
    /// Which unit.
    pub unit: Id<kind::ServiceUnit>,
    /// For what.
    pub voucher_type: Id<kind::VoucherType>,
    /// Whether new clients are taken.
    pub accepts_new_clients: bool,
    /// The earliest day a new client can start, if it is not at once.
    pub earliest_start: Option<Day>,
    /// How many are waiting, if that is known.
    pub queue: Option<u32>,
    /// How many clients it serves at once, where that is limited.
    pub places: Option<u32>,
    /// Languages of this service, where they are not all of the unit's.
    pub languages: Option<Vec<Language>>,
    /// How this service is given, where it is not in all of the unit's modes.
    pub modes: Option<Vec<ServiceMode>>,
    /// Counts changes.
    pub version: i64,
    /// When it was published.
    pub created_at: Moment,
}

impl Offering {
    /// What it says of itself besides its prices: what its versions are.
    pub fn details(&self) -> OfferingDetails {
        OfferingDetails {
            accepts_new_clients: self.accepts_new_clients,
            earliest_start: self.earliest_start,
            queue: self.queue,
            places: self.places,
            languages: self.languages.clone(),
            modes: self.modes.clone(),
        }
    }

    /// The same offering, saying something else of itself.
    #[must_use]
    pub fn with(self, details: OfferingDetails) -> Self {
        let OfferingDetails { accepts_new_clients, earliest_start, queue, places, languages, modes } = details;
        Self { accepts_new_clients, earliest_start, queue, places, languages, modes, ..self }
    }
}

/// A price that holds from a day on.
#[derive(Debug, Clone)]
pub struct NewPrice {
    /// Its id.
    pub id: Id<kind::OfferingPrice>,
    /// Of which offering.
    pub offering: Id<kind::Offering>,
    /// The price.
    pub price: OfferPrice,
    /// First day.
    pub from: Day,
    /// The rulebook it was checked against.
    pub rulebook: Id<kind::Rulebook>,
    /// Why it is changed, in the provider's words.
    pub reason: Option<String>,
    /// Who set it.
    pub created_by: String,
    /// When.
    pub created_at: Moment,
}

/// A price as it was set.
#[derive(Debug, Clone)]
pub struct SetPrice {
    /// Its id.
    pub id: Id<kind::OfferingPrice>,
    /// The price.
    pub price: OfferPrice,
    /// First day.
    pub from: Day,
    /// First day on which it no longer holds; the first day itself where it was replaced before it ever held.
    pub to: Option<Day>,
    /// The rulebook it was checked against.
    pub rulebook: Id<kind::Rulebook>,
    /// Why it was changed, in the provider's words.
    pub reason: Option<String>,
    /// Who set it.
    pub set_by: String,
    /// When.
    pub set_at: Moment,
}

impl SetPrice {
    /// The days on which it holds; `None` if it was replaced before its first day.
    pub fn period(&self) -> Option<Period> {
        Period::new(self.from, self.to).ok()
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = offerings, treat_none_as_default_value = false)]
pub(crate) struct Row {
    pub(crate) id: DbId,
    organiser_id: DbId,
    provider_id: DbId,
    unit_id: DbId,
    voucher_type_id: DbId,
    accepts_new_clients: bool,
    earliest_start: Option<NaiveDate>,
    version: i64,
    created_at: DbMoment,
    queue: Option<i32>,
    languages: Option<String>,
    modes: Option<String>,
    places: Option<i32>,
}

impl Row {
    pub(crate) fn offering(self) -> Result<Offering, DbError> {
        const TABLE: &str = "offerings";
        Ok(Offering {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            provider: self.provider_id.id(),
            unit: self.unit_id.id(),
            voucher_type: self.voucher_type_id.id(),
            accepts_new_clients: self.accepts_new_clients,
            earliest_start: self.earliest_start.map(Day::new),
            queue: self.queue.and_then(|queue| u32::try_from(queue).ok()),
            places: self.places.and_then(|places| u32::try_from(places).ok()),
            languages: self.languages.as_deref().map(|text| from_json(TABLE, text)).transpose()?,
            modes: self.modes.as_deref().map(|text| from_json(TABLE, text)).transpose()?,
            version: self.version,
            created_at: self.created_at.moment(),
        })
    }

    pub(crate) fn of(offering: &Offering) -> Result<Self, DbError> {
        Ok(Self {
            id: offering.id.into(),
            organiser_id: offering.organiser.into(),
            provider_id: offering.provider.into(),
            unit_id: offering.unit.into(),
            voucher_type_id: offering.voucher_type.into(),
            accepts_new_clients: offering.accepts_new_clients,
            earliest_start: offering.earliest_start.map(Day::date),
            version: offering.version,
            created_at: offering.created_at.into(),
            queue: offering.queue.and_then(|queue| i32::try_from(queue).ok()),
            languages: offering.languages.as_ref().map(to_json).transpose()?,
            modes: offering.modes.as_ref().map(to_json).transpose()?,
            places: offering.places.and_then(|places| i32::try_from(places).ok()),
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = offering_prices, treat_none_as_default_value = false)]
struct PriceRow<'a> {
    id: DbId,
    offering_id: DbId,
    charging: String,
    price_minor: Option<i64>,
    client_fee_minor: Option<i64>,
    unit_cost_minor: Option<i64>,
    valid_from: NaiveDate,
    rulebook_id: DbId,
    created_by: &'a str,
    created_at: DbMoment,
    items: Option<String>,
    reason: Option<&'a str>,
    only_items: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = offering_prices)]
struct SetPriceRow {
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

impl SetPriceRow {
    fn set_price(self) -> Result<SetPrice, DbError> {
        let price = PriceColumns {
            charging: self.charging,
            price_minor: self.price_minor,
            client_fee_minor: self.client_fee_minor,
            unit_cost_minor: self.unit_cost_minor,
            items: self.items,
            only_items: self.only_items,
        };
        Ok(SetPrice {
            id: self.id.id(),
            price: price.price("offering_prices")?,
            from: Day::new(self.valid_from),
            to: self.valid_to.map(Day::new),
            rulebook: self.rulebook_id.id(),
            reason: self.reason,
            set_by: self.created_by,
            set_at: self.created_at.moment(),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = offering_prices)]
pub(crate) struct DatedPrice {
    pub(crate) offering_id: DbId,
    charging: String,
    price_minor: Option<i64>,
    client_fee_minor: Option<i64>,
    unit_cost_minor: Option<i64>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    items: Option<String>,
    only_items: bool,
}

impl DatedPrice {
    /// `None` for a price that was replaced before it ever held.
    pub(crate) fn entry(self) -> Result<Option<(Period, OfferPrice)>, DbError> {
        const TABLE: &str = "offering_prices";
        let price = PriceColumns {
            charging: self.charging,
            price_minor: self.price_minor,
            client_fee_minor: self.client_fee_minor,
            unit_cost_minor: self.unit_cost_minor,
            items: self.items,
            only_items: self.only_items,
        };
        let price = price.price(TABLE)?;
        Ok(period_or_none(TABLE, self.valid_from, self.valid_to)?.map(|period| (period, price)))
    }
}

/// Adds an offering.
///
/// # Errors
/// [`DbError::Unique`] where the unit has an offering for the voucher type.
pub fn insert(c: &mut Conn, offering: &Offering) -> Result<(), DbError> {
    let row = Row::of(offering)?;
    diesel::insert_into(offerings::table).values(&row).execute(c)?;
    Ok(())
}

/// An offering by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Offering>) -> Result<Option<Offering>, DbError> {
    let row = offerings::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::offering).transpose()
}

/// What a unit offers for a voucher type.
///
/// # Errors
/// The database's.
pub fn find_of_unit(
    c: &mut Conn,
    unit: Id<kind::ServiceUnit>,
    voucher_type: Id<kind::VoucherType>,
) -> Result<Option<Offering>, DbError> {
    let query = offerings::table
        .filter(offerings::unit_id.eq(DbId::from(unit)))
        .filter(offerings::voucher_type_id.eq(DbId::from(voucher_type)));
    let row = query.select(Row::as_select()).first(c).optional()?;
    row.map(Row::offering).transpose()
}

/// Takes an offering for a change: no other transaction changes it until this one ends.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, id: Id<kind::Offering>) -> Result<Option<Offering>, DbError> {
    let taken = diesel::update(offerings::table.find(DbId::from(id)))
        .set(offerings::version.eq(offerings::version + 1))
        .execute(c)?;
    if taken == 0 { Ok(None) } else { find(c, id) }
}

/// Stores what an offering says of itself. The offering has been taken.
///
/// # Errors
/// The database's.
pub fn update_details(c: &mut Conn, offering: &Offering) -> Result<(), DbError> {
    let row = Row::of(offering)?;
    diesel::update(offerings::table.find(row.id))
        .set((
            offerings::accepts_new_clients.eq(row.accepts_new_clients),
            offerings::earliest_start.eq(row.earliest_start),
            offerings::queue.eq(row.queue),
            offerings::places.eq(row.places),
            offerings::languages.eq(row.languages),
            offerings::modes.eq(row.modes),
        ))
        .execute(c)?;
    Ok(())
}

/// Keeps what an offering says of itself now as a version of its own.
///
/// # Errors
/// The database's.
pub fn keep_version(c: &mut Conn, offering: &Offering, (by, at): (&str, Moment)) -> Result<(), DbError> {
    let subject = (RegistryKind::Offering, offering.id.uuid());
    registry_versions::keep(c, subject, offering.version, &offering.details(), (by, at))
}

/// What an offering has said of itself, latest first.
///
/// # Errors
/// The database's.
pub fn versions(
    c: &mut Conn,
    offering: Id<kind::Offering>,
    limit: i64,
) -> Result<Vec<Version<OfferingDetails>>, DbError> {
    registry_versions::of(c, (RegistryKind::Offering, offering.uuid()), None, limit)
}

/// Lets a price hold from its first day on, and the one that held until then end. A price that was to begin later is
/// replaced. The offering has been taken.
///
/// # Errors
/// [`DbError::Check`] where two prices would hold on one day.
pub fn set_price(c: &mut Conn, new: &NewPrice) -> Result<(), DbError> {
    let from = new.from.date();
    let of_offering = offering_prices::table.filter(offering_prices::offering_id.eq(DbId::from(new.offering)));
    diesel::update(of_offering.filter(offering_prices::valid_from.ge(from)))
        .set(offering_prices::valid_to.eq(offering_prices::valid_from.nullable()))
        .execute(c)?;
    diesel::update(
        of_offering
            .filter(offering_prices::valid_from.lt(from))
            .filter(offering_prices::valid_to.is_null().or(offering_prices::valid_to.assume_not_null().gt(from))),
    )
    .set(offering_prices::valid_to.eq(Some(from)))
    .execute(c)?;
    let price = PriceColumns::of(&new.price)?;
    let row = PriceRow {
        id: new.id.into(),
        offering_id: new.offering.into(),
        charging: price.charging,
        price_minor: price.price_minor,
        client_fee_minor: price.client_fee_minor,
        unit_cost_minor: price.unit_cost_minor,
        valid_from: from,
        rulebook_id: new.rulebook.into(),
        created_by: &new.created_by,
        created_at: new.created_at.into(),
        items: price.items,
        reason: new.reason.as_deref(),
        only_items: price.only_items,
    };
    diesel::insert_into(offering_prices::table).values(&row).execute(c)?;
    Ok(())
}

/// An offering's prices by day.
///
/// # Errors
/// The database's.
pub fn prices(c: &mut Conn, offering: Id<kind::Offering>) -> Result<Timeline<OfferPrice>, DbError> {
    let rows: Vec<DatedPrice> = offering_prices::table
        .filter(offering_prices::offering_id.eq(DbId::from(offering)))
        .order(offering_prices::valid_from)
        .select(DatedPrice::as_select())
        .load(c)?;
    price_timeline(rows)
}

/// The prices by day of several offerings.
///
/// # Errors
/// The database's.
pub fn prices_of_each(
    c: &mut Conn,
    offerings: &[Id<kind::Offering>],
) -> Result<HashMap<Id<kind::Offering>, Timeline<OfferPrice>>, DbError> {
    let of_each = set_prices_of_each(c, offerings)?;
    of_each.into_iter().map(|(offering, prices)| Ok((offering, timeline_of(prices)?))).collect()
}

fn timeline_of(prices: Vec<SetPrice>) -> Result<Timeline<OfferPrice>, DbError> {
    let entries = prices.into_iter().filter_map(|set| Some((set.period()?, set.price)));
    Timeline::new(entries.collect()).map_err(|e| DbError::corrupt(format!("offering_prices: {e}")))
}

/// The prices of several offerings as they were set, by first day; those that never held are left out.
///
/// # Errors
/// The database's.
pub fn set_prices_of_each(
    c: &mut Conn,
    offerings: &[Id<kind::Offering>],
) -> Result<HashMap<Id<kind::Offering>, Vec<SetPrice>>, DbError> {
    let ids: Vec<DbId> = offerings.iter().map(|id| DbId::from(*id)).collect();
    let rows: Vec<SetPriceRow> = offering_prices::table
        .filter(offering_prices::offering_id.eq_any(ids))
        .order(offering_prices::valid_from)
        .select(SetPriceRow::as_select())
        .load(c)?;
    let mut by_offering: HashMap<Id<kind::Offering>, Vec<SetPrice>> = HashMap::new();
    for row in rows {
        let offering = row.offering_id.id();
        let price = row.set_price()?;
        if price.period().is_some() {
            by_offering.entry(offering).or_default().push(price);
        }
    }
    Ok(by_offering)
}

/// Every price that was set for an offering, latest set first: those that never held included.
///
/// # Errors
/// The database's.
pub fn price_history(c: &mut Conn, offering: Id<kind::Offering>, limit: i64) -> Result<Vec<SetPrice>, DbError> {
    let rows: Vec<SetPriceRow> = offering_prices::table
        .filter(offering_prices::offering_id.eq(DbId::from(offering)))
        .order(offering_prices::id.desc())
        .limit(limit)
        .select(SetPriceRow::as_select())
        .load(c)?;
    rows.into_iter().map(SetPriceRow::set_price).collect()
}

pub(crate) fn price_timeline(rows: impl IntoIterator<Item = DatedPrice>) -> Result<Timeline<OfferPrice>, DbError> {
    let entries = rows.into_iter().map(DatedPrice::entry).filter_map(Result::transpose);
    Timeline::new(entries.collect::<Result<Vec<_>, _>>()?)
        .map_err(|e| DbError::corrupt(format!("offering_prices: {e}")))
}

/// Offerings in order of id, of one voucher type or of all.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    voucher_type: Option<Id<kind::VoucherType>>,
    provider: Option<Id<kind::Provider>>,
    after: Option<Id<kind::Offering>>,
    limit: i64,
) -> Result<Vec<Offering>, DbError> {
    let mut query = offerings::table.select(Row::as_select()).order(offerings::id).limit(limit).into_boxed();
    if let Some(voucher_type) = voucher_type {
        query = query.filter(offerings::voucher_type_id.eq(DbId::from(voucher_type)));
    }
    if let Some(provider) = provider {
        query = query.filter(offerings::provider_id.eq(DbId::from(provider)));
    }
    if let Some(after) = after {
        query = query.filter(offerings::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(Row::offering).collect()
}
