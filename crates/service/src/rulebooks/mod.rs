//! Rulebooks: drafted, read, adopted.

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![]
}
