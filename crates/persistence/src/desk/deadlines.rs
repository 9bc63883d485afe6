//! Measures and findings with a last day: hearings, warnings and findings, in order of these days.

use chrono::NaiveDate;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Moment};

use super::{Counted, counted};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{approvals, findings, measures, providers};
use crate::types::{DbId, DbMoment};

/// What has a last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadlineKind {
    /// A hearing: the provider may reply until then.
    Hearing,
    /// A warning: things are to be in order by then.
    Warning,
    /// A finding: an answer is wanted by then.
    Finding,
}

/// A provider under a deadline.
#[derive(Debug, Clone)]
pub struct Deadline {
    /// Of what.
    pub kind: DeadlineKind,
    /// Of which measure or finding.
    pub subject: Uuid,
    /// Which provider.
    pub provider: Id<kind::Provider>,
    /// Its name.
    pub provider_name: String,
    /// Which unit, if it is about one.
    pub unit: Option<Id<kind::ServiceUnit>>,
    /// The last day.
    pub day: Day,
}

/// Which deadlines are listed.
#[derive(Debug, Clone)]
pub struct DeadlineQuery {
    /// Whose.
    pub organiser: Id<kind::Organiser>,
    /// Only those that are past on this day, and all others not.
    pub before: Option<Day>,
    /// After this place in the list.
    pub after: Option<(Day, Uuid)>,
    /// How many at most.
    pub limit: i64,
}

/// A measure's or finding's provider, unit and day.
type Row = (DbId, DbId, String, Option<DbId>, Option<NaiveDate>);

const HEARING: &str = "hearing";
const IMPOSED: &str = "imposed";
const WARNING: &str = "warning";
const OPEN: &str = "open";
const ANSWERED: &str = "answered";

diesel::alias!(const LATER: Alias<Later> = measures as later_measures);

/// Warnings in force that no other measure has followed, of approvals that have not ended without one.
macro_rules! warnings {
    ($organiser:expr) => {{
        let followed = LATER
            .filter(LATER.field(measures::approval_id).eq(measures::approval_id))
            .filter(LATER.field(measures::id).gt(measures::id));
        measures::table
            .inner_join(approvals::table.on(approvals::id.eq(measures::approval_id)))
            .inner_join(providers::table.on(providers::id.eq(measures::provider_id)))
            .filter(measures::organiser_id.eq(DbId::from($organiser)))
            .filter(measures::state.eq(IMPOSED))
            .filter(measures::step.eq(WARNING))
            .filter(measures::deadline.is_not_null())
            .filter(approvals::valid_to.is_null().or(approvals::valid_to.gt(measures::deadline)))
            .filter(not(exists(followed)))
    }};
}

macro_rules! hearings {
    ($organiser:expr) => {
        measures::table
            .inner_join(approvals::table.on(approvals::id.eq(measures::approval_id)))
            .inner_join(providers::table.on(providers::id.eq(measures::provider_id)))
            .filter(measures::organiser_id.eq(DbId::from($organiser)))
            .filter(measures::state.eq(HEARING))
    };
}

macro_rules! findings {
    ($organiser:expr, $states:expr) => {
        findings::table
            .inner_join(providers::table.on(providers::id.eq(findings::provider_id)))
            .filter(findings::organiser_id.eq(DbId::from($organiser)))
            .filter(findings::state.eq_any($states))
    };
}

/// Reads one kind of deadline, in order of the days, from a place in the list on.
macro_rules! page_of {
    ($c:expr, $asked:expr, $query:expr, $id:expr, $day:expr, $columns:expr) => {{
        let mut query = $query.select($columns).order(($day, $id)).limit($asked.limit).into_boxed();
        if let Some(before) = $asked.before {
            query = query.filter($day.lt(before.date()));
        }
        if let Some((day, id)) = $asked.after {
            query = query.filter($day.gt(day.date()).or($day.eq(day.date()).and($id.gt(DbId(id)))));
        }
        query.load::<Row>($c)?
    }};
}

/// Measures and findings in order of their last days: what is overdue comes first.
///
/// # Errors
/// The database's.
pub fn deadlines(c: &mut Conn, asked: &DeadlineQuery) -> Result<Vec<Deadline>, DbError> {
    let hearings = page_of!(
        c,
        asked,
        hearings!(asked.organiser),
        measures::id,
        measures::hear_until,
        (
            measures::id,
            measures::provider_id,
            providers::name,
            approvals::unit_id.nullable(),
            measures::hear_until.nullable()
        )
    );
    let warnings = page_of!(
        c,
        asked,
        warnings!(asked.organiser),
        measures::id,
        measures::deadline.assume_not_null(),
        (measures::id, measures::provider_id, providers::name, approvals::unit_id.nullable(), measures::deadline)
    );
    let findings = page_of!(
        c,
        asked,
        findings!(asked.organiser, [OPEN]).filter(findings::deadline.is_not_null()),
        findings::id,
        findings::deadline.assume_not_null(),
        (findings::id, findings::provider_id, providers::name, findings::unit_id, findings::deadline)
    );
    let mut all = Vec::new();
    let kinds =
        [(DeadlineKind::Hearing, hearings), (DeadlineKind::Warning, warnings), (DeadlineKind::Finding, findings)];
    for (kind, rows) in kinds {
        for (subject, provider, provider_name, unit, day) in rows {
            let day = day.map(Day::new).ok_or_else(|| DbError::corrupt("a deadline without its day"))?;
            let (provider, unit) = (provider.id(), unit.map(DbId::id));
            all.push(Deadline { kind, subject: subject.0, provider, provider_name, unit, day });
        }
    }
    all.sort_by_key(|one| (one.day, one.subject));
    all.truncate(usize::try_from(asked.limit).unwrap_or(usize::MAX));
    Ok(all)
}

pub(super) fn count_hearings(c: &mut Conn, organiser: Id<kind::Organiser>) -> Result<Counted<Moment>, DbError> {
    let (count, oldest): (_, Option<DbMoment>) = counted!(c, hearings!(organiser), measures::opened_at);
    Ok(Counted { count, oldest: oldest.map(DbMoment::moment) })
}

pub(super) fn count_warnings_overdue(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    today: Day,
) -> Result<Counted<Day>, DbError> {
    let (count, oldest): (_, Option<Option<NaiveDate>>) =
        counted!(c, warnings!(organiser).filter(measures::deadline.lt(today.date())), measures::deadline);
    Ok(Counted { count, oldest: oldest.flatten().map(Day::new) })
}

pub(super) fn count_findings_open(c: &mut Conn, organiser: Id<kind::Organiser>) -> Result<Counted<Moment>, DbError> {
    let (count, oldest): (_, Option<DbMoment>) =
        counted!(c, findings!(organiser, [OPEN, ANSWERED]), findings::created_at);
    Ok(Counted { count, oldest: oldest.map(DbMoment::moment) })
}

pub(super) fn count_findings_overdue(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    today: Day,
) -> Result<Counted<Day>, DbError> {
    let (count, oldest): (_, Option<Option<NaiveDate>>) =
        counted!(c, findings!(organiser, [OPEN]).filter(findings::deadline.lt(today.date())), findings::deadline);
    Ok(Counted { count, oldest: oldest.flatten().map(Day::new) })
}
