//! How a service event is shown.

use serde::Serialize;
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
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
    /// The voucher's value per unit on the day.
    value: Money,
    /// Price, or a public unit's full cost, times quantity.
    total: Money,
    /// What the organiser pays to the provider.
    organiser_pays: Money,
    /// What the client pays to the provider.
    co_payment: Money,
    /// What the client is charged by the organiser for a public unit's service.
    client_fee: Money,
    /// How the figures came about.
    #[schema(max_items = 20)]
    steps: Vec<Step>,
    /// When it was recorded.
    recorded_at: Moment,
}

impl ServiceEventView {
    pub(crate) fn of(event: ServiceEvent, currency: Currency) -> Self {
        Self {
            id: event.id,
            voucher: event.voucher,
            provider: event.provider,
            unit: event.unit,
            day: event.day,
            quantity: event.quantity,
            started_at: event.span.map(|(start, _)| start),
            ended_at: event.span.map(|(_, end)| end),
            value: event.value.of(currency),
            total: event.charges.total.of(currency),
            organiser_pays: event.charges.organiser_pays.of(currency),
            co_payment: event.charges.co_payment.of(currency),
            client_fee: event.charges.client_fee.of(currency),
            steps: event.steps,
            recorded_at: event.recorded_at,
        }
    }
}
