//! `PUT /v1/vouchers/{id}/accounting-code`: by what a voucher's costs are known in the organiser's ledgers. No
//! decision.

use actix_web::{HttpResponse, put, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::identifiers::AccountingCode;
use valinta_domain::policy::Action;
use valinta_persistence::{Conn, grants, vouchers};

use super::view::{VoucherView, target_of, view_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::VouchersWrite;
use crate::http::{IdempotencyKey, Json, PathId, Permit, Problem};
use crate::parse_as_is;

/// An accounting code.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetAccountingCode {
    /// The code; none where it is null or left out.
    #[serde(default)]
    accounting_code: Option<AccountingCode>,
}
parse_as_is!(SetAccountingCode);

/// Sets the accounting code of a voucher. Whatever state it is in: costs are booked after its end, too.
#[utoipa::path(
    tag = "vouchers",
    params(IdempotencyKey),
    responses((status = 200, description = "Set.", body = VoucherView)),
    security(("bearer" = ["vouchers:write"])),
)]
#[put("/v1/vouchers/{id}/accounting-code")]
pub(crate) async fn set_accounting_code(
    permit: Permit<VouchersWrite>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    key: IdempotencyKey,
    body: Json<SetAccountingCode>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let code = body.into_inner().accounting_code;
    app.command(permit.into_caller(), "set_accounting_code", &key, &bytes, move |c, cx| set(c, cx, id, code.as_ref()))
        .await
}

fn set(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Voucher>,
    code: Option<&AccountingCode>,
) -> Result<Reply<VoucherView>, Problem> {
    let mut stored = found(vouchers::take(c, id)?)?;
    let target = target_of(c, cx, &stored)?;
    cx.require(Action::ServeClient, &target)?;
    grants::set_accounting_code(c, id, code)?;
    let details = json!({"from": stored.accounting_code, "to": code});
    stored.accounting_code = code.cloned();
    cx.audit("set_accounting_code", ("voucher", id.uuid()), &target, details);
    Ok(Reply::ok(view_of(c, cx, &stored)?))
}
