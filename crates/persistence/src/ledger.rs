//! The ledger that service events are posted to. Entries are only ever added.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::ledger::{Account, EntryKind, Posting};
use valinta_domain::{Amount, Day, Id, Moment, Quantity};

use crate::convert::coded;
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::schema::ledger_entries;
use crate::types::{DbId, DbMoment};

/// What an entry is posted for.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// Whose voucher.
    pub organiser: Id<kind::Organiser>,
    /// Which voucher.
    pub voucher: Id<kind::Voucher>,
    /// The voucher's version in this transaction: entries are ordered by it.
    pub voucher_version: i64,
    /// The service event, if it is one.
    pub service_event: Option<Id<kind::ServiceEvent>>,
    /// The decision, if it is one.
    pub decision: Option<Id<kind::Decision>>,
    /// The day it counts for.
    pub day: Day,
    /// When it was posted.
    pub at: Moment,
}

/// An entry to post.
#[derive(Debug, Clone, Copy)]
pub struct NewEntry {
    /// Its id.
    pub id: Id<kind::LedgerEntry>,
    /// To or from which allotment.
    pub allotment: Option<Id<kind::Allotment>>,
    /// What moves.
    pub posting: Posting,
}

/// An entry of a voucher's ledger.
#[derive(Debug, Clone)]
pub struct LedgerEntry {
    /// Its id.
    pub id: Id<kind::LedgerEntry>,
    /// The allotment, if it is about one.
    pub allotment: Option<Id<kind::Allotment>>,
    /// The service event, if it is about one.
    pub service_event: Option<Id<kind::ServiceEvent>>,
    /// The decision, if it is about one.
    pub decision: Option<Id<kind::Decision>>,
    /// Why.
    pub kind: EntryKind,
    /// From which account.
    pub from: Account,
    /// To which.
    pub to: Account,
    /// How much service.
    pub quantity: Quantity,
    /// How much money.
    pub amount: Amount,
    /// The day it counts for.
    pub day: Day,
    /// When it was posted.
    pub at: Moment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_entries, treat_none_as_default_value = false)]
struct EntryRow {
    id: DbId,
    organiser_id: DbId,
    voucher_id: DbId,
    voucher_version: i64,
    line: i32,
    allotment_id: Option<DbId>,
    service_event_id: Option<DbId>,
    decision_id: Option<DbId>,
    kind: String,
    from_account: String,
    to_account: String,
    quantity_e4: i64,
    amount_minor: i64,
    day: NaiveDate,
    at: DbMoment,
}

impl EntryRow {
    fn of(occasion: &Occasion, entry: &NewEntry, line: i32) -> Self {
        let (from, to) = entry.posting.kind.accounts();
        Self {
            id: entry.id.into(),
            organiser_id: occasion.organiser.into(),
            voucher_id: occasion.voucher.into(),
            voucher_version: occasion.voucher_version,
            line,
            allotment_id: entry.allotment.map(DbId::from),
            service_event_id: occasion.service_event.map(DbId::from),
            decision_id: occasion.decision.map(DbId::from),
            kind: entry.posting.kind.code().to_owned(),
            from_account: from.code().to_owned(),
            to_account: to.code().to_owned(),
            quantity_e4: entry.posting.quantity.e4(),
            amount_minor: entry.posting.amount.minor(),
            day: occasion.day.date(),
            at: occasion.at.into(),
        }
    }

    fn entry(self) -> Result<LedgerEntry, DbError> {
        Ok(LedgerEntry {
            id: self.id.id(),
            allotment: self.allotment_id.map(DbId::id),
            service_event: self.service_event_id.map(DbId::id),
            decision: self.decision_id.map(DbId::id),
            kind: coded("ledger_entries", &self.kind, EntryKind::from_code)?,
            from: coded("ledger_entries", &self.from_account, Account::from_code)?,
            to: coded("ledger_entries", &self.to_account, Account::from_code)?,
            quantity: Quantity::from_e4(self.quantity_e4),
            amount: Amount::from_minor(self.amount_minor),
            day: Day::new(self.day),
            at: self.at.moment(),
        })
    }
}

/// Posts entries to the ledger of a taken voucher.
///
/// # Errors
/// The database's.
pub fn post(c: &mut Conn, occasion: &Occasion, entries: &[NewEntry]) -> Result<(), DbError> {
    post_all(c, [(occasion, entries)])
}

/// Posts what each of several occasions moves.
///
/// # Errors
/// As [`post`]; then nothing is posted.
pub fn post_all<'a>(
    c: &mut Conn,
    all: impl IntoIterator<Item = (&'a Occasion, &'a [NewEntry])>,
) -> Result<(), DbError> {
    let of_occasion = |(occasion, entries): (&'a Occasion, &'a [NewEntry])| {
        entries.iter().zip(0i32..).map(move |(entry, line)| EntryRow::of(occasion, entry, line))
    };
    let rows: Vec<EntryRow> = all.into_iter().flat_map(of_occasion).collect();
    insert_many!(c, ledger_entries::table, &rows)?;
    Ok(())
}

/// What a service event has used of allotments and not given back, in the order of posting.
///
/// # Errors
/// The database's.
pub fn used_by(c: &mut Conn, event: Id<kind::ServiceEvent>) -> Result<Vec<(Id<kind::Allotment>, Quantity)>, DbError> {
    let rows: Vec<(Option<DbId>, String, i64)> = ledger_entries::table
        .filter(ledger_entries::service_event_id.eq(DbId::from(event)))
        .filter(ledger_entries::kind.eq_any([EntryKind::Used.code(), EntryKind::UseReversed.code()]))
        .order((ledger_entries::voucher_version, ledger_entries::line))
        .select((ledger_entries::allotment_id, ledger_entries::kind, ledger_entries::quantity_e4))
        .load(c)?;
    let mut used: Vec<(Id<kind::Allotment>, i64)> = Vec::new();
    for (allotment, kind, e4) in rows {
        let allotment = allotment.ok_or_else(|| DbError::corrupt("ledger_entries: use of no allotment"))?.id();
        let moved = if kind == EntryKind::Used.code() { e4 } else { -e4 };
        match used.iter_mut().find(|(of, _)| *of == allotment) {
            Some((_, sum)) => *sum = sum.saturating_add(moved),
            None => used.push((allotment, moved)),
        }
    }
    Ok(used.into_iter().map(|(allotment, e4)| (allotment, Quantity::from_e4(e4))).collect())
}

/// A voucher's ledger, in the order of posting.
///
/// # Errors
/// The database's.
pub fn ledger(c: &mut Conn, voucher: Id<kind::Voucher>) -> Result<Vec<LedgerEntry>, DbError> {
    let rows: Vec<EntryRow> = ledger_entries::table
        .filter(ledger_entries::voucher_id.eq(DbId::from(voucher)))
        .order((ledger_entries::voucher_version, ledger_entries::line))
        .limit(100_000)
        .select(EntryRow::as_select())
        .load(c)?;
    rows.into_iter().map(EntryRow::entry).collect()
}
