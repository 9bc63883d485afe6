//! Applications of units for approval: drafted, submitted and withdrawn by the provider, decided by the organiser.

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![]
}
