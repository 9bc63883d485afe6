//! `GET /v1/providers/{id}`: one provider that has been approved, for everyone.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_persistence::providers;

use super::view::{ProviderView, registry_day, views_of};
use crate::app::App;
use crate::cx::found;
use crate::http::conditional::{tag_of_version, with_tag};
use crate::http::{PathId, Problem};

/// Shows a provider that is or has been approved, with those of its units that are or have been.
///
/// The whole of it is shown to its members and to organisers that know it, at `/v1/providers/{id}/private`.
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
            let mut view = found(views_of(c, vec![provider], today)?.pop())?;
            let public = providers::approved_units_of(c, id)?;
            view.units.retain(|unit| public.contains(&unit.id));
            Ok(view)
        })
        .await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(view.version)).json(view))
}
