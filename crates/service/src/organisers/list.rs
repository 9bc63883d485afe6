//! `GET /v1/organisers`: everyone may see who pays for vouchers here.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use valinta_persistence::organisers;

use super::view::OrganiserView;
use crate::app::App;
use crate::http::Problem;

/// All organisers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OrganiserList {
    /// By code.
    #[schema(max_items = 1000)]
    items: Vec<OrganiserView>,
}

/// Lists the organisers.
#[utoipa::path(
    tag = "organisers",
    responses((status = 200, description = "The organisers.", body = OrganiserList)),
    security(()),
)]
#[get("/v1/organisers")]
pub(crate) async fn list_organisers(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let found = app.read(|c| Ok(organisers::list(c)?)).await?;
    Ok(HttpResponse::Ok().json(OrganiserList { items: found.into_iter().map(OrganiserView::of).collect() }))
}
