//! What the service does by itself: a row for each kind, which one process takes for a while. Owns `jobs`; what is done is
//! not its business.

use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::job::{JobKind, LEASE_MAX, WAIT_MAX};
use valinta_domain::lease::later;
use valinta_domain::{Id, Moment};

use crate::dialect::{Conn, insert_or_ignore};
use crate::error::DbError;
use crate::schema::jobs;
use crate::types::{DbId, DbMoment};

/// A job as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// What it is.
    pub kind: JobKind,
    /// When it is done next.
    pub due_at: Moment,
    /// Until when a process has it to itself.
    pub taken_until: Option<Moment>,
    /// How often in a row it was begun without being done.
    pub failures: i32,
    /// When it was last begun.
    pub last_begun_at: Option<Moment>,
    /// When it was last done, or failed.
    pub last_ended_at: Option<Moment>,
    /// What was said when it failed, if it did the last time.
    pub last_error: Option<String>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = jobs, treat_none_as_default_value = false)]
struct Row {
    kind: String,
    due_at: DbMoment,
    lease_id: Option<DbId>,
    lease_until: Option<DbMoment>,
    failures: i32,
    last_begun_at: Option<DbMoment>,
    last_ended_at: Option<DbMoment>,
    last_error: Option<String>,
}

impl Row {
    /// None where it is a job of another release.
    fn job(self) -> Option<Job> {
        Some(Job {
            kind: JobKind::from_code(&self.kind)?,
            due_at: self.due_at.moment(),
            taken_until: self.lease_until.map(DbMoment::moment),
            failures: self.failures,
            last_begun_at: self.last_begun_at.map(DbMoment::moment),
            last_ended_at: self.last_ended_at.map(DbMoment::moment),
            last_error: self.last_error,
        })
    }
}

/// Adds the jobs that are not there yet, due at once.
///
/// # Errors
/// The database's.
pub fn add_missing(c: &mut Conn, now: Moment) -> Result<(), DbError> {
    for kind in JobKind::ALL {
        let row = Row {
            kind: kind.code().to_owned(),
            due_at: now.into(),
            lease_id: None,
            lease_until: None,
            failures: 0,
            last_begun_at: None,
            last_ended_at: None,
            last_error: None,
        };
        insert_or_ignore!(c, jobs::table, &row)?;
    }
    Ok(())
}

/// All jobs, in order of name.
///
/// # Errors
/// The database's.
pub fn list(c: &mut Conn) -> Result<Vec<Job>, DbError> {
    let rows: Vec<Row> = jobs::table.order(jobs::kind).select(Row::as_select()).load(c)?;
    Ok(rows.into_iter().filter_map(Row::job).collect())
}

/// Whether a row can be taken: its moment has come, and nobody has it any more. What was put off, or taken, for twice as long
/// as anything is, was so by a clock that was wrong: that is as if it had come.
macro_rules! can_be_taken {
    ($now:expr) => {{
        let now = DbMoment::from($now);
        let off = DbMoment::from(later(later($now, WAIT_MAX), WAIT_MAX));
        let leased = DbMoment::from(later(later($now, LEASE_MAX), LEASE_MAX));
        let until = jobs::lease_until.assume_not_null();
        (jobs::due_at.le(now).or(jobs::due_at.gt(off)))
            .and(jobs::lease_id.is_null().or(until.le(now)).or(until.gt(leased)))
    }};
}

/// The jobs that can be taken now, in the order of [`JobKind::ALL`].
///
/// # Errors
/// The database's.
pub fn due(c: &mut Conn, now: Moment) -> Result<Vec<JobKind>, DbError> {
    let codes: Vec<String> = jobs::table.filter(can_be_taken!(now)).select(jobs::kind).load(c)?;
    let mut kinds: Vec<JobKind> = codes.iter().filter_map(|code| JobKind::from_code(code)).collect();
    kinds.sort_unstable();
    Ok(kinds)
}

/// Takes a job, and tells how often in a row it was begun without being done, this time included; none where another has it,
/// or it is not due any more.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, kind: JobKind, lease: Id<kind::Lease>, now: Moment) -> Result<Option<i32>, DbError> {
    let free = jobs::table.filter(jobs::kind.eq(kind.code())).filter(can_be_taken!(now));
    let row: Option<Row> = diesel::update(free)
        .set((
            jobs::lease_id.eq(Some(DbId::from(lease))),
            jobs::lease_until.eq(Some(DbMoment::from(later(now, kind.lease())))),
            jobs::failures.eq(jobs::failures + 1),
            jobs::last_begun_at.eq(Some(DbMoment::from(now))),
        ))
        .returning(jobs::all_columns)
        .get_result(c)
        .optional()?;
    Ok(row.map(|row| row.failures))
}

/// Gives a job back that was done, or has failed as is said; `false` where the lease has gone to another meanwhile.
///
/// # Errors
/// The database's.
pub fn give_back(
    c: &mut Conn,
    kind: JobKind,
    lease: Id<kind::Lease>,
    failed: Option<&str>,
    (now, due_at): (Moment, Moment),
) -> Result<bool, DbError> {
    let own = jobs::table.find(kind.code()).filter(jobs::lease_id.eq(DbId::from(lease)));
    let given = (
        jobs::lease_id.eq(None::<DbId>),
        jobs::lease_until.eq(None::<DbMoment>),
        jobs::due_at.eq(DbMoment::from(due_at)),
        jobs::last_ended_at.eq(Some(DbMoment::from(now))),
        jobs::last_error.eq(failed),
    );
    let changed = match failed {
        Some(_) => diesel::update(own).set(given).execute(c)?,
        None => diesel::update(own).set((given, jobs::failures.eq(0))).execute(c)?,
    };
    Ok(changed == 1)
}
