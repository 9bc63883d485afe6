//! Units of providers, for everyone and for those who edit them.

mod close;
mod history;
mod list;
mod private;
mod replace;
mod request;
mod show;
mod view;

pub(crate) use close::{ClosingNotice, close, closes, may_close};
pub(crate) use list::{PublicUnits, serves};
pub(crate) use request::{UnitRequest, check_municipalities};
pub(crate) use view::ServiceUnitView;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        list::list_service_units,
        show::show_service_unit,
        private::show_private_service_unit,
        replace::replace_service_unit,
        history::list_service_unit_versions
    ]
}
