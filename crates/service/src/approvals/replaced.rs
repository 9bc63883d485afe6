//! What follows where an approval takes another one's place, for another area: the former ends on the first day of the new
//! one. Choices of clients whom the new one covers go on; those of others end, and their holders are told.

use serde_json::json;
use valinta_domain::Id;
use valinta_domain::approval::ApprovalState;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_persistence::approvals::Approval;
use valinta_persistence::{Conn, approvals, choices};

use super::in_use::changed;
use super::lapses::refresh_lapses;
use super::view::target_of;
use crate::choice_requests::end_of_unit;
use crate::cx::Cx;
use crate::http::Problem;

/// Lets a held approval end as another one begins in its place, by the same decision. How many vouchers in use are chosen
/// with again.
pub(crate) fn replace(c: &mut Conn, cx: &Cx, former: &Approval, new: &Approval) -> Result<usize, Problem> {
    // One that has not begun ends before it does.
    let end = new.valid_from.max(former.valid_from);
    let decision: Id<kind::Decision> = new.decision;
    let ended =
        Approval { state: ApprovalState::Ended, valid_to: Some(end), end_decision: Some(decision), ..former.clone() };
    approvals::store_end(c, &ended)?;
    approvals::cut_suspensions(c, former.id, end)?;
    refresh_lapses(c, cx, &ended)?;
    changed(c, cx, former)?;
    let mut moved = 0_usize;
    if !new.area.is_empty() {
        end_of_unit(c, cx, former, (new.valid_from, None), &new.area)?;
    }
    let of = (former.unit, former.voucher_type);
    let ended = choices::end_outside(c, of, &new.area, new.valid_from, cx.now())?;
    for one in ended.iter().filter(|one| one.in_use) {
        let payload = json!({"voucher": one.voucher, "choice": one.choice, "from": new.valid_from});
        cx.tell(EventKind::VoucherMustChooseAgain, ("voucher", one.voucher.uuid()), &target_of(former), payload);
        moved = moved.saturating_add(1);
    }
    let payload = json!({
        "approval": new.id,
        "provider": former.provider,
        "unit": former.unit,
        "decision": decision,
        "from": new.valid_from,
        "vouchers_in_use": moved,
    });
    cx.tell(EventKind::ApprovalReplaced, ("approval", former.id.uuid()), &target_of(former), payload);
    Ok(moved)
}
