//! `GET /v1/applications/{id}/document`: what was handed in, to the byte.

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::applications;

use super::submit::SubmittedApplication;
use super::view::target_of;
use crate::app::App;
use crate::cx::found;
use crate::http::permit::ApplicationsRead;
use crate::http::{PathId, Permit, Problem, Query};
use crate::parse_as_is;

/// Which of several.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DocumentFilter {
    /// The one with this hash, as the application's history names it; the last one if nothing is said.
    #[validate(length(equal = 64))]
    #[param(min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
    sha256: Option<String>,
}
parse_as_is!(DocumentFilter);

/// Gives what was handed in, as it was hashed: SHA-256 over the bytes of this answer is the hash of the signature.
#[utoipa::path(
    tag = "applications",
    params(DocumentFilter),
    responses((status = 200, description = "What was handed in.", body = SubmittedApplication)),
    security(("bearer" = ["applications:read"])),
)]
#[get("/v1/applications/{id}/document")]
pub(crate) async fn show_application_document(
    permit: Permit<ApplicationsRead>,
    app: web::Data<App>,
    path: PathId<kind::Application>,
    query: Query<DocumentFilter>,
) -> Result<HttpResponse, Problem> {
    let (id, sha256) = (path.id(), query.into_inner().sha256);
    let text = app
        .read_as(permit.into_caller(), move |c, cx| {
            let application = found(applications::find(c, id)?)?;
            cx.require(Action::ReadApplication, &target_of(&application))?;
            found(applications::document_of(c, id, sha256.as_deref())?)
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/json")).body(text))
}
