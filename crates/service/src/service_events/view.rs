//! How a service event is shown.

use serde::Serialize;
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_domain::rules::Facts;
use valinta_domain::service_event::Line;
use valinta_domain::{Currency, Day, Id, Moment, Money, Quantity};
use valinta_persistence::service_events::ServiceEvent;

/// A service delivered under a voucher.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ServiceEventView {
    /// Its id.
    pub(crate) id: Id<kind::ServiceEvent>,
    /// Under which voucher.
    voucher: Id<kind::Voucher>,
    /// By whom.
    provider: Id<kind::Provider>,
    /// By which unit.
    unit: Id<kind::ServiceUnit>,
    /// Day of service.
    day: Day,
    /// How much, in the voucher's unit.
    quantity: Quantity,
    /// When it began, if given.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Moment>,
    /// When it ended, if given.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Moment>,
    /// Facts of the service that the rulebook asks for.
    #[serde(skip_serializing_if = "Facts::is_empty")]
    facts: Facts,
    /// What a unit was worth. Where the service was split, it is in the lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Money>,
    /// What the service is made of: one line, or several where parts of it have another value or price.
    #[schema(min_items = 1, max_items = 1000)]
    lines: Vec<LineView>,
    /// Price, or a public unit's full cost, times quantity.
    total: Money,
    /// What the organiser pays to the provider.
    organiser_pays: Money,
    /// What the client pays to the provider.
    co_payment: Money,
    /// What the client is charged by the organiser for a public unit's service.
    client_fee: Money,
    /// How the figures came about.
    #[schema(max_items = 2000)]
    steps: Vec<Step>,
    /// When it was recorded.
    recorded_at: Moment,
}

/// A part of a service within which value and price are the same.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LineView {
    /// The item of the price list, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    item: Option<String>,
    /// How much, in the voucher's unit.
    quantity: Quantity,
    /// What a unit is worth.
    value: Money,
    /// The price per unit, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Money>,
    /// Price, or a public unit's full cost, times quantity.
    total: Money,
    /// What the organiser pays to the provider.
    organiser_pays: Money,
    /// What the client pays to the provider.
    co_payment: Money,
    /// What the client is charged by the organiser for a public unit's service.
    client_fee: Money,
}

impl LineView {
    fn of(line: Line, currency: Currency) -> Self {
        Self {
            item: line.item,
            quantity: line.quantity,
            value: line.value.of(currency),
            price: line.price.map(|price| price.of(currency)),
            total: line.charges.total.of(currency),
            organiser_pays: line.charges.organiser_pays.of(currency),
            co_payment: line.charges.co_payment.of(currency),
            client_fee: line.charges.client_fee.of(currency),
        }
    }
}

impl ServiceEventView {
    /// The event as a role sees it: what the client's facts had a part in is not for the provider.
    pub(crate) fn of(event: ServiceEvent, currency: Currency, role: Role) -> Self {
        let steps = event.steps.into_iter().filter(|step| role != Role::Provider || !step.personal).collect();
        Self {
            id: event.id,
            voucher: event.voucher,
            provider: event.provider,
            unit: event.unit,
            day: event.day,
            quantity: event.quantity,
            started_at: event.span.map(|(start, _)| start),
            ended_at: event.span.map(|(_, end)| end),
            facts: event.facts,
            value: (event.lines.len() == 1).then(|| event.value.of(currency)),
            lines: event.lines.into_iter().map(|line| LineView::of(line, currency)).collect(),
            total: event.charges.total.of(currency),
            organiser_pays: event.charges.organiser_pays.of(currency),
            co_payment: event.charges.co_payment.of(currency),
            client_fee: event.charges.client_fee.of(currency),
            steps,
            recorded_at: event.recorded_at,
        }
    }
}
