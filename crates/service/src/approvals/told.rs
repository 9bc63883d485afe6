//! What days bring to approvals by themselves: an interruption that was known begins, and those concerned are told, once.

use serde_json::json;
use valinta_domain::approval::{Interruption, InterruptionCause, Lapse};
use valinta_domain::event::EventKind;
use valinta_persistence::approvals::Approval;
use valinta_persistence::{Conn, approvals, organisers};

use super::lapses::tell_lapsed;
use super::reasons::{Reasons, Subject};
use super::view::target_of;
use crate::cx::{Cx, found};
use crate::http::Problem;

/// Tells of interruptions that have begun and have not been told, at most so many. How many were told: nothing is left
/// where it is none.
pub(crate) fn tell_interruptions(c: &mut Conn, cx: &Cx, limit: i64) -> Result<usize, Problem> {
    let mut told = 0_usize;
    for organiser in organisers::list(c)? {
        let today = cx.today(&organiser)?;
        let left = limit.saturating_sub(i64::try_from(told).unwrap_or(limit));
        if left <= 0 {
            break;
        }
        let mut begun: Vec<(Approval, Interruption)> = Vec::new();
        for interruption in approvals::untold(c, organiser.id, today, left)? {
            begun.push((found(approvals::find(c, interruption.approval)?)?, interruption));
        }
        let subjects: Vec<Subject> = begun.iter().map(|(approval, _)| Subject::from(approval)).collect();
        let reasons = Reasons::load(c, &subjects)?;
        for (approval, interruption) in begun {
            // Of several processes one comes first.
            if approvals::mark_told(c, interruption.id, cx.now())? {
                tell_begun(cx, &approval, &interruption, &reasons);
                told = told.saturating_add(1);
            }
        }
    }
    Ok(told)
}

/// Tells that an interruption holds from today on. The reasons are those of the approval's lapses.
pub(crate) fn tell_begun(cx: &Cx, approval: &Approval, interruption: &Interruption, reasons: &Reasons) {
    match &interruption.cause {
        InterruptionCause::Lapsed { requirement } => {
            let lapse = Lapse { requirement: requirement.clone(), from: interruption.from, to: interruption.to };
            let reason = reasons.of_lapse(&Subject::from(approval), requirement, interruption.from);
            tell_lapsed(cx, approval, &lapse, reason.as_ref());
        }
        InterruptionCause::Suspended { decision, .. } => {
            let payload = json!({
                "provider": approval.provider,
                "unit": approval.unit,
                "decision": decision,
                "vouchers_in_use": interruption.vouchers_in_use,
                "to": interruption.to,
            });
            cx.tell(EventKind::ApprovalSuspended, ("approval", approval.id.uuid()), &target_of(approval), payload);
        }
    }
}
