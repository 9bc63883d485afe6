//! How a batch is recorded: in one transaction, or some rows at a time, or tried and undone. Decides nothing about a row.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use serde_json::json;
use valinta_domain::batch::BatchMode;
use valinta_domain::id::kind;
use valinta_domain::identifiers::VoucherNumber;
use valinta_domain::policy::Target;
use valinta_persistence::{Conn, DbError, Retryable, vouchers};

use super::super::record::record_one;
use super::super::request::{RecordCommand, VoucherRef};
use super::report::{BatchView, RowDone};
use crate::app::{App, Reply};
use crate::clock::new_uuid;
use crate::cx::Cx;
use crate::http::problem::ProblemDocument;
use crate::http::{Caller, IdempotencyKey, Problem, ProblemKind};
use crate::telemetry;

/// The name under which keys are kept.
const OPERATION: &str = "record_service_events";
/// Rows that are recorded in one transaction, row by row: others wait no longer than that takes.
const ROWS_AT_ONCE: usize = 25;
/// Longest time that rows may take in one transaction: on SQLite nobody else writes meanwhile.
const ALL_DURATION_MAX: Duration = Duration::from_secs(8);

/// A row that can be recorded, or why it cannot.
type Row = Result<RecordCommand, Box<(Option<String>, ProblemDocument)>>;

/// What is to be done.
#[derive(Debug, Clone)]
pub(super) struct Order {
    mode: BatchMode,
    dry_run: bool,
    rows: Vec<Row>,
    /// The places of the rows in the order in which they are recorded: those of one voucher together, and vouchers in the
    /// order of their ids, so that of two batches neither waits for the other for good.
    in_order: Vec<usize>,
}

impl Order {
    pub(super) fn of(
        mode: BatchMode,
        dry_run: bool,
        rows: impl Iterator<Item = Result<RecordCommand, Problem>>,
    ) -> Self {
        let mut seen = HashMap::new();
        let rows: Vec<Row> = rows.enumerate().map(|(row, command)| checked(row, command, &mut seen)).collect();
        let in_order = in_order(&rows);
        Self { mode, dry_run, rows, in_order }
    }

    /// With the ids of vouchers that are known by their numbers. A number of no voucher is left: its row will be refused.
    async fn with_ids(mut self, app: &App) -> Result<Self, Problem> {
        let numbers = self.rows.iter().flatten().filter_map(|command| match &command.voucher {
            VoucherRef::Number(number) => Some(number.clone()),
            VoucherRef::Id(_) => None,
        });
        let numbers: BTreeSet<VoucherNumber> = numbers.collect();
        if numbers.is_empty() {
            return Ok(self);
        }
        let find = move |c: &mut Conn| {
            let mut ids = BTreeMap::new();
            for number in &numbers {
                if let Some(id) = vouchers::id_of_number(c, number)? {
                    ids.insert(number.clone(), id);
                }
            }
            Ok::<_, DbError>(ids)
        };
        let ids = app.db().read(find).await?;
        for command in self.rows.iter_mut().flatten() {
            if let VoucherRef::Number(number) = &command.voucher
                && let Some(id) = ids.get(number)
            {
                command.voucher = VoucherRef::Id(*id);
            }
        }
        self.in_order = in_order(&self.rows);
        Ok(self)
    }

    /// The rows in their order, some at a time, and those of one voucher always together.
    fn by_vouchers(&self) -> Vec<Vec<usize>> {
        let mut all: Vec<Vec<usize>> = Vec::new();
        for rows in self.in_order.chunk_by(|one, next| voucher_of(&self.rows, *one) == voucher_of(&self.rows, *next)) {
            match all.last_mut().filter(|last| last.len().saturating_add(rows.len()) <= ROWS_AT_ONCE) {
                Some(last) => last.extend(rows),
                None => all.push(rows.to_vec()),
            }
        }
        all
    }
}

fn in_order(rows: &[Row]) -> Vec<usize> {
    let mut in_order: Vec<usize> = (0..rows.len()).collect();
    in_order.sort_by_key(|row| (voucher_of(rows, *row), *row));
    in_order
}

/// The voucher of a row, where it could be read.
fn voucher_of(rows: &[Row], row: usize) -> Option<&VoucherRef> {
    rows.get(row).and_then(|row| row.as_ref().ok()).map(|command| &command.voucher)
}

/// A row by itself: it has a reference, which no row before it has.
fn checked(row: usize, command: Result<RecordCommand, Problem>, seen: &mut HashMap<String, usize>) -> Row {
    let refused = |reference, problem: Problem| Err(Box::new((reference, problem.under(&place(row)).document(None))));
    let command = match command {
        Ok(command) => command,
        Err(problem) => return refused(None, problem),
    };
    let Some(reference) = command.reference.clone() else {
        let why = "every row has a reference, by which it is known again";
        return refused(None, Problem::invalid(Vec::new()).at("/reference", "missing_field", why));
    };
    match seen.get(&reference) {
        Some(first) => {
            let why = format!("row {first} has this reference already");
            refused(Some(reference), Problem::invalid(Vec::new()).at("/reference", "duplicate", why))
        }
        None => {
            seen.insert(reference, row);
            Ok(command)
        }
    }
}

fn place(row: usize) -> String {
    format!("/rows/{row}")
}

/// Records a batch, or tries it.
pub(super) async fn run(
    app: &App,
    caller: Caller,
    (key, bytes): (&IdempotencyKey, &[u8]),
    order: Order,
) -> Result<HttpResponse, Problem> {
    let order = Arc::new(order.with_ids(app).await?);
    if order.dry_run {
        return tried(app, caller, order).await;
    }
    match order.mode {
        BatchMode::AllOrNothing => {
            let whole = move |c: &mut Conn, cx: &Cx| {
                let done = apply(c, cx, &order, &order.in_order, Some(Instant::now()))?;
                let view = BatchView::of(order.mode, order.dry_run, done).or_nothing()?;
                Ok(Reply::ok(view))
            };
            app.command_long(caller, OPERATION, key, bytes, whole).await
        }
        BatchMode::PerRow => {
            if let Some(answer) = app.answered(caller.clone(), OPERATION, key, bytes).await? {
                return Ok(answer);
            }
            let mut all = Vec::with_capacity(order.rows.len());
            for from in (0..order.in_order.len()).step_by(ROWS_AT_ONCE) {
                let some = Arc::clone(&order);
                let part = app.write(caller.clone(), move |c, cx| {
                    let until = from.saturating_add(ROWS_AT_ONCE).min(some.in_order.len());
                    apply(c, cx, &some, some.in_order.get(from..until).unwrap_or_default(), None)
                });
                all.extend(part.await.map_err(|problem| broken_off(problem, from))?);
            }
            let view = BatchView::of(order.mode, order.dry_run, all);
            app.command(caller, OPERATION, key, bytes, move |_, cx| Ok(told(cx, &view))).await
        }
    }
}

/// What became of the rows, noted as a whole: each of them is noted besides.
fn told(cx: &Cx, view: &BatchView) -> Reply<BatchView> {
    let target = Target { provider: cx.actor().provider_ids().first().copied(), ..Target::default() };
    let batch = cx.id::<kind::EventBatch>();
    cx.audit("record_service_events", ("service_event_batch", batch.uuid()), &target, view.figures());
    Reply::ok(view.clone())
}

/// Some rows were recorded one after the other, and then it broke off.
fn broken_off(problem: Problem, done: usize) -> Problem {
    if done == 0 {
        return problem;
    }
    problem.and_says("Some rows are recorded, others are not: the same batch again goes on, and records none twice.")
}

/// Records rows one after the other, and says what became of each. What the database itself says ends the transaction.
fn apply(
    c: &mut Conn,
    cx: &Cx,
    order: &Order,
    rows: &[usize],
    began: Option<Instant>,
) -> Result<Vec<RowDone>, Problem> {
    let mut done = Vec::with_capacity(rows.len());
    for row in rows {
        if began.is_some_and(|began| began.elapsed() > ALL_DURATION_MAX) {
            return Err(too_slow());
        }
        let Some(checked) = order.rows.get(*row) else { continue };
        done.push(match checked {
            Err(refused) => {
                let (reference, problem) = refused.as_ref();
                RowDone::refused(*row, reference.clone(), problem.clone())
            }
            Ok(command) => match record_one(c, cx, command) {
                Ok(recorded) => RowDone::of(*row, recorded),
                Err(problem) if problem.is_of_database() || problem.kind().status().is_server_error() => {
                    return Err(problem);
                }
                Err(problem) => {
                    let problem = problem.under(&place(*row)).document(None);
                    RowDone::refused(*row, command.reference.clone(), problem)
                }
            },
        });
    }
    Ok(done)
}

fn too_slow() -> Problem {
    let why = "The rows take too long together for one transaction; nothing is recorded. Send fewer, or mode=per_row.";
    Problem::new(ProblemKind::Unavailable, why)
}

/// Why a transaction is undone.
enum Stop {
    /// Because something went wrong.
    Failed(Problem),
    /// Because it was only tried: this became of the rows.
    Undone(Vec<RowDone>),
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl Retryable for Stop {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Failed(problem) => problem.is_retryable(),
            Self::Undone(_) => false,
        }
    }
}

/// Does everything but the storing, some rows after the other: those of one voucher together, so that each sees what those
/// before would have used. Figures of vouchers are told all the same, which is noted.
async fn tried(app: &App, caller: Caller, order: Arc<Order>) -> Result<HttpResponse, Problem> {
    let mut done = Vec::with_capacity(order.rows.len());
    for rows in order.by_vouchers() {
        done.extend(undone(app, caller.clone(), Arc::clone(&order), rows).await?);
    }
    let whose: BTreeMap<_, _> =
        done.iter().filter_map(|row| row.whose.as_ref()).map(|(id, target)| (id.uuid(), *target)).collect();
    let view = BatchView::of(order.mode, order.dry_run, done);
    let figures = view.figures();
    app.write(caller, move |_, cx| {
        for (voucher, target) in &whose {
            cx.audit("try_service_events", ("voucher", *voucher), target, json!({"batch": figures}));
        }
        Ok(())
    })
    .await?;
    Ok(HttpResponse::Ok().json(view))
}

/// Records rows and undoes it. What would have become of them.
async fn undone(app: &App, caller: Caller, order: Arc<Order>, rows: Vec<usize>) -> Result<Vec<RowDone>, Problem> {
    let (clock, vault) = (app.clock().clone(), Arc::clone(app.vault()));
    let request = telemetry::current_request_id().unwrap_or_else(|| new_uuid(clock.now()));
    let tried = app.db().write_long(move |c| {
        let cx = Cx::begin(c, &caller, clock.now(), request, Arc::clone(&vault))?;
        let done = apply(c, &cx, &order, &rows, Some(Instant::now())).map_err(Stop::Failed)?;
        Err::<(), _>(Stop::Undone(done))
    });
    match tried.await {
        Err(Stop::Undone(done)) => Ok(done),
        Err(Stop::Failed(problem)) => Err(problem),
        Ok(()) => Err(Problem::internal("a batch that was only tried was stored")),
    }
}
