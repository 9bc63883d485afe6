//! Services that a provider has begun to record and not finished: none is lost silently.

mod begin;
mod content;
mod finish;
mod list;
mod remind;
mod replace;
mod view;

pub(crate) use remind::tell_drafts;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub(super) fn routes() -> Vec<Route> {
    routes![
        begin::begin_service_event_draft,
        list::list_service_event_drafts,
        list::show_service_event_draft,
        replace::replace_service_event_draft,
        finish::record_service_event_draft,
        finish::discard_service_event_draft,
    ]
}
