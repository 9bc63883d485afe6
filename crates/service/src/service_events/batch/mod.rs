//! `POST /v1/service-events/batch`: many services at once, each recorded by the same door as a single one.

mod report;
mod run;

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Deserializer};
use validator::Validate;
use valinta_domain::batch::BatchMode;

use self::report::BatchView;
use self::run::{Order, run};
use super::request::RecordServiceEvent;
use crate::app::App;
use crate::http::body::{Each, each_up_to};
use crate::http::limits::BATCH_BYTES_MAX;
use crate::http::permit::ServiceEventsWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem, Query};
use crate::parse_as_is;

/// Most services in one batch.
const ROWS_MAX: usize = 1_000;

/// How a batch is recorded.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BatchQuery {
    /// What is done with rows that are refused.
    #[serde(default)]
    #[param(inline)]
    mode: BatchMode,
    /// Whether it is only tried: everything is done but the storing.
    #[serde(default)]
    dry_run: bool,
}
parse_as_is!(BatchQuery);

/// Services to be recorded.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordServiceEvents {
    /// The services. Each has a `reference` of its own.
    #[serde(deserialize_with = "rows")]
    #[schema(value_type = Vec<RecordServiceEvent>, min_items = 1, max_items = 1000)]
    rows: Vec<Each<RecordServiceEvent>>,
}

/// Rows, each by itself; of too many, one more than there can be.
fn rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Each<RecordServiceEvent>>, D::Error> {
    each_up_to(ROWS_MAX.saturating_add(1), deserializer)
}

impl Parse for RecordServiceEvents {
    type Into = ();
    const BYTES_MAX: usize = BATCH_BYTES_MAX;

    // What is wrong with a row is told of the row.
    fn parse(&self, errors: &mut Errors) -> Option<()> {
        if !(1..=ROWS_MAX).contains(&self.rows.len()) {
            errors.fail("/rows", "length", format!("a batch has 1 to {ROWS_MAX} rows"));
            return None;
        }
        Some(())
    }
}

/// Records many services at once, up to 1,000, each as a single one is recorded.
///
/// Every row has a `reference` by which it is known again: sent again, what was recorded answers `repeated`, whatever key
/// the batch has. Rows of one voucher are recorded in their order and see what those before have used. In `errors` a row is
/// known by its place, counted from 0: `/rows/3/quantity`.
///
/// `all_or_nothing` records all rows in one transaction, or none where one is refused; the answer is then 422 with the
/// first hundred errors. `per_row` leaves out what is refused; where it breaks off, what was recorded stays recorded, and
/// the same batch again goes on from there. A `dry_run` tells of every row what it would come to, and stores nothing: its
/// key is not used up.
#[utoipa::path(
    tag = "service-events",
    params(IdempotencyKey, BatchQuery),
    responses((status = 200, description = "What became of each row.", body = BatchView)),
    security(("bearer" = ["service-events:write"])),
)]
#[post("/v1/service-events/batch")]
pub(crate) async fn record_service_events(
    permit: Permit<ServiceEventsWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    query: Query<BatchQuery>,
    body: Json<RecordServiceEvents>,
) -> Result<HttpResponse, Problem> {
    let BatchQuery { mode, dry_run } = query.into_inner();
    let bytes = body.bytes().to_vec();
    let (RecordServiceEvents { rows }, ()) = body.into_parts();
    let order = Order::of(mode, dry_run, rows.into_iter().map(Each::into_result));
    run(&app, permit.into_caller(), (&key, &bytes), order).await
}
