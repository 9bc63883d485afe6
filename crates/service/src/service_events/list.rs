//! `GET /v1/service-events`: services delivered, for those they concern.

use actix_web::{get, web};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Role};
use valinta_domain::service_event::account::EventState;
use valinta_persistence::service_events::{self, Whose};
use valinta_persistence::{event_accounts, organisers};

use super::act::target_of;
use super::view::{ServiceEventView, Standing};
use crate::app::App;
use crate::cx::found;
use crate::http::permit::ServiceEventsRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;

/// Which events are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ServiceEventFilter {
    /// Only under this voucher.
    voucher: Option<Id<kind::Voucher>>,
    /// Only those that stand so: `recorded` and `contested` are those that an official looks at.
    #[param(inline)]
    state: Option<EventState>,
}
parse_as_is!(ServiceEventFilter);

/// Lists service events: an organiser's staff sees the organiser's, a provider those it recorded, a resident their own, or
/// those of whom the token's mandate represents.
#[utoipa::path(
    tag = "service-events",
    params(PageQuery, ServiceEventFilter),
    responses((status = 200, description = "A page of events.", body = Page<ServiceEventView>)),
    security(("bearer" = ["service-events:read"])),
)]
#[get("/v1/service-events")]
pub(crate) async fn list_service_events(
    permit: Permit<ServiceEventsRead>,
    app: web::Data<App>,
    query: Paged<ServiceEventFilter>,
) -> Result<Page<ServiceEventView>, Problem> {
    let (page, filter) = query.into_parts();
    let after = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.write(permit.into_caller(), move |c, cx| {
        let actor = cx.actor();
        let whose = match actor.role {
            Role::CaseWorker | Role::Finance | Role::Auditor => Whose::Organiser(cx.own_organiser(c)?.id),
            Role::Provider => Whose::Providers(actor.provider_ids()),
            // A token that carries a mandate is about whom it represents.
            Role::Resident => Whose::Person(actor.represents().or(actor.person).ok_or_else(Problem::not_found)?),
            // No token of these roles carries the scope.
            Role::Operator | Role::Officer => return Err(Problem::not_found()),
        };
        let events = service_events::list(c, &whose, (filter.voucher, filter.state), after, limit)?;
        let shown = Page::cut(events, &page, |event| event.id);
        let mut currencies = BTreeMap::new();
        let mut items = Vec::with_capacity(shown.items.len());
        let ids: Vec<_> = shown.items.iter().map(|event| event.id).collect();
        let accounts = event_accounts::of_each(c, &ids)?;
        for event in shown.items {
            let target = target_of(&event);
            cx.require(Action::ReadVoucher, &target)?;
            cx.audit("list_service_events", ("service_event", event.id.uuid()), &target, json!({}));
            let currency = match currencies.get(&event.organiser) {
                Some(currency) => *currency,
                None => {
                    let currency = found(organisers::find(c, event.organiser)?)?.currency;
                    currencies.insert(event.organiser, currency);
                    currency
                }
            };
            let stored = found(accounts.get(&event.id))?;
            items.push(ServiceEventView::of(event, Standing::alone(stored.account), currency, cx.actor().role));
        }
        Ok(Page { items, next: shown.next })
    })
    .await
}
