//! `POST /v1/providers/{id}/attachments`: a member hands in a file, to be named as what shows a piece of evidence.

use std::sync::Arc;

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_persistence::attachments::Attachment;
use valinta_persistence::{Conn, attachments};

use super::file::{check_type, plain_name, sealed_for, sha256};
use super::view::AttachmentView;
use crate::app::{App, Reply};
use crate::clock::new_uuid;
use crate::cx::Cx;
use crate::http::permit::EvidenceWrite;
use crate::http::upload::{FileBytes, Upload};
use crate::http::{Errors, IdempotencyKey, Parse, PathId, Permit, Problem, ProblemKind, Query};
use crate::storage::Storage;

/// Most files of one provider.
const FILES_MAX: i64 = 2_000;

/// What the file is called.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileName {
    /// Its name, without folders.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200, example = "policy-2026.pdf")]
    name: String,
}

impl Parse for FileName {
    type Into = String;

    fn parse(&self, errors: &mut Errors) -> Option<String> {
        errors.take("/name", plain_name(&self.name))
    }
}

/// Hands in a file: PDF, JPEG or PNG, as it is, of at most 10 MiB. What it is must show in its first bytes. It is kept
/// sealed, and shown to organisers that see a piece of evidence that names it.
#[utoipa::path(
    tag = "evidence",
    params(FileName, IdempotencyKey),
    request_body(content(
        (FileBytes = "application/pdf"),
        (FileBytes = "image/jpeg"),
        (FileBytes = "image/png"),
    )),
    responses((status = 201, description = "Kept.", body = AttachmentView)),
    security(("bearer" = ["evidence:write"])),
)]
#[post("/v1/providers/{id}/attachments")]
pub(crate) async fn hand_in_attachment(
    permit: Permit<EvidenceWrite>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
    query: Query<FileName>,
    key: IdempotencyKey,
    upload: Upload,
) -> Result<HttpResponse, Problem> {
    let (provider, name) = (path.id(), query.into_inner());
    let media_type = upload.media_type();
    check_type(upload.bytes(), media_type)?;
    let files = app.files()?;
    let caller = permit.into_caller();
    // Nobody puts a file where another may not: the place is not asked before that is clear.
    app.read_as(caller.clone(), move |c, cx| may_hand_in(c, cx, provider)).await?;
    let (bytes, place) = upload.into_parts();
    let attachment = Attachment {
        id: Id::new(new_uuid(app.clock().now())),
        provider,
        name,
        media_type: media_type.to_owned(),
        size: i64::try_from(bytes.len()).map_err(Problem::internal)?,
        sha256: sha256(&bytes),
        uploaded_by: caller.subject.clone(),
        uploaded_at: app.clock().now(),
    };
    // The file comes first: a row whose file is not there must never be.
    let id = attachment.id;
    keep(&app, &files, id, bytes.clone()).await?;
    let answer =
        app.command(caller, "hand_in_attachment", &key, &bytes, move |c, cx| hand_in(c, cx, attachment.clone())).await;
    drop(place);
    if is_not_stored(&answer) {
        forget(files, id).await;
    }
    answer
}

fn may_hand_in(c: &mut Conn, cx: &Cx, provider: Id<kind::Provider>) -> Result<Target, Problem> {
    let target = Target { provider: Some(provider), ..Target::default() };
    cx.require(Action::ManageProvider, &target)?;
    if attachments::count_of(c, provider)? >= FILES_MAX {
        return Err(Problem::new(ProblemKind::Conflict, format!("A provider hands in at most {FILES_MAX} files.")));
    }
    Ok(target)
}

fn hand_in(c: &mut Conn, cx: &Cx, attachment: Attachment) -> Result<Reply<AttachmentView>, Problem> {
    let target = may_hand_in(c, cx, attachment.provider)?;
    let attachment = Attachment { uploaded_at: cx.now(), ..attachment };
    attachments::insert(c, &attachment)?;
    let id = attachment.id;
    let details = json!({"provider": attachment.provider, "size": attachment.size, "sha256": attachment.sha256});
    cx.audit("hand_in_attachment", ("attachment", id.uuid()), &target, details);
    Ok(Reply::created(format!("/v1/attachments/{id}"), AttachmentView::of(&attachment)))
}

/// Seals the bytes and keeps them.
async fn keep(app: &App, files: &Arc<dyn Storage>, id: Id<kind::Attachment>, bytes: web::Bytes) -> Result<(), Problem> {
    let (vault, files) = (Arc::clone(app.vault()), Arc::clone(files));
    let kept = web::block(move || {
        let sealed = vault.seal_bytes(&sealed_for(id), &bytes).map_err(Problem::internal)?;
        files.put(&id.to_string(), &sealed).map_err(|error| {
            tracing::error!(%error, "a file could not be kept");
            Problem::new(ProblemKind::Unavailable, "The file could not be kept; nothing was stored.").caused_by(error)
        })
    });
    kept.await.map_err(Problem::internal)?
}

/// Whether it is certain that no row names the file: the command was a repetition, or was refused. Where a commit may
/// have been, the file stays.
fn is_not_stored(answer: &Result<HttpResponse, Problem>) -> bool {
    match answer {
        Ok(answer) => answer.headers().contains_key("idempotent-replayed"),
        Err(problem) => problem.kind().status().is_client_error(),
    }
}

/// Removes a file that nothing names. One that stays is sealed, and in nobody's way.
pub(super) async fn forget(files: Arc<dyn Storage>, id: Id<kind::Attachment>) {
    match web::block(move || files.delete(&id.to_string())).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, attachment = %id, "a file that nothing names could not be removed"),
        Err(error) => tracing::warn!(%error, attachment = %id, "a file that nothing names could not be removed"),
    }
}
