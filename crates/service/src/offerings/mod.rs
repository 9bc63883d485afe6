//! Offerings: what approved units offer for a voucher type, and at what prices by day.

mod details;
mod history;
mod list;
mod price;
mod public_prices;
mod publish;
mod replace;
mod set_price;
mod show;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use list::{PublicOfferingView, PublicOfferings};
pub(crate) use publish::{PublishCommand, publish};

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        publish::publish_offering,
        list::list_offerings,
        show::show_offering,
        replace::replace_offering,
        set_price::set_offering_price,
        history::show_offering_history,
    ]
}
