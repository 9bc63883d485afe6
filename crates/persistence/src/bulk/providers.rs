//! Providers in bulk, with their sectors.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::provider::{MemberRole, ProviderDetails, Sector};
use valinta_domain::{Day, Id};

use super::{IDS_PER_QUERY_MAX, Whose};
use crate::convert::to_json;
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::providers::{Provider, ProviderRow, is_known};
use crate::schema::{applications, provider_members, provider_sectors, providers};
use crate::types::{DbId, DbMoment};

/// A provider that has no member yet, and its sector.
#[derive(Debug, Clone)]
pub struct NewProvider {
    /// The provider.
    pub provider: Provider,
    /// Whose production it is.
    pub sector: Sector,
    /// Since when.
    pub sector_since: Day,
    /// The id of its sector's row.
    pub sector_row: Uuid,
}

#[derive(Insertable)]
#[diesel(table_name = providers, treat_none_as_default_value = false)]
struct NewRow {
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

#[derive(Insertable)]
#[diesel(table_name = provider_sectors, treat_none_as_default_value = false)]
struct SectorRow {
    id: DbId,
    provider_id: DbId,
    sector: &'static str,
    valid_from: NaiveDate,
}

/// Adds providers.
///
/// # Errors
/// [`DbError::Unique`] where a business id or an OID is registered.
pub fn insert_providers(c: &mut Conn, new: &[NewProvider]) -> Result<(), DbError> {
    let rows = new
        .iter()
        .map(|NewProvider { provider, .. }| {
            let ProviderDetails { name, oid, email, phone, website, languages } = &provider.details;
            Ok(NewRow {
                id: provider.id.into(),
                business_id: provider.business_id.as_str().to_owned(),
                name: name.clone(),
                email: email.clone(),
                phone: phone.clone(),
                website: website.clone(),
                version: provider.version,
                created_at: provider.created_at.into(),
                oid: oid.as_ref().map(|oid| oid.as_str().to_owned()),
                languages: to_json(languages)?,
            })
        })
        .collect::<Result<Vec<_>, DbError>>()?;
    insert_many!(c, providers::table, &rows)?;
    let sectors: Vec<SectorRow> = new
        .iter()
        .map(|new| SectorRow {
            id: DbId(new.sector_row),
            provider_id: new.provider.id.into(),
            sector: new.sector.code(),
            valid_from: new.sector_since.date(),
        })
        .collect();
    insert_many!(c, provider_sectors::table, &sectors)?;
    Ok(())
}

/// Gives a provider other details, as long as it is the version before. `false` where it is not: nothing was done.
///
/// # Errors
/// [`DbError::Unique`] where the OID is taken.
pub fn update_provider(c: &mut Conn, provider: &Provider) -> Result<bool, DbError> {
    let ProviderDetails { name, oid, email, phone, website, languages } = &provider.details;
    let before = providers::table
        .filter(providers::id.eq(DbId::from(provider.id)))
        .filter(providers::version.eq(provider.version.saturating_sub(1)));
    let updated = diesel::update(before)
        .set((
            providers::name.eq(name),
            providers::oid.eq(oid.as_ref().map(|oid| oid.as_str())),
            providers::email.eq(email),
            providers::phone.eq(phone),
            providers::website.eq(website),
            providers::languages.eq(to_json(languages)?),
            providers::version.eq(provider.version),
        ))
        .execute(c)?;
    Ok(updated > 0)
}

/// Lets a provider be of another sector from a day on. What was to begin then or later is given up.
///
/// # Errors
/// The database's.
pub fn change_sector(
    c: &mut Conn,
    provider: Id<kind::Provider>,
    sector: Sector,
    from: Day,
    row: Uuid,
) -> Result<(), DbError> {
    let day = from.date();
    let of_provider = provider_sectors::table.filter(provider_sectors::provider_id.eq(DbId::from(provider)));
    diesel::delete(of_provider.filter(provider_sectors::valid_from.ge(day))).execute(c)?;
    diesel::update(
        of_provider
            .filter(provider_sectors::valid_to.is_null().or(provider_sectors::valid_to.assume_not_null().gt(day))),
    )
    .set(provider_sectors::valid_to.eq(Some(day)))
    .execute(c)?;
    let row = SectorRow { id: DbId(row), provider_id: provider.into(), sector: sector.code(), valid_from: day };
    diesel::insert_into(provider_sectors::table).values(&row).execute(c)?;
    Ok(())
}

/// Providers by their business ids.
///
/// # Errors
/// The database's.
pub fn providers_by_business_id(c: &mut Conn, ids: &[&str]) -> Result<HashMap<String, Provider>, DbError> {
    let mut found = HashMap::new();
    for some in ids.chunks(IDS_PER_QUERY_MAX) {
        let rows = providers::table.filter(providers::business_id.eq_any(some)).select(ProviderRow::as_select());
        for row in rows.load(c)? {
            let provider = row.provider()?;
            found.insert(provider.business_id.to_string(), provider);
        }
    }
    Ok(found)
}

/// Providers by their ids.
///
/// # Errors
/// The database's.
pub fn providers_by_id(
    c: &mut Conn,
    ids: &[Id<kind::Provider>],
) -> Result<HashMap<Id<kind::Provider>, Provider>, DbError> {
    let mut found = HashMap::new();
    for some in ids.chunks(IDS_PER_QUERY_MAX) {
        let some = some.iter().map(|id| DbId::from(*id));
        for row in providers::table.filter(providers::id.eq_any(some)).select(ProviderRow::as_select()).load(c)? {
            let provider = row.provider()?;
            found.insert(provider.id, provider);
        }
    }
    Ok(found)
}

/// Which providers have these OIDs.
///
/// # Errors
/// The database's.
pub fn providers_by_oid(c: &mut Conn, oids: &[&str]) -> Result<HashMap<String, Id<kind::Provider>>, DbError> {
    let mut found = HashMap::new();
    for some in oids.chunks(IDS_PER_QUERY_MAX) {
        let rows: Vec<(Option<String>, DbId)> =
            providers::table.filter(providers::oid.eq_any(some)).select((providers::oid, providers::id)).load(c)?;
        found.extend(rows.into_iter().filter_map(|(oid, id)| Some((oid?, id.id()))));
    }
    Ok(found)
}

/// Those of the providers that have an admin of their own.
///
/// # Errors
/// The database's.
pub fn with_an_admin(c: &mut Conn, ids: &[Id<kind::Provider>]) -> Result<HashSet<Id<kind::Provider>>, DbError> {
    let mut found = HashSet::new();
    for some in ids.chunks(IDS_PER_QUERY_MAX) {
        let some = some.iter().map(|id| DbId::from(*id));
        let rows: Vec<DbId> = provider_members::table
            .filter(provider_members::provider_id.eq_any(some))
            .filter(provider_members::role.eq(MemberRole::Admin.code()))
            .select(provider_members::provider_id)
            .distinct()
            .load(c)?;
        found.extend(rows.into_iter().map(DbId::id));
    }
    Ok(found)
}

/// Those of the providers that have handed in an application to anyone.
///
/// # Errors
/// The database's.
pub fn handed_in(c: &mut Conn, ids: &[Id<kind::Provider>]) -> Result<HashSet<Id<kind::Provider>>, DbError> {
    let mut found = HashSet::new();
    for some in ids.chunks(IDS_PER_QUERY_MAX) {
        let some = some.iter().map(|id| DbId::from(*id));
        let rows: Vec<DbId> = applications::table
            .filter(applications::provider_id.eq_any(some))
            .filter(applications::submitted_at.is_not_null())
            .select(applications::provider_id)
            .distinct()
            .load(c)?;
        found.extend(rows.into_iter().map(DbId::id));
    }
    Ok(found)
}

/// Providers in order of id.
///
/// # Errors
/// The database's.
pub fn providers_after(
    c: &mut Conn,
    whose: Whose,
    after: Option<Id<kind::Provider>>,
    limit: i64,
) -> Result<Vec<Provider>, DbError> {
    let mut query = match whose {
        Whose::KnownTo(organiser, today) => {
            providers::table.filter(is_known!(providers::id, organiser, today)).into_boxed()
        }
        Whose::Own(provider) => providers::table.filter(providers::id.eq(DbId::from(provider))).into_boxed(),
    };
    if let Some(after) = after {
        query = query.filter(providers::id.gt(DbId::from(after)));
    }
    let rows = query.order(providers::id).limit(limit).select(ProviderRow::as_select()).load(c)?;
    rows.into_iter().map(ProviderRow::provider).collect()
}
