//! `POST /v1/vouchers/lookup`: a provider opens a voucher by the number that the client gave it.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::identifiers::VoucherNumber;
use valinta_domain::policy::Action;
use valinta_persistence::{Conn, vouchers};

use super::view::{VoucherView, target_of, view_of};
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::permit::VouchersLookup;
use crate::http::{Errors, Json, Parse, Permit, Problem};

/// A number as the client gave it.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookUpVoucher {
    /// The voucher's number; small letters, blanks and hyphens do not matter.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "7K2M-09XB-4TVN-C8R2")]
    number: String,
}

impl Parse for LookUpVoucher {
    type Into = VoucherNumber;

    fn parse(&self, errors: &mut Errors) -> Option<VoucherNumber> {
        errors.take("/number", self.number.parse::<VoucherNumber>())
    }
}

/// Opens a voucher by its number, for a provider that has been chosen with it. It is in the body, not in the address,
/// because addresses end up in logs.
#[utoipa::path(
    tag = "vouchers",
    responses((status = 200, description = "The voucher.", body = VoucherView)),
    security(("bearer" = ["vouchers:lookup"])),
)]
#[post("/v1/vouchers/lookup")]
pub(crate) async fn look_up_voucher(
    permit: Permit<VouchersLookup>,
    app: web::Data<App>,
    body: Json<LookUpVoucher>,
) -> Result<HttpResponse, Problem> {
    let number = body.into_inner();
    let view = app.write(permit.into_caller(), move |c, cx| look_up(c, cx, &number)).await?;
    Ok(HttpResponse::Ok().json(view))
}

/// A number of no voucher and the number of another provider's voucher are answered alike.
fn look_up(c: &mut Conn, cx: &Cx, number: &VoucherNumber) -> Result<VoucherView, Problem> {
    let stored = found(vouchers::find_by_number(c, number)?)?;
    let target = target_of(c, cx, &stored)?;
    cx.require(Action::ReadVoucher, &target)?;
    cx.audit("look_up_voucher", ("voucher", stored.voucher.id.uuid()), &target, json!({}));
    view_of(c, cx, &stored)
}
