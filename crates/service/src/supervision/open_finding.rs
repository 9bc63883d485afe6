//! `POST /v1/findings`: an officer notes what supervision has found, at a provider or a unit, bought or own alike.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::event::EventKind;
use valinta_domain::finding::{Finding, FindingState, FindingSubject};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::{Day, Id};
use valinta_persistence::{Conn, findings, providers};

use super::finding_view::FindingView;
use super::words;
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::openapi::StateProblems;
use crate::http::permit::ApprovalsSupervise;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem};
use crate::providers::target_of;

/// How far ahead a deadline may be.
const AHEAD_DAYS_MAX: i64 = 400;

/// What was found.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenFinding {
    /// At which provider.
    provider: Id<kind::Provider>,
    /// At which of its units, if at one.
    unit: Option<Id<kind::ServiceUnit>>,
    /// What it is about.
    subject: FindingSubject,
    /// What was found, for the provider to read. It names no client.
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    description: String,
    /// The day on which it was found; today if nothing is said.
    found_on: Option<Day>,
    /// Last day for putting it right, if there is one.
    deadline: Option<Day>,
}

/// A finding to be noted.
#[derive(Debug, Clone)]
pub(crate) struct OpenCommand {
    provider: Id<kind::Provider>,
    unit: Option<Id<kind::ServiceUnit>>,
    subject: FindingSubject,
    description: String,
    found_on: Option<Day>,
    deadline: Option<Day>,
}

impl Parse for OpenFinding {
    type Into = OpenCommand;

    fn parse(&self, errors: &mut Errors) -> Option<OpenCommand> {
        Some(OpenCommand {
            provider: self.provider,
            unit: self.unit,
            subject: self.subject,
            description: words(errors, "/description", &self.description)?,
            found_on: self.found_on,
            deadline: self.deadline,
        })
    }
}

/// Notes a finding of supervision. The provider is told, and answers it.
#[utoipa::path(
    tag = "supervision",
    params(IdempotencyKey),
    responses((status = 201, description = "Noted.", body = FindingView), StateProblems),
    security(("bearer" = ["approvals:supervise"])),
)]
#[post("/v1/findings")]
pub(crate) async fn open_finding(
    permit: Permit<ApprovalsSupervise>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<OpenFinding>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let command = body.into_inner();
    app.command(permit.into_caller(), "open_finding", &key, &bytes, move |c, cx| open(c, cx, &command)).await
}

/// Notes a finding.
fn open(c: &mut Conn, cx: &Cx, command: &OpenCommand) -> Result<Reply<FindingView>, Problem> {
    let unknown = || Problem::unknown("/provider", "there is no such provider among those that the organiser knows");
    let organiser = cx.own_organiser(c)?;
    providers::find(c, command.provider)?.ok_or_else(unknown)?;
    let target = target_of(c, cx, command.provider)?;
    target.organiser.ok_or_else(unknown)?;
    cx.require(Action::Supervise, &target)?;
    let today = cx.today(&organiser)?;
    check_unit(c, command)?;
    check_days(command, today)?;
    let finding = Finding {
        id: cx.id(),
        organiser: organiser.id,
        provider: command.provider,
        unit: command.unit,
        subject: command.subject,
        description: command.description.clone(),
        found_on: command.found_on.unwrap_or(today),
        deadline: command.deadline,
        state: FindingState::Open,
        answer: None,
        conclusion: None,
        created_by: cx.actor().subject.clone(),
        created_at: cx.now(),
        version: 1,
    };
    findings::insert(c, &finding)?;
    let details = json!({
        "finding": finding.id,
        "provider": finding.provider,
        "unit": finding.unit,
        "subject": finding.subject,
        "deadline": finding.deadline,
    });
    cx.audit("open_finding", ("finding", finding.id.uuid()), &target, details.clone());
    cx.tell(EventKind::FindingOpened, ("finding", finding.id.uuid()), &target, details);
    Ok(Reply::created(format!("/v1/findings/{}", finding.id), FindingView::of(finding, cx)))
}

fn check_unit(c: &mut Conn, command: &OpenCommand) -> Result<(), Problem> {
    let Some(id) = command.unit else { return Ok(()) };
    match providers::find_unit(c, id)?.filter(|unit| unit.provider == command.provider) {
        Some(_) => Ok(()),
        None => Err(Problem::unknown("/unit", "the provider has no such unit")),
    }
}

fn check_days(command: &OpenCommand, today: Day) -> Result<(), Problem> {
    let mut errors = Errors::new();
    if command.found_on.is_some_and(|day| day > today) {
        errors.fail("/found_on", "in_the_future", format!("it was found today, {today}, or before"));
    }
    match command.deadline {
        Some(day) if day < today => {
            errors.fail("/deadline", "in_the_past", format!("it is today, {today}, or later"));
        }
        Some(day) if day > today.plus_days(AHEAD_DAYS_MAX) => {
            errors.fail("/deadline", "too_far_ahead", format!("it is within {AHEAD_DAYS_MAX} days"));
        }
        Some(_) | None => {}
    }
    errors.finish()
}
