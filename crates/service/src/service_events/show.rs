//! `GET /v1/service-events/{id}`: one service delivered, for those it concerns.

use actix_web::{HttpResponse, get, web};
use serde_json::json;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::{event_accounts, organisers, service_events};

use super::act::target_of;
use super::view::{ServiceEventView, Standing};
use crate::app::App;
use crate::cx::found;
use crate::http::permit::ServiceEventsRead;
use crate::http::{PathId, Permit, Problem};

/// Shows a service event, with what was done about it and when it was settled.
#[utoipa::path(
    tag = "service-events",
    responses((status = 200, description = "The event.", body = ServiceEventView)),
    security(("bearer" = ["service-events:read"])),
)]
#[get("/v1/service-events/{id}")]
pub(crate) async fn show_service_event(
    permit: Permit<ServiceEventsRead>,
    app: web::Data<App>,
    path: PathId<kind::ServiceEvent>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let view = app
        .write(permit.into_caller(), move |c, cx| {
            let event = found(service_events::find(c, id)?)?;
            let target = target_of(&event);
            cx.require(Action::ReadVoucher, &target)?;
            cx.audit("show_service_event", ("service_event", id.uuid()), &target, json!({}));
            let currency = found(organisers::find(c, event.organiser)?)?.currency;
            let account = found(event_accounts::find(c, id)?)?;
            let standing = Standing::of(c, &account)?;
            Ok(ServiceEventView::of(event, standing, currency, cx.actor().role))
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
