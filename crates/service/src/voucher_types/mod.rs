//! Voucher types: for what an organiser grants vouchers.

mod list;
mod publish;
mod rulebook;
mod rulebooks;
mod show;
mod view;

pub(crate) use publish::{PublishCommand, publish};
pub(crate) use view::VoucherTypeView;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        publish::publish_voucher_type,
        list::list_voucher_types,
        show::show_voucher_type,
        rulebook::show_rulebook_in_force,
        rulebooks::list_adopted_rulebooks,
    ]
}
