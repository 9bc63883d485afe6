//! `GET /v1/webhooks/{id}/calls`: what came of each call.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::webhooks;

use super::view::WebhookCallView;
use super::whose::kept;
use crate::app::App;
use crate::http::permit::WebhooksRead;
use crate::http::{PathId, Permit, Problem, Query};
use crate::parse_as_is;

/// Which calls are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallsQuery {
    /// Only those of one event.
    event: Option<Id<kind::OutboxMessage>>,
    /// Only those before this number: `next` of the page before.
    #[validate(range(min = 1))]
    #[param(minimum = 1)]
    before: Option<i64>,
    /// How many at most.
    #[validate(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u16>,
}
parse_as_is!(CallsQuery);

/// Calls of a webhook.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WebhookCalls {
    /// The calls, latest first.
    #[schema(max_items = 100)]
    items: Vec<WebhookCallView>,
    /// Before which call to go on, where there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    next: Option<i64>,
}

/// Lists what came of a webhook's calls, latest first.
#[utoipa::path(
    tag = "webhooks",
    params(CallsQuery),
    responses((status = 200, description = "The calls.", body = WebhookCalls)),
    security(("bearer" = ["webhooks:read"])),
)]
#[get("/v1/webhooks/{id}/calls")]
pub(crate) async fn list_webhook_calls(
    permit: Permit<WebhooksRead>,
    app: web::Data<App>,
    path: PathId<kind::Webhook>,
    query: Query<CallsQuery>,
) -> Result<HttpResponse, Problem> {
    let (id, CallsQuery { event, before, limit }) = (path.id(), query.into_inner());
    let limit = usize::from(limit.unwrap_or(20));
    let page = app
        .read_as(permit.into_caller(), move |c, cx| {
            kept(c, cx, id, Action::ReadWebhooks)?;
            let one_more = i64::try_from(limit).map_err(Problem::internal)?.saturating_add(1);
            let mut calls = webhooks::calls(c, id, event, before, one_more)?;
            let more = calls.len() > limit;
            calls.truncate(limit);
            let next = calls.last().filter(|_| more).map(|call| call.number);
            Ok(WebhookCalls { items: calls.into_iter().map(WebhookCallView::from).collect(), next })
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}
