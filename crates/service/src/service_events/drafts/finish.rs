//! `POST /v1/service-event-drafts/{id}/record` and `/discard`: a draft ends, as a service event by the same door as any
//! other, or as nothing.

use actix_web::{HttpResponse, post, web};
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_persistence::{Conn, event_drafts};

use super::super::record::{RecordedServiceEvent, record};
use super::view::{DraftView, content_of, not_overtaken, own, own_open, target_of};
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::openapi::StateProblems;
use crate::http::permit::ServiceEventsWrite;
use crate::http::{IdempotencyKey, PathId, Permit, Problem};

/// Records a draft as a service event. Everything is checked now, as of one that was never a draft.
#[utoipa::path(
    tag = "service-events",
    params(IdempotencyKey),
    responses(
        (status = 201, description = "Recorded and posted.", body = RecordedServiceEvent),
        (status = 200, description = "Recorded before, by the same reference.", body = RecordedServiceEvent),
        StateProblems,
    ),
    security(("bearer" = ["service-events:write"])),
)]
#[post("/v1/service-event-drafts/{id}/record")]
pub(crate) async fn record_service_event_draft(
    permit: Permit<ServiceEventsWrite>,
    app: web::Data<App>,
    path: PathId<kind::EventDraft>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    app.command(permit.into_caller(), "record_service_event_draft", &key, &[], move |c, cx| finish(c, cx, id)).await
}

fn finish(c: &mut Conn, cx: &Cx, id: Id<kind::EventDraft>) -> Result<Reply<RecordedServiceEvent>, Problem> {
    let draft = own_open(c, cx, id)?;
    let command = content_of(&draft)?.finished()?;
    let (event, reply) = record(c, cx, &command)?;
    let by = (cx.actor().subject.as_str(), cx.now());
    not_overtaken(event_drafts::end(c, &draft, Some(event), by)?)?;
    let details = json!({"service_event": event});
    cx.audit("record_service_event_draft", ("service_event_draft", id.uuid()), &target_of(&draft), details);
    Ok(reply)
}

/// Discards a draft. Nothing is recorded.
#[utoipa::path(
    tag = "service-events",
    params(IdempotencyKey),
    responses((status = 200, description = "Discarded.", body = DraftView), StateProblems),
    security(("bearer" = ["service-events:write"])),
)]
#[post("/v1/service-event-drafts/{id}/discard")]
pub(crate) async fn discard_service_event_draft(
    permit: Permit<ServiceEventsWrite>,
    app: web::Data<App>,
    path: PathId<kind::EventDraft>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    app.command(permit.into_caller(), "discard_service_event_draft", &key, &[], move |c, cx| discard(c, cx, id)).await
}

fn discard(c: &mut Conn, cx: &Cx, id: Id<kind::EventDraft>) -> Result<Reply<DraftView>, Problem> {
    let draft = own_open(c, cx, id)?;
    let by = (cx.actor().subject.as_str(), cx.now());
    not_overtaken(event_drafts::end(c, &draft, None, by)?)?;
    cx.audit("discard_service_event_draft", ("service_event_draft", id.uuid()), &target_of(&draft), json!({}));
    Ok(Reply::ok(DraftView::of(own(c, cx, id)?, cx.now())?))
}
