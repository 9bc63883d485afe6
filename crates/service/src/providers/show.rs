//! `GET /v1/providers/{id}`: one provider that has been approved, for everyone.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_persistence::providers;

use super::view::{ProviderView, registry_day, views_of};
use crate::app::App;
use crate::cx::found;
use crate::http::conditional::{tag_of_version, with_tag};
use crate::http::{PathId, Problem};

/// Shows a provider. One that has never been approved is shown to its members only, at `/v1/providers/mine`.
#[utoipa::path(
    tag = "providers",
    responses((
        status = 200,
        description = "The provider.",
        body = ProviderView,
        headers(("ETag" = String, description = "Its version.")),
    )),
    security(()),
)]
#[get("/v1/providers/{id}")]
pub(crate) async fn show_provider(app: web::Data<App>, path: PathId<kind::Provider>) -> Result<HttpResponse, Problem> {
    let (id, today) = (path.id(), registry_day(app.clock().now()));
    let view = app
        .read(move |c| {
            let provider = found(providers::find(c, id)?)?;
            if !providers::has_been_approved(c, id)? {
                return Err(Problem::not_found());
            }
            found(views_of(c, vec![provider], today)?.pop())
        })
        .await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(view.version)).json(view))
}
