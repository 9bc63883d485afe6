//! How organisers and municipalities are shown.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{BusinessId, MunicipalityCode};
use valinta_domain::{Currency, Id, Localized, Moment};
use valinta_persistence::organisers::{Municipality, Organiser};

use super::geo::degrees;

/// An organiser.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OrganiserView {
    /// Its id.
    pub(crate) id: Id<kind::Organiser>,
    /// Its code, unique in this installation.
    #[schema(max_length = 64)]
    pub(crate) code: String,
    /// Its name.
    pub(crate) name: Localized,
    /// Its business id.
    pub(crate) business_id: BusinessId,
    /// The currency of its values, prices and ledgers.
    pub(crate) currency: Currency,
    /// The time zone in which its days begin and end.
    #[schema(max_length = 64, example = "Europe/Helsinki")]
    pub(crate) time_zone: String,
    /// When it was founded here.
    pub(crate) created_at: Moment,
}

impl OrganiserView {
    pub(crate) fn of(organiser: Organiser) -> Self {
        Self {
            id: organiser.id,
            code: organiser.code,
            name: organiser.name,
            business_id: organiser.business_id,
            currency: organiser.currency,
            time_zone: organiser.time_zone,
            created_at: organiser.created_at,
        }
    }
}

/// A municipality.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MunicipalityView {
    /// Official code.
    pub(crate) code: MunicipalityCode,
    /// Finnish name.
    #[schema(max_length = 200)]
    pub(crate) name_fi: String,
    /// Swedish name.
    #[schema(max_length = 200)]
    pub(crate) name_sv: String,
    /// Latitude of a point in it (WGS 84), in decimal degrees.
    #[schema(max_length = 12, example = "61.485100")]
    pub(crate) latitude: String,
    /// Longitude of that point.
    #[schema(max_length = 12, example = "21.797400")]
    pub(crate) longitude: String,
}

impl MunicipalityView {
    pub(super) fn of(municipality: Municipality) -> Self {
        Self {
            code: municipality.code,
            name_fi: municipality.name_fi,
            name_sv: municipality.name_sv,
            latitude: degrees(municipality.latitude_e6),
            longitude: degrees(municipality.longitude_e6),
        }
    }
}
