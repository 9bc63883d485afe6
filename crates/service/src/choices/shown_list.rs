//! `GET /v1/shown-lists/{id}`: a list of choices that was shown for a voucher, and the same list made again.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::{shown_lists, vouchers};

use super::shown::again;
use super::shown_lists::ShownListView;
use crate::app::App;
use crate::cx::found;
use crate::http::openapi::StateProblems;
use crate::http::permit::AuditRead;
use crate::http::{PathId, Permit, Problem};
use crate::vouchers::target_of;

/// A list that was shown, and the same list made again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReplayedList {
    /// As it was shown.
    shown: ShownListView,
    /// As the rules make it now of the registry as it stood then.
    again: ListAgain,
    /// Whether both are the same: as many options, and the same ones in the same order.
    is_same: bool,
}

/// A list made again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ListAgain {
    /// How many options there are in all pages.
    #[schema(maximum = 10_000_000)]
    total: u64,
    /// The offerings of the page, in their order.
    #[schema(max_items = 100)]
    offerings: Vec<Id<kind::Offering>>,
}

/// Makes a list again that was shown for a voucher, by the same rules, of the registry as it stood at its revision; and
/// says whether it comes out the same. A list that was ordered by another rule or key than this service has is not made
/// again. Reading it leaves a row in the audit trail.
#[utoipa::path(
    tag = "audit",
    responses((status = 200, description = "The list as it was shown, and made again.", body = ReplayedList), StateProblems),
    security(("bearer" = ["audit:read"])),
)]
#[get("/v1/shown-lists/{id}")]
pub(crate) async fn replay_shown_list(
    permit: Permit<AuditRead>,
    app: web::Data<App>,
    path: PathId<kind::ShownList>,
) -> Result<HttpResponse, Problem> {
    let (id, own) = (path.id(), app.clone());
    let replayed = app
        .read_noted(permit.into_caller(), move |c, cx| {
            let shown = found(shown_lists::find(c, cx.vault(), id)?)?;
            let stored = found(vouchers::find(c, shown.voucher)?)?;
            let target = target_of(c, cx, &stored)?;
            cx.require(Action::ReadAudit, &target)?;
            let again = again(c, &shown, own.order_key())?;
            let is_same = again.total == shown.total && again.offerings == shown.offerings;
            let again = ListAgain { total: again.total, offerings: again.offerings };
            let details = json!({"shown_list": id, "is_same": is_same});
            cx.audit("replay_shown_list", ("voucher", shown.voucher.uuid()), &target, details);
            Ok(ReplayedList { shown: ShownListView::of(shown)?, again, is_same })
        })
        .await?;
    Ok(HttpResponse::Ok().json(replayed))
}
