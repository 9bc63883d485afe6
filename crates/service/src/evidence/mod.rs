//! Evidence of the conditions of approval: given once, looked at by each organiser.

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![]
}
