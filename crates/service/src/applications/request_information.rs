//! `POST /v1/applications/{id}/information-request`: an officer asks for more before deciding.

use std::collections::HashSet;

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::application::ApplicationEventKind;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::{Day, Id};
use valinta_persistence::applications::{Event, NewEvent};
use valinta_persistence::{Conn, applications, organisers, rulebooks};

use super::view::{ApplicationView, check_seen, event, target_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::conditional::IfMatch;
use crate::http::permit::ApplicationsDecide;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// How many days ahead an answer is wanted at most.
const DUE_DAYS_MAX: i64 = 366;

/// What more is wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestInformation {
    /// What is asked, in words for the provider.
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    /// Last day for the answer: today or later, within a year. From the day after, the application can be rejected.
    due: Day,
    /// About which requirements of its rulebook more is asked, by their codes.
    #[serde(default)]
    #[validate(length(max = 50))]
    #[schema(max_items = 50, value_type = Vec<valinta_domain::text::CodeText>)]
    requirements: Vec<String>,
}

impl Parse for RequestInformation {
    type Into = Self;

    fn parse(&self, errors: &mut Errors) -> Option<Self> {
        let chars = self.text.chars().count();
        if self.text.trim().is_empty() || chars > TEXT_CHARS_MAX {
            errors.fail("/text", "length", format!("a text of 1 to {TEXT_CHARS_MAX} characters is wanted"));
        }
        let mut seen = HashSet::new();
        for (i, code) in self.requirements.iter().take(50).enumerate() {
            if !seen.insert(code) {
                errors.fail(&format!("/requirements/{i}"), "duplicate", "a requirement is named once");
            }
        }
        Some(self.clone())
    }
}

/// Asks the provider for more about its application. It may rewrite it until it submits it again.
#[utoipa::path(
    tag = "applications",
    params(IdempotencyKey, IfMatch),
    responses((status = 200, description = "Asked.", body = ApplicationView)),
    security(("bearer" = ["applications:decide"])),
)]
#[post("/v1/applications/{id}/information-request")]
pub(crate) async fn request_application_information(
    permit: Permit<ApplicationsDecide>,
    app: web::Data<App>,
    path: PathId<kind::Application>,
    precondition: IfMatch,
    key: IdempotencyKey,
    body: Json<RequestInformation>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "request_application_information", &key, &bytes, move |c, cx| {
        request(c, cx, id, &precondition, &command)
    })
    .await
}

/// Asks for more.
fn request(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Application>,
    precondition: &IfMatch,
    command: &RequestInformation,
) -> Result<Reply<ApplicationView>, Problem> {
    let mut application = found(applications::take(c, id)?)?;
    let target = target_of(&application);
    cx.require(Action::DecideApplication, &target)?;
    check_seen(precondition, &application)?;
    application.state = application.state.ask_for_more()?;
    let organiser = found(organisers::find(c, application.organiser)?)?;
    let rulebook = found(rulebooks::find_rulebook(c, application.rulebook)?)?;
    check(command, &rulebook.terms, cx.today(&organiser)?)?;
    application.answer_due = Some(command.due);
    applications::update(c, &application)?;
    let asked = Event {
        text: Some(command.text.clone()),
        due: Some(command.due),
        requirements: command.requirements.clone(),
        ..event(cx, ApplicationEventKind::InformationRequested)
    };
    let new = NewEvent { organiser: organiser.id, application: id, event: &asked, document: None };
    applications::append_event(c, &new)?;
    let details = json!({"application": id, "provider": application.provider, "due": command.due});
    cx.audit("request_application_information", ("application", id.uuid()), &target, details.clone());
    cx.tell(EventKind::ApplicationInformationRequested, ("application", id.uuid()), &target, details);
    Ok(Reply::ok(ApplicationView::of(application)))
}

fn check(command: &RequestInformation, terms: &RulebookTerms, today: Day) -> Result<(), Problem> {
    let mut errors = Errors::new();
    if command.due < today || command.due > today.plus_days(DUE_DAYS_MAX) {
        let detail = format!("an answer is wanted by a day from today, {today}, on and within {DUE_DAYS_MAX} days");
        errors.fail("/due", "out_of_range", detail);
    }
    for (i, code) in command.requirements.iter().enumerate() {
        if !terms.requirements.iter().any(|requirement| requirement.code == *code) {
            errors.fail(&format!("/requirements/{i}"), "unknown", "the rulebook has no such requirement");
        }
    }
    errors.finish()
}
