//! `GET /v1/clients/{id}/mandates`: who may act for a client, or might before.

use actix_web::{get, web};
use serde_json::json;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::{clients, mandates, organisers};

use super::view::MandateView;
use crate::app::App;
use crate::cx::found;
use crate::http::page::NoFilters;
use crate::http::permit::MandatesRead;
use crate::http::{Page, PageQuery, Paged, PathId, Permit, Problem};

/// Lists a client's mandates, oldest first, those that are over among them. Leaves a row in the audit trail, which the
/// client can see.
#[utoipa::path(
    tag = "clients",
    params(PageQuery),
    responses((status = 200, description = "A page of mandates.", body = Page<MandateView>)),
    security(("bearer" = ["mandates:read"])),
)]
#[get("/v1/clients/{id}/mandates")]
pub(crate) async fn list_mandates(
    permit: Permit<MandatesRead>,
    app: web::Data<App>,
    path: PathId<kind::Client>,
    query: Paged<NoFilters>,
) -> Result<Page<MandateView>, Problem> {
    let id = path.id();
    let (page, _) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.write(permit.into_caller(), move |c, cx| {
        let (organiser, person) = found(clients::find_owner(c, id)?)?;
        let target = Target { organiser: Some(organiser), provider: None, person: Some(person) };
        cx.require(Action::ReadClient, &target)?;
        let today = cx.today(&found(organisers::find(c, organiser)?)?)?;
        let listed = mandates::of_client(c, cx.vault(), id, after, limit)?;
        cx.audit("list_mandates", ("client", id.uuid()), &target, json!({}));
        Ok(Page::cut(listed, &page, |mandate| mandate.id).map(|mandate| MandateView::of(mandate, cx, today)))
    })
    .await
}
