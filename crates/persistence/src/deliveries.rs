//! What leaves the house: rows that are written in the transaction of what happened, taken by one process for a while, and
//! handed over outside of any transaction. Owns `deliveries` and `delivery_attempts`; handing over is not its business.

use diesel::dsl::count_star;
use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::delivery::{AttemptOutcome, Channel, DeliveryKind, DeliveryState, LEASE, WAITS};
use valinta_domain::id::kind;
use valinta_domain::lease::later;
use valinta_domain::{Id, Moment};

use crate::convert::coded;
use crate::dialect::{Conn, literal};
use crate::error::DbError;
use crate::schema::{deliveries, delivery_attempts};
use crate::types::{DbId, DbMoment};

const TABLE: &str = "deliveries";
const ATTEMPTS: &str = "delivery_attempts";
/// The latest attempts of a delivery that are read.
pub const ATTEMPTS_SHOWN_MAX: i64 = 100;

/// Who has a delivery, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// By which it is known.
    pub id: Id<kind::Lease>,
    /// When another may take it.
    pub until: Moment,
}

/// What is handed over, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Its id, by which a receiver knows a repetition.
    pub id: Id<kind::Delivery>,
    /// Whose.
    pub organiser: Id<kind::Organiser>,
    /// What.
    pub kind: DeliveryKind,
    /// How.
    pub channel: Channel,
    /// Of what kind of thing.
    pub subject_kind: String,
    /// Of which.
    pub subject: Uuid,
    /// When it was made. It can be handed over at once.
    pub created_at: Moment,
}

/// A delivery as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What, and where to.
    pub made: NewDelivery,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it is tried next, while it waits.
    pub due_at: Moment,
    /// Who has it.
    pub lease: Option<Lease>,
    /// How often it was tried.
    pub attempts: i32,
    /// How often since it was made or replayed.
    pub tries: i32,
    /// What was said of the last attempt that failed.
    pub last_error: Option<String>,
    /// When it came to its end.
    pub ended_at: Option<Moment>,
}

impl Delivery {
    /// Its id.
    pub const fn id(&self) -> Id<kind::Delivery> {
        self.made.id
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    kind: String,
    channel: String,
    subject_kind: String,
    subject_id: DbId,
    state: String,
    due_at: DbMoment,
    lease_id: Option<DbId>,
    lease_until: Option<DbMoment>,
    attempts: i32,
    tries: i32,
    last_error: Option<String>,
    created_at: DbMoment,
    ended_at: Option<DbMoment>,
}

impl Row {
    fn delivery(self) -> Result<Delivery, DbError> {
        let lease = self.lease_id.zip(self.lease_until);
        Ok(Delivery {
            made: NewDelivery {
                id: self.id.id(),
                organiser: self.organiser_id.id(),
                kind: coded(TABLE, &self.kind, DeliveryKind::from_code)?,
                channel: coded(TABLE, &self.channel, Channel::from_code)?,
                subject_kind: self.subject_kind,
                subject: self.subject_id.0,
                created_at: self.created_at.moment(),
            },
            state: coded(TABLE, &self.state, DeliveryState::from_code)?,
            due_at: self.due_at.moment(),
            lease: lease.map(|(id, until)| Lease { id: id.id(), until: until.moment() }),
            attempts: self.attempts,
            tries: self.tries,
            last_error: self.last_error,
            ended_at: self.ended_at.map(DbMoment::moment),
        })
    }
}

/// Adds what is to be handed over.
///
/// # Errors
/// [`DbError::Unique`] where the same of the same thing is handed over there already.
pub fn add(c: &mut Conn, delivery: &NewDelivery) -> Result<(), DbError> {
    let row = Row {
        id: delivery.id.into(),
        organiser_id: delivery.organiser.into(),
        kind: delivery.kind.code().to_owned(),
        channel: delivery.channel.code().to_owned(),
        subject_kind: delivery.subject_kind.clone(),
        subject_id: DbId(delivery.subject),
        state: DeliveryState::Waiting.code().to_owned(),
        due_at: delivery.created_at.into(),
        lease_id: None,
        lease_until: None,
        attempts: 0,
        tries: 0,
        last_error: None,
        created_at: delivery.created_at.into(),
        ended_at: None,
    };
    diesel::insert_into(deliveries::table).values(&row).execute(c)?;
    Ok(())
}

/// Whether a row can be taken: it waits, its moment has come, and nobody has it any more. What was put off, or taken, for
/// twice as long as anything is, was so by a clock that was wrong: that is as if it had come.
macro_rules! can_be_taken {
    ($now:expr) => {{
        let now = DbMoment::from($now);
        let off = DbMoment::from(later(later($now, WAITS.1), WAITS.1));
        let leased = DbMoment::from(later(later($now, LEASE), LEASE));
        let until = deliveries::lease_until.assume_not_null();
        deliveries::state
            .eq(literal(DeliveryState::Waiting.code()))
            .and(deliveries::due_at.le(now).or(deliveries::due_at.gt(off)))
            .and(deliveries::lease_id.is_null().or(until.le(now)).or(until.gt(leased)))
    }};
}

/// What can be taken now of some channels, what has waited longest first.
///
/// # Errors
/// The database's.
pub fn due(c: &mut Conn, channels: &[Channel], now: Moment, limit: i64) -> Result<Vec<Id<kind::Delivery>>, DbError> {
    let channels: Vec<&str> = channels.iter().map(|channel| channel.code()).collect();
    let ids: Vec<DbId> = deliveries::table
        .filter(can_be_taken!(now))
        .filter(deliveries::channel.eq_any(channels))
        .order((deliveries::due_at, deliveries::id))
        .limit(limit)
        .select(deliveries::id)
        .load(c)?;
    Ok(ids.into_iter().map(DbId::id).collect())
}

/// Takes a delivery as it was seen, for a try; `false` where another was first, or it can be taken no more.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, seen: &Delivery, lease: Lease, now: Moment) -> Result<bool, DbError> {
    let as_seen = deliveries::table
        .filter(deliveries::id.eq(DbId::from(seen.id())))
        .filter(deliveries::attempts.eq(seen.attempts))
        .filter(can_be_taken!(now));
    let taken = diesel::update(as_seen)
        .set((
            deliveries::lease_id.eq(Some(DbId::from(lease.id))),
            deliveries::lease_until.eq(Some(DbMoment::from(lease.until))),
            deliveries::attempts.eq(deliveries::attempts + 1),
            deliveries::tries.eq(deliveries::tries + 1),
        ))
        .execute(c)?;
    Ok(taken == 1)
}

/// What becomes of a delivery that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It was handed over.
    Sent,
    /// It is not wanted any more, for this reason.
    CalledOff(String),
    /// It failed, as is said, and is tried again then; never, where it is given up.
    Failed {
        /// What was said.
        said: String,
        /// When it is tried again.
        next: Option<Moment>,
    },
}

/// Gives a delivery back with what has become of it; `false` where the lease has gone to another meanwhile.
///
/// # Errors
/// The database's.
pub fn give_back(
    c: &mut Conn,
    id: Id<kind::Delivery>,
    lease: Id<kind::Lease>,
    ending: &Ending,
    now: Moment,
) -> Result<bool, DbError> {
    let (state, due_at, said) = match ending {
        Ending::Sent => (DeliveryState::Sent, None, None),
        Ending::CalledOff(why) => (DeliveryState::CalledOff, None, Some(why)),
        Ending::Failed { said, next: Some(at) } => (DeliveryState::Waiting, Some(*at), Some(said)),
        Ending::Failed { said, next: None } => (DeliveryState::Dead, None, Some(said)),
    };
    let own = deliveries::table.find(DbId::from(id)).filter(deliveries::lease_id.eq(DbId::from(lease)));
    let ended_at = if due_at.is_some() { None } else { Some(DbMoment::from(now)) };
    let given = diesel::update(own)
        .set((
            deliveries::state.eq(state.code()),
            deliveries::due_at.eq(DbMoment::from(due_at.unwrap_or(now))),
            deliveries::lease_id.eq(None::<DbId>),
            deliveries::lease_until.eq(None::<DbMoment>),
            deliveries::last_error.eq(said),
            deliveries::ended_at.eq(ended_at),
        ))
        .execute(c)?;
    Ok(given == 1)
}

/// Lets a delivery that was given up be tried again from now on; `false` where it is not given up.
///
/// # Errors
/// The database's.
pub fn replay(c: &mut Conn, id: Id<kind::Delivery>, now: Moment) -> Result<bool, DbError> {
    let dead = deliveries::table.find(DbId::from(id)).filter(deliveries::state.eq(DeliveryState::Dead.code()));
    let replayed = diesel::update(dead)
        .set((
            deliveries::state.eq(DeliveryState::Waiting.code()),
            deliveries::due_at.eq(DbMoment::from(now)),
            deliveries::tries.eq(0),
            deliveries::ended_at.eq(None::<DbMoment>),
        ))
        .execute(c)?;
    Ok(replayed == 1)
}

/// An attempt to hand something over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Of which delivery.
    pub delivery: Id<kind::Delivery>,
    /// Its number, from 1.
    pub number: i32,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// What was said of it.
    pub said: Option<String>,
    /// When that was known.
    pub at: Moment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = delivery_attempts, treat_none_as_default_value = false)]
struct AttemptRow {
    delivery_id: DbId,
    number: i32,
    outcome: String,
    said: Option<String>,
    at: DbMoment,
}

/// Notes what came of an attempt.
///
/// # Errors
/// The database's.
pub fn note(c: &mut Conn, attempt: &Attempt) -> Result<(), DbError> {
    let row = AttemptRow {
        delivery_id: attempt.delivery.into(),
        number: attempt.number,
        outcome: attempt.outcome.code().to_owned(),
        said: attempt.said.clone(),
        at: attempt.at.into(),
    };
    diesel::insert_into(delivery_attempts::table).values(&row).execute(c)?;
    Ok(())
}

/// The latest attempts of a delivery, latest first, at most [`ATTEMPTS_SHOWN_MAX`].
///
/// # Errors
/// The database's.
pub fn attempts_of(c: &mut Conn, id: Id<kind::Delivery>) -> Result<Vec<Attempt>, DbError> {
    let rows: Vec<AttemptRow> = delivery_attempts::table
        .filter(delivery_attempts::delivery_id.eq(DbId::from(id)))
        .order(delivery_attempts::number.desc())
        .limit(ATTEMPTS_SHOWN_MAX)
        .select(AttemptRow::as_select())
        .load(c)?;
    rows.into_iter()
        .map(|row| {
            Ok(Attempt {
                delivery: row.delivery_id.id(),
                number: row.number,
                outcome: coded(ATTEMPTS, &row.outcome, AttemptOutcome::from_code)?,
                said: row.said,
                at: row.at.moment(),
            })
        })
        .collect()
}

/// A delivery by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Delivery>) -> Result<Option<Delivery>, DbError> {
    let row: Option<Row> = deliveries::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::delivery).transpose()
}

/// What of a thing is handed over by a channel, if it is.
///
/// # Errors
/// The database's.
pub fn of_subject(
    c: &mut Conn,
    subject: Uuid,
    kind: DeliveryKind,
    channel: Channel,
) -> Result<Option<Delivery>, DbError> {
    let row: Option<Row> = deliveries::table
        .filter(deliveries::subject_id.eq(DbId(subject)))
        .filter(deliveries::kind.eq(kind.code()))
        .filter(deliveries::channel.eq(channel.code()))
        .select(Row::as_select())
        .first(c)
        .optional()?;
    row.map(Row::delivery).transpose()
}

/// Which deliveries are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeliveryFilter {
    /// That stand so.
    pub state: Option<DeliveryState>,
    /// Of this kind.
    pub kind: Option<DeliveryKind>,
    /// Of this thing.
    pub subject: Option<Uuid>,
}

/// An organiser's deliveries, latest first.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    filter: &DeliveryFilter,
    before: Option<Id<kind::Delivery>>,
    limit: i64,
) -> Result<Vec<Delivery>, DbError> {
    let mut query = deliveries::table
        .filter(deliveries::organiser_id.eq(DbId::from(organiser)))
        .order(deliveries::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(state) = filter.state {
        query = query.filter(deliveries::state.eq(state.code()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(deliveries::kind.eq(kind.code()));
    }
    if let Some(subject) = filter.subject {
        query = query.filter(deliveries::subject_id.eq(DbId(subject)));
    }
    if let Some(before) = before {
        query = query.filter(deliveries::id.lt(DbId::from(before)));
    }
    query.load(c)?.into_iter().map(Row::delivery).collect()
}

/// How many deliveries of an organiser stand where something may have to be done about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// Whose.
    pub organiser: Id<kind::Organiser>,
    /// Where they stand.
    pub state: DeliveryState,
    /// How many.
    pub count: i64,
}

/// What waits and what was given up, by organiser.
///
/// # Errors
/// The database's.
pub fn open(c: &mut Conn) -> Result<Vec<Open>, DbError> {
    let is = |state: DeliveryState| deliveries::state.eq(literal(state.code()));
    let rows: Vec<(DbId, String, i64)> = deliveries::table
        .filter(is(DeliveryState::Waiting).or(is(DeliveryState::Dead)))
        .group_by((deliveries::organiser_id, deliveries::state))
        .select((deliveries::organiser_id, deliveries::state, count_star()))
        .order((deliveries::organiser_id, deliveries::state))
        .load(c)?;
    rows.into_iter()
        .map(|(organiser, state, count)| {
            Ok(Open { organiser: organiser.id(), state: coded(TABLE, &state, DeliveryState::from_code)?, count })
        })
        .collect()
}

/// A lease of a delivery that begins now.
pub fn lease(id: Id<kind::Lease>, now: Moment) -> Lease {
    Lease { id, until: later(now, LEASE) }
}
