//! What vouchers grant, part by part, and what was used of it.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::ledger::Allotment;
use valinta_domain::{Id, Quantity};

use super::end_of;
use crate::convert::period;
use crate::dialect::{Conn, insert_many, on};
use crate::error::DbError;
use crate::schema::allotments;
use crate::types::DbId;
use crate::update::{Bind, Update};

/// An allotment with its id.
#[derive(Debug, Clone, Copy)]
pub struct StoredAllotment {
    /// Its id.
    pub id: Id<kind::Allotment>,
    /// The allotment.
    pub allotment: Allotment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = allotments, treat_none_as_default_value = false)]
pub(super) struct AllotmentRow {
    id: DbId,
    voucher_id: DbId,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
    granted_e4: i64,
    used_e4: i64,
}

impl AllotmentRow {
    fn stored(self) -> Result<StoredAllotment, DbError> {
        Ok(StoredAllotment {
            id: self.id.id(),
            allotment: Allotment {
                period: period("allotments", self.valid_from, Some(self.valid_to))?,
                granted: Quantity::from_e4(self.granted_e4),
                used: Quantity::from_e4(self.used_e4),
            },
        })
    }
}

/// Adds parts of a grant.
pub(crate) fn insert_parts(c: &mut Conn, voucher: Id<kind::Voucher>, parts: &[StoredAllotment]) -> Result<(), DbError> {
    insert_many!(c, allotments::table, &part_rows(voucher, parts)?)?;
    Ok(())
}

pub(super) fn part_rows(voucher: Id<kind::Voucher>, parts: &[StoredAllotment]) -> Result<Vec<AllotmentRow>, DbError> {
    let row = |part: &StoredAllotment| {
        Ok(AllotmentRow {
            id: part.id.into(),
            voucher_id: voucher.into(),
            valid_from: part.allotment.period.from().date(),
            valid_to: end_of(part.allotment.period)?,
            granted_e4: part.allotment.granted.e4(),
            used_e4: part.allotment.used.e4(),
        })
    };
    parts.iter().map(row).collect()
}

/// A voucher's allotments, earliest first.
///
/// # Errors
/// The database's.
pub fn allotments(c: &mut Conn, voucher: Id<kind::Voucher>) -> Result<Vec<StoredAllotment>, DbError> {
    let rows: Vec<AllotmentRow> = on!(c, c => allotments::table
        .filter(allotments::voucher_id.eq(DbId::from(voucher)))
        .order(allotments::valid_from)
        .select(AllotmentRow::as_select())
        .load(c))?;
    rows.into_iter().map(AllotmentRow::stored).collect()
}

/// Takes a quantity out of an allotment of a taken voucher. The database itself refuses to go below nothing.
///
/// # Errors
/// [`DbError::Check`] where it would be overdrawn.
pub fn draw(c: &mut Conn, allotment: Id<kind::Allotment>, quantity: Quantity) -> Result<(), DbError> {
    let update = Update([
        ("UPDATE allotments SET used_e4 = used_e4 + ", Bind::BigInt(quantity.e4())),
        (" WHERE id = ", Bind::Id(allotment.into())),
    ]);
    on!(c, c => update.execute(c))?;
    Ok(())
}

/// Gives back to an allotment of a taken voucher what a service had used.
///
/// # Errors
/// The database's.
pub fn give_back(c: &mut Conn, allotment: Id<kind::Allotment>, quantity: Quantity) -> Result<(), DbError> {
    diesel::update(allotments::table.find(DbId::from(allotment)))
        .set(allotments::used_e4.eq(allotments::used_e4 - quantity.e4()))
        .execute(c)?;
    Ok(())
}
