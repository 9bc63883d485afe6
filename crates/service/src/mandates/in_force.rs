//! Which mandates a person has today. A mandate holds on the days of the organiser that has recorded it: from its first day
//! to its last, as its clocks go there, and not on the day on which it is ended.

use chrono_tz::Tz;
use valinta_domain::id::kind;
use valinta_domain::policy::Mandate;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::{Conn, DbError, mandates};

/// The mandates of a representative that hold now, those that let more be done first.
///
/// # Errors
/// The database's.
pub(crate) fn in_force(c: &mut Conn, representative: Id<kind::Person>, now: Moment) -> Result<Vec<Mandate>, DbError> {
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
    held.sort_by_key(|mandate| (mandate.scope, mandate.id));
    Ok(held)
}
