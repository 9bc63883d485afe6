//! `GET /v1/webhooks`: who is called.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use valinta_domain::webhook::WEBHOOKS_MAX;
use valinta_persistence::webhooks;

use super::view::WebhookView;
use super::whose::{is_seen, owners};
use crate::app::App;
use crate::http::permit::WebhooksRead;
use crate::http::{Permit, Problem};

/// The webhooks of the caller's organiser or providers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Webhooks {
    /// The webhooks, latest first.
    #[schema(max_items = 2000)]
    items: Vec<WebhookView>,
}

/// Most webhooks that are listed: those of a hundred providers.
const LISTED_MAX: usize = WEBHOOKS_MAX * 100;

/// Lists the webhooks of the caller's organiser that are for the caller's role, or those of the caller's providers, without
/// those that were ended.
#[utoipa::path(
    tag = "webhooks",
    responses((status = 200, description = "The webhooks.", body = Webhooks)),
    security(("bearer" = ["webhooks:read"])),
)]
#[get("/v1/webhooks")]
pub(crate) async fn list_webhooks(permit: Permit<WebhooksRead>, app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let listed = app
        .read_as(permit.into_caller(), move |c, cx| {
            let listed = webhooks::list(c, &owners(cx), i64::try_from(LISTED_MAX).unwrap_or(i64::MAX))?;
            let items = listed.into_iter().filter(|webhook| is_seen(cx, webhook)).map(WebhookView::of).collect();
            Ok(Webhooks { items })
        })
        .await?;
    Ok(HttpResponse::Ok().json(listed))
}
