//! `POST /v1/service-events/{id}/contest`: the client says that a service was not given, or not so.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::service_event::account::{ActKind, Figures};
use valinta_domain::{Day, Id};
use valinta_persistence::service_events::ServiceEvent;
use valinta_persistence::{Conn, organisers, voucher_types};

use super::act::{Note, act};
use super::reasons::{REASON_CHARS_MAX, said};
use super::view::ServiceEventView;
use crate::app::{App, Reply};
use crate::cx::{Cx, day_at, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::ServiceEventsContest;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};

/// What is contested.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContestServiceEvent {
    /// What is wrong with it, as the provider and the organiser are told. No matters of health belong here.
    #[validate(length(min = 1, max = "REASON_CHARS_MAX"))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

impl Parse for ContestServiceEvent {
    type Into = String;

    fn parse(&self, errors: &mut Errors) -> Option<String> {
        said(errors, "/reason", &self.reason)
    }
}

/// Contests a service that was recorded for the caller. If it was not settled yet, it is not before that is answered. The
/// rulebook says for how many days after the recording.
#[utoipa::path(
    tag = "service-events",
    params(IdempotencyKey),
    responses((status = 200, description = "Contested.", body = ServiceEventView), StateProblems),
    security(("bearer" = ["service-events:contest"])),
)]
#[post("/v1/service-events/{id}/contest")]
pub(crate) async fn contest_service_event(
    permit: Permit<ServiceEventsContest>,
    app: web::Data<App>,
    path: PathId<kind::ServiceEvent>,
    key: IdempotencyKey,
    body: Json<ContestServiceEvent>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let reason = body.into_inner();
    let run = move |c: &mut Conn, cx: &Cx| contest(c, cx, id, &reason);
    app.command(permit.into_caller(), "contest_service_event", &key, &bytes, run).await
}

fn contest(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::ServiceEvent>,
    reason: &str,
) -> Result<Reply<ServiceEventView>, Problem> {
    // Read before it is taken: what it says of the event never changes.
    let until = match valinta_persistence::service_events::find(c, id)? {
        Some(event) => Some(last_day(c, &event)?),
        None => None,
    };
    let note = Note {
        action: Action::ContestServiceEvent,
        kind: ActKind::Contested,
        reason_code: None,
        reason: Some(reason.to_owned()),
    };
    act(c, cx, id, note, |account, _| {
        if let Some((until, today)) = until.map(|(until, zone)| (until, day_at(cx.now(), &zone)))
            && today? > until
        {
            let why = format!("The service could be contested until {until}.");
            return Err(Problem::new(ProblemKind::WrongState, why));
        }
        Ok(account.ask(ActKind::Contested).map(|account| (account, Figures::ZERO)))
    })
}

/// The last day on which an event can be contested, with whose day it is.
fn last_day(c: &mut Conn, event: &ServiceEvent) -> Result<(Day, organisers::Organiser), Problem> {
    let organiser = found(organisers::find(c, event.organiser)?)?;
    let rulebook = found(voucher_types::find_rulebook(c, event.rulebook)?)?;
    let recorded = day_at(event.recorded_at, &organiser)?;
    let days = rulebook.terms.recording.acceptance.contest_days;
    Ok((recorded.plus_days(i64::from(days)), organiser))
}
