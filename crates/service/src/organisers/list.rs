//! `GET /v1/organisers`: everyone may see who pays for vouchers here.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use valinta_persistence::organisers;

use super::view::OrganiserView;
use crate::app::App;
use crate::http::Problem;
use crate::http::conditional::IfNoneMatch;
use crate::tabular::{Ask, Row, answer_whole};

/// All organisers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OrganiserList {
    /// By code.
    #[schema(max_items = 1000)]
    items: Vec<OrganiserView>,
}

impl Row for OrganiserView {
    const COLUMNS: &'static [&'static str] =
        &["id", "code", "name_fi", "name_sv", "name_en", "business_id", "currency", "time_zone", "created_at"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.code.clone(),
            self.name.fi.clone(),
            self.name.sv.clone(),
            self.name.en.clone(),
            self.business_id.to_string(),
            self.currency.code().to_owned(),
            self.time_zone.clone(),
            self.created_at.to_string(),
        ]
    }
}

/// Lists the organisers.
///
/// Asked for `text/csv` or `application/x-ndjson`, the list comes as a file. The columns of the former: `id`, `code`,
/// `name_fi`, `name_sv`, `name_en`, `business_id`, `currency`, `time_zone`, `created_at`. A cell that a spreadsheet
/// would take for a formula has an apostrophe before it.
#[utoipa::path(
    tag = "organisers",
    params(IfNoneMatch),
    responses(
        (
            status = 200,
            description = "The organisers.",
            content(
                (OrganiserList = "application/json"),
                (String = "text/csv"),
                (OrganiserView = "application/x-ndjson"),
            ),
        ),
        (status = 304, description = "Unchanged since the tag that the caller has."),
    ),
    security(()),
)]
#[get("/v1/organisers")]
pub(crate) async fn list_organisers(app: web::Data<App>, ask: Ask) -> Result<HttpResponse, Problem> {
    answer_whole(
        &app,
        ask,
        "organisers",
        |c| Ok(organisers::list(c)?.into_iter().map(OrganiserView::of).collect()),
        |items| OrganiserList { items },
    )
    .await
}
