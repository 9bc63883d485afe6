//! The audit trail, for auditors.

mod list;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on it.
pub fn routes() -> Vec<Route> {
    routes![list::list_audit_rows]
}
