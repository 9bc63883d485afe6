//! Lists of what can be chosen: for everyone, and for the holder of a voucher. One engine, `valinta_domain::choice`.

mod compare;
mod cursor;
mod findings;
mod list;
mod quality;
mod show;
mod view;

pub(crate) use view::{DrawnBy, OptionView, OrderView};

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![compare::compare_choices, list::list_choices, show::show_choice]
}

#[cfg(test)]
mod tests;
