//! `GET /v1/service-units/{id}/history`: what was said of a unit, when, and by whom.

use actix_web::{get, web};
use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::provider::UnitDetails;
use valinta_domain::registry_change::RegistryKind;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::providers::{self, ServiceUnit};
use valinta_persistence::registry_versions::{self, Version};

use super::view::ServiceUnitView;
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::page::NoFilters;
use crate::http::permit::ProvidersRead;
use crate::http::{Page, PageQuery, Paged, PathId, Permit, Problem};
use crate::providers::{target_of, told_who};

/// A version of a unit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ServiceUnitVersion {
    /// From which day on, by the world's clock (UTC), until the next version.
    day: Day,
    /// Who made it so. An officer's name is told to the officer's own organiser alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    by: Option<String>,
    /// For which organiser; absent where it was the provider itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    organiser: Option<Id<kind::Organiser>>,
    /// When.
    at: Moment,
    /// The unit as it was.
    unit: ServiceUnitView,
}

impl ServiceUnitVersion {
    fn of(cx: &Cx, unit: &ServiceUnit, version: Version<UnitDetails>) -> Self {
        let was = ServiceUnit { details: version.document, version: version.version, ..unit.clone() };
        let by = told_who(cx, version.by, version.organiser);
        Self { day: version.day, by, organiser: version.organiser, at: version.at, unit: ServiceUnitView::of(was) }
    }
}

/// Lists the versions of a unit, newest first, for its members and for organisers that know its provider.
#[utoipa::path(
    tag = "service-units",
    params(PageQuery),
    responses((status = 200, description = "A page of versions.", body = Page<ServiceUnitVersion>)),
    security(("bearer" = ["providers:read"])),
)]
#[get("/v1/service-units/{id}/history")]
pub(crate) async fn list_service_unit_versions(
    permit: Permit<ProvidersRead>,
    app: web::Data<App>,
    path: PathId<kind::ServiceUnit>,
    query: Paged<NoFilters>,
) -> Result<Page<ServiceUnitVersion>, Problem> {
    let id = path.id();
    let (page, _) = query.into_parts();
    let before = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let unit = found(providers::find_unit(c, id)?)?;
        let target = target_of(c, cx, unit.provider)?;
        cx.require(Action::ReadProvider, &target)?;
        let versions = registry_versions::of(c, (RegistryKind::ServiceUnit, id.uuid()), before, limit)?;
        let Page { items, next } = Page::cut(versions, &page, |version| version.version);
        Ok(Page { items: items.into_iter().map(|version| ServiceUnitVersion::of(cx, &unit, version)).collect(), next })
    })
    .await
}
