//! Service events and the ledger they are posted to. Entries are only ever added.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
use valinta_domain::ledger::{Account, EntryKind, Posting};
use valinta_domain::service_event::Charges;
use valinta_domain::{Amount, Day, Id, Moment, Quantity};

use crate::convert::{coded, from_json, to_json};
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::schema::{ledger_entries, service_events};
use crate::types::{DbId, DbMoment};

/// A service delivered under a voucher.
#[derive(Debug, Clone)]
pub struct ServiceEvent {
    /// Its id.
    pub id: Id<kind::ServiceEvent>,
    /// Whose voucher.
    pub organiser: Id<kind::Organiser>,
    /// Under which voucher.
    pub voucher: Id<kind::Voucher>,
    /// Out of which allotment.
    pub allotment: Id<kind::Allotment>,
    /// By which choice.
    pub choice: Id<kind::Choice>,
    /// By whom.
    pub provider: Id<kind::Provider>,
    /// By which unit.
    pub unit: Id<kind::ServiceUnit>,
    /// For whom.
    pub person: Id<kind::Person>,
    /// The rulebook of the day.
    pub rulebook: Id<kind::Rulebook>,
    /// Day of service.
    pub day: Day,
    /// How much.
    pub quantity: Quantity,
    /// From when to when, if given.
    pub span: Option<(Moment, Moment)>,
    /// The voucher's value on the day.
    pub value: Amount,
    /// Whether a client fee is charged instead of a co-payment.
    pub by_client_fee: bool,
    /// Who is charged what.
    pub charges: Charges,
    /// How that came about.
    pub steps: Vec<Step>,
    /// Who recorded it: the token's subject.
    pub recorded_by: String,
    /// When.
    pub recorded_at: Moment,
}

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
#[diesel(table_name = service_events)]
struct EventRow {
    id: DbId,
    organiser_id: DbId,
    voucher_id: DbId,
    allotment_id: DbId,
    choice_id: DbId,
    provider_id: DbId,
    unit_id: DbId,
    person_id: DbId,
    rulebook_id: DbId,
    day: NaiveDate,
    quantity_e4: i64,
    started_at: Option<DbMoment>,
    ended_at: Option<DbMoment>,
    value_minor: i64,
    charging: String,
    total_minor: i64,
    organiser_pays_minor: i64,
    co_payment_minor: i64,
    client_fee_minor: i64,
    steps: String,
    recorded_by: String,
    recorded_at: DbMoment,
}

impl EventRow {
    fn event(self) -> Result<ServiceEvent, DbError> {
        Ok(ServiceEvent {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            voucher: self.voucher_id.id(),
            allotment: self.allotment_id.id(),
            choice: self.choice_id.id(),
            provider: self.provider_id.id(),
            unit: self.unit_id.id(),
            person: self.person_id.id(),
            rulebook: self.rulebook_id.id(),
            day: Day::new(self.day),
            quantity: Quantity::from_e4(self.quantity_e4),
            span: self.started_at.map(DbMoment::moment).zip(self.ended_at.map(DbMoment::moment)),
            value: Amount::from_minor(self.value_minor),
            by_client_fee: coded("service_events", &self.charging, |code| match code {
                "voucher" => Some(false),
                "client_fee" => Some(true),
                _ => None,
            })?,
            charges: Charges {
                total: Amount::from_minor(self.total_minor),
                organiser_pays: Amount::from_minor(self.organiser_pays_minor),
                co_payment: Amount::from_minor(self.co_payment_minor),
                client_fee: Amount::from_minor(self.client_fee_minor),
            },
            steps: from_json("service_events", &self.steps)?,
            recorded_by: self.recorded_by,
            recorded_at: self.recorded_at.moment(),
        })
    }
}

/// Adds a service event.
///
/// # Errors
/// The database's.
pub fn insert(c: &mut Conn, event: &ServiceEvent) -> Result<(), DbError> {
    let row = EventRow {
        id: event.id.into(),
        organiser_id: event.organiser.into(),
        voucher_id: event.voucher.into(),
        allotment_id: event.allotment.into(),
        choice_id: event.choice.into(),
        provider_id: event.provider.into(),
        unit_id: event.unit.into(),
        person_id: event.person.into(),
        rulebook_id: event.rulebook.into(),
        day: event.day.date(),
        quantity_e4: event.quantity.e4(),
        started_at: event.span.map(|(start, _)| start.into()),
        ended_at: event.span.map(|(_, end)| end.into()),
        value_minor: event.value.minor(),
        charging: if event.by_client_fee { "client_fee" } else { "voucher" }.to_owned(),
        total_minor: event.charges.total.minor(),
        organiser_pays_minor: event.charges.organiser_pays.minor(),
        co_payment_minor: event.charges.co_payment.minor(),
        client_fee_minor: event.charges.client_fee.minor(),
        steps: to_json(&event.steps)?,
        recorded_by: event.recorded_by.clone(),
        recorded_at: event.recorded_at.into(),
    };
    diesel::insert_into(service_events::table).values(&row).execute(c)?;
    Ok(())
}

/// A service event by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::ServiceEvent>) -> Result<Option<ServiceEvent>, DbError> {
    let row = service_events::table.find(DbId::from(id)).select(EventRow::as_select()).first(c).optional()?;
    row.map(EventRow::event).transpose()
}

/// Whose service events are listed.
#[derive(Debug, Clone)]
pub enum Whose {
    /// An organiser's.
    Organiser(Id<kind::Organiser>),
    /// Those that providers recorded.
    Providers(Vec<Id<kind::Provider>>),
    /// Those a person received.
    Person(Id<kind::Person>),
}

/// Service events in order of id.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    whose: &Whose,
    voucher: Option<Id<kind::Voucher>>,
    after: Option<Id<kind::ServiceEvent>>,
    limit: i64,
) -> Result<Vec<ServiceEvent>, DbError> {
    let mut query =
        service_events::table.select(EventRow::as_select()).order(service_events::id).limit(limit).into_boxed();
    query = match whose {
        Whose::Organiser(organiser) => query.filter(service_events::organiser_id.eq(DbId::from(*organiser))),
        Whose::Providers(providers) => {
            let ids: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
            query.filter(service_events::provider_id.eq_any(ids))
        }
        Whose::Person(person) => query.filter(service_events::person_id.eq(DbId::from(*person))),
    };
    if let Some(voucher) = voucher {
        query = query.filter(service_events::voucher_id.eq(DbId::from(voucher)));
    }
    if let Some(after) = after {
        query = query.filter(service_events::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(EventRow::event).collect()
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_entries)]
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
    let rows: Vec<EntryRow> = entries
        .iter()
        .zip(0i32..)
        .map(|(entry, line)| {
            let (from, to) = entry.posting.kind.accounts();
            EntryRow {
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
        })
        .collect();
    insert_many!(c, ledger_entries::table, &rows)?;
    Ok(())
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
