//! `GET /v1/providers/{id}/members`: who acts for a provider. Reading it leaves an audit row.

use actix_web::{get, web};
use serde::Serialize;
use serde_json::json;
use valinta_domain::Moment;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::provider::MemberRole;
use valinta_persistence::providers::{self, Member};

use super::whose::target_of;
use crate::app::App;
use crate::http::page::NoFilters;
use crate::http::permit::ProvidersRead;
use crate::http::{Page, PageQuery, Paged, PathId, Permit, Problem};

/// One who acts for a provider.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MemberView {
    /// The subject of their tokens.
    #[schema(max_length = 255)]
    pub(crate) subject: String,
    /// As what they act.
    pub(crate) role: MemberRole,
    /// Who let them in; absent of whoever registered the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub(crate) added_by: Option<String>,
    /// Since when.
    pub(crate) created_at: Moment,
}

impl MemberView {
    pub(super) fn of(member: Member) -> Self {
        Self { subject: member.subject, role: member.role, added_by: member.added_by, created_at: member.created_at }
    }
}

/// Lists who acts for a provider, in the order of their subjects.
#[utoipa::path(
    tag = "providers",
    params(PageQuery),
    responses((status = 200, description = "A page of members.", body = Page<MemberView>)),
    security(("bearer" = ["providers:read"])),
)]
#[get("/v1/providers/{id}/members")]
pub(crate) async fn list_provider_members(
    permit: Permit<ProvidersRead>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
    query: Paged<NoFilters>,
) -> Result<Page<MemberView>, Problem> {
    let id = path.id();
    let (page, _) = query.into_parts();
    let after: Option<String> = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.write(permit.into_caller(), move |c, cx| {
        let target = target_of(c, cx, id)?;
        cx.require(Action::ReadProvider, &target)?;
        let members = providers::members_of(c, id, after.as_deref(), limit)?;
        cx.audit("list_provider_members", ("provider", id.uuid()), &target, json!({}));
        let Page { items, next } = Page::cut(members, &page, |member| member.subject.clone());
        Ok(Page { items: items.into_iter().map(MemberView::of).collect(), next })
    })
    .await
}
