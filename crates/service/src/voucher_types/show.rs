//! `GET /v1/voucher-types/{id}`: one voucher type, for everyone.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_persistence::voucher_types;

use super::view::VoucherTypeView;
use crate::app::App;
use crate::cx::found;
use crate::http::{PathId, Problem};

/// Shows a voucher type.
#[utoipa::path(
    tag = "voucher types",
    responses((status = 200, description = "The voucher type.", body = VoucherTypeView)),
    security(()),
)]
#[get("/v1/voucher-types/{id}")]
pub(crate) async fn show_voucher_type(
    app: web::Data<App>,
    path: PathId<kind::VoucherType>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let voucher_type = app.read(move |c| found(voucher_types::find(c, id)?)).await?;
    Ok(HttpResponse::Ok().json(VoucherTypeView::of(voucher_type)))
}
