//! Services delivered under vouchers.

mod list;
mod record;
mod show;
mod span;
mod view;

pub(crate) use record::{RecordCommand, record};
pub(crate) use span::span_in;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![record::record_service_event, list::list_service_events, show::show_service_event]
}
