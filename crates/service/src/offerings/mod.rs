//! Offerings: what approved units offer for a voucher type, and at what prices by day.

mod list;
mod price;
mod publish;
mod set_price;
mod show;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use publish::{PublishCommand, publish};

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![publish::publish_offering, list::list_offerings, show::show_offering, set_price::set_offering_price,]
}
