//! Units of providers.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::provider::UnitDetails;
use valinta_domain::{Day, Id, Moment};

use crate::convert::{from_json, parsed, to_json};
use crate::dialect::{Conn, on};
use crate::error::DbError;
use crate::schema::service_units;
use crate::types::{DbId, DbMoment};

/// A unit of a provider.
#[derive(Debug, Clone)]
pub struct ServiceUnit {
    /// Its id.
    pub id: Id<kind::ServiceUnit>,
    /// Whose it is.
    pub provider: Id<kind::Provider>,
    /// What is edited of it.
    pub details: UnitDetails,
    /// Counts changes.
    pub version: i64,
    /// When it was added.
    pub created_at: Moment,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = service_units, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct UnitRow {
    id: DbId,
    provider_id: DbId,
    name: String,
    oid: Option<String>,
    street_address: String,
    postal_code: String,
    postal_place: String,
    municipality_code: String,
    latitude_e6: Option<i32>,
    longitude_e6: Option<i32>,
    languages: String,
    modes: String,
    service_area: String,
    step_free: Option<bool>,
    version: i64,
    created_at: DbMoment,
    accessibility: String,
    opening_hours: String,
    soteri: Option<String>,
    self_monitoring: Option<String>,
    closed_from: Option<NaiveDate>,
}

impl UnitRow {
    pub(crate) fn unit(self) -> Result<ServiceUnit, DbError> {
        const TABLE: &str = "service_units";
        Ok(ServiceUnit {
            id: self.id.id(),
            provider: self.provider_id.id(),
            details: UnitDetails {
                name: self.name,
                oid: self.oid.as_deref().map(|oid| parsed(TABLE, oid)).transpose()?,
                street_address: self.street_address,
                postal_code: self.postal_code,
                postal_place: self.postal_place,
                municipality: parsed(TABLE, &self.municipality_code)?,
                latitude_e6: self.latitude_e6,
                longitude_e6: self.longitude_e6,
                languages: from_json(TABLE, &self.languages)?,
                modes: from_json(TABLE, &self.modes)?,
                service_area: from_json(TABLE, &self.service_area)?,
                step_free: self.step_free,
                accessibility: from_json(TABLE, &self.accessibility)?,
                opening_hours: from_json(TABLE, &self.opening_hours)?,
                soteri: self.soteri.as_deref().map(|text| from_json(TABLE, text)).transpose()?,
                self_monitoring: self.self_monitoring.as_deref().map(|text| from_json(TABLE, text)).transpose()?,
                closed_from: self.closed_from.map(Day::new),
            },
            version: self.version,
            created_at: self.created_at.moment(),
        })
    }

    pub(crate) fn of(unit: &ServiceUnit) -> Result<Self, DbError> {
        let details = &unit.details;
        Ok(Self {
            id: unit.id.into(),
            provider_id: unit.provider.into(),
            name: details.name.clone(),
            oid: details.oid.as_ref().map(ToString::to_string),
            street_address: details.street_address.clone(),
            postal_code: details.postal_code.clone(),
            postal_place: details.postal_place.clone(),
            municipality_code: details.municipality.to_string(),
            latitude_e6: details.latitude_e6,
            longitude_e6: details.longitude_e6,
            languages: to_json(&details.languages)?,
            modes: to_json(&details.modes)?,
            service_area: to_json(&details.service_area)?,
            step_free: details.step_free,
            version: unit.version,
            created_at: unit.created_at.into(),
            accessibility: to_json(&details.accessibility)?,
            opening_hours: to_json(&details.opening_hours)?,
            soteri: details.soteri.as_ref().map(to_json).transpose()?,
            self_monitoring: details.self_monitoring.as_ref().map(to_json).transpose()?,
            closed_from: details.closed_from.map(Day::date),
        })
    }
}

/// Adds a unit.
///
/// # Errors
/// [`DbError::Unique`] where the OID is taken, [`DbError::ForeignKey`] where there is no such municipality.
pub fn insert_unit(c: &mut Conn, unit: &ServiceUnit) -> Result<(), DbError> {
    let row = UnitRow::of(unit)?;
    diesel::insert_into(service_units::table).values(&row).execute(c)?;
    Ok(())
}

/// A unit by id.
///
/// # Errors
/// The database's.
pub fn find_unit(c: &mut Conn, id: Id<kind::ServiceUnit>) -> Result<Option<ServiceUnit>, DbError> {
    let row =
        on!(c, c => service_units::table.find(DbId::from(id)).select(UnitRow::as_select()).first(c)).optional()?;
    row.map(UnitRow::unit).transpose()
}

/// A provider's units, in order of id.
///
/// # Errors
/// The database's.
pub fn units_of(c: &mut Conn, provider: Id<kind::Provider>) -> Result<Vec<ServiceUnit>, DbError> {
    let rows = service_units::table
        .filter(service_units::provider_id.eq(DbId::from(provider)))
        .order(service_units::id)
        .limit(1_000)
        .select(UnitRow::as_select())
        .load(c)?;
    rows.into_iter().map(UnitRow::unit).collect()
}

/// The units of several providers, each provider's in order of id.
///
/// # Errors
/// The database's.
pub fn units_of_each(
    c: &mut Conn,
    providers: &[Id<kind::Provider>],
) -> Result<HashMap<Id<kind::Provider>, Vec<ServiceUnit>>, DbError> {
    let ids: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
    let rows: Vec<UnitRow> = service_units::table
        .filter(service_units::provider_id.eq_any(ids))
        .order(service_units::id)
        .select(UnitRow::as_select())
        .load(c)?;
    let mut by_provider: HashMap<Id<kind::Provider>, Vec<ServiceUnit>> = HashMap::new();
    for row in rows {
        let unit = row.unit()?;
        by_provider.entry(unit.provider).or_default().push(unit);
    }
    Ok(by_provider)
}

/// Those of the units that exist, in order of id.
///
/// # Errors
/// The database's.
pub fn find_units(c: &mut Conn, ids: &[Id<kind::ServiceUnit>]) -> Result<Vec<ServiceUnit>, DbError> {
    let ids: Vec<DbId> = ids.iter().map(|id| DbId::from(*id)).collect();
    let rows: Vec<UnitRow> = service_units::table
        .filter(service_units::id.eq_any(ids))
        .order(service_units::id)
        .select(UnitRow::as_select())
        .load(c)?;
    rows.into_iter().map(UnitRow::unit).collect()
}

/// How many units a provider has.
///
/// # Errors
/// The database's.
pub fn count_units(c: &mut Conn, provider: Id<kind::Provider>) -> Result<i64, DbError> {
    let query = service_units::table.filter(service_units::provider_id.eq(DbId::from(provider)));
    Ok(query.count().get_result(c)?)
}

/// How many units each of several providers has. Those that have none are left out.
///
/// # Errors
/// The database's.
pub fn count_units_of_each(
    c: &mut Conn,
    providers: &[Id<kind::Provider>],
) -> Result<HashMap<Id<kind::Provider>, i64>, DbError> {
    let ids: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
    let rows: Vec<(DbId, i64)> = service_units::table
        .filter(service_units::provider_id.eq_any(ids))
        .group_by(service_units::provider_id)
        .select((service_units::provider_id, diesel::dsl::count_star()))
        .load(c)?;
    Ok(rows.into_iter().map(|(provider, count)| (provider.id(), count)).collect())
}

/// Takes a unit for a change: no other transaction changes it until this one ends. Its version is the new one.
///
/// # Errors
/// The database's.
pub fn take_unit(c: &mut Conn, id: Id<kind::ServiceUnit>) -> Result<Option<ServiceUnit>, DbError> {
    let taken = diesel::update(service_units::table.find(DbId::from(id)))
        .set(service_units::version.eq(service_units::version + 1))
        .execute(c)?;
    if taken == 0 { Ok(None) } else { find_unit(c, id) }
}

/// Stores what a taken unit is now.
///
/// # Errors
/// [`DbError::Unique`] where the OID is taken, [`DbError::ForeignKey`] where there is no such municipality.
pub fn store_unit(c: &mut Conn, unit: &ServiceUnit) -> Result<(), DbError> {
    let row = UnitRow::of(unit)?;
    diesel::update(service_units::table.find(row.id)).set(&row).execute(c)?;
    Ok(())
}
