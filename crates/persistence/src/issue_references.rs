//! By what those who ask for vouchers know what they have asked for. Owns `issue_references`: what is there stays.

use std::collections::BTreeMap;

use diesel::prelude::*;
use valinta_domain::Id;
use valinta_domain::id::kind;

use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::schema::issue_references;
use crate::types::DbId;

/// What was decided on by a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueReference {
    /// Whose.
    pub organiser: Id<kind::Organiser>,
    /// What whoever asked calls it.
    pub reference: String,
    /// The hash of what was asked.
    pub asked_hash: Vec<u8>,
    /// The decision.
    pub decision: Id<kind::Decision>,
    /// The voucher, where one was granted.
    pub voucher: Option<Id<kind::Voucher>>,
    /// Why none was, as a code.
    pub reason: Option<String>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = issue_references, treat_none_as_default_value = false)]
struct Row {
    organiser_id: DbId,
    reference: String,
    asked_hash: Vec<u8>,
    decision_id: DbId,
    voucher_id: Option<DbId>,
    reason: Option<String>,
}

/// What an organiser has decided on by some references, by these.
///
/// # Errors
/// The database's.
pub fn find(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    references: &[&str],
) -> Result<BTreeMap<String, IssueReference>, DbError> {
    if references.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<Row> = issue_references::table
        .filter(issue_references::organiser_id.eq(DbId::from(organiser)))
        .filter(issue_references::reference.eq_any(references))
        .select(Row::as_select())
        .load(c)?;
    let found = |row: Row| IssueReference {
        organiser: row.organiser_id.id(),
        reference: row.reference,
        asked_hash: row.asked_hash,
        decision: row.decision_id.id(),
        voucher: row.voucher_id.map(DbId::id),
        reason: row.reason,
    };
    Ok(rows.into_iter().map(|row| (row.reference.clone(), found(row))).collect())
}

/// Keeps by what it is known what was decided on in this transaction.
///
/// # Errors
/// [`DbError::Serialization`] where another transaction has kept one of the references meanwhile: looked for again, it is
/// found. Else the database's.
pub fn keep<'a>(c: &mut Conn, all: impl IntoIterator<Item = &'a IssueReference>) -> Result<(), DbError> {
    let row = |one: &IssueReference| Row {
        organiser_id: one.organiser.into(),
        reference: one.reference.clone(),
        asked_hash: one.asked_hash.clone(),
        decision_id: one.decision.into(),
        voucher_id: one.voucher.map(DbId::from),
        reason: one.reason.clone(),
    };
    let rows: Vec<Row> = all.into_iter().map(row).collect();
    match insert_many!(c, issue_references::table, &rows).map_err(DbError::from) {
        Ok(_) => Ok(()),
        Err(DbError::Unique { .. }) => Err(DbError::Serialization),
        Err(error) => Err(error),
    }
}
