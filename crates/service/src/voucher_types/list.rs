//! `GET /v1/voucher-types`: everyone may see for what vouchers are granted.

use actix_web::{get, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_persistence::voucher_types;

use super::view::VoucherTypeView;
use crate::app::App;
use crate::http::{Page, PageQuery, Paged, Problem};
use crate::parse_as_is;

/// Which voucher types are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VoucherTypeFilter {
    /// Only of this organiser.
    organiser: Option<Id<kind::Organiser>>,
}
parse_as_is!(VoucherTypeFilter);

/// Lists voucher types, oldest first.
#[utoipa::path(
    tag = "voucher types",
    params(PageQuery, VoucherTypeFilter),
    responses((status = 200, description = "A page of voucher types.", body = Page<VoucherTypeView>)),
    security(()),
)]
#[get("/v1/voucher-types")]
pub(crate) async fn list_voucher_types(
    app: web::Data<App>,
    query: Paged<VoucherTypeFilter>,
) -> Result<Page<VoucherTypeView>, Problem> {
    let (page, filter) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    let found = app.read(move |c| Ok(voucher_types::list(c, filter.organiser, after, limit)?)).await?;
    Ok(Page::cut(found, &page, |voucher_type| voucher_type.id).map(VoucherTypeView::of))
}
