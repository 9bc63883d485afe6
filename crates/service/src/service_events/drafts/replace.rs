//! `PUT /v1/service-event-drafts/{id}`: a provider says more of a service that it has begun to record.

use actix_web::{HttpResponse, put, web};
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::service_event::draft::next_told;
use valinta_persistence::{Conn, event_drafts};

use super::content::DraftServiceEvent;
use super::view::{DraftView, not_overtaken, own, own_open, target_of};
use crate::app::App;
use crate::cx::Cx;
use crate::http::conditional::{IfMatch, tag_of_version, with_tag};
use crate::http::openapi::StateProblems;
use crate::http::permit::ServiceEventsWrite;
use crate::http::{Json, PathId, Permit, Problem};

/// Replaces what a draft says. What is left out is not said any more.
#[utoipa::path(
    tag = "service-events",
    params(IfMatch),
    responses(
        (
            status = 200,
            description = "Replaced.",
            body = DraftView,
            headers(("ETag" = String, description = "Its version.")),
        ),
        StateProblems,
    ),
    security(("bearer" = ["service-events:write"])),
)]
#[put("/v1/service-event-drafts/{id}")]
pub(crate) async fn replace_service_event_draft(
    permit: Permit<ServiceEventsWrite>,
    app: web::Data<App>,
    path: PathId<kind::EventDraft>,
    precondition: IfMatch,
    body: Json<DraftServiceEvent>,
) -> Result<HttpResponse, Problem> {
    let (id, content) = (path.id(), body.into_inner());
    let (view, version) =
        app.write(permit.into_caller(), move |c, cx| replace(c, cx, id, &precondition, &content)).await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(version)).json(view))
}

/// Replaces what it says. What it is now, and its version.
fn replace(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::EventDraft>,
    precondition: &IfMatch,
    content: &DraftServiceEvent,
) -> Result<(DraftView, i64), Problem> {
    let draft = own_open(c, cx, id)?;
    precondition.check(draft.version)?;
    let days = content.days(c, draft.provider, (draft.begun_at, cx.now()))?;
    let text = serde_json::to_string(content).map_err(Problem::internal)?;
    let tell_on = next_told(days.deadline, &days.remind_days, days.today);
    not_overtaken(event_drafts::replace(c, &draft, &text, (days.deadline, tell_on))?)?;
    let target = target_of(&draft);
    cx.audit("replace_service_event_draft", ("service_event_draft", id.uuid()), &target, json!({}));
    let replaced = own(c, cx, id)?;
    let version = replaced.version;
    Ok((DraftView::of(replaced, cx.now())?, version))
}
