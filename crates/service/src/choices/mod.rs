//! Lists of what can be chosen: for everyone, and for the holder of a voucher. One engine, `valinta_domain::choice`.

mod compare;
mod cursor;
mod list;
mod view;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![compare::compare_choices, list::list_choices]
}

#[cfg(test)]
mod tests;
