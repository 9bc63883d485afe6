//! `GET /v1/settlements/{id}`: how far the settling of a month has come.

use actix_web::{HttpResponse, get, web};
use serde_json::json;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::settlements;

use super::run::target_of;
use super::view::SettlementView;
use crate::app::App;
use crate::cx::found;
use crate::http::permit::StatementsRead;
use crate::http::{PathId, Permit, Problem};

/// Shows how far the settling of a month has come.
#[utoipa::path(
    tag = "settlements",
    responses((status = 200, description = "The settlement.", body = SettlementView)),
    security(("bearer" = ["statements:read"])),
)]
#[get("/v1/settlements/{id}")]
pub(crate) async fn show_settlement(
    permit: Permit<StatementsRead>,
    app: web::Data<App>,
    path: PathId<kind::Settlement>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let view = app
        .write(permit.into_caller(), move |c, cx| {
            let run = found(settlements::find(c, id)?)?;
            let target = target_of(run.organiser);
            cx.require(Action::ReadStatement, &target)?;
            cx.audit("show_settlement", ("settlement", id.uuid()), &target, json!({}));
            Ok(SettlementView::of(run))
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
