//! `GET /v1/voucher-batches/{id}`: how far a batch of vouchers has come.

use actix_web::{HttpResponse, get, web};
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::Conn;
use valinta_persistence::voucher_batches::{self, VoucherBatch};

use super::run::target_of;
use super::view::VoucherBatchView;
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::permit::VouchersRead;
use crate::http::{PathId, Permit, Problem};

/// Shows how far a batch of vouchers has come.
#[utoipa::path(
    tag = "vouchers",
    responses((status = 200, description = "The batch.", body = VoucherBatchView)),
    security(("bearer" = ["vouchers:read"])),
)]
#[get("/v1/voucher-batches/{id}")]
pub(crate) async fn show_voucher_batch(
    permit: Permit<VouchersRead>,
    app: web::Data<App>,
    path: PathId<kind::VoucherBatch>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let batch = app.write(permit.into_caller(), move |c, cx| shown(c, cx, "show_voucher_batch", id)).await?;
    Ok(HttpResponse::Ok().json(VoucherBatchView::of(batch)))
}

/// A batch that the caller may see, which is noted.
pub(super) fn shown(
    c: &mut Conn,
    cx: &Cx,
    action: &'static str,
    id: Id<kind::VoucherBatch>,
) -> Result<VoucherBatch, Problem> {
    let batch = found(voucher_batches::find(c, id)?)?;
    let target = target_of(batch.organiser);
    cx.require(Action::ReadClient, &target)?;
    cx.audit(action, ("voucher_batch", id.uuid()), &target, json!({}));
    Ok(batch)
}
