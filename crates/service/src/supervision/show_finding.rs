//! `GET /v1/findings/{id}`: one finding, for its provider and the organiser's officers and auditors.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::findings;

use super::finding_view::{FindingView, target_of};
use crate::app::App;
use crate::cx::found;
use crate::http::conditional::{tag_of_version, with_tag};
use crate::http::permit::SupervisionRead;
use crate::http::{PathId, Permit, Problem};

/// Shows a finding to its provider and to the organiser's officers and auditors.
#[utoipa::path(
    tag = "supervision",
    responses((
        status = 200,
        description = "The finding.",
        body = FindingView,
        headers(("ETag" = String, description = "Its version.")),
    )),
    security(("bearer" = ["supervision:read"])),
)]
#[get("/v1/findings/{id}")]
pub(crate) async fn show_finding(
    permit: Permit<SupervisionRead>,
    app: web::Data<App>,
    path: PathId<kind::Finding>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let (view, version) = app
        .read_as(permit.into_caller(), move |c, cx| {
            let finding = found(findings::find(c, id)?)?;
            cx.require(Action::ReadSupervision, &target_of(&finding))?;
            let version = finding.version;
            Ok((FindingView::of(finding, cx), version))
        })
        .await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(version)).json(view))
}
