//! `POST /v1/choice-requests/{id}/refuse`: a provider does not take a client who has asked for it.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::choice_request::{RequestRefusal, may_answer};
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::choice_requests::Ending;
use valinta_persistence::{Conn, choice_requests, organisers, vouchers};

use super::view::{ChoiceRequestView, target_of, view_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::ChoiceRequestsAnswer;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};
use crate::vouchers::Places;

/// A refusal.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefuseRequest {
    /// Why, as the client is told.
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    reason: String,
}

impl Parse for RefuseRequest {
    type Into = String;

    fn parse(&self, errors: &mut Errors) -> Option<String> {
        let text = self.reason.trim();
        errors.take("/reason", if text.is_empty() { Err("a reason is wanted") } else { Ok(text.to_owned()) })
    }
}

/// Does not take a client who has asked for it. The client is told why, and asks or chooses another.
#[utoipa::path(
    tag = "choices",
    params(IdempotencyKey),
    responses((status = 200, description = "Refused.", body = ChoiceRequestView), StateProblems),
    security(("bearer" = ["choice-requests:answer"])),
)]
#[post("/v1/choice-requests/{id}/refuse")]
pub(crate) async fn refuse_choice_request(
    permit: Permit<ChoiceRequestsAnswer>,
    app: web::Data<App>,
    path: PathId<kind::ChoiceRequest>,
    key: IdempotencyKey,
    body: Json<RefuseRequest>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let reason = body.into_inner();
    let run = move |c: &mut Conn, cx: &Cx| refuse(c, cx, id, &reason);
    app.command(permit.into_caller(), "refuse_choice_request", &key, &bytes, run).await
}

fn refuse(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::ChoiceRequest>,
    reason: &str,
) -> Result<Reply<ChoiceRequestView>, Problem> {
    let voucher = found(choice_requests::find(c, id)?)?.voucher;
    let stored = found(vouchers::take(c, voucher)?)?;
    let request = found(choice_requests::find(c, id)?)?;
    let target = target_of(&request, &stored);
    cx.require(Action::AnswerChoiceRequest, &target)?;
    let organiser = found(organisers::find(c, request.organiser)?)?;
    let today = cx.today(&organiser)?;
    may_answer(request.state, request.answer_by, today)?;
    let places = Places::of(c, [request.offering])?;
    if !choice_requests::end(c, id, &Ending::Refused(reason), (&cx.actor().subject, cx.now()))? {
        let state = found(choice_requests::find(c, id)?)?.state;
        return Err(RequestRefusal::Ended { state }.into());
    }
    let details = json!({"request": id, "offering": request.offering, "provider": request.provider});
    cx.audit("refuse_choice_request", ("choice_request", id.uuid()), &target, details);
    let message =
        json!({"request": id, "voucher": voucher, "offering": request.offering, "provider": request.provider});
    cx.tell(EventKind::ChoiceRequestRefused, ("choice_request", id.uuid()), &target, message);
    places.tell(c, cx)?;
    let request = found(choice_requests::find(c, id)?)?;
    Ok(Reply::ok(view_of(c, cx, request)?))
}
