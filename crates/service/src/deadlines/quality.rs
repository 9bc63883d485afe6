//! How offerings have served, found anew once a day of their organiser's. Lists are told of it only where something else is
//! shown than before.

use valinta_domain::id::kind;
use valinta_domain::quality::{QualityFacts, window_on};
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::{Day, Id};
use valinta_persistence::{Conn, organisers, quality};

use super::{BATCH, BATCHES_MAX, stored};
use crate::app::App;
use crate::cx::{Cx, day_at};
use crate::http::Problem;

/// The facts of some offerings.
type Found = Vec<(Id<kind::Offering>, QualityFacts)>;

/// Finds the facts of all offerings for which that is due. Of how many something else is told than before.
///
/// # Errors
/// The database's.
pub(super) fn find_all(app: &App) -> Result<usize, Problem> {
    let now = app.clock().now();
    let mut changed = 0_usize;
    for organiser in app.db().read_blocking(organisers::list)? {
        let today = day_at(now, &organiser)?;
        for _ in 0..BATCHES_MAX {
            let found = app.db().read_blocking(|c| found_on(c, organiser.id, today))?;
            if found.is_empty() {
                break;
            }
            let (told_anew, _) = stored(app, move |c, cx| store(c, cx, organiser.id, &found, today))?;
            changed = changed.saturating_add(told_anew);
        }
    }
    if changed > 0 {
        // Once for all: a batch says nothing that a client would wait for.
        app.refresh_blocking()?;
    }
    Ok(changed)
}

/// The facts of the next offerings, on what was seen of them in the days before.
fn found_on(c: &mut Conn, organiser: Id<kind::Organiser>, today: Day) -> Result<Found, Problem> {
    let due = quality::due(c, organiser, today, BATCH)?;
    let Some(window) = window_on(today).filter(|_| !due.is_empty()) else { return Ok(Vec::new()) };
    let mut seen = quality::seen(c, &due, window)?;
    Ok(due.into_iter().map(|id| (id, QualityFacts::of(seen.remove(&id).unwrap_or_default()))).collect())
}

fn store(
    c: &mut Conn,
    cx: &Cx,
    organiser: Id<kind::Organiser>,
    found: &[(Id<kind::Offering>, QualityFacts)],
    today: Day,
) -> Result<usize, Problem> {
    let changed = quality::store(c, found, today)?;
    for offering in &changed {
        cx.registry_changed(RegistryChange::offering(*offering, Some(organiser)));
    }
    Ok(changed.len())
}
