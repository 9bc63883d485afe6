//! `GET /v1/organisers/{id}`: one organiser, for everyone.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_persistence::organisers;

use super::view::OrganiserView;
use crate::app::App;
use crate::cx::found;
use crate::http::{PathId, Problem};

/// Shows an organiser.
#[utoipa::path(
    tag = "organisers",
    responses((status = 200, description = "The organiser.", body = OrganiserView)),
    security(()),
)]
#[get("/v1/organisers/{id}")]
pub(crate) async fn show_organiser(
    app: web::Data<App>,
    path: PathId<kind::Organiser>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let organiser = app.read(move |c| found(organisers::find(c, id)?)).await?;
    Ok(HttpResponse::Ok().json(OrganiserView::of(organiser)))
}
