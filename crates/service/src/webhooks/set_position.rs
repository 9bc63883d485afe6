//! `PUT /v1/webhooks/{id}/position`: a webhook is told again what it has heard, or not told what it has not.

use actix_web::{HttpResponse, put, web};
use serde::Deserialize;
use validator::Validate;
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
use crate::events::{Place, place_of};
use crate::http::openapi::StateProblems;
use crate::http::permit::WebhooksWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// From where on a webhook is told.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetWebhookPosition {
    /// After which event: `next` of a page of events, `0` for all, or `now`.
    #[validate(length(min = 1, max = 18))]
    #[schema(min_length = 1, max_length = 18, example = "42")]
    after: String,
}

impl Parse for SetWebhookPosition {
    type Into = Place;

    fn parse(&self, errors: &mut Errors) -> Option<Place> {
        errors.take("/after", self.after.parse())
    }
}

/// Has a webhook told what happened after an event: again what it has heard before, each with the id that it had, or not at all
/// what is passed over so.
#[utoipa::path(
    tag = "webhooks",
    params(IdempotencyKey),
    responses((status = 200, description = "It is told from there on.", body = WebhookView), StateProblems),
    security(("bearer" = ["webhooks:write"])),
)]
#[put("/v1/webhooks/{id}/position")]
pub(crate) async fn set_webhook_position(
    permit: Permit<WebhooksWrite>,
    app: web::Data<App>,
    path: PathId<kind::Webhook>,
    key: IdempotencyKey,
    body: Json<SetWebhookPosition>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let after = body.into_inner();
    let run = move |c: &mut Conn, cx: &Cx| set_position(c, cx, id, after);
    app.command(permit.into_caller(), "set_webhook_position", &key, &bytes, run).await
}

fn set_position(c: &mut Conn, cx: &Cx, id: Id<kind::Webhook>, after: Place) -> Result<Reply<WebhookView>, Problem> {
    let (seen, target) = kept(c, cx, id, Action::ManageWebhooks)?;
    if seen.state == WebhookState::Ended {
        return Err(is_over());
    }
    let heard = place_of(c, after, "/after")?;
    let now = Webhook { heard, tries: 0, due_at: cx.now(), ..seen.clone() };
    store(c, cx, "set_webhook_position", (&seen, &now), &target)?;
    Ok(Reply::ok(WebhookView::of(now)))
}
