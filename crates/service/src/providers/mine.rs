//! `GET /v1/providers/mine`: the providers that the caller acts for, approved or not.

use actix_web::{get, web};
use valinta_persistence::providers;

use super::view::{ProviderView, registry_day, views_of};
use crate::app::App;
use crate::http::page::NoFilters;
use crate::http::permit::ProvidersWrite;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};

/// Lists the providers that the caller is a member of.
#[utoipa::path(
    tag = "providers",
    params(PageQuery),
    responses((status = 200, description = "A page of the caller's providers.", body = Page<ProviderView>)),
    security(("bearer" = ["providers:write"])),
)]
#[get("/v1/providers/mine")]
pub(crate) async fn list_own_providers(
    permit: Permit<ProvidersWrite>,
    app: web::Data<App>,
    query: Paged<NoFilters>,
) -> Result<Page<ProviderView>, Problem> {
    let (page, _) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let own = providers::list_of(c, &cx.actor().provider_ids(), after, limit)?;
        let Page { items, next } = Page::cut(own, &page, |provider| provider.id);
        Ok(Page { items: views_of(c, items, registry_day(cx.now()))?, next })
    })
    .await
}
