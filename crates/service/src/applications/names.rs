//! Who and what is meant in an application, in words beside the ids: a list is read by people.

use std::collections::HashMap;

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{BusinessId, MunicipalityCode};
use valinta_domain::provider::Sector;
use valinta_domain::{Day, Id};
use valinta_persistence::{Conn, providers};

use super::view::ApplicationView;
use crate::http::Problem;

/// Who applies, and for which unit, as they are now; what was handed in is in the application's document.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Applicant {
    /// The provider's name.
    #[schema(max_length = 200)]
    name: String,
    /// Its business id.
    business_id: BusinessId,
    /// Whose production it is today.
    #[serde(skip_serializing_if = "Option::is_none")]
    sector: Option<Sector>,
    /// The unit's name.
    #[schema(max_length = 200)]
    unit_name: String,
    /// Code of the municipality that the unit is in.
    unit_municipality: MunicipalityCode,
}

/// Names who applies in each of the applications.
pub(super) fn name(c: &mut Conn, views: &mut [ApplicationView], today: Day) -> Result<(), Problem> {
    let mut of: Vec<Id<kind::Provider>> = views.iter().map(|view| view.provider).collect();
    of.sort_unstable();
    of.dedup();
    let units: Vec<Id<kind::ServiceUnit>> = views.iter().map(|view| view.unit).collect();
    let most = i64::try_from(of.len()).unwrap_or(i64::MAX);
    let found = providers::list_of(c, &of, None, most)?;
    let named: HashMap<Id<kind::Provider>, _> = found.into_iter().map(|provider| (provider.id, provider)).collect();
    let units: HashMap<Id<kind::ServiceUnit>, _> =
        providers::find_units(c, &units)?.into_iter().map(|unit| (unit.id, unit)).collect();
    let sectors = providers::sectors_of_each(c, &of)?;
    for view in views {
        let (Some(provider), Some(unit)) = (named.get(&view.provider), units.get(&view.unit)) else { continue };
        view.applicant = Some(Applicant {
            name: provider.details.name.clone(),
            business_id: provider.business_id.clone(),
            sector: sectors.get(&view.provider).and_then(|timeline| timeline.as_of(today)).copied(),
            unit_name: unit.details.name.clone(),
            unit_municipality: unit.details.municipality.clone(),
        });
    }
    Ok(())
}
