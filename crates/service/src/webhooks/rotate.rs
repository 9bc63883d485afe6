//! `POST /v1/webhooks/{id}/secrets`: a new secret, beside which the one before is good for a day.

use actix_web::{HttpResponse, post, web};
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::lease::later;
use valinta_domain::policy::Action;
use valinta_domain::webhook::{OVERLAP, SECRETS_MAX, WebhookState};
use valinta_persistence::Conn;
use valinta_persistence::webhooks::{self, Secret};

use super::view::WebhookWithSecret;
use super::whose::{is_over, kept, note};
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::openapi::StateProblems;
use crate::http::permit::WebhooksWrite;
use crate::http::{IdempotencyKey, PathId, Permit, Problem, ProblemKind};
use crate::keys::random_key;

/// Makes a new secret. For 24 hours calls are signed with it and with the one before, so that the receiver can be told the new
/// one without missing a call.
#[utoipa::path(
    tag = "webhooks",
    params(IdempotencyKey),
    responses((status = 201, description = "Made.", body = WebhookWithSecret), StateProblems),
    security(("bearer" = ["webhooks:write"])),
)]
#[post("/v1/webhooks/{id}/secrets")]
pub(crate) async fn rotate_webhook_secret(
    permit: Permit<WebhooksWrite>,
    app: web::Data<App>,
    path: PathId<kind::Webhook>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let run = move |c: &mut Conn, cx: &Cx| rotate(c, cx, id);
    app.command(permit.into_caller(), "rotate_webhook_secret", &key, id.uuid().as_bytes(), run).await
}

fn rotate(c: &mut Conn, cx: &Cx, id: Id<kind::Webhook>) -> Result<Reply<WebhookWithSecret>, Problem> {
    let (webhook, target) = kept(c, cx, id, Action::ManageWebhooks)?;
    if webhook.state == WebhookState::Ended {
        return Err(is_over());
    }
    if webhooks::secrets(c, cx.vault(), id, cx.now())?.len() >= SECRETS_MAX {
        let why = format!("Calls are signed with {SECRETS_MAX} secrets already: one of them is over within a day.");
        return Err(Problem::new(ProblemKind::Conflict, why));
    }
    let secret = new_secret(c, cx, id)?;
    note(cx, "rotate_webhook_secret", &webhook, &target);
    Ok(Reply::created(format!("/v1/webhooks/{id}"), WebhookWithSecret::of(webhook, &secret)))
}

/// Makes a secret and stores it.
pub(super) fn new_secret(c: &mut Conn, cx: &Cx, webhook: Id<kind::Webhook>) -> Result<Secret, Problem> {
    let secret = Secret { id: cx.id(), secret: random_key().to_vec(), made_at: cx.now(), good_until: None };
    webhooks::add_secret(c, cx.vault(), webhook, &secret, later(cx.now(), OVERLAP))?;
    Ok(secret)
}
