//! `POST /v1/measures/{id}/reply`: a provider is heard (434/2003 § 34).

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::measure::Reply as Said;
use valinta_domain::policy::Action;
use valinta_persistence::{Conn, measures};

use super::measure_view::{MeasureView, target_of};
use super::words;
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::SupervisionReply;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// A provider's reply.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyToMeasure {
    /// What the provider says. It names no client.
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
}

impl Parse for ReplyToMeasure {
    type Into = String;

    fn parse(&self, errors: &mut Errors) -> Option<String> {
        words(errors, "/text", &self.text)
    }
}

/// Replies to a measure, once: before it is decided, or, where it came at once, afterwards.
#[utoipa::path(
    tag = "supervision",
    params(IdempotencyKey),
    responses((status = 200, description = "Heard.", body = MeasureView), StateProblems),
    security(("bearer" = ["supervision:reply"])),
)]
#[post("/v1/measures/{id}/reply")]
pub(crate) async fn reply_to_measure(
    permit: Permit<SupervisionReply>,
    app: web::Data<App>,
    path: PathId<kind::Measure>,
    key: IdempotencyKey,
    body: Json<ReplyToMeasure>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let text = body.into_inner();
    app.command(permit.into_caller(), "reply_to_measure", &key, &bytes, move |c, cx| reply(c, cx, id, &text)).await
}

/// Keeps a provider's reply.
fn reply(c: &mut Conn, cx: &Cx, id: Id<kind::Measure>, text: &str) -> Result<Reply<MeasureView>, Problem> {
    let mut measure = found(measures::take(c, id)?)?;
    let target = target_of(&measure);
    cx.require(Action::ReplyToSupervision, &target)?;
    measure.may_reply()?;
    measure.reply = Some(Said { text: text.to_owned(), by: cx.actor().subject.clone(), at: cx.now() });
    measures::update(c, &measure)?;
    let details = json!({"measure": id, "approval": measure.approval, "provider": measure.provider});
    cx.audit("reply_to_measure", ("measure", id.uuid()), &target, details.clone());
    cx.tell(EventKind::MeasureReplied, ("measure", id.uuid()), &target, details);
    Ok(Reply::ok(MeasureView::of(measure, cx)))
}
