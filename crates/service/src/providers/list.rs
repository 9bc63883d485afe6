//! `GET /v1/providers`: the approved providers, for everyone, now and as of a day (569/2009 § 4).

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use uuid::Uuid;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::provider::Sector;
use valinta_domain::time::Timeline;
use valinta_domain::{Day, Id, Language};
use valinta_persistence::open_data::{self, Part, Wish};
use valinta_persistence::providers::{Provider, ServiceUnit};
use valinta_persistence::{Conn, providers};

use super::view::ProviderView;
use crate::app::App;
use crate::http::conditional::IfNoneMatch;
use crate::http::{Page, PageQuery, Paged, Problem};
use crate::parse_as_is;
use crate::service_units::{ServiceUnitView, serves};
use crate::tabular::{Ask, Listing, Look, Row, answer, joined};

/// Which providers are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProviderFilter {
    /// As of this day: only those that were approved on it, as they were then.
    as_of: Option<Day>,
    /// Only those that are or have been approved for this voucher type; as of a day, that were on it.
    voucher_type: Option<Id<kind::VoucherType>>,
    /// Only those with a unit that is in this municipality or serves it.
    municipality: Option<MunicipalityCode>,
    /// Only those of this sector.
    sector: Option<Sector>,
}
parse_as_is!(ProviderFilter);

impl Row for ProviderView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "business_id",
        "oid",
        "name",
        "sector",
        "sector_since",
        "email",
        "phone",
        "website",
        "languages",
        "units",
        "version",
        "created_at",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.business_id.to_string(),
            self.oid.as_ref().map(ToString::to_string).unwrap_or_default(),
            self.name.clone(),
            self.sector.map(Sector::code).unwrap_or_default().to_owned(),
            self.sector_since.map(|day| day.to_string()).unwrap_or_default(),
            self.email.clone().unwrap_or_default(),
            self.phone.clone().unwrap_or_default(),
            self.website.clone().unwrap_or_default(),
            joined(self.languages.iter().map(|language| Language::code(*language))),
            joined(self.units.iter().map(|unit| unit.id)),
            self.version.to_string(),
            self.created_at.to_string(),
        ]
    }
}

/// Lists the providers that are or have been approved for some voucher type, in the order of their registration.
///
/// Each with those of its units that are or have been approved. As of a day: those that were approved on it, as they were
/// then; for a day to come, what is known of it.
///
/// Asked for `text/csv` or `application/x-ndjson`, the whole list comes as a file. The columns of the former: `id`,
/// `business_id`, `oid`, `name`, `sector` (`public`, `company` or `ngo`), `sector_since`, `email`, `phone`, `website`,
/// `languages` and `units` (ids; both separated by `|`), `version`, `created_at`. A cell that a spreadsheet would
/// take for a formula has an apostrophe before it.
#[utoipa::path(
    tag = "providers",
    params(PageQuery, ProviderFilter, IfNoneMatch),
    responses(
        (
            status = 200,
            description = "A page of providers, or all of them as a file.",
            content(
                (Page<ProviderView> = "application/json"),
                (String = "text/csv"),
                (ProviderView = "application/x-ndjson"),
            ),
        ),
        (status = 304, description = "Unchanged since the tag that the caller has."),
    ),
    security(()),
)]
#[get("/v1/providers")]
pub(crate) async fn list_providers(
    app: web::Data<App>,
    ask: Ask,
    query: Paged<ProviderFilter>,
) -> Result<HttpResponse, Problem> {
    let (page, filter) = query.into_parts();
    let wish = Wish { voucher_type: filter.voucher_type, sector: filter.sector, ..Wish::default() };
    answer(&app, ask, page, filter.as_of, PublicProviders { wish, municipality: filter.municipality }).await
}

/// The list.
pub(crate) struct PublicProviders {
    wish: Wish,
    municipality: Option<MunicipalityCode>,
}

impl PublicProviders {
    /// These alone.
    pub(crate) fn these(ids: Vec<Uuid>) -> Self {
        Self { wish: Wish { ids: Some(ids), ..Wish::default() }, municipality: None }
    }
}

impl Listing for PublicProviders {
    type Item = ProviderView;
    const FILE: &'static str = "providers";

    fn id_of(item: &Self::Item) -> Uuid {
        item.id.uuid()
    }

    fn read(&self, c: &mut Conn, look: &Look, after: Option<Uuid>, limit: i64) -> Result<Part<Self::Item>, Problem> {
        let Part { entries, last } = open_data::list_providers(c, look.when, &self.wish, after, limit)?;
        let ids: Vec<Id<kind::Provider>> = entries.iter().map(|provider| provider.id).collect();
        let sectors = providers::sectors_of_each(c, &ids)?;
        let mut units = open_data::units_of_each(c, look.when, &ids)?;
        let mut views = Vec::with_capacity(entries.len());
        for provider in entries {
            let id = provider.id;
            let units = units.remove(&id).unwrap_or_default();
            let wanted = |code| units.iter().any(|unit| serves(&unit.details, code));
            if self.municipality.as_ref().is_none_or(wanted) {
                views.push(view(provider, units, sectors.get(&id), look.when.day));
            }
        }
        Ok(Part { entries: views, last })
    }
}

/// A provider as it is shown on a day.
fn view(provider: Provider, units: Vec<ServiceUnit>, sectors: Option<&Timeline<Sector>>, day: Day) -> ProviderView {
    let entries = sectors.map(Timeline::entries).unwrap_or_default();
    let sector = entries.iter().find(|(period, _)| period.contains(day));
    ProviderView {
        id: provider.id,
        business_id: provider.business_id,
        name: provider.details.name,
        sector: sector.map(|(_, sector)| *sector),
        sector_since: sector.map(|(period, _)| period.from()),
        email: provider.details.email,
        phone: provider.details.phone,
        website: provider.details.website,
        languages: provider.details.languages,
        oid: provider.details.oid,
        units: units.into_iter().map(ServiceUnitView::of).collect(),
        version: provider.version,
        created_at: provider.created_at,
    }
}
