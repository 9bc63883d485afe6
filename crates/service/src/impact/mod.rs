//! What a rulebook draft would change, computed over the organiser's own data before anyone adopts it.

mod progress;
mod simulate;
mod turn;
mod view;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on it.
pub fn routes() -> Vec<Route> {
    routes![simulate::simulate_impact]
}
