//! What is asked: the REST service, and the command `valinta` that runs it.
//!
//! `http` is the only module that knows the web framework's details; every resource has a folder and every verb a
//! file. What is true is decided in `valinta-domain`, what is remembered is kept by `valinta-persistence`.

pub mod app;
pub mod applications;
pub mod approvals;
pub mod attachments;
pub mod audit;
pub mod changes;
pub mod choice_requests;
pub mod choices;
pub mod cli;
pub mod clients;
pub mod clock;
pub mod config;
pub mod console;
pub mod cx;
pub mod deadlines;
pub mod decisions;
pub mod demo;
pub mod desk;
pub mod estimates;
pub mod events;
pub mod evidence;
pub mod exports;
pub mod health;
pub mod http;
pub mod impact;
pub mod imports;
pub mod jobs;
pub mod keys;
mod latest;
pub mod machine_clients;
pub mod mandates;
pub mod me;
mod noting;
pub mod oauth;
pub mod offerings;
pub mod openid;
pub mod opening;
pub mod organisers;
pub mod providers;
pub mod rulebooks;
pub mod sending;
pub mod service_events;
pub mod service_units;
pub mod settlements;
pub mod statements;
pub mod storage;
pub mod supervision;
pub mod tabular;
pub mod telemetry;
pub mod tokens;
pub mod value_rules;
pub mod voucher_batches;
pub mod voucher_types;
pub mod vouchers;
