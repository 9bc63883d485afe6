//! Findings of supervision. Where one may go is decided elsewhere.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::finding::{Finding, FindingState, FindingSubject, Said};
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Moment};

use crate::convert::coded;
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::findings;
use crate::types::{DbId, DbMoment};

const TABLE: &str = "findings";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = findings, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    provider_id: DbId,
    unit_id: Option<DbId>,
    subject: String,
    description: String,
    found_on: NaiveDate,
    deadline: Option<NaiveDate>,
    state: String,
    answer: Option<String>,
    answered_by: Option<String>,
    answered_at: Option<DbMoment>,
    conclusion: Option<String>,
    closed_by: Option<String>,
    closed_at: Option<DbMoment>,
    created_by: String,
    created_at: DbMoment,
    version: i64,
}

fn said(text: Option<String>, by: Option<String>, at: Option<DbMoment>) -> Result<Option<Said>, DbError> {
    match (text, by, at) {
        (Some(text), Some(by), Some(at)) => Ok(Some(Said { text, by, at: at.moment() })),
        (None, None, None) => Ok(None),
        _ => Err(DbError::corrupt(format!("{TABLE}: words without their speaker"))),
    }
}

impl Row {
    fn finding(self) -> Result<Finding, DbError> {
        Ok(Finding {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            provider: self.provider_id.id(),
            unit: self.unit_id.map(DbId::id),
            subject: coded(TABLE, &self.subject, FindingSubject::from_code)?,
            description: self.description,
            found_on: Day::new(self.found_on),
            deadline: self.deadline.map(Day::new),
            state: coded(TABLE, &self.state, FindingState::from_code)?,
            answer: said(self.answer, self.answered_by, self.answered_at)?,
            conclusion: said(self.conclusion, self.closed_by, self.closed_at)?,
            created_by: self.created_by,
            created_at: self.created_at.moment(),
            version: self.version,
        })
    }
}

/// Adds a finding. It has been neither answered nor closed.
///
/// # Errors
/// The database's.
pub fn insert(c: &mut Conn, finding: &Finding) -> Result<(), DbError> {
    let row = Row {
        id: finding.id.into(),
        organiser_id: finding.organiser.into(),
        provider_id: finding.provider.into(),
        unit_id: finding.unit.map(DbId::from),
        subject: finding.subject.code().to_owned(),
        description: finding.description.clone(),
        found_on: finding.found_on.date(),
        deadline: finding.deadline.map(Day::date),
        state: finding.state.code().to_owned(),
        answer: None,
        answered_by: None,
        answered_at: None,
        conclusion: None,
        closed_by: None,
        closed_at: None,
        created_by: finding.created_by.clone(),
        created_at: finding.created_at.into(),
        version: finding.version,
    };
    diesel::insert_into(findings::table).values(&row).execute(c)?;
    Ok(())
}

/// A finding by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Finding>) -> Result<Option<Finding>, DbError> {
    let row = findings::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::finding).transpose()
}

/// Takes a finding for a change: no other transaction changes it until this one ends. Its version is the new one.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, id: Id<kind::Finding>) -> Result<Option<Finding>, DbError> {
    let taken = diesel::update(findings::table.find(DbId::from(id)))
        .set(findings::version.eq(findings::version + 1))
        .execute(c)?;
    if taken == 0 { Ok(None) } else { find(c, id) }
}

/// Stores what has become of a taken finding: its state, the answer and the conclusion. What was found stays.
///
/// # Errors
/// The database's.
pub fn update(c: &mut Conn, finding: &Finding) -> Result<(), DbError> {
    let (answer, conclusion) = (finding.answer.as_ref(), finding.conclusion.as_ref());
    diesel::update(findings::table.find(DbId::from(finding.id)))
        .set((
            findings::state.eq(finding.state.code()),
            findings::answer.eq(answer.map(|said| said.text.clone())),
            findings::answered_by.eq(answer.map(|said| said.by.clone())),
            findings::answered_at.eq(answer.map(|said| DbMoment::from(said.at))),
            findings::conclusion.eq(conclusion.map(|said| said.text.clone())),
            findings::closed_by.eq(conclusion.map(|said| said.by.clone())),
            findings::closed_at.eq(conclusion.map(|said| DbMoment::from(said.at))),
        ))
        .execute(c)?;
    Ok(())
}

/// Which findings are wanted.
#[derive(Debug, Clone, Default)]
pub struct FindingFilter {
    /// Only an organiser's.
    pub organiser: Option<Id<kind::Organiser>>,
    /// Only at these providers.
    pub providers: Option<Vec<Id<kind::Provider>>>,
    /// Only at a unit.
    pub unit: Option<Id<kind::ServiceUnit>>,
    /// Only in a state.
    pub state: Option<FindingState>,
}

/// Findings in order of id.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    filter: &FindingFilter,
    after: Option<Id<kind::Finding>>,
    limit: i64,
) -> Result<Vec<Finding>, DbError> {
    let mut query = findings::table.select(Row::as_select()).order(findings::id).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(findings::id.gt(DbId::from(after)));
    }
    if let Some(organiser) = filter.organiser {
        query = query.filter(findings::organiser_id.eq(DbId::from(organiser)));
    }
    if let Some(providers) = &filter.providers {
        let ids: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
        query = query.filter(findings::provider_id.eq_any(ids));
    }
    if let Some(unit) = filter.unit {
        query = query.filter(findings::unit_id.eq(Some(DbId::from(unit))));
    }
    if let Some(state) = filter.state {
        query = query.filter(findings::state.eq(state.code()));
    }
    query.load(c)?.into_iter().map(Row::finding).collect()
}

/// Findings of an organiser that are not closed and whose deadline has passed without that having been told.
///
/// # Errors
/// The database's.
pub fn past_deadline(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    today: Day,
    limit: i64,
) -> Result<Vec<Finding>, DbError> {
    let rows: Vec<Row> = findings::table
        .filter(findings::organiser_id.eq(DbId::from(organiser)))
        .filter(findings::told_at.is_null())
        .filter(findings::state.ne(FindingState::Closed.code()))
        .filter(findings::deadline.is_not_null())
        .filter(findings::deadline.assume_not_null().lt(today.date()))
        .order(findings::id)
        .limit(limit)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::finding).collect()
}

/// Notes that it was told that a finding's deadline has passed; `false` where that was noted before.
///
/// # Errors
/// The database's.
pub fn mark_told(c: &mut Conn, id: Id<kind::Finding>, at: Moment) -> Result<bool, DbError> {
    let untold = findings::table.find(DbId::from(id)).filter(findings::told_at.is_null());
    let marked = diesel::update(untold).set(findings::told_at.eq(Some(DbMoment::from(at)))).execute(c)?;
    Ok(marked == 1)
}
