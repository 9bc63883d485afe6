//! How service events stand after they were recorded, and what was done about them. Owns the tables `event_accounts` and
//! `event_acts`; what is posted with them is in [`crate::ledger`].

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_domain::service_event::Charges;
use valinta_domain::service_event::account::{ActKind, EventAccount, EventState, Figures};
use valinta_domain::{Amount, Day, Id, Moment, Quantity};

use crate::convert::coded;
use crate::dialect::{Conn, insert_many, on};
use crate::error::DbError;
use crate::schema::{event_accounts, event_acts};
use crate::types::{DbId, DbMoment};

const TABLE: &str = "event_accounts";
const ACTS: &str = "event_acts";
/// Most acts of one event that are told.
const ACTS_MAX: i64 = 1_000;

/// How an event stands, with whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredAccount {
    /// Which event.
    pub event: Id<kind::ServiceEvent>,
    /// Whose voucher.
    pub organiser: Id<kind::Organiser>,
    /// By whom.
    pub provider: Id<kind::Provider>,
    /// The first day of the month of service.
    pub month: Day,
    /// How it stands.
    pub account: EventAccount,
    /// How many acts there are.
    pub acts: i64,
}

/// What was done about an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventAct {
    /// Its id.
    pub id: Id<kind::EventAct>,
    /// About which event.
    pub event: Id<kind::ServiceEvent>,
    /// The how-manieth act of the event.
    pub number: i64,
    /// Whose voucher.
    pub organiser: Id<kind::Organiser>,
    /// What was done.
    pub kind: ActKind,
    /// Why, as a code.
    pub reason_code: Option<String>,
    /// Why, in words; or what was asked or answered.
    pub reason: Option<String>,
    /// What was taken back.
    pub taken_back: Figures,
    /// By whom: the token's subject.
    pub by: String,
    /// In what role.
    pub role: Role,
    /// When.
    pub at: Moment,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = event_accounts, treat_none_as_default_value = false)]
struct Row {
    service_event_id: DbId,
    organiser_id: DbId,
    provider_id: DbId,
    month: NaiveDate,
    state: String,
    quantity_e4: i64,
    total_minor: i64,
    organiser_pays_minor: i64,
    co_payment_minor: i64,
    client_fee_minor: i64,
    settlements: i64,
    settled_quantity_e4: i64,
    settled_total_minor: i64,
    settled_organiser_pays_minor: i64,
    settled_co_payment_minor: i64,
    settled_client_fee_minor: i64,
    is_due: bool,
    acts: i64,
    version: i64,
}

pub(crate) fn figures_of(quantity_e4: i64, [total, organiser_pays, co_payment, client_fee]: [i64; 4]) -> Figures {
    Figures {
        quantity: Quantity::from_e4(quantity_e4),
        charges: Charges {
            total: Amount::from_minor(total),
            organiser_pays: Amount::from_minor(organiser_pays),
            co_payment: Amount::from_minor(co_payment),
            client_fee: Amount::from_minor(client_fee),
        },
    }
}

impl Row {
    fn stored(self) -> Result<StoredAccount, DbError> {
        let counted = [self.total_minor, self.organiser_pays_minor, self.co_payment_minor, self.client_fee_minor];
        let settled = [
            self.settled_total_minor,
            self.settled_organiser_pays_minor,
            self.settled_co_payment_minor,
            self.settled_client_fee_minor,
        ];
        Ok(StoredAccount {
            event: self.service_event_id.id(),
            organiser: self.organiser_id.id(),
            provider: self.provider_id.id(),
            month: Day::new(self.month),
            account: EventAccount {
                state: coded(TABLE, &self.state, EventState::from_code)?,
                counted: figures_of(self.quantity_e4, counted),
                settled: figures_of(self.settled_quantity_e4, settled),
                settlements: self.settlements,
            },
            acts: self.acts,
        })
    }
}

/// Adds how a new event stands.
///
/// # Errors
/// The database's.
pub fn insert(c: &mut Conn, stored: &StoredAccount) -> Result<(), DbError> {
    let StoredAccount { event, organiser, provider, month, account, acts } = stored;
    let (counted, settled) = (account.counted, account.settled);
    let row = Row {
        service_event_id: (*event).into(),
        organiser_id: (*organiser).into(),
        provider_id: (*provider).into(),
        month: month.date(),
        state: account.state.code().to_owned(),
        quantity_e4: counted.quantity.e4(),
        total_minor: counted.charges.total.minor(),
        organiser_pays_minor: counted.charges.organiser_pays.minor(),
        co_payment_minor: counted.charges.co_payment.minor(),
        client_fee_minor: counted.charges.client_fee.minor(),
        settlements: account.settlements,
        settled_quantity_e4: settled.quantity.e4(),
        settled_total_minor: settled.charges.total.minor(),
        settled_organiser_pays_minor: settled.charges.organiser_pays.minor(),
        settled_co_payment_minor: settled.charges.co_payment.minor(),
        settled_client_fee_minor: settled.charges.client_fee.minor(),
        is_due: account.is_due(),
        acts: *acts,
        version: 1,
    };
    on!(c, c => diesel::insert_into(event_accounts::table).values(&row).execute(c))?;
    Ok(())
}

/// Notes an act about an event that has just been recorded.
///
/// # Errors
/// The database's.
pub fn note(c: &mut Conn, act: &EventAct) -> Result<(), DbError> {
    append(c, act)
}

/// Takes an event's account for a change: no other transaction changes it until this one ends. Its voucher is taken before.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, event: Id<kind::ServiceEvent>) -> Result<Option<StoredAccount>, DbError> {
    let row: Option<Row> = diesel::update(event_accounts::table.find(DbId::from(event)))
        .set(event_accounts::version.eq(event_accounts::version + 1))
        .returning(event_accounts::all_columns)
        .get_result(c)
        .optional()?;
    row.map(Row::stored).transpose()
}

/// Stores how a taken event stands now, with the act that brought it there.
///
/// # Errors
/// The database's.
pub fn store(
    c: &mut Conn,
    event: Id<kind::ServiceEvent>,
    account: &EventAccount,
    act: &EventAct,
) -> Result<(), DbError> {
    let (of, charges) = (account.counted, account.counted.charges);
    diesel::update(event_accounts::table.find(DbId::from(event)))
        .set((
            event_accounts::state.eq(account.state.code()),
            event_accounts::quantity_e4.eq(of.quantity.e4()),
            event_accounts::total_minor.eq(charges.total.minor()),
            event_accounts::organiser_pays_minor.eq(charges.organiser_pays.minor()),
            event_accounts::co_payment_minor.eq(charges.co_payment.minor()),
            event_accounts::client_fee_minor.eq(charges.client_fee.minor()),
            event_accounts::is_due.eq(account.is_due()),
            event_accounts::acts.eq(act.number),
        ))
        .execute(c)?;
    append(c, act)
}

/// How events stand, by event.
///
/// # Errors
/// The database's.
pub fn of_each(
    c: &mut Conn,
    events: &[Id<kind::ServiceEvent>],
) -> Result<HashMap<Id<kind::ServiceEvent>, StoredAccount>, DbError> {
    let ids: Vec<DbId> = events.iter().map(|event| DbId::from(*event)).collect();
    let rows: Vec<Row> =
        event_accounts::table.filter(event_accounts::service_event_id.eq_any(ids)).select(Row::as_select()).load(c)?;
    rows.into_iter().map(|row| row.stored().map(|stored| (stored.event, stored))).collect()
}

/// How an event stands.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, event: Id<kind::ServiceEvent>) -> Result<Option<StoredAccount>, DbError> {
    let row: Option<Row> =
        event_accounts::table.find(DbId::from(event)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::stored).transpose()
}

/// How events stand, in order of event, after one.
///
/// # Errors
/// The database's.
pub(crate) fn accounts_after(
    c: &mut Conn,
    after: Option<Id<kind::ServiceEvent>>,
    limit: i64,
) -> Result<Vec<StoredAccount>, DbError> {
    let mut query = event_accounts::table
        .order(event_accounts::service_event_id)
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(event_accounts::service_event_id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(Row::stored).collect()
}

/// Takes what is due of an organiser, of a month or an earlier one, in order of id after an event.
///
/// # Errors
/// The database's.
pub fn take_due(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    month: Day,
    after: Option<Id<kind::ServiceEvent>>,
    limit: i64,
) -> Result<Vec<StoredAccount>, DbError> {
    let mut due = event_accounts::table
        .filter(event_accounts::is_due)
        .filter(event_accounts::organiser_id.eq(DbId::from(organiser)))
        .filter(event_accounts::month.le(month.date()))
        .order(event_accounts::service_event_id)
        .limit(limit)
        .select(event_accounts::service_event_id)
        .into_boxed();
    if let Some(after) = after {
        due = due.filter(event_accounts::service_event_id.gt(DbId::from(after)));
    }
    let ids: Vec<DbId> = due.load(c)?;
    // Somebody may have changed one meanwhile: as it is now it is taken, and what is not due any more is left.
    let rows: Vec<Row> = diesel::update(event_accounts::table.filter(event_accounts::service_event_id.eq_any(ids)))
        .set(event_accounts::version.eq(event_accounts::version + 1))
        .returning(event_accounts::all_columns)
        .get_results(c)?;
    let mut taken = rows.into_iter().map(Row::stored).collect::<Result<Vec<_>, DbError>>()?;
    taken.sort_unstable_by_key(|stored| stored.event);
    Ok(taken)
}

/// Notes that all that counts of taken events has been settled.
///
/// # Errors
/// The database's.
pub fn settle(c: &mut Conn, events: &[Id<kind::ServiceEvent>]) -> Result<(), DbError> {
    let ids: Vec<DbId> = events.iter().map(|event| DbId::from(*event)).collect();
    diesel::update(event_accounts::table.filter(event_accounts::service_event_id.eq_any(ids)))
        .set((
            event_accounts::settlements.eq(event_accounts::settlements + 1),
            event_accounts::settled_quantity_e4.eq(event_accounts::quantity_e4),
            event_accounts::settled_total_minor.eq(event_accounts::total_minor),
            event_accounts::settled_organiser_pays_minor.eq(event_accounts::organiser_pays_minor),
            event_accounts::settled_co_payment_minor.eq(event_accounts::co_payment_minor),
            event_accounts::settled_client_fee_minor.eq(event_accounts::client_fee_minor),
            event_accounts::is_due.eq(false),
        ))
        .execute(c)?;
    Ok(())
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = event_acts, treat_none_as_default_value = false)]
struct ActRow {
    id: DbId,
    service_event_id: DbId,
    number: i64,
    organiser_id: DbId,
    kind: String,
    reason_code: Option<String>,
    reason: Option<String>,
    quantity_e4: i64,
    total_minor: i64,
    organiser_pays_minor: i64,
    co_payment_minor: i64,
    client_fee_minor: i64,
    acted_by: String,
    acted_as: String,
    acted_at: DbMoment,
}

fn append(c: &mut Conn, act: &EventAct) -> Result<(), DbError> {
    let charges = act.taken_back.charges;
    let row = ActRow {
        id: act.id.into(),
        service_event_id: act.event.into(),
        number: act.number,
        organiser_id: act.organiser.into(),
        kind: act.kind.code().to_owned(),
        reason_code: act.reason_code.clone(),
        reason: act.reason.clone(),
        quantity_e4: act.taken_back.quantity.e4(),
        total_minor: charges.total.minor(),
        organiser_pays_minor: charges.organiser_pays.minor(),
        co_payment_minor: charges.co_payment.minor(),
        client_fee_minor: charges.client_fee.minor(),
        acted_by: act.by.clone(),
        acted_as: act.role.code().to_owned(),
        acted_at: act.at.into(),
    };
    insert_many!(c, event_acts::table, &[row])?;
    Ok(())
}

/// What was done about an event, in order.
///
/// # Errors
/// The database's.
pub fn acts_of(c: &mut Conn, event: Id<kind::ServiceEvent>) -> Result<Vec<EventAct>, DbError> {
    let rows: Vec<ActRow> = event_acts::table
        .filter(event_acts::service_event_id.eq(DbId::from(event)))
        .order(event_acts::number)
        .limit(ACTS_MAX)
        .select(ActRow::as_select())
        .load(c)?;
    rows.into_iter()
        .map(|row| {
            let charges = [row.total_minor, row.organiser_pays_minor, row.co_payment_minor, row.client_fee_minor];
            Ok(EventAct {
                id: row.id.id(),
                event: row.service_event_id.id(),
                number: row.number,
                organiser: row.organiser_id.id(),
                kind: coded(ACTS, &row.kind, ActKind::from_code)?,
                reason_code: row.reason_code,
                reason: row.reason,
                taken_back: figures_of(row.quantity_e4, charges),
                by: row.acted_by,
                role: coded(ACTS, &row.acted_as, Role::from_code)?,
                at: row.acted_at.moment(),
            })
        })
        .collect()
}
