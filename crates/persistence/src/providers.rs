//! Providers, their sectors by day, their members and their units.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{BusinessId, Oid};
use valinta_domain::policy::Membership;
use valinta_domain::provider::{MemberRole, ProviderDetails, Sector, UnitDetails};
use valinta_domain::registry_change::RegistryKind;
use valinta_domain::time::Timeline;
use valinta_domain::{Day, Id, Moment};

use crate::convert::{coded, from_json, parsed, period, to_json};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{
    applications, approvals, provider_members, provider_sectors, providers, service_units, source_ids,
};
use crate::types::{DbId, DbMoment};

/// A legal entity that produces services.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its id.
    pub id: Id<kind::Provider>,
    /// Its business id.
    pub business_id: BusinessId,
    /// What is edited of it.
    pub details: ProviderDetails,
    /// Counts changes.
    pub version: i64,
    /// When it was registered.
    pub created_at: Moment,
}

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

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = providers)]
struct ProviderRow {
    id: DbId,
    business_id: String,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    website: Option<String>,
    version: i64,
    created_at: DbMoment,
    oid: Option<String>,
    languages: String,
}

impl ProviderRow {
    fn provider(self) -> Result<Provider, DbError> {
        Ok(Provider {
            id: self.id.id(),
            business_id: parsed("providers", &self.business_id)?,
            details: ProviderDetails {
                name: self.name,
                oid: self.oid.as_deref().map(|oid| parsed("providers", oid)).transpose()?,
                email: self.email,
                phone: self.phone,
                website: self.website,
                languages: from_json("providers", &self.languages)?,
            },
            version: self.version,
            created_at: self.created_at.moment(),
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = service_units)]
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

    fn of(unit: &ServiceUnit) -> Result<Self, DbError> {
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

#[derive(Insertable)]
#[diesel(table_name = provider_sectors)]
struct SectorRow {
    id: DbId,
    provider_id: DbId,
    sector: &'static str,
    valid_from: NaiveDate,
}

/// Registers a provider of a sector, with its first member.
///
/// # Errors
/// [`DbError::Unique`] where the business id is registered.
pub fn insert(
    c: &mut Conn,
    provider: &Provider,
    sector: Sector,
    from: Day,
    sector_row: uuid::Uuid,
    member: &str,
) -> Result<(), DbError> {
    let row = ProviderRow {
        id: provider.id.into(),
        business_id: provider.business_id.to_string(),
        name: provider.details.name.clone(),
        email: provider.details.email.clone(),
        phone: provider.details.phone.clone(),
        website: provider.details.website.clone(),
        version: provider.version,
        created_at: provider.created_at.into(),
        oid: provider.details.oid.as_ref().map(ToString::to_string),
        languages: to_json(&provider.details.languages)?,
    };
    diesel::insert_into(providers::table).values(&row).execute(c)?;
    let sector = SectorRow {
        id: DbId(sector_row),
        provider_id: provider.id.into(),
        sector: sector.code(),
        valid_from: from.date(),
    };
    diesel::insert_into(provider_sectors::table).values(&sector).execute(c)?;
    diesel::insert_into(provider_members::table)
        .values((
            provider_members::provider_id.eq(DbId::from(provider.id)),
            provider_members::subject.eq(member),
            provider_members::role.eq(MemberRole::Admin.code()),
            provider_members::created_at.eq(DbMoment::from(provider.created_at)),
        ))
        .execute(c)?;
    Ok(())
}

/// What a token's subject is a member of, and as what.
///
/// # Errors
/// The database's.
pub fn memberships(c: &mut Conn, subject: &str) -> Result<Vec<Membership>, DbError> {
    let rows: Vec<(DbId, String)> = provider_members::table
        .filter(provider_members::subject.eq(subject))
        .order(provider_members::provider_id)
        .limit(1_000)
        .select((provider_members::provider_id, provider_members::role))
        .load(c)?;
    rows.into_iter()
        .map(|(provider, role)| {
            let role = coded("provider_members", &role, MemberRole::from_code)?;
            Ok(Membership { provider: provider.id(), role })
        })
        .collect()
}

/// A provider by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Provider>) -> Result<Option<Provider>, DbError> {
    let row = providers::table.find(DbId::from(id)).select(ProviderRow::as_select()).first(c).optional()?;
    row.map(ProviderRow::provider).transpose()
}

/// A provider by its business id.
///
/// # Errors
/// The database's.
pub fn find_by_business_id(c: &mut Conn, business_id: &BusinessId) -> Result<Option<Provider>, DbError> {
    let query = providers::table.filter(providers::business_id.eq(business_id.as_str()));
    let row = query.select(ProviderRow::as_select()).first(c).optional()?;
    row.map(ProviderRow::provider).transpose()
}

/// Those of the providers that exist, in order of id.
///
/// # Errors
/// The database's.
pub fn list_of(
    c: &mut Conn,
    ids: &[Id<kind::Provider>],
    after: Option<Id<kind::Provider>>,
    limit: i64,
) -> Result<Vec<Provider>, DbError> {
    let ids: Vec<DbId> = ids.iter().map(|id| DbId::from(*id)).collect();
    let mut query = providers::table
        .filter(providers::id.eq_any(ids))
        .select(ProviderRow::as_select())
        .order(providers::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(providers::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(ProviderRow::provider).collect()
}

/// Whether an organiser has to do with a provider: an application was handed in to it, or it brought the provider in.
///
/// # Errors
/// The database's.
pub fn is_known_to(
    c: &mut Conn,
    provider: Id<kind::Provider>,
    organiser: Id<kind::Organiser>,
) -> Result<bool, DbError> {
    let (provider, organiser) = (DbId::from(provider), DbId::from(organiser));
    let applied: Option<DbId> = applications::table
        .filter(applications::provider_id.eq(provider))
        .filter(applications::organiser_id.eq(organiser))
        .filter(applications::submitted_at.is_not_null())
        .select(applications::id)
        .first(c)
        .optional()?;
    if applied.is_some() {
        return Ok(true);
    }
    let brought_in: Option<DbId> = source_ids::table
        .filter(source_ids::source_id.eq(organiser))
        .filter(source_ids::subject_kind.eq(RegistryKind::Provider.code()))
        .filter(source_ids::subject_id.eq(provider))
        .select(source_ids::subject_id)
        .first(c)
        .optional()?;
    Ok(brought_in.is_some())
}

/// Whether a provider has ever been approved for anything.
///
/// # Errors
/// The database's.
pub fn has_been_approved(c: &mut Conn, id: Id<kind::Provider>) -> Result<bool, DbError> {
    let query = approvals::table.filter(approvals::provider_id.eq(DbId::from(id))).select(approvals::id);
    let found: Option<DbId> = query.first(c).optional()?;
    Ok(found.is_some())
}

/// Providers that have ever been approved, in order of id.
///
/// # Errors
/// The database's.
pub fn list_approved(c: &mut Conn, after: Option<Id<kind::Provider>>, limit: i64) -> Result<Vec<Provider>, DbError> {
    let approved = approvals::table.select(approvals::provider_id);
    let mut query = providers::table
        .filter(providers::id.eq_any(approved))
        .select(ProviderRow::as_select())
        .order(providers::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(providers::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(ProviderRow::provider).collect()
}

/// A provider's sectors by day.
///
/// # Errors
/// The database's.
pub fn sectors(c: &mut Conn, provider: Id<kind::Provider>) -> Result<Timeline<Sector>, DbError> {
    let rows: Vec<(String, NaiveDate, Option<NaiveDate>)> = provider_sectors::table
        .filter(provider_sectors::provider_id.eq(DbId::from(provider)))
        .select((provider_sectors::sector, provider_sectors::valid_from, provider_sectors::valid_to))
        .load(c)?;
    sector_timeline(rows)
}

/// The sectors by day of several providers.
///
/// # Errors
/// The database's.
pub fn sectors_of_each(
    c: &mut Conn,
    providers: &[Id<kind::Provider>],
) -> Result<HashMap<Id<kind::Provider>, Timeline<Sector>>, DbError> {
    let ids: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
    let rows: Vec<(DbId, String, NaiveDate, Option<NaiveDate>)> = provider_sectors::table
        .filter(provider_sectors::provider_id.eq_any(ids))
        .select((
            provider_sectors::provider_id,
            provider_sectors::sector,
            provider_sectors::valid_from,
            provider_sectors::valid_to,
        ))
        .load(c)?;
    let mut by_provider: HashMap<Id<kind::Provider>, Vec<_>> = HashMap::new();
    for (provider, sector, from, to) in rows {
        by_provider.entry(provider.id()).or_default().push((sector, from, to));
    }
    by_provider.into_iter().map(|(provider, rows)| Ok((provider, sector_timeline(rows)?))).collect()
}

pub(crate) fn sector_timeline(
    rows: impl IntoIterator<Item = (String, NaiveDate, Option<NaiveDate>)>,
) -> Result<Timeline<Sector>, DbError> {
    let entries = rows
        .into_iter()
        .map(|(sector, from, to)| {
            Ok((period("provider_sectors", from, to)?, coded("provider_sectors", &sector, Sector::from_code)?))
        })
        .collect::<Result<Vec<_>, DbError>>()?;
    Timeline::new(entries).map_err(|e| DbError::corrupt(format!("provider_sectors: {e}")))
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
    let row = service_units::table.find(DbId::from(id)).select(UnitRow::as_select()).first(c).optional()?;
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

/// Whether a unit has this OID.
///
/// # Errors
/// The database's.
pub fn oid_is_taken(c: &mut Conn, oid: &Oid) -> Result<bool, DbError> {
    let query = service_units::table.filter(service_units::oid.eq(Some(oid.as_str()))).select(service_units::id);
    let found: Option<DbId> = query.first(c).optional()?;
    Ok(found.is_some())
}
