//! Approvals: which units may serve under which voucher types.

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![]
}
