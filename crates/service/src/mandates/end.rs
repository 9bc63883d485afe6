//! `POST /v1/clients/{id}/mandates/{part_id}/end`: a case worker ends what let a person act for a client.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::behalf::{MandateEndReason, ended_from};
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::mandates::EndedMandate;
use valinta_persistence::{Conn, clients, mandates, organisers};

use super::note;
use super::view::MandateView;
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::MandatesWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathIds, Permit, Problem, ProblemKind};

/// The end of a mandate.
#[derive(Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndMandate {
    /// Why it ends.
    reason: MandateEndReason,
    /// What else is to be known of it. Wanted where the reason is another one. Kept sealed.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 2000)]
    note: Option<String>,
}

impl Parse for EndMandate {
    type Into = (MandateEndReason, Option<String>);

    fn parse(&self, errors: &mut Errors) -> Option<Self::Into> {
        let note = note(errors, "/note", self.note.as_deref(), self.reason == MandateEndReason::Other)?;
        Some((self.reason, note))
    }
}

/// Ends a mandate at once: it lets nothing be done from now on. What was done by it stands.
#[utoipa::path(
    tag = "clients",
    params(IdempotencyKey),
    responses((status = 200, description = "Ended.", body = MandateView)),
    security(("bearer" = ["mandates:write"])),
)]
#[post("/v1/clients/{id}/mandates/{part_id}/end")]
pub(crate) async fn end_mandate(
    permit: Permit<MandatesWrite>,
    app: web::Data<App>,
    path: PathIds<kind::Client, kind::Mandate>,
    key: IdempotencyKey,
    body: Json<EndMandate>,
) -> Result<HttpResponse, Problem> {
    let (PathIds(client, id), bytes) = (path, body.bytes().to_vec());
    let (reason, note) = body.into_inner();
    app.command(permit.into_caller(), "end_mandate", &key, &bytes, move |c, cx| {
        let ended = EndedMandate { reason, note: note.clone(), by: cx.actor().subject.clone(), at: cx.now() };
        end(c, cx, client, id, ended)
    })
    .await
}

fn end(
    c: &mut Conn,
    cx: &Cx,
    client: Id<kind::Client>,
    id: Id<kind::Mandate>,
    ended: EndedMandate,
) -> Result<Reply<MandateView>, Problem> {
    let (organiser, person) = found(clients::take(c, client)?)?;
    let target = Target { organiser: Some(organiser), provider: None, person: Some(person) };
    cx.require(Action::ServeClient, &target)?;
    let mut mandate = found(mandates::find(c, cx.vault(), client, id)?)?;
    let today = cx.today(&found(organisers::find(c, organiser)?)?)?;
    if mandate.ended.is_some() || mandate.valid_to.is_some_and(|to| to <= today) {
        return Err(Problem::new(ProblemKind::WrongState, "The mandate is over already."));
    }
    let from = ended_from(mandate.valid_from, today);
    mandates::end(c, cx.vault(), id, from, &ended)?;
    let until = mandate.valid_to.map(|to| to.plus_days(-1));
    let details = json!({"client": client, "reason": ended.reason, "would_have_held_until": until});
    (mandate.valid_to, mandate.ended) = (Some(from), Some(ended));
    cx.audit("end_mandate", ("mandate", id.uuid()), &target, details);
    let payload = json!({"mandate": id, "client": client});
    cx.tell(EventKind::MandateEnded, ("mandate", id.uuid()), &target, payload);
    Ok(Reply::ok(MandateView::of(mandate, cx, today)))
}
