//! `GET /v1/applications`: a provider's own applications, or those submitted to an organiser.

use actix_web::{get, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::application::ApplicationState;
use valinta_domain::id::kind;
use valinta_persistence::applications::{self, ApplicationFilter, Whose};

use super::names::name;
use super::view::{ApplicationView, staff_of};
use crate::app::App;
use crate::http::permit::ApplicationsRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;
use crate::providers::registry_day;

/// Which applications are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApplicationQuery {
    /// Only in this state.
    #[param(inline)]
    state: Option<ApplicationState>,
    /// Only of this provider.
    provider: Option<Id<kind::Provider>>,
    /// Only for this unit.
    unit: Option<Id<kind::ServiceUnit>>,
    /// Only for this voucher type.
    voucher_type: Option<Id<kind::VoucherType>>,
}
parse_as_is!(ApplicationQuery);

/// Lists applications, oldest first. An organiser does not see drafts.
#[utoipa::path(
    tag = "applications",
    params(PageQuery, ApplicationQuery),
    responses((status = 200, description = "A page of applications.", body = Page<ApplicationView>)),
    security(("bearer" = ["applications:read"])),
)]
#[get("/v1/applications")]
pub(crate) async fn list_applications(
    permit: Permit<ApplicationsRead>,
    app: web::Data<App>,
    query: Paged<ApplicationQuery>,
) -> Result<Page<ApplicationView>, Problem> {
    let (page, query) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let whose = match staff_of(cx)? {
            Some(organiser) => Whose::Organiser(organiser),
            None => Whose::Providers(cx.actor().provider_ids()),
        };
        let filter = ApplicationFilter {
            whose,
            state: query.state,
            provider: query.provider,
            unit: query.unit,
            voucher_type: query.voucher_type,
        };
        let found = applications::list(c, &filter, after, limit)?;
        let mut page = Page::cut(found, &page, |application| application.id).map(ApplicationView::of);
        name(c, &mut page.items, registry_day(cx.now()))?;
        Ok(page)
    })
    .await
}
