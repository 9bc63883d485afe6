//! Files that providers hand in as evidence: kept sealed, shown to whoever sees the evidence, never run or displayed.

mod file;
mod hand_in;
mod remove;
mod show;
mod view;

pub(crate) use view::AttachmentView;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![hand_in::hand_in_attachment, show::show_attachment, remove::remove_attachment]
}
