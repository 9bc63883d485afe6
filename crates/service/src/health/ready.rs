//! Whether the service can answer: the database is there and has all its tables, the keys are the data's, and the
//! choices are loaded and follow the registry.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;

use crate::app::App;
use crate::http::{Problem, ProblemKind};
use crate::latest::TOO_OLD;

/// How the service is, and what it knows of the registry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Readiness {
    /// Always `ok`; anything else is a problem document.
    #[schema(max_length = 10, example = "ok")]
    status: &'static str,
    /// The choices that this process lists.
    choices: KnownChoices,
}

/// What a process knows of the registry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct KnownChoices {
    /// The revision of the registry that is listed.
    revision: i64,
    /// For how many seconds it has not been known whether there is a later one. Past ten, the process is not ready.
    age_seconds: u64,
}

/// Says whether the service can answer.
#[utoipa::path(
    tag = "health",
    responses((status = 200, description = "The service can answer.", body = Readiness)),
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
    let (snapshot, age) = (app.snapshot()?, app.age_of_choices().unwrap_or_default());
    if age > TOO_OLD {
        let seconds = age.as_secs();
        return Err(Problem::new(
            ProblemKind::Unavailable,
            format!("For {seconds} s this process could not find out whether the registry has changed."),
        ));
    }
    let choices = KnownChoices { revision: snapshot.revision(), age_seconds: age.as_secs() };
    Ok(HttpResponse::Ok().json(Readiness { status: "ok", choices }))
}
