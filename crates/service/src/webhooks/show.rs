//! `GET /v1/webhooks/{id}`: where a webhook stands.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;

use super::view::WebhookView;
use super::whose::kept;
use crate::app::App;
use crate::http::permit::WebhooksRead;
use crate::http::{PathId, Permit, Problem};

/// Shows where a webhook stands: how far it has heard, and since when it fails.
#[utoipa::path(
    tag = "webhooks",
    responses((status = 200, description = "The webhook.", body = WebhookView)),
    security(("bearer" = ["webhooks:read"])),
)]
#[get("/v1/webhooks/{id}")]
pub(crate) async fn show_webhook(
    permit: Permit<WebhooksRead>,
    app: web::Data<App>,
    path: PathId<kind::Webhook>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let read = app.read_as(permit.into_caller(), move |c, cx| Ok(kept(c, cx, id, Action::ReadWebhooks)?.0));
    Ok(HttpResponse::Ok().json(WebhookView::of(read.await?)))
}
