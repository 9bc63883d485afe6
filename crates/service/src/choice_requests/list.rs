//! `GET /v1/choice-requests`: the requests of clients that a provider answers.

use actix_web::{get, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::choice_request::RequestState;
use valinta_domain::policy::Action;
use valinta_persistence::{choice_requests, vouchers};

use super::view::{ChoiceRequestView, target_of, view_of};
use crate::app::App;
use crate::cx::found;
use crate::http::permit::ChoiceRequestsAnswer;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;

/// Which requests are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RequestFilter {
    /// Only in this state. One whose last day has just passed may still stand among those that wait, as lapsed.
    #[param(inline)]
    state: Option<RequestState>,
}
parse_as_is!(RequestFilter);

/// Lists the requests to one's own providers, oldest first. Who asks is not told: the voucher's type, what it grants, the
/// client's language and municipality, and the first day asked for. Each request shown leaves a row in the audit trail.
#[utoipa::path(
    tag = "choices",
    params(PageQuery, RequestFilter),
    responses((status = 200, description = "A page of requests.", body = Page<ChoiceRequestView>)),
    security(("bearer" = ["choice-requests:answer"])),
)]
#[get("/v1/choice-requests")]
pub(crate) async fn list_choice_requests(
    permit: Permit<ChoiceRequestsAnswer>,
    app: web::Data<App>,
    query: Paged<RequestFilter>,
) -> Result<Page<ChoiceRequestView>, Problem> {
    let (page, filter) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_noted(permit.into_caller(), move |c, cx| {
        let listed = choice_requests::list(c, &cx.actor().provider_ids(), filter.state, after, limit)?;
        let shown = Page::cut(listed, &page, |request| request.id);
        let mut items = Vec::with_capacity(shown.items.len());
        for request in shown.items {
            let stored = found(vouchers::find(c, request.voucher)?)?;
            let target = target_of(&request, &stored);
            cx.require(Action::ReadChoiceRequest, &target)?;
            cx.audit("list_choice_requests", ("choice_request", request.id.uuid()), &target, json!({}));
            items.push(view_of(c, cx, request)?);
        }
        Ok(Page { items, next: shown.next })
    })
    .await
}
