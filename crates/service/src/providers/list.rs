//! `GET /v1/providers`: the approved providers, for everyone (569/2009 § 4).

use actix_web::{get, web};
use valinta_persistence::providers;

use super::view::{ProviderView, registry_day, views_of};
use crate::app::App;
use crate::http::page::NoFilters;
use crate::http::{Page, PageQuery, Paged, Problem};

/// Lists the providers that are or have been approved for some voucher type, in the order of their registration.
#[utoipa::path(
    tag = "providers",
    params(PageQuery),
    responses((status = 200, description = "A page of providers.", body = Page<ProviderView>)),
    security(()),
)]
#[get("/v1/providers")]
pub(crate) async fn list_providers(
    app: web::Data<App>,
    query: Paged<NoFilters>,
) -> Result<Page<ProviderView>, Problem> {
    let (page, _) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    let today = registry_day(app.clock().now());
    app.read(move |c| {
        let Page { items, next } = Page::cut(providers::list_approved(c, after, limit)?, &page, |provider| provider.id);
        Ok(Page { items: views_of(c, items, today)?, next })
    })
    .await
}
