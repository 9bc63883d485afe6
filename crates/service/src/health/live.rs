//! Whether the process runs. Asks nothing else, least of all the database: restarting would not bring that back.

use actix_web::{HttpResponse, get};
use serde::Serialize;

/// How the service is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Health {
    /// Always `ok`; anything else is a problem document.
    #[schema(max_length = 10, example = "ok")]
    pub status: &'static str,
}

impl Health {
    /// All is well.
    pub const OK: Self = Self { status: "ok" };
}

/// Says that the process runs.
#[utoipa::path(
    tag = "health",
    responses((status = 200, description = "The process runs.", body = Health)),
    security(()),
)]
#[get("/health/live")]
pub(crate) async fn show_liveness() -> HttpResponse {
    HttpResponse::Ok().json(Health::OK)
}
