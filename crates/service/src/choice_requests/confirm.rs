//! `POST /v1/choice-requests/{id}/confirm`: a provider takes a client who has asked for it.

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
use crate::http::{IdempotencyKey, Json, PathId, Permit, Problem};
use crate::parse_as_is;
use crate::vouchers::{Wanted, first_day, pick, store_choice};

/// Nothing need be said.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmRequest {}
parse_as_is!(ConfirmRequest);

/// Takes a client who has asked for it: from here on the provider is chosen, at the price of the request.
///
/// It is answered by its last day. Everything that a choice rests on is looked at anew; where the offering cannot be chosen
/// any more, the errors say why by the codes of lists, and the request goes on waiting. The choice begins on the day that was asked for, or on the first day that a choice
/// of today can, if that is later: a former provider's notice runs from here, since it hears of the change only now.
#[utoipa::path(
    tag = "choices",
    params(IdempotencyKey),
    responses((status = 200, description = "Confirmed: the provider is chosen.", body = ChoiceRequestView), StateProblems),
    security(("bearer" = ["choice-requests:answer"])),
)]
#[post("/v1/choice-requests/{id}/confirm")]
pub(crate) async fn confirm_choice_request(
    permit: Permit<ChoiceRequestsAnswer>,
    app: web::Data<App>,
    path: PathId<kind::ChoiceRequest>,
    key: IdempotencyKey,
    body: Json<ConfirmRequest>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let run = move |c: &mut Conn, cx: &Cx| confirm(c, cx, id);
    app.command(permit.into_caller(), "confirm_choice_request", &key, &bytes, run).await
}

/// Makes a request the choice that was asked for. The voucher is taken first, as where one chooses.
fn confirm(c: &mut Conn, cx: &Cx, id: Id<kind::ChoiceRequest>) -> Result<Reply<ChoiceRequestView>, Problem> {
    let voucher = found(choice_requests::find(c, id)?)?.voucher;
    let mut stored = found(vouchers::take(c, voucher)?)?;
    let request = found(choice_requests::find(c, id)?)?;
    let target = target_of(&request, &stored);
    cx.require(Action::AnswerChoiceRequest, &target)?;
    let organiser = found(organisers::find(c, request.organiser)?)?;
    let today = cx.today(&organiser)?;
    may_answer(request.state, request.answer_by, today)?;
    let (at_once, held) = first_day(c, &stored.voucher, today)?;
    let picked = pick(c, cx, &stored, Wanted::Asked(&request), (at_once, today))?;
    stored.voucher = stored.voucher.choose(today)?;
    let (choice, places) = store_choice(c, cx, &stored, picked, &request.requested_by)?;
    let by = (cx.actor().subject.as_str(), cx.now());
    if !choice_requests::end(c, id, &Ending::Confirmed(choice.id), by)? {
        let state = found(choice_requests::find(c, id)?)?.state;
        return Err(RequestRefusal::Ended { state }.into());
    }
    let details = json!({
        "request": id,
        "choice": choice.id,
        "offering": choice.offering,
        "provider": choice.provider,
        "previous_provider": held.map(|choice| choice.provider),
        "first_day": choice.valid_from,
    });
    cx.audit("confirm_choice_request", ("choice_request", id.uuid()), &target, details.clone());
    let message = json!({"request": id, "choice": choice.id, "voucher": choice.voucher, "provider": choice.provider});
    cx.tell(EventKind::ChoiceRequestConfirmed, ("choice_request", id.uuid()), &target, message);
    places.tell(c, cx)?;
    let request = found(choice_requests::find(c, id)?)?;
    Ok(Reply::ok(view_of(c, cx, request)?))
}
