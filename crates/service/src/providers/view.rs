//! How providers are shown.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{BusinessId, Oid};
use valinta_domain::provider::Sector;
use valinta_domain::{Day, Id, Language, Moment};
use valinta_persistence::providers::Provider;
use valinta_persistence::{Conn, providers};

use crate::http::Problem;
use crate::service_units::ServiceUnitView;

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
    /// Languages in which it can be contacted.
    #[schema(max_items = 3)]
    pub(crate) languages: Vec<Language>,
    /// Its OID, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) oid: Option<Oid>,
    /// Its units, oldest first.
    #[schema(max_items = 1000)]
    pub(crate) units: Vec<ServiceUnitView>,
    /// Which version of its details this is; the tag that a change of them names is `"v"` and this.
    #[schema(minimum = 1)]
    pub(crate) version: i64,
    /// When it was registered.
    pub(crate) created_at: Moment,
}

/// The day it is in the registry of all organisers. Each of them has a day of its own; this is the world's (UTC).
pub(crate) fn registry_day(now: Moment) -> Day {
    Day::new(now.utc().date_naive())
}

/// Providers as they are shown on a day, in the order given.
pub(crate) fn views_of(c: &mut Conn, found: Vec<Provider>, today: Day) -> Result<Vec<ProviderView>, Problem> {
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
            languages: provider.details.languages,
            oid: provider.details.oid,
            units: units.remove(&provider.id).unwrap_or_default().into_iter().map(ServiceUnitView::of).collect(),
            version: provider.version,
            created_at: provider.created_at,
        }
    });
    Ok(views.collect())
}
