//! `POST /v1/webhooks/{id}/end`: nobody is called any more.

use actix_web::{HttpResponse, post, web};
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::webhook::WebhookState;
use valinta_persistence::Conn;
use valinta_persistence::webhooks::Webhook;

use super::view::WebhookView;
use super::whose::{is_over, kept, store};
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::openapi::StateProblems;
use crate::http::permit::WebhooksWrite;
use crate::http::{IdempotencyKey, PathId, Permit, Problem};

/// Ends a webhook for good. A call that is under way is the last.
#[utoipa::path(
    tag = "webhooks",
    params(IdempotencyKey),
    responses((status = 200, description = "It is called no more.", body = WebhookView), StateProblems),
    security(("bearer" = ["webhooks:write"])),
)]
#[post("/v1/webhooks/{id}/end")]
pub(crate) async fn end_webhook(
    permit: Permit<WebhooksWrite>,
    app: web::Data<App>,
    path: PathId<kind::Webhook>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let run = move |c: &mut Conn, cx: &Cx| end(c, cx, id);
    app.command(permit.into_caller(), "end_webhook", &key, id.uuid().as_bytes(), run).await
}

fn end(c: &mut Conn, cx: &Cx, id: Id<kind::Webhook>) -> Result<Reply<WebhookView>, Problem> {
    let (seen, target) = kept(c, cx, id, Action::ManageWebhooks)?;
    if seen.state == WebhookState::Ended {
        return Err(is_over());
    }
    let now = Webhook { state: WebhookState::Ended, disabled_at: None, ended_at: Some(cx.now()), ..seen.clone() };
    store(c, cx, "end_webhook", (&seen, &now), &target)?;
    Ok(Reply::ok(WebhookView::of(now)))
}
