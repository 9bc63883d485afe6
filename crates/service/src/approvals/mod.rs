//! Approvals: which units may serve which voucher types, and since when.

mod list;
mod view;

pub(crate) use view::ApprovalView;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![list::list_approvals]
}
