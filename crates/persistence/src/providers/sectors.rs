//! Whose production providers are, by day.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::provider::Sector;
use valinta_domain::time::Timeline;
use valinta_domain::{Day, Id};

use crate::convert::{coded, period};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::provider_sectors;
use crate::types::DbId;

#[derive(Insertable)]
#[diesel(table_name = provider_sectors, treat_none_as_default_value = false)]
struct SectorRow {
    id: DbId,
    provider_id: DbId,
    sector: &'static str,
    valid_from: NaiveDate,
}

/// Lets a provider be of a sector from a day on. One that has an end is none the less the last until then.
pub(super) fn insert(
    c: &mut Conn,
    row: Uuid,
    provider: Id<kind::Provider>,
    (sector, from): (Sector, Day),
) -> Result<(), DbError> {
    let row = SectorRow { id: DbId(row), provider_id: provider.into(), sector: sector.code(), valid_from: from.date() };
    diesel::insert_into(provider_sectors::table).values(&row).execute(c)?;
    Ok(())
}

/// The sector of a provider that has no end yet, and its first day.
///
/// # Errors
/// The database's.
pub fn last_sector(c: &mut Conn, provider: Id<kind::Provider>) -> Result<Option<(Day, Sector)>, DbError> {
    let row: Option<(NaiveDate, String)> = provider_sectors::table
        .filter(provider_sectors::provider_id.eq(DbId::from(provider)))
        .filter(provider_sectors::valid_to.is_null())
        .select((provider_sectors::valid_from, provider_sectors::sector))
        .first(c)
        .optional()?;
    row.map(|(from, sector)| Ok((Day::new(from), coded("provider_sectors", &sector, Sector::from_code)?))).transpose()
}

/// Ends a provider's last sector on a day, on which another one begins.
///
/// # Errors
/// The last one begins on that day or later; or the database's.
pub fn follow_sector(
    c: &mut Conn,
    row: Uuid,
    provider: Id<kind::Provider>,
    (sector, from): (Sector, Day),
) -> Result<(), DbError> {
    diesel::update(provider_sectors::table)
        .filter(provider_sectors::provider_id.eq(DbId::from(provider)))
        .filter(provider_sectors::valid_to.is_null())
        .set(provider_sectors::valid_to.eq(from.date()))
        .execute(c)?;
    insert(c, row, provider, (sector, from))
}

/// Lets a provider's last sector have been another one from its first day on.
///
/// # Errors
/// The database's.
pub fn replace_sector(c: &mut Conn, provider: Id<kind::Provider>, sector: Sector) -> Result<(), DbError> {
    diesel::update(provider_sectors::table)
        .filter(provider_sectors::provider_id.eq(DbId::from(provider)))
        .filter(provider_sectors::valid_to.is_null())
        .set(provider_sectors::sector.eq(sector.code()))
        .execute(c)?;
    Ok(())
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
