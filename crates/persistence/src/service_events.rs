//! Service events and the lines that they are made of. What is posted for them is in [`crate::ledger`].

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
use valinta_domain::rules::Facts;
use valinta_domain::service_event::account::{EventState, Flag};
use valinta_domain::service_event::{Charges, EventKind, Line, Missed, SPAN_MAX};
use valinta_domain::{Amount, Day, Id, Moment, Quantity};

use crate::convert::{by_client_fee, charging_code, coded, from_json, to_json};
use crate::dialect::{Conn, insert_many, on};
use crate::error::DbError;
use crate::schema::{event_accounts, service_event_lines, service_events};
use crate::types::{DbId, DbMoment};

pub use crate::ledger::{LedgerEntry, NewEntry, Occasion, ledger, post, used_by};

const TABLE: &str = "service_events";

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
    /// The facts of the service itself.
    pub facts: Facts,
    /// Who gave it, by the provider's own reference.
    pub worker: Option<String>,
    /// By what the provider knows it.
    pub reference: Option<String>,
    /// That the client missed it.
    pub missed: Option<Missed>,
    /// What a unit was worth; where lines differ, in the first of them.
    pub value: Amount,
    /// Whether a client fee is charged instead of a co-payment.
    pub by_client_fee: bool,
    /// Who is charged what, of all lines together.
    pub charges: Charges,
    /// What it is made of: one line, or one for each part that has a value or a price of its own.
    pub lines: Vec<Line>,
    /// How that came about.
    pub steps: Vec<Step>,
    /// Who recorded it: the token's subject.
    pub recorded_by: String,
    /// When.
    pub recorded_at: Moment,
}

impl ServiceEvent {
    /// What entries of its charges are posted for, under a version of its voucher.
    pub fn occasion(&self, voucher_version: i64, at: Moment) -> Occasion {
        Occasion {
            organiser: self.organiser,
            voucher: self.voucher,
            voucher_version,
            service_event: Some(self.id),
            decision: None,
            day: self.day,
            at,
        }
    }
}

impl ServiceEvent {
    /// What was recorded.
    pub fn kind(&self) -> EventKind {
        self.missed.as_ref().map_or(EventKind::Visit, Missed::kind)
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = service_events, treat_none_as_default_value = false)]
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
    facts: String,
    worker: Option<String>,
    reference: Option<String>,
    kind: String,
    cancelled_at: Option<DbMoment>,
    reason_code: Option<String>,
}

impl EventRow {
    fn event(self, lines: Vec<Line>) -> Result<ServiceEvent, DbError> {
        if lines.is_empty() {
            return Err(DbError::corrupt("a service event without lines"));
        }
        let missed = missed_of(&self.kind, self.cancelled_at, self.reason_code)?;
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
            facts: from_json(TABLE, &self.facts)?,
            worker: self.worker,
            reference: self.reference,
            missed,
            value: Amount::from_minor(self.value_minor),
            by_client_fee: by_client_fee(TABLE, &self.charging)?,
            charges: Charges {
                total: Amount::from_minor(self.total_minor),
                organiser_pays: Amount::from_minor(self.organiser_pays_minor),
                co_payment: Amount::from_minor(self.co_payment_minor),
                client_fee: Amount::from_minor(self.client_fee_minor),
            },
            lines,
            steps: from_json(TABLE, &self.steps)?,
            recorded_by: self.recorded_by,
            recorded_at: self.recorded_at.moment(),
        })
    }
}

/// What is kept of a visit that was missed.
fn missed_of(kind: &str, cancelled_at: Option<DbMoment>, reason: Option<String>) -> Result<Option<Missed>, DbError> {
    let kind = coded(TABLE, kind, EventKind::from_code)?;
    let missed = reason.map(|reason| Missed { cancelled_at: cancelled_at.map(DbMoment::moment), reason });
    let kept = missed.as_ref().map_or(EventKind::Visit, Missed::kind);
    if kept == kind { Ok(missed) } else { Err(DbError::corrupt("a service event of another kind than it says")) }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = service_event_lines, treat_none_as_default_value = false)]
struct LineRow {
    service_event_id: DbId,
    line: i32,
    organiser_id: DbId,
    item: Option<String>,
    quantity_e4: i64,
    value_minor: i64,
    price_minor: Option<i64>,
    total_minor: i64,
    organiser_pays_minor: i64,
    co_payment_minor: i64,
    client_fee_minor: i64,
}

impl LineRow {
    fn of(event: &ServiceEvent, number: i32, line: &Line) -> Self {
        Self {
            service_event_id: event.id.into(),
            line: number,
            organiser_id: event.organiser.into(),
            item: line.item.clone(),
            quantity_e4: line.quantity.e4(),
            value_minor: line.value.minor(),
            price_minor: line.price.map(Amount::minor),
            total_minor: line.charges.total.minor(),
            organiser_pays_minor: line.charges.organiser_pays.minor(),
            co_payment_minor: line.charges.co_payment.minor(),
            client_fee_minor: line.charges.client_fee.minor(),
        }
    }

    fn line(self) -> Line {
        Line {
            item: self.item,
            quantity: Quantity::from_e4(self.quantity_e4),
            value: Amount::from_minor(self.value_minor),
            price: self.price_minor.map(Amount::from_minor),
            charges: Charges {
                total: Amount::from_minor(self.total_minor),
                organiser_pays: Amount::from_minor(self.organiser_pays_minor),
                co_payment: Amount::from_minor(self.co_payment_minor),
                client_fee: Amount::from_minor(self.client_fee_minor),
            },
        }
    }
}

/// The lines of events, by event, each in their order.
fn lines_of_each(c: &mut Conn, events: &[EventRow]) -> Result<HashMap<DbId, Vec<Line>>, DbError> {
    let ids: Vec<DbId> = events.iter().map(|event| event.id).collect();
    let rows: Vec<LineRow> = service_event_lines::table
        .filter(service_event_lines::service_event_id.eq_any(ids))
        .order((service_event_lines::service_event_id, service_event_lines::line))
        .select(LineRow::as_select())
        .load(c)?;
    let mut by_event: HashMap<DbId, Vec<Line>> = HashMap::new();
    for row in rows {
        by_event.entry(row.service_event_id).or_default().push(row.line());
    }
    Ok(by_event)
}

fn with_lines(c: &mut Conn, events: Vec<EventRow>) -> Result<Vec<ServiceEvent>, DbError> {
    let mut lines = lines_of_each(c, &events)?;
    events
        .into_iter()
        .map(|event| {
            let lines = lines.remove(&event.id).unwrap_or_default();
            event.event(lines)
        })
        .collect()
}

/// Adds a service event with its lines.
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
        charging: charging_code(event.by_client_fee).to_owned(),
        total_minor: event.charges.total.minor(),
        organiser_pays_minor: event.charges.organiser_pays.minor(),
        co_payment_minor: event.charges.co_payment.minor(),
        client_fee_minor: event.charges.client_fee.minor(),
        steps: to_json(&event.steps)?,
        recorded_by: event.recorded_by.clone(),
        recorded_at: event.recorded_at.into(),
        facts: to_json(&event.facts)?,
        worker: event.worker.clone(),
        reference: event.reference.clone(),
        kind: event.kind().code().to_owned(),
        cancelled_at: event.missed.as_ref().and_then(|missed| missed.cancelled_at).map(DbMoment::from),
        reason_code: event.missed.as_ref().map(|missed| missed.reason.clone()),
    };
    on!(c, c => diesel::insert_into(service_events::table).values(&row).execute(c))?;
    let lines: Vec<LineRow> =
        event.lines.iter().zip(0..).map(|(line, number)| LineRow::of(event, number, line)).collect();
    insert_many!(c, service_event_lines::table, &lines)?;
    Ok(())
}

/// The other events of an event's provider that have not been withdrawn.
macro_rules! others_that_count {
    ($event:expr) => {
        service_events::table
            .filter(service_events::provider_id.eq(DbId::from($event.provider)))
            .filter(service_events::id.ne(DbId::from($event.id)))
            .filter(diesel::dsl::exists(
                event_accounts::table
                    .filter(event_accounts::service_event_id.eq(service_events::id))
                    .filter(event_accounts::state.ne(EventState::Withdrawn.code())),
            ))
    };
}

/// Those of them that say the same of the same voucher and day, but for when they began.
macro_rules! same_in_words {
    ($event:expr, $facts:expr) => {
        others_that_count!($event)
            .filter(service_events::voucher_id.eq(DbId::from($event.voucher)))
            .filter(service_events::day.eq($event.day.date()))
            .filter(service_events::quantity_e4.eq($event.quantity.e4()))
            .filter(service_events::facts.eq($facts))
    };
}

/// Which other events a new one may be: of the same worker at the same time, or the same in all that was said of it. What
/// does not count any more is none of them. With the first of each.
///
/// # Errors
/// The database's.
pub fn alike(c: &mut Conn, event: &ServiceEvent) -> Result<Vec<(Flag, Id<kind::ServiceEvent>)>, DbError> {
    let mut found = Vec::new();
    if let (Some(worker), Some((started_at, ended_at))) = (&event.worker, event.span) {
        // No service is longer: what the worker did before that has ended.
        let since = started_at.utc().checked_sub_signed(SPAN_MAX).map(Moment::new);
        let elsewhere: Vec<DbId> = on!(c, c => others_that_count!(event)
            .filter(service_events::worker.eq(Some(worker)))
            .filter(service_events::started_at.lt(Some(DbMoment::from(ended_at))))
            .filter(service_events::started_at.gt(since.map(DbMoment::from)))
            .filter(service_events::ended_at.gt(Some(DbMoment::from(started_at))))
            .select(service_events::id)
            .load(c))?;
        found.extend(first_of(elsewhere).map(|id| (Flag::WorkerElsewhere, id)));
    }
    let facts = to_json(&event.facts)?;
    // What nothing is said of is like what nothing is said of, and no comparison says so that both databases can prepare.
    let same: Vec<DbId> = match event.span {
        Some((started_at, _)) => on!(c, c => same_in_words!(event, &facts)
            .filter(service_events::started_at.eq(Some(DbMoment::from(started_at))))
            .select(service_events::id)
            .load(c))?,
        None => on!(c, c => same_in_words!(event, &facts)
            .filter(service_events::started_at.is_null())
            .select(service_events::id)
            .load(c))?,
    };
    found.extend(first_of(same).map(|id| (Flag::SameAsAnother, id)));
    Ok(found)
}

/// The first of few. It is not asked of the database: to give it, SQLite would go through all that a provider did in order.
fn first_of(ids: Vec<DbId>) -> Option<Id<kind::ServiceEvent>> {
    ids.into_iter().map(DbId::id).min()
}

/// A service event by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::ServiceEvent>) -> Result<Option<ServiceEvent>, DbError> {
    let row = service_events::table.find(DbId::from(id)).select(EventRow::as_select()).first(c).optional()?;
    Ok(with_lines(c, row.into_iter().collect())?.pop())
}

/// The service events of a voucher from a day on, in order of day.
///
/// # Errors
/// The database's.
pub fn of_voucher_from(c: &mut Conn, voucher: Id<kind::Voucher>, day: Day) -> Result<Vec<ServiceEvent>, DbError> {
    let events = service_events::table
        .filter(service_events::voucher_id.eq(DbId::from(voucher)))
        .filter(service_events::day.ge(day.date()))
        .order((service_events::day, service_events::id))
        .select(EventRow::as_select())
        .load(c)?;
    with_lines(c, events)
}

/// The service events that some providers know by a reference: one of each provider's at most.
///
/// # Errors
/// The database's.
pub fn of_reference(
    c: &mut Conn,
    providers: &[Id<kind::Provider>],
    reference: &str,
) -> Result<Vec<ServiceEvent>, DbError> {
    let ids: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
    let rows = service_events::table
        .filter(service_events::provider_id.eq_any(ids))
        .filter(service_events::reference.eq(Some(reference)))
        .select(EventRow::as_select())
        .load(c)?;
    with_lines(c, rows)
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

/// Service events in order of id. Their lines are read by one more query, however many events there are.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    whose: &Whose,
    (voucher, state): (Option<Id<kind::Voucher>>, Option<EventState>),
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
    if let Some(state) = state {
        let standing_so = event_accounts::table
            .filter(event_accounts::service_event_id.eq(service_events::id))
            .filter(event_accounts::state.eq(state.code()));
        query = query.filter(diesel::dsl::exists(standing_so));
    }
    if let Some(after) = after {
        query = query.filter(service_events::id.gt(DbId::from(after)));
    }
    let events = query.load(c)?;
    with_lines(c, events)
}
