//! `POST /v1/measures/{id}/withdraw`: an officer takes a measure back before it is decided.

use actix_web::{HttpResponse, post, web};
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::measure::MeasureState;
use valinta_domain::policy::Action;
use valinta_persistence::{Conn, measures};

use super::measure_view::{MeasureView, target_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::ApprovalsSupervise;
use crate::http::{IdempotencyKey, PathId, Permit, Problem};

/// Takes a measure back that has not been decided. Nothing follows from it.
#[utoipa::path(
    tag = "supervision",
    params(IdempotencyKey),
    responses((status = 200, description = "Withdrawn.", body = MeasureView)),
    security(("bearer" = ["approvals:supervise"])),
)]
#[post("/v1/measures/{id}/withdraw")]
pub(crate) async fn withdraw_measure(
    permit: Permit<ApprovalsSupervise>,
    app: web::Data<App>,
    path: PathId<kind::Measure>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    app.command(permit.into_caller(), "withdraw_measure", &key, &[], move |c, cx| withdraw(c, cx, id)).await
}

/// Takes a measure back.
fn withdraw(c: &mut Conn, cx: &Cx, id: Id<kind::Measure>) -> Result<Reply<MeasureView>, Problem> {
    let mut measure = found(measures::take(c, id)?)?;
    let target = target_of(&measure);
    cx.require(Action::Supervise, &target)?;
    measure.may_withdraw()?;
    measure.state = MeasureState::Withdrawn;
    measures::update(c, &measure)?;
    let details = json!({"measure": id, "approval": measure.approval, "provider": measure.provider});
    cx.audit("withdraw_measure", ("measure", id.uuid()), &target, details.clone());
    cx.tell(EventKind::MeasureWithdrawn, ("measure", id.uuid()), &target, details);
    Ok(Reply::ok(MeasureView::of(measure, cx)))
}
