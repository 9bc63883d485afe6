//! What is remembered: Diesel on SQLite and PostgreSQL, one query body for both.
//!
//! Everything happens inside [`Db::read`] and [`Db::write`]. Functions of this crate take the connection of such a
//! transaction, store and load domain values, and decide nothing: rules are the domain's, permissions the service's.

mod candidates;
mod convert;

pub mod acts_on_behalf;
pub mod applications;
pub mod approvals;
pub mod attachments;
pub mod audit;
pub mod bulk;
pub mod choice_requests;
pub mod choices;
pub mod clients;
pub mod decisions;
pub mod deliveries;
pub mod desk;
pub mod event_accounts;
pub mod event_drafts;
pub mod evidence;
pub mod expiries;
pub mod findings;
pub mod grants;
pub mod idempotency;
pub mod impact;
pub mod issue_references;
pub mod jobs;
pub mod ledger;
pub mod ledger_check;
pub mod machine_clients;
pub mod mandates;
pub mod measures;
pub mod offering_states;
pub mod offerings;
pub mod open_data;
pub mod organisers;
pub mod outbox;
pub mod places;
pub mod provider_changes;
pub mod providers;
pub mod quality;
pub mod registry;
pub mod registry_changes;
pub mod registry_versions;
pub mod reminders;
pub mod rulebooks;
pub mod service_events;
pub mod settlements;
pub mod shown_lists;
pub mod source_ids;
pub mod statements;
pub mod testing;
pub mod types;
pub mod vault;
pub mod voucher_batches;
pub mod voucher_types;
pub mod vouchers;
pub mod webhooks;

mod database_url;
mod db;
mod dialect;
mod error;
mod lane;
mod link;
mod migrations;
mod schema;
mod update;
mod writer;

pub use database_url::{DatabaseUrl, DatabaseUrlError};
pub use db::{Db, OpenError};
pub use dialect::Conn;
pub use error::{DbError, Retryable};
