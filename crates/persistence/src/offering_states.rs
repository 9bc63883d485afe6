//! How each offering stood at each revision of the registry, whole, as clients compare it. Written with the change that made
//! it so; the choices that are listed are read from nowhere else.

use std::collections::HashMap;

use diesel::prelude::*;
use valinta_domain::Id;
use valinta_domain::choice::Candidate;
use valinta_domain::id::kind;

use crate::candidates::{self, Which};
use crate::convert::{from_json, to_json};
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::registry;
use crate::schema::{offering_states, offerings, registry_revision};
use crate::types::DbId;

const TABLE: &str = "offering_states";
/// Offerings that are put together at once.
const AT_ONCE: usize = 500;

/// A candidate of a voucher type.
pub type OfType = (Id<kind::VoucherType>, Candidate);

#[derive(Insertable)]
#[diesel(table_name = offering_states, treat_none_as_default_value = false)]
struct NewRow {
    offering_id: DbId,
    revision: i64,
    voucher_type_id: DbId,
    document: String,
}

/// Notes how offerings stand from a revision on, as the tables have them now; those that stand as before are left alone.
/// The revision's row is held.
///
/// # Errors
/// The database's.
pub(crate) fn note(c: &mut Conn, revision: i64, ids: &[DbId]) -> Result<(), DbError> {
    for some in ids.chunks(AT_ONCE) {
        let mut before = documents(c, some)?;
        let (mut rows, mut ended) = (Vec::new(), Vec::new());
        for (offering, candidate) in candidates::candidates(c, Which::These(some))? {
            let (offering_id, document) = (DbId::from(offering.id), to_json(&candidate)?);
            match before.remove(&offering_id) {
                Some(before) if before == document => continue,
                Some(_) => ended.push(offering_id),
                None => {}
            }
            rows.push(NewRow { offering_id, revision, voucher_type_id: offering.voucher_type.into(), document });
        }
        let present = offering_states::table
            .filter(offering_states::offering_id.eq_any(&ended))
            .filter(offering_states::until.is_null());
        diesel::update(present).set(offering_states::until.eq(Some(revision))).execute(c)?;
        insert_many!(c, offering_states::table, &rows)?;
    }
    Ok(())
}

fn documents(c: &mut Conn, ids: &[DbId]) -> Result<HashMap<DbId, String>, DbError> {
    let rows: Vec<(DbId, String)> = offering_states::table
        .filter(offering_states::offering_id.eq_any(ids))
        .filter(offering_states::until.is_null())
        .select((offering_states::offering_id, offering_states::document))
        .load(c)?;
    Ok(rows.into_iter().collect())
}

/// How offerings stand; of those that have changed since a revision, if that is asked for.
///
/// # Errors
/// The database's.
pub(crate) fn present(c: &mut Conn, since: Option<i64>) -> Result<Vec<OfType>, DbError> {
    let query = offering_states::table
        .filter(offering_states::until.is_null())
        .select((offering_states::voucher_type_id, offering_states::document));
    let rows: Vec<(DbId, String)> = match since {
        None => query.load(c)?,
        Some(since) => query.filter(offering_states::revision.gt(since)).load(c)?,
    };
    read(rows)
}

/// How the offerings of a voucher type stood at a revision.
///
/// # Errors
/// The database's.
pub(crate) fn as_of(c: &mut Conn, voucher_type: Id<kind::VoucherType>, revision: i64) -> Result<Vec<OfType>, DbError> {
    let rows: Vec<(DbId, String)> = offering_states::table
        .filter(offering_states::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(offering_states::revision.le(revision))
        .filter(offering_states::until.is_null().or(offering_states::until.assume_not_null().gt(revision)))
        .select((offering_states::voucher_type_id, offering_states::document))
        .load(c)?;
    read(rows)
}

fn read(rows: Vec<(DbId, String)>) -> Result<Vec<OfType>, DbError> {
    rows.into_iter().map(|(voucher_type, document)| Ok((voucher_type.id(), from_json(TABLE, &document)?))).collect()
}

/// Finds how the next offerings after one stand, for a database in which that was never noted, and says which was the last
/// of them. Nobody changes the registry meanwhile.
///
/// # Errors
/// The database's.
pub fn find_some(c: &mut Conn, after: Option<Id<kind::Offering>>) -> Result<Option<Id<kind::Offering>>, DbError> {
    diesel::update(registry_revision::table.find(1))
        .set(registry_revision::revision.eq(registry_revision::revision))
        .execute(c)?;
    let revision = registry::revision(c)?;
    let limit = i64::try_from(AT_ONCE).map_err(|e| DbError::Internal(e.to_string()))?;
    let query = offerings::table.order(offerings::id).limit(limit).select(offerings::id);
    let ids: Vec<DbId> = match after {
        None => query.load(c)?,
        Some(after) => query.filter(offerings::id.gt(DbId::from(after))).load(c)?,
    };
    note(c, revision, &ids)?;
    Ok(ids.last().map(|last| last.id()))
}

/// Offerings that do not stand as is noted of them, or of which nothing is noted: none, as long as every change was noted.
///
/// # Errors
/// The database's.
pub fn not_as_noted(c: &mut Conn) -> Result<Vec<Id<kind::Offering>>, DbError> {
    let all: Vec<DbId> = offerings::table.order(offerings::id).select(offerings::id).load(c)?;
    let mut wrong = Vec::new();
    for some in all.chunks(AT_ONCE) {
        let noted = documents(c, some)?;
        for (offering, candidate) in candidates::candidates(c, Which::These(some))? {
            let is_noted = match noted.get(&DbId::from(offering.id)) {
                Some(document) => from_json::<Candidate>(TABLE, document)? == candidate,
                None => false,
            };
            if !is_noted {
                wrong.push(offering.id);
            }
        }
    }
    Ok(wrong)
}
