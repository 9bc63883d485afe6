//! `GET /v1/providers/{id}/evidence`: a provider's evidence, for its members, and what organisers ask for of it.

use actix_web::{get, web};
use serde_json::json;
use valinta_domain::id::kind;
use valinta_persistence::evidence;

use super::sight::{Sight, sight_of};
use super::view::{EvidenceView, views_of};
use crate::app::App;
use crate::http::page::NoFilters;
use crate::http::permit::ProvidersRead;
use crate::http::{Page, PageQuery, Paged, PathId, Permit, Problem};

/// Lists a provider's evidence in the order in which it was given, what has been taken back included. Its members see
/// all of it; an organiser that it has applied to sees the kinds that a rulebook of its own asks for.
#[utoipa::path(
    tag = "evidence",
    params(PageQuery),
    responses((status = 200, description = "A page of evidence.", body = Page<EvidenceView>)),
    security(("bearer" = ["providers:read"])),
)]
#[get("/v1/providers/{id}/evidence")]
pub(crate) async fn list_evidence(
    permit: Permit<ProvidersRead>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
    query: Paged<NoFilters>,
) -> Result<Page<EvidenceView>, Problem> {
    let (id, (page, _)) = (path.id(), query.into_parts());
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.write(permit.into_caller(), move |c, cx| {
        let (target, sight) = sight_of(c, cx, id)?;
        cx.audit("list_evidence", ("provider", id.uuid()), &target, json!({}));
        let found = match &sight {
            Sight::Member => evidence::of_provider(c, id, after, limit)?,
            Sight::Organiser(_, asked) => evidence::of_provider_asked(c, id, asked, after, limit)?,
        };
        let cut = Page::cut(found, &page, |piece| piece.id);
        Ok(Page { items: views_of(c, cx, cut.items, &sight)?, next: cut.next })
    })
    .await
}
