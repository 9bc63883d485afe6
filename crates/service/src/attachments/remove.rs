//! `DELETE /v1/attachments/{id}`: a member takes away a file that was handed in by mistake, as long as nothing names it.

use actix_web::{HttpResponse, delete, web};
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::{Conn, DbError, attachments};

use super::hand_in::forget;
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::EvidenceWrite;
use crate::http::{PathId, Permit, Problem, ProblemKind};

/// Takes away a file of the caller's that no evidence names: it is gone, and only that it was there is remembered. One that
/// evidence names stays, as what was shown; that evidence was taken back does not change what organisers have seen.
#[utoipa::path(
    tag = "evidence",
    responses((status = 204, description = "Gone."), StateProblems),
    security(("bearer" = ["evidence:write"])),
)]
#[delete("/v1/attachments/{id}")]
pub(crate) async fn remove_attachment(
    permit: Permit<EvidenceWrite>,
    app: web::Data<App>,
    path: PathId<kind::Attachment>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let files = app.files()?;
    app.write(permit.into_caller(), move |c, cx| remove(c, cx, id)).await?;
    // The row goes first: one whose file is not there must never be.
    forget(files, id).await;
    Ok(HttpResponse::NoContent().finish())
}

fn remove(c: &mut Conn, cx: &Cx, id: Id<kind::Attachment>) -> Result<(), Problem> {
    let attachment = found(attachments::find(c, id)?)?;
    let target = Target { provider: Some(attachment.provider), ..Target::default() };
    cx.require(Action::ManageProvider, &target)?;
    if !attachments::shown_by(c, id)?.is_empty() {
        return Err(named());
    }
    // Evidence that names it may have been given at the same moment.
    let by_then = |error| if matches!(error, DbError::ForeignKey { .. }) { named() } else { Problem::from(error) };
    let gone = attachments::delete(c, id).map_err(by_then)?;
    if !gone {
        return Err(Problem::not_found());
    }
    let details = json!({"provider": attachment.provider, "size": attachment.size, "sha256": attachment.sha256});
    cx.audit("remove_attachment", ("attachment", id.uuid()), &target, details);
    Ok(())
}

fn named() -> Problem {
    Problem::new(ProblemKind::WrongState, "A piece of evidence names the file: it stays, as what was shown.")
}
