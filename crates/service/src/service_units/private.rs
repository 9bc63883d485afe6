//! `GET /v1/service-units/{id}/private`: one unit, approved or not, for its members and for organisers that know its
//! provider.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::providers;

use super::view::ServiceUnitView;
use crate::app::App;
use crate::cx::found;
use crate::http::conditional::{tag_of_version, with_tag};
use crate::http::permit::ProvidersRead;
use crate::http::{PathId, Permit, Problem};
use crate::providers::target_of;

/// Shows a unit to its members and to organisers that know its provider, approved or not.
#[utoipa::path(
    tag = "service-units",
    responses((
        status = 200,
        description = "The unit.",
        body = ServiceUnitView,
        headers(("ETag" = String, description = "Its version.")),
    )),
    security(("bearer" = ["providers:read"])),
)]
#[get("/v1/service-units/{id}/private")]
pub(crate) async fn show_private_service_unit(
    permit: Permit<ProvidersRead>,
    app: web::Data<App>,
    path: PathId<kind::ServiceUnit>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let view = app
        .read_as(permit.into_caller(), move |c, cx| {
            let unit = found(providers::find_unit(c, id)?)?;
            let target = target_of(c, cx, unit.provider)?;
            cx.require(Action::ReadProvider, &target)?;
            Ok(ServiceUnitView::of(unit))
        })
        .await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(view.version)).json(view))
}
