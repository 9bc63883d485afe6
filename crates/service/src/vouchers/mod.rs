//! Vouchers: issued, told about, accepted or refused, chosen with, looked up, changed, cancelled.

mod accept;
mod accounting_code;
mod behalf;
mod cancel;
mod changed;
mod choose;
mod chosen;
mod extend;
mod first_day;
mod inform;
mod issue;
mod issuing;
mod ledger;
mod list;
mod lookup;
mod not_choosable;
mod pick;
mod places;
mod promised;
mod raise;
mod reduce;
mod refuse;
mod reissue;
mod seen_price;
mod show;
mod told;
mod view;
mod worth;

pub(crate) use accept::accept;
pub(crate) use behalf::{Answering, OnBehalf};
pub(crate) use cancel::cancel;
pub(crate) use choose::{ChooseProvider, choose};
pub(crate) use chosen::store_choice;
pub(crate) use first_day::first_day;
pub(crate) use inform::inform;
pub(crate) use issue::{IssueCommand, IssueVoucher, issue};
pub(crate) use issuing::{Decided, Grounds, decide, decided_before, store};
pub(crate) use pick::{Wanted, pick};
pub(crate) use places::Places;
pub(crate) use refuse::refuse;
pub(crate) use view::{PriceView, VoucherView, target_of, view_of};
pub(crate) use worth::{service_facts_of, valuation_of, versions_beside, versions_by};

use crate::http::openapi::Route;
use crate::routes;

/// The operations on them.
pub fn routes() -> Vec<Route> {
    routes![
        issue::issue_voucher,
        list::list_vouchers,
        show::show_voucher,
        inform::give_information,
        inform::show_information,
        accept::accept_voucher,
        refuse::refuse_voucher,
        choose::choose_provider,
        cancel::cancel_voucher,
        extend::extend_voucher,
        raise::raise_voucher,
        reduce::reduce_voucher,
        reissue::reissue_voucher,
        accounting_code::set_accounting_code,
        lookup::look_up_voucher,
        ledger::show_ledger,
    ]
}
