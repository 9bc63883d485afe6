//! `GET /v1/rulebooks/{id}`: a rulebook, drafts too, for the officers of its organiser.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_persistence::organisers;

use super::terms::readable;
use super::view::RulebookView;
use crate::app::App;
use crate::cx::found;
use crate::http::conditional::{tag_of_version, with_tag};
use crate::http::permit::RulebooksWrite;
use crate::http::{PathId, Permit, Problem};

/// Shows a rulebook of the caller's organiser. What is in force is shown to everyone with its voucher type.
#[utoipa::path(
    tag = "rulebooks",
    responses((
        status = 200,
        description = "The rulebook.",
        body = RulebookView,
        headers(("ETag" = String, description = "Its version.")),
    )),
    security(("bearer" = ["rulebooks:write"])),
)]
#[get("/v1/rulebooks/{id}")]
pub(crate) async fn show_rulebook(
    permit: Permit<RulebooksWrite>,
    app: web::Data<App>,
    path: PathId<kind::Rulebook>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let (rulebook, today) = app
        .read_as(permit.into_caller(), move |c, cx| {
            let rulebook = readable(c, cx, id)?;
            let organiser = found(organisers::find(c, rulebook.organiser)?)?;
            Ok((rulebook, cx.today(&organiser)?))
        })
        .await?;
    let tag = tag_of_version(rulebook.version);
    Ok(with_tag(&mut HttpResponse::Ok(), &tag).json(RulebookView::of(rulebook, today)))
}
