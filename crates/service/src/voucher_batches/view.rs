//! How a batch of vouchers is shown, and what became of its rows.

use serde::Serialize;
use serde_json::Value;
use valinta_domain::batch::{BatchMode, BatchState, IssueCounts, IssueOutcome};
use valinta_domain::id::kind;
use valinta_domain::{Id, Moment};
use valinta_persistence::voucher_batches::{DecidedRow, VoucherBatch};

use crate::http::Problem;
use crate::http::problem::ProblemDocument;
use crate::tabular::{Row, word};

/// Vouchers that were asked for at once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = VoucherBatch)]
pub(crate) struct VoucherBatchView {
    /// Its id.
    id: Id<kind::VoucherBatch>,
    /// Where it stands.
    state: BatchState,
    /// What is done with rows that are refused.
    mode: BatchMode,
    /// Whether it is only tried.
    dry_run: bool,
    /// How many rows there are.
    #[schema(minimum = 1, maximum = 10000)]
    rows: i32,
    /// What became of those that are decided on.
    #[serde(flatten)]
    counts: IssueCounts,
    /// Why nothing is issued, where it is not for a row's sake.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    why: Option<String>,
    /// Who asked.
    #[schema(max_length = 255)]
    asked_by: String,
    /// When.
    asked_at: Moment,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Moment>,
}

impl VoucherBatchView {
    pub(super) fn of(batch: VoucherBatch) -> Self {
        Self {
            id: batch.id,
            state: batch.state,
            mode: batch.mode,
            dry_run: batch.dry_run,
            rows: batch.rows,
            counts: batch.counts,
            why: batch.why,
            asked_by: batch.asked_by,
            asked_at: batch.asked_at,
            ended_at: batch.ended_at,
        }
    }
}

/// What became of a row.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = VoucherBatchRow)]
pub(crate) struct VoucherBatchRowView {
    /// Its place, counted from 0.
    #[schema(minimum = 0, maximum = 9999)]
    pub(super) row: i32,
    /// What whoever asked calls it, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    reference: Option<String>,
    /// What became of it.
    outcome: IssueOutcome,
    /// The decision; left out where it was only tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Id<kind::Decision>>,
    /// The voucher, where one was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher: Option<Id<kind::Voucher>>,
    /// Why it is refused, as a single one would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemDocument>)]
    problem: Option<Value>,
}

impl VoucherBatchRowView {
    pub(super) fn of(row: DecidedRow) -> Result<Self, Problem> {
        Ok(Self {
            row: row.place,
            reference: row.reference,
            outcome: row.outcome,
            decision: row.decision,
            voucher: row.voucher,
            problem: row.problem.as_deref().map(serde_json::from_str).transpose().map_err(Problem::internal)?,
        })
    }
}

/// All rows of a batch, as JSON has them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VoucherBatchRows {
    /// The rows, in their order.
    #[schema(max_items = 10_000)]
    items: Vec<VoucherBatchRowView>,
}

impl Row for VoucherBatchRowView {
    const COLUMNS: &'static [&'static str] = &["row", "reference", "outcome", "decision", "voucher", "problem"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.row.to_string(),
            self.reference.clone().unwrap_or_default(),
            word(&self.outcome),
            self.decision.map(|id| id.to_string()).unwrap_or_default(),
            self.voucher.map(|id| id.to_string()).unwrap_or_default(),
            self.problem.as_ref().map(Value::to_string).unwrap_or_default(),
        ]
    }
}
