//! Vouchers, their allotments, what their holders were told and what they chose.

mod information;
mod parts;

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::grant::Quantities;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{AccountingCode, VoucherNumber};
use valinta_domain::rulebook::{GrantPeriod, Measure, Unused};
use valinta_domain::time::Moment;
use valinta_domain::voucher::{Voucher, VoucherState, VoucherStatus};
use valinta_domain::{Amount, Day, Id, Period, Quantity, Unit};

use crate::convert::{coded, from_json, parsed, period, to_json};
use crate::dialect::{Conn, insert_many, on};
use crate::error::DbError;
use crate::grants;
use crate::schema::{allotments, vouchers};
use crate::types::{DbId, DbMoment};
use crate::update::{Bind, Returning, Update};
use parts::part_rows;

pub use information::{InformationGiven, find_information, insert_information};
pub(crate) use parts::insert_parts;
pub use parts::{StoredAllotment, allotments, draw, give_back};

/// A voucher with what is kept beside it.
#[derive(Debug, Clone)]
pub struct StoredVoucher {
    /// The voucher.
    pub voucher: Voucher,
    /// What is granted per period: units of service, or money where the voucher's measure is that.
    pub quantities: Quantities,
    /// The period of the quantity.
    pub per: GrantPeriod,
    /// The decision that granted it.
    pub decision: Id<kind::Decision>,
    /// By what its costs are known in the organiser's ledgers.
    pub accounting_code: Option<AccountingCode>,
    /// The voucher that it was issued in place of.
    pub replaces: Option<Id<kind::Voucher>>,
    /// When it was issued.
    pub issued_at: Moment,
    /// Counts changes; entries of the ledger carry it.
    pub version: i64,
}

impl StoredVoucher {
    /// What it grants in the period of a day, or of the nearest day of its validity.
    pub fn quantity_on(&self, day: Day) -> Quantity {
        self.quantities.on(day, self.voucher.validity, self.per)
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = vouchers, treat_none_as_default_value = false)]
pub(crate) struct Row {
    id: DbId,
    organiser_id: DbId,
    client_id: DbId,
    person_id: DbId,
    voucher_type_id: DbId,
    rulebook_id: DbId,
    number: String,
    state: String,
    value_minor: i64,
    unit: String,
    quantity_e4: i64,
    per: String,
    free_of_charge: bool,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
    directed_to: Option<String>,
    cancel_reason: Option<String>,
    decision_id: DbId,
    issued_at: DbMoment,
    version: i64,
    measure: String,
    unused: String,
    facts: String,
    accounting_code: Option<String>,
    replaces_id: Option<DbId>,
    changes: i32,
    told_of_end: i32,
}

fn per_code(per: GrantPeriod) -> &'static str {
    match per {
        GrantPeriod::Month => "month",
        GrantPeriod::Quarter => "quarter",
        GrantPeriod::Year => "year",
        GrantPeriod::Voucher => "voucher",
    }
}

pub(crate) fn per_from_code(code: &str) -> Option<GrantPeriod> {
    const ALL: [GrantPeriod; 4] = [GrantPeriod::Month, GrantPeriod::Quarter, GrantPeriod::Year, GrantPeriod::Voucher];
    ALL.into_iter().find(|per| per_code(*per) == code)
}

fn measure_code(measure: Measure) -> &'static str {
    match measure {
        Measure::Quantity => "quantity",
        Measure::Money => "money",
    }
}

pub(crate) fn measure_from_code(code: &str) -> Option<Measure> {
    [Measure::Quantity, Measure::Money].into_iter().find(|measure| measure_code(*measure) == code)
}

fn unused_code(unused: Unused) -> &'static str {
    match unused {
        Unused::Lapses => "lapses",
        Unused::CarriesOver => "carries_over",
    }
}

pub(crate) fn unused_from_code(code: &str) -> Option<Unused> {
    [Unused::Lapses, Unused::CarriesOver].into_iter().find(|unused| unused_code(*unused) == code)
}

type StateColumns = (&'static str, Option<String>, Option<String>);

fn state_columns(state: &VoucherState) -> Result<StateColumns, DbError> {
    let code = state.status().code();
    Ok(match state {
        VoucherState::Refused { directed_to } => (code, Some(to_json(directed_to)?), None),
        VoucherState::Cancelled { reason } => (code, None, Some(reason.clone())),
        VoucherState::Offered
        | VoucherState::Accepted
        | VoucherState::Chosen
        | VoucherState::InUse
        | VoucherState::UsedUp => (code, None, None),
    })
}

fn state(code: &str, directed_to: Option<&str>, reason: Option<String>) -> Result<VoucherState, DbError> {
    match (code, directed_to, reason) {
        ("offered", None, None) => Ok(VoucherState::Offered),
        ("accepted", None, None) => Ok(VoucherState::Accepted),
        ("refused", Some(directed_to), None) => {
            Ok(VoucherState::Refused { directed_to: from_json("vouchers", directed_to)? })
        }
        ("chosen", None, None) => Ok(VoucherState::Chosen),
        ("in_use", None, None) => Ok(VoucherState::InUse),
        ("used_up", None, None) => Ok(VoucherState::UsedUp),
        ("cancelled", None, Some(reason)) => Ok(VoucherState::Cancelled { reason }),
        _ => Err(DbError::corrupt(format!("vouchers holds an impossible state {code:?}"))),
    }
}

impl Row {
    fn of(stored: &StoredVoucher) -> Result<Self, DbError> {
        let voucher = &stored.voucher;
        let (state, directed_to, cancel_reason) = state_columns(&voucher.state)?;
        Ok(Self {
            id: voucher.id.into(),
            organiser_id: voucher.organiser.into(),
            client_id: voucher.client.into(),
            person_id: voucher.person.into(),
            voucher_type_id: voucher.voucher_type.into(),
            rulebook_id: voucher.rulebook.into(),
            number: voucher.number.to_string(),
            state: state.to_owned(),
            value_minor: voucher.value.minor(),
            unit: voucher.unit.code().to_owned(),
            quantity_e4: stored.quantities.issued.e4(),
            per: per_code(stored.per).to_owned(),
            free_of_charge: voucher.free_of_charge,
            valid_from: voucher.validity.from().date(),
            valid_to: end_of(voucher.validity)?,
            directed_to,
            cancel_reason,
            decision_id: stored.decision.into(),
            issued_at: stored.issued_at.into(),
            version: stored.version,
            measure: measure_code(voucher.measure).to_owned(),
            unused: unused_code(voucher.unused).to_owned(),
            facts: to_json(&voucher.facts)?,
            accounting_code: stored.accounting_code.as_ref().map(ToString::to_string),
            replaces_id: stored.replaces.map(DbId::from),
            changes: 0,
            told_of_end: 0,
        })
    }

    /// As it was issued, where it was not changed since: see [`wholes`].
    pub(crate) fn stored(self) -> Result<StoredVoucher, DbError> {
        Ok(StoredVoucher {
            voucher: Voucher {
                id: self.id.id(),
                organiser: self.organiser_id.id(),
                client: self.client_id.id(),
                person: self.person_id.id(),
                voucher_type: self.voucher_type_id.id(),
                rulebook: self.rulebook_id.id(),
                number: parsed("vouchers", &self.number)?,
                state: state(&self.state, self.directed_to.as_deref(), self.cancel_reason)?,
                value: Amount::from_minor(self.value_minor),
                facts: from_json("vouchers", &self.facts)?,
                unit: coded("vouchers", &self.unit, Unit::from_code)?,
                measure: coded("vouchers", &self.measure, measure_from_code)?,
                unused: coded("vouchers", &self.unused, unused_from_code)?,
                free_of_charge: self.free_of_charge,
                validity: period("vouchers", self.valid_from, Some(self.valid_to))?,
                raises: Vec::new(),
            },
            quantities: Quantities::issued(Quantity::from_e4(self.quantity_e4)),
            per: coded("vouchers", &self.per, per_from_code)?,
            decision: self.decision_id.id(),
            accounting_code: self.accounting_code.as_deref().map(|code| parsed("vouchers", code)).transpose()?,
            replaces: self.replaces_id.map(DbId::id),
            issued_at: self.issued_at.moment(),
            version: self.version,
        })
    }
}

pub(crate) fn end_of(validity: Period) -> Result<NaiveDate, DbError> {
    validity.to().map(Day::date).ok_or_else(|| DbError::Internal("a validity without an end".to_owned()))
}

/// Adds a voucher with its allotments.
///
/// # Errors
/// The database's.
pub fn insert(c: &mut Conn, stored: &StoredVoucher, parts: &[StoredAllotment]) -> Result<(), DbError> {
    insert_all(c, [(stored, parts)])
}

/// Adds vouchers with their parts.
///
/// # Errors
/// The database's; then of none.
pub fn insert_all<'a>(
    c: &mut Conn,
    all: impl IntoIterator<Item = (&'a StoredVoucher, &'a [StoredAllotment])>,
) -> Result<(), DbError> {
    let (mut rows, mut parts) = (Vec::new(), Vec::new());
    for (stored, of_it) in all {
        rows.push(Row::of(stored)?);
        parts.extend(part_rows(stored.voucher.id, of_it)?);
    }
    insert_many!(c, vouchers::table, &rows)?;
    insert_many!(c, allotments::table, &parts)?;
    Ok(())
}

/// The first voucher of a type that a client has for some of the days, and that was neither refused nor cancelled.
///
/// # Errors
/// The database's.
pub fn held_in(
    c: &mut Conn,
    client: Id<kind::Client>,
    voucher_type: Id<kind::VoucherType>,
    days: Period,
) -> Result<Option<Id<kind::Voucher>>, DbError> {
    let found: Option<DbId> = on!(c, c => vouchers::table
        .filter(vouchers::client_id.eq(DbId::from(client)))
        .filter(vouchers::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(vouchers::valid_from.lt(end_of(days)?))
        .filter(vouchers::valid_to.gt(days.from().date()))
        .filter(vouchers::state.ne(VoucherStatus::Refused.code()))
        .filter(vouchers::state.ne(VoucherStatus::Cancelled.code()))
        .order(vouchers::id)
        .select(vouchers::id)
        .first(c))
    .optional()?;
    Ok(found.map(DbId::id))
}

/// A voucher with what was changed of it since it was issued.
fn whole(c: &mut Conn, row: Option<Row>) -> Result<Option<StoredVoucher>, DbError> {
    Ok(wholes(c, row.into_iter().collect())?.pop())
}

/// As [`whole`], of several: changes are read of those alone that have some.
fn wholes(c: &mut Conn, rows: Vec<Row>) -> Result<Vec<StoredVoucher>, DbError> {
    let changed: Vec<DbId> = rows.iter().filter(|row| row.changes > 0).map(|row| row.id).collect();
    let mut changes = if changed.is_empty() { HashMap::new() } else { grants::changes_of(c, &changed)? };
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let of_voucher = changes.remove(&row.id).unwrap_or_default();
        let mut stored = row.stored()?;
        stored.voucher.raises = of_voucher.raises;
        stored.quantities.changes = of_voucher.quantities;
        all.push(stored);
    }
    Ok(all)
}

/// A voucher by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Voucher>) -> Result<Option<StoredVoucher>, DbError> {
    let row = vouchers::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    whole(c, row)
}

/// A voucher by its number.
///
/// # Errors
/// The database's.
pub fn find_by_number(c: &mut Conn, number: &VoucherNumber) -> Result<Option<StoredVoucher>, DbError> {
    let query = vouchers::table.filter(vouchers::number.eq(number.as_str()));
    let row = query.select(Row::as_select()).first(c).optional()?;
    whole(c, row)
}

/// Which voucher has a number.
///
/// # Errors
/// The database's.
pub fn id_of_number(c: &mut Conn, number: &VoucherNumber) -> Result<Option<Id<kind::Voucher>>, DbError> {
    let id: Option<DbId> =
        vouchers::table.filter(vouchers::number.eq(number.as_str())).select(vouchers::id).first(c).optional()?;
    Ok(id.map(DbId::id))
}

/// Takes a voucher for a change: no other transaction changes it until this one ends. Every path that spends takes it.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, id: Id<kind::Voucher>) -> Result<Option<StoredVoucher>, DbError> {
    let update = Update([("UPDATE vouchers SET version = version + 1 WHERE id = ", Bind::Id(id.into()))]);
    let row = on!(c, c => Returning(update, vouchers::all_columns).get_result(c)).optional()?;
    whole(c, row)
}

/// Stores where a taken voucher now stands.
///
/// # Errors
/// The database's.
pub fn update_state(c: &mut Conn, voucher: &Voucher) -> Result<(), DbError> {
    let (state, directed_to, cancel_reason) = state_columns(&voucher.state)?;
    diesel::update(vouchers::table.find(DbId::from(voucher.id)))
        .set((
            vouchers::state.eq(state),
            vouchers::directed_to.eq(directed_to),
            vouchers::cancel_reason.eq(cancel_reason),
        ))
        .execute(c)?;
    Ok(())
}

/// Which vouchers are listed.
#[derive(Debug, Clone)]
pub enum Whose {
    /// A person's own.
    Person(Id<kind::Person>),
    /// Those of some clients.
    Clients(Vec<Id<kind::Client>>),
    /// A person's own and those of some clients.
    PersonAndClients(Id<kind::Person>, Vec<Id<kind::Client>>),
    /// An organiser's.
    Organiser(Id<kind::Organiser>),
}

/// Vouchers in order of id; of those that stand so on a day, if that is asked for.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    whose: Whose,
    status: Option<(VoucherStatus, Day)>,
    client: Option<Id<kind::Client>>,
    after: Option<Id<kind::Voucher>>,
    limit: i64,
) -> Result<Vec<StoredVoucher>, DbError> {
    let mut query = vouchers::table.select(Row::as_select()).order(vouchers::id).limit(limit).into_boxed();
    query = match whose {
        Whose::Person(person) => query.filter(vouchers::person_id.eq(DbId::from(person))),
        Whose::Clients(clients) => query.filter(vouchers::client_id.eq_any(ids_of(&clients))),
        Whose::PersonAndClients(person, clients) => {
            query.filter(vouchers::person_id.eq(DbId::from(person)).or(vouchers::client_id.eq_any(ids_of(&clients))))
        }
        Whose::Organiser(organiser) => query.filter(vouchers::organiser_id.eq(DbId::from(organiser))),
    };
    if let Some((status, day)) = status {
        // As `Voucher::status_on` has it: what could still be used is expired once its validity is over.
        let live = ["offered", "accepted", "chosen", "in_use"];
        query = match status {
            VoucherStatus::Expired => {
                query.filter(vouchers::state.eq_any(live)).filter(vouchers::valid_to.le(day.date()))
            }
            VoucherStatus::Offered | VoucherStatus::Accepted | VoucherStatus::Chosen | VoucherStatus::InUse => {
                query.filter(vouchers::state.eq(status.code())).filter(vouchers::valid_to.gt(day.date()))
            }
            VoucherStatus::Refused | VoucherStatus::UsedUp | VoucherStatus::Cancelled => {
                query.filter(vouchers::state.eq(status.code()))
            }
        };
    }
    if let Some(client) = client {
        query = query.filter(vouchers::client_id.eq(DbId::from(client)));
    }
    if let Some(after) = after {
        query = query.filter(vouchers::id.gt(DbId::from(after)));
    }
    let rows = query.load(c)?;
    wholes(c, rows)
}

fn ids_of(clients: &[Id<kind::Client>]) -> Vec<DbId> {
    clients.iter().map(|id| DbId::from(*id)).collect()
}
