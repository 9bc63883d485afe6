//! `GET /v1/applications/{id}`: one application, for the provider and, once submitted, the organiser's registry.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_persistence::applications;

use super::names::name;
use super::view::{ApplicationView, target_of};
use crate::app::App;
use crate::cx::found;
use crate::http::conditional::{tag_of_version, with_tag};
use crate::http::permit::ApplicationsRead;
use crate::http::{PathId, Permit, Problem};
use crate::providers::registry_day;

/// Shows an application, with what happened to it. Its version is what a change or a decision names by If-Match.
#[utoipa::path(
    tag = "applications",
    responses((
        status = 200,
        description = "The application.",
        body = ApplicationView,
        headers(("ETag" = String, description = "Its version.")),
    )),
    security(("bearer" = ["applications:read"])),
)]
#[get("/v1/applications/{id}")]
pub(crate) async fn show_application(
    permit: Permit<ApplicationsRead>,
    app: web::Data<App>,
    path: PathId<kind::Application>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let (view, version) = app
        .read_as(permit.into_caller(), move |c, cx| {
            let application = found(applications::find(c, id)?)?;
            cx.require(Action::ReadApplication, &target_of(&application))?;
            let (events, version) = (applications::events_of(c, id)?, application.version);
            let mut view = ApplicationView::of(application).with_history(events, cx.actor().role);
            name(c, std::slice::from_mut(&mut view), registry_day(cx.now()))?;
            Ok((view, version))
        })
        .await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(version)).json(view))
}
