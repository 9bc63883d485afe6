//! Offerings as clients compare them, put together from the tables: what choosing is checked by, and what is stored as an
//! offering's state whenever it changes.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::approval::Approved;
use valinta_domain::choice::Candidate;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Period};

use crate::approvals;
use crate::dialect::Conn;
use crate::error::DbError;
use crate::offerings::{self, DatedPrice, Offering};
use crate::places;
use crate::providers::{self, ServiceUnit, UnitRow};
use crate::quality;
use crate::schema::{
    offering_prices, offerings as offering_rows, provider_sectors, providers as provider_rows, service_units,
};
use crate::types::DbId;

/// Ids that one query takes.
pub(crate) const IDS_AT_ONCE: usize = 500;

/// Which offerings are put together.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which<'a> {
    /// Those of a voucher type.
    OfType(DbId),
    /// These.
    These(&'a [DbId]),
}

/// An offering as it is stored, and as clients compare it.
pub(crate) type Offered = (Offering, Candidate);

/// Offerings as clients compare them, in order of their ids.
///
/// # Errors
/// The database's.
pub(crate) fn candidates(c: &mut Conn, which: Which<'_>) -> Result<Vec<Offered>, DbError> {
    let offerings = offerings_of(c, which)?;
    let ids = |of: fn(&Offering) -> DbId| -> BTreeSet<DbId> { offerings.iter().map(of).collect() };
    let (of_offerings, of_units) = (ids(|offering| offering.id.into()), ids(|offering| offering.unit.into()));
    let of_providers = ids(|offering| offering.provider.into());
    let names = names_by_provider(c, &of_providers)?;
    let sectors = sectors_by_provider(c, &of_providers)?;
    let units = units_of(c, &of_units)?;
    let standings = approvals::standings(c, &of_units)?;
    let mut prices = prices_by_offering(c, &of_offerings)?;
    let full = places::taken_until_of(c, &of_offerings)?;
    let mut told = quality::told(c, &of_offerings)?;
    let mut candidates = Vec::with_capacity(offerings.len());
    for offering in offerings {
        let key = (DbId::from(offering.unit), DbId::from(offering.voucher_type));
        let unit =
            units.get(&DbId::from(offering.unit)).ok_or_else(|| DbError::corrupt("an offering without a unit"))?;
        let provider = DbId::from(offering.provider);
        let name = names.get(&provider).ok_or_else(|| DbError::corrupt("an offering without a provider"))?;
        let standing = standings.get(&key).cloned().unwrap_or_default();
        let details = unit.details.clone();
        let candidate = Candidate {
            offering: offering.id,
            provider: offering.provider,
            provider_name: name.as_str().into(),
            sectors: providers::sector_timeline(sectors.get(&provider).cloned().unwrap_or_default())?,
            unit: unit.id,
            postal_address: format!("{} {}", details.postal_code, details.postal_place).into(),
            coordinates_e6: details.coordinates_e6(),
            unit_name: details.name.into(),
            street_address: details.street_address.into(),
            municipality: details.municipality,
            service_area: details.service_area,
            languages: offering.details().languages_of(&details.languages).into(),
            modes: offering.details().modes_of(&details.modes).into(),
            step_free: details.step_free,
            approvals: open_until(standing.approvals, details.closed_from),
            interruptions: standing.interruptions,
            accepts_new_clients: offering.accepts_new_clients,
            earliest_start: offering.earliest_start,
            queue: offering.queue,
            places_taken_until: full.get(&DbId::from(offering.id)).copied(),
            prices: offerings::price_timeline(prices.remove(&DbId::from(offering.id)).unwrap_or_default())?,
            quality: told.remove(&DbId::from(offering.id)).unwrap_or_default(),
        };
        candidates.push((offering, candidate));
    }
    Ok(candidates)
}

/// One offering.
///
/// # Errors
/// The database's.
pub(crate) fn candidate(c: &mut Conn, id: Id<kind::Offering>) -> Result<Option<Offered>, DbError> {
    Ok(candidates(c, Which::These(&[id.into()]))?.pop())
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

fn offerings_of(c: &mut Conn, which: Which<'_>) -> Result<Vec<Offering>, DbError> {
    let all = || offering_rows::table.select(offerings::Row::as_select()).order(offering_rows::id);
    let rows: Vec<offerings::Row> = match which {
        Which::OfType(voucher_type) => all().filter(offering_rows::voucher_type_id.eq(voucher_type)).load(c)?,
        Which::These(ids) => {
            let mut rows = Vec::with_capacity(ids.len());
            for some in ids.chunks(IDS_AT_ONCE) {
                rows.extend(all().filter(offering_rows::id.eq_any(some)).load::<offerings::Row>(c)?);
            }
            rows
        }
    };
    rows.into_iter().map(offerings::Row::offering).collect()
}

/// The rows of a query that are of some ids, however many those are.
macro_rules! rows_of {
    ($c:expr, $query:expr, $id:expr, $ids:expr) => {{
        let ids: Vec<DbId> = $ids.iter().copied().collect();
        let mut rows = Vec::new();
        for some in ids.chunks($crate::candidates::IDS_AT_ONCE) {
            rows.append(&mut $query.filter($id.eq_any(some)).load($c)?);
        }
        rows
    }};
}
pub(crate) use rows_of;

fn units_of(c: &mut Conn, ids: &BTreeSet<DbId>) -> Result<HashMap<DbId, ServiceUnit>, DbError> {
    let query = || service_units::table.select(UnitRow::as_select());
    let rows: Vec<UnitRow> = rows_of!(c, query(), service_units::id, ids);
    rows.into_iter().map(|row| row.unit().map(|unit| (DbId::from(unit.id), unit))).collect()
}

fn names_by_provider(c: &mut Conn, ids: &BTreeSet<DbId>) -> Result<HashMap<DbId, String>, DbError> {
    let query = || provider_rows::table.select((provider_rows::id, provider_rows::name));
    let rows: Vec<(DbId, String)> = rows_of!(c, query(), provider_rows::id, ids);
    Ok(rows.into_iter().collect())
}

type SectorRows = Vec<(String, NaiveDate, Option<NaiveDate>)>;

fn sectors_by_provider(c: &mut Conn, ids: &BTreeSet<DbId>) -> Result<HashMap<DbId, SectorRows>, DbError> {
    let query = || {
        provider_sectors::table.select((
            provider_sectors::provider_id,
            provider_sectors::sector,
            provider_sectors::valid_from,
            provider_sectors::valid_to,
        ))
    };
    let rows: Vec<(DbId, String, NaiveDate, Option<NaiveDate>)> =
        rows_of!(c, query(), provider_sectors::provider_id, ids);
    let mut sectors: HashMap<DbId, SectorRows> = HashMap::new();
    for (provider, sector, from, to) in rows {
        sectors.entry(provider).or_default().push((sector, from, to));
    }
    Ok(sectors)
}

fn prices_by_offering(c: &mut Conn, ids: &BTreeSet<DbId>) -> Result<HashMap<DbId, Vec<DatedPrice>>, DbError> {
    let query = || offering_prices::table.select(DatedPrice::as_select());
    let rows: Vec<DatedPrice> = rows_of!(c, query(), offering_prices::offering_id, ids);
    let mut prices: HashMap<DbId, Vec<DatedPrice>> = HashMap::new();
    for row in rows {
        prices.entry(row.offering_id).or_default().push(row);
    }
    Ok(prices)
}
