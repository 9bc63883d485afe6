//! What happened to applications, in order, and what was handed in, word for word. Rows are added and never changed.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::application::ApplicationEventKind;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Moment};

use crate::convert::{coded, from_json, to_json};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::application_events;
use crate::types::{DbId, DbMoment};

const TABLE: &str = "application_events";

/// The most events of one application that are shown: the newest.
const EVENTS_MAX: i64 = 100;

/// Something that happened to an application.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id.
    pub id: Id<kind::ApplicationEvent>,
    /// What.
    pub kind: ApplicationEventKind,
    /// What was asked or answered, in words.
    pub text: Option<String>,
    /// By when an answer is wanted.
    pub due: Option<Day>,
    /// About which requirements more is asked.
    pub requirements: Vec<String>,
    /// SHA-256 of what was handed in, in hexadecimal.
    pub sha256: Option<String>,
    /// Who.
    pub by: String,
    /// When.
    pub at: Moment,
}

/// Something that has just happened to an application.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    /// Whose application it is to decide.
    pub organiser: Id<kind::Organiser>,
    /// To which application.
    pub application: Id<kind::Application>,
    /// What happened.
    pub event: &'a Event,
    /// What was handed in, to the byte. Its hash is the event's.
    pub document: Option<&'a str>,
}

#[derive(Insertable)]
#[diesel(table_name = application_events, treat_none_as_default_value = false)]
struct NewRow<'a> {
    id: DbId,
    organiser_id: DbId,
    application_id: DbId,
    kind: &'static str,
    text: Option<&'a str>,
    due: Option<NaiveDate>,
    requirements: Option<String>,
    document: Option<&'a str>,
    sha256: Option<&'a str>,
    by: &'a str,
    at: DbMoment,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = application_events)]
struct Row {
    id: DbId,
    kind: String,
    text: Option<String>,
    due: Option<NaiveDate>,
    requirements: Option<String>,
    sha256: Option<String>,
    by: String,
    at: DbMoment,
}

impl Row {
    fn event(self) -> Result<Event, DbError> {
        let requirements = self.requirements.map(|text| from_json(TABLE, &text)).transpose()?;
        Ok(Event {
            id: self.id.id(),
            kind: coded(TABLE, &self.kind, ApplicationEventKind::from_code)?,
            text: self.text,
            due: self.due.map(Day::new),
            requirements: requirements.unwrap_or_default(),
            sha256: self.sha256,
            by: self.by,
            at: self.at.moment(),
        })
    }
}

/// Adds what happened.
///
/// # Errors
/// The database's.
pub fn append_event(c: &mut Conn, new: &NewEvent<'_>) -> Result<(), DbError> {
    let event = new.event;
    let requirements = (!event.requirements.is_empty()).then(|| to_json(&event.requirements)).transpose()?;
    let row = NewRow {
        id: event.id.into(),
        organiser_id: new.organiser.into(),
        application_id: new.application.into(),
        kind: event.kind.code(),
        text: event.text.as_deref(),
        due: event.due.map(Day::date),
        requirements,
        document: new.document,
        sha256: event.sha256.as_deref(),
        by: &event.by,
        at: event.at.into(),
    };
    diesel::insert_into(application_events::table).values(&row).execute(c)?;
    Ok(())
}

/// What happened to an application, oldest first. Of very much, the newest.
///
/// # Errors
/// The database's.
pub fn events_of(c: &mut Conn, application: Id<kind::Application>) -> Result<Vec<Event>, DbError> {
    let rows: Vec<Row> = application_events::table
        .filter(application_events::application_id.eq(DbId::from(application)))
        .order(application_events::id.desc())
        .limit(EVENTS_MAX)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().rev().map(Row::event).collect()
}

/// What was handed in with this hash, or last, to the byte.
///
/// # Errors
/// The database's.
pub fn document_of(
    c: &mut Conn,
    application: Id<kind::Application>,
    sha256: Option<&str>,
) -> Result<Option<String>, DbError> {
    let mut query = application_events::table
        .filter(application_events::application_id.eq(DbId::from(application)))
        .filter(application_events::document.is_not_null())
        .order(application_events::id.desc())
        .select(application_events::document)
        .into_boxed();
    if let Some(sha256) = sha256 {
        query = query.filter(application_events::sha256.eq(sha256));
    }
    let document: Option<Option<String>> = query.first(c).optional()?;
    Ok(document.flatten())
}
