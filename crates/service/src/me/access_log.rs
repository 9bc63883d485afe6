//! `GET /v1/me/access-log`: who has looked at the resident's data or changed it, when and for what.

use actix_web::{get, web};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;
use valinta_domain::id::kind;
use valinta_domain::policy::{Role, Target};
use valinta_domain::{Id, Moment};
use valinta_persistence::audit::{self, AuditRow};
use valinta_persistence::vault::Vault;
use valinta_persistence::{Conn, DbError, mandates as stored, providers};

use crate::app::App;
use crate::http::page::NoFilters;
use crate::http::permit::AccessLogRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::mandates;

/// One access to the resident's data.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AccessView {
    /// The row's id.
    id: Id<kind::AuditRow>,
    /// When.
    at: Moment,
    /// In what role it was done. Which official it was, the organiser tells on request.
    role: Role,
    /// The provider that did it, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Id<kind::Provider>>,
    /// That provider's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    provider_name: Option<String>,
    /// The mandate by which a representative of the resident's did it, if one did by a mandate that is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate: Option<Id<kind::Mandate>>,
    /// That representative's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    representative_name: Option<String>,
    /// Who had checked the mandate, if a representative of the resident's did it with a token that carried one. Which person
    /// that was, the organiser tells on request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048)]
    mandate_issuer: Option<String>,
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
    fn of(c: &mut Conn, vault: &Vault, found: AuditRow) -> Result<Self, DbError> {
        let row = found.row;
        let provider = match row.role {
            Role::Provider => row.details.get("provider").and_then(Value::as_str).and_then(|id| id.parse().ok()),
            Role::Operator | Role::Officer | Role::CaseWorker | Role::Finance | Role::Auditor | Role::Resident => None,
        };
        let provider_name = match provider {
            Some(provider) => providers::find(c, provider)?.map(|provider| provider.details.name),
            None => None,
        };
        let noted = match row.role {
            Role::Resident => row.details.get("mandate"),
            Role::Operator | Role::Officer | Role::CaseWorker | Role::Finance | Role::Auditor | Role::Provider => None,
        };
        let mandate = noted.and_then(mandates::recorded_of);
        let mandate_issuer = noted.and_then(mandates::issuer_of);
        let representative_name = match mandate {
            Some(mandate) => stored::name_of_representative(c, vault, mandate)?,
            None => None,
        };
        Ok(Self {
            mandate,
            mandate_issuer,
            representative_name,
            provider,
            provider_name,
            id: row.id,
            at: row.at,
            role: row.role,
            organiser: row.organiser,
            action: row.action,
            target_kind: row.target_kind,
            target: row.target,
        })
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
        let shown = Page::cut(rows, &page, |row| row.row.id);
        let items = shown.items.into_iter().map(|row| AccessView::of(c, cx.vault(), row)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: shown.next })
    })
    .await
}
