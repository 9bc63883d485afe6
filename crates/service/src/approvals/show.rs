//! `GET /v1/approvals/{id}`: one approval, with its interruptions and their reasons, for those concerned.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::approvals;

use super::view::{ApprovalDetails, detail_of, target_of};
use crate::app::App;
use crate::cx::found;
use crate::http::conditional::{tag_of_version, with_tag};
use crate::http::permit::ApplicationsRead;
use crate::http::{PathId, Permit, Problem};

/// Shows an approval to its provider and to the organiser's officers and auditors.
#[utoipa::path(
    tag = "approvals",
    responses((
        status = 200,
        description = "The approval.",
        body = ApprovalDetails,
        headers(("ETag" = String, description = "Its version.")),
    )),
    security(("bearer" = ["applications:read"])),
)]
#[get("/v1/approvals/{id}")]
pub(crate) async fn show_approval(
    permit: Permit<ApplicationsRead>,
    app: web::Data<App>,
    path: PathId<kind::Approval>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let (details, version) = app
        .read_as(permit.into_caller(), move |c, cx| {
            let approval = found(approvals::find(c, id)?)?;
            cx.require(Action::ReadApplication, &target_of(&approval))?;
            let version = approval.version;
            Ok((detail_of(c, cx, approval)?, version))
        })
        .await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(version)).json(details))
}
