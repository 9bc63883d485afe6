//! What is told to others: written in the transaction of what has happened, given its place in the order of all that is told,
//! and read in that order. Owns `outbox`, `event_places` and `event_kinds`; handing it over is not its business.

use std::collections::BTreeMap;

use diesel::dsl::min;
use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::event::{EventKind, Hearers, Position};
use valinta_domain::id::kind;
use valinta_domain::{Id, Moment};

use crate::convert::coded;
use crate::dialect::{Conn, insert_many, insert_or_ignore, on};
use crate::error::DbError;
use crate::machine_clients::ActsFor;
use crate::schema::{event_kinds, event_places, outbox};
use crate::types::{DbId, DbMoment};
use crate::update::{Bind, Update};

/// Something that has happened, as others are told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its id, by which a receiver knows a repetition.
    pub id: Id<kind::OutboxMessage>,
    /// Who hears of it.
    pub hearers: Hearers,
    /// What has happened.
    pub kind: EventKind,
    /// To what kind of thing.
    pub subject_kind: String,
    /// To which.
    pub subject: Uuid,
    /// Ids and states only, never personal data.
    pub payload: serde_json::Value,
    /// When.
    pub at: Moment,
}

/// A message with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its place.
    pub position: Position,
    /// What is told.
    pub message: Message,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
struct Stored {
    id: DbId,
    organiser_id: Option<DbId>,
    kind: String,
    subject_kind: String,
    subject_id: DbId,
    payload: String,
    at: DbMoment,
    provider_id: Option<DbId>,
}

impl Stored {
    fn message(self) -> Result<Message, DbError> {
        let payload = serde_json::from_str(&self.payload)
            .map_err(|_| DbError::corrupt(format!("outbox message {}: payload", self.id.0)))?;
        Ok(Message {
            id: self.id.id(),
            hearers: Hearers { organiser: self.organiser_id.map(DbId::id), provider: self.provider_id.map(DbId::id) },
            kind: coded("outbox", &self.kind, EventKind::from_code)?,
            subject_kind: self.subject_kind,
            subject: self.subject_id.0,
            payload,
            at: self.at.moment(),
        })
    }
}

/// Writes messages. They have no place yet.
///
/// # Errors
/// The database's.
pub fn append(c: &mut Conn, messages: &[Message]) -> Result<(), DbError> {
    let rows: Vec<Stored> = messages
        .iter()
        .map(|message| Stored {
            id: message.id.into(),
            organiser_id: message.hearers.organiser.map(DbId::from),
            kind: message.kind.code().to_owned(),
            subject_kind: message.subject_kind.clone(),
            subject_id: DbId(message.subject),
            payload: message.payload.to_string(),
            at: message.at.into(),
            provider_id: message.hearers.provider.map(DbId::from),
        })
        .collect();
    insert_many!(c, outbox::table, &rows)?;
    Ok(())
}

/// Gives messages that have none their places, oldest first. What has got one is seen by others before anything that gets a
/// later one: whoever gives places waits for whoever else does.
///
/// # Errors
/// The database's; then none has got one.
pub fn place_next(c: &mut Conn, limit: i64) -> Result<usize, DbError> {
    let waiting = outbox::table.filter(outbox::position.is_null()).select(outbox::id);
    if waiting.first::<DbId>(c).optional()?.is_none() {
        return Ok(0);
    }
    let mut last: i64 = diesel::update(event_places::table.find(1))
        .set(event_places::last.eq(event_places::last))
        .returning(event_places::last)
        .get_result(c)?;
    let placed: Vec<(DbId, String)> =
        waiting.select((outbox::id, outbox::kind)).order(outbox::id).limit(limit).load(c)?;
    let mut kinds = BTreeMap::new();
    for (id, kind) in &placed {
        last = last.checked_add(1).ok_or_else(|| DbError::Internal("there are no places left".to_owned()))?;
        let place = Update([("UPDATE outbox SET position = ", Bind::BigInt(last)), (" WHERE id = ", Bind::Id(*id))]);
        on!(c, c => place.execute(c))?;
        kinds.entry(kind).or_insert(last);
    }
    for (kind, first) in kinds {
        insert_or_ignore!(c, event_kinds::table, (event_kinds::kind.eq(kind), event_kinds::first.eq(first)))?;
    }
    diesel::update(event_places::table.find(1)).set(event_places::last.eq(last)).execute(c)?;
    Ok(placed.len())
}

/// The last place that was given.
///
/// # Errors
/// The database's.
pub fn last_place(c: &mut Conn) -> Result<Position, DbError> {
    Ok(Position(event_places::table.find(1).select(event_places::last).first(c)?))
}

/// Who asks what has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hearer {
    /// An organiser.
    Organiser(Id<kind::Organiser>),
    /// One who acts for providers.
    Providers(Vec<Id<kind::Provider>>),
}

impl From<ActsFor> for Hearer {
    fn from(owner: ActsFor) -> Self {
        match owner {
            ActsFor::Organiser(organiser) => Self::Organiser(organiser),
            ActsFor::Provider(provider) => Self::Providers(vec![provider]),
        }
    }
}

/// What a hearer is told next.
#[derive(Debug, Clone, PartialEq)]
pub struct Telling {
    /// In order.
    pub events: Vec<Event>,
    /// Up to where was looked: behind the last event there is nothing for the hearer until there, if not as many were found
    /// as were asked for.
    pub until: Position,
    /// Whether what comes next is of a kind that this release does not know. A later one does: nobody goes past it here.
    pub is_behind_unknown: bool,
}

/// What is told after a place, in order, of some kinds, so many at most.
///
/// # Errors
/// The database's.
pub fn after(
    c: &mut Conn,
    hearer: &Hearer,
    kinds: &[EventKind],
    after: Position,
    limit: i64,
) -> Result<Telling, DbError> {
    // First how far is looked, then what is there: what gets its place meanwhile is for the next look.
    let until = last_place(c)?;
    let codes: Vec<&str> = kinds.iter().map(|kind| kind.code()).collect();
    let mut query = outbox::table
        .filter(outbox::position.gt(after.0))
        .filter(outbox::position.le(until.0))
        .filter(outbox::kind.eq_any(codes))
        .order(outbox::position)
        .limit(limit)
        .select((Stored::as_select(), outbox::position.assume_not_null()))
        .into_boxed();
    query = match hearer {
        Hearer::Organiser(organiser) => query.filter(outbox::organiser_id.eq(DbId::from(*organiser))),
        Hearer::Providers(providers) => {
            let providers: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
            query.filter(outbox::provider_id.eq_any(providers))
        }
    };
    let rows: Vec<(Stored, i64)> = query.load(c)?;
    let unknown = first_unknown(c)?.filter(|first| *first <= until);
    // Who is past it already stays where they are.
    let until = unknown.map_or(until, |first| Position(first.0.saturating_sub(1)).max(after));
    let event = |(row, position): (Stored, i64)| {
        Ok::<_, DbError>(Event { position: Position(position), message: row.message()? })
    };
    let told = rows.into_iter().filter(|(_, position)| *position <= until.0);
    Ok(Telling { events: told.map(event).collect::<Result<_, _>>()?, until, is_behind_unknown: unknown.is_some() })
}

/// The first place of something of a kind that only a later release knows.
fn first_unknown(c: &mut Conn) -> Result<Option<Position>, DbError> {
    let known = EventKind::ALL.map(EventKind::code).to_vec();
    let of_others = event_kinds::table.filter(event_kinds::kind.ne_all(known));
    let first: Option<i64> = of_others.select(min(event_kinds::first)).first(c)?;
    Ok(first.map(Position))
}

/// The latest messages, in the order in which they were written, whether or not they have a place.
///
/// # Errors
/// The database's.
pub fn written(c: &mut Conn, limit: i64) -> Result<Vec<Message>, DbError> {
    let rows: Vec<Stored> = outbox::table.select(Stored::as_select()).order(outbox::id.desc()).limit(limit).load(c)?;
    rows.into_iter().rev().map(Stored::message).collect()
}
