//! `GET /v1/measures`: the measures against a provider's approvals, or those that an organiser has taken.

use actix_web::{get, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::measure::MeasureState;
use valinta_persistence::measures::{self, MeasureFilter};

use super::measure_view::MeasureView;
use crate::app::App;
use crate::applications::staff_of;
use crate::http::permit::SupervisionRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;

/// Which measures are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MeasureQuery {
    /// Only against this provider.
    provider: Option<Id<kind::Provider>>,
    /// Only against this approval.
    approval: Option<Id<kind::Approval>>,
    /// Only against approvals of this unit.
    unit: Option<Id<kind::ServiceUnit>>,
    /// Only in this state.
    state: Option<MeasureState>,
}
parse_as_is!(MeasureQuery);

/// Lists measures, oldest first.
#[utoipa::path(
    tag = "supervision",
    params(PageQuery, MeasureQuery),
    responses((status = 200, description = "A page of measures.", body = Page<MeasureView>)),
    security(("bearer" = ["supervision:read"])),
)]
#[get("/v1/measures")]
pub(crate) async fn list_measures(
    permit: Permit<SupervisionRead>,
    app: web::Data<App>,
    query: Paged<MeasureQuery>,
) -> Result<Page<MeasureView>, Problem> {
    let (page, query) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let organiser = staff_of(cx)?;
        let own = organiser.is_none().then(|| cx.actor().provider_ids());
        let filter = MeasureFilter {
            organiser,
            providers: narrowed(own, query.provider),
            approval: query.approval,
            unit: query.unit,
            state: query.state,
        };
        let listed = measures::list(c, &filter, after, limit)?;
        Ok(Page::cut(listed, &page, |measure| measure.id).map(|measure| MeasureView::of(measure, cx)))
    })
    .await
}

/// The providers whose list is wanted: those that a caller may see, or all, narrowed to the one asked for.
pub(super) fn narrowed(
    own: Option<Vec<Id<kind::Provider>>>,
    asked: Option<Id<kind::Provider>>,
) -> Option<Vec<Id<kind::Provider>>> {
    match (own, asked) {
        (None, asked) => asked.map(|provider| vec![provider]),
        (Some(own), None) => Some(own),
        (Some(own), Some(asked)) => Some(own.into_iter().filter(|id| *id == asked).collect()),
    }
}
