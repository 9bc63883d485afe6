//! What the registry knows of a unit, as the facts that a rulebook's criteria ask for.

use valinta_domain::Day;
use valinta_domain::choice::UnitFacts;
use valinta_domain::rules::Facts;
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::{Conn, providers};

use crate::http::Problem;

/// The facts of a unit on a day.
pub(super) fn facts_of(c: &mut Conn, unit: &ServiceUnit, day: Day) -> Result<Facts, Problem> {
    let details = &unit.details;
    let sectors = providers::sectors(c, unit.provider)?;
    let known = UnitFacts {
        sector: sectors.as_of(day).copied(),
        languages: &details.languages,
        modes: &details.modes,
        municipality: &details.municipality,
        service_area: &details.service_area,
        step_free: details.step_free,
    };
    Ok(known.facts())
}
