//! The demo county: what a first run shows, and a journey through it.

mod data;
mod http_client;
mod journey;
mod load;
mod people;

pub(crate) use journey::walk;
pub(crate) use load::{DEMO_FACT, DEMO_PROVIDER_FACT, DEMO_RESIDENT_FACT, is_here, load_if_empty, never_load};
pub(crate) use people::{Bearer, token};
