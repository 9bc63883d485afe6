//! Applications: a unit asks to be approved for a voucher type, and the organiser decides.

mod approve;
mod begin;
mod decide;
mod document;
mod eligibility;
mod entries;
mod examined;
mod list;
mod names;
mod question;
mod replace;
mod request_information;
mod show;
mod submit;
mod unit;
mod view;
mod withdraw;

pub(crate) use begin::{BeginCommand, begin};
pub(crate) use decide::{DecideCommand, Verdict, decide};
pub(crate) use entries::EvidenceEntry;
pub(crate) use submit::submit;
pub(crate) use view::staff_of;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        begin::begin_application,
        list::list_applications,
        show::show_application,
        document::show_application_document,
        eligibility::show_application_eligibility,
        replace::replace_application,
        submit::submit_application,
        request_information::request_application_information,
        withdraw::withdraw_application,
        decide::decide_application,
    ]
}
