//! What is true about service vouchers: the field's words as types, and its rules as pure functions.
//!
//! Nothing here reads a clock, a database or the network, and nothing here knows HTTP. Everything that depends on
//! a moment, a day or a random number takes it as a parameter.

pub mod application;
pub mod approval;
pub mod batch;
pub mod behalf;
pub mod calendar;
pub mod choice;
pub mod choice_request;
pub mod decision;
pub mod delivery;
pub mod event;
pub mod evidence;
pub mod explain;
pub mod finding;
pub mod grant;
pub mod id;
pub mod identifiers;
pub mod impact;
pub mod information;
pub mod job;
pub mod lease;
pub mod ledger;
pub mod machine_client;
pub mod measure;
pub mod money;
pub mod offering;
pub mod policy;
pub mod provider;
pub mod quality;
pub mod quantity;
pub mod registry_change;
pub mod rulebook;
pub mod rulebook_difference;
pub mod rules;
pub mod service_event;
pub mod settlement;
pub mod statement;
pub mod text;
pub mod time;
pub mod valuation;
pub mod voucher;
pub mod webhook;

mod written;

pub use id::Id;
pub use money::{Amount, Currency, Money};
pub use quantity::{Quantity, Unit};
pub use text::{Language, Localized};
pub use time::{Day, Moment, Period};
