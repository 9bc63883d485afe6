//! `POST /v1/evidence/{id}/withdraw`: a member takes a piece of evidence back.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::evidence::Evidence;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::{Conn, approvals, evidence};

use super::sight::Sight;
use super::view::{EvidenceView, view_of};
use crate::app::{App, Reply};
use crate::approvals::refresh_lapses_of_provider;
use crate::cx::{Cx, found};
use crate::http::permit::EvidenceWrite;
use crate::http::{IdempotencyKey, Json, PathId, Permit, Problem, ProblemKind};
use crate::parse_as_is;

/// Nothing more needs to be said.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawEvidence {}
parse_as_is!(WithdrawEvidence);

/// Takes a piece of evidence back. From today on it holds for nobody; where nothing else shows what it showed, the
/// provider's units take no new choices until something does.
#[utoipa::path(
    tag = "evidence",
    params(IdempotencyKey),
    responses((status = 200, description = "Taken back.", body = EvidenceView)),
    security(("bearer" = ["evidence:write"])),
)]
#[post("/v1/evidence/{id}/withdraw")]
pub(crate) async fn withdraw_evidence(
    permit: Permit<EvidenceWrite>,
    app: web::Data<App>,
    path: PathId<kind::Evidence>,
    key: IdempotencyKey,
    body: Json<WithdrawEvidence>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    app.command(permit.into_caller(), "withdraw_evidence", &key, &bytes, move |c, cx| withdraw(c, cx, id)).await
}

fn withdraw(c: &mut Conn, cx: &Cx, id: Id<kind::Evidence>) -> Result<Reply<EvidenceView>, Problem> {
    let piece = found(evidence::find(c, id)?)?;
    let target = Target { provider: Some(piece.provider), ..Target::default() };
    cx.require(Action::ManageProvider, &target)?;
    // Held before the piece is: who looks at it at the same moment holds the provider first.
    approvals::hold_all_of(c, piece.provider)?;
    take_back(c, cx, &piece)?;
    refresh_lapses_of_provider(c, cx, piece.provider)?;
    let withdrawn = found(evidence::find(c, id)?)?;
    Ok(Reply::ok(view_of(c, cx, withdrawn, &Sight::Member)?))
}

/// Takes a piece of evidence back, and notes it. What lapses by it, the caller looks at afterwards.
///
/// # Errors
/// It was taken back before (409).
pub(super) fn take_back(c: &mut Conn, cx: &Cx, piece: &Evidence) -> Result<(), Problem> {
    if !evidence::withdraw(c, piece.id, (cx.now(), &cx.actor().subject))? {
        return Err(Problem::new(ProblemKind::WrongState, "The evidence has been taken back before."));
    }
    let target = Target { provider: Some(piece.provider), ..Target::default() };
    let details = json!({"provider": piece.provider, "kind": piece.kind});
    cx.audit("withdraw_evidence", ("evidence", piece.id.uuid()), &target, details.clone());
    cx.tell(EventKind::EvidenceWithdrawn, ("evidence", piece.id.uuid()), &target, details);
    Ok(())
}
