//! `POST /v1/service-events/{id}/accept`: an official accepts a service that the rulebook wants looked at.

use actix_web::{HttpResponse, post, web};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::service_event::account::{ActKind, Figures};

use super::act::{Note, act};
use super::view::ServiceEventView;
use crate::app::App;
use crate::http::openapi::StateProblems;
use crate::http::permit::ServiceEventsReview;
use crate::http::{IdempotencyKey, PathId, Permit, Problem};

/// Accepts a service event that waits to be looked at. It is settled with the next month that is.
#[utoipa::path(
    tag = "service-events",
    params(IdempotencyKey),
    responses((status = 200, description = "Accepted.", body = ServiceEventView), StateProblems),
    security(("bearer" = ["service-events:review"])),
)]
#[post("/v1/service-events/{id}/accept")]
pub(crate) async fn accept_service_event(
    permit: Permit<ServiceEventsReview>,
    app: web::Data<App>,
    path: PathId<kind::ServiceEvent>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let note = || Note { action: Action::ReviewServiceEvent, kind: ActKind::Accepted, reason_code: None, reason: None };
    app.command(permit.into_caller(), "accept_service_event", &key, id.uuid().as_bytes(), move |c, cx| {
        act(c, cx, id, note(), |account, _| Ok(account.accept().map(|account| (account, Figures::ZERO))))
    })
    .await
}
