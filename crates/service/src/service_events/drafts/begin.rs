//! `POST /v1/service-event-drafts`: a provider begins to record a service of which something is still missing.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::service_event::draft::{DraftState, next_told};
use valinta_persistence::Conn;
use valinta_persistence::event_drafts::{self, Draft};

use super::content::DraftServiceEvent;
use super::view::DraftView;
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::permit::ServiceEventsWrite;
use crate::http::{IdempotencyKey, Json, Permit, Problem, ProblemKind, Query};
use crate::parse_as_is;

/// Most drafts of a provider that are open.
const DRAFTS_MAX: i64 = 10_000;

/// For whom a draft is begun.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DraftQuery {
    /// For which provider, where the caller acts for several.
    provider: Option<Id<kind::Provider>>,
}
parse_as_is!(DraftQuery);

/// Begins to record a service. Any part of it may be missing: nothing is checked before it is recorded.
///
/// A draft waits until it is recorded or discarded. Its provider is reminded of it before the last day on which it can be
/// recorded (`service_event_draft.due` in the outbox), and told when that has passed (`service_event_draft.too_late`).
#[utoipa::path(
    tag = "service-events",
    params(IdempotencyKey, DraftQuery),
    responses((status = 201, description = "Begun.", body = DraftView)),
    security(("bearer" = ["service-events:write"])),
)]
#[post("/v1/service-event-drafts")]
pub(crate) async fn begin_service_event_draft(
    permit: Permit<ServiceEventsWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    query: Query<DraftQuery>,
    body: Json<DraftServiceEvent>,
) -> Result<HttpResponse, Problem> {
    let (provider, bytes) = (query.into_inner().provider, body.bytes().to_vec());
    let content = body.into_inner();
    let begin = move |c: &mut Conn, cx: &Cx| begin(c, cx, provider, &content);
    app.command(permit.into_caller(), "begin_service_event_draft", &key, &bytes, begin).await
}

fn begin(
    c: &mut Conn,
    cx: &Cx,
    provider: Option<Id<kind::Provider>>,
    content: &DraftServiceEvent,
) -> Result<Reply<DraftView>, Problem> {
    let provider = match (provider, cx.actor().memberships.as_slice()) {
        (Some(provider), _) => provider,
        (None, []) => return Err(Problem::not_found()),
        (None, [one]) => one.provider,
        (None, _) => {
            let why = "the caller acts for several providers: say for which";
            return Err(Problem::invalid(Vec::new()).at("/query/provider", "missing_field", why));
        }
    };
    let target = Target { provider: Some(provider), ..Target::default() };
    cx.require(Action::RecordServiceEvent, &target)?;
    if event_drafts::count_open(c, provider)? >= DRAFTS_MAX {
        let why = format!("A provider has at most {DRAFTS_MAX} open drafts: record or discard some.");
        return Err(Problem::new(ProblemKind::WrongState, why));
    }
    let days = content.days(c, provider, (cx.now(), cx.now()))?;
    let draft = Draft {
        id: cx.id(),
        provider,
        content: serde_json::to_string(content).map_err(Problem::internal)?,
        state: DraftState::Open,
        event: None,
        deadline: days.deadline,
        tell_on: next_told(days.deadline, &days.remind_days, days.today),
        begun_by: cx.actor().subject.clone(),
        begun_at: cx.now(),
        ended_at: None,
        version: 1,
    };
    event_drafts::insert(c, &draft)?;
    cx.audit("begin_service_event_draft", ("service_event_draft", draft.id.uuid()), &target, json!({}));
    let location = format!("/v1/service-event-drafts/{}", draft.id);
    Ok(Reply::created(location, DraftView::of(draft, cx.now())?))
}
