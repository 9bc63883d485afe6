//! Providers: what is public of them. Who has to do with them, their sectors by day, their members, their units and what
//! is sealed are in files of their own.

mod members;
mod private;
mod relations;
mod sectors;
mod units;

use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{BusinessId, Oid};
use valinta_domain::provider::{MemberRole, ProviderDetails, Sector};
use valinta_domain::{Day, Id, Moment};

pub use members::{Member, count_members, insert_member, member, members_of, memberships, remove_member, store_role};
pub use private::{contacts, iban, store_contacts, store_iban};
pub(crate) use relations::{UNDER_WAY, is_known, known_since, relates_since};
pub use relations::{
    approved_units_of, has_been_approved, has_handed_in, has_relation_with, is_known_to, organisers_related_to,
    unit_has_been_approved, was_brought_in_by,
};
pub(crate) use sectors::sector_timeline;
pub use sectors::{follow_sector, last_sector, replace_sector, sectors, sectors_of_each};
pub(crate) use units::UnitRow;
pub use units::{
    ServiceUnit, count_units, count_units_of_each, find_unit, find_units, insert_unit, store_unit, take_unit, units_of,
    units_of_each,
};

use crate::convert::{from_json, parsed, to_json};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{approvals, providers, service_units};
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

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = providers, treat_none_as_default_value = false)]
pub(crate) struct ProviderRow {
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
    pub(crate) fn provider(self) -> Result<Provider, DbError> {
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

/// Registers a provider of a sector, with its first member.
///
/// # Errors
/// [`DbError::Unique`] where the business id or the OID is registered.
pub fn insert(
    c: &mut Conn,
    provider: &Provider,
    sector: Sector,
    from: Day,
    sector_row: Uuid,
    member: &str,
) -> Result<(), DbError> {
    insert_unclaimed(c, provider, sector, from, sector_row)?;
    let first = Member {
        subject: member.to_owned(),
        role: MemberRole::Admin,
        added_by: None,
        added_for: None,
        created_at: provider.created_at,
    };
    insert_member(c, provider.id, &first)
}

/// Registers a provider of a sector, for which nobody acts yet.
///
/// # Errors
/// [`DbError::Unique`] where the business id or the OID is registered.
pub fn insert_unclaimed(
    c: &mut Conn,
    provider: &Provider,
    sector: Sector,
    from: Day,
    sector_row: Uuid,
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
    sectors::insert(c, sector_row, provider.id, (sector, from))
}

/// Takes a provider for a change of what has versions: no other transaction changes it until this one ends. Its version
/// is the new one.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, id: Id<kind::Provider>) -> Result<Option<Provider>, DbError> {
    let taken = diesel::update(providers::table.find(DbId::from(id)))
        .set(providers::version.eq(providers::version + 1))
        .execute(c)?;
    if taken == 0 { Ok(None) } else { find(c, id) }
}

/// Takes a provider for a change of what has no versions: its members, its sectors, its account, what waits for a second
/// person. No other transaction changes it until this one ends.
///
/// # Errors
/// The database's.
pub fn lock(c: &mut Conn, id: Id<kind::Provider>) -> Result<Option<Provider>, DbError> {
    let taken = diesel::update(providers::table.find(DbId::from(id)))
        .set(providers::version.eq(providers::version))
        .execute(c)?;
    if taken == 0 { Ok(None) } else { find(c, id) }
}

/// Stores the details of a taken provider.
///
/// # Errors
/// [`DbError::Unique`] where the OID is taken.
pub fn store_details(c: &mut Conn, id: Id<kind::Provider>, details: &ProviderDetails) -> Result<(), DbError> {
    diesel::update(providers::table.find(DbId::from(id)))
        .set((
            providers::name.eq(&details.name),
            providers::email.eq(&details.email),
            providers::phone.eq(&details.phone),
            providers::website.eq(&details.website),
            providers::oid.eq(details.oid.as_ref().map(ToString::to_string)),
            providers::languages.eq(to_json(&details.languages)?),
        ))
        .execute(c)?;
    Ok(())
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

/// Whether a provider or a unit has this OID: it names one thing.
///
/// # Errors
/// The database's.
pub fn oid_is_taken(c: &mut Conn, oid: &Oid) -> Result<bool, DbError> {
    let of_provider = providers::table.filter(providers::oid.eq(Some(oid.as_str()))).select(providers::id);
    let of_unit = service_units::table.filter(service_units::oid.eq(Some(oid.as_str()))).select(service_units::id);
    let found: Option<DbId> = of_provider.first(c).optional()?;
    if found.is_some() {
        return Ok(true);
    }
    let found: Option<DbId> = of_unit.first(c).optional()?;
    Ok(found.is_some())
}
