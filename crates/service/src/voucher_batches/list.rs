//! `GET /v1/voucher-batches`: what was asked for many at once.

use actix_web::{get, web};
use serde_json::json;
use valinta_domain::policy::Action;
use valinta_persistence::voucher_batches;

use super::run::target_of;
use super::view::VoucherBatchView;
use crate::app::App;
use crate::http::page::NoFilters;
use crate::http::permit::VouchersRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};

/// Lists the batches of vouchers of the caller's organiser, latest first.
#[utoipa::path(
    tag = "vouchers",
    params(PageQuery),
    responses((status = 200, description = "A page of batches.", body = Page<VoucherBatchView>)),
    security(("bearer" = ["vouchers:read"])),
)]
#[get("/v1/voucher-batches")]
pub(crate) async fn list_voucher_batches(
    permit: Permit<VouchersRead>,
    app: web::Data<App>,
    query: Paged<NoFilters>,
) -> Result<Page<VoucherBatchView>, Problem> {
    let (page, _) = query.into_parts();
    let before = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.write(permit.into_caller(), move |c, cx| {
        let organiser = cx.own_organiser(c)?;
        let target = target_of(organiser.id);
        cx.require(Action::ReadClient, &target)?;
        let listed = voucher_batches::list(c, organiser.id, before, limit)?;
        cx.audit("list_voucher_batches", ("organiser", organiser.id.uuid()), &target, json!({}));
        Ok(Page::cut(listed, &page, |batch| batch.id).map(VoucherBatchView::of))
    })
    .await
}
