//! Services delivered under vouchers.

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![]
}
