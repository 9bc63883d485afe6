//! `GET /v1/vouchers/{id}`: one voucher, for those it concerns.

use actix_web::{HttpResponse, get, web};
use serde_json::json;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::vouchers;

use super::view::{VoucherView, target_of, view_of};
use crate::app::App;
use crate::cx::found;
use crate::http::permit::VouchersRead;
use crate::http::{PathId, Permit, Problem};

/// Shows a voucher.
#[utoipa::path(
    tag = "vouchers",
    responses((status = 200, description = "The voucher.", body = VoucherView)),
    security(("bearer" = ["vouchers:read"])),
)]
#[get("/v1/vouchers/{id}")]
pub(crate) async fn show_voucher(
    permit: Permit<VouchersRead>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let view = app
        .write(permit.into_caller(), move |c, cx| {
            let stored = found(vouchers::find(c, id)?)?;
            let target = target_of(c, cx, &stored)?;
            cx.require(Action::ReadVoucher, &target)?;
            cx.audit("show_voucher", ("voucher", id.uuid()), &target, json!({}));
            view_of(c, cx, &stored)
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
