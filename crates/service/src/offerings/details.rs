//! What an offering says of itself, held against its unit.

use valinta_domain::Day;
use valinta_domain::offering::OfferingDetails;
use valinta_persistence::providers::ServiceUnit;

use crate::http::{Errors, Problem};

/// Lets an offering of a unit say so of itself, or tells all that it cannot.
pub(super) fn check_details(details: &OfferingDetails, unit: &ServiceUnit, today: Day) -> Result<(), Problem> {
    let mut errors = Errors::new();
    for refused in details.check(&unit.details.languages, &unit.details.modes, today) {
        errors.fail(&refused.pointer(), refused.code(), refused);
    }
    errors.finish()
}
