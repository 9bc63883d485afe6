//! The settling of months: settings, runs and the lines that they put on statements. Owns `settlement_settings`,
//! `settlements` and `settlement_lines`. A run is taken for a page at a time, and says how far it has come, so that it goes
//! on after a crash where it was, in whatever process.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::service_event::account::Figures;
use valinta_domain::settlement::{SettlementState, SettlementTerms};
use valinta_domain::statement::LineKind;
use valinta_domain::{Day, Id, Moment, Unit};

use crate::convert::{coded, from_json, to_json};
use crate::dialect::{Conn, insert_many};
use crate::error::DbError;
use crate::event_accounts::figures_of;
use crate::schema::{
    service_event_lines, service_events, settlement_lines, settlement_settings, settlements, vouchers,
};
use crate::types::{DbId, DbMoment};

const TABLE: &str = "settlements";
const SETTINGS: &str = "settlement_settings";
const LINES: &str = "settlement_lines";

/// How an organiser settles, from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSettings {
    /// Its id.
    pub id: Id<kind::SettlementSettings>,
    /// Which organiser.
    pub organiser: Id<kind::Organiser>,
    /// From which day on.
    pub valid_from: Day,
    /// How.
    pub terms: SettlementTerms,
    /// Who set it: the token's subject.
    pub set_by: String,
    /// When.
    pub set_at: Moment,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = settlement_settings, treat_none_as_default_value = false)]
struct SettingsRow {
    id: DbId,
    organiser_id: DbId,
    valid_from: NaiveDate,
    terms: String,
    set_by: String,
    set_at: DbMoment,
}

/// Adds how an organiser settles from a day on.
///
/// # Errors
/// The database's.
pub fn set(c: &mut Conn, settings: &StoredSettings) -> Result<(), DbError> {
    let row = SettingsRow {
        id: settings.id.into(),
        organiser_id: settings.organiser.into(),
        valid_from: settings.valid_from.date(),
        terms: to_json(&settings.terms)?,
        set_by: settings.set_by.clone(),
        set_at: settings.set_at.into(),
    };
    diesel::insert_into(settlement_settings::table).values(&row).execute(c)?;
    Ok(())
}

/// How an organiser settles on a day: what was set last for the latest day that has come.
///
/// # Errors
/// The database's.
pub fn settings_on(c: &mut Conn, organiser: Id<kind::Organiser>, day: Day) -> Result<Option<StoredSettings>, DbError> {
    let row: Option<SettingsRow> = settlement_settings::table
        .filter(settlement_settings::organiser_id.eq(DbId::from(organiser)))
        .filter(settlement_settings::valid_from.le(day.date()))
        .order((settlement_settings::valid_from.desc(), settlement_settings::id.desc()))
        .select(SettingsRow::as_select())
        .first(c)
        .optional()?;
    row.map(|row| {
        Ok(StoredSettings {
            id: row.id.id(),
            organiser: row.organiser_id.id(),
            valid_from: Day::new(row.valid_from),
            terms: from_json(SETTINGS, &row.terms)?,
            set_by: row.set_by,
            set_at: row.set_at.moment(),
        })
    })
    .transpose()
}

/// The organisers that have said how they settle.
///
/// # Errors
/// The database's.
pub fn organisers_with_settings(c: &mut Conn) -> Result<Vec<Id<kind::Organiser>>, DbError> {
    let ids: Vec<DbId> = settlement_settings::table.select(settlement_settings::organiser_id).distinct().load(c)?;
    Ok(ids.into_iter().map(DbId::id).collect())
}

/// The settling of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Its id.
    pub id: Id<kind::Settlement>,
    /// Whose.
    pub organiser: Id<kind::Organiser>,
    /// The first day of the month.
    pub month: Day,
    /// Where it stands.
    pub state: SettlementState,
    /// The last event that was looked at.
    pub after: Option<Id<kind::ServiceEvent>>,
    /// How many lines there are so far.
    pub events: i64,
    /// How many statements, when it is frozen.
    pub statements: i64,
    /// Who started it: the token's subject.
    pub started_by: String,
    /// When.
    pub started_at: Moment,
    /// When the month was frozen.
    pub frozen_at: Option<Moment>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = settlements, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    month: NaiveDate,
    state: String,
    after_event_id: Option<DbId>,
    events: i64,
    statements: i64,
    started_by: String,
    started_at: DbMoment,
    frozen_at: Option<DbMoment>,
    version: i64,
}

impl Row {
    fn settlement(self) -> Result<Settlement, DbError> {
        Ok(Settlement {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            month: Day::new(self.month),
            state: coded(TABLE, &self.state, SettlementState::from_code)?,
            after: self.after_event_id.map(DbId::id),
            events: self.events,
            statements: self.statements,
            started_by: self.started_by,
            started_at: self.started_at.moment(),
            frozen_at: self.frozen_at.map(DbMoment::moment),
        })
    }
}

/// Adds a run that begins.
///
/// # Errors
/// [`DbError::Unique`] where the month was settled, or another one is being settled for the organiser.
pub fn insert(c: &mut Conn, run: &Settlement) -> Result<(), DbError> {
    let row = Row {
        id: run.id.into(),
        organiser_id: run.organiser.into(),
        month: run.month.date(),
        state: run.state.code().to_owned(),
        after_event_id: None,
        events: 0,
        statements: 0,
        started_by: run.started_by.clone(),
        started_at: run.started_at.into(),
        frozen_at: None,
        version: 1,
    };
    diesel::insert_into(settlements::table).values(&row).execute(c)?;
    Ok(())
}

/// A run by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Settlement>) -> Result<Option<Settlement>, DbError> {
    let row: Option<Row> = settlements::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::settlement).transpose()
}

/// The run of the latest month, frozen or running.
///
/// # Errors
/// The database's.
pub fn latest(c: &mut Conn, organiser: Id<kind::Organiser>) -> Result<Option<Settlement>, DbError> {
    let row: Option<Row> = settlements::table
        .filter(settlements::organiser_id.eq(DbId::from(organiser)))
        .order(settlements::month.desc())
        .select(Row::as_select())
        .first(c)
        .optional()?;
    row.map(Row::settlement).transpose()
}

/// The run of the latest month before one.
///
/// # Errors
/// The database's.
pub fn latest_before(c: &mut Conn, organiser: Id<kind::Organiser>, month: Day) -> Result<Option<Settlement>, DbError> {
    let row: Option<Row> = settlements::table
        .filter(settlements::organiser_id.eq(DbId::from(organiser)))
        .filter(settlements::month.lt(month.date()))
        .order(settlements::month.desc())
        .select(Row::as_select())
        .first(c)
        .optional()?;
    row.map(Row::settlement).transpose()
}

/// An organiser's runs, latest month first.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    before: Option<Id<kind::Settlement>>,
    limit: i64,
) -> Result<Vec<Settlement>, DbError> {
    let mut query = settlements::table
        .filter(settlements::organiser_id.eq(DbId::from(organiser)))
        .order(settlements::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(settlements::id.lt(DbId::from(before)));
    }
    query.load(c)?.into_iter().map(Row::settlement).collect()
}

/// The runs that are under way, oldest first.
///
/// # Errors
/// The database's.
pub fn running(c: &mut Conn, limit: i64) -> Result<Vec<Id<kind::Settlement>>, DbError> {
    let ids: Vec<DbId> = settlements::table
        .filter(settlements::state.eq(SettlementState::Running.code()))
        .order(settlements::id)
        .limit(limit)
        .select(settlements::id)
        .load(c)?;
    Ok(ids.into_iter().map(DbId::id).collect())
}

/// Takes a run that is under way: nobody else puts lines on its statements until this transaction ends. None where it has
/// ended meanwhile.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, id: Id<kind::Settlement>) -> Result<Option<Settlement>, DbError> {
    let running = settlements::table
        .filter(settlements::id.eq(DbId::from(id)))
        .filter(settlements::state.eq(SettlementState::Running.code()));
    let row: Option<Row> = diesel::update(running)
        .set(settlements::version.eq(settlements::version + 1))
        .returning(settlements::all_columns)
        .get_result(c)
        .optional()?;
    row.map(Row::settlement).transpose()
}

/// Notes how far a taken run has come.
///
/// # Errors
/// The database's.
pub fn advance(
    c: &mut Conn,
    id: Id<kind::Settlement>,
    after: Id<kind::ServiceEvent>,
    lines: i64,
) -> Result<(), DbError> {
    diesel::update(settlements::table.find(DbId::from(id)))
        .set((
            settlements::after_event_id.eq(Some(DbId::from(after))),
            settlements::events.eq(settlements::events + lines),
        ))
        .execute(c)?;
    Ok(())
}

/// Freezes the month of a taken run: its statements are made.
///
/// # Errors
/// The database's.
pub fn freeze(c: &mut Conn, id: Id<kind::Settlement>, statements: i64, at: Moment) -> Result<(), DbError> {
    diesel::update(settlements::table.find(DbId::from(id)))
        .set((
            settlements::state.eq(SettlementState::Frozen.code()),
            settlements::frozen_at.eq(Some(DbMoment::from(at))),
            settlements::statements.eq(statements),
        ))
        .execute(c)?;
    Ok(())
}

/// What a run adds to what was settled of an event before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettlementLine {
    /// Which run.
    pub settlement: Id<kind::Settlement>,
    /// Of which event.
    pub event: Id<kind::ServiceEvent>,
    /// On which statement.
    pub statement: Id<kind::Statement>,
    /// Whose.
    pub organiser: Id<kind::Organiser>,
    /// Why it is there.
    pub kind: LineKind,
    /// The first day of the month of service.
    pub month: Day,
    /// The whole, or the difference; below zero where something was taken back.
    pub figures: Figures,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = settlement_lines, treat_none_as_default_value = false)]
struct LineRow {
    settlement_id: DbId,
    service_event_id: DbId,
    statement_id: DbId,
    organiser_id: DbId,
    kind: String,
    month: NaiveDate,
    quantity_e4: i64,
    total_minor: i64,
    organiser_pays_minor: i64,
    co_payment_minor: i64,
    client_fee_minor: i64,
}

impl LineRow {
    fn line(self) -> Result<SettlementLine, DbError> {
        let amounts = [self.total_minor, self.organiser_pays_minor, self.co_payment_minor, self.client_fee_minor];
        Ok(SettlementLine {
            settlement: self.settlement_id.id(),
            event: self.service_event_id.id(),
            statement: self.statement_id.id(),
            organiser: self.organiser_id.id(),
            kind: coded(LINES, &self.kind, LineKind::from_code)?,
            month: Day::new(self.month),
            figures: figures_of(self.quantity_e4, amounts),
        })
    }
}

/// Adds lines.
///
/// # Errors
/// The database's: a frozen month takes none.
pub fn append_lines(c: &mut Conn, lines: &[SettlementLine]) -> Result<(), DbError> {
    let rows: Vec<LineRow> = lines
        .iter()
        .map(|line| {
            let charges = line.figures.charges;
            LineRow {
                settlement_id: line.settlement.into(),
                service_event_id: line.event.into(),
                statement_id: line.statement.into(),
                organiser_id: line.organiser.into(),
                kind: line.kind.code().to_owned(),
                month: line.month.date(),
                quantity_e4: line.figures.quantity.e4(),
                total_minor: charges.total.minor(),
                organiser_pays_minor: charges.organiser_pays.minor(),
                co_payment_minor: charges.co_payment.minor(),
                client_fee_minor: charges.client_fee.minor(),
            }
        })
        .collect();
    insert_many!(c, settlement_lines::table, &rows)?;
    Ok(())
}

/// The lines of a statement, in order of event, after one.
///
/// # Errors
/// The database's.
pub fn lines_of_statement(
    c: &mut Conn,
    statement: Id<kind::Statement>,
    after: Option<Id<kind::ServiceEvent>>,
    limit: i64,
) -> Result<Vec<SettlementLine>, DbError> {
    let mut query = settlement_lines::table
        .filter(settlement_lines::statement_id.eq(DbId::from(statement)))
        .order(settlement_lines::service_event_id)
        .limit(limit)
        .select(LineRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(settlement_lines::service_event_id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(LineRow::line).collect()
}

/// Where an event was settled: its lines, oldest first.
///
/// # Errors
/// The database's.
pub fn lines_of_event(c: &mut Conn, event: Id<kind::ServiceEvent>) -> Result<Vec<SettlementLine>, DbError> {
    let rows: Vec<LineRow> = settlement_lines::table
        .filter(settlement_lines::service_event_id.eq(DbId::from(event)))
        .order(settlement_lines::settlement_id)
        .select(LineRow::as_select())
        .load(c)?;
    rows.into_iter().map(LineRow::line).collect()
}

/// A line with what is told of its service. Nothing by which the client could be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDetails {
    /// The line.
    pub line: SettlementLine,
    /// The day of service.
    pub day: Day,
    /// Of which voucher type.
    pub voucher_type: Id<kind::VoucherType>,
    /// What it is counted in.
    pub unit: Unit,
    /// The rulebook of the day.
    pub rulebook: Id<kind::Rulebook>,
    /// The item of the price list, where all of it is one.
    pub item: Option<String>,
    /// By which the voucher's costs are known in the organiser's accounts.
    pub accounting_code: Option<String>,
}

/// The lines of a statement with what is told of their services, in order of event, after one.
///
/// # Errors
/// The database's.
pub fn details_of_statement(
    c: &mut Conn,
    statement: Id<kind::Statement>,
    after: Option<Id<kind::ServiceEvent>>,
    limit: i64,
) -> Result<Vec<LineDetails>, DbError> {
    let mut query = settlement_lines::table
        .inner_join(service_events::table.on(service_events::id.eq(settlement_lines::service_event_id)))
        .inner_join(vouchers::table.on(vouchers::id.eq(service_events::voucher_id)))
        .filter(settlement_lines::statement_id.eq(DbId::from(statement)))
        .order(settlement_lines::service_event_id)
        .limit(limit)
        .select((
            LineRow::as_select(),
            service_events::day,
            service_events::rulebook_id,
            vouchers::voucher_type_id,
            vouchers::unit,
            vouchers::accounting_code,
        ))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(settlement_lines::service_event_id.gt(DbId::from(after)));
    }
    let rows: Vec<(LineRow, NaiveDate, DbId, DbId, String, Option<String>)> = query.load(c)?;
    let ids: Vec<DbId> = rows.iter().map(|(line, ..)| line.service_event_id).collect();
    let items: Vec<(DbId, Option<String>)> = service_event_lines::table
        .filter(service_event_lines::service_event_id.eq_any(ids))
        .order((service_event_lines::service_event_id, service_event_lines::line))
        .select((service_event_lines::service_event_id, service_event_lines::item))
        .load(c)?;
    let mut of_event: HashMap<DbId, Option<Option<String>>> = HashMap::new();
    for (event, item) in items {
        let one = of_event.entry(event).or_insert_with(|| Some(item.clone()));
        if one.as_ref().is_some_and(|known| *known != item) {
            *one = None;
        }
    }
    rows.into_iter()
        .map(|(line, day, rulebook, voucher_type, unit, accounting_code)| {
            let item = of_event.remove(&line.service_event_id).flatten().flatten();
            Ok(LineDetails {
                line: line.line()?,
                day: Day::new(day),
                voucher_type: voucher_type.id(),
                unit: coded("vouchers", &unit, Unit::from_code)?,
                rulebook: rulebook.id(),
                item,
                accounting_code,
            })
        })
        .collect()
}
