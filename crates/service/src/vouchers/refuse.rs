//! `POST /v1/vouchers/{id}/refuse`: the holder refuses, or another does for them, and is directed elsewhere. Nobody has to take a voucher.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::behalf::Act;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::{Conn, organisers, voucher_types, vouchers};

use super::behalf::{Answering, OnBehalf};
use super::cancel::return_rest;
use super::view::{VoucherView, target_of, view_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::VouchersRespond;
use crate::http::{IdempotencyKey, Json, PathId, Permit, Problem};
use crate::parse_as_is;

/// A refusal. No reason is asked for.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefuseVoucher {
    /// The client's consent; of a case worker.
    #[serde(default)]
    #[validate(nested)]
    on_behalf: Option<OnBehalf>,
}
parse_as_is!(RefuseVoucher);

/// Refuses a voucher. The answer says where the client is directed instead (569/2009 § 6).
#[utoipa::path(
    tag = "vouchers",
    params(IdempotencyKey),
    responses((status = 200, description = "Refused; `directed_to` says where to turn.", body = VoucherView)),
    security(("bearer" = ["vouchers:respond"])),
)]
#[post("/v1/vouchers/{id}/refuse")]
pub(crate) async fn refuse_voucher(
    permit: Permit<VouchersRespond>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    key: IdempotencyKey,
    body: Json<RefuseVoucher>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let on_behalf = body.into_inner().on_behalf;
    app.command(permit.into_caller(), "refuse_voucher", &key, &bytes, move |c, cx| {
        refuse(c, cx, id, on_behalf.as_ref())
    })
    .await
}

/// Refuses a voucher for its holder.
pub(crate) fn refuse(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Voucher>,
    on_behalf: Option<&OnBehalf>,
) -> Result<Reply<VoucherView>, Problem> {
    let mut stored = found(vouchers::take(c, id)?)?;
    let target = target_of(c, cx, &stored)?;
    cx.require(Action::RespondToVoucher, &target)?;
    let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
    let rulebook = found(voucher_types::find_rulebook(c, stored.voucher.rulebook)?)?;
    let today = cx.today(&organiser)?;
    let answering = Answering::of(cx, &target, today, on_behalf)?;
    stored.voucher = stored.voucher.refuse(today, rulebook.terms.texts.alternatives.clone())?;
    vouchers::update_state(c, &stored.voucher)?;
    return_rest(c, cx, &stored, None, today)?;
    let details = answering.keep(c, cx, (&stored.voucher, Act::Refuse, id.uuid()), json!({}))?;
    cx.audit("refuse_voucher", ("voucher", id.uuid()), &target, details);
    // The organiser must see to it that the client gets the service in another way.
    cx.tell(EventKind::VoucherRefused, ("voucher", id.uuid()), &target, json!({"voucher": id}));
    Ok(Reply::ok(view_of(c, cx, &stored)?))
}
