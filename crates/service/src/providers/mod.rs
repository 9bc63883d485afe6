//! Providers: registered once, with their units, for every organiser.

mod add_unit;
mod list;
mod mine;
mod register;
mod show;
mod view;
mod whose;

pub(crate) use add_unit::add_unit;
pub(crate) use register::{RegisterCommand, not_blank, register};
pub(crate) use whose::target_of;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        register::register_provider,
        add_unit::add_service_unit,
        list::list_providers,
        mine::list_own_providers,
        show::show_provider,
    ]
}
