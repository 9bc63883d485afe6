//! `GET /v1/applications`: a provider's own applications, or those submitted to an organiser.

use actix_web::{get, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::application::ApplicationState;
use valinta_persistence::applications::{self, Whose};

use super::view::{ApplicationView, staff_of};
use crate::app::App;
use crate::http::permit::ApplicationsRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;

/// Which applications are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApplicationFilter {
    /// Only in this state.
    #[param(inline)]
    state: Option<ApplicationState>,
}
parse_as_is!(ApplicationFilter);

/// Lists applications, oldest first. An organiser does not see drafts.
#[utoipa::path(
    tag = "applications",
    params(PageQuery, ApplicationFilter),
    responses((status = 200, description = "A page of applications.", body = Page<ApplicationView>)),
    security(("bearer" = ["applications:read"])),
)]
#[get("/v1/applications")]
pub(crate) async fn list_applications(
    permit: Permit<ApplicationsRead>,
    app: web::Data<App>,
    query: Paged<ApplicationFilter>,
) -> Result<Page<ApplicationView>, Problem> {
    let (page, filter) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    let found = app
        .read_as(permit.into_caller(), move |c, cx| {
            let whose = match staff_of(cx)? {
                Some(organiser) => Whose::Organiser(organiser),
                None => Whose::Providers(cx.actor().provider_ids()),
            };
            Ok(applications::list(c, &whose, filter.state, after, limit)?)
        })
        .await?;
    Ok(Page::cut(found, &page, |application| application.id).map(ApplicationView::of))
}
