//! `GET /v1/exports/{kind}`: the registry as files of the shape in which it can be brought in.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;

use super::pages::{Pages, offerings, prices, providers, units};
use super::row::ExportPage;
use crate::app::App;
use crate::http::permit::ProvidersRead;
use crate::http::{Permit, Problem, Query};
use crate::imports::{RowKind, source_of};
use crate::parse_as_is;
use crate::tabular::{Format, stream};

/// Whose registry is wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// Of which provider, where the caller acts for several.
    provider: Option<Id<kind::Provider>>,
}
parse_as_is!(ExportQuery);

/// Hands out providers, service units, offerings or prices as a file that can be brought in.
///
/// For an organiser, the providers that it knows, their units, and the offerings and prices for its voucher types; for a
/// provider, its own. What the organiser or provider has named by its own `source_id` has that
/// name; anything else is named by its own id, which stands in the column `id` of each row. All of it is sent at once,
/// whatever the form.
#[utoipa::path(
    tag = "bulk",
    params(("kind" = inline(RowKind), Path, description = "What the rows are."), ExportQuery),
    responses((
        status = 200,
        description = "The file.",
        content((ExportPage = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")),
    )),
    security(("bearer" = ["providers:read"])),
)]
#[get("/v1/exports/{kind}")]
pub(crate) async fn export_registry(
    permit: Permit<ProvidersRead>,
    app: web::Data<App>,
    kind: RowKind,
    query: Query<ExportQuery>,
    format: Format,
) -> Result<HttpResponse, Problem> {
    let provider = query.into_inner().provider;
    let source =
        app.read_as(permit.into_caller(), move |c, cx| source_of(c, cx, Action::ReadProvider, provider)).await?;
    let (pages, name) = (Pages::of(source, app.clock().now()), kind.code());
    match kind {
        RowKind::Providers => stream(&app, format, name, providers(pages)).await,
        RowKind::ServiceUnits => stream(&app, format, name, units(pages)).await,
        RowKind::Offerings => stream(&app, format, name, offerings(pages)).await,
        RowKind::Prices => stream(&app, format, name, prices(pages)).await,
    }
}
