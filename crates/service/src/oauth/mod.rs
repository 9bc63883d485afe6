//! Tokens for programs, as OAuth 2.0 has it (RFC 6749 § 4.4): the endpoint that gives them, and where it is described.

mod answer;
mod credentials;
mod metadata;
mod token;

use crate::http::openapi::Route;
use crate::routes;

/// The operations.
pub fn routes() -> Vec<Route> {
    routes![token::obtain_token, metadata::show_token_server, metadata::show_token_keys]
}
