//! `GET /v1/deliveries`: what an organiser hands over to others, and what it could not.

use actix_web::{get, web};
use serde::Deserialize;
use uuid::Uuid;
use validator::Validate;
use valinta_domain::delivery::{DeliveryKind, DeliveryState};
use valinta_domain::policy::{Action, Target};
use valinta_persistence::deliveries::{self, DeliveryFilter};

use super::view::DeliveryView;
use crate::app::App;
use crate::http::permit::DeliveriesRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;

/// Which deliveries are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryQuery {
    /// Only those that stand so: `dead` are those that were given up.
    #[param(inline)]
    state: Option<DeliveryState>,
    /// Only of this kind.
    #[param(inline)]
    kind: Option<DeliveryKind>,
    /// Only of the thing with this id, such as a statement.
    #[param(value_type = Option<String>, format = Uuid)]
    subject: Option<Uuid>,
}
parse_as_is!(DeliveryQuery);

/// Lists the deliveries of the caller's organiser, latest first. A statement that is sent makes two: the invoice, and what the
/// bank is asked to pay. What is in them is not shown here.
#[utoipa::path(
    tag = "deliveries",
    params(PageQuery, DeliveryQuery),
    responses((status = 200, description = "A page of deliveries.", body = Page<DeliveryView>)),
    security(("bearer" = ["deliveries:read"])),
)]
#[get("/v1/deliveries")]
pub(crate) async fn list_deliveries(
    permit: Permit<DeliveriesRead>,
    app: web::Data<App>,
    query: Paged<DeliveryQuery>,
) -> Result<Page<DeliveryView>, Problem> {
    let (page, wanted) = query.into_parts();
    let before = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    let DeliveryQuery { state, kind, subject } = wanted;
    let (filter, channels) = (DeliveryFilter { state, kind, subject }, app.channels());
    app.read_as(permit.into_caller(), move |c, cx| {
        let organiser = cx.own_organiser(c)?;
        cx.require(Action::ReadDelivery, &Target { organiser: Some(organiser.id), ..Target::default() })?;
        let listed = deliveries::list(c, organiser.id, &filter, before, limit)?;
        Ok(Page::cut(listed, &page, |delivery| delivery.id()).map(|delivery| DeliveryView::of(delivery, &channels)))
    })
    .await
}
