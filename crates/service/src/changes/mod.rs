//! What has changed in the registry, for those who mirror it.

mod list;
mod present;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![list::list_changes]
}
