//! What every request finds: the database, the tokens and the clock; and the list of all routes.

use valinta_persistence::Db;

use crate::clock::Clock;
use crate::http::openapi::Route;
use crate::tokens::Tokens;
use crate::{health, routes};

/// The running service. Clones are cheap and share everything.
#[derive(Clone)]
pub struct App {
    db: Db,
    tokens: Tokens,
    clock: Clock,
}

impl App {
    /// A service from its parts.
    pub fn new(db: Db, tokens: Tokens, clock: Clock) -> Self {
        Self { db, tokens, clock }
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Who verifies and mints tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

/// Every operation that the service has.
pub fn routes() -> Vec<Route> {
    routes![health::live::show_liveness, health::ready::show_readiness]
}
