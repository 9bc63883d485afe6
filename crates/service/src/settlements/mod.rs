//! The settling of months: everything that is due of an organiser's service events is put on one statement for each provider.

mod list;
mod payments;
mod run;
mod settings;
mod show;
mod start;
mod view;

pub(crate) use run::go_on;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        settings::set_settlement_settings,
        settings::show_settlement_settings,
        start::start_settlement,
        list::list_settlements,
        show::show_settlement,
        payments::show_settlement_payments,
    ]
}
