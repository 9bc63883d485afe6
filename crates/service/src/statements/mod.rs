//! Statements: what organisers owe providers for a month, as it is read, approved, sent and paid.

pub mod documents;
mod list;
mod move_on;
mod show;
mod sums;
pub(crate) mod whole;

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        list::list_statements,
        show::show_statement,
        show::show_statement_lines,
        show::show_statement_invoice,
        show::show_statement_page,
        move_on::approve_statement,
        move_on::send_statement,
        move_on::pay_statement,
    ]
}
