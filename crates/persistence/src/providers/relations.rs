//! Which organisers have to do with a provider, and how closely. The rule is written here once, as conditions on a column
//! of providers' ids, so that one look and a whole list ask the same. What an organiser may do with it is not decided here.

use std::collections::BTreeSet;

use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::registry_change::RegistryKind;
use valinta_domain::{Day, Id};

use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{applications, approvals, providers, source_ids};
use crate::types::DbId;

/// How long an organiser knows a provider after the end of its last approval: two years, in which services are still
/// recorded, paid for, complained of and audited.
const KNOWN_AFTER_DAYS: i64 = 731;

/// The states of an application that was handed in and is not decided.
pub(crate) const UNDER_WAY: [&str; 2] = ["submitted", "more_information"];

/// The condition that an organiser has to do with the provider of a column: an application of it is under way there, or an
/// approval that had not ended by a day.
macro_rules! relates_since {
    ($column:expr, $organiser:expr, $day:expr) => {{
        let organiser = $crate::types::DbId::from($organiser);
        let applies = $crate::schema::applications::table
            .filter($crate::schema::applications::organiser_id.eq(organiser))
            .filter($crate::schema::applications::state.eq_any($crate::providers::UNDER_WAY))
            .select($crate::schema::applications::provider_id);
        let approved = $crate::schema::approvals::table
            .filter($crate::schema::approvals::organiser_id.eq(organiser))
            .filter(
                $crate::schema::approvals::valid_to
                    .is_null()
                    .or($crate::schema::approvals::valid_to.assume_not_null().gt($day.date())),
            )
            .select($crate::schema::approvals::provider_id);
        $column.eq_any(applies).or($column.eq_any(approved))
    }};
}

/// The condition that an organiser knows the provider of a column: see [`crate::providers::is_known_to`].
macro_rules! is_known {
    ($column:expr, $organiser:expr, $today:expr) => {{
        let claimed = $crate::schema::provider_members::table.select($crate::schema::provider_members::provider_id);
        let brought_in = $crate::schema::source_ids::table
            .filter($crate::schema::source_ids::source_id.eq($crate::types::DbId::from($organiser)))
            .filter($crate::schema::source_ids::subject_kind.eq("provider"))
            .filter($crate::schema::source_ids::linked.eq(false))
            .filter($crate::schema::source_ids::subject_id.ne_all(claimed))
            .select($crate::schema::source_ids::subject_id);
        let since = $crate::providers::known_since($today);
        $crate::providers::relates_since!($column, $organiser, since).or($column.eq_any(brought_in))
    }};
}

pub(crate) use is_known;
pub(crate) use relates_since;

/// By which day an approval must not have ended for its organiser to know the provider still.
pub(crate) fn known_since(today: Day) -> Day {
    today.plus_days(-KNOWN_AFTER_DAYS)
}

/// Whether an organiser knows a provider, so that its registry reads what is not public of it.
///
/// It does while an application of the provider is under way there, while an approval there is in force or ended less than
/// two years ago, and while nobody acts for a provider that it brought in itself. What it learnt was for deciding and
/// supervising: one application that was taken back or rejected years ago is no ground for reading members' names,
/// contacts and accounts for ever. What was decided stays with the organiser, in its applications and decisions.
///
/// # Errors
/// The database's.
pub fn is_known_to(
    c: &mut Conn,
    provider: Id<kind::Provider>,
    organiser: Id<kind::Organiser>,
    today: Day,
) -> Result<bool, DbError> {
    let known: Option<DbId> = providers::table
        .filter(providers::id.eq(DbId::from(provider)))
        .filter(is_known!(providers::id, organiser, today))
        .select(providers::id)
        .first(c)
        .optional()?;
    Ok(known.is_some())
}

/// Whether an organiser has to do with a provider now: an application under way, or an approval that has not ended. One
/// that has not, has no ground for agreeing to a change of the provider's name, sector or account.
///
/// # Errors
/// The database's.
pub fn has_relation_with(
    c: &mut Conn,
    provider: Id<kind::Provider>,
    organiser: Id<kind::Organiser>,
    today: Day,
) -> Result<bool, DbError> {
    let related: Option<DbId> = providers::table
        .filter(providers::id.eq(DbId::from(provider)))
        .filter(relates_since!(providers::id, organiser, today))
        .select(providers::id)
        .first(c)
        .optional()?;
    Ok(related.is_some())
}

/// The organisers that have to do with a provider now: those whose officers are asked to agree to a change.
///
/// # Errors
/// The database's.
pub fn organisers_related_to(
    c: &mut Conn,
    provider: Id<kind::Provider>,
    today: Day,
) -> Result<BTreeSet<Id<kind::Organiser>>, DbError> {
    let applied: Vec<DbId> = applications::table
        .filter(applications::provider_id.eq(DbId::from(provider)))
        .filter(applications::state.eq_any(UNDER_WAY))
        .select(applications::organiser_id)
        .distinct()
        .load(c)?;
    let approved: Vec<DbId> = approvals::table
        .filter(approvals::provider_id.eq(DbId::from(provider)))
        .filter(approvals::valid_to.is_null().or(approvals::valid_to.assume_not_null().gt(today.date())))
        .select(approvals::organiser_id)
        .distinct()
        .load(c)?;
    Ok(applied.into_iter().chain(approved).map(DbId::id).collect())
}

/// Whether an organiser brought a provider in from a system of its own. One that was here already, and only got a name
/// of the organiser's, was not: or any officer could make any provider known by naming it.
///
/// # Errors
/// The database's.
pub fn was_brought_in_by(
    c: &mut Conn,
    provider: Id<kind::Provider>,
    organiser: Id<kind::Organiser>,
) -> Result<bool, DbError> {
    let brought_in: Option<DbId> = source_ids::table
        .filter(source_ids::source_id.eq(DbId::from(organiser)))
        .filter(source_ids::subject_kind.eq(RegistryKind::Provider.code()))
        .filter(source_ids::subject_id.eq(DbId::from(provider)))
        .filter(source_ids::linked.eq(false))
        .select(source_ids::subject_id)
        .first(c)
        .optional()?;
    Ok(brought_in.is_some())
}

/// Whether a provider has ever handed in an application, to anyone.
///
/// # Errors
/// The database's.
pub fn has_handed_in(c: &mut Conn, provider: Id<kind::Provider>) -> Result<bool, DbError> {
    let handed_in: Option<DbId> = applications::table
        .filter(applications::provider_id.eq(DbId::from(provider)))
        .filter(applications::submitted_at.is_not_null())
        .select(applications::id)
        .first(c)
        .optional()?;
    Ok(handed_in.is_some())
}

/// Whether a provider has ever been approved for anything. An approval that ended before it began is none.
///
/// # Errors
/// The database's.
pub fn has_been_approved(c: &mut Conn, id: Id<kind::Provider>) -> Result<bool, DbError> {
    let found: Option<DbId> = approvals::table
        .filter(approvals::provider_id.eq(DbId::from(id)))
        .filter(approvals::valid_to.is_null().or(approvals::valid_to.assume_not_null().gt(approvals::valid_from)))
        .select(approvals::id)
        .first(c)
        .optional()?;
    Ok(found.is_some())
}

/// Whether a unit has ever been approved for anything: only then is it public, whatever other units of its provider are.
///
/// # Errors
/// The database's.
pub fn unit_has_been_approved(c: &mut Conn, id: Id<kind::ServiceUnit>) -> Result<bool, DbError> {
    let found: Option<DbId> = approvals::table
        .filter(approvals::unit_id.eq(DbId::from(id)))
        .filter(approvals::valid_to.is_null().or(approvals::valid_to.assume_not_null().gt(approvals::valid_from)))
        .select(approvals::id)
        .first(c)
        .optional()?;
    Ok(found.is_some())
}

/// The units of a provider that have ever been approved for anything.
///
/// # Errors
/// The database's.
pub fn approved_units_of(c: &mut Conn, id: Id<kind::Provider>) -> Result<BTreeSet<Id<kind::ServiceUnit>>, DbError> {
    let found: Vec<DbId> = approvals::table
        .filter(approvals::provider_id.eq(DbId::from(id)))
        .filter(approvals::valid_to.is_null().or(approvals::valid_to.assume_not_null().gt(approvals::valid_from)))
        .select(approvals::unit_id)
        .distinct()
        .load(c)?;
    Ok(found.into_iter().map(DbId::id).collect())
}
