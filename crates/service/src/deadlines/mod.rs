//! What days bring about by themselves: reminders, and what begins or ends. Told once, by whichever process comes first.
//!
//! Nothing here decides what holds on a day: dates do, by themselves. Here it is told, and once a day found how offerings
//! have served; of requests that were not answered in time it is stored that they have lapsed, which they had before.

mod due;
mod in_line;
mod quality;
mod reminders;

use std::sync::Arc;
use std::time::Duration;

use valinta_persistence::Conn;

use crate::app::App;
use crate::approvals::tell_interruptions;
use crate::choice_requests::tell_lapsed;
use crate::cx::Cx;
use crate::http::Problem;
use crate::supervision::tell_deadlines;

/// How often is looked whether a day has come.
const LOOK_EVERY: Duration = Duration::from_secs(600);
/// How much is told in one transaction: commands of callers wait no longer than that takes.
const BATCH: i64 = 100;
/// Most transactions of one kind in one look; what is left, the next look tells.
const BATCHES_MAX: usize = 10_000;

/// What was told in one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// Reminders of evidence that expires.
    pub reminders: usize,
    /// Interruptions of approvals that have begun.
    pub interruptions: usize,
    /// Deadlines of measures and findings that have passed.
    pub deadlines: usize,
    /// Offerings of whose service something else is told than before.
    pub quality: usize,
    /// Requests to providers that were not answered in time.
    pub requests: usize,
}

/// Tells all that has come due by now, each once, however many processes look. For a thread that may block.
///
/// # Errors
/// The database's; what was told stays told, and what is wrong with one kind keeps none of the others back.
pub fn run_once(app: &App) -> Result<Told, Problem> {
    let in_line = in_line::bring_in_line(app);
    let reminders = reminders::tell_all(app);
    let interruptions = in_batches(app, |c, cx| tell_interruptions(c, cx, BATCH));
    let deadlines = in_batches(app, |c, cx| tell_deadlines(c, cx, BATCH));
    let quality = quality::find_all(app);
    let requests = in_batches(app, |c, cx| tell_lapsed(c, cx, BATCH));
    in_line?;
    Ok(Told {
        reminders: reminders?,
        interruptions: interruptions?,
        deadlines: deadlines?,
        quality: quality?,
        requests: requests?,
    })
}

/// Looks every ten minutes, for as long as the service runs.
pub async fn follow_days(app: App) {
    loop {
        if app.is_open() {
            let looking = app.clone();
            match tokio::task::spawn_blocking(move || run_once(&looking)).await {
                Ok(Ok(told)) if told == Told::default() => {}
                Ok(Ok(told)) => tracing::info!(?told, "told what the day has brought"),
                Ok(Err(problem)) => tracing::warn!(cause = problem.cause(), "what the day brings could not be told"),
                Err(error) => tracing::error!(%error, "what the day brings could not be told"),
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Runs one step after the other, each in a transaction of its own, until there is nothing left to tell.
fn in_batches(
    app: &App,
    step: impl Fn(&mut Conn, &Cx) -> Result<usize, Problem> + Send + Sync + Copy + 'static,
) -> Result<usize, Problem> {
    let mut told = 0_usize;
    for _ in 0..BATCHES_MAX {
        let now = write(app, step)?;
        if now == 0 {
            break;
        }
        told = told.saturating_add(now);
    }
    Ok(told)
}

/// Runs one step in a transaction, for the service itself.
fn write<T: Send + 'static>(
    app: &App,
    step: impl Fn(&mut Conn, &Cx) -> Result<T, Problem> + Send + Sync + 'static,
) -> Result<T, Problem> {
    let (value, registry_changed) = stored(app, step)?;
    if registry_changed {
        app.refresh_blocking()?;
    }
    Ok(value)
}

/// As [`write`], without loading the choices anew: whether that is to be done is told besides.
fn stored<T: Send + 'static>(
    app: &App,
    step: impl Fn(&mut Conn, &Cx) -> Result<T, Problem> + Send + Sync + 'static,
) -> Result<(T, bool), Problem> {
    let (now, vault) = (app.clock().now(), Arc::clone(app.vault()));
    let run = move |c: &mut Conn| {
        let cx = Cx::of_service(now, Arc::clone(&vault));
        let value = step(c, &cx)?;
        Ok::<_, Problem>((value, cx.finish(c)?))
    };
    app.db().write_blocking(run)
}
