//! `GET /v1/approvals`: a provider's own approvals, or those that an organiser has given.

use actix_web::{get, web};
use valinta_persistence::approvals;

use super::view::ApprovalView;
use crate::app::App;
use crate::applications::staff_of;
use crate::http::page::NoFilters;
use crate::http::permit::ApplicationsRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};

/// Lists approvals, oldest first.
#[utoipa::path(
    tag = "approvals",
    params(PageQuery),
    responses((status = 200, description = "A page of approvals.", body = Page<ApprovalView>)),
    security(("bearer" = ["applications:read"])),
)]
#[get("/v1/approvals")]
pub(crate) async fn list_approvals(
    permit: Permit<ApplicationsRead>,
    app: web::Data<App>,
    query: Paged<NoFilters>,
) -> Result<Page<ApprovalView>, Problem> {
    let (page, _) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    let found = app
        .read_as(permit.into_caller(), move |c, cx| {
            let found = match staff_of(cx)? {
                Some(organiser) => approvals::of_organiser(c, organiser, after, limit)?,
                None => approvals::of_providers(c, &cx.actor().provider_ids(), after, limit)?,
            };
            Ok(found)
        })
        .await?;
    Ok(Page::cut(found, &page, |approval| approval.id).map(ApprovalView::of))
}
