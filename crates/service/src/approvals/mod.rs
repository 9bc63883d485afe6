//! Approvals: which units may serve which voucher types, since when, and on which days they take no new choices.

mod chain;
mod end;
mod in_use;
mod lapses;
mod list;
mod public;
mod reasons;
mod replaced;
mod resume;
mod show;
mod told;
mod view;

pub(crate) use chain::Chain;
pub(crate) use in_use::{changed, end_choices, end_on, suspend};
pub use lapses::lapse_faults;
pub(crate) use lapses::{
    lapses_are_due, lapses_are_found, refresh_lapses_of_provider, refresh_lapses_of_some,
    refresh_lapses_of_voucher_type, some_with_lapses,
};
pub(crate) use public::{PublicApprovalView, PublicApprovals};
pub(crate) use reasons::{LapseReasonView, Reasons, Subject};
pub(crate) use replaced::replace;
pub(crate) use told::tell_interruptions;
pub(crate) use view::{ApprovalView, rulebook_of, target_of};

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        list::list_approvals,
        public::list_public_approvals,
        show::show_approval,
        resume::resume_approval,
        end::end_approval
    ]
}
