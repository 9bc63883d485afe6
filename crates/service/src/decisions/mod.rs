//! Decisions, as they were made.

mod show;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![show::show_decision]
}
