//! Units in bulk.

use std::collections::{HashMap, HashSet};

use diesel::dsl::count_star;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id};

use super::{IDS_PER_QUERY_MAX, Whose};
use crate::convert::to_json;
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::providers::{ServiceUnit, UnitRow, is_known};
use crate::schema::{municipalities, service_units};
use crate::types::DbId;

/// Adds units.
///
/// # Errors
/// [`DbError::Unique`] where an OID is taken.
pub fn insert_units(c: &mut Conn, units: &[ServiceUnit]) -> Result<(), DbError> {
    let rows = units.iter().map(UnitRow::of).collect::<Result<Vec<_>, DbError>>()?;
    insert_many!(c, service_units::table, &rows)?;
    Ok(())
}

/// Gives a unit other details, as long as it is the version before. `false` where it is not: nothing was done.
///
/// # Errors
/// [`DbError::Unique`] where the OID is taken.
pub fn update_unit(c: &mut Conn, unit: &ServiceUnit) -> Result<bool, DbError> {
    let before = service_units::table
        .filter(service_units::id.eq(DbId::from(unit.id)))
        .filter(service_units::version.eq(unit.version.saturating_sub(1)));
    let details = &unit.details;
    let updated = diesel::update(before)
        .set((
            service_units::name.eq(&details.name),
            service_units::oid.eq(details.oid.as_ref().map(|oid| oid.as_str())),
            service_units::street_address.eq(&details.street_address),
            service_units::postal_code.eq(&details.postal_code),
            service_units::postal_place.eq(&details.postal_place),
            service_units::municipality_code.eq(details.municipality.as_str()),
            service_units::latitude_e6.eq(details.latitude_e6),
            service_units::longitude_e6.eq(details.longitude_e6),
            service_units::languages.eq(to_json(&details.languages)?),
            service_units::modes.eq(to_json(&details.modes)?),
            service_units::service_area.eq(to_json(&details.service_area)?),
            service_units::step_free.eq(details.step_free),
            service_units::accessibility.eq(to_json(&details.accessibility)?),
            service_units::opening_hours.eq(to_json(&details.opening_hours)?),
            service_units::soteri.eq(details.soteri.as_ref().map(to_json).transpose()?),
            service_units::self_monitoring.eq(details.self_monitoring.as_ref().map(to_json).transpose()?),
            service_units::closed_from.eq(details.closed_from.map(Day::date)),
            service_units::version.eq(unit.version),
        ))
        .execute(c)?;
    Ok(updated > 0)
}

/// Units by their ids.
///
/// # Errors
/// The database's.
pub fn units_by_id(
    c: &mut Conn,
    ids: &[Id<kind::ServiceUnit>],
) -> Result<HashMap<Id<kind::ServiceUnit>, ServiceUnit>, DbError> {
    let mut found = HashMap::new();
    for some in ids.chunks(IDS_PER_QUERY_MAX) {
        let some = some.iter().map(|id| DbId::from(*id));
        for row in service_units::table.filter(service_units::id.eq_any(some)).select(UnitRow::as_select()).load(c)? {
            let unit = row.unit()?;
            found.insert(unit.id, unit);
        }
    }
    Ok(found)
}

/// Units by their OIDs.
///
/// # Errors
/// The database's.
pub fn units_by_oid(c: &mut Conn, oids: &[&str]) -> Result<HashMap<String, ServiceUnit>, DbError> {
    let mut found = HashMap::new();
    for some in oids.chunks(IDS_PER_QUERY_MAX) {
        for row in service_units::table.filter(service_units::oid.eq_any(some)).select(UnitRow::as_select()).load(c)? {
            let unit = row.unit()?;
            if let Some(oid) = unit.details.oid.as_ref().map(ToString::to_string) {
                found.insert(oid, unit);
            }
        }
    }
    Ok(found)
}

/// How many units providers have.
///
/// # Errors
/// The database's.
pub fn count_units(c: &mut Conn, of: &[Id<kind::Provider>]) -> Result<HashMap<Id<kind::Provider>, i64>, DbError> {
    let mut counts = HashMap::new();
    for some in of.chunks(IDS_PER_QUERY_MAX) {
        let some = some.iter().map(|id| DbId::from(*id));
        let rows: Vec<(DbId, i64)> = service_units::table
            .filter(service_units::provider_id.eq_any(some))
            .group_by(service_units::provider_id)
            .select((service_units::provider_id, count_star()))
            .load(c)?;
        counts.extend(rows.into_iter().map(|(provider, count)| (provider.id(), count)));
    }
    Ok(counts)
}

/// The codes of all municipalities that are known.
///
/// # Errors
/// The database's.
pub fn known_municipalities(c: &mut Conn) -> Result<HashSet<String>, DbError> {
    let codes: Vec<String> = municipalities::table.select(municipalities::code).load(c)?;
    Ok(codes.into_iter().collect())
}

/// Units in order of id.
///
/// # Errors
/// The database's.
pub fn units_after(
    c: &mut Conn,
    whose: Whose,
    after: Option<Id<kind::ServiceUnit>>,
    limit: i64,
) -> Result<Vec<ServiceUnit>, DbError> {
    let mut query = service_units::table.into_boxed();
    query = match whose {
        Whose::KnownTo(organiser, today) => query.filter(is_known!(service_units::provider_id, organiser, today)),
        Whose::Own(provider) => query.filter(service_units::provider_id.eq(DbId::from(provider))),
    };
    if let Some(after) = after {
        query = query.filter(service_units::id.gt(DbId::from(after)));
    }
    let rows = query.order(service_units::id).limit(limit).select(UnitRow::as_select()).load(c)?;
    rows.into_iter().map(UnitRow::unit).collect()
}
