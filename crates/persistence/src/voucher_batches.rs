//! Vouchers that are asked for many at once. Owns `voucher_batches`, `voucher_batch_requests` and `voucher_batch_rows`: what was
//! asked for is sealed, and forgotten once it is decided on.

use diesel::prelude::*;
use valinta_domain::batch::{BatchMode, BatchState, IssueCounts, IssueOutcome};
use valinta_domain::id::kind;
use valinta_domain::{Id, Moment};

use crate::convert::coded;
use crate::dialect::{Conn, insert_many, literal};
use crate::error::DbError;
use crate::schema::{voucher_batch_requests, voucher_batch_rows, voucher_batches};
use crate::types::{DbId, DbMoment};
use crate::vault::Vault;

const TABLE: &str = "voucher_batches";
const ROWS: &str = "voucher_batch_rows";

/// A batch, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoucherBatch {
    /// Its id.
    pub id: Id<kind::VoucherBatch>,
    /// Whose vouchers.
    pub organiser: Id<kind::Organiser>,
    /// What is done with rows that are refused.
    pub mode: BatchMode,
    /// Whether it is only tried.
    pub dry_run: bool,
    /// Where it stands.
    pub state: BatchState,
    /// How many rows there are.
    pub rows: i32,
    /// What became of those that are decided on: the first ones.
    pub counts: IssueCounts,
    /// Why none was issued, where it is not for a row's sake.
    pub why: Option<String>,
    /// Who asked: the token's subject.
    pub asked_by: String,
    /// When.
    pub asked_at: Moment,
    /// When it ended.
    pub ended_at: Option<Moment>,
}

/// What was asked for in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedRow {
    /// Its place, from 0.
    pub place: i32,
    /// What was asked for, as text.
    pub asked: String,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedRow {
    /// Its place, from 0.
    pub place: i32,
    /// What whoever asks calls it, where it could be read.
    pub reference: Option<String>,
    /// What became of it.
    pub outcome: IssueOutcome,
    /// The decision, if there is one.
    pub decision: Option<Id<kind::Decision>>,
    /// The voucher, if there is one.
    pub voucher: Option<Id<kind::Voucher>>,
    /// Why it is refused, as text.
    pub problem: Option<String>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = voucher_batches, treat_none_as_default_value = false)]
struct Row {
    id: DbId,
    organiser_id: DbId,
    mode: String,
    dry_run: bool,
    state: String,
    row_count: i32,
    done: i32,
    issued: i32,
    repeated: i32,
    not_granted: i32,
    refused: i32,
    why: Option<String>,
    asked_by: String,
    asked_at: DbMoment,
    ended_at: Option<DbMoment>,
    version: i64,
}

impl Row {
    fn batch(self) -> Result<VoucherBatch, DbError> {
        Ok(VoucherBatch {
            id: self.id.id(),
            organiser: self.organiser_id.id(),
            mode: coded(TABLE, &self.mode, BatchMode::from_code)?,
            dry_run: self.dry_run,
            state: coded(TABLE, &self.state, BatchState::from_code)?,
            rows: self.row_count,
            counts: IssueCounts {
                issued: self.issued,
                repeated: self.repeated,
                not_granted: self.not_granted,
                refused: self.refused,
            },
            why: self.why,
            asked_by: self.asked_by,
            asked_at: self.asked_at.moment(),
            ended_at: self.ended_at.map(DbMoment::moment),
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = voucher_batch_requests, treat_none_as_default_value = false)]
struct RequestRow {
    batch_id: DbId,
    place: i32,
    asked_sealed: Vec<u8>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = voucher_batch_rows, treat_none_as_default_value = false)]
struct OutcomeRow {
    batch_id: DbId,
    place: i32,
    reference: Option<String>,
    outcome: String,
    decision_id: Option<DbId>,
    voucher_id: Option<DbId>,
    problem_sealed: Option<Vec<u8>>,
}

/// Under what a column of a row is sealed.
fn place_of(column: &str, batch: DbId, place: i32) -> String {
    format!("{ROWS}.{column}:{}:{place}", batch.0)
}

fn sealed(vault: &Vault, context: &str, text: &str) -> Result<Vec<u8>, DbError> {
    vault.seal(context, text).map_err(|e| DbError::Internal(format!("{ROWS}: {e}")))
}

fn opened(vault: &Vault, context: &str, kept: &[u8]) -> Result<String, DbError> {
    vault.open(context, kept).map_err(|e| DbError::corrupt(format!("{ROWS}: {e}")))
}

/// Adds a batch none of whose rows is decided on.
///
/// # Errors
/// The database's.
pub fn insert(c: &mut Conn, vault: &Vault, batch: &VoucherBatch, rows: &[AskedRow]) -> Result<(), DbError> {
    let row = Row {
        id: batch.id.into(),
        organiser_id: batch.organiser.into(),
        mode: batch.mode.code().to_owned(),
        dry_run: batch.dry_run,
        state: batch.state.code().to_owned(),
        row_count: batch.rows,
        done: 0,
        issued: 0,
        repeated: 0,
        not_granted: 0,
        refused: 0,
        why: None,
        asked_by: batch.asked_by.clone(),
        asked_at: batch.asked_at.into(),
        ended_at: None,
        version: 1,
    };
    diesel::insert_into(voucher_batches::table).values(&row).execute(c)?;
    let request = |asked: &AskedRow| {
        let asked_sealed = sealed(vault, &place_of("asked", row.id, asked.place), &asked.asked)?;
        Ok(RequestRow { batch_id: row.id, place: asked.place, asked_sealed })
    };
    let requests = rows.iter().map(request).collect::<Result<Vec<_>, DbError>>()?;
    insert_many!(c, voucher_batch_requests::table, &requests)?;
    Ok(())
}

/// A batch by id.
///
/// # Errors
/// The database's.
pub fn find(c: &mut Conn, id: Id<kind::VoucherBatch>) -> Result<Option<VoucherBatch>, DbError> {
    let row: Option<Row> = voucher_batches::table.find(DbId::from(id)).select(Row::as_select()).first(c).optional()?;
    row.map(Row::batch).transpose()
}

/// An organiser's batches, newest first, after the one with id `after`.
///
/// # Errors
/// The database's.
pub fn list(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    after: Option<Id<kind::VoucherBatch>>,
    limit: i64,
) -> Result<Vec<VoucherBatch>, DbError> {
    let of_organiser = voucher_batches::organiser_id.eq(DbId::from(organiser));
    let query = voucher_batches::table.filter(of_organiser).select(Row::as_select()).order(voucher_batches::id.desc());
    let rows: Vec<Row> = match after {
        Some(after) => query.filter(voucher_batches::id.lt(DbId::from(after))).limit(limit).load(c)?,
        None => query.limit(limit).load(c)?,
    };
    rows.into_iter().map(Row::batch).collect()
}

/// Batches that are under way, oldest first.
///
/// # Errors
/// The database's.
pub fn running(c: &mut Conn, limit: i64) -> Result<Vec<Id<kind::VoucherBatch>>, DbError> {
    let ids: Vec<DbId> = voucher_batches::table
        .filter(voucher_batches::state.eq(literal(BatchState::Running.code())))
        .order(voucher_batches::id)
        .limit(limit)
        .select(voucher_batches::id)
        .load(c)?;
    Ok(ids.into_iter().map(DbId::id).collect())
}

/// Takes a batch that is under way: nobody else does its next rows until the transaction ends.
///
/// # Errors
/// The database's.
pub fn take(c: &mut Conn, id: Id<kind::VoucherBatch>) -> Result<Option<VoucherBatch>, DbError> {
    let running = voucher_batches::table
        .filter(voucher_batches::id.eq(DbId::from(id)))
        .filter(voucher_batches::state.eq(BatchState::Running.code()));
    let row: Option<Row> = diesel::update(running)
        .set(voucher_batches::version.eq(voucher_batches::version + 1))
        .returning(voucher_batches::all_columns)
        .get_result(c)
        .optional()?;
    row.map(Row::batch).transpose()
}

/// The next rows of a taken batch, in their order.
///
/// # Errors
/// The database's.
pub fn next_rows(
    c: &mut Conn,
    vault: &Vault,
    id: Id<kind::VoucherBatch>,
    limit: i64,
) -> Result<Vec<AskedRow>, DbError> {
    let rows: Vec<RequestRow> = voucher_batch_requests::table
        .filter(voucher_batch_requests::batch_id.eq(DbId::from(id)))
        .order(voucher_batch_requests::place)
        .limit(limit)
        .select(RequestRow::as_select())
        .load(c)?;
    let asked = |row: RequestRow| {
        let asked = opened(vault, &place_of("asked", row.batch_id, row.place), &row.asked_sealed)?;
        Ok(AskedRow { place: row.place, asked })
    };
    rows.into_iter().map(asked).collect()
}

/// Notes what became of the next rows of a taken batch, and where the batch stands then.
///
/// # Errors
/// The database's.
pub fn note(c: &mut Conn, vault: &Vault, batch: &VoucherBatch, rows: &[DecidedRow]) -> Result<(), DbError> {
    let id = DbId::from(batch.id);
    let outcome = |row: &DecidedRow| {
        let context = place_of("problem", id, row.place);
        Ok(OutcomeRow {
            batch_id: id,
            place: row.place,
            reference: row.reference.clone(),
            outcome: row.outcome.code().to_owned(),
            decision_id: row.decision.map(DbId::from),
            voucher_id: row.voucher.map(DbId::from),
            problem_sealed: row.problem.as_ref().map(|problem| sealed(vault, &context, problem)).transpose()?,
        })
    };
    let outcomes = rows.iter().map(outcome).collect::<Result<Vec<_>, DbError>>()?;
    insert_many!(c, voucher_batch_rows::table, &outcomes)?;
    let of_batch = voucher_batch_requests::table.filter(voucher_batch_requests::batch_id.eq(id));
    if let Some(last) = rows.iter().map(|row| row.place).max() {
        diesel::delete(of_batch.filter(voucher_batch_requests::place.le(last))).execute(c)?;
    }
    let counts = batch.counts;
    diesel::update(voucher_batches::table.find(id))
        .set((
            voucher_batches::state.eq(batch.state.code()),
            voucher_batches::done.eq(counts.all()),
            voucher_batches::issued.eq(counts.issued),
            voucher_batches::repeated.eq(counts.repeated),
            voucher_batches::not_granted.eq(counts.not_granted),
            voucher_batches::refused.eq(counts.refused),
            voucher_batches::why.eq(&batch.why),
            voucher_batches::ended_at.eq(batch.ended_at.map(DbMoment::from)),
        ))
        .execute(c)?;
    Ok(())
}

/// Forgets what is still asked for in a batch that has ended.
///
/// # Errors
/// The database's.
pub fn forget_requests(c: &mut Conn, id: Id<kind::VoucherBatch>) -> Result<(), DbError> {
    let of_batch = voucher_batch_requests::table.filter(voucher_batch_requests::batch_id.eq(DbId::from(id)));
    diesel::delete(of_batch).execute(c)?;
    Ok(())
}

/// What became of a batch's rows, in their order, from a place on.
///
/// # Errors
/// The database's.
pub fn decided_rows(
    c: &mut Conn,
    vault: &Vault,
    id: Id<kind::VoucherBatch>,
    from: i32,
    limit: i64,
) -> Result<Vec<DecidedRow>, DbError> {
    let rows: Vec<OutcomeRow> = voucher_batch_rows::table
        .filter(voucher_batch_rows::batch_id.eq(DbId::from(id)))
        .filter(voucher_batch_rows::place.ge(from))
        .order(voucher_batch_rows::place)
        .limit(limit)
        .select(OutcomeRow::as_select())
        .load(c)?;
    let decided = |row: OutcomeRow| {
        let context = place_of("problem", row.batch_id, row.place);
        Ok(DecidedRow {
            place: row.place,
            reference: row.reference,
            outcome: coded(ROWS, &row.outcome, IssueOutcome::from_code)?,
            decision: row.decision_id.map(DbId::id),
            voucher: row.voucher_id.map(DbId::id),
            problem: row.problem_sealed.map(|kept| opened(vault, &context, &kept)).transpose()?,
        })
    };
    rows.into_iter().map(decided).collect()
}
