//! The transactions of an import: one for all rows, or one for some rows after the other. What is only tried is undone
//! in the same way as what was refused.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;
use valinta_domain::Day;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::{Conn, DbError, Retryable};

use super::apply::{Apply, Bringing, Source};
use super::kind::RowKind;
use super::progress::{Teller, Watch};
use super::read::{Read, Record};
use super::report::{ImportView, RowErrors};
use crate::app::App;
use crate::clock::new_uuid;
use crate::cx::Cx;
use crate::http::{Caller, Problem};
use crate::telemetry;

/// Rows that are looked at together, and stored together where each row stands for itself.
const ROWS_AT_ONCE: usize = 500;

/// What is to be brought in, by whom and how.
#[derive(Clone)]
pub(super) struct Order {
    pub(super) caller: Caller,
    pub(super) source: Source,
    pub(super) kind: RowKind,
    /// By which the file is recognised in the audit trail.
    pub(super) sha256: String,
    /// Whether nothing is stored where a row is refused.
    pub(super) all: bool,
    pub(super) dry_run: bool,
}

/// Why a transaction was undone.
enum Stop {
    /// Because something went wrong.
    Failed(Problem),
    /// Because it was asked for: this is what it would have come to.
    Undone(Box<ImportView>),
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
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

/// A source id names one row of a file.
pub(super) fn refuse_repeated<T: Record>(rows: &mut [Read<T>]) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (number, read) in (1..).zip(rows) {
        let Ok(record) = read else { continue };
        match seen.entry(record.source_id().to_owned()) {
            Entry::Vacant(first) => {
                first.insert(number);
            }
            Entry::Occupied(first) => {
                let why = format!("row {} has this source id already", first.get());
                *read = Err(RowErrors::one("source_id", "duplicate", why));
            }
        }
    }
}

/// Brings rows in.
pub(super) async fn run<T: Apply>(
    app: &App,
    order: Order,
    rows: Vec<Read<T>>,
    teller: Teller,
) -> Result<ImportView, Problem> {
    let (rows, order) = (Arc::new(rows), Arc::new(order));
    if order.all || order.dry_run {
        return in_one(app, order, rows, teller).await;
    }
    let request = request_of(app);
    let mut total = ImportView::new(false);
    let mut outcome = Ok(());
    let mut done = 0;
    while done < rows.len() {
        let until = done.saturating_add(ROWS_AT_ONCE).min(rows.len());
        let work = (Arc::clone(&order), Arc::clone(&rows), teller.clone());
        match some(app, request, work, (done, until)).await {
            Ok(view) => total.add(view),
            Err(problem) => outcome = Err(problem),
        }
        done = until;
        if outcome.is_ok() {
            outcome = teller.tell(done, done);
        }
        if outcome.is_err() {
            break;
        }
    }
    refresh(app).await;
    outcome.map(|()| {
        let stored = total.has_touched();
        total.stored(stored)
    })
}

/// All rows in one transaction.
async fn in_one<T: Apply>(
    app: &App,
    order: Arc<Order>,
    rows: Arc<Vec<Read<T>>>,
    teller: Teller,
) -> Result<ImportView, Problem> {
    let (request, clock, vault) = (request_of(app), app.clock().clone(), Arc::clone(app.vault()));
    let written = app
        .db()
        .write_long(move |c| {
            let watch = teller.watch();
            let cx = Cx::begin(c, &order.caller, clock.now(), request, Arc::clone(&vault))?;
            let mut view = ImportView::new(order.dry_run).whole();
            let mut done = 0;
            for rows in rows.chunks(ROWS_AT_ONCE) {
                view.add(apply(c, (&cx, &watch), &order, rows, done)?);
                done = done.saturating_add(rows.len());
                teller.tell(done, 0)?;
            }
            if order.dry_run || view.has_refused() {
                return Err(Stop::Undone(Box::new(view)));
            }
            note(&cx, &order, &view);
            cx.finish(c)?;
            Ok(view)
        })
        .await;
    match written {
        Ok(view) => {
            refresh(app).await;
            let stored = view.has_touched();
            Ok(view.stored(stored))
        }
        Err(Stop::Undone(view)) => Ok(view.undone()),
        Err(Stop::Failed(problem)) => Err(problem),
    }
}

/// Some rows in a transaction of their own.
async fn some<T: Apply>(
    app: &App,
    request: Uuid,
    (order, rows, teller): (Arc<Order>, Arc<Vec<Read<T>>>, Teller),
    (from, until): (usize, usize),
) -> Result<ImportView, Problem> {
    let (clock, vault) = (app.clock().clone(), Arc::clone(app.vault()));
    app.db()
        .write_long(move |c| {
            let watch = teller.watch();
            let cx = Cx::begin(c, &order.caller, clock.now(), request, Arc::clone(&vault))?;
            let view = apply(c, (&cx, &watch), &order, rows.get(from..until).unwrap_or_default(), from)?;
            note(&cx, &order, &view);
            cx.finish(c)?;
            Ok::<_, Problem>(view)
        })
        .await
}

/// Applies rows, of which so many come before.
fn apply<T: Apply>(
    c: &mut Conn,
    (cx, watch): (&Cx, &Watch),
    order: &Order,
    rows: &[Read<T>],
    before: usize,
) -> Result<ImportView, Problem> {
    // As the database has it now: who was a member when the file began to come in may be none by the time it is stored.
    cx.require(Action::ImportRegistry, &target_of(&order.source))?;
    let today = Day::new(cx.now().utc().date_naive());
    let bringing = Bringing { cx, source: &order.source, today, watch };
    let sound: Vec<&T> = rows.iter().filter_map(|row| row.as_ref().ok()).collect();
    let mut applied = T::apply(c, &bringing, &sound)?.into_iter();
    let mut view = ImportView::new(order.dry_run);
    let first = u64::try_from(before).unwrap_or(u64::MAX).saturating_add(1);
    for (number, row) in (first..).zip(rows) {
        match row {
            Err(errors) => view.refuse(number, errors),
            Ok(record) => match applied.next() {
                Some(Ok(became)) => view.count(number, record.source_id(), became),
                Some(Err(errors)) => view.refuse(number, &errors),
                None => return Err(Problem::internal("a row of an import was lost")),
            },
        }
    }
    Ok(view)
}

fn target_of(source: &Source) -> Target {
    match source {
        Source::Organiser(organiser) => Target { organiser: Some(organiser.id), ..Target::default() },
        Source::Provider(provider) => Target { provider: Some(*provider), ..Target::default() },
    }
}

/// Notes what was brought in. Which things it made and changed is in their versions.
fn note(cx: &Cx, order: &Order, view: &ImportView) {
    if !view.has_touched() {
        return;
    }
    let target = target_of(&order.source);
    let details = json!({"kind": order.kind.code(), "sha256": order.sha256, "figures": view.figures()});
    let subject = match &order.source {
        Source::Organiser(organiser) => ("organiser", organiser.id.uuid()),
        Source::Provider(provider) => ("provider", provider.uuid()),
    };
    cx.audit("import_registry", subject, &target, details.clone());
    cx.tell("registry.imported", subject, target.organiser, details);
}

fn request_of(app: &App) -> Uuid {
    telemetry::current_request_id().unwrap_or_else(|| new_uuid(app.clock().now()))
}

/// Loads the choices anew, once for all rows.
async fn refresh(app: &App) {
    if let Err(problem) = app.refresh().await {
        // What was brought in is stored; the list follows with the next look.
        tracing::warn!(cause = problem.cause(), "the choices could not be refreshed");
    }
}
