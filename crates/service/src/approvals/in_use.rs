//! What follows where an approval ends or is suspended: its end and its interruptions are stored, choices of the unit end
//! where they must, and each voucher's holder is told to choose again.

use serde_json::json;
use valinta_domain::approval::{ApprovalState, Interruption, InterruptionCause, VouchersInUse};
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::{Day, Id, Moment, Period};
use valinta_persistence::approvals::Approval;
use valinta_persistence::{Conn, approvals, choices};

use super::lapses::refresh_lapses;
use super::reasons::Reasons;
use super::told::tell_begun;
use super::view::target_of;
use crate::choice_requests::end_of_unit;
use crate::cx::Cx;
use crate::http::Problem;

/// Lets a held approval end on a day by a decision. How many vouchers in use are chosen with again.
pub(crate) fn end_on(
    c: &mut Conn,
    cx: &Cx,
    approval: &Approval,
    (state, from): (ApprovalState, Day),
    decision: Id<kind::Decision>,
) -> Result<usize, Problem> {
    // One that has not begun ends before it does.
    let end = from.max(approval.valid_from);
    let ended = Approval { state, valid_to: Some(end), end_decision: Some(decision), ..approval.clone() };
    approvals::store_end(c, &ended)?;
    approvals::cut_suspensions(c, approval.id, end)?;
    refresh_lapses(c, cx, &ended)?;
    changed(c, cx, approval)?;
    end_choices(c, cx, approval, end, None)
}

/// Suspends a held approval by a decision. How many vouchers in use are chosen with again.
pub(crate) fn suspend(
    c: &mut Conn,
    cx: &Cx,
    approval: &Approval,
    (period, vouchers_in_use): (Period, VouchersInUse),
    decision: Id<kind::Decision>,
    today: Day,
) -> Result<usize, Problem> {
    let begins_today = period.from() <= today;
    let interruption = Interruption {
        id: cx.id(),
        approval: approval.id,
        cause: InterruptionCause::Suspended { decision, lifted: None },
        vouchers_in_use,
        from: period.from(),
        to: period.to(),
        told_at: begins_today.then(|| cx.now()),
    };
    approvals::insert_interruption(c, approval.organiser, &interruption)?;
    changed(c, cx, approval)?;
    if begins_today {
        // A suspension's reasons are its decision's.
        tell_begun(cx, approval, &interruption, &Reasons::default());
    }
    match vouchers_in_use {
        VouchersInUse::MayFinish => {
            end_of_unit(c, cx, approval, (period.from(), period.to()), &[])?;
            Ok(0)
        }
        VouchersInUse::MustMove => end_choices(c, cx, approval, period.from(), period.to()),
    }
}

/// Whoever has read the approval, or a list that it has a part in, reads it again.
pub(crate) fn changed(c: &mut Conn, cx: &Cx, approval: &Approval) -> Result<(), Problem> {
    approvals::count_change(c, approval.id)?;
    cx.registry_changed(RegistryChange::approval(approval.id, Some(approval.organiser)));
    Ok(())
}

/// Ends the choices that rest on a held approval and reach a day, and what is asked for from that day on. How many vouchers
/// in use that leaves without a provider.
pub(crate) fn end_choices(
    c: &mut Conn,
    cx: &Cx,
    approval: &Approval,
    from: Day,
    until: Option<Day>,
) -> Result<usize, Problem> {
    end_of_unit(c, cx, approval, (from, until), &[])?;
    let ended = choices::end_of_unit(c, (approval.unit, approval.voucher_type), from, until, cx.now())?;
    let mut moved = 0_usize;
    for one in ended.iter().filter(|one| one.in_use) {
        let payload = json!({"voucher": one.voucher, "choice": one.choice, "from": from});
        cx.tell(EventKind::VoucherMustChooseAgain, ("voucher", one.voucher.uuid()), &target_of(approval), payload);
        moved = moved.saturating_add(1);
    }
    Ok(moved)
}

/// Tells the holders of vouchers that a suspension ended choices of the unit for nothing: it was lifted before it began.
/// Their choices stay ended, for some have begun to look for another; who has not chosen again can choose the unit.
pub(super) fn tell_unit_resumed(
    c: &mut Conn,
    cx: &Cx,
    approval: &Approval,
    (from, suspended_at): (Day, Moment),
) -> Result<usize, Problem> {
    let left = choices::left_without(c, (approval.unit, approval.voucher_type), from, suspended_at)?;
    for (voucher, choice) in &left {
        let payload = json!({"voucher": voucher, "choice": choice, "unit": approval.unit, "from": from});
        cx.tell(EventKind::VoucherUnitResumed, ("voucher", voucher.uuid()), &target_of(approval), payload);
    }
    Ok(left.len())
}
