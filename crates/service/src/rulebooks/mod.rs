//! Rulebooks: drafted, read, and adopted by a decision.

mod adopt;
mod draft;
mod show;
mod view;

pub(crate) use adopt::{AdoptCommand, adopt};
pub(crate) use draft::{DraftCommand, draft};
pub(crate) use view::RulebookView;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![draft::draft_rulebook, show::show_rulebook, adopt::adopt_rulebook]
}
