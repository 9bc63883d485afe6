//! The transactions of an import: one for all rows, or one for some rows after the other. What is only tried is undone
//! in the same way as what was refused.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use serde_json::json;
use uuid::Uuid;
use valinta_domain::Day;
use valinta_domain::event::EventKind;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::{Conn, DbError, Retryable};

use super::apply::{Apply, Bringing, Source};
use super::kind::RowKind;
use super::progress::{Teller, Watch};
use super::read::{Read, Record};
use super::report::{BrokenImport, ImportView, RowErrors};
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

/// What to do where the rows of a transaction take too long together.
fn advice_of(all: bool, dry_run: bool) -> &'static str {
    if all && !dry_run { "Bring them in with mode=rows, or divide the file." } else { "Divide the file." }
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
) -> Result<ImportView, BrokenImport> {
    let (rows, order) = (Arc::new(rows), Arc::new(order));
    if order.all || order.dry_run {
        return Ok(in_one(app, order, rows, teller).await?);
    }
    let request = request_of(app);
    let part = async |from, until| {
        let work = (Arc::clone(&order), Arc::clone(&rows), teller.clone());
        some(app, request, work, (from, until)).await
    };
    let outcome = in_parts(rows.len(), &teller, part).await;
    refresh(app).await;
    outcome
}

/// So many rows, some after the other. What is stored when one part fails stays stored, and is told.
async fn in_parts(
    many: usize,
    teller: &Teller,
    part: impl AsyncFn(usize, usize) -> Result<ImportView, Problem>,
) -> Result<ImportView, BrokenImport> {
    let mut total = ImportView::new(false);
    let mut done = 0;
    while done < many {
        let until = done.saturating_add(ROWS_AT_ONCE).min(many);
        let told = match part(done, until).await {
            Ok(view) => {
                total.add(view);
                done = until;
                teller.tell(done, total.kept())
            }
            Err(problem) => Err(problem),
        };
        if let Err(problem) = told {
            return Err(BrokenImport::after(problem, kept_of(total)));
        }
    }
    Ok(kept_of(total))
}

/// What rows came to whose transactions are committed.
fn kept_of(view: ImportView) -> ImportView {
    let stored = view.has_touched();
    view.stored(stored)
}

/// All rows in one transaction.
async fn in_one<T: Apply>(
    app: &App,
    order: Arc<Order>,
    rows: Arc<Vec<Read<T>>>,
    teller: Teller,
) -> Result<ImportView, Problem> {
    let (request, clock, vault) = (request_of(app), app.clock().clone(), Arc::clone(app.vault()));
    let begun = OnceLock::new();
    let written = app
        .db()
        .write_long(move |c| {
            let watch = teller.watch(*begun.get_or_init(Instant::now), advice_of(order.all, order.dry_run));
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
            Ok(kept_of(view))
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
    let begun = OnceLock::new();
    app.db()
        .write_long(move |c| {
            let watch = teller.watch(*begun.get_or_init(Instant::now), advice_of(order.all, order.dry_run));
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
    cx.tell(EventKind::RegistryImported, subject, &target, details);
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

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use valinta_domain::Id;
    use valinta_domain::id::kind;

    use super::super::progress::News;
    use super::super::report::Outcome;
    use super::*;
    use crate::http::ProblemKind;

    /// Rows of which the first of each part is refused.
    fn part(from: usize, until: usize) -> ImportView {
        let mut view = ImportView::new(false);
        view.refuse(1, &RowErrors::one("name", "length", "is too long"));
        for _ in from..until.saturating_sub(1) {
            view.count(2, "P", Outcome::Created.of(Id::<kind::Provider>::new(Uuid::nil())));
        }
        view
    }

    #[actix_web::test]
    async fn an_import_that_breaks_off_tells_what_of_it_is_stored() {
        let (to, mut news) = mpsc::channel(16);
        let teller = Teller { to, of: 1_200 };
        let breaks_at = async |row: usize| {
            let part = async |from, until| {
                if from >= row {
                    Err(Problem::new(ProblemKind::Unavailable, "Not now."))
                } else {
                    Ok(part(from, until))
                }
            };
            in_parts(1_200, &teller, part).await
        };
        assert!(breaks_at(1_200).await.is_ok_and(|view| view.kept() == 1_197));
        let told: Vec<_> = std::iter::from_fn(|| news.try_recv().ok()).collect();
        let told: Vec<_> = told
            .iter()
            .map(|news| match news {
                News::Progress(progress) => serde_json::to_value(progress).unwrap(),
                News::End(_) => panic!("there is no end yet"),
            })
            .collect();
        let (first, last) = (json!({"done": 500, "of": 1_200, "stored": 499}), json!(1_197));
        assert_eq!((told.len(), &told[0], &told[2]["stored"]), (3, &first, &last), "refused rows are not stored");

        let answer = breaks_at(500).await.unwrap_err().answer(None);
        assert_eq!((answer.status().as_u16(), answer.headers().contains_key("retry-after")), (503, true));
        let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let import = &body["import"];
        assert_eq!((&import["rows"], &import["created"], &import["stored"]), (&json!(500), &json!(499), &json!(true)));
        let detail = body["detail"].as_str().unwrap();
        assert!(detail.contains("499 of 500 are stored for good") && detail.contains("from row 501 on, nothing"));

        let nothing = breaks_at(0).await.unwrap_err().view(None);
        assert!(serde_json::to_value(nothing).unwrap().get("import").is_none());
    }

    #[test]
    fn only_who_brings_all_in_at_once_is_told_to_bring_it_in_row_by_row() {
        let row_by_row = |all, dry_run| advice_of(all, dry_run).contains("mode=rows");
        assert!(row_by_row(true, false));
        assert!(!row_by_row(true, true) && !row_by_row(false, true) && !row_by_row(false, false));
    }
}
