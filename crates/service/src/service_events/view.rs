//! How a service event is shown.

use serde::Serialize;
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_domain::rules::Facts;
use valinta_domain::service_event::account::{ActKind, EventAccount, EventState, Figures};
use valinta_domain::service_event::{EventKind, Line};
use valinta_domain::statement::LineKind;
use valinta_domain::{Currency, Day, Id, Moment, Money, Quantity};
use valinta_persistence::Conn;
use valinta_persistence::event_accounts::{self, EventAct, StoredAccount};
use valinta_persistence::service_events::ServiceEvent;
use valinta_persistence::settlements::{self, SettlementLine};

use crate::http::Problem;

/// A service delivered under a voucher.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ServiceEventView {
    /// Its id.
    pub(crate) id: Id<kind::ServiceEvent>,
    /// What it was. Visits that the client missed are charged as the rulebook's `recording.missed` says.
    kind: EventKind,
    /// When the client cancelled it, where it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<Moment>,
    /// Why the client missed it, by a code of the rulebook.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    reason_code: Option<String>,
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
    /// Who gave it, by the provider's own reference; told to the provider and the organiser.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    worker: Option<String>,
    /// By what the provider knows it; told to the provider and the organiser.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    reference: Option<String>,
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
    /// Where it stands.
    status: EventStatus,
    /// What of it counts still, where something was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<FiguresView>,
    /// What was done about it since, in order; told where one event is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    acts: Vec<ActView>,
    /// What of it was settled when, in order; told where one event is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    settled: Vec<SettledView>,
}

/// Where a service event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventStatus {
    /// The organiser is to look at it before it is settled.
    Recorded,
    /// The client contests it, or the organiser has asked about it.
    Contested,
    /// It counts, and is settled with the next month that is.
    Accepted,
    /// It was settled.
    Settled,
    /// It was taken back before it was settled.
    Withdrawn,
    /// It was settled, and all of it was taken back.
    Credited,
}

impl EventStatus {
    pub(crate) const fn of(account: &EventAccount) -> Self {
        match (account.state, account.settlements) {
            (EventState::Recorded, _) => Self::Recorded,
            (EventState::Contested, _) => Self::Contested,
            (EventState::Accepted, ..1) => Self::Accepted,
            (EventState::Accepted, 1..) => Self::Settled,
            (EventState::Withdrawn, ..1) => Self::Withdrawn,
            (EventState::Withdrawn, 1..) => Self::Credited,
        }
    }
}

/// Quantity and money of a service event, or of a difference between two; only the last can be below zero.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct FiguresView {
    /// How much, in the voucher's unit.
    quantity: Quantity,
    /// Price, or a public unit's full cost, times quantity.
    total: Money,
    /// What the organiser pays to the provider.
    organiser_pays: Money,
    /// What the client pays to the provider.
    co_payment: Money,
    /// What the client is charged by the organiser for a public unit's service.
    client_fee: Money,
}

impl FiguresView {
    pub(crate) fn of(figures: &Figures, currency: Currency) -> Self {
        let charges = figures.charges;
        Self {
            quantity: figures.quantity,
            total: charges.total.of(currency),
            organiser_pays: charges.organiser_pays.of(currency),
            co_payment: charges.co_payment.of(currency),
            client_fee: charges.client_fee.of(currency),
        }
    }
}

/// What was done about a service event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ServiceEventAct)]
pub(crate) struct ActView {
    /// What was done.
    act: ActKind,
    /// In what role.
    role: Role,
    /// Why, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    reason_code: Option<String>,
    /// Why, in words; or what was asked or answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    reason: Option<String>,
    /// What was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_back: Option<FiguresView>,
    /// What the organiser pays more from then on, and the client less.
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_to_organiser: Option<Money>,
    /// When.
    at: Moment,
}

impl ActView {
    fn of(act: EventAct, currency: Currency) -> Self {
        let figures = (act.taken_back != Figures::ZERO).then_some(act.taken_back);
        let is_revalued = act.kind == ActKind::Revalued;
        let taken_back = figures.filter(|_| !is_revalued);
        let moved = figures.filter(|_| is_revalued);
        Self {
            act: act.kind,
            role: act.role,
            reason_code: act.reason_code,
            reason: act.reason,
            taken_back: taken_back.map(|figures| FiguresView::of(&figures, currency)),
            moved_to_organiser: moved.map(|figures| figures.charges.co_payment.of(currency)),
            at: act.at,
        }
    }
}

/// What of a service event was settled with a month.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ServiceEventSettled)]
pub(crate) struct SettledView {
    /// On which statement.
    statement: Id<kind::Statement>,
    /// Why it is there.
    kind: LineKind,
    /// The whole, or the difference to what was settled before.
    figures: FiguresView,
}

impl SettledView {
    fn of(line: &SettlementLine, currency: Currency) -> Self {
        Self { statement: line.statement, kind: line.kind, figures: FiguresView::of(&line.figures, currency) }
    }
}

/// How an event stands, with what was done about it where that is told.
pub(crate) struct Standing {
    account: EventAccount,
    acts: Vec<EventAct>,
    settled: Vec<SettlementLine>,
}

impl Standing {
    /// How it stands, alone.
    pub(crate) fn alone(account: EventAccount) -> Self {
        Self { account, acts: Vec::new(), settled: Vec::new() }
    }

    /// How it stands, with all that was done about it.
    pub(crate) fn of(c: &mut Conn, stored: &StoredAccount) -> Result<Self, Problem> {
        let acts = event_accounts::acts_of(c, stored.event)?;
        let settled = settlements::lines_of_event(c, stored.event)?;
        Ok(Self { account: stored.account, acts, settled })
    }
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
    pub(crate) fn of(event: ServiceEvent, standing: Standing, currency: Currency, role: Role) -> Self {
        let recorded = Figures { quantity: event.quantity, charges: event.charges };
        let (counted, kind) = (standing.account.counted, event.kind());
        let steps = event.steps.into_iter().filter(|step| role != Role::Provider || !step.personal).collect();
        Self {
            id: event.id,
            kind,
            cancelled_at: event.missed.as_ref().and_then(|missed| missed.cancelled_at),
            reason_code: event.missed.map(|missed| missed.reason),
            voucher: event.voucher,
            provider: event.provider,
            unit: event.unit,
            day: event.day,
            quantity: event.quantity,
            started_at: event.span.map(|(start, _)| start),
            ended_at: event.span.map(|(_, end)| end),
            facts: event.facts,
            worker: event.worker.filter(|_| role != Role::Resident),
            reference: event.reference.filter(|_| role != Role::Resident),
            value: (event.lines.len() == 1).then(|| event.value.of(currency)),
            lines: event.lines.into_iter().map(|line| LineView::of(line, currency)).collect(),
            total: event.charges.total.of(currency),
            organiser_pays: event.charges.organiser_pays.of(currency),
            co_payment: event.charges.co_payment.of(currency),
            client_fee: event.charges.client_fee.of(currency),
            steps,
            recorded_at: event.recorded_at,
            status: EventStatus::of(&standing.account),
            counts: (counted != recorded).then(|| FiguresView::of(&counted, currency)),
            acts: standing.acts.into_iter().map(|act| ActView::of(act, currency)).collect(),
            settled: standing.settled.iter().map(|line| SettledView::of(line, currency)).collect(),
        }
    }
}
