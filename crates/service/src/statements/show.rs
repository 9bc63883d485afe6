//! `GET /v1/statements/{id}` and what is written from it: its lines, the invoice, a page to print.

use actix_web::{HttpResponse, get, web};
use serde_json::json;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::statement::Statement;
use valinta_domain::{Currency, Id};
use valinta_persistence::{organisers, statements};

use super::documents::{StatementView, csv, invoice, printed};
use super::sums::{StatementSumsView, target_of};
use super::whole::whole;
use crate::app::App;
use crate::cx::found;
use crate::http::permit::StatementsRead;
use crate::http::{Caller, PathId, Permit, Problem, ProblemKind, Spoken};
use crate::tabular::Format;

/// Shows what a statement comes to and where it stands.
#[utoipa::path(
    tag = "settlements",
    responses((status = 200, description = "The statement.", body = StatementSumsView)),
    security(("bearer" = ["statements:read"])),
)]
#[get("/v1/statements/{id}")]
pub(crate) async fn show_statement(
    permit: Permit<StatementsRead>,
    app: web::Data<App>,
    path: PathId<kind::Statement>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let view = app
        .write(permit.into_caller(), move |c, cx| {
            let statement = found(statements::find(c, id)?)?;
            let target = target_of(&statement);
            cx.require(Action::ReadStatement, &target)?;
            cx.audit("show_statement", ("statement", id.uuid()), &target, json!({}));
            let currency: Currency = found(organisers::find(c, statement.organiser)?)?.currency;
            Ok(StatementSumsView::of(statement, currency))
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}

/// A statement with all its lines, if the caller may read it. What is written from it is noted by name.
async fn read(
    app: &App,
    caller: Caller,
    id: Id<kind::Statement>,
    document: &'static str,
) -> Result<Statement, Problem> {
    app.read_noted(caller, move |c, cx| {
        let stored = found(statements::find(c, id)?)?;
        let target = target_of(&stored);
        cx.require(Action::ReadStatement, &target)?;
        cx.audit("show_statement", ("statement", id.uuid()), &target, json!({"document": document}));
        whole(c, cx, &stored)
    })
    .await
}

/// Shows a statement with all its lines, its sums by tax treatment, accounting code and month. Nothing in it tells who the
/// clients are.
#[utoipa::path(
    tag = "settlements",
    responses((
        status = 200,
        description = "The statement with its lines.",
        content((StatementView = "application/json"), (String = "text/csv")),
    )),
    security(("bearer" = ["statements:read"])),
)]
#[get("/v1/statements/{id}/lines")]
pub(crate) async fn show_statement_lines(
    permit: Permit<StatementsRead>,
    app: web::Data<App>,
    path: PathId<kind::Statement>,
    format: Format,
) -> Result<HttpResponse, Problem> {
    let statement = read(&app, permit.into_caller(), path.id(), "lines").await?;
    match format {
        Format::Json => Ok(HttpResponse::Ok().json(StatementView::of(&statement))),
        Format::Csv => {
            let rows = csv::document(&statement).map_err(Problem::internal)?;
            Ok(HttpResponse::Ok().content_type(format.content_type()).body(rows))
        }
        Format::Ndjson => {
            let why = "Lines of a statement are to be had as application/json, text/csv.";
            Err(Problem::new(ProblemKind::NotAcceptable, why))
        }
    }
}

/// Writes a statement as an invoice of the provider to the organiser: UBL 2.1 by Peppol BIS Billing 3.
#[utoipa::path(
    tag = "settlements",
    responses((status = 200, description = "The invoice.", content_type = "application/xml", body = String)),
    security(("bearer" = ["statements:read"])),
)]
#[get("/v1/statements/{id}/invoice")]
pub(crate) async fn show_statement_invoice(
    permit: Permit<StatementsRead>,
    app: web::Data<App>,
    path: PathId<kind::Statement>,
) -> Result<HttpResponse, Problem> {
    let statement = read(&app, permit.into_caller(), path.id(), "invoice").await?;
    let written = invoice::document(&statement)
        .map_err(|refused| Problem::new(ProblemKind::WrongState, format!("No invoice is made of it: {refused}.")))?;
    Ok(HttpResponse::Ok().content_type("application/xml; charset=utf-8").body(written))
}

/// Writes a statement as a page to print, in the language that Accept-Language likes best.
#[utoipa::path(
    tag = "settlements",
    params(Spoken),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)),
    security(("bearer" = ["statements:read"])),
)]
#[get("/v1/statements/{id}/page")]
pub(crate) async fn show_statement_page(
    permit: Permit<StatementsRead>,
    app: web::Data<App>,
    path: PathId<kind::Statement>,
    spoken: Spoken,
) -> Result<HttpResponse, Problem> {
    let statement = read(&app, permit.into_caller(), path.id(), "page").await?;
    let page = printed::page(&statement, spoken.language());
    let mut response = HttpResponse::Ok();
    Ok(spoken.told(&mut response).content_type("text/html; charset=utf-8").body(page))
}
