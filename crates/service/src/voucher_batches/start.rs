//! `POST /v1/voucher-batches`: vouchers are asked for many at once.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::batch::{BatchMode, BatchState, IssueCounts};
use valinta_domain::policy::Action;
use valinta_persistence::Conn;
use valinta_persistence::voucher_batches::{self, AskedRow, VoucherBatch};

use super::asked::{IssueVouchers, IssueVouchersText};
use super::run::target_of;
use super::view::VoucherBatchView;
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::deadlines;
use crate::http::permit::VouchersWrite;
use crate::http::{IdempotencyKey, Json, Permit, Problem, Query};
use crate::parse_as_is;

/// How vouchers are asked for.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VoucherBatchQuery {
    /// What is done with rows that are refused.
    #[serde(default)]
    #[param(inline)]
    mode: BatchMode,
    /// Whether it is only tried: every row is decided on, and nothing is issued.
    #[serde(default)]
    dry_run: bool,
}
parse_as_is!(VoucherBatchQuery);

/// Asks for many vouchers at once, up to 10,000, each decided on as a single one is.
///
/// It goes on after the answer: see how far it is by its address, and what became of each row by `…/rows`. The same key
/// again answers the same batch. Every row has a `reference`, by which it is known again in whatever batch: what was
/// decided by it before answers `repeated`. In problems a row is known by its place, counted from 0: `/rows/3/quantity`.
///
/// `all_or_nothing` issues in one transaction, or nothing where a row is refused: the batch is `refused` then, and its rows
/// are those that were. That none is granted is a decision, and refuses nothing. `per_row` leaves out what is refused.
/// Two rows for one client, type and day, or one for which there is a voucher, are refused unless `duplicate` says so.
///
/// A file of comma-separated values has the same: its first line names the columns, such as `reference`, `client`,
/// `facts.household_size` and `reasons.fi`.
#[utoipa::path(
    tag = "vouchers",
    params(IdempotencyKey, VoucherBatchQuery),
    request_body(
        description = "The vouchers.",
        content((IssueVouchers = "application/json"), (IssueVouchersText = "text/csv")),
    ),
    responses((status = 202, description = "It has begun.", body = VoucherBatchView)),
    security(("bearer" = ["vouchers:write"])),
)]
#[post("/v1/voucher-batches")]
pub(crate) async fn start_voucher_batch(
    permit: Permit<VouchersWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    query: Query<VoucherBatchQuery>,
    body: Json<IssueVouchers>,
) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let bytes = body.bytes().to_vec();
    let rows = body.into_inner();
    let run = move |c: &mut Conn, cx: &Cx| start(c, cx, &query, &rows);
    let response = app.command_long(permit.into_caller(), "start_voucher_batch", &key, &bytes, run).await?;
    // Whoever asked need not wait; should this process end before, another goes on where it was.
    let own = App::clone(&app);
    actix_web::rt::task::spawn_blocking(move || deadlines::issue_batches(&own));
    Ok(response)
}

fn start(
    c: &mut Conn,
    cx: &Cx,
    query: &VoucherBatchQuery,
    rows: &[AskedRow],
) -> Result<Reply<VoucherBatchView>, Problem> {
    let organiser = cx.own_organiser(c)?;
    let target = target_of(organiser.id);
    cx.require(Action::ServeClient, &target)?;
    let batch = VoucherBatch {
        id: cx.id(),
        organiser: organiser.id,
        mode: query.mode,
        dry_run: query.dry_run,
        state: BatchState::Running,
        rows: i32::try_from(rows.len()).map_err(Problem::internal)?,
        counts: IssueCounts::default(),
        why: None,
        asked_by: cx.actor().subject.clone(),
        asked_at: cx.now(),
        ended_at: None,
    };
    voucher_batches::insert(c, cx.vault(), &batch, rows)?;
    let details = json!({"rows": batch.rows, "mode": batch.mode, "dry_run": batch.dry_run});
    cx.audit("start_voucher_batch", ("voucher_batch", batch.id.uuid()), &target, details);
    Ok(Reply::accepted(format!("/v1/voucher-batches/{}", batch.id), VoucherBatchView::of(batch)))
}
