//! Whether the service can answer: the database is there, is the one this program was made for, and its choices are
//! loaded.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{HttpResponse, get, web};

use super::live::Health;
use crate::app::App;
use crate::http::{Problem, ProblemKind};

/// Whether the database was found up to date. What is migrated stays so, and asking takes a connection of its own.
#[derive(Debug, Default)]
pub struct Migrated(AtomicBool);

/// Says whether the service can answer.
#[utoipa::path(
    tag = "health",
    responses((status = 200, description = "The service can answer.", body = Health)),
    security(()),
)]
#[get("/health/ready")]
pub(crate) async fn show_readiness(
    app: web::Data<App>,
    migrated: web::Data<Migrated>,
) -> Result<HttpResponse, Problem> {
    app.db().ping().await?;
    let loaded = app.snapshot().map(|_| ());
    if migrated.0.load(Ordering::Relaxed) {
        loaded?;
        return Ok(HttpResponse::Ok().json(Health::OK));
    }
    let db = app.db().clone();
    let pending = web::block(move || db.pending_migrations())
        .await
        .map_err(Problem::internal)?
        .map_err(|error| unready("The database cannot be read.").caused_by(error))?;
    if pending.is_empty() {
        migrated.0.store(true, Ordering::Relaxed);
        loaded?;
        return Ok(HttpResponse::Ok().json(Health::OK));
    }
    Err(unready("The database waits for a migration.").caused_by(pending.join(", ")))
}

fn unready(detail: &str) -> Problem {
    Problem::new(ProblemKind::Unavailable, detail)
}
