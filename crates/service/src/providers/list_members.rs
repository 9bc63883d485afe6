//! `GET /v1/providers/{id}/members`: who acts for a provider. Reading it leaves an audit row.

use actix_web::{get, web};
use serde::Serialize;
use serde_json::json;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::provider::MemberRole;
use valinta_domain::{Id, Moment};
use valinta_persistence::providers::{self, Member};

use super::whose::{target_of, told_who};
use crate::app::App;
use crate::cx::Cx;
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
    /// Who let them in; absent of whoever registered the provider. An officer's name is told to the officer's own
    /// organiser alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub(crate) added_by: Option<String>,
    /// For which organiser an officer let them in; absent where an admin of the provider did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) added_for: Option<Id<kind::Organiser>>,
    /// Since when.
    pub(crate) created_at: Moment,
}

impl MemberView {
    pub(super) fn of(cx: &Cx, member: Member) -> Self {
        let Member { subject, role, added_by, added_for, created_at } = member;
        Self { subject, role, added_by: added_by.and_then(|by| told_who(cx, by, added_for)), added_for, created_at }
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
        Ok(Page { items: items.into_iter().map(|member| MemberView::of(cx, member)).collect(), next })
    })
    .await
}
