//! Jobs, taken in turn: of several processes one does what has come due, for as long as its lease lasts. One that ends or takes
//! too long is followed by another, which does no harm: what a job does, it does once, whoever does it. What fails is tried again
//! later each time, and keeps nothing else back.

use valinta_domain::Id;
use valinta_domain::delivery::said;
use valinta_domain::id::kind;
use valinta_domain::job::JobKind;
use valinta_persistence::{DbError, jobs};

use super::run;
use crate::app::App;
use crate::clock::{new_uuid, random_u64};
use crate::http::Problem;

/// What came of the jobs that were due.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turns {
    /// Those that were done, and how much each told or did.
    pub done: Vec<(JobKind, usize)>,
    /// Those that failed.
    pub failed: Vec<JobKind>,
}

/// Does what of these jobs has come due by now and no other process is at, each taken for a while. For a thread that may
/// block.
///
/// # Errors
/// The database's: what is due could not be found.
pub fn take_turns(app: &App, kinds: &[JobKind]) -> Result<Turns, Problem> {
    let now = app.clock().now();
    if app.db().read_blocking(jobs::list)?.len() < JobKind::ALL.len() {
        app.db().write_blocking(move |c| jobs::add_missing(c, now))?;
    }
    let mut turns = Turns::default();
    for kind in app.db().read_blocking(|c| jobs::due(c, now))? {
        if !kinds.contains(&kind) || (kind == JobKind::Deliveries && app.channels().is_empty()) {
            continue;
        }
        match turn(app, kind) {
            Ok(Some(told)) => turns.done.push((kind, told)),
            Ok(None) => {}
            Err(problem) => {
                tracing::warn!(job = kind.code(), cause = problem.cause(), "a job has failed and is tried again");
                turns.failed.push(kind);
            }
        }
    }
    Ok(turns)
}

/// Does one job, if nobody else does. How much it told or did.
fn turn(app: &App, kind: JobKind) -> Result<Option<usize>, Problem> {
    let begun = app.clock().now();
    let lease: Id<kind::Lease> = Id::new(new_uuid(begun));
    let Some(failures) = app.db().write_blocking(move |c| jobs::take(c, kind, lease, begun))? else { return Ok(None) };
    let outcome = run(app, kind);
    let ended = app.clock().now();
    let (failed, due_at) = match &outcome {
        Ok(_) => (None, kind.after_success(ended)),
        Err(problem) => {
            // What a caller would be told; the database's own words are for the log.
            let why = said(&format!("{}: {}", problem.kind().slug(), problem.detail()));
            (why, kind.after_failure(failures, ended, random_u64()))
        }
    };
    let kept = app.db().write_blocking(move |c| jobs::give_back(c, kind, lease, failed.as_deref(), (ended, due_at)));
    match kept {
        Ok(true) => {}
        Ok(false) => tracing::warn!(job = kind.code(), "a job took longer than its lease"),
        // The lease ends by itself.
        Err(DbError::Unavailable { reason }) => {
            tracing::warn!(job = kind.code(), reason, "a job could not be given back")
        }
        Err(error) => return Err(error.into()),
    }
    outcome.map(Some)
}
