//! How providers and units are shown.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{BusinessId, MunicipalityCode, Oid};
use valinta_domain::provider::{Sector, ServiceMode};
use valinta_domain::{Day, Id, Language, Moment};
use valinta_persistence::providers::{Provider, ServiceUnit};
use valinta_persistence::{Conn, providers};

use crate::http::Problem;
use crate::organisers::GeoPoint;

/// A provider.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProviderView {
    /// Its id.
    pub(crate) id: Id<kind::Provider>,
    /// Its business id.
    pub(crate) business_id: BusinessId,
    /// Its name.
    #[schema(max_length = 200)]
    pub(crate) name: String,
    /// Whose production it is today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sector: Option<Sector>,
    /// Since which day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sector_since: Option<Day>,
    /// E-mail address for clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300)]
    pub(crate) email: Option<String>,
    /// Telephone number for clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300)]
    pub(crate) phone: Option<String>,
    /// Address on the internet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300)]
    pub(crate) website: Option<String>,
    /// Its units, oldest first.
    #[schema(max_items = 1000)]
    pub(crate) units: Vec<ServiceUnitView>,
    /// When it was registered.
    pub(crate) created_at: Moment,
}

/// A unit of a provider.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ServiceUnitView {
    /// Its id.
    pub(crate) id: Id<kind::ServiceUnit>,
    /// Whose it is.
    pub(crate) provider: Id<kind::Provider>,
    /// Its name.
    #[schema(max_length = 200)]
    pub(crate) name: String,
    /// Its OID, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) oid: Option<Oid>,
    /// Street address.
    #[schema(max_length = 300)]
    pub(crate) street_address: String,
    /// Postal code.
    #[schema(max_length = 5)]
    pub(crate) postal_code: String,
    /// Postal place.
    #[schema(max_length = 200)]
    pub(crate) postal_place: String,
    /// Code of the municipality it is in.
    pub(crate) municipality: MunicipalityCode,
    /// Where it is, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) coordinates: Option<GeoPoint>,
    /// Languages of service.
    #[schema(max_items = 3)]
    pub(crate) languages: Vec<Language>,
    /// How it serves.
    #[schema(max_items = 3)]
    pub(crate) modes: Vec<ServiceMode>,
    /// Codes of the municipalities it serves besides its own.
    #[schema(max_items = 100)]
    pub(crate) service_area: Vec<MunicipalityCode>,
    /// Whether it can be entered without steps, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) step_free: Option<bool>,
    /// When it was added.
    pub(crate) created_at: Moment,
}

impl ServiceUnitView {
    pub(super) fn of(unit: ServiceUnit) -> Self {
        let details = unit.details;
        Self {
            id: unit.id,
            provider: unit.provider,
            coordinates: details.coordinates_e6().map(GeoPoint::of),
            name: details.name,
            oid: details.oid,
            street_address: details.street_address,
            postal_code: details.postal_code,
            postal_place: details.postal_place,
            municipality: details.municipality,
            languages: details.languages,
            modes: details.modes,
            service_area: details.service_area,
            step_free: details.step_free,
            created_at: unit.created_at,
        }
    }
}

/// The day it is in the registry of all organisers. Each of them has a day of its own; this is the world's (UTC).
pub(super) fn registry_day(now: Moment) -> Day {
    Day::new(now.utc().date_naive())
}

/// Providers as they are shown on a day, in the order given.
pub(super) fn views_of(c: &mut Conn, found: Vec<Provider>, today: Day) -> Result<Vec<ProviderView>, Problem> {
    let ids: Vec<Id<kind::Provider>> = found.iter().map(|provider| provider.id).collect();
    let sectors = providers::sectors_of_each(c, &ids)?;
    let mut units = providers::units_of_each(c, &ids)?;
    let views = found.into_iter().map(|provider| {
        let entries = sectors.get(&provider.id).map(|timeline| timeline.entries()).unwrap_or_default();
        let present = entries.iter().find(|(period, _)| period.contains(today));
        ProviderView {
            id: provider.id,
            business_id: provider.business_id,
            name: provider.details.name,
            sector: present.map(|(_, sector)| *sector),
            sector_since: present.map(|(period, _)| period.from()),
            email: provider.details.email,
            phone: provider.details.phone,
            website: provider.details.website,
            units: units.remove(&provider.id).unwrap_or_default().into_iter().map(ServiceUnitView::of).collect(),
            created_at: provider.created_at,
        }
    });
    Ok(views.collect())
}
