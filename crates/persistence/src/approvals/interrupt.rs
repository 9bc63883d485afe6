//! Writes of interruptions, and the locks under which approvals and what rests on them change together.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::approval::{Interruption, InterruptionCause};
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Moment};

use super::{Approval, InterruptionRow, Row};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{approval_interruptions, approvals, providers, voucher_types};
use crate::types::{DbId, DbMoment};

/// Keeps an approval as it is until this transaction ends: its end and its interruptions change after it, or before.
/// `false` where there is none.
///
/// # Errors
/// The database's.
pub fn hold(c: &mut Conn, id: Id<kind::Approval>) -> Result<bool, DbError> {
    let held = diesel::update(approvals::table.find(DbId::from(id)))
        .set(approvals::version.eq(approvals::version))
        .execute(c)?;
    Ok(held == 1)
}

/// As [`hold`], all approvals of a unit for a voucher type, in order of id: who chooses the unit does, so that no choice rests
/// on what is being suspended or ended at the same moment.
///
/// # Errors
/// The database's.
pub fn hold_of_unit(
    c: &mut Conn,
    unit: Id<kind::ServiceUnit>,
    voucher_type: Id<kind::VoucherType>,
) -> Result<(), DbError> {
    let of_unit = approvals::table
        .filter(approvals::unit_id.eq(DbId::from(unit)))
        .filter(approvals::voucher_type_id.eq(DbId::from(voucher_type)))
        .order(approvals::id)
        .select(approvals::id);
    for id in of_unit.load::<DbId>(c)? {
        hold(c, id.id())?;
    }
    Ok(())
}

/// Keeps a provider, and the rules by which it is approved, as they are until this transaction ends: of those who approve a
/// unit of it, close one, look at its evidence or adopt a rulebook, each sees what the one before has stored.
///
/// # Errors
/// The database's.
pub fn hold_all_of(c: &mut Conn, provider: Id<kind::Provider>) -> Result<(), DbError> {
    hold_all_of_each(c, &[provider])
}

/// As [`hold_all_of`], several providers, in the one order.
///
/// # Errors
/// The database's.
pub fn hold_all_of_each(c: &mut Conn, providers: &[Id<kind::Provider>]) -> Result<(), DbError> {
    let providers: BTreeSet<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
    let by_type = approvals::table
        .filter(approvals::provider_id.eq_any(providers.iter().copied()))
        .select(approvals::voucher_type_id)
        .distinct()
        .order(approvals::voucher_type_id);
    for voucher_type in by_type.load::<DbId>(c)? {
        diesel::update(voucher_types::table.find(voucher_type))
            .set(voucher_types::version.eq(voucher_types::version))
            .execute(c)?;
    }
    for provider in providers {
        diesel::update(providers::table.find(provider)).set(providers::version.eq(providers::version)).execute(c)?;
    }
    Ok(())
}

/// Counts a change of an approval that was held: whoever has read it reads it again.
///
/// # Errors
/// The database's.
pub fn count_change(c: &mut Conn, id: Id<kind::Approval>) -> Result<(), DbError> {
    diesel::update(approvals::table.find(DbId::from(id)))
        .set(approvals::version.eq(approvals::version + 1))
        .execute(c)?;
    Ok(())
}

/// Adds an interruption of an approval.
///
/// # Errors
/// The database's.
pub fn insert_interruption(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    interruption: &Interruption,
) -> Result<(), DbError> {
    let (kind, requirement, decision, lifted) = match &interruption.cause {
        InterruptionCause::Suspended { decision, lifted } => ("suspended", None, Some(*decision), *lifted),
        InterruptionCause::Lapsed { requirement } => ("lapsed", Some(requirement.clone()), None, None),
    };
    let row = InterruptionRow {
        id: interruption.id.into(),
        organiser_id: organiser.into(),
        approval_id: interruption.approval.into(),
        kind: kind.to_owned(),
        requirement,
        vouchers_in_use: interruption.vouchers_in_use.code().to_owned(),
        valid_from: interruption.from.date(),
        valid_to: interruption.to.map(Day::date),
        decision_id: decision.map(DbId::from),
        end_decision_id: lifted.map(DbId::from),
        told_at: interruption.told_at.map(DbMoment::from),
    };
    diesel::insert_into(approval_interruptions::table).values(&row).execute(c)?;
    Ok(())
}

/// Stores another end of an interruption, and the decision that it follows from, if it follows from one.
///
/// # Errors
/// The database's.
pub fn end_interruption(
    c: &mut Conn,
    id: Id<kind::Interruption>,
    to: Option<Day>,
    decision: Option<Id<kind::Decision>>,
) -> Result<(), DbError> {
    let row = approval_interruptions::table.find(DbId::from(id));
    let to = to.map(Day::date);
    match decision {
        Some(decision) => diesel::update(row)
            .set((
                approval_interruptions::valid_to.eq(to),
                approval_interruptions::end_decision_id.eq(Some(DbId::from(decision))),
            ))
            .execute(c)?,
        None => diesel::update(row).set(approval_interruptions::valid_to.eq(to)).execute(c)?,
    };
    Ok(())
}

/// Takes back a lapse that was to come.
///
/// # Errors
/// The database's.
pub fn remove_lapse(c: &mut Conn, id: Id<kind::Interruption>) -> Result<(), DbError> {
    let lapse = approval_interruptions::table.find(DbId::from(id)).filter(approval_interruptions::kind.eq("lapsed"));
    diesel::delete(lapse).execute(c)?;
    Ok(())
}

/// Notes that it was told that an interruption has begun; `false` where that was noted before.
///
/// # Errors
/// The database's.
pub fn mark_told(c: &mut Conn, id: Id<kind::Interruption>, at: Moment) -> Result<bool, DbError> {
    let untold = approval_interruptions::table.find(DbId::from(id)).filter(approval_interruptions::told_at.is_null());
    let marked = diesel::update(untold).set(approval_interruptions::told_at.eq(Some(DbMoment::from(at)))).execute(c)?;
    Ok(marked == 1)
}

/// Interruptions of an organiser that have begun by a day without having been told, and are not over, the earliest first.
///
/// # Errors
/// The database's.
pub fn untold(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    today: Day,
    limit: i64,
) -> Result<Vec<Interruption>, DbError> {
    let rows: Vec<InterruptionRow> = approval_interruptions::table
        .filter(approval_interruptions::organiser_id.eq(DbId::from(organiser)))
        .filter(approval_interruptions::told_at.is_null())
        .filter(approval_interruptions::valid_from.le(today.date()))
        .filter(
            approval_interruptions::valid_to
                .is_null()
                .or(approval_interruptions::valid_to.assume_not_null().gt(today.date())),
        )
        .order((approval_interruptions::valid_from, approval_interruptions::id))
        .limit(limit)
        .select(InterruptionRow::as_select())
        .load(c)?;
    rows.into_iter().map(InterruptionRow::interruption).collect()
}

/// Whose approvals are looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// All that there are.
    Everyones,
    /// A provider's, by every organiser.
    Provider(Id<kind::Provider>),
    /// Those for a voucher type.
    VoucherType(Id<kind::VoucherType>),
}

/// Approvals that have not ended by a day, in order of id.
///
/// # Errors
/// The database's.
pub fn not_over(
    c: &mut Conn,
    whose: Whose,
    day: Day,
    after: Option<Id<kind::Approval>>,
    limit: i64,
) -> Result<Vec<Approval>, DbError> {
    let day: NaiveDate = day.date();
    let mut query = approvals::table
        .filter(approvals::valid_to.is_null().or(approvals::valid_to.assume_not_null().gt(day)))
        .order(approvals::id)
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    match whose {
        Whose::Everyones => {}
        Whose::Provider(provider) => query = query.filter(approvals::provider_id.eq(DbId::from(provider))),
        Whose::VoucherType(id) => query = query.filter(approvals::voucher_type_id.eq(DbId::from(id))),
    }
    if let Some(after) = after {
        query = query.filter(approvals::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(Row::approval).collect()
}

/// An approval, and who is approved.
pub type Whom = (Id<kind::Approval>, Id<kind::Provider>);

/// Which approvals have not ended by a day, and whose they are, in order of id. Nothing else of them is read: what is wrong
/// with one keeps none of the others back.
///
/// # Errors
/// The database's.
pub fn ids_not_over(
    c: &mut Conn,
    day: Day,
    after: Option<Id<kind::Approval>>,
    limit: i64,
) -> Result<Vec<Whom>, DbError> {
    let mut query = approvals::table
        .filter(approvals::valid_to.is_null().or(approvals::valid_to.assume_not_null().gt(day.date())))
        .order(approvals::id)
        .limit(limit)
        .select((approvals::id, approvals::provider_id))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(approvals::id.gt(DbId::from(after)));
    }
    Ok(query.load::<(DbId, DbId)>(c)?.into_iter().map(|(id, provider)| (id.id(), provider.id())).collect())
}
