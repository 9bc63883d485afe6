//! `POST /v1/service-events/{id}/query` and `/answer`: an official asks the provider about a service, and the provider
//! answers; or it answers what the client contests.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::service_event::account::{ActKind, Figures};

use super::act::{Note, act};
use super::reasons::{REASON_CHARS_MAX, said};
use super::view::ServiceEventView;
use crate::app::App;
use crate::http::openapi::StateProblems;
use crate::http::permit::{ServiceEventsReview, ServiceEventsWrite};
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// What is asked or answered.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AboutServiceEvent {
    /// The words, as the other side and the client read them. No matters of health belong here.
    #[validate(length(min = 1, max = "REASON_CHARS_MAX"))]
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
}

impl Parse for AboutServiceEvent {
    type Into = String;

    fn parse(&self, errors: &mut Errors) -> Option<String> {
        said(errors, "/text", &self.text)
    }
}

/// Asks the provider about a service event. If it was not settled yet, it is not before the question is settled.
#[utoipa::path(
    tag = "service-events",
    params(IdempotencyKey),
    responses((status = 200, description = "Asked.", body = ServiceEventView), StateProblems),
    security(("bearer" = ["service-events:review"])),
)]
#[post("/v1/service-events/{id}/query")]
pub(crate) async fn query_service_event(
    permit: Permit<ServiceEventsReview>,
    app: web::Data<App>,
    path: PathId<kind::ServiceEvent>,
    key: IdempotencyKey,
    body: Json<AboutServiceEvent>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let text = body.into_inner();
    app.command(permit.into_caller(), "query_service_event", &key, &bytes, move |c, cx| {
        let note = about(Action::ReviewServiceEvent, ActKind::Queried, &text);
        act(c, cx, id, note, |account, _| Ok(account.ask(ActKind::Queried).map(|account| (account, Figures::ZERO))))
    })
    .await
}

/// Answers what the organiser asked about a service event, or what the client contests.
#[utoipa::path(
    tag = "service-events",
    params(IdempotencyKey),
    responses((status = 200, description = "Answered.", body = ServiceEventView), StateProblems),
    security(("bearer" = ["service-events:write"])),
)]
#[post("/v1/service-events/{id}/answer")]
pub(crate) async fn answer_service_event(
    permit: Permit<ServiceEventsWrite>,
    app: web::Data<App>,
    path: PathId<kind::ServiceEvent>,
    key: IdempotencyKey,
    body: Json<AboutServiceEvent>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let text = body.into_inner();
    app.command(permit.into_caller(), "answer_service_event", &key, &bytes, move |c, cx| {
        let note = about(Action::RecordServiceEvent, ActKind::Answered, &text);
        act(c, cx, id, note, |account, _| Ok(account.answer().map(|account| (account, Figures::ZERO))))
    })
    .await
}

fn about(action: Action, kind: ActKind, text: &str) -> Note {
    Note { action, kind, reason_code: None, reason: Some(text.to_owned()) }
}
