//! Lapses that a migration has left to be found by the rulebooks of today: found once, some approvals at a time, so that no
//! command waits for all of them. What is wrong with one approval keeps none of the others back.

use std::sync::Arc;

use valinta_persistence::approvals::Whom;

use super::{BATCH, stored};
use crate::app::App;
use crate::approvals::{lapses_are_due, lapses_are_found, refresh_lapses_of_some, some_with_lapses};
use crate::http::{Problem, ProblemKind};

/// Brings the lapses of all approvals in line, if that is left to be done.
///
/// # Errors
/// The database is away or busy: the next look begins anew.
pub(super) fn bring_in_line(app: &App) -> Result<(), Problem> {
    if !app.db().read_blocking(lapses_are_due)? {
        return Ok(());
    }
    let (now, mut after, mut changed) = (app.clock().now(), None, false);
    loop {
        let some = app.db().read_blocking(|c| some_with_lapses(c, now, after, BATCH))?;
        let Some((last, _)) = some.last() else { break };
        after = Some(*last);
        changed |= together_or_each(app, some)?;
    }
    stored(app, |c, _| Ok(lapses_are_found(c)?))?;
    if changed {
        app.refresh_blocking()?;
    }
    Ok(())
}

/// Some approvals in one transaction; where that fails, each in its own. Whether anything has changed.
fn together_or_each(app: &App, some: Vec<Whom>) -> Result<bool, Problem> {
    let all: Arc<[Whom]> = some.into();
    let problem = match refresh(app, Arc::clone(&all)) {
        Ok(changed) => return Ok(changed),
        Err(problem) => problem,
    };
    if passes(&problem) {
        return Err(problem);
    }
    let mut changed = false;
    for one in all.iter() {
        match refresh(app, Arc::new([*one])) {
            Ok(some) => changed |= some,
            Err(problem) if passes(&problem) => return Err(problem),
            Err(problem) => {
                tracing::error!(approval = %one.0, cause = problem.cause(), "an approval's lapses could not be found");
            }
        }
    }
    Ok(changed)
}

fn refresh(app: &App, some: Arc<[Whom]>) -> Result<bool, Problem> {
    let ((), changed) = stored(app, move |c, cx| refresh_lapses_of_some(c, cx, &some))?;
    Ok(changed)
}

/// Whether it is no fault of an approval's: it may go well the next time.
pub(super) fn passes(problem: &Problem) -> bool {
    matches!(problem.kind(), ProblemKind::Unavailable | ProblemKind::RequestInProgress)
}
