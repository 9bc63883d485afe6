//! Vouchers that are asked for many at once: taken in as a whole, decided on some at a time by whichever process comes
//! first, and told row by row. Each row is decided on as a single voucher is.

mod asked;
mod csv;
mod list;
mod rows;
mod run;
mod show;
mod start;
mod view;

pub(crate) use run::go_on;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        start::start_voucher_batch,
        list::list_voucher_batches,
        show::show_voucher_batch,
        rows::list_voucher_batch_rows,
    ]
}
