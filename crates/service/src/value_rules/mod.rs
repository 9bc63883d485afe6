//! Value rules by themselves: anyone can try one out. Nothing is stored.

mod evaluate;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![evaluate::evaluate_value_rule]
}
