//! `POST /v1/evidence/{id}/checks`: an officer says what was found when the evidence was looked at.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::event::{EventKind, Hearers};
use valinta_domain::evidence::{CheckOutcome, EvidenceCheck};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::{Conn, approvals, evidence};

use super::sight::sight_of;
use super::view::{EvidenceView, view_of};
use crate::app::{App, Reply};
use crate::approvals::refresh_lapses_of_provider;
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::EvidenceCheck as EvidenceCheckScope;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};

/// What was found.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckEvidence {
    /// Whether it shows what it should.
    outcome: CheckOutcome,
    /// The organiser's own check that this one replaces: the latest that the officer has seen. Left out where the
    /// organiser has not looked at it before.
    replaces: Option<Id<kind::EvidenceCheck>>,
    /// Why, in words for the provider. A rejection has reasons.
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    note: Option<String>,
}

impl Parse for CheckEvidence {
    type Into = Self;

    fn parse(&self, errors: &mut Errors) -> Option<Self> {
        let says = self.note.as_ref().is_some_and(|note| !note.trim().is_empty());
        if self.outcome == CheckOutcome::Rejected && !says {
            errors.fail("/note", "missing_field", "the provider is told why its evidence is not accepted");
            return None;
        }
        Some(self.clone())
    }
}

/// Notes what was found, for the officer's own organiser. It counts from today on: an acceptance lets the evidence hold,
/// a rejection ends it. Where a requirement is shown no more, the provider's units take no new choices from today.
///
/// Whoever looks again says which check is replaced. Of two officers who look at once, the second is told what the first
/// has found, and nothing is noted.
#[utoipa::path(
    tag = "evidence",
    params(IdempotencyKey),
    responses((status = 201, description = "Noted.", body = EvidenceView), StateProblems),
    security(("bearer" = ["evidence:check"])),
)]
#[post("/v1/evidence/{id}/checks")]
pub(crate) async fn check_evidence(
    permit: Permit<EvidenceCheckScope>,
    app: web::Data<App>,
    path: PathId<kind::Evidence>,
    key: IdempotencyKey,
    body: Json<CheckEvidence>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "check_evidence", &key, &bytes, move |c, cx| check(c, cx, id, &command)).await
}

fn check(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Evidence>,
    command: &CheckEvidence,
) -> Result<Reply<EvidenceView>, Problem> {
    let piece = found(evidence::find(c, id)?)?;
    let (target, sight) = sight_of(c, cx, piece.provider)?;
    sight.require(&piece)?;
    cx.require(Action::CheckEvidence, &target)?;
    let organiser = cx.own_organiser(c)?;
    // Of two who look at once, the second sees what the first has found; and whether it has been taken back meanwhile.
    approvals::hold_all_of(c, piece.provider)?;
    let piece = found(evidence::find(c, id)?)?;
    if piece.withdrawn.is_some() {
        return Err(Problem::new(ProblemKind::WrongState, "The provider has taken the evidence back."));
    }
    let before = evidence::checks_of(c, organiser.id, &[id])?.remove(&id).unwrap_or_default();
    replaces_the_latest(command.replaces, before.last())?;
    let found = EvidenceCheck {
        id: cx.id(),
        organiser: organiser.id,
        evidence: id,
        outcome: command.outcome,
        day: cx.today(&organiser)?,
        note: command.note.clone(),
        checked_by: cx.actor().subject.clone(),
        checked_at: cx.now(),
    };
    evidence::insert_check(c, &found)?;
    let details = json!({
        "provider": piece.provider,
        "outcome": found.outcome,
        "day": found.day,
        "replaces": command.replaces,
    });
    cx.audit("check_evidence", ("evidence", id.uuid()), &target, details.clone());
    let hearers = Hearers::both(organiser.id, piece.provider);
    cx.tell(EventKind::EvidenceChecked, ("evidence", id.uuid()), hearers, details);
    refresh_lapses_of_provider(c, cx, piece.provider)?;
    Ok(Reply::created(format!("/v1/evidence/{id}"), view_of(c, cx, piece, &sight)?))
}

/// Lets a check be made by one who knows what was found before.
fn replaces_the_latest(
    replaces: Option<Id<kind::EvidenceCheck>>,
    latest: Option<&EvidenceCheck>,
) -> Result<(), Problem> {
    if replaces == latest.map(|check| check.id) {
        return Ok(());
    }
    let (detail, told) = match latest {
        Some(check) => (
            format!("It has been looked at: the organiser's latest check is that it is {}.", check.outcome.code()),
            format!("the latest check is {}", check.id),
        ),
        None => ("The organiser has not looked at it before.".to_owned(), "there is no such check".to_owned()),
    };
    Err(Problem::new(ProblemKind::Conflict, detail).at("/replaces", "changed", told))
}
