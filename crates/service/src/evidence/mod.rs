//! Evidence of the conditions of approval: given once, looked at by each organiser.

mod check;
mod give;
mod list;
mod show;
mod sight;
mod soteri;
mod view;
mod withdraw;

pub(crate) use give::{GiveEvidence, give};
pub(crate) use sight::{Sight, sight_of};
pub(crate) use soteri::give_soteri;
pub(crate) use view::held_for;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on it.
pub fn routes() -> Vec<Route> {
    routes![
        give::give_evidence,
        list::list_evidence,
        show::show_evidence,
        withdraw::withdraw_evidence,
        check::check_evidence,
    ]
}
