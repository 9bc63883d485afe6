//! The registry as files of the shape in which it can be brought in.

mod export;
mod pages;
mod row;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![export::export_registry]
}
