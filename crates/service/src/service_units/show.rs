//! `GET /v1/service-units/{id}`: one unit of a provider that has been approved, for everyone.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_persistence::providers;

use super::view::ServiceUnitView;
use crate::app::App;
use crate::cx::found;
use crate::http::conditional::{IfNoneMatch, not_modified, tag_of_version, with_tag};
use crate::http::{PathId, Problem};

/// Shows a unit. One whose provider has never been approved is shown to its members only, at `/v1/providers/mine`.
#[utoipa::path(
    tag = "service-units",
    params(IfNoneMatch),
    responses(
        (
            status = 200,
            description = "The unit.",
            body = ServiceUnitView,
            headers(("ETag" = String, description = "Its version.")),
        ),
        (status = 304, description = "It is as the caller has it."),
    ),
    security(()),
)]
#[get("/v1/service-units/{id}")]
pub(crate) async fn show_service_unit(
    app: web::Data<App>,
    path: PathId<kind::ServiceUnit>,
    known: IfNoneMatch,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let view = app
        .read(move |c| {
            let unit = found(providers::find_unit(c, id)?)?;
            if !providers::has_been_approved(c, unit.provider)? {
                return Err(Problem::not_found());
            }
            Ok(ServiceUnitView::of(unit))
        })
        .await?;
    let tag = tag_of_version(view.version);
    if known.has(&tag) {
        return Ok(not_modified(&tag));
    }
    Ok(with_tag(&mut HttpResponse::Ok(), &tag).json(view))
}
