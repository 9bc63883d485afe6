//! What has happened, told in one order to organisers and providers: ids and states, never personal data.

mod list;
mod place;
mod view;

pub(crate) use place::{Place, place_of};
pub(crate) use view::EventView;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![list::list_events]
}
