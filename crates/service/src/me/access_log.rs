//! `GET /v1/me/access-log`: who has looked at the resident's data or changed it, when and for what.

use actix_web::{get, web};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::policy::{Role, Target};
use valinta_domain::{Id, Moment};
use valinta_persistence::audit::{self, AuditRow};

use crate::app::App;
use crate::http::page::NoFilters;
use crate::http::permit::AccessLogRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};

/// One access to the resident's data.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AccessView {
    /// The row's id.
    id: Id<kind::AuditRow>,
    /// When.
    at: Moment,
    /// In what role it was done. Who it was, the organiser tells on request.
    role: Role,
    /// For which organiser.
    #[serde(skip_serializing_if = "Option::is_none")]
    organiser: Option<Id<kind::Organiser>>,
    /// What was done: the operation.
    #[schema(max_length = 64, example = "show_voucher")]
    action: String,
    /// To what kind of thing.
    #[schema(max_length = 64, example = "voucher")]
    target_kind: String,
    /// To which.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    target: Option<Uuid>,
}

impl AccessView {
    fn of(found: AuditRow) -> Self {
        let row = found.row;
        Self {
            id: row.id,
            at: row.at,
            role: row.role,
            organiser: row.organiser,
            action: row.action,
            target_kind: row.target_kind,
            target: row.target,
        }
    }
}

/// Shows who has looked at the resident's data or changed it, latest first (703/2023).
#[utoipa::path(
    tag = "me",
    params(PageQuery),
    responses((status = 200, description = "A page of accesses.", body = Page<AccessView>)),
    security(("bearer" = ["access-log:read"])),
)]
#[get("/v1/me/access-log")]
pub(crate) async fn show_access_log(
    permit: Permit<AccessLogRead>,
    app: web::Data<App>,
    query: Paged<NoFilters>,
) -> Result<Page<AccessView>, Problem> {
    let (page, _) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.write(permit.into_caller(), move |c, cx| {
        let person = cx.actor().person.ok_or_else(Problem::not_found)?;
        let rows = audit::access_log(c, person, after, limit)?;
        let target = Target { organiser: None, provider: None, person: Some(person) };
        cx.audit("show_access_log", ("person", person.uuid()), &target, json!({}));
        Ok(Page::cut(rows, &page, |row| row.row.id).map(AccessView::of))
    })
    .await
}
