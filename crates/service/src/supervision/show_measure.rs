//! `GET /v1/measures/{id}`: one measure, for its provider and the organiser's officers and auditors.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::measures;

use super::measure_view::{MeasureView, target_of};
use crate::app::App;
use crate::cx::found;
use crate::http::conditional::{tag_of_version, with_tag};
use crate::http::permit::SupervisionRead;
use crate::http::{PathId, Permit, Problem};

/// Shows a measure to its provider and to the organiser's officers and auditors.
#[utoipa::path(
    tag = "supervision",
    responses((
        status = 200,
        description = "The measure.",
        body = MeasureView,
        headers(("ETag" = String, description = "Its version.")),
    )),
    security(("bearer" = ["supervision:read"])),
)]
#[get("/v1/measures/{id}")]
pub(crate) async fn show_measure(
    permit: Permit<SupervisionRead>,
    app: web::Data<App>,
    path: PathId<kind::Measure>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let (view, version) = app
        .read_as(permit.into_caller(), move |c, cx| {
            let measure = found(measures::find(c, id)?)?;
            cx.require(Action::ReadSupervision, &target_of(&measure))?;
            let version = measure.version;
            Ok((MeasureView::of(measure, cx), version))
        })
        .await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(version)).json(view))
}
