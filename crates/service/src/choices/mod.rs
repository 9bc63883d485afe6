//! Lists of what can be chosen: for everyone, and for the holder of a voucher.

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![]
}
