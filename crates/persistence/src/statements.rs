//! Statements: what one provider is paid for a month. Figures are put together while the month is being settled and are
//! final from then on; what moves afterwards is where the statement stands.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::settlement::{LineSums, StatementStanding, StatementState};
use valinta_domain::{Amount, Day, Id, Moment};

use crate::convert::coded;
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::statements;
use crate::types::{DbId, DbMoment};

const TABLE: &str = "statements";

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its id.
    pub id: Id<kind::Statement>,
    /// Who pays.
    pub organiser: Id<kind::Organiser>,
    /// Who is paid.
    pub provider: Id<kind::Provider>,
    /// By which run it was made.
    pub settlement: Id<kind::Settlement>,
    /// The first day of the month.
    pub month: Day,
    /// Its number, when it is made.
    pub number: Option<String>,
    /// Where it stands.
    pub state: StatementState,
    /// The sums of its lines.
    pub sums: LineSums,
    /// What the one before left below zero.
    pub carried_in: Amount,
    /// What is to be paid.
    pub payable: Amount,
    /// What it leaves below zero for the next one.
    pub carried_out: Amount,
    /// Whether a second person approves it.
    pub needs_approval: bool,
    /// Who made it: the token's subject.
    pub made_by: String,
    /// When its figures became final.
    pub made_at: Option<Moment>,
    /// Who approved it, and when.
    pub approved: Option<(String, Moment)>,
    /// Who sent it, and when.
    pub sent: Option<(String, Moment)>,
    /// Who noted that it was paid, and when.
    pub paid: Option<(String, Moment)>,
    /// The payment's reference.
    pub payment_reference: Option<String>,
    /// How often it was changed.
    pub version: i64,
}

impl Statement {
    /// What decides whether it can be moved on.
    pub fn standing(&self) -> StatementStanding<'_> {
        StatementStanding {
            state: self.state,
            payable: self.payable,
            needs_approval: self.needs_approval,
            made_by: &self.made_by,
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = statements, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    provider_id: DbId,
    settlement_id: DbId,
    month: NaiveDate,
    number: Option<String>,
    state: String,
    lines: i64,
    total_minor: i64,
    co_payment_minor: i64,
    client_fee_minor: i64,
    carried_in_minor: i64,
    payable_minor: i64,
    carried_out_minor: i64,
    needs_approval: bool,
    made_by: String,
    made_at: Option<DbMoment>,
    approved_by: Option<String>,
    approved_at: Option<DbMoment>,
    sent_by: Option<String>,
    sent_at: Option<DbMoment>,
    paid_by: Option<String>,
    paid_at: Option<DbMoment>,
    payment_reference: Option<String>,
    version: i64,
}

impl Row {
    fn statement(self) -> Result<Statement, DbError> {
        let step = |by: Option<String>, at: Option<DbMoment>| by.zip(at.map(DbMoment::moment));
        Ok(Statement {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            provider: self.provider_id.id(),
            settlement: self.settlement_id.id(),
            month: Day::new(self.month),
            number: self.number,
            state: coded(TABLE, &self.state, StatementState::from_code)?,
            sums: LineSums {
                lines: self.lines,
                organiser_pays: Amount::from_minor(self.total_minor),
                co_payment: Amount::from_minor(self.co_payment_minor),
                client_fee: Amount::from_minor(self.client_fee_minor),
            },
            carried_in: Amount::from_minor(self.carried_in_minor),
            payable: Amount::from_minor(self.payable_minor),
            carried_out: Amount::from_minor(self.carried_out_minor),
            needs_approval: self.needs_approval,
            made_by: self.made_by,
            made_at: self.made_at.map(DbMoment::moment),
            approved: step(self.approved_by, self.approved_at),
            sent: step(self.sent_by, self.sent_at),
            paid: step(self.paid_by, self.paid_at),
            payment_reference: self.payment_reference,
            version: self.version,
        })
    }
}

/// Opens a statement, for lines to be put on.
///
/// # Errors
/// [`DbError::Unique`] where the provider has one by this run.
pub fn open(
    c: &mut Conn,
    id: Id<kind::Statement>,
    (organiser, provider): (Id<kind::Organiser>, Id<kind::Provider>),
    (settlement, month): (Id<kind::Settlement>, Day),
    made_by: &str,
) -> Result<(), DbError> {
    let row = Row {
        id: id.into(),
        organiser_id: organiser.into(),
        provider_id: provider.into(),
        settlement_id: settlement.into(),
        month: month.date(),
        number: None,
        state: StatementState::Open.code().to_owned(),
        lines: 0,
        total_minor: 0,
        co_payment_minor: 0,
        client_fee_minor: 0,
        carried_in_minor: 0,
        payable_minor: 0,
        carried_out_minor: 0,
        needs_approval: true,
        made_by: made_by.to_owned(),
        made_at: None,
        approved_by: None,
        approved_at: None,
        sent_by: None,
        sent_at: None,
        paid_by: None,
        paid_at: None,
        payment_reference: None,
        version: 1,
    };
    diesel::insert_into(statements::table).values(&row).execute(c)?;
    Ok(())
}

/// The statements of a run, by provider.
///
/// # Errors
/// The database's.
pub fn of_settlement(
    c: &mut Conn,
    settlement: Id<kind::Settlement>,
    providers: &[Id<kind::Provider>],
) -> Result<HashMap<Id<kind::Provider>, Id<kind::Statement>>, DbError> {
    let ids: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
    let rows: Vec<(DbId, DbId)> = statements::table
        .filter(statements::settlement_id.eq(DbId::from(settlement)))
        .filter(statements::provider_id.eq_any(ids))
        .select((statements::provider_id, statements::id))
        .load(c)?;
    Ok(rows.into_iter().map(|(provider, id)| (provider.id(), id.id())).collect())
}

/// Adds the sums of some lines to an open statement.
///
/// # Errors
/// The database's.
pub fn add(c: &mut Conn, id: Id<kind::Statement>, sums: &LineSums) -> Result<(), DbError> {
    diesel::update(statements::table.find(DbId::from(id)))
        .set((
            statements::lines.eq(statements::lines + sums.lines),
            statements::total_minor.eq(statements::total_minor + sums.organiser_pays.minor()),
            statements::co_payment_minor.eq(statements::co_payment_minor + sums.co_payment.minor()),
            statements::client_fee_minor.eq(statements::client_fee_minor + sums.client_fee.minor()),
        ))
        .execute(c)?;
    Ok(())
}

/// The open statements of a run, in order of id.
///
/// # Errors
/// The database's.
pub fn open_of(c: &mut Conn, settlement: Id<kind::Settlement>, limit: i64) -> Result<Vec<Statement>, DbError> {
    let rows: Vec<Row> = statements::table
        .filter(statements::settlement_id.eq(DbId::from(settlement)))
        .filter(statements::state.eq(StatementState::Open.code()))
        .order(statements::id)
        .limit(limit)
        .select(Row::as_select())
        .load(c)?;
    rows.into_iter().map(Row::statement).collect()
}

/// How many statements of a run are made.
///
/// # Errors
/// The database's.
pub fn made_of(c: &mut Conn, settlement: Id<kind::Settlement>) -> Result<i64, DbError> {
    Ok(statements::table
        .filter(statements::settlement_id.eq(DbId::from(settlement)))
        .filter(statements::state.ne(StatementState::Open.code()))
        .count()
        .get_result(c)?)
}

/// What the latest statement of a provider before a month left below zero.
///
/// # Errors
/// The database's.
pub fn carried_to(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    provider: Id<kind::Provider>,
    month: Day,
) -> Result<Amount, DbError> {
    let carried: Option<i64> = statements::table
        .filter(statements::organiser_id.eq(DbId::from(organiser)))
        .filter(statements::provider_id.eq(DbId::from(provider)))
        .filter(statements::month.lt(month.date()))
        .order(statements::month.desc())
        .select(statements::carried_out_minor)
        .first(c)
        .optional()?;
    Ok(Amount::from_minor(carried.unwrap_or_default()))
}

/// The providers that the run of a month left below zero.
///
/// # Errors
/// The database's.
pub fn below_zero_in(c: &mut Conn, settlement: Id<kind::Settlement>) -> Result<Vec<Id<kind::Provider>>, DbError> {
    let ids: Vec<DbId> = statements::table
        .filter(statements::settlement_id.eq(DbId::from(settlement)))
        .filter(statements::carried_out_minor.lt(0))
        .order(statements::provider_id)
        .select(statements::provider_id)
        .load(c)?;
    Ok(ids.into_iter().map(DbId::id).collect())
}

/// What a statement comes to when it is made.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// Its number.
    pub number: &'a str,
    /// What the one before left below zero.
    pub carried_in: Amount,
    /// What is to be paid.
    pub payable: Amount,
    /// What it leaves below zero.
    pub carried_out: Amount,
    /// Whether a second person approves it.
    pub needs_approval: bool,
    /// When.
    pub at: Moment,
}

/// Makes an open statement's figures final.
///
/// # Errors
/// The database's: the figures must add up.
pub fn make(c: &mut Conn, id: Id<kind::Statement>, made: &Made<'_>) -> Result<(), DbError> {
    diesel::update(statements::table.find(DbId::from(id)))
        .set((
            statements::state.eq(StatementState::Made.code()),
            statements::number.eq(Some(made.number)),
            statements::carried_in_minor.eq(made.carried_in.minor()),
            statements::payable_minor.eq(made.payable.minor()),
            statements::carried_out_minor.eq(made.carried_out.minor()),
            statements::needs_approval.eq(made.needs_approval),
            statements::made_at.eq(Some(DbMoment::from(made.at))),
        ))
        .execute(c)?;
    Ok(())
}

/// A statement by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::Statement>) -> Result<Option<Statement>, DbError> {
    let row: Option<Row> = statements::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::statement).transpose()
}

/// Statements in order of id, after one, whatever they stand at.
///
/// # Errors
/// The database's.
pub(crate) fn statements_after(
    c: &mut Conn,
    after: Option<Id<kind::Statement>>,
    limit: i64,
) -> Result<Vec<Statement>, DbError> {
    let mut query = statements::table.order(statements::id).limit(limit).select(Row::as_select()).into_boxed();
    if let Some(after) = after {
        query = query.filter(statements::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(Row::statement).collect()
}

/// Takes a statement for a change.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, id: Id<kind::Statement>) -> Result<Option<Statement>, DbError> {
    let row: Option<Row> = diesel::update(statements::table.find(DbId::from(id)))
        .set(statements::version.eq(statements::version + 1))
        .returning(statements::all_columns)
        .get_result(c)
        .optional()?;
    row.map(Row::statement).transpose()
}

/// Notes that a taken statement was approved.
///
/// # Errors
/// The database's: nobody approves their own.
pub fn approve(c: &mut Conn, id: Id<kind::Statement>, by: &str, at: Moment) -> Result<(), DbError> {
    diesel::update(statements::table.find(DbId::from(id)))
        .set((
            statements::state.eq(StatementState::Approved.code()),
            statements::approved_by.eq(Some(by)),
            statements::approved_at.eq(Some(DbMoment::from(at))),
        ))
        .execute(c)?;
    Ok(())
}

/// Notes that a taken statement was sent.
///
/// # Errors
/// The database's.
pub fn send(c: &mut Conn, id: Id<kind::Statement>, by: &str, at: Moment) -> Result<(), DbError> {
    diesel::update(statements::table.find(DbId::from(id)))
        .set((
            statements::state.eq(StatementState::Sent.code()),
            statements::sent_by.eq(Some(by)),
            statements::sent_at.eq(Some(DbMoment::from(at))),
        ))
        .execute(c)?;
    Ok(())
}

/// Notes that a taken statement was paid.
///
/// # Errors
/// The database's.
pub fn pay(c: &mut Conn, id: Id<kind::Statement>, reference: &str, (by, at): (&str, Moment)) -> Result<(), DbError> {
    diesel::update(statements::table.find(DbId::from(id)))
        .set((
            statements::state.eq(StatementState::Paid.code()),
            statements::paid_by.eq(Some(by)),
            statements::paid_at.eq(Some(DbMoment::from(at))),
            statements::payment_reference.eq(Some(reference)),
        ))
        .execute(c)?;
    Ok(())
}

/// Whose statements are listed.
#[derive(Debug, Clone)]
pub enum Whose {
    /// An organiser's.
    Organiser(Id<kind::Organiser>),
    /// Those of providers.
    Providers(Vec<Id<kind::Provider>>),
}

/// Which statements are listed.
#[derive(Debug, Clone, Default)]
pub struct StatementFilter {
    /// Of one run.
    pub settlement: Option<Id<kind::Settlement>>,
    /// Of one provider.
    pub provider: Option<Id<kind::Provider>>,
    /// Of one month.
    pub month: Option<Day>,
    /// That stand so.
    pub state: Option<StatementState>,
}

/// Statements whose figures are final, latest first.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    whose: &Whose,
    filter: &StatementFilter,
    before: Option<Id<kind::Statement>>,
    limit: i64,
) -> Result<Vec<Statement>, DbError> {
    let mut query = statements::table
        .filter(statements::state.ne(StatementState::Open.code()))
        .order(statements::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    query = match whose {
        Whose::Organiser(organiser) => query.filter(statements::organiser_id.eq(DbId::from(*organiser))),
        Whose::Providers(providers) => {
            let ids: Vec<DbId> = providers.iter().map(|id| DbId::from(*id)).collect();
            query.filter(statements::provider_id.eq_any(ids))
        }
    };
    if let Some(settlement) = filter.settlement {
        query = query.filter(statements::settlement_id.eq(DbId::from(settlement)));
    }
    if let Some(provider) = filter.provider {
        query = query.filter(statements::provider_id.eq(DbId::from(provider)));
    }
    if let Some(month) = filter.month {
        query = query.filter(statements::month.eq(month.date()));
    }
    if let Some(state) = filter.state {
        query = query.filter(statements::state.eq(state.code()));
    }
    if let Some(before) = before {
        query = query.filter(statements::id.lt(DbId::from(before)));
    }
    query.load(c)?.into_iter().map(Row::statement).collect()
}
