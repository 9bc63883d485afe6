//! `GET /v1/settlements`: the months that were settled, or are being.

use actix_web::{get, web};
use serde_json::json;
use valinta_domain::policy::Action;
use valinta_persistence::settlements;

use super::run::target_of;
use super::view::SettlementView;
use crate::app::App;
use crate::http::page::NoFilters;
use crate::http::permit::StatementsRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};

/// Lists the settlements of the caller's organiser, latest first.
#[utoipa::path(
    tag = "settlements",
    params(PageQuery),
    responses((status = 200, description = "A page of settlements.", body = Page<SettlementView>)),
    security(("bearer" = ["statements:read"])),
)]
#[get("/v1/settlements")]
pub(crate) async fn list_settlements(
    permit: Permit<StatementsRead>,
    app: web::Data<App>,
    query: Paged<NoFilters>,
) -> Result<Page<SettlementView>, Problem> {
    let (page, _) = query.into_parts();
    let before = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.write(permit.into_caller(), move |c, cx| {
        let organiser = cx.own_organiser(c)?;
        let target = target_of(organiser.id);
        cx.require(Action::ReadStatement, &target)?;
        let listed = settlements::list(c, organiser.id, before, limit)?;
        cx.audit("list_settlements", ("organiser", organiser.id.uuid()), &target, json!({}));
        Ok(Page::cut(listed, &page, |run| run.id).map(SettlementView::of))
    })
    .await
}
