//! What a resident sees of their own, and of those for whom they may act.

mod access_log;
mod vouchers;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![vouchers::list_my_vouchers, access_log::show_access_log]
}
