//! What the service does by itself, as whoever runs it sees how it goes.

mod list;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on it.
pub fn routes() -> Vec<Route> {
    routes![list::list_jobs]
}
