//! `GET /v1/offerings/{id}`: one offering, for everyone.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_persistence::offerings;

use super::view::{OfferingView, view_of};
use crate::app::App;
use crate::cx::found;
use crate::http::{PathId, Problem};

/// Shows an offering with its prices, now and coming.
#[utoipa::path(
    tag = "offerings",
    responses((status = 200, description = "The offering.", body = OfferingView)),
    security(()),
)]
#[get("/v1/offerings/{id}")]
pub(crate) async fn show_offering(app: web::Data<App>, path: PathId<kind::Offering>) -> Result<HttpResponse, Problem> {
    let (id, now) = (path.id(), app.clock().now());
    let view = app
        .read(move |c| {
            let offering = found(offerings::find(c, id)?)?;
            view_of(c, offering, now)
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
