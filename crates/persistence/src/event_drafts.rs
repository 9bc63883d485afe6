//! Services that a provider has begun to record and not finished. A draft ends once, recorded or discarded, and is kept.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::service_event::draft::DraftState;
use valinta_domain::{Day, Id, Moment};

use crate::convert::coded;
use crate::dialect::{Conn, literal};
use crate::error::DbError;
use crate::schema::event_drafts;
use crate::types::{DbId, DbMoment};

const TABLE: &str = "event_drafts";

/// A draft.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its id.
    pub id: Id<kind::EventDraft>,
    /// Whose it is.
    pub provider: Id<kind::Provider>,
    /// What is said so far, as JSON.
    pub content: String,
    /// Where it stands.
    pub state: DraftState,
    /// What it became.
    pub event: Option<Id<kind::ServiceEvent>>,
    /// The last day on which it can be recorded, as far as is known.
    pub deadline: Day,
    /// When something is to be told of it.
    pub tell_on: Option<Day>,
    /// Who began it: the token's subject.
    pub begun_by: String,
    /// When.
    pub begun_at: Moment,
    /// When it was recorded or discarded.
    pub ended_at: Option<Moment>,
    /// Counts changes.
    pub version: i64,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = event_drafts, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    provider_id: DbId,
    content: String,
    state: String,
    service_event_id: Option<DbId>,
    deadline: NaiveDate,
    tell_on: Option<NaiveDate>,
    begun_by: String,
    begun_at: DbMoment,
    ended_at: Option<DbMoment>,
    version: i64,
}

impl Row {
    fn draft(self) -> Result<Draft, DbError> {
        Ok(Draft {
            id: self.id.id(),
            provider: self.provider_id.id(),
            content: self.content,
            state: coded(TABLE, &self.state, DraftState::from_code)?,
            event: self.service_event_id.map(DbId::id),
            deadline: Day::new(self.deadline),
            tell_on: self.tell_on.map(Day::new),
            begun_by: self.begun_by,
            begun_at: self.begun_at.moment(),
            ended_at: self.ended_at.map(DbMoment::moment),
            version: self.version,
        })
    }
}

/// Adds a draft, which is open.
///
/// # Errors
/// The database's.
pub fn insert(c: &mut Conn, draft: &Draft) -> Result<(), DbError> {
    let row = Row {
        id: draft.id.into(),
        provider_id: draft.provider.into(),
        content: draft.content.clone(),
        state: DraftState::Open.code().to_owned(),
        service_event_id: None,
        deadline: draft.deadline.date(),
        tell_on: draft.tell_on.map(Day::date),
        begun_by: draft.begun_by.clone(),
        begun_at: draft.begun_at.into(),
        ended_at: None,
        version: 1,
    };
    diesel::insert_into(event_drafts::table).values(&row).execute(c)?;
    Ok(())
}

/// A draft by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::EventDraft>) -> Result<Option<Draft>, DbError> {
    let row = event_drafts::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::draft).transpose()
}

/// Open drafts of providers, in order of id.
///
/// # Errors
/// The database's.
pub fn open_of(
    c: &mut Conn,
    providers: &[Id<kind::Provider>],
    after: Option<Id<kind::EventDraft>>,
    limit: i64,
) -> Result<Vec<Draft>, DbError> {
    let ids: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
    let mut query = event_drafts::table
        .filter(event_drafts::provider_id.eq_any(ids))
        .filter(event_drafts::state.eq(literal(DraftState::Open.code())))
        .order(event_drafts::id)
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(event_drafts::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(Row::draft).collect()
}

/// How many drafts of a provider are open.
///
/// # Errors
/// The database's.
pub fn count_open(c: &mut Conn, provider: Id<kind::Provider>) -> Result<i64, DbError> {
    Ok(event_drafts::table
        .filter(event_drafts::provider_id.eq(DbId::from(provider)))
        .filter(event_drafts::state.eq(literal(DraftState::Open.code())))
        .count()
        .get_result(c)?)
}

/// Replaces what an open draft says, and the days that follow from it; `false` where it has changed since it was read.
///
/// # Errors
/// The database's.
pub fn replace(
    c: &mut Conn,
    draft: &Draft,
    content: &str,
    (deadline, tell_on): (Day, Option<Day>),
) -> Result<bool, DbError> {
    let read = event_drafts::table
        .find(DbId::from(draft.id))
        .filter(event_drafts::version.eq(draft.version))
        .filter(event_drafts::state.eq(literal(DraftState::Open.code())));
    let replaced = diesel::update(read)
        .set((
            event_drafts::content.eq(content),
            event_drafts::deadline.eq(deadline.date()),
            event_drafts::tell_on.eq(tell_on.map(Day::date)),
            event_drafts::version.eq(event_drafts::version + 1),
        ))
        .execute(c)?;
    Ok(replaced == 1)
}

/// Ends an open draft: recorded as an event, or discarded; `false` where it has changed since it was read.
///
/// # Errors
/// The database's.
pub fn end(
    c: &mut Conn,
    draft: &Draft,
    event: Option<Id<kind::ServiceEvent>>,
    (by, at): (&str, Moment),
) -> Result<bool, DbError> {
    let state = if event.is_some() { DraftState::Recorded } else { DraftState::Discarded };
    let read = event_drafts::table
        .find(DbId::from(draft.id))
        .filter(event_drafts::version.eq(draft.version))
        .filter(event_drafts::state.eq(literal(DraftState::Open.code())));
    let ended = diesel::update(read)
        .set((
            event_drafts::state.eq(state.code()),
            event_drafts::service_event_id.eq(event.map(DbId::from)),
            event_drafts::tell_on.eq(None::<NaiveDate>),
            event_drafts::ended_by.eq(Some(by)),
            event_drafts::ended_at.eq(Some(DbMoment::from(at))),
            event_drafts::version.eq(event_drafts::version + 1),
        ))
        .execute(c)?;
    Ok(ended == 1)
}

/// Drafts of which something is to be told by a day, those first that have waited longest.
///
/// # Errors
/// The database's.
pub fn to_tell(c: &mut Conn, day: Day, limit: i64) -> Result<Vec<Draft>, DbError> {
    event_drafts::table
        .filter(event_drafts::tell_on.assume_not_null().le(day.date()))
        .filter(event_drafts::tell_on.is_not_null())
        .order((event_drafts::tell_on, event_drafts::id))
        .limit(limit)
        .select(Row::as_select())
        .load(c)?
        .into_iter()
        .map(Row::draft)
        .collect()
}

/// Notes that what was to be told on a day is told, and what is to be told next; `false` where another process has noted
/// it, or the draft has changed.
///
/// # Errors
/// The database's.
pub fn note_told(c: &mut Conn, draft: &Draft, (deadline, next): (Day, Option<Day>)) -> Result<bool, DbError> {
    let still = event_drafts::table
        .find(DbId::from(draft.id))
        .filter(event_drafts::tell_on.eq(draft.tell_on.map(Day::date)))
        .filter(event_drafts::version.eq(draft.version));
    let noted = diesel::update(still)
        .set((event_drafts::deadline.eq(deadline.date()), event_drafts::tell_on.eq(next.map(Day::date))))
        .execute(c)?;
    Ok(noted == 1)
}
