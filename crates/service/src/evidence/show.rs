//! `GET /v1/evidence/{id}`: one piece of evidence, for whoever sees it.

use actix_web::{HttpResponse, get, web};
use serde_json::json;
use valinta_domain::id::kind;
use valinta_persistence::evidence;

use super::sight::sight_of;
use super::view::{EvidenceView, view_of};
use crate::app::App;
use crate::cx::found;
use crate::http::permit::ProvidersRead;
use crate::http::{PathId, Permit, Problem};

/// Shows a piece of evidence.
#[utoipa::path(
    tag = "evidence",
    responses((status = 200, description = "The evidence.", body = EvidenceView)),
    security(("bearer" = ["providers:read"])),
)]
#[get("/v1/evidence/{id}")]
pub(crate) async fn show_evidence(
    permit: Permit<ProvidersRead>,
    app: web::Data<App>,
    path: PathId<kind::Evidence>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let view = app
        .write(permit.into_caller(), move |c, cx| {
            let piece = found(evidence::find(c, id)?)?;
            let (target, sight) = sight_of(c, cx, piece.provider)?;
            sight.require(&piece)?;
            cx.audit("show_evidence", ("evidence", id.uuid()), &target, json!({"provider": piece.provider}));
            view_of(c, cx, piece, &sight)
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
