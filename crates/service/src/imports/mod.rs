//! Bringing providers, units, offerings and prices in from another system. The shapes of the rows are here too, for files
//! that are handed out: what is handed out can be brought in.

mod apply;
mod apply_offerings;
mod apply_prices;
mod apply_providers;
mod apply_units;
mod cells;
mod described;
mod file;
mod import;
mod kind;
mod offering_record;
mod places;
mod price_checks;
mod price_line;
mod price_record;
mod progress;
mod provider_record;
mod read;
mod report;
mod run;
mod unit_record;

pub(crate) use apply::Source;
pub(crate) use cells::cell_of;
pub(crate) use kind::{RowKind, source_of};
pub(crate) use offering_record::OfferingRecord;
pub(crate) use places::ImportPlaces;
pub(crate) use price_line::last_days;
pub(crate) use price_record::PriceRecord;
pub(crate) use provider_record::ProviderRecord;
pub(crate) use read::{ID_COLUMN, Record};
pub(crate) use unit_record::UnitRecord;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![import::import_registry]
}
