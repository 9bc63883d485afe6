//! Answers to commands that carry an idempotency key, kept in the transaction of the command itself. An answer is
//! kept as the service sealed it; a request's body is known by its keyed hash alone.

use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::{Id, Moment};

use crate::dialect::{Conn, insert_or_ignore, on};
use crate::error::DbError;
use crate::schema::idempotency_keys;
use crate::types::{DbId, DbMoment};
use crate::update::{Bind, Update};

/// What a command was about, as its audit row says: an answer that is given again is noted there again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// For which organiser.
    pub organiser: Option<Id<kind::Organiser>>,
    /// Whose data it was.
    pub person: Option<Id<kind::Person>>,
    /// To what kind of thing it was done.
    pub target_kind: String,
    /// To which.
    pub target: Option<Uuid>,
}

/// An answer to be kept.
#[derive(Debug, Clone)]
pub struct Kept<'a> {
    /// Its status.
    pub status: u16,
    /// Its body, sealed.
    pub body: &'a str,
    /// Its `Location`.
    pub location: Option<&'a str>,
    /// What the command was about.
    pub trace: Trace,
}

/// What a claim has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The key is new: run the command and [`complete`] it in the same transaction.
    New,
    /// The command was run before, and this was the answer.
    Replay {
        /// The answer's status.
        status: u16,
        /// The answer's body.
        body: String,
        /// The answer's `Location`.
        location: Option<String>,
        /// What the command was about.
        trace: Trace,
    },
    /// The key was used for another operation or another body.
    OtherBody,
}

#[derive(Insertable)]
#[diesel(table_name = idempotency_keys, treat_none_as_default_value = false)]
struct NewKey<'a> {
    caller: &'a str,
    key: &'a str,
    operation: &'a str,
    body_hash: &'a [u8],
    at: DbMoment,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct Row {
    operation: String,
    body_hash: Vec<u8>,
    status: Option<i32>,
    response: Option<String>,
    location: Option<String>,
    organiser_id: Option<DbId>,
    person_id: Option<DbId>,
    target_kind: Option<String>,
    target_id: Option<DbId>,
}

/// Takes the caller's key for a command. Where another transaction has taken it and not ended yet, waits for that one.
///
/// # Errors
/// [`DbError::LockTimeout`] where the other transaction takes too long; else the database's.
pub fn claim(
    c: &mut Conn,
    caller: &str,
    key: &str,
    operation: &str,
    body_hash: &[u8; 32],
    at: Moment,
) -> Result<Claimed, DbError> {
    let new = NewKey { caller, key, operation, body_hash, at: at.into() };
    if insert_or_ignore!(c, idempotency_keys::table, &new)? == 1 {
        return Ok(Claimed::New);
    }
    match look(c, caller, key, operation, body_hash)? {
        // Forgotten between the two statements: at the next try the key is new.
        Claimed::New => Err(DbError::Serialization),
        found @ (Claimed::Replay { .. } | Claimed::OtherBody) => Ok(found),
    }
}

/// What a claim of the key would find, without claiming it.
///
/// # Errors
/// The database's.
pub fn look(c: &mut Conn, caller: &str, key: &str, operation: &str, body_hash: &[u8; 32]) -> Result<Claimed, DbError> {
    let kept: Option<Row> =
        idempotency_keys::table.find((caller, key)).select(Row::as_select()).get_result(c).optional()?;
    let Some(kept) = kept else { return Ok(Claimed::New) };
    if kept.operation != operation || kept.body_hash != body_hash {
        return Ok(Claimed::OtherBody);
    }
    let trace = Trace {
        organiser: kept.organiser_id.map(DbId::id),
        person: kept.person_id.map(DbId::id),
        target_kind: kept.target_kind.unwrap_or_default(),
        target: kept.target_id.map(|id| id.0),
    };
    let status = kept.status.and_then(|status| u16::try_from(status).ok());
    match (status, kept.response) {
        (Some(status), Some(body)) => Ok(Claimed::Replay { status, body, location: kept.location, trace }),
        (Some(_) | None, Some(_) | None) => {
            Err(DbError::corrupt(format!("idempotency key of {operation} was committed without an answer")))
        }
    }
}

/// Keeps the answer to a command whose key was claimed in this transaction.
///
/// # Errors
/// The database's; [`DbError::Internal`] where the key was not claimed or is complete.
pub fn complete(c: &mut Conn, caller: &str, key: &str, kept: &Kept<'_>) -> Result<(), DbError> {
    let trace = &kept.trace;
    let target_kind = Some(trace.target_kind.as_str()).filter(|kind| !kind.is_empty());
    let update = Update([
        ("UPDATE idempotency_keys SET status = ", Bind::Integer(kept.status.into())),
        (", response = ", Bind::Text(kept.body)),
        (", location = ", Bind::MaybeText(kept.location)),
        (", organiser_id = ", Bind::MaybeId(trace.organiser.map(DbId::from))),
        (", person_id = ", Bind::MaybeId(trace.person.map(DbId::from))),
        (", target_kind = ", Bind::MaybeText(target_kind)),
        (", target_id = ", Bind::MaybeId(trace.target.map(DbId))),
        (" WHERE status IS NULL AND caller = ", Bind::Text(caller)),
        (" AND key = ", Bind::Text(key)),
    ]);
    let completed = on!(c, c => update.execute(c))?;
    if completed == 1 {
        Ok(())
    } else {
        Err(DbError::Internal("an idempotency key was completed without a claim".to_owned()))
    }
}

/// Forgets keys claimed before the moment, and says how many.
///
/// # Errors
/// The database's.
pub fn forget_before(c: &mut Conn, at: Moment) -> Result<usize, DbError> {
    let old = idempotency_keys::table.filter(idempotency_keys::at.lt(DbMoment::from(at)));
    Ok(diesel::delete(old).execute(c)?)
}
