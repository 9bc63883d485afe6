//! Files that providers hand in: sniffed, bounded, sealed, never shown inline.

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![]
}
