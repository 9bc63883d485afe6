//! `POST /v1/deliveries/{id}/replay`: what was given up is tried again.

use actix_web::{HttpResponse, post, web};
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::delivery::{Channel, ReplayRefused, may_replay};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::{Conn, deliveries};

use super::view::{DeliveryView, target_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::DeliveriesReplay;
use crate::http::{IdempotencyKey, PathId, Permit, Problem, ProblemKind};

/// Has a delivery that was given up tried again, from now on and as often as a new one. Its id stays: a receiver that has it
/// already knows it.
#[utoipa::path(
    tag = "deliveries",
    params(IdempotencyKey),
    responses((status = 200, description = "It waits again.", body = DeliveryView), StateProblems),
    security(("bearer" = ["deliveries:replay"])),
)]
#[post("/v1/deliveries/{id}/replay")]
pub(crate) async fn replay_delivery(
    permit: Permit<DeliveriesReplay>,
    app: web::Data<App>,
    path: PathId<kind::Delivery>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let (id, channels) = (path.id(), app.channels());
    app.command(permit.into_caller(), "replay_delivery", &key, id.uuid().as_bytes(), move |c, cx| {
        replay(c, cx, id, &channels)
    })
    .await
}

fn replay(c: &mut Conn, cx: &Cx, id: Id<kind::Delivery>, channels: &[Channel]) -> Result<Reply<DeliveryView>, Problem> {
    let delivery = found(deliveries::find(c, id)?)?;
    let target = target_of(&delivery);
    cx.require(Action::ReplayDelivery, &target)?;
    may_replay(delivery.state)?;
    let replayed = deliveries::replay(c, id, cx.now())?;
    let stored = found(deliveries::find(c, id)?)?;
    if !replayed {
        // Another was first.
        return Err(ReplayRefused { state: stored.state }.into());
    }
    let details = json!({"kind": delivery.made.kind, "subject": delivery.made.subject, "attempts": delivery.attempts});
    cx.audit("replay_delivery", ("delivery", id.uuid()), &target, details);
    Ok(Reply::ok(DeliveryView::of(stored, channels)))
}

impl From<ReplayRefused> for Problem {
    fn from(refused: ReplayRefused) -> Self {
        Self::new(ProblemKind::WrongState, format!("It cannot be done: {refused}."))
    }
}
