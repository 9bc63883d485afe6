//! What is asked: the REST service, and the command `valinta` that runs it.
//!
//! `http` is the only module that knows the web framework's details; every resource has a folder and every verb a
//! file. What is true is decided in `valinta-domain`, what is remembered is kept by `valinta-persistence`.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod console;
pub mod health;
pub mod http;
pub mod keys;
pub mod telemetry;
pub mod tokens;
