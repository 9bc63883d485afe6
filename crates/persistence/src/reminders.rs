//! Evidence that expires soon, and which reminders of it have been told.

use std::collections::HashSet;

use diesel::prelude::*;
use valinta_domain::evidence::Evidence;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Moment};

use crate::dialect::{Conn, insert_or_ignore};
use crate::error::DbError;
use crate::evidence::Row;
use crate::schema::{evidence, evidence_reminders};
use crate::types::{DbId, DbMoment};

/// A reminder: to which organiser's providers, of which piece of evidence, how many days ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reminder {
    /// Whose rulebook asks for it.
    pub organiser: Id<kind::Organiser>,
    /// What expires.
    pub evidence: Id<kind::Evidence>,
    /// How many days ahead it was to be told.
    pub days_ahead: u16,
}

#[derive(Insertable)]
#[diesel(table_name = evidence_reminders, treat_none_as_default_value = false)]
struct ReminderRow {
    organiser_id: DbId,
    evidence_id: DbId,
    days_ahead: i32,
    told_at: DbMoment,
}

/// Evidence whose last day is one of these, in that order, each day's in order of id. What has been taken back is not
/// among it.
///
/// # Errors
/// The database's.
pub fn expiring(
    c: &mut Conn,
    (first, last): (Day, Day),
    after: Option<(Day, Id<kind::Evidence>)>,
    limit: i64,
) -> Result<Vec<Evidence>, DbError> {
    let mut query = evidence::table
        .filter(evidence::valid_until.assume_not_null().between(first.date(), last.date()))
        .filter(evidence::withdrawn_at.is_null())
        .order((evidence::valid_until, evidence::id))
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some((day, id)) = after {
        let later = evidence::valid_until.assume_not_null().gt(day.date());
        let same = evidence::valid_until.assume_not_null().eq(day.date());
        query = query.filter(later.or(same.and(evidence::id.gt(DbId::from(id)))));
    }
    query.load::<Row>(c)?.into_iter().map(Row::piece).collect()
}

/// The reminders of these pieces of evidence that have been told.
///
/// # Errors
/// The database's.
pub fn told(c: &mut Conn, pieces: &[Id<kind::Evidence>]) -> Result<HashSet<Reminder>, DbError> {
    let ids: Vec<DbId> = pieces.iter().map(|id| DbId::from(*id)).collect();
    let rows: Vec<(DbId, DbId, i32)> = evidence_reminders::table
        .filter(evidence_reminders::evidence_id.eq_any(ids))
        .select((evidence_reminders::organiser_id, evidence_reminders::evidence_id, evidence_reminders::days_ahead))
        .load(c)?;
    rows.into_iter()
        .map(|(organiser, evidence, days)| {
            let days_ahead = u16::try_from(days)
                .map_err(|_| DbError::corrupt("evidence_reminders holds a number of days that is none"))?;
            Ok(Reminder { organiser: organiser.id(), evidence: evidence.id(), days_ahead })
        })
        .collect()
}

/// Notes that a reminder is told; `false` where that was noted before, by this process or another one.
///
/// # Errors
/// The database's.
pub fn note(c: &mut Conn, reminder: &Reminder, at: Moment) -> Result<bool, DbError> {
    let row = ReminderRow {
        organiser_id: reminder.organiser.into(),
        evidence_id: reminder.evidence.into(),
        days_ahead: i32::from(reminder.days_ahead),
        told_at: at.into(),
    };
    Ok(insert_or_ignore!(c, evidence_reminders::table, &row)? == 1)
}
