//! `POST /v1/vouchers/{id}/accept`: the holder accepts, having been told what the law wants told, or another does for them.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::behalf::Act;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::voucher::VoucherRefusal;
use valinta_persistence::{Conn, organisers, vouchers};

use super::behalf::{Answering, OnBehalf};
use super::view::{VoucherView, target_of, view_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::VouchersRespond;
use crate::http::{IdempotencyKey, Json, PathId, Permit, Problem, ProblemKind};
use crate::parse_as_is;

/// An acceptance.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptVoucher {
    /// The record of the information that the client was given about this voucher.
    information: Id<kind::Information>,
    /// The client's consent; of a case worker.
    #[serde(default)]
    #[validate(nested)]
    on_behalf: Option<OnBehalf>,
}
parse_as_is!(AcceptVoucher);

/// Accepts a voucher. What the law wants told must have been told first.
#[utoipa::path(
    tag = "vouchers",
    params(IdempotencyKey),
    responses((status = 200, description = "Accepted.", body = VoucherView)),
    security(("bearer" = ["vouchers:respond"])),
)]
#[post("/v1/vouchers/{id}/accept")]
pub(crate) async fn accept_voucher(
    permit: Permit<VouchersRespond>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    key: IdempotencyKey,
    body: Json<AcceptVoucher>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let AcceptVoucher { information, on_behalf } = body.into_inner();
    app.command(permit.into_caller(), "accept_voucher", &key, &bytes, move |c, cx| {
        accept(c, cx, id, information, on_behalf.as_ref())
    })
    .await
}

/// Accepts a voucher for its holder.
pub(crate) fn accept(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Voucher>,
    information: Id<kind::Information>,
    on_behalf: Option<&OnBehalf>,
) -> Result<Reply<VoucherView>, Problem> {
    let mut stored = found(vouchers::take(c, id)?)?;
    let target = target_of(c, cx, &stored)?;
    cx.require(Action::RespondToVoucher, &target)?;
    let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
    let today = cx.today(&organiser)?;
    let answering = Answering::of(cx, &target, today, on_behalf)?;
    if vouchers::find_information(c, id, information.uuid())?.is_none() {
        return Err(Problem::invalid(Vec::new()).at(
            "/information",
            "unknown",
            "no information with this id was given about this voucher: give it first (569/2009 § 6)",
        ));
    }
    stored.voucher = stored.voucher.accept(today)?;
    vouchers::update_state(c, &stored.voucher)?;
    let details = json!({"information": information});
    let details = answering.keep(c, cx, (&stored.voucher, Act::Accept, id.uuid()), details)?;
    cx.audit("accept_voucher", ("voucher", id.uuid()), &target, details);
    cx.tell(EventKind::VoucherAccepted, ("voucher", id.uuid()), &target, json!({"voucher": id}));
    Ok(Reply::ok(view_of(c, cx, &stored)?))
}

impl From<VoucherRefusal> for Problem {
    fn from(refusal: VoucherRefusal) -> Self {
        let kind = match refusal {
            VoucherRefusal::WrongState { .. } => ProblemKind::WrongState,
            VoucherRefusal::NotValidOn { .. } => ProblemKind::NotValidOnDay,
        };
        Self::new(kind, format!("Not possible: {refusal}."))
    }
}
