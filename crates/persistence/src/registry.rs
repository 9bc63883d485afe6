//! The registry as a whole: its revision, and everything that can be chosen, loaded for the choice engine.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::approval::ApprovalState;
use valinta_domain::choice::{Candidate, Snapshot};
use valinta_domain::id::kind;
use valinta_domain::offering::OfferPrice;
use valinta_domain::{Id, Period};

use crate::convert::period_or_none;
use crate::dialect::Conn;
use crate::error::DbError;
use crate::offerings::{self, DatedPrice, Offering};
use crate::providers::{self, ServiceUnit, UnitRow};
use crate::schema::{
    approvals, offering_prices, offerings as offering_rows, provider_sectors, providers as provider_rows,
    registry_revision, service_units,
};
use crate::types::DbId;

/// Counts a change of what can be listed and chosen.
///
/// # Errors
/// The database's.
pub fn touch(c: &mut Conn) -> Result<(), DbError> {
    diesel::update(registry_revision::table.find(1))
        .set(registry_revision::revision.eq(registry_revision::revision + 1))
        .execute(c)?;
    Ok(())
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
    let revision = revision(c)?;
    let names: HashMap<DbId, String> = provider_rows::table
        .select((provider_rows::id, provider_rows::name))
        .load::<(DbId, String)>(c)?
        .into_iter()
        .collect();
    let units: HashMap<DbId, ServiceUnit> = service_units::table
        .select(UnitRow::as_select())
        .load::<UnitRow>(c)?
        .into_iter()
        .map(|row| row.unit().map(|unit| (DbId::from(unit.id), unit)))
        .collect::<Result<_, _>>()?;
    let sectors = sectors_by_provider(c)?;
    let mut approved = approvals_by_unit_and_type(c)?;
    let mut prices = prices_by_offering(c)?;
    let offerings: Vec<Offering> = offering_rows::table
        .select(offerings::Row::as_select())
        .load::<offerings::Row>(c)?
        .into_iter()
        .map(offerings::Row::offering)
        .collect();
    let mut candidates = Vec::with_capacity(offerings.len());
    for offering in offerings {
        let key = (DbId::from(offering.unit), DbId::from(offering.voucher_type));
        let unit =
            units.get(&DbId::from(offering.unit)).ok_or_else(|| DbError::corrupt("an offering without a unit"))?;
        let provider = DbId::from(offering.provider);
        candidates.push((
            offering.voucher_type,
            Candidate {
                offering: offering.id,
                provider: offering.provider,
                provider_name: names.get(&provider).cloned().unwrap_or_default(),
                sectors: providers::sector_timeline(sectors.get(&provider).cloned().unwrap_or_default())?,
                unit: unit.id,
                unit_name: unit.name.clone(),
                street_address: unit.street_address.clone(),
                postal_address: format!("{} {}", unit.postal_code, unit.postal_place),
                municipality: unit.municipality.clone(),
                service_area: unit.service_area.clone(),
                coordinates_e6: unit.coordinates_e6,
                languages: unit.languages.clone(),
                modes: unit.modes.clone(),
                step_free: unit.step_free,
                approvals: approved.remove(&key).unwrap_or_default(),
                accepts_new_clients: offering.accepts_new_clients,
                earliest_start: offering.earliest_start,
                prices: offerings::price_timeline(prices.remove(&DbId::from(offering.id)).unwrap_or_default())?,
            },
        ));
    }
    Ok(Snapshot::new(revision, candidates))
}

type SectorRows = Vec<(String, NaiveDate, Option<NaiveDate>)>;

fn sectors_by_provider(c: &mut Conn) -> Result<HashMap<DbId, SectorRows>, DbError> {
    let rows: Vec<(DbId, String, NaiveDate, Option<NaiveDate>)> = provider_sectors::table
        .select((
            provider_sectors::provider_id,
            provider_sectors::sector,
            provider_sectors::valid_from,
            provider_sectors::valid_to,
        ))
        .load(c)?;
    let mut sectors: HashMap<DbId, SectorRows> = HashMap::new();
    for (provider, sector, from, to) in rows {
        sectors.entry(provider).or_default().push((sector, from, to));
    }
    Ok(sectors)
}

fn approvals_by_unit_and_type(c: &mut Conn) -> Result<HashMap<(DbId, DbId), Vec<Period>>, DbError> {
    let rows: Vec<(DbId, DbId, NaiveDate, Option<NaiveDate>)> = approvals::table
        .filter(approvals::state.eq(ApprovalState::Active.code()))
        .select((approvals::unit_id, approvals::voucher_type_id, approvals::valid_from, approvals::valid_to))
        .load(c)?;
    let mut approved: HashMap<(DbId, DbId), Vec<Period>> = HashMap::new();
    for (unit, voucher_type, from, to) in rows {
        if let Some(period) = period_or_none("approvals", from, to)? {
            approved.entry((unit, voucher_type)).or_default().push(period);
        }
    }
    Ok(approved)
}

fn prices_by_offering(c: &mut Conn) -> Result<HashMap<DbId, Vec<DatedPrice>>, DbError> {
    let rows: Vec<DatedPrice> = offering_prices::table.select(DatedPrice::as_select()).load(c)?;
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
    let Some(offering) = offerings::find(c, id)? else { return Ok(None) };
    let unit = providers::find_unit(c, offering.unit)?.ok_or_else(|| DbError::corrupt("an offering without a unit"))?;
    let provider =
        providers::find(c, offering.provider)?.ok_or_else(|| DbError::corrupt("an offering without a provider"))?;
    let approvals = crate::applications::approvals_of(c, offering.unit, offering.voucher_type)?
        .into_iter()
        .filter(|approval| approval.state == ApprovalState::Active)
        .filter_map(|approval| Period::new(approval.valid_from, approval.valid_to).ok())
        .collect();
    let candidate = Candidate {
        offering: offering.id,
        provider: offering.provider,
        provider_name: provider.name,
        sectors: providers::sectors(c, offering.provider)?,
        unit: unit.id,
        unit_name: unit.name,
        street_address: unit.street_address,
        postal_address: format!("{} {}", unit.postal_code, unit.postal_place),
        municipality: unit.municipality,
        service_area: unit.service_area,
        coordinates_e6: unit.coordinates_e6,
        languages: unit.languages,
        modes: unit.modes,
        step_free: unit.step_free,
        approvals,
        accepts_new_clients: offering.accepts_new_clients,
        earliest_start: offering.earliest_start,
        prices: offerings::prices(c, offering.id)?,
    };
    Ok(Some((offering, candidate)))
}

/// The prices at which a voucher type's services can be had on a day.
///
/// # Errors
/// The database's.
pub fn prices_on(
    c: &mut Conn,
    voucher_type: Id<kind::VoucherType>,
    day: valinta_domain::Day,
) -> Result<Vec<OfferPrice>, DbError> {
    use approvals as approved;
    use offering_prices as priced;
    let date = day.date();
    let rows: Vec<DatedPrice> = priced::table
        .inner_join(offering_rows::table.on(offering_rows::id.eq(priced::offering_id)))
        .inner_join(
            approved::table.on(approved::unit_id
                .eq(offering_rows::unit_id)
                .and(approved::voucher_type_id.eq(offering_rows::voucher_type_id))),
        )
        .filter(offering_rows::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(offering_rows::accepts_new_clients.eq(true))
        .filter(approved::state.eq(ApprovalState::Active.code()))
        .filter(approved::valid_from.le(date))
        .filter(approved::valid_to.is_null().or(approved::valid_to.assume_not_null().gt(date)))
        .filter(priced::valid_from.le(date))
        .filter(priced::valid_to.is_null().or(priced::valid_to.assume_not_null().gt(date)))
        .select(DatedPrice::as_select())
        .load(c)?;
    let entries = rows.into_iter().map(DatedPrice::entry).filter_map(Result::transpose);
    entries.map(|entry| entry.map(|(_, price)| price)).collect()
}
