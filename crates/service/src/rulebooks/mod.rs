//! Rulebooks: drafted, proposed, compared, and adopted by a decision; and what an adoption does to prices.

mod adopt;
mod difference;
mod draft;
mod draft_general;
mod list;
mod prices;
mod propose;
mod replace_terms;
mod return_to_draft;
mod show;
mod terms;
mod view;

pub(crate) use adopt::{AdoptCommand, adopt};
pub(crate) use draft::{DraftCommand, draft};
pub(crate) use prices::{NotAllowed, not_allowed};
pub(crate) use propose::propose;
pub(crate) use view::{RulebookSummary, RulebookView};

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        draft::draft_rulebook,
        draft_general::draft_general_part,
        list::list_rulebooks,
        show::show_rulebook,
        difference::show_rulebook_difference,
        replace_terms::replace_rulebook_terms,
        propose::propose_rulebook,
        return_to_draft::return_rulebook,
        adopt::adopt_rulebook,
    ]
}
