//! Whether a unit serves, as whoever chooses it or records a service of it asks.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::approval::Interruption;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id};

use super::{Approval, InterruptionRow, Row};
use crate::dialect::{Conn, on};
use crate::error::DbError;
use crate::schema::{approval_interruptions, approvals, service_units};
use crate::types::DbId;

/// How a unit stands for a voucher type, past and present.
#[derive(Debug, Clone)]
pub struct Serving {
    /// Its approvals, in order of days.
    pub approvals: Vec<Approval>,
    /// What interrupts any of them.
    pub interruptions: Vec<Interruption>,
    /// From which day on it is closed.
    pub closed_from: Option<Day>,
}

/// How a unit stands for a voucher type; none where there is no such unit.
///
/// # Errors
/// The database's.
pub fn serving(
    c: &mut Conn,
    unit: Id<kind::ServiceUnit>,
    voucher_type: Id<kind::VoucherType>,
) -> Result<Option<Serving>, DbError> {
    let of_type = approvals::unit_id.eq(service_units::id).and(approvals::voucher_type_id.eq(DbId::from(voucher_type)));
    // One statement, since it is asked for every service that is recorded.
    let rows: Vec<(Option<NaiveDate>, Option<Row>, Option<InterruptionRow>)> = on!(c, c => service_units::table
        .left_join(approvals::table.on(of_type))
        .left_join(approval_interruptions::table.on(approval_interruptions::approval_id.eq(approvals::id)))
        .filter(service_units::id.eq(DbId::from(unit)))
        .order((approvals::valid_from, approvals::id, approval_interruptions::valid_from, approval_interruptions::id))
        .select((service_units::closed_from, Option::<Row>::as_select(), Option::<InterruptionRow>::as_select()))
        .load(c))?;
    let Some((closed_from, _, _)) = rows.first() else { return Ok(None) };
    let mut serving =
        Serving { approvals: Vec::new(), interruptions: Vec::new(), closed_from: closed_from.map(Day::new) };
    for (_, approval, interruption) in rows {
        let approval = approval.map(Row::approval).transpose()?;
        // An approval comes with each of its interruptions.
        serving.approvals.extend(approval.filter(|one| serving.approvals.last().is_none_or(|last| last.id != one.id)));
        serving.interruptions.extend(interruption.map(InterruptionRow::interruption).transpose()?);
    }
    Ok(Some(serving))
}
