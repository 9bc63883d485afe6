//! `POST /v1/imports/{kind}`: providers, units, offerings and prices from another system's files.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::Deserialize;
use tokio::sync::mpsc;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;

use super::apply::Apply;
use super::described::{RowsDocument, RowsText};
use super::file::{ComingFile, ImportFile};
use super::kind::{RowKind, may_bring, source_of};
use super::offering_record::OfferingRecord;
use super::places::{FilePlace, Turn};
use super::price_record::PriceRecord;
use super::progress::{ImportLine, Lines, News, Teller};
use super::provider_record::ProviderRecord;
use super::read::{Read, most_rows_of, rows_of};
use super::report::{BrokenImport, ImportProblem, ImportView};
use super::run::{Order, refuse_repeated, run};
use super::unit_record::UnitRecord;
use crate::app::App;
use crate::http::permit::RegistryImport;
use crate::http::problem::PROBLEM_JSON;
use crate::http::{Permit, Problem, Query};
use crate::{parse_as_is, telemetry};

/// News that may wait for whoever listens.
const NEWS_MAX: usize = 16;
/// The media type of an answer in lines.
const NDJSON: &str = "application/x-ndjson";

/// What is done with rows that are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportMode {
    /// All or nothing: where a row is refused, nothing is stored.
    #[default]
    All,
    /// Row by row: what is refused is left out. Rows are stored some hundreds at a time.
    Rows,
}

/// How a file is brought in.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// What is done with rows that are refused.
    #[serde(default)]
    #[param(inline)]
    mode: ImportMode,
    /// Whether it is only tried: everything is done but the storing.
    #[serde(default)]
    dry_run: bool,
    /// For which provider, where the caller acts for several.
    provider: Option<Id<kind::Provider>>,
}
parse_as_is!(ImportQuery);

/// Brings providers, service units, offerings or prices in from a file.
///
/// It has up to 16 MiB and 50,000 rows (5,000 of a provider's own), in UTF-8: CSV with the columns' names first, a JSON list
/// of objects with the same names, or one object a line. An export has the same shape. The columns are described in
/// docs/bulk.md.
///
/// Every row has a `source_id`, by which it is known again: the same file again changes nothing, so it can be sent again
/// after a lost connection, and no idempotency key is needed. An officer brings in what its organiser looks after; what
/// somebody else has registered is linked and stays as it is. A provider's clerk brings in its own units, offerings and
/// prices.
///
/// Where all or nothing is asked and a row is refused, the answer is 422 `invalid_input`, with what it came to in `import`.
/// Nothing is stored either where all rows together take longer than 8 seconds: then they are brought in row by row.
/// Where that breaks off, `import` in the problem says what is stored.
///
/// Asked for `application/x-ndjson`, the answer comes in lines: how far it is, again and again, and the result at the end.
/// Whoever hangs up ends the work: of all or nothing, nothing is stored; row by row, what was told to be stored is.
#[utoipa::path(
    tag = "bulk",
    params(("kind" = inline(RowKind), Path, description = "What the rows are."), ImportQuery),
    request_body(
        description = "The file.",
        content((RowsText = "text/csv"), (RowsDocument = "application/json"), (RowsText = "application/x-ndjson")),
    ),
    responses((
        status = 200,
        description = "What it came to.",
        content((ImportView = "application/json"), (ImportLine = "application/x-ndjson")),
    )),
    security(("bearer" = ["registry:import"])),
)]
#[post("/v1/imports/{kind}")]
pub(crate) async fn import_registry(
    permit: Permit<RegistryImport>,
    app: web::Data<App>,
    request: HttpRequest,
    kind: RowKind,
    query: Query<ImportQuery>,
    file: ComingFile,
) -> Result<HttpResponse, Problem> {
    let (caller, query) = (permit.into_caller(), query.into_inner());
    let provider = query.provider;
    let source = app.read_as(caller.clone(), move |c, cx| source_of(c, cx, Action::ImportRegistry, provider)).await?;
    may_bring(&source, kind)?;
    // Until the end of the import, so that a source has one under way.
    let place = app.import_places().place(&source).await?;
    let file = file.read().await?;
    let turn = app.import_places().turn(&source).await?;
    let all = query.mode == ImportMode::All;
    let order = Order { caller, source, kind, sha256: file.sha256.clone(), all, dry_run: query.dry_run };
    let (file, held) = (Arc::new(file), (place, turn));
    match kind {
        RowKind::Providers => begin::<ProviderRecord>(app, request, order, file, held).await,
        RowKind::ServiceUnits => begin::<UnitRecord>(app, request, order, file, held).await,
        RowKind::Offerings => begin::<OfferingRecord>(app, request, order, file, held).await,
        RowKind::Prices => begin::<PriceRecord>(app, request, order, file, held).await,
    }
}

/// Reads the file and lets the import run; answers as it was asked.
async fn begin<T: Apply>(
    app: web::Data<App>,
    request: HttpRequest,
    order: Order,
    file: Arc<ImportFile>,
    held: (FilePlace, Turn),
) -> Result<HttpResponse, Problem> {
    let rows = read::<T>(file, most_rows_of(&order.source)).await?;
    let (to, mut news) = mpsc::channel(NEWS_MAX);
    let teller = Teller { to: to.clone(), of: u64::try_from(rows.len()).unwrap_or(u64::MAX) };
    actix_web::rt::spawn(async move {
        let end = run(&app, order, rows, teller).await;
        // Whoever listens slowly does not keep others waiting.
        drop(held);
        // Where nobody listens any more, there is nobody to tell.
        let _ = to.send(News::End(Box::new(end))).await;
    });
    let accepted = request.headers().get_all(header::ACCEPT);
    if accepted.filter_map(|accepted| accepted.to_str().ok()).any(|accepted| accepted.contains(NDJSON)) {
        let mut response = HttpResponse::Ok();
        // Packed, the lines would wait for each other.
        response.insert_header((header::CONTENT_ENCODING, "identity")).content_type(NDJSON);
        return Ok(response.body(Lines { news, request: telemetry::current_request_id() }));
    }
    loop {
        match news.recv().await {
            Some(News::Progress(_)) => {}
            Some(News::End(end)) => return Ok(answer_of(*end)),
            None => return Err(Problem::internal("an import ended without a result")),
        }
    }
}

/// What it came to. Where all or nothing was asked and a row was refused it is a problem, so that nobody takes it for done.
fn answer_of(end: Result<ImportView, BrokenImport>) -> HttpResponse {
    let request = telemetry::current_request_id();
    let view = match end {
        Ok(view) => view,
        Err(broken) => return broken.answer(request),
    };
    match ImportProblem::refused(view, request) {
        Ok(view) => HttpResponse::Ok().json(view),
        Err(refused) => HttpResponse::UnprocessableEntity().content_type(PROBLEM_JSON).json(refused),
    }
}

/// Reads rows on a thread that may take its time.
async fn read<T: Apply>(file: Arc<ImportFile>, most: usize) -> Result<Vec<Read<T>>, Problem> {
    let reading = tokio::task::spawn_blocking(move || {
        let mut rows = rows_of::<T>(&file, most)?;
        refuse_repeated(&mut rows);
        Ok(rows)
    });
    reading.await.map_err(Problem::internal)?
}
