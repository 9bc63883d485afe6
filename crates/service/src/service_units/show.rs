//! `GET /v1/service-units/{id}`: one unit that is or has been approved, for everyone.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_persistence::providers;

use super::view::ServiceUnitView;
use crate::app::App;
use crate::cx::found;
use crate::http::conditional::{IfNoneMatch, not_modified, tag_of_version, with_tag};
use crate::http::{PathId, Problem};

/// Shows a unit that is or has been approved.
///
/// One that never was is shown to its members and to organisers that know its provider, at
/// `/v1/service-units/{id}/private`.
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
            if !providers::unit_has_been_approved(c, id)? {
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
