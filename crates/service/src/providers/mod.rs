//! Providers and their units.

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![]
}
