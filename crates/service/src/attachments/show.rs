//! `GET /v1/attachments/{id}`: the bytes of a file, to be saved and not to be displayed.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_persistence::attachments::Attachment;
use valinta_persistence::{Conn, attachments, evidence};

use super::file::{sealed_for, sha256};
use crate::app::App;
use crate::cx::{Cx, found};
use crate::evidence::{Sight, sight_of};
use crate::http::permit::ProvidersRead;
use crate::http::upload::FileBytes;
use crate::http::{PathId, Permit, Problem, ProblemKind};

/// Gives a file, to the members of its provider and to organisers that see a piece of evidence that names it. It comes
/// as an attachment, for no browser to display.
#[utoipa::path(
    tag = "evidence",
    responses((
        status = 200,
        description = "The file.",
        content((FileBytes = "application/pdf"), (FileBytes = "image/jpeg"), (FileBytes = "image/png")),
    )),
    security(("bearer" = ["providers:read"])),
)]
#[get("/v1/attachments/{id}")]
pub(crate) async fn show_attachment(
    permit: Permit<ProvidersRead>,
    app: web::Data<App>,
    path: PathId<kind::Attachment>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let files = app.files()?;
    let attachment = app.write(permit.into_caller(), move |c, cx| show(c, cx, id)).await?;
    let vault = Arc::clone(app.vault());
    let wanted = attachment.sha256.clone();
    let read = web::block(move || {
        let sealed = files.get(&id.to_string()).map_err(|error| away(&id, error))?;
        let sealed = sealed.ok_or_else(|| unreadable(&id, "it is not there"))?;
        let bytes = vault.open_bytes(&sealed_for(id), &sealed).map_err(|error| unreadable(&id, error))?;
        if sha256(&bytes) == wanted { Ok(bytes) } else { Err(unreadable(&id, "its hash is another one")) }
    });
    let bytes = read.await.map_err(Problem::internal)??;
    Ok(HttpResponse::Ok()
        .content_type(attachment.media_type.as_str())
        .insert_header((header::CONTENT_DISPOSITION, disposition(&attachment.name)))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(bytes))
}

fn show(c: &mut Conn, cx: &Cx, id: Id<kind::Attachment>) -> Result<Attachment, Problem> {
    let attachment = found(attachments::find(c, id)?)?;
    let (target, sight) = sight_of(c, cx, attachment.provider)?;
    match &sight {
        Sight::Member => {}
        Sight::Organiser(_, asked) => {
            let shown = attachments::shown_by(c, id)?;
            let seen = evidence::find_many(c, &shown)?.iter().any(|piece| asked.covers(piece));
            if !seen {
                return Err(Problem::not_found());
            }
        }
    }
    let details = json!({"provider": attachment.provider, "sha256": attachment.sha256});
    cx.audit("show_attachment", ("attachment", id.uuid()), &target, details);
    Ok(attachment)
}

/// The place where files are kept does not answer, or not now.
fn away(id: &Id<kind::Attachment>, cause: impl std::fmt::Display) -> Problem {
    tracing::error!(attachment = %id, %cause, "a file that was handed in could not be read");
    Problem::new(ProblemKind::Unavailable, "The file could not be read now.").caused_by(cause)
}

/// What is kept is not what was handed in.
fn unreadable(id: &Id<kind::Attachment>, cause: impl std::fmt::Display) -> Problem {
    tracing::error!(attachment = %id, %cause, "a file that was handed in cannot be read");
    Problem::new(ProblemKind::Internal, "The file is damaged or missing. The operator has been told.").caused_by(cause)
}

/// The header by which a browser saves a file under its name (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let mut coded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            coded.push(char::from(byte));
        } else {
            coded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename*=UTF-8''{coded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_letters_fits_into_the_header() {
        assert_eq!(disposition("policy.pdf"), "attachment; filename*=UTF-8''policy.pdf");
        assert_eq!(disposition("Ä \"1\";.pdf"), "attachment; filename*=UTF-8''%C3%84%20%221%22%3B.pdf");
    }
}
