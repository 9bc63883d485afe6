//! Which mandates a caller has now. A mandate that is recorded holds on the days of the organiser that has recorded it: from
//! its first day to its last, as its clocks go there, and not on the day on which it is ended. One that the token carries
//! holds until the moment that the token says.

use chrono_tz::Tz;
use valinta_domain::id::kind;
use valinta_domain::policy::{Mandate, MandateSource, Role};
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::{Conn, DbError, mandates};

use crate::http::Caller;

/// The mandates of a caller that hold now: the one that the token carries, or else those that are recorded, those that let
/// more be done first.
///
/// # Errors
/// The database's.
pub(crate) fn of_caller(c: &mut Conn, caller: &Caller, now: Moment) -> Result<Vec<Mandate>, DbError> {
    match (&caller.mandate, caller.person.filter(|_| caller.role == Role::Resident)) {
        // It may have ended since the token was looked at.
        (Some(mandate), _) => Ok(Some(mandate).filter(|mandate| holds(mandate, now)).cloned().into_iter().collect()),
        (None, Some(person)) => recorded(c, person, now),
        (None, None) => Ok(Vec::new()),
    }
}

fn holds(carried: &Mandate, now: Moment) -> bool {
    match &carried.source {
        MandateSource::Token(of_token) => now < of_token.ends_at,
        MandateSource::Recorded { .. } => false,
    }
}

fn recorded(c: &mut Conn, representative: Id<kind::Person>, now: Moment) -> Result<Vec<Mandate>, DbError> {
    let at_greenwich = Day::new(now.utc().date_naive());
    // Wherever the organiser is, it is one of these days there.
    let days = (at_greenwich.plus_days(-1), at_greenwich.plus_days(1));
    let mut held = Vec::new();
    for one in mandates::held_between(c, representative, days)? {
        let zone: Tz = one
            .time_zone
            .parse()
            .map_err(|_| DbError::corrupt(format!("an organiser has the unknown time zone {}", one.time_zone)))?;
        if one.period.contains(Day::new(now.utc().with_timezone(&zone).date_naive())) {
            held.push(one.mandate);
        }
    }
    // They were read in the order of their ids, and stay so within a scope.
    held.sort_by_key(|mandate: &Mandate| mandate.scope);
    Ok(held)
}
