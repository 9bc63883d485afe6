//! Findings of supervision, and measures of the sanctions ladder with their hearings.

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![]
}
