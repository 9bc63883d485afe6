//! The registry in bulk: what many rows of a file need to know, asked at once, and what they come to, stored at once.
//! Decides nothing; a version that was overtaken is told, not overwritten.

mod offerings;
mod prices;
mod providers;
mod units;

pub use offerings::{
    hold_offerings, insert_offerings, offerings_after, offerings_by_id, offerings_of_units, take_offerings,
    update_offering,
};
pub use prices::{DatedOfferPrice, end_price, insert_prices, offerings_of_prices, prices_of};
pub use providers::{
    NewProvider, change_sector, handed_in, insert_providers, providers_after, providers_by_business_id,
    providers_by_id, providers_by_oid, update_provider, with_an_admin,
};
pub use units::{count_units, insert_units, known_municipalities, units_after, units_by_id, units_by_oid, update_unit};

use chrono::NaiveDate;
use diesel::prelude::Insertable;
use serde::Serialize;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::registry_change::RegistryKind;
use valinta_domain::{Day, Id};

use crate::convert::to_json;
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::registry_versions::By;
use crate::schema::registry_versions;
use crate::types::{DbId, DbMoment};

/// Ids that are asked for in one query.
const IDS_PER_QUERY_MAX: usize = 500;

/// Whose registry is asked for: what an organiser knows, or a provider's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Providers that the organiser knows on a day: see [`crate::providers::is_known_to`].
    KnownTo(Id<kind::Organiser>, Day),
    /// One provider.
    Own(Id<kind::Provider>),
}

/// A version of something that is to be kept.
#[derive(Debug, Clone)]
pub struct Keep<D> {
    /// Of which thing.
    pub id: Uuid,
    /// Which version.
    pub version: i64,
    /// What it is from now on.
    pub document: D,
}

#[derive(Insertable)]
#[diesel(table_name = registry_versions, treat_none_as_default_value = false)]
struct VersionRow {
    subject_kind: &'static str,
    subject_id: DbId,
    version: i64,
    day: NaiveDate,
    document: String,
    by: String,
    organiser_id: Option<DbId>,
    at: DbMoment,
}

/// Keeps versions of many things of a kind: see [`crate::registry_versions::keep`].
///
/// # Errors
/// The database's.
pub fn keep_all<'a, D: Serialize>(
    c: &mut Conn,
    kind: RegistryKind,
    versions: &[Keep<D>],
    by: impl Into<By<'a>>,
) -> Result<(), DbError> {
    let By { subject, organiser, at } = by.into();
    let rows = versions
        .iter()
        .map(|keep| {
            Ok(VersionRow {
                subject_kind: kind.code(),
                subject_id: DbId(keep.id),
                version: keep.version,
                day: at.utc().date_naive(),
                document: to_json(&keep.document)?,
                by: subject.to_owned(),
                organiser_id: organiser.map(DbId::from),
                at: at.into(),
            })
        })
        .collect::<Result<Vec<_>, DbError>>()?;
    insert_many!(c, registry_versions::table, &rows)?;
    Ok(())
}
