//! Services delivered under vouchers.

mod accept;
mod act;
mod ask;
mod batch;
mod contest;
mod correct;
mod drafts;
mod list;
mod reasons;
mod record;
mod refused;
mod request;
mod revalue;
mod show;
mod span;
mod view;

pub(crate) use drafts::tell_drafts;
pub(crate) use record::record_alone;
pub(crate) use request::{RecordCommand, VoucherRef};
pub(crate) use revalue::revalue;
pub(crate) use span::span_in;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them. Those whose paths have words come before those whose have an id in that place.
pub fn routes() -> Vec<Route> {
    let mut all = drafts::routes();
    all.extend(routes![
        record::record_service_event,
        batch::record_service_events,
        list::list_service_events,
        show::show_service_event,
        accept::accept_service_event,
        contest::contest_service_event,
        ask::query_service_event,
        ask::answer_service_event,
        correct::withdraw_service_event,
        correct::credit_service_event,
        correct::resolve_service_event,
    ]);
    all
}
