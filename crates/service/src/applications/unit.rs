//! What the registry knows of a unit, as the facts that a rulebook's criteria ask for.

use valinta_domain::choice::UnitFacts;
use valinta_domain::id::kind;
use valinta_domain::rules::Facts;
use valinta_domain::{Day, Id};
use valinta_persistence::{Conn, providers};

use crate::cx::found;
use crate::http::Problem;

/// The facts of a unit on a day.
pub(super) fn facts_on(c: &mut Conn, unit: Id<kind::ServiceUnit>, day: Day) -> Result<Facts, Problem> {
    let unit = found(providers::find_unit(c, unit)?)?;
    let sectors = providers::sectors(c, unit.provider)?;
    let known = UnitFacts {
        sector: sectors.as_of(day).copied(),
        languages: &unit.languages,
        modes: &unit.modes,
        municipality: &unit.municipality,
        service_area: &unit.service_area,
        step_free: unit.step_free,
    };
    Ok(known.facts())
}
