//! `POST /v1/choice-requests/{id}/withdraw`: a voucher's holder takes back what was asked for.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::behalf::Act;
use valinta_domain::choice_request::{RequestCause, RequestRefusal, may_answer};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::{Conn, choice_requests, organisers, vouchers};

use super::ended::end_without;
use super::view::target_of;
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::VouchersRespond;
use crate::http::{IdempotencyKey, Json, PathId, Permit, Problem};
use crate::parse_as_is;
use crate::vouchers::{Answering, OnBehalf, Places, VoucherView, view_of};

/// What is said with it.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawRequest {
    /// The client's consent, where a case worker does it.
    #[serde(default)]
    #[validate(nested)]
    on_behalf: Option<OnBehalf>,
}
parse_as_is!(WithdrawRequest);

/// Takes back a request that waits. The voucher is as it was before it. A case worker does it for a client who has
/// consented.
#[utoipa::path(
    tag = "choices",
    params(IdempotencyKey),
    responses((status = 200, description = "Taken back.", body = VoucherView), StateProblems),
    security(("bearer" = ["vouchers:respond"])),
)]
#[post("/v1/choice-requests/{id}/withdraw")]
pub(crate) async fn withdraw_choice_request(
    permit: Permit<VouchersRespond>,
    app: web::Data<App>,
    path: PathId<kind::ChoiceRequest>,
    key: IdempotencyKey,
    body: Json<WithdrawRequest>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    let run = move |c: &mut Conn, cx: &Cx| withdraw(c, cx, id, &command);
    app.command(permit.into_caller(), "withdraw_choice_request", &key, &bytes, run).await
}

fn withdraw(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::ChoiceRequest>,
    command: &WithdrawRequest,
) -> Result<Reply<VoucherView>, Problem> {
    let voucher = found(choice_requests::find(c, id)?)?.voucher;
    let stored = found(vouchers::take(c, voucher)?)?;
    let request = found(choice_requests::find(c, id)?)?;
    let target = target_of(&request, &stored);
    cx.require(Action::RespondToVoucher, &target)?;
    let organiser = found(organisers::find(c, request.organiser)?)?;
    let today = cx.today(&organiser)?;
    let answering = Answering::of(cx, &target, today, command.on_behalf.as_ref())?;
    may_answer(request.state, request.answer_by, today)?;
    let places = Places::of(c, [request.offering])?;
    if !end_without(c, cx, &request, RequestCause::Holder)? {
        let state = found(choice_requests::find(c, id)?)?.state;
        return Err(RequestRefusal::Ended { state }.into());
    }
    let details = json!({"request": id, "offering": request.offering});
    let details = answering.keep(c, cx, (&stored.voucher, Act::Withdraw, id.uuid()), details)?;
    cx.audit("withdraw_choice_request", ("choice_request", id.uuid()), &target, details);
    places.tell(c, cx)?;
    Ok(Reply::ok(view_of(c, cx, &stored)?))
}
