//! Offerings in bulk.

use std::collections::HashMap;

use diesel::prelude::*;
use valinta_domain::Id;
use valinta_domain::id::kind;

use super::{IDS_PER_QUERY_MAX, Whose};
use crate::convert::to_json;
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::offerings::{Offering, Row};
use crate::schema::offerings;
use crate::types::DbId;

/// Adds offerings.
///
/// # Errors
/// [`DbError::Unique`] where a unit has an offering for the voucher type.
pub fn insert_offerings(c: &mut Conn, new: &[Offering]) -> Result<(), DbError> {
    let rows = new.iter().map(Row::of).collect::<Result<Vec<_>, DbError>>()?;
    insert_many!(c, offerings::table, &rows)?;
    Ok(())
}

/// Changes what is edited of an offering, as long as it is the version before. `false` where it is not: nothing was done.
///
/// # Errors
/// The database's.
pub fn update_offering(c: &mut Conn, offering: &Offering) -> Result<bool, DbError> {
    let before = offerings::table
        .filter(offerings::id.eq(DbId::from(offering.id)))
        .filter(offerings::version.eq(offering.version.saturating_sub(1)));
    let updated = diesel::update(before)
        .set((
            offerings::accepts_new_clients.eq(offering.accepts_new_clients),
            offerings::earliest_start.eq(offering.earliest_start.map(valinta_domain::Day::date)),
            offerings::queue.eq(offering.queue.and_then(|queue| i32::try_from(queue).ok())),
            offerings::places.eq(offering.places.and_then(|places| i32::try_from(places).ok())),
            offerings::languages.eq(offering.languages.as_ref().map(to_json).transpose()?),
            offerings::modes.eq(offering.modes.as_ref().map(to_json).transpose()?),
            offerings::version.eq(offering.version),
        ))
        .execute(c)?;
    Ok(updated > 0)
}

/// Holds offerings: no other transaction changes them or their prices until this one ends.
///
/// # Errors
/// The database's.
pub fn hold_offerings(c: &mut Conn, ids: &[Id<kind::Offering>]) -> Result<(), DbError> {
    for some in ids.chunks(IDS_PER_QUERY_MAX) {
        let some = some.iter().map(|id| DbId::from(*id));
        diesel::update(offerings::table.filter(offerings::id.eq_any(some)))
            .set(offerings::version.eq(offerings::version))
            .execute(c)?;
    }
    Ok(())
}

/// Counts a change of offerings, whose prices have changed.
///
/// # Errors
/// The database's.
pub fn take_offerings(c: &mut Conn, ids: &[Id<kind::Offering>]) -> Result<(), DbError> {
    for some in ids.chunks(IDS_PER_QUERY_MAX) {
        let some = some.iter().map(|id| DbId::from(*id));
        diesel::update(offerings::table.filter(offerings::id.eq_any(some)))
            .set(offerings::version.eq(offerings::version + 1))
            .execute(c)?;
    }
    Ok(())
}

/// Offerings by their ids.
///
/// # Errors
/// The database's.
pub fn offerings_by_id(
    c: &mut Conn,
    ids: &[Id<kind::Offering>],
) -> Result<HashMap<Id<kind::Offering>, Offering>, DbError> {
    let mut found = HashMap::new();
    for some in ids.chunks(IDS_PER_QUERY_MAX) {
        let some = some.iter().map(|id| DbId::from(*id));
        for row in offerings::table.filter(offerings::id.eq_any(some)).select(Row::as_select()).load(c)? {
            let offering = row.offering()?;
            found.insert(offering.id, offering);
        }
    }
    Ok(found)
}

/// What units offer.
///
/// # Errors
/// The database's.
pub fn offerings_of_units(c: &mut Conn, units: &[Id<kind::ServiceUnit>]) -> Result<Vec<Offering>, DbError> {
    let mut found = Vec::new();
    for some in units.chunks(IDS_PER_QUERY_MAX) {
        let some = some.iter().map(|id| DbId::from(*id));
        for row in offerings::table.filter(offerings::unit_id.eq_any(some)).select(Row::as_select()).load(c)? {
            found.push(row.offering()?);
        }
    }
    Ok(found)
}

/// Offerings in order of id: those of an organiser's voucher types, or a provider's own.
///
/// # Errors
/// The database's.
pub fn offerings_after(
    c: &mut Conn,
    whose: Whose,
    after: Option<Id<kind::Offering>>,
    limit: i64,
) -> Result<Vec<Offering>, DbError> {
    let mut query = offerings::table.into_boxed();
    query = match whose {
        Whose::KnownTo(organiser, _) => query.filter(offerings::organiser_id.eq(DbId::from(organiser))),
        Whose::Own(provider) => query.filter(offerings::provider_id.eq(DbId::from(provider))),
    };
    if let Some(after) = after {
        query = query.filter(offerings::id.gt(DbId::from(after)));
    }
    let rows = query.order(offerings::id).limit(limit).select(Row::as_select()).load(c)?;
    rows.into_iter().map(Row::offering).collect()
}
