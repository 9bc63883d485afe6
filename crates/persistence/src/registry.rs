//! The registry as a whole: its revision, and everything that can be chosen, loaded for the choice engine.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::approval::Approved;
use valinta_domain::choice::{Candidate, Lot, Order, Query, Snapshot};
use valinta_domain::id::kind;
use valinta_domain::offering::{OfferPrice, PriceCheck};
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::Facts;
use valinta_domain::time::Timeline;
use valinta_domain::valuation::Valuation;
use valinta_domain::voucher::Voucher;
use valinta_domain::{Day, Id, Moment, Period};

use crate::approvals;
use crate::convert::{from_json, period_or_none};
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::offerings::{self, DatedPrice, Offering};
use crate::places;
use crate::providers::{self, ServiceUnit, UnitRow};
use crate::registry_changes::widened;
use crate::schema::{
    offering_prices, offerings as offering_rows, provider_sectors, providers as provider_rows, registry_changes,
    registry_revision, rulebooks, service_units,
};
use crate::types::{DbId, DbMoment};

/// Counts a change of what can be listed and chosen, and notes of what. Last in its transaction: from here to the commit
/// all who change the registry wait for each other, so that revisions are seen in their order.
///
/// # Errors
/// The database's.
pub fn touch(c: &mut Conn, changes: &BTreeSet<RegistryChange>, at: Moment) -> Result<(), DbError> {
    let changes = widened(c, changes)?;
    diesel::update(registry_revision::table.find(1))
        .set(registry_revision::revision.eq(registry_revision::revision + 1))
        .execute(c)?;
    let revision = revision(c)?;
    let rows: Vec<ChangeRow> = (0..)
        .zip(&changes)
        .map(|(line, change)| ChangeRow {
            revision,
            line,
            subject_kind: change.kind.code(),
            subject_id: DbId(change.id),
            organiser_id: change.organiser.map(DbId::from),
            at: at.into(),
        })
        .collect();
    insert_many!(c, registry_changes::table, &rows)?;
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = registry_changes)]
struct ChangeRow {
    revision: i64,
    line: i32,
    subject_kind: &'static str,
    subject_id: DbId,
    organiser_id: Option<DbId>,
    at: DbMoment,
}

/// The registry's revision.
///
/// # Errors
/// The database's.
pub fn revision(c: &mut Conn) -> Result<i64, DbError> {
    Ok(registry_revision::table.find(1).select(registry_revision::revision).first(c)?)
}

/// Loads everything that can be chosen, at the revision that this transaction sees.
///
/// # Errors
/// The database's.
pub fn load(c: &mut Conn) -> Result<Snapshot, DbError> {
    load_of(c, None)
}

/// Loads what can be chosen, of one voucher type or of all.
fn load_of(c: &mut Conn, only: Option<Id<kind::VoucherType>>) -> Result<Snapshot, DbError> {
    let revision = revision(c)?;
    let candidates = candidates(c, only.map(DbId::from))?;
    Ok(Snapshot::new(revision, rulebooks_by_type(c, only.map(DbId::from))?, candidates))
}

/// All that is offered for a voucher type, whether or not it can be chosen now: read from the database.
///
/// # Errors
/// The database's.
pub fn candidates_of(c: &mut Conn, voucher_type: Id<kind::VoucherType>) -> Result<Vec<Candidate>, DbError> {
    let all = candidates(c, Some(DbId::from(voucher_type)))?;
    Ok(all.into_iter().map(|(_, candidate)| candidate).collect())
}

fn candidates(c: &mut Conn, only: Option<DbId>) -> Result<Vec<(Id<kind::VoucherType>, Candidate)>, DbError> {
    let offerings = offerings_of(c, only)?;
    let names = names_by_provider(c, only)?;
    let units = units_of(c, only)?;
    let sectors = sectors_by_provider(c, only)?;
    let standings = approvals::standings(c, only)?;
    let mut prices = prices_by_offering(c, only)?;
    let full = places::taken_until_of_all(c, only)?;
    let mut candidates = Vec::with_capacity(offerings.len());
    for offering in offerings {
        let key = (DbId::from(offering.unit), DbId::from(offering.voucher_type));
        let unit =
            units.get(&DbId::from(offering.unit)).ok_or_else(|| DbError::corrupt("an offering without a unit"))?;
        let provider = DbId::from(offering.provider);
        let standing = standings.get(&key).cloned().unwrap_or_default();
        let details = unit.details.clone();
        candidates.push((
            offering.voucher_type,
            Candidate {
                offering: offering.id,
                provider: offering.provider,
                provider_name: names.get(&provider).cloned().unwrap_or_default(),
                sectors: providers::sector_timeline(sectors.get(&provider).cloned().unwrap_or_default())?,
                unit: unit.id,
                postal_address: format!("{} {}", details.postal_code, details.postal_place),
                coordinates_e6: details.coordinates_e6(),
                unit_name: details.name,
                street_address: details.street_address,
                municipality: details.municipality,
                service_area: details.service_area,
                languages: offering.details().languages_of(&details.languages),
                modes: offering.details().modes_of(&details.modes),
                step_free: details.step_free,
                approvals: open_until(standing.approvals, details.closed_from),
                interruptions: standing.interruptions,
                accepts_new_clients: offering.accepts_new_clients,
                earliest_start: offering.earliest_start,
                queue: offering.queue,
                places_taken_until: full.get(&DbId::from(offering.id)).copied(),
                prices: offerings::price_timeline(prices.remove(&DbId::from(offering.id)).unwrap_or_default())?,
            },
        ));
    }
    Ok(candidates)
}

/// Approvals as far as the unit is open: one that has closed takes no new choices, whatever it is approved for.
fn open_until(approvals: Vec<Approved>, closed_from: Option<Day>) -> Vec<Approved> {
    let Some(closed_from) = closed_from else { return approvals };
    let cut = |approved: Approved| {
        let end = approved.period.to().map_or(closed_from, |to| to.min(closed_from));
        let period = Period::new(approved.period.from(), Some(end)).ok()?;
        Some(Approved { period, ..approved })
    };
    approvals.into_iter().filter_map(cut).collect()
}

fn offerings_of(c: &mut Conn, only: Option<DbId>) -> Result<Vec<Offering>, DbError> {
    let mut query = offering_rows::table.select(offerings::Row::as_select()).into_boxed();
    if let Some(only) = only {
        query = query.filter(offering_rows::voucher_type_id.eq(only));
    }
    query.load::<offerings::Row>(c)?.into_iter().map(offerings::Row::offering).collect()
}

fn units_of(c: &mut Conn, only: Option<DbId>) -> Result<HashMap<DbId, ServiceUnit>, DbError> {
    let mut query = service_units::table.select(UnitRow::as_select()).into_boxed();
    if let Some(only) = only {
        let offering = offering_rows::table.filter(offering_rows::voucher_type_id.eq(only));
        query = query.filter(service_units::id.eq_any(offering.select(offering_rows::unit_id)));
    }
    let rows: Vec<UnitRow> = query.load(c)?;
    rows.into_iter().map(|row| row.unit().map(|unit| (DbId::from(unit.id), unit))).collect()
}

type RulebooksByType = Vec<(Id<kind::VoucherType>, Timeline<PriceCheck<RulebookTerms>>)>;

/// The adopted rulebooks, by the days on which they are in force.
fn rulebooks_by_type(c: &mut Conn, only: Option<DbId>) -> Result<RulebooksByType, DbError> {
    const TABLE: &str = "rulebooks";
    let mut query = rulebooks::table
        .filter(rulebooks::state.eq("adopted"))
        .filter(rulebooks::valid_from.is_not_null())
        .select((
            rulebooks::voucher_type_id,
            rulebooks::terms,
            rulebooks::valid_from.assume_not_null(),
            rulebooks::valid_to,
        ))
        .into_boxed();
    if let Some(only) = only {
        query = query.filter(rulebooks::voucher_type_id.eq(only));
    }
    let rows: Vec<(DbId, String, NaiveDate, Option<NaiveDate>)> = query.load(c)?;
    let mut by_type: HashMap<DbId, Vec<(Period, PriceCheck<RulebookTerms>)>> = HashMap::new();
    for (voucher_type, terms, from, to) in rows {
        if let Some(period) = period_or_none(TABLE, from, to)? {
            let terms = PriceCheck::under(from_json(TABLE, &terms)?);
            by_type.entry(voucher_type).or_default().push((period, terms));
        }
    }
    let timeline = |(id, entries): (DbId, _)| match Timeline::new(entries) {
        Ok(timeline) => Ok((id.id(), timeline)),
        Err(overlap) => Err(DbError::corrupt(format!("{TABLE}: {overlap}"))),
    };
    by_type.into_iter().map(timeline).collect()
}

fn names_by_provider(c: &mut Conn, only: Option<DbId>) -> Result<HashMap<DbId, String>, DbError> {
    let mut query = provider_rows::table.select((provider_rows::id, provider_rows::name)).into_boxed();
    if let Some(only) = only {
        let offering = offering_rows::table.filter(offering_rows::voucher_type_id.eq(only));
        query = query.filter(provider_rows::id.eq_any(offering.select(offering_rows::provider_id)));
    }
    Ok(query.load::<(DbId, String)>(c)?.into_iter().collect())
}

type SectorRows = Vec<(String, NaiveDate, Option<NaiveDate>)>;

fn sectors_by_provider(c: &mut Conn, only: Option<DbId>) -> Result<HashMap<DbId, SectorRows>, DbError> {
    let mut query = provider_sectors::table
        .select((
            provider_sectors::provider_id,
            provider_sectors::sector,
            provider_sectors::valid_from,
            provider_sectors::valid_to,
        ))
        .into_boxed();
    if let Some(only) = only {
        let offering = offering_rows::table.filter(offering_rows::voucher_type_id.eq(only));
        query = query.filter(provider_sectors::provider_id.eq_any(offering.select(offering_rows::provider_id)));
    }
    let rows: Vec<(DbId, String, NaiveDate, Option<NaiveDate>)> = query.load(c)?;
    let mut sectors: HashMap<DbId, SectorRows> = HashMap::new();
    for (provider, sector, from, to) in rows {
        sectors.entry(provider).or_default().push((sector, from, to));
    }
    Ok(sectors)
}

fn prices_by_offering(c: &mut Conn, only: Option<DbId>) -> Result<HashMap<DbId, Vec<DatedPrice>>, DbError> {
    let mut query = offering_prices::table.select(DatedPrice::as_select()).into_boxed();
    if let Some(only) = only {
        let offering = offering_rows::table.filter(offering_rows::voucher_type_id.eq(only));
        query = query.filter(offering_prices::offering_id.eq_any(offering.select(offering_rows::id)));
    }
    let rows: Vec<DatedPrice> = query.load(c)?;
    let mut prices: HashMap<DbId, Vec<DatedPrice>> = HashMap::new();
    for row in rows {
        prices.entry(row.offering_id).or_default().push(row);
    }
    Ok(prices)
}

/// One offering as a candidate, read from the database and not from a snapshot: for the moment of choosing.
///
/// # Errors
/// The database's.
pub fn candidate(c: &mut Conn, id: Id<kind::Offering>) -> Result<Option<(Offering, Candidate)>, DbError> {
    candidate_for(c, id, Asking::default())
}

/// Who asks for a candidate, and when.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asking {
    /// With which voucher: its holder keeps the place that the voucher has.
    pub voucher: Option<Id<kind::Voucher>>,
    /// The day on which is asked; requests that were to be answered before it take no place.
    pub today: Option<Day>,
}

/// As [`candidate`], for who asks for it.
///
/// # Errors
/// The database's.
pub fn candidate_for(
    c: &mut Conn,
    id: Id<kind::Offering>,
    asking: Asking,
) -> Result<Option<(Offering, Candidate)>, DbError> {
    let Some(offering) = offerings::find(c, id)? else { return Ok(None) };
    let unit = providers::find_unit(c, offering.unit)?.ok_or_else(|| DbError::corrupt("an offering without a unit"))?;
    let provider =
        providers::find(c, offering.provider)?.ok_or_else(|| DbError::corrupt("an offering without a provider"))?;
    let standing = approvals::standing_of(c, offering.unit, offering.voucher_type)?;
    let details = unit.details;
    let candidate = Candidate {
        offering: offering.id,
        provider: offering.provider,
        provider_name: provider.details.name,
        sectors: providers::sectors(c, offering.provider)?,
        unit: unit.id,
        postal_address: format!("{} {}", details.postal_code, details.postal_place),
        coordinates_e6: details.coordinates_e6(),
        unit_name: details.name,
        street_address: details.street_address,
        municipality: details.municipality,
        service_area: details.service_area,
        languages: offering.details().languages_of(&details.languages),
        modes: offering.details().modes_of(&details.modes),
        step_free: details.step_free,
        approvals: open_until(standing.approvals, details.closed_from),
        interruptions: standing.interruptions,
        accepts_new_clients: offering.accepts_new_clients,
        earliest_start: offering.earliest_start,
        queue: offering.queue,
        places_taken_until: places::taken_until(c, &offering, asking.voucher, asking.today)?,
        prices: offerings::prices(c, offering.id)?,
    };
    Ok(Some((offering, candidate)))
}

/// The prices at which a voucher can be used if its holder chooses on a day: those that its list of choices shows.
/// `valuation` is what units are worth to its holder, `client` what criteria for offerings may ask of the holder. Read
/// from the database and not from a snapshot, but listed by the same code.
///
/// # Errors
/// The database's.
pub fn prices_for(
    c: &mut Conn,
    voucher: &Voucher,
    valuation: &Valuation<'_>,
    client: &Facts,
    day: Day,
) -> Result<Vec<OfferPrice>, DbError> {
    let lot = Lot::of_voucher(&[], voucher.id);
    let query = Query {
        validity: Some(voucher.validity),
        valuation: Some(valuation),
        free_of_charge: voucher.free_of_charge,
        order: Order::Price,
        ..Query::all(voucher.voucher_type, day, client, &lot)
    };
    let snapshot = load_of(c, Some(query.voucher_type))?;
    Ok(snapshot.list(&query).lines.iter().map(|line| line.price.clone()).collect())
}
