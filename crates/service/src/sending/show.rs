//! `GET /v1/deliveries/{id}`: where a delivery stands, and what came of each attempt.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::deliveries;

use super::view::{DeliveryDetailsView, target_of};
use crate::app::App;
use crate::cx::found;
use crate::http::permit::DeliveriesRead;
use crate::http::{PathId, Permit, Problem};

/// Shows where a delivery stands, with its latest attempts.
#[utoipa::path(
    tag = "deliveries",
    responses((status = 200, description = "The delivery.", body = DeliveryDetailsView)),
    security(("bearer" = ["deliveries:read"])),
)]
#[get("/v1/deliveries/{id}")]
pub(crate) async fn show_delivery(
    permit: Permit<DeliveriesRead>,
    app: web::Data<App>,
    path: PathId<kind::Delivery>,
) -> Result<HttpResponse, Problem> {
    let (id, channels) = (path.id(), app.channels());
    let view = app
        .read_as(permit.into_caller(), move |c, cx| {
            let delivery = found(deliveries::find(c, id)?)?;
            cx.require(Action::ReadDelivery, &target_of(&delivery))?;
            let attempts = deliveries::attempts_of(c, id)?;
            Ok(DeliveryDetailsView::of(delivery, attempts, &channels))
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
