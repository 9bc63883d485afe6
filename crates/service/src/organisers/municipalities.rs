//! `GET /v1/organisers/{id}/municipalities`: where an organiser is responsible for services today.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use valinta_domain::id::kind;
use valinta_persistence::organisers;

use super::view::MunicipalityView;
use crate::app::App;
use crate::cx::{day_at, found};
use crate::http::{PathId, Problem};

/// The municipalities of an organiser.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MunicipalityList {
    /// By code.
    #[schema(max_items = 1000)]
    items: Vec<MunicipalityView>,
}

/// Lists the municipalities that an organiser serves today.
#[utoipa::path(
    tag = "organisers",
    responses((status = 200, description = "The municipalities.", body = MunicipalityList)),
    security(()),
)]
#[get("/v1/organisers/{id}/municipalities")]
pub(crate) async fn list_municipalities(
    app: web::Data<App>,
    path: PathId<kind::Organiser>,
) -> Result<HttpResponse, Problem> {
    let (id, now) = (path.id(), app.clock().now());
    let served = app
        .read(move |c| {
            let organiser = found(organisers::find(c, id)?)?;
            Ok(organisers::municipalities_of(c, id, day_at(now, &organiser)?)?)
        })
        .await?;
    Ok(HttpResponse::Ok().json(MunicipalityList { items: served.into_iter().map(MunicipalityView::of).collect() }))
}
