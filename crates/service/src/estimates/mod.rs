//! What a voucher would be to somebody, told to anyone who asks, without a token. Nothing is stored.

mod eligibility;
mod estimate;
mod published;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![estimate::make_estimate, eligibility::check_eligibility]
}
