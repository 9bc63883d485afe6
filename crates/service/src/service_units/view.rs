//! How units are shown.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{MunicipalityCode, Oid};
use valinta_domain::provider::{AccessibilityFacts, OpeningHours, SelfMonitoringPlan, ServiceMode, SoteriRegistration};
use valinta_domain::{Day, Id, Language, Moment};
use valinta_persistence::providers::ServiceUnit;

use crate::organisers::GeoPoint;

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
    /// Further facts of accessibility. What is not said is not known.
    pub(crate) accessibility: AccessibilityFacts,
    /// When it is open; empty where it is by agreement.
    #[schema(max_items = 50)]
    pub(crate) opening_hours: Vec<OpeningHours>,
    /// Its registration in Soteri, as the provider states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) soteri: Option<SoteriRegistration>,
    /// Its self-monitoring plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) self_monitoring: Option<SelfMonitoringPlan>,
    /// The first day on which it is no longer open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) closed_from: Option<Day>,
    /// Which version of its details this is; the tag that a change of them names is `"v"` and this.
    #[schema(minimum = 1)]
    pub(crate) version: i64,
    /// When it was added.
    pub(crate) created_at: Moment,
}

impl ServiceUnitView {
    /// A unit as it is, or as a version of it was.
    pub(crate) fn of(unit: ServiceUnit) -> Self {
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
            accessibility: details.accessibility,
            opening_hours: details.opening_hours,
            soteri: details.soteri,
            self_monitoring: details.self_monitoring,
            closed_from: details.closed_from,
            version: unit.version,
            created_at: unit.created_at,
        }
    }
}
