//! `GET /v1/offerings/{id}`: one offering, for everyone.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_persistence::offerings;

use super::view::{OfferingView, view_of};
use crate::app::App;
use crate::cx::found;
use crate::http::conditional::{tag_of_version, with_tag};
use crate::http::{PathId, Problem};

/// Shows an offering with its prices, now and coming.
#[utoipa::path(
    tag = "offerings",
    responses((
        status = 200,
        description = "The offering.",
        body = OfferingView,
        headers(("ETag" = String, description = "Its version, for whoever edits it. Prices that begin or end by their days do not change it.")),
    )),
    security(()),
)]
#[get("/v1/offerings/{id}")]
pub(crate) async fn show_offering(app: web::Data<App>, path: PathId<kind::Offering>) -> Result<HttpResponse, Problem> {
    let (id, now) = (path.id(), app.clock().now());
    let (view, version) = app
        .read(move |c| {
            let offering = found(offerings::find(c, id)?)?;
            let version = offering.version;
            Ok((view_of(c, offering, now)?, version))
        })
        .await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(version)).json(view))
}
