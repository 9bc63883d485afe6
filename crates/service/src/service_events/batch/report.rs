//! What a batch came to, row by row. Owns the answer's shape, and nothing of how rows are recorded.

use serde::Serialize;
use valinta_domain::batch::BatchMode;
use valinta_domain::id::kind;
use valinta_domain::policy::Target;
use valinta_domain::service_event::account::Flag;
use valinta_domain::{Id, Money, Quantity};

use super::super::act::target_of;
use super::super::record::Recorded;
use super::super::view::EventStatus;
use crate::http::problem::ProblemDocument;
use crate::http::{Problem, ProblemKind};

/// What a batch came to.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct BatchView {
    /// What was to be done with rows that are refused.
    mode: BatchMode,
    /// Whether it was only tried.
    dry_run: bool,
    /// How many rows there are.
    rows: usize,
    /// Rows that were recorded, or would be.
    recorded: usize,
    /// Rows that had been recorded before, by the same reference.
    repeated: usize,
    /// Rows that are refused.
    refused: usize,
    /// What became of each row, in their order.
    #[schema(max_items = 1000)]
    items: Vec<RowView>,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RowOutcome {
    /// It was recorded, or would be.
    Recorded,
    /// It had been recorded before, by the same reference.
    Repeated,
    /// It is refused.
    Refused,
}

/// A row of a batch.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = BatchRow)]
pub(crate) struct RowView {
    /// Its place, counted from 0.
    row: usize,
    /// Its reference, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    reference: Option<String>,
    /// What became of it.
    outcome: RowOutcome,
    /// The service event; left out where nothing is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    service_event: Option<Id<kind::ServiceEvent>>,
    /// Where it stands, if it is not refused; with it come all figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<EventStatus>,
    /// Why it is looked at before it is settled, besides what the rulebook says: it may have been recorded already.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2)]
    flags: Vec<Flag>,
    /// Price, or a public unit's full cost, times quantity.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Money>,
    /// What the organiser pays to the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    organiser_pays: Option<Money>,
    /// What the client pays to the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    co_payment: Option<Money>,
    /// What the client is charged by the organiser for a public unit's service.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_fee: Option<Money>,
    /// What the voucher grants after it for services of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<Quantity>,
    /// Why it is refused, as a single one would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemDocument>,
}

/// What became of a row, and whose it was.
#[derive(Debug, Clone)]
pub(super) struct RowDone {
    view: RowView,
    /// Whose data it was.
    pub(super) whose: Option<(Id<kind::Voucher>, Target)>,
}

impl RowView {
    const fn with(row: usize, outcome: RowOutcome) -> Self {
        Self {
            row,
            reference: None,
            outcome,
            service_event: None,
            status: None,
            flags: Vec::new(),
            total: None,
            organiser_pays: None,
            co_payment: None,
            client_fee: None,
            available: None,
            problem: None,
        }
    }
}

impl RowDone {
    pub(super) fn of(row: usize, recorded: Recorded) -> Self {
        let Recorded { event, account, flags, currency, available, is_repeated } = recorded;
        let whose = Some((event.voucher, target_of(&event)));
        let charges = event.charges;
        let view = RowView {
            reference: event.reference,
            service_event: Some(event.id),
            status: Some(EventStatus::of(&account.account)),
            flags,
            total: Some(charges.total.of(currency)),
            organiser_pays: Some(charges.organiser_pays.of(currency)),
            co_payment: Some(charges.co_payment.of(currency)),
            client_fee: Some(charges.client_fee.of(currency)),
            available: Some(available),
            ..RowView::with(row, if is_repeated { RowOutcome::Repeated } else { RowOutcome::Recorded })
        };
        Self { view, whose }
    }

    /// `problem` is at the row's place already.
    pub(super) fn refused(row: usize, reference: Option<String>, problem: ProblemDocument) -> Self {
        let view = RowView { reference, problem: Some(problem), ..RowView::with(row, RowOutcome::Refused) };
        Self { view, whose: None }
    }
}

impl BatchView {
    pub(super) fn of(mode: BatchMode, dry_run: bool, done: Vec<RowDone>) -> Self {
        let mut items: Vec<RowView> = done.into_iter().map(|done| done.view).collect();
        items.sort_by_key(|item| item.row);
        for item in items.iter_mut().filter(|item| dry_run && item.outcome == RowOutcome::Recorded) {
            item.service_event = None;
        }
        let count = |outcome| items.iter().filter(|item| item.outcome == outcome).count();
        let (recorded, repeated) = (count(RowOutcome::Recorded), count(RowOutcome::Repeated));
        let refused = count(RowOutcome::Refused);
        Self { mode, dry_run, rows: items.len(), recorded, repeated, refused, items }
    }

    /// The figures, for the audit trail.
    pub(super) fn figures(&self) -> serde_json::Value {
        serde_json::json!({
            "rows": self.rows, "recorded": self.recorded, "repeated": self.repeated, "refused": self.refused,
        })
    }

    /// The view; or the problem, where all or nothing was asked and a row is refused.
    pub(super) fn or_nothing(self) -> Result<Self, Problem> {
        if self.refused == 0 {
            return Ok(self);
        }
        let why = format!(
            "{} of {} rows are refused, and nothing is recorded; see errors. A dry run tells what each row would come to.",
            self.refused, self.rows
        );
        let failures = self.items.iter().filter_map(|item| item.problem.as_ref()).flat_map(ProblemDocument::errors);
        Err(failures.fold(Problem::new(ProblemKind::InvalidInput, why), |problem, failure| {
            problem.at(&failure.pointer, &failure.code, &failure.detail)
        }))
    }
}
