//! `GET /v1/voucher-batches/{id}/rows`: what became of each row of a batch, as a page or as a file.

use actix_web::{HttpResponse, get, web};
use valinta_domain::id::kind;
use valinta_persistence::{Conn, voucher_batches};

use super::show::shown;
use super::view::{VoucherBatchRowView, VoucherBatchRows};
use crate::app::App;
use crate::cx::Cx;
use crate::http::permit::VouchersRead;
use crate::http::{PathId, Permit, Problem};
use crate::tabular::{Format, stream};

/// Rows that are read at once.
const ROWS_AT_ONCE: i64 = 500;

/// Lists what became of the rows of a batch that are decided on, in their order, all in one answer: as JSON, CSV or NDJSON.
#[utoipa::path(
    tag = "vouchers",
    responses((
        status = 200,
        description = "All rows; as JSON in `items`.",
        content(
            (VoucherBatchRows = "application/json"),
            (String = "text/csv"),
            (VoucherBatchRowView = "application/x-ndjson"),
        ),
    )),
    security(("bearer" = ["vouchers:read"])),
)]
#[get("/v1/voucher-batches/{id}/rows")]
pub(crate) async fn list_voucher_batch_rows(
    permit: Permit<VouchersRead>,
    app: web::Data<App>,
    path: PathId<kind::VoucherBatch>,
    format: Format,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let vault = std::sync::Arc::clone(app.vault());
    app.write(permit.into_caller(), move |c: &mut Conn, cx: &Cx| shown(c, cx, "list_voucher_batch_rows", id)).await?;
    let mut next = Some(0);
    let pages = move |c: &mut Conn| {
        let Some(from) = next else { return Ok(None) };
        let rows = voucher_batches::decided_rows(c, &vault, id, from, ROWS_AT_ONCE)?;
        next = rows.last().map(|last| last.place.saturating_add(1));
        if next.is_none() {
            return Ok(None);
        }
        rows.into_iter().map(VoucherBatchRowView::of).collect::<Result<Vec<_>, _>>().map(Some)
    };
    stream(&app, format, "voucher-batch", pages).await
}
