//! `GET /v1/audit`: who did what, when, to what, in the auditor's own organiser.

use actix_web::{get, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Role, Target};
use valinta_domain::{Id, Moment};
use valinta_persistence::audit::{self, AuditFilter, AuditRow};

use crate::app::App;
use crate::http::permit::AuditRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;

/// Which rows are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only about the thing with this id.
    #[param(value_type = Option<String>, format = Uuid)]
    target: Option<Uuid>,
    /// Only about this person.
    person: Option<Id<kind::Person>>,
    /// Only by this actor.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    actor: Option<String>,
    /// Only this action.
    #[validate(length(min = 1, max = 64))]
    #[param(min_length = 1, max_length = 64, example = "issue_voucher")]
    action: Option<String>,
    /// Only at this moment or later.
    from: Option<Moment>,
    /// Only before this moment.
    to: Option<Moment>,
}
parse_as_is!(AuditQuery);

/// A row of the audit trail.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AuditView {
    /// The row's id.
    id: Id<kind::AuditRow>,
    /// When.
    at: Moment,
    /// Who: the token's subject.
    #[schema(max_length = 200)]
    actor: String,
    /// In what role.
    role: Role,
    /// What was done: the operation.
    #[schema(max_length = 64, example = "issue_voucher")]
    action: String,
    /// To what kind of thing.
    #[schema(max_length = 64, example = "voucher")]
    target_kind: String,
    /// To which.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    target: Option<Uuid>,
    /// Whose data it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Id<kind::Person>>,
    /// The request, as the log and problem documents name it.
    #[schema(value_type = String, format = Uuid)]
    request: Uuid,
    /// Ids and figures that belong to it.
    #[schema(value_type = Object)]
    details: serde_json::Value,
    /// Which chain it is in.
    chain: i32,
    /// Its place in the chain, from 1.
    position: i64,
    /// Its hash, which covers the hash of the row before it (SHA-256, base64url).
    #[schema(max_length = 43)]
    hash: String,
}

impl AuditView {
    fn of(found: AuditRow) -> Self {
        let row = found.row;
        Self {
            id: row.id,
            at: row.at,
            actor: row.actor,
            role: row.role,
            action: row.action,
            target_kind: row.target_kind,
            target: row.target,
            person: row.person,
            request: row.request,
            details: row.details,
            chain: found.chain,
            position: found.position,
            hash: URL_SAFE_NO_PAD.encode(found.hash),
        }
    }
}

/// Lists rows of the audit trail, latest first. Reading it leaves a row, too.
#[utoipa::path(
    tag = "audit",
    params(PageQuery, AuditQuery),
    responses((status = 200, description = "A page of rows.", body = Page<AuditView>)),
    security(("bearer" = ["audit:read"])),
)]
#[get("/v1/audit")]
pub(crate) async fn list_audit_rows(
    permit: Permit<AuditRead>,
    app: web::Data<App>,
    query: Paged<AuditQuery>,
) -> Result<Page<AuditView>, Problem> {
    let (page, wanted) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.write(permit.into_caller(), move |c, cx| {
        let organiser = cx.own_organiser(c)?;
        let target = Target { organiser: Some(organiser.id), provider: None, person: wanted.person };
        cx.require(Action::ReadAudit, &target)?;
        let filter = AuditFilter {
            target: wanted.target,
            person: wanted.person,
            actor: wanted.actor.clone(),
            action: wanted.action.clone(),
            from: wanted.from,
            to: wanted.to,
        };
        let rows = audit::list(c, organiser.id, &filter, after, limit)?;
        cx.audit("list_audit_rows", ("organiser", organiser.id.uuid()), &target, json!({"rows": rows.len()}));
        Ok(Page::cut(rows, &page, |row| row.row.id).map(AuditView::of))
    })
    .await
}
