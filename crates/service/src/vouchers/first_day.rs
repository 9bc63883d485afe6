//! The first day of a choice that is made now: lists show as of it, and the choice itself begins on it.

use valinta_domain::Day;
use valinta_domain::voucher::{Voucher, VoucherState};
use valinta_persistence::choices::Choice;
use valinta_persistence::{Conn, choices, voucher_types};

use crate::http::Problem;

/// The first day of a choice that is made today, wherever an offering could start at once; and the choice that holds today.
pub(crate) fn first_day(c: &mut Conn, voucher: &Voucher, today: Day) -> Result<(Day, Option<Choice>), Problem> {
    let held = choices::holding_on(c, voucher.id, today)?;
    let period = held.as_ref().and_then(Choice::period);
    // Only who has begun to deliver is given notice.
    let notice_days = match (&voucher.state, period) {
        (VoucherState::InUse, Some(_)) => voucher_types::rulebook_in_force(c, voucher.voucher_type, today)?
            .map_or(0, |rulebook| rulebook.terms.choosing.change_notice_days),
        _ => 0,
    };
    Ok((voucher.choice_from(today, period, notice_days), held))
}
