//! An organiser's worklists: what waits, what is about to lapse, what is past its day. Each is read by one bounded query
//! with the names that people look for; what to do about it is decided elsewhere. [`tasks`] is the provider's own.

mod changes;
mod deadlines;
mod evidence;
mod tasks;
mod waiting;

pub use changes::{WaitingChange, waiting_changes};
pub use deadlines::{
    Deadline, DeadlineKind, DeadlineOf, DeadlineQuery, FindingDeadline, MeasureDeadline, Turn, deadlines,
};
pub use evidence::{Lapse, LapseQuery, ToCheck, lapses, to_check};
pub use tasks::{Task, TaskOf, Tasks, tasks};
pub use waiting::{Waiting, WaitingQuery, waiting};

use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Moment};

use crate::dialect::Conn;
use crate::error::DbError;
use crate::evidence::AskedFor;

/// How much there is of something, and since when the oldest of it has waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted<T> {
    /// How many.
    pub count: i64,
    /// The oldest's moment or day.
    pub oldest: Option<T>,
}

/// How much waits on each list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Applications that wait for a decision, since they were handed in.
    pub applications: Counted<Moment>,
    /// Applications whose providers have not answered in time, since the answer was due.
    pub answers_overdue: Counted<Day>,
    /// Evidence that nobody has looked at, since it was given.
    pub evidence_to_check: Counted<Moment>,
    /// Requirements of approvals that are about to lapse; the day is the first one.
    pub lapsing: Counted<Day>,
    /// Requirements of approvals that have lapsed, since they did.
    pub lapsed: Counted<Day>,
    /// Hearings that have not led to a decision, since they were opened.
    pub hearings: Counted<Moment>,
    /// Warnings that were not heeded in time and that nothing has followed, since their last day.
    pub warnings_overdue: Counted<Day>,
    /// Findings that are not closed, since they were recorded.
    pub findings_open: Counted<Moment>,
    /// Findings without an answer in time, since their last day.
    pub findings_overdue: Counted<Day>,
    /// Changes of providers that wait for a second person, since they were asked for.
    pub provider_changes: Counted<Moment>,
}

/// Counts what waits for an organiser on a day. `asked` is what its rulebooks ask for; what lapses by `lapsing_until` is
/// counted as lapsing.
///
/// # Errors
/// The database's.
pub fn counts(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    asked: &AskedFor,
    today: Day,
    lapsing_until: Day,
) -> Result<Counts, DbError> {
    Ok(Counts {
        applications: waiting::count_waiting(c, organiser)?,
        answers_overdue: waiting::count_overdue(c, organiser, today)?,
        evidence_to_check: evidence::count_to_check(c, organiser, asked, today)?,
        lapsing: evidence::count_lapsing(c, organiser, today, lapsing_until)?,
        lapsed: evidence::count_lapsed(c, organiser, today)?,
        hearings: deadlines::count_hearings(c, organiser)?,
        warnings_overdue: deadlines::count_warnings_overdue(c, organiser, today)?,
        findings_open: deadlines::count_findings_open(c, organiser)?,
        findings_overdue: deadlines::count_findings_overdue(c, organiser, today)?,
        provider_changes: changes::count_waiting(c, organiser, today)?,
    })
}

/// Counts the rows of a query, and reads the least value of one of its columns.
macro_rules! counted {
    ($c:expr, $query:expr, $column:expr) => {{
        let count: i64 = diesel::QueryDsl::count($query).get_result($c)?;
        let oldest = $query.select($column).order($column).first($c).optional()?;
        (count, oldest)
    }};
}

use counted;
