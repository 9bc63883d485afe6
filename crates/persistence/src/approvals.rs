//! Approvals of units for voucher types, and the days on which they are interrupted.
//!
//! Whoever changes approvals, or what rests on them, takes its locks in one order, so that no two wait for each other: the
//! application, the voucher types by id, the providers by id, the unit, the approvals of a unit by id, and then evidence,
//! interruptions and choices; who chooses holds the voucher before, and offerings with limited places between approvals and
//! choices. Whoever needs more than one approval begins with [`hold_all_of`], [`hold_all_of_each`] or
//! [`hold_for`]; a client who chooses holds those of one unit alone ([`hold_of_unit`]), and who ends or suspends one, that
//! one ([`hold`]).

mod area;
mod interrupt;
mod list;
mod serving;

pub use area::hold_for;
pub use interrupt::{
    Whom, Whose, count_change, end_interruption, hold, hold_all_of, hold_all_of_each, hold_of_unit, ids_not_over,
    insert_interruption, mark_told, not_over, remove_lapse, untold,
};
pub use list::{ApprovalFilter, list};
pub use serving::{Serving, serving};

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::approval::{
    ApprovalState, Approved, Interruption, InterruptionCause, VouchersInUse, uninterrupted,
};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::{Day, Id, Period};

use crate::candidates::rows_of;
use crate::convert::{coded, from_json, period_or_none, to_json};
use crate::dialect::{Conn, on};
use crate::error::DbError;
use crate::schema::{approval_interruptions, approvals};
use crate::types::{DbId, DbMoment};

/// A unit's approval for a voucher type.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Its id.
    pub id: Id<kind::Approval>,
    /// Whose approval it is.
    pub organiser: Id<kind::Organiser>,
    /// Who is approved.
    pub provider: Id<kind::Provider>,
    /// Which unit.
    pub unit: Id<kind::ServiceUnit>,
    /// For what.
    pub voucher_type: Id<kind::VoucherType>,
    /// For residents of which municipalities; of all of the organiser's where none is named.
    pub area: Vec<MunicipalityCode>,
    /// From which application it follows.
    pub application: Id<kind::Application>,
    /// How it ended, or will.
    pub state: ApprovalState,
    /// First day.
    pub valid_from: Day,
    /// First day on which it no longer holds.
    pub valid_to: Option<Day>,
    /// By which decision it was given.
    pub decision: Id<kind::Decision>,
    /// By which decision it ends.
    pub end_decision: Option<Id<kind::Decision>>,
    /// Counts changes.
    pub version: i64,
}

impl Approval {
    /// Its days; none where it ended before it began.
    pub fn period(&self) -> Option<Period> {
        Period::new(self.valid_from, self.valid_to).ok()
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = approvals, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    provider_id: DbId,
    unit_id: DbId,
    voucher_type_id: DbId,
    application_id: DbId,
    state: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    decision_id: DbId,
    version: i64,
    area: String,
    end_decision_id: Option<DbId>,
}

impl Row {
    fn approval(self) -> Result<Approval, DbError> {
        Ok(Approval {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            provider: self.provider_id.id(),
            unit: self.unit_id.id(),
            voucher_type: self.voucher_type_id.id(),
            area: from_json("approvals", &self.area)?,
            application: self.application_id.id(),
            state: coded("approvals", &self.state, ApprovalState::from_code)?,
            valid_from: Day::new(self.valid_from),
            valid_to: self.valid_to.map(Day::new),
            decision: self.decision_id.id(),
            end_decision: self.end_decision_id.map(DbId::id),
            version: self.version,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = approval_interruptions, treat_none_as_default_value = false)]
struct InterruptionRow {
    id: DbId,
    organiser_id: DbId,
    approval_id: DbId,
    kind: String,
    requirement: Option<String>,
    vouchers_in_use: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    decision_id: Option<DbId>,
    end_decision_id: Option<DbId>,
    told_at: Option<DbMoment>,
}

impl InterruptionRow {
    fn interruption(self) -> Result<Interruption, DbError> {
        const TABLE: &str = "approval_interruptions";
        let cause = match (self.kind.as_str(), self.decision_id, self.requirement) {
            ("suspended", Some(decision), _) => {
                InterruptionCause::Suspended { decision: decision.id(), lifted: self.end_decision_id.map(DbId::id) }
            }
            ("lapsed", _, Some(requirement)) => InterruptionCause::Lapsed { requirement },
            _ => return Err(DbError::corrupt(format!("{TABLE}: an interruption without a cause"))),
        };
        Ok(Interruption {
            id: self.id.id(),
            approval: self.approval_id.id(),
            cause,
            vouchers_in_use: coded(TABLE, &self.vouchers_in_use, VouchersInUse::from_code)?,
            from: Day::new(self.valid_from),
            to: self.valid_to.map(Day::new),
            told_at: self.told_at.map(DbMoment::moment),
        })
    }
}

/// Adds an approval.
///
/// # Errors
/// [`DbError::Unique`] or [`DbError::Check`] where the unit is approved for the voucher type already.
pub fn insert(c: &mut Conn, approval: &Approval) -> Result<(), DbError> {
    let row = Row {
        id: approval.id.into(),
        organiser_id: approval.organiser.into(),
        provider_id: approval.provider.into(),
        unit_id: approval.unit.into(),
        voucher_type_id: approval.voucher_type.into(),
        application_id: approval.application.into(),
        state: approval.state.code().to_owned(),
        valid_from: approval.valid_from.date(),
        valid_to: approval.valid_to.map(Day::date),
        decision_id: approval.decision.into(),
        version: approval.version,
        area: to_json(&approval.area)?,
        end_decision_id: approval.end_decision.map(DbId::from),
    };
    diesel::insert_into(approvals::table).values(&row).execute(c)?;
    Ok(())
}

/// An approval by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Approval>) -> Result<Option<Approval>, DbError> {
    let row = approvals::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::approval).transpose()
}

/// Takes an approval for a change: no other transaction changes it until this one ends. Its version is the new one.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, id: Id<kind::Approval>) -> Result<Option<Approval>, DbError> {
    let taken = diesel::update(approvals::table.find(DbId::from(id)))
        .set(approvals::version.eq(approvals::version + 1))
        .execute(c)?;
    if taken == 0 { Ok(None) } else { find(c, id) }
}

/// Stores the end of a taken approval.
///
/// # Errors
/// The database's.
pub fn store_end(c: &mut Conn, approval: &Approval) -> Result<(), DbError> {
    diesel::update(approvals::table.find(DbId::from(approval.id)))
        .set((
            approvals::state.eq(approval.state.code()),
            approvals::valid_to.eq(approval.valid_to.map(Day::date)),
            approvals::end_decision_id.eq(approval.end_decision.map(DbId::from)),
        ))
        .execute(c)?;
    Ok(())
}

/// Lets the suspensions of an approval that has been given an end reach no further than that.
///
/// # Errors
/// The database's.
pub fn cut_suspensions(c: &mut Conn, id: Id<kind::Approval>, end: Day) -> Result<(), DbError> {
    let end = end.date();
    let reaching = approval_interruptions::table
        .filter(approval_interruptions::approval_id.eq(DbId::from(id)))
        .filter(approval_interruptions::kind.eq("suspended"))
        .filter(
            approval_interruptions::valid_to.is_null().or(approval_interruptions::valid_to.assume_not_null().gt(end)),
        );
    diesel::update(reaching.filter(approval_interruptions::valid_from.ge(end)))
        .set(approval_interruptions::valid_to.eq(approval_interruptions::valid_from.nullable()))
        .execute(c)?;
    diesel::update(reaching.filter(approval_interruptions::valid_from.lt(end)))
        .set(approval_interruptions::valid_to.eq(Some(end)))
        .execute(c)?;
    Ok(())
}

/// A unit's approvals for a voucher type, past and present.
///
/// # Errors
/// The database's.
pub fn of_unit(
    c: &mut Conn,
    unit: Id<kind::ServiceUnit>,
    voucher_type: Id<kind::VoucherType>,
) -> Result<Vec<Approval>, DbError> {
    let rows = on!(c, c => approvals::table
        .filter(approvals::unit_id.eq(DbId::from(unit)))
        .filter(approvals::voucher_type_id.eq(DbId::from(voucher_type)))
        .order(approvals::valid_from)
        .limit(1_000)
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(Row::approval).collect()
}

/// A unit's approvals for every voucher type, past and present, in order of id.
///
/// # Errors
/// The database's.
pub fn of_whole_unit(c: &mut Conn, unit: Id<kind::ServiceUnit>) -> Result<Vec<Approval>, DbError> {
    let rows = approvals::table
        .filter(approvals::unit_id.eq(DbId::from(unit)))
        .order(approvals::id)
        .limit(1_000)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::approval).collect()
}

/// The interruptions of approvals, each approval's in order of days.
///
/// # Errors
/// The database's.
pub fn interruptions_of(
    c: &mut Conn,
    approvals: &[Id<kind::Approval>],
) -> Result<HashMap<Id<kind::Approval>, Vec<Interruption>>, DbError> {
    let ids: Vec<DbId> = approvals.iter().map(|id| DbId::from(*id)).collect();
    let order = (approval_interruptions::valid_from, approval_interruptions::id);
    let rows: Vec<InterruptionRow> = approval_interruptions::table
        .filter(approval_interruptions::approval_id.eq_any(ids))
        .order(order)
        .select(InterruptionRow::as_select())
        .load(c)?;
    let mut by_approval: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let interruption = row.interruption()?;
        by_approval.entry(interruption.approval).or_default().push(interruption);
    }
    Ok(by_approval)
}

/// When a unit may be chosen and when it is interrupted, for one voucher type.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing {
    pub(crate) approvals: Vec<Approved>,
    pub(crate) interruptions: Vec<Period>,
}

impl Standing {
    fn add(&mut self, approval: &Approval, interruptions: Vec<Period>) {
        let Some(period) = approval.period() else { return };
        let parts = uninterrupted(period, &interruptions);
        self.approvals.extend(parts.into_iter().map(|period| Approved { period, area: approval.area.clone() }));
        self.interruptions.extend(interruptions);
    }
}

/// How units stand, by unit and voucher type.
pub(crate) fn standings(c: &mut Conn, units: &BTreeSet<DbId>) -> Result<HashMap<(DbId, DbId), Standing>, DbError> {
    let query = || approvals::table.select(Row::as_select()).order((approvals::valid_from, approvals::id));
    let rows: Vec<Row> = rows_of!(c, query(), approvals::unit_id, units);
    let of_rows: BTreeSet<DbId> = rows.iter().map(|row| row.id).collect();
    let gaps = || {
        approval_interruptions::table.order((approval_interruptions::valid_from, approval_interruptions::id)).select((
            approval_interruptions::approval_id,
            approval_interruptions::valid_from,
            approval_interruptions::valid_to,
        ))
    };
    let gaps: Vec<(DbId, NaiveDate, Option<NaiveDate>)> =
        rows_of!(c, gaps(), approval_interruptions::approval_id, &of_rows);
    let mut interrupted: HashMap<DbId, Vec<Period>> = HashMap::new();
    for (approval, from, to) in gaps {
        if let Some(period) = period_or_none("approval_interruptions", from, to)? {
            interrupted.entry(approval).or_default().push(period);
        }
    }
    let mut standings: HashMap<(DbId, DbId), Standing> = HashMap::new();
    for row in rows {
        let (key, interruptions) =
            ((row.unit_id, row.voucher_type_id), interrupted.remove(&row.id).unwrap_or_default());
        standings.entry(key).or_default().add(&row.approval()?, interruptions);
    }
    Ok(standings)
}
