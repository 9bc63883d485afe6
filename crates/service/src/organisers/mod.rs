//! Organisers: who pays for vouchers, and for whom.

mod create;
mod geo;
mod list;
mod municipalities;
mod show;
mod view;

pub(crate) use create::{CreateCommand, code, create};
pub(crate) use geo::{DegreesError, GeoPoint, LATITUDE_MAX, LONGITUDE_MAX, degrees_e6};
pub(crate) use view::OrganiserView;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![create::create_organiser, list::list_organisers, show::show_organiser, municipalities::list_municipalities,]
}
