//! `POST /v1/webhooks/{id}/enable`: a webhook that was turned off is told again, from where it was.

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
use crate::http::{IdempotencyKey, PathId, Permit, Problem, ProblemKind};

/// Has a webhook that was turned off called again: with everything that has happened since the last event that it heard, unless
/// its position is set first.
#[utoipa::path(
    tag = "webhooks",
    params(IdempotencyKey),
    responses((status = 200, description = "It is called again.", body = WebhookView), StateProblems),
    security(("bearer" = ["webhooks:write"])),
)]
#[post("/v1/webhooks/{id}/enable")]
pub(crate) async fn enable_webhook(
    permit: Permit<WebhooksWrite>,
    app: web::Data<App>,
    path: PathId<kind::Webhook>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let run = move |c: &mut Conn, cx: &Cx| enable(c, cx, id);
    app.command(permit.into_caller(), "enable_webhook", &key, id.uuid().as_bytes(), run).await
}

fn enable(c: &mut Conn, cx: &Cx, id: Id<kind::Webhook>) -> Result<Reply<WebhookView>, Problem> {
    let (seen, target) = kept(c, cx, id, Action::ManageWebhooks)?;
    match seen.state {
        WebhookState::Disabled => {}
        WebhookState::Active => return Err(Problem::new(ProblemKind::WrongState, "The webhook is not turned off.")),
        WebhookState::Ended => return Err(is_over()),
    }
    let now = Webhook {
        state: WebhookState::Active,
        tries: 0,
        due_at: cx.now(),
        failing_since: None,
        disabled_at: None,
        ..seen.clone()
    };
    store(c, cx, "enable_webhook", (&seen, &now), &target)?;
    Ok(Reply::ok(WebhookView::of(now)))
}
