//! `POST /v1/clients/{id}/mandates`: a case worker records that a person may act for a client.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::behalf::{MANDATES_MAX, MandateBasis, MandateScope, mandate_period};
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::identifiers::PersonalIdentityCode;
use valinta_domain::policy::{Action, Target};
use valinta_domain::{Day, Id};
use valinta_persistence::mandates::RecordedMandate;
use valinta_persistence::{Conn, DbError, clients, mandates, organisers};

use super::note;
use super::view::MandateView;
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::MandatesWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};
use crate::providers::not_blank;

/// What lets a person act for a client.
#[derive(Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordMandate {
    /// Who acts.
    #[validate(nested)]
    representative: RepresentativeRequest,
    /// What it lets the representative do.
    scope: MandateScope,
    /// What it rests on.
    basis: MandateBasis,
    /// What else is to be known of it, such as the number of the decision. Wanted where the basis is another one. Kept
    /// sealed.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 2000)]
    note: Option<String>,
    /// First day; today if nothing is said.
    #[serde(default)]
    valid_from: Option<Day>,
    /// Last day; until it is ended if nothing is said.
    #[serde(default)]
    valid_until: Option<Day>,
}

/// One who acts for a client.
#[derive(Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RepresentativeRequest {
    /// Personal identity code. The person is known by a keyed hash of it; the code itself is not kept.
    #[validate(length(min = 1, max = 11))]
    #[schema(min_length = 11, max_length = 11, example = "010594Y9032")]
    personal_identity_code: String,
    /// Full name. Kept sealed.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
}

/// What is to be recorded.
#[derive(Clone)]
pub(crate) struct RecordCommand {
    identity_code: PersonalIdentityCode,
    name: String,
    scope: MandateScope,
    basis: MandateBasis,
    note: Option<String>,
    valid_from: Option<Day>,
    valid_until: Option<Day>,
}

impl Parse for RecordMandate {
    type Into = RecordCommand;

    fn parse(&self, errors: &mut Errors) -> Option<RecordCommand> {
        let who = &self.representative;
        let identity_code = errors.take(CODE_POINTER, who.personal_identity_code.parse::<PersonalIdentityCode>());
        let name = errors.take("/representative/name", not_blank(&who.name));
        let note = note(errors, "/note", self.note.as_deref(), self.basis == MandateBasis::Other);
        Some(RecordCommand {
            identity_code: identity_code?,
            name: name?,
            scope: self.scope,
            basis: self.basis,
            note: note?,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        })
    }
}

const CODE_POINTER: &str = "/representative/personal_identity_code";

/// Records that a person may act for a client: on the mandate's days, for what its scope says, with this organiser alone.
#[utoipa::path(
    tag = "clients",
    params(IdempotencyKey),
    responses((status = 201, description = "Recorded.", body = MandateView)),
    security(("bearer" = ["mandates:write"])),
)]
#[post("/v1/clients/{id}/mandates")]
pub(crate) async fn record_mandate(
    permit: Permit<MandatesWrite>,
    app: web::Data<App>,
    path: PathId<kind::Client>,
    key: IdempotencyKey,
    body: Json<RecordMandate>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "record_mandate", &key, &bytes, move |c, cx| record(c, cx, id, &command)).await
}

/// Records a mandate. The client is taken, so that no other one is recorded or ended meanwhile.
fn record(
    c: &mut Conn,
    cx: &Cx,
    client: Id<kind::Client>,
    command: &RecordCommand,
) -> Result<Reply<MandateView>, Problem> {
    let (organiser, person) = found(clients::take(c, client)?)?;
    let target = Target { organiser: Some(organiser), provider: None, person: Some(person) };
    cx.require(Action::ServeClient, &target)?;
    let today = cx.today(&found(organisers::find(c, organiser)?)?)?;
    let period =
        mandate_period(command.valid_from.unwrap_or(today), command.valid_until, today).map_err(|refused| {
            Problem::invalid(Vec::new()).at(&format!("/{}", refused.member()), "out_of_range", refused)
        })?;
    let representative = clients::ensure_person(c, cx.vault(), cx.id(), &command.identity_code, cx.now())?;
    if representative == person {
        return Err(Problem::invalid(Vec::new()).at(
            CODE_POINTER,
            "same_person",
            "nobody represents themselves: this is the client's own code",
        ));
    }
    if mandates::holds_within(c, client, representative, command.scope, period)? {
        return Err(recorded_already());
    }
    if mandates::held_by(c, representative, today)? >= i64::from(MANDATES_MAX) {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!("The representative holds {MANDATES_MAX} mandates that are not over: end some of them first."),
        ));
    }
    let mandate = RecordedMandate {
        id: cx.id(),
        organiser,
        client,
        person,
        representative,
        representative_name: command.name.clone(),
        scope: command.scope,
        basis: command.basis,
        note: command.note.clone(),
        valid_from: period.from(),
        valid_to: period.to(),
        recorded_by: cx.actor().subject.clone(),
        recorded_at: cx.now(),
        ended: None,
    };
    mandates::insert(c, cx.vault(), &mandate).map_err(unless_recorded)?;
    let details = json!({"client": client, "scope": mandate.scope, "basis": mandate.basis});
    cx.audit("record_mandate", ("mandate", mandate.id.uuid()), &target, details);
    // The representative's data are somebody's too: whose they are can see who recorded them.
    let of_representative = Target { person: Some(representative), ..target };
    cx.audit("record_mandate", ("mandate", mandate.id.uuid()), &of_representative, json!({}));
    let payload = json!({"mandate": mandate.id, "client": client, "scope": mandate.scope});
    cx.tell(EventKind::MandateRecorded, ("mandate", mandate.id.uuid()), &target, payload);
    let place = format!("/v1/clients/{client}/mandates");
    Ok(Reply::created(place, MandateView::of(mandate, cx, today)))
}

fn recorded_already() -> Problem {
    Problem::new(ProblemKind::Duplicate, "The same mandate holds on some of these days already.").at(
        CODE_POINTER,
        "duplicate",
        "the same person has the same mandate for the client on some of these days",
    )
}

/// What the database refused, where the same mandate was recorded in between.
fn unless_recorded(error: DbError) -> Problem {
    if error.is_unique("mandates_open") { recorded_already() } else { error.into() }
}
