//! What is to be told to others, written in the transaction of what has happened. Owns the queue alone; sending is
//! outside of any transaction and not its business.

use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::{Id, Moment};

use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::schema::outbox;
use crate::types::{DbId, DbMoment};

/// The longest list that is given at once.
pub const OUTBOX_PAGE_MAX: i64 = 1_000;

/// A message that is to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// Its id, by which a receiver knows a repetition.
    pub id: Id<kind::OutboxMessage>,
    /// For which organiser.
    pub organiser: Option<Id<kind::Organiser>>,
    /// What has happened.
    pub kind: String,
    /// To what kind of thing.
    pub subject_kind: String,
    /// To which.
    pub subject: Uuid,
    /// Ids only, never personal data.
    pub payload: serde_json::Value,
    /// When.
    pub at: Moment,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = outbox)]
struct Stored {
    id: DbId,
    organiser_id: Option<DbId>,
    kind: String,
    subject_kind: String,
    subject_id: DbId,
    payload: String,
    at: DbMoment,
}

/// Writes messages.
///
/// # Errors
/// The database's.
pub fn append(c: &mut Conn, messages: &[NewMessage]) -> Result<(), DbError> {
    let rows: Vec<Stored> = messages
        .iter()
        .map(|message| Stored {
            id: message.id.into(),
            organiser_id: message.organiser.map(DbId::from),
            kind: message.kind.clone(),
            subject_kind: message.subject_kind.clone(),
            subject_id: DbId(message.subject),
            payload: message.payload.to_string(),
            at: message.at.into(),
        })
        .collect();
    insert_many!(c, outbox::table, &rows)?;
    Ok(())
}

/// Messages that have not been sent, oldest first.
///
/// # Errors
/// The database's.
pub fn pending(c: &mut Conn, limit: i64) -> Result<Vec<NewMessage>, DbError> {
    let rows: Vec<Stored> = outbox::table
        .select(Stored::as_select())
        .filter(outbox::sent_at.is_null())
        .order(outbox::id.asc())
        .limit(limit.clamp(0, OUTBOX_PAGE_MAX))
        .load(c)?;
    rows.into_iter()
        .map(|row| {
            let payload = serde_json::from_str(&row.payload)
                .map_err(|_| DbError::corrupt(format!("outbox message {}: payload", row.id.0)))?;
            Ok(NewMessage {
                id: row.id.id(),
                organiser: row.organiser_id.map(DbId::id),
                kind: row.kind,
                subject_kind: row.subject_kind,
                subject: row.subject_id.0,
                payload,
                at: row.at.moment(),
            })
        })
        .collect()
}

/// Notes that a message was sent; `false` where that was noted before.
///
/// # Errors
/// The database's.
pub fn mark_sent(c: &mut Conn, id: Id<kind::OutboxMessage>, at: Moment) -> Result<bool, DbError> {
    let marked = diesel::update(outbox::table.find(DbId::from(id)).filter(outbox::sent_at.is_null()))
        .set(outbox::sent_at.eq(DbMoment::from(at)))
        .execute(c)?;
    Ok(marked == 1)
}
