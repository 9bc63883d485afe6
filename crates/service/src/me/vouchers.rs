//! `GET /v1/me/vouchers`: the resident's own vouchers, from every organiser.

use actix_web::{get, web};
use serde_json::json;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::vouchers::{self, Whose};

use crate::app::App;
use crate::http::page::NoFilters;
use crate::http::permit::VouchersRespond;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::vouchers::{VoucherView, view_of};

/// Lists the resident's own vouchers, oldest first.
#[utoipa::path(
    tag = "me",
    params(PageQuery),
    responses((status = 200, description = "A page of vouchers.", body = Page<VoucherView>)),
    security(("bearer" = ["vouchers:respond"])),
)]
#[get("/v1/me/vouchers")]
pub(crate) async fn list_my_vouchers(
    permit: Permit<VouchersRespond>,
    app: web::Data<App>,
    query: Paged<NoFilters>,
) -> Result<Page<VoucherView>, Problem> {
    let (page, _) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.write(permit.into_caller(), move |c, cx| {
        let person = cx.actor().person.ok_or_else(Problem::not_found)?;
        let found = vouchers::list(c, Whose::Person(person), None, None, after, limit)?;
        let shown = Page::cut(found, &page, |stored| stored.voucher.id);
        let mut items = Vec::with_capacity(shown.items.len());
        for stored in &shown.items {
            let voucher = &stored.voucher;
            let target = Target { organiser: Some(voucher.organiser), provider: None, person: Some(voucher.person) };
            cx.require(Action::ReadVoucher, &target)?;
            cx.audit("list_my_vouchers", ("voucher", voucher.id.uuid()), &target, json!({}));
            items.push(view_of(c, cx, stored)?);
        }
        Ok(Page { items, next: shown.next })
    })
    .await
}
