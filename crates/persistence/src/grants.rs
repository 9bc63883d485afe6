//! What becomes of a grant after it was issued, by decisions: how long it is valid, how much it grants, what it is
//! worth, by what its costs are known, and which voucher was issued in its place. The voucher has been taken.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::decision::DecisionKind;
use valinta_domain::grant::QuantityChange;
use valinta_domain::id::kind;
use valinta_domain::identifiers::AccountingCode;
use valinta_domain::ledger::EntryKind;
use valinta_domain::voucher::{RaisedValue, Voucher};
use valinta_domain::{Amount, Day, Id, Period, Quantity};

use crate::convert::coded;
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::schema::{allotments, decisions, ledger_entries, voucher_quantities, voucher_values, vouchers};
use crate::types::DbId;
use crate::vouchers::{StoredAllotment, StoredVoucher, end_of, insert_parts};

/// What decisions have changed of a voucher, each in the order of the decisions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes {
    pub(crate) raises: Vec<RaisedValue>,
    pub(crate) quantities: Vec<QuantityChange>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = voucher_values, treat_none_as_default_value = false)]
struct ValueRow {
    id: DbId,
    organiser_id: DbId,
    voucher_id: DbId,
    voucher_version: i64,
    from_day: NaiveDate,
    value_minor: i64,
    decision_id: DbId,
}

impl ValueRow {
    fn raised(&self) -> RaisedValue {
        RaisedValue {
            from: Day::new(self.from_day),
            value: Amount::from_minor(self.value_minor),
            decision: self.decision_id.id(),
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = voucher_quantities, treat_none_as_default_value = false)]
struct QuantityRow {
    id: DbId,
    organiser_id: DbId,
    voucher_id: DbId,
    voucher_version: i64,
    from_day: NaiveDate,
    quantity_e4: i64,
    decision_id: DbId,
}

/// What was changed of some vouchers.
pub(crate) fn changes_of(c: &mut Conn, ids: &[DbId]) -> Result<HashMap<DbId, Changes>, DbError> {
    let mut changes: HashMap<DbId, Changes> = HashMap::new();
    for (voucher, values) in values_of(c, ids)? {
        changes.entry(voucher).or_default().raises = values.into_iter().map(|(_, raise)| raise).collect();
    }
    let quantities: Vec<QuantityRow> = voucher_quantities::table
        .filter(voucher_quantities::voucher_id.eq_any(ids))
        .order((voucher_quantities::voucher_version, voucher_quantities::from_day))
        .select(QuantityRow::as_select())
        .load(c)?;
    for row in quantities {
        let change = QuantityChange { from: Day::new(row.from_day), quantity: Quantity::from_e4(row.quantity_e4) };
        changes.entry(row.voucher_id).or_default().quantities.push(change);
    }
    Ok(changes)
}

/// The raised values of some vouchers, each with the voucher's version of its decision.
pub(crate) fn values_of(c: &mut Conn, ids: &[DbId]) -> Result<HashMap<DbId, Vec<(i64, RaisedValue)>>, DbError> {
    let mut values: HashMap<DbId, Vec<(i64, RaisedValue)>> = HashMap::new();
    let rows: Vec<ValueRow> = voucher_values::table
        .filter(voucher_values::voucher_id.eq_any(ids))
        .order((voucher_values::voucher_version, voucher_values::id))
        .select(ValueRow::as_select())
        .load(c)?;
    for row in rows {
        values.entry(row.voucher_id).or_default().push((row.voucher_version, row.raised()));
    }
    Ok(values)
}

/// Lets a voucher be valid for longer: its last part, where its period goes on, and the new ones with it. Its decision
/// has been stored, and says so. That its end comes is told anew.
///
/// # Errors
/// [`DbError::Check`] where no decision says so.
pub fn extend(
    c: &mut Conn,
    voucher: &Voucher,
    lengthened: Option<(Id<kind::Allotment>, Period)>,
    new: &[StoredAllotment],
) -> Result<(), DbError> {
    diesel::update(vouchers::table.find(DbId::from(voucher.id)))
        .set((vouchers::valid_to.eq(end_of(voucher.validity)?), vouchers::told_of_end.eq(0)))
        .execute(c)?;
    if let Some((part, period)) = lengthened {
        diesel::update(allotments::table.find(DbId::from(part)))
            .set(allotments::valid_to.eq(end_of(period)?))
            .execute(c)?;
    }
    insert_parts(c, voucher.id, new)
}

/// Grants more of a part.
///
/// # Errors
/// The database's.
pub fn grant_more(c: &mut Conn, part: Id<kind::Allotment>, more: Quantity) -> Result<(), DbError> {
    diesel::update(allotments::table.find(DbId::from(part)))
        .set(allotments::granted_e4.eq(allotments::granted_e4 + more.e4()))
        .execute(c)?;
    Ok(())
}

/// Keeps values that decisions have raised, each with its id.
///
/// # Errors
/// The database's.
pub fn keep_values(
    c: &mut Conn,
    stored: &StoredVoucher,
    raises: &[(Id<kind::GrantChange>, RaisedValue)],
) -> Result<(), DbError> {
    let rows: Vec<ValueRow> = raises
        .iter()
        .map(|(id, raise)| ValueRow {
            id: (*id).into(),
            organiser_id: stored.voucher.organiser.into(),
            voucher_id: stored.voucher.id.into(),
            voucher_version: stored.version,
            from_day: raise.from.date(),
            value_minor: raise.value.minor(),
            decision_id: raise.decision.into(),
        })
        .collect();
    insert_many!(c, voucher_values::table, &rows)?;
    count(c, stored, rows.len())
}

/// Keeps quantities per period that a decision has set, each with its id.
///
/// # Errors
/// The database's.
pub fn keep_quantities(
    c: &mut Conn,
    stored: &StoredVoucher,
    changes: &[(Id<kind::GrantChange>, QuantityChange)],
    decision: Id<kind::Decision>,
) -> Result<(), DbError> {
    let rows: Vec<QuantityRow> = changes
        .iter()
        .map(|(id, change)| QuantityRow {
            id: (*id).into(),
            organiser_id: stored.voucher.organiser.into(),
            voucher_id: stored.voucher.id.into(),
            voucher_version: stored.version,
            from_day: change.from.date(),
            quantity_e4: change.quantity.e4(),
            decision_id: decision.into(),
        })
        .collect();
    insert_many!(c, voucher_quantities::table, &rows)?;
    count(c, stored, rows.len())
}

/// That a voucher has changes is noted with it: those without any are read alone.
fn count(c: &mut Conn, stored: &StoredVoucher, more: usize) -> Result<(), DbError> {
    let more = i32::try_from(more).map_err(|_| DbError::Internal("too many changes of a voucher".to_owned()))?;
    diesel::update(vouchers::table.find(DbId::from(stored.voucher.id)))
        .set(vouchers::changes.eq(vouchers::changes + more))
        .execute(c)?;
    Ok(())
}

/// Sets by what a voucher's costs are known.
///
/// # Errors
/// The database's.
pub fn set_accounting_code(
    c: &mut Conn,
    voucher: Id<kind::Voucher>,
    code: Option<&AccountingCode>,
) -> Result<(), DbError> {
    diesel::update(vouchers::table.find(DbId::from(voucher)))
        .set(vouchers::accounting_code.eq(code.map(ToString::to_string)))
        .execute(c)?;
    Ok(())
}

/// What of each part of a voucher neither a service has used nor a decision has reduced: what was granted by it,
/// whatever has been returned since because the voucher ended.
///
/// # Errors
/// The database's.
pub fn rests(c: &mut Conn, voucher: Id<kind::Voucher>) -> Result<HashMap<Id<kind::Allotment>, Quantity>, DbError> {
    let entries: Vec<(Option<DbId>, String, Option<String>, i64)> = ledger_entries::table
        .left_join(decisions::table.on(decisions::id.nullable().eq(ledger_entries::decision_id)))
        .filter(ledger_entries::voucher_id.eq(DbId::from(voucher)))
        .filter(ledger_entries::allotment_id.is_not_null())
        .select((
            ledger_entries::allotment_id,
            ledger_entries::kind,
            decisions::kind.nullable(),
            ledger_entries::quantity_e4,
        ))
        .load(c)?;
    let mut rests: HashMap<Id<kind::Allotment>, i64> = HashMap::new();
    for (part, kind, decided, moved) in entries {
        let Some(part) = part else { continue };
        let was_reduced = decided.as_deref() == Some(DecisionKind::ReduceVoucher.code());
        let change = match coded("ledger_entries", &kind, EntryKind::from_code)? {
            EntryKind::Granted | EntryKind::UseReversed => moved,
            EntryKind::Used => -moved,
            EntryKind::Returned if was_reduced => -moved,
            EntryKind::Returned
            | EntryKind::Expired
            | EntryKind::OrganiserShare
            | EntryKind::CoPayment
            | EntryKind::ClientFee
            | EntryKind::OrganiserShareReversed
            | EntryKind::CoPaymentReversed
            | EntryKind::ClientFeeReversed => 0,
        };
        let rest = rests.entry(part.id()).or_default();
        *rest = rest.saturating_add(change);
    }
    Ok(rests.into_iter().map(|(part, rest)| (part, Quantity::from_e4(rest.max(0)))).collect())
}

/// The voucher that was issued in place of another, if one was.
///
/// # Errors
/// The database's.
pub fn replaced_by(c: &mut Conn, voucher: Id<kind::Voucher>) -> Result<Option<Id<kind::Voucher>>, DbError> {
    let query = vouchers::table.filter(vouchers::replaces_id.eq(Some(DbId::from(voucher)))).select(vouchers::id);
    let id: Option<DbId> = query.first(c).optional()?;
    Ok(id.map(DbId::id))
}
