//! Whether the service can answer: the database is there and has all its tables, the keys are the data's, and the
//! choices are loaded.

use actix_web::{HttpResponse, get, web};

use super::live::Health;
use crate::app::App;
use crate::http::{Problem, ProblemKind};

/// Says whether the service can answer.
#[utoipa::path(
    tag = "health",
    responses((status = 200, description = "The service can answer.", body = Health)),
    security(()),
)]
#[get("/health/ready")]
pub(crate) async fn show_readiness(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    app.db().ping().await?;
    if !app.is_open() {
        return Err(Problem::new(
            ProblemKind::Unavailable,
            "The service is not open: its database waits for a migration, or its keys are not those of the data.",
        ));
    }
    app.snapshot()?;
    Ok(HttpResponse::Ok().json(Health::OK))
}
