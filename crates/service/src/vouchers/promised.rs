//! What of a voucher is held: it follows from the choice, or from what is asked for, and is stored nowhere.

use valinta_domain::choice_request::{RequestState, state_on};
use valinta_domain::ledger::Allotment;
use valinta_domain::rulebook::Unused;
use valinta_domain::voucher::{Voucher, VoucherStatus};
use valinta_domain::{Day, Period, Quantity};
use valinta_persistence::choice_requests::ChoiceRequest;
use valinta_persistence::choices::Choice;

/// The days for which somebody has been chosen, or is asked, to deliver under a voucher; none where its life is over.
pub(super) fn promised(
    voucher: &Voucher,
    choices: &[Choice],
    latest: Option<&ChoiceRequest>,
    today: Day,
) -> Vec<Period> {
    match voucher.status_on(today) {
        VoucherStatus::Accepted | VoucherStatus::Chosen | VoucherStatus::InUse => {}
        VoucherStatus::Offered
        | VoucherStatus::Refused
        | VoucherStatus::UsedUp
        | VoucherStatus::Expired
        | VoucherStatus::Cancelled => return Vec::new(),
    }
    let waits = |request: &&ChoiceRequest| state_on(request.state, request.answer_by, today) == RequestState::Waiting;
    let asked = latest.filter(waits).and_then(|request| Period::new(request.first_day, voucher.validity.to()).ok());
    choices.iter().filter_map(Choice::period).chain(asked).collect()
}

/// What of an allotment is held by what has been promised.
pub(super) fn held_of(voucher: &Voucher, part: &Allotment, promised: &[Period], today: Day) -> Quantity {
    let usable_to = match voucher.unused {
        Unused::Lapses => None,
        Unused::CarriesOver => voucher.validity.to(),
    };
    part.held(promised, usable_to, today)
}
