//! Clients of an organiser.

mod lookup;
mod register;
mod show;

pub(crate) use register::{RegisterCommand, register};

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![register::register_client, lookup::look_up_client, show::show_client]
}
