//! `GET /v1/approvals`: a provider's own approvals, or those that an organiser has given.

use actix_web::{get, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::Day;
use valinta_domain::Id;
use valinta_domain::approval::ApprovalStanding;
use valinta_domain::id::kind;
use valinta_persistence::approvals::{self, ApprovalFilter};
use valinta_persistence::{Conn, organisers};

use super::view::{ApprovalDetails, details_of};
use crate::app::App;
use crate::applications::staff_of;
use crate::cx::{Cx, found};
use crate::http::permit::ApplicationsRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;

/// Which approvals are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApprovalQuery {
    /// Only those that stand so today.
    standing: Option<ApprovalStanding>,
    /// Only for this voucher type.
    voucher_type: Option<Id<kind::VoucherType>>,
    /// Only of this unit.
    unit: Option<Id<kind::ServiceUnit>>,
}
parse_as_is!(ApprovalQuery);

/// Lists approvals with their interruptions, oldest first.
#[utoipa::path(
    tag = "approvals",
    params(PageQuery, ApprovalQuery),
    responses((status = 200, description = "A page of approvals.", body = Page<ApprovalDetails>)),
    security(("bearer" = ["applications:read"])),
)]
#[get("/v1/approvals")]
pub(crate) async fn list_approvals(
    permit: Permit<ApplicationsRead>,
    app: web::Data<App>,
    query: Paged<ApprovalQuery>,
) -> Result<Page<ApprovalDetails>, Problem> {
    let (page, query) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let organiser = staff_of(cx)?;
        let mut filter = ApprovalFilter {
            organiser,
            providers: organiser.is_none().then(|| cx.actor().provider_ids()),
            voucher_type: query.voucher_type,
            unit: query.unit,
            standing: None,
        };
        if let Some(standing) = query.standing {
            let Some(today) = today_of(c, cx, &filter)? else { return Ok(Page { items: Vec::new(), next: None }) };
            filter.standing = Some((standing, today));
        }
        let listed = approvals::list(c, &filter, after, limit)?;
        let Page { items, next } = Page::cut(listed, &page, |approval| approval.id);
        Ok(Page { items: details_of(c, cx, items)?, next })
    })
    .await
}

/// The day it is where the approvals are given: at the organiser's, or at the first of those who approved the provider.
fn today_of(c: &mut Conn, cx: &Cx, filter: &ApprovalFilter) -> Result<Option<Day>, Problem> {
    let organiser = match filter.organiser {
        Some(organiser) => Some(organiser),
        None => approvals::list(c, filter, None, 1)?.first().map(|approval| approval.organiser),
    };
    let Some(organiser) = organiser else { return Ok(None) };
    cx.today(&found(organisers::find(c, organiser)?)?).map(Some)
}
