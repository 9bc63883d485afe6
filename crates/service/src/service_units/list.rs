//! `GET /v1/service-units`: the units that are or were approved, for everyone, now and as of a day (569/2009 § 4).

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use uuid::Uuid;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::provider::{OpeningHours, Sector, UnitDetails};
use valinta_domain::{Day, Id, Language};
use valinta_persistence::Conn;
use valinta_persistence::open_data::{self, Part, Wish};

use super::view::ServiceUnitView;
use crate::app::App;
use crate::http::conditional::IfNoneMatch;
use crate::http::{Page, PageQuery, Paged, Problem};
use crate::organisers::GeoPoint;
use crate::parse_as_is;
use crate::tabular::{Ask, Listing, Look, Row, answer, joined, word};

/// Which units are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ServiceUnitFilter {
    /// As of this day: only those that were approved on it, as they were then.
    as_of: Option<Day>,
    /// Only those that are or have been approved for this voucher type; as of a day, that were on it.
    voucher_type: Option<Id<kind::VoucherType>>,
    /// Only of this provider.
    provider: Option<Id<kind::Provider>>,
    /// Only those that are in this municipality or serve it.
    municipality: Option<MunicipalityCode>,
    /// Only of providers of this sector.
    sector: Option<Sector>,
}
parse_as_is!(ServiceUnitFilter);

impl Row for ServiceUnitView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "provider",
        "name",
        "oid",
        "street_address",
        "postal_code",
        "postal_place",
        "municipality",
        "latitude",
        "longitude",
        "languages",
        "modes",
        "service_area",
        "step_free",
        "accessible_toilet",
        "lift",
        "accessible_parking",
        "induction_loop",
        "sign_language",
        "opening_hours",
        "soteri_state",
        "soteri_services",
        "soteri_valid_from",
        "soteri_valid_until",
        "self_monitoring_address",
        "self_monitoring_published_on",
        "self_monitoring_followed_up_on",
        "closed_from",
        "version",
        "created_at",
    ];

    fn cells(&self) -> Vec<String> {
        let (facts, soteri, plan) = (&self.accessibility, self.soteri.as_ref(), self.self_monitoring.as_ref());
        let known = |fact: Option<bool>| fact.map(|fact| fact.to_string()).unwrap_or_default();
        let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
        let (latitude, longitude) = self.coordinates.as_ref().map(GeoPoint::degrees).unwrap_or_default();
        vec![
            self.id.to_string(),
            self.provider.to_string(),
            self.name.clone(),
            self.oid.as_ref().map(ToString::to_string).unwrap_or_default(),
            self.street_address.clone(),
            self.postal_code.clone(),
            self.postal_place.clone(),
            self.municipality.to_string(),
            latitude.to_owned(),
            longitude.to_owned(),
            joined(self.languages.iter().map(|language| Language::code(*language))),
            joined(self.modes.iter().map(|mode| mode.code())),
            joined(&self.service_area),
            known(self.step_free),
            known(facts.accessible_toilet),
            known(facts.lift),
            known(facts.accessible_parking),
            known(facts.induction_loop),
            known(facts.sign_language),
            joined(self.opening_hours.iter().map(hours)),
            soteri.map(|soteri| word(&soteri.state)).unwrap_or_default(),
            soteri.map(|soteri| joined(&soteri.services)).unwrap_or_default(),
            day(soteri.map(|soteri| soteri.valid_from)),
            day(soteri.and_then(|soteri| soteri.valid_until)),
            plan.map(|plan| plan.address.clone()).unwrap_or_default(),
            day(plan.map(|plan| plan.published_on)),
            day(plan.and_then(|plan| plan.followed_up_on)),
            day(self.closed_from),
            self.version.to_string(),
            self.created_at.to_string(),
        ]
    }
}

fn hours(hours: &OpeningHours) -> String {
    format!("{} {}-{}", word(&hours.day), hours.from, hours.until)
}

/// Whether a unit is in a municipality or serves it.
pub(crate) fn serves(unit: &UnitDetails, municipality: &MunicipalityCode) -> bool {
    unit.municipality == *municipality || unit.service_area.contains(municipality)
}

/// Lists the units that are or have been approved, oldest first.
///
/// As of a day: those that were approved on it, as they were then; for a day to come, what is known of it. For what each
/// is approved, the list of approvals says.
///
/// Asked for `text/csv` or `application/x-ndjson`, the whole list comes as a file. The columns of the former: `id`,
/// `provider`, `name`, `oid`, `street_address`, `postal_code`, `postal_place`, `municipality`, `latitude`, `longitude`
/// (decimal degrees), `languages`, `modes`, `service_area`, `step_free`, `accessible_toilet`, `lift`,
/// `accessible_parking`, `induction_loop`, `sign_language` (`true`, `false`, or empty where it is not known),
/// `opening_hours` (`monday 08:00-16:00`), `soteri_state`, `soteri_services`, `soteri_valid_from`, `soteri_valid_until`,
/// `self_monitoring_address`, `self_monitoring_published_on`, `self_monitoring_followed_up_on`, `closed_from`, `version`,
/// `created_at`. They are called and written as in files that are brought in; lists have a `|` between their items. A
/// cell that a spreadsheet would take for a formula has an apostrophe before
/// it.
#[utoipa::path(
    tag = "service-units",
    params(PageQuery, ServiceUnitFilter, IfNoneMatch),
    responses(
        (
            status = 200,
            description = "A page of units, or all of them as a file.",
            content(
                (Page<ServiceUnitView> = "application/json"),
                (String = "text/csv"),
                (ServiceUnitView = "application/x-ndjson"),
            ),
        ),
        (status = 304, description = "Unchanged since the tag that the caller has."),
    ),
    security(()),
)]
#[get("/v1/service-units")]
pub(crate) async fn list_service_units(
    app: web::Data<App>,
    ask: Ask,
    query: Paged<ServiceUnitFilter>,
) -> Result<HttpResponse, Problem> {
    let (page, filter) = query.into_parts();
    let wish =
        Wish { voucher_type: filter.voucher_type, provider: filter.provider, sector: filter.sector, ..Wish::default() };
    answer(&app, ask, page, filter.as_of, PublicUnits { wish, municipality: filter.municipality }).await
}

/// The list.
pub(crate) struct PublicUnits {
    wish: Wish,
    municipality: Option<MunicipalityCode>,
}

impl PublicUnits {
    /// These alone.
    pub(crate) fn these(ids: Vec<Uuid>) -> Self {
        Self { wish: Wish { ids: Some(ids), ..Wish::default() }, municipality: None }
    }
}

impl Listing for PublicUnits {
    type Item = ServiceUnitView;
    const FILE: &'static str = "service-units";

    fn id_of(item: &Self::Item) -> Uuid {
        item.id.uuid()
    }

    fn read(&self, c: &mut Conn, look: &Look, after: Option<Uuid>, limit: i64) -> Result<Part<Self::Item>, Problem> {
        let Part { entries, last } = open_data::list_units(c, look.when, &self.wish, after, limit)?;
        let wanted = entries
            .into_iter()
            .filter(|unit| self.municipality.as_ref().is_none_or(|municipality| serves(&unit.details, municipality)));
        Ok(Part { entries: wanted.map(ServiceUnitView::of).collect(), last })
    }
}
