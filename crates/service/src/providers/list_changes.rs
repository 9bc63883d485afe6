//! `GET /v1/providers/{id}/changes`: changes that two people had to agree on. Reading them leaves an audit row.

use actix_web::{get, web};
use serde_json::json;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::provider_changes;

use super::change_view::ProviderChangeView;
use super::whose::target_of;
use crate::app::App;
use crate::http::page::NoFilters;
use crate::http::permit::ProvidersRead;
use crate::http::{Page, PageQuery, Paged, PathId, Permit, Problem};

/// Lists the changes of a provider's name, sector and account that waited or wait, newest first.
#[utoipa::path(
    tag = "providers",
    params(PageQuery),
    responses((status = 200, description = "A page of changes.", body = Page<ProviderChangeView>)),
    security(("bearer" = ["providers:read"])),
)]
#[get("/v1/providers/{id}/changes")]
pub(crate) async fn list_provider_changes(
    permit: Permit<ProvidersRead>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
    query: Paged<NoFilters>,
) -> Result<Page<ProviderChangeView>, Problem> {
    let id = path.id();
    let (page, _) = query.into_parts();
    let before = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.write(permit.into_caller(), move |c, cx| {
        let target = target_of(c, cx, id)?;
        cx.require(Action::ReadProvider, &target)?;
        let changes = provider_changes::of_provider(c, cx.vault(), id, before, limit)?;
        cx.audit("list_provider_changes", ("provider", id.uuid()), &target, json!({}));
        let Page { items, next } = Page::cut(changes, &page, |change| change.id);
        Ok(Page { items: items.into_iter().map(|change| ProviderChangeView::of(cx, change)).collect(), next })
    })
    .await
}
