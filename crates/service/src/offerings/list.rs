//! `GET /v1/offerings`: what is offered at what prices, for everyone (569/2009 § 4). A plain list, oldest first; to
//! compare and choose there are the choices, in neutral order.

use actix_web::{get, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_persistence::offerings;

use super::view::{OfferingView, views_of};
use crate::app::App;
use crate::http::{Page, PageQuery, Paged, Problem};
use crate::parse_as_is;

/// Which offerings are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfferingFilter {
    /// Only for this voucher type.
    voucher_type: Option<Id<kind::VoucherType>>,
    /// Only of this provider.
    provider: Option<Id<kind::Provider>>,
}
parse_as_is!(OfferingFilter);

/// Lists offerings with their prices, now and coming.
#[utoipa::path(
    tag = "offerings",
    params(PageQuery, OfferingFilter),
    responses((status = 200, description = "A page of offerings.", body = Page<OfferingView>)),
    security(()),
)]
#[get("/v1/offerings")]
pub(crate) async fn list_offerings(
    app: web::Data<App>,
    query: Paged<OfferingFilter>,
) -> Result<Page<OfferingView>, Problem> {
    let (page, filter) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    let now = app.clock().now();
    app.read(move |c| {
        let listed = offerings::list(c, filter.voucher_type, filter.provider, after, limit)?;
        let Page { items, next } = Page::cut(listed, &page, |offering| offering.id);
        Ok(Page { items: views_of(c, items, now)?, next })
    })
    .await
}
