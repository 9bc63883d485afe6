//! The acceptance suite: the service as its callers meet it, over real HTTP, every test on a database of its own.
//!
//! On SQLite by default, on PostgreSQL where `TEST_DATABASE_URL` names one. What a test needs is set up over HTTP; the
//! database is looked at only where a test is about what is in it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail the test where it stands"
)]

mod applications;
mod authorisation;
mod bad_input;
mod bad_tokens;
mod behalf;
mod bulk;
mod choosing;
mod contract;
mod crash;
mod database_away;
mod dates;
mod desk;
mod equal_treatment;
mod estimates;
mod events;
mod evidence;
mod free_and_public;
mod grants;
mod impact;
mod integrations;
mod journey;
mod lifecycle;
mod machine_clients;
mod money;
mod neutrality;
mod offering_terms;
mod open_data;
mod openid;
mod overdraw;
mod picking;
mod processes;
mod providers;
mod purses;
mod quality;
mod races;
mod recording;
mod records;
mod rulebooks;
mod sending;
mod simulation;
mod soak;
mod supervision;
mod support;
mod values;
mod vectors_over_http;
mod versions;
mod voucher_batches;
mod webhooks;
mod whose;
