//! Lists of what can be chosen: for everyone, and for the holder of a voucher. One engine, `valinta_domain::choice`.

mod compare_offerings;
mod compare_voucher_offerings;
mod cursor;
mod differences;
mod findings;
mod held;
mod list;
mod page;
mod public_list;
mod quality;
mod reasons;
mod sent;
mod show;
mod shown;
mod shown_list;
mod shown_lists;
mod side_by_side;
mod view;
mod wish;

pub(crate) use sent::SentPages;
pub(crate) use view::{DrawnBy, OptionView, OrderView};

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        public_list::compare_choices,
        compare_offerings::compare_offerings,
        list::list_choices,
        compare_voucher_offerings::compare_voucher_offerings,
        show::show_choice,
        shown_lists::list_shown_lists,
        shown_list::replay_shown_list,
    ]
}

#[cfg(test)]
mod tests;
