//! `GET /v1/findings`: the findings at a provider, or those of an organiser.

use actix_web::{get, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::finding::FindingState;
use valinta_domain::id::kind;
use valinta_persistence::findings::{self, FindingFilter};

use super::finding_view::FindingView;
use super::list_measures::narrowed;
use crate::app::App;
use crate::applications::staff_of;
use crate::http::permit::SupervisionRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;

/// Which findings are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindingQuery {
    /// Only at this provider.
    provider: Option<Id<kind::Provider>>,
    /// Only at this unit.
    unit: Option<Id<kind::ServiceUnit>>,
    /// Only in this state.
    state: Option<FindingState>,
}
parse_as_is!(FindingQuery);

/// Lists findings, oldest first.
#[utoipa::path(
    tag = "supervision",
    params(PageQuery, FindingQuery),
    responses((status = 200, description = "A page of findings.", body = Page<FindingView>)),
    security(("bearer" = ["supervision:read"])),
)]
#[get("/v1/findings")]
pub(crate) async fn list_findings(
    permit: Permit<SupervisionRead>,
    app: web::Data<App>,
    query: Paged<FindingQuery>,
) -> Result<Page<FindingView>, Problem> {
    let (page, query) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let organiser = staff_of(cx)?;
        let own = organiser.is_none().then(|| cx.actor().provider_ids());
        let providers = narrowed(own, query.provider);
        let filter = FindingFilter { organiser, providers, unit: query.unit, state: query.state };
        let listed = findings::list(c, &filter, after, limit)?;
        Ok(Page::cut(listed, &page, |finding| finding.id).map(|finding| FindingView::of(finding, cx)))
    })
    .await
}
