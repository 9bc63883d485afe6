//! How an approval is shown, to whom it belongs, and by which rulebook it is supervised.

use std::collections::HashMap;

use serde::Serialize;
use valinta_domain::approval::{
    ApprovalStanding, ApprovalState, Interruption, InterruptionCause, VouchersInUse, standing_on,
};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::policy::Target;
use valinta_domain::{Day, Id, Localized};
use valinta_persistence::approvals::Approval;
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::{Conn, approvals, decisions, organisers, voucher_types};

use super::reasons::{LapseReasonView, Reasons, Subject};
use crate::cx::{Cx, found};
use crate::http::{Problem, ProblemKind};

/// A unit's approval for a voucher type.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ApprovalView {
    /// Its id.
    pub(crate) id: Id<kind::Approval>,
    /// Whose approval it is.
    pub(crate) organiser: Id<kind::Organiser>,
    /// Who is approved.
    pub(crate) provider: Id<kind::Provider>,
    /// Which unit.
    pub(crate) unit: Id<kind::ServiceUnit>,
    /// For what.
    pub(crate) voucher_type: Id<kind::VoucherType>,
    /// For residents of which municipalities; of all of the organiser's where none is named.
    #[schema(max_items = 400)]
    pub(crate) area: Vec<MunicipalityCode>,
    /// From which application it follows.
    pub(crate) application: Id<kind::Application>,
    /// How it ended, or will.
    pub(crate) state: ApprovalState,
    /// First day.
    pub(crate) valid_from: Day,
    /// Last day, if it has an end and a day before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_until: Option<Day>,
    /// It was ended on its first day, or before it: it has no whole day.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) no_whole_day: bool,
    /// The decision that it follows from.
    pub(crate) decision: Id<kind::Decision>,
    /// The decision that it ends by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_decision: Option<Id<kind::Decision>>,
}

impl ApprovalView {
    pub(crate) fn of(approval: Approval) -> Self {
        Self {
            id: approval.id,
            organiser: approval.organiser,
            provider: approval.provider,
            unit: approval.unit,
            voucher_type: approval.voucher_type,
            area: approval.area,
            application: approval.application,
            state: approval.state,
            valid_from: approval.valid_from,
            valid_until: approval.valid_to.filter(|to| *to > approval.valid_from).map(|to| to.plus_days(-1)),
            no_whole_day: approval.valid_to.is_some_and(|to| to <= approval.valid_from),
            decision: approval.decision,
            end_decision: approval.end_decision,
        }
    }
}

/// Why an approval takes no new choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InterruptionKind {
    /// A decision suspended it.
    Suspended,
    /// A requirement of the rulebook is not shown to hold.
    Lapsed,
}

/// Days on which an approval takes no new choices.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct InterruptionView {
    /// Why.
    kind: InterruptionKind,
    /// The code of the requirement that lapsed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    requirement: Option<String>,
    /// Why it lapsed.
    #[serde(flatten)]
    reason: LapseReasonView,
    /// What becomes of vouchers in use.
    vouchers_in_use: VouchersInUse,
    /// First day.
    from: Day,
    /// Last day, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Day>,
    /// The decision that suspended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Id<kind::Decision>>,
    /// The decision that lifted that.
    #[serde(skip_serializing_if = "Option::is_none")]
    lifted_by: Option<Id<kind::Decision>>,
    /// The reasons of the decision that suspended it; with a single approval only.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<Localized>,
}

impl InterruptionView {
    fn of(interruption: Interruption, of: &Subject, reasons: &Reasons) -> Self {
        let reason = interruption.requirement().and_then(|code| reasons.of_lapse(of, code, interruption.from));
        let (kind, requirement, decision, lifted_by) = match interruption.cause {
            InterruptionCause::Suspended { decision, lifted } => {
                (InterruptionKind::Suspended, None, Some(decision), lifted)
            }
            InterruptionCause::Lapsed { requirement } => (InterruptionKind::Lapsed, Some(requirement), None, None),
        };
        Self {
            kind,
            requirement,
            reason: LapseReasonView::of(reason),
            vouchers_in_use: interruption.vouchers_in_use,
            from: interruption.from,
            until: interruption.to.filter(|to| *to > interruption.from).map(|to| to.plus_days(-1)),
            decision,
            lifted_by,
            reasons: None,
        }
    }
}

/// An approval as those concerned see it: where it stands today, and its interruptions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ApprovalDetails {
    /// The approval.
    #[serde(flatten)]
    pub(crate) approval: ApprovalView,
    /// Where it stands today.
    pub(crate) standing: ApprovalStanding,
    /// Days on which it takes no new choices, past, present and known to come, in order of days.
    #[schema(max_items = 1000)]
    pub(crate) interruptions: Vec<InterruptionView>,
    /// Suspensions that were lifted on their first day, or before it. No whole day of them is left, but their decisions
    /// stand.
    #[schema(max_items = 1000)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) undone: Vec<InterruptionView>,
}

/// Approvals as those concerned see them.
pub(crate) fn details_of(c: &mut Conn, cx: &Cx, listed: Vec<Approval>) -> Result<Vec<ApprovalDetails>, Problem> {
    let ids: Vec<Id<kind::Approval>> = listed.iter().map(|approval| approval.id).collect();
    let mut interruptions = approvals::interruptions_of(c, &ids)?;
    let mut days: HashMap<Id<kind::Organiser>, Day> = HashMap::new();
    let mut details = Vec::with_capacity(listed.len());
    let has_lapsed = |id| interruptions.get(id).is_some_and(|all| !all.iter().all(Interruption::is_suspension));
    let subjects: Vec<Subject> = listed.iter().filter(|approval| has_lapsed(&approval.id)).map(Subject::from).collect();
    let reasons = Reasons::load(c, &subjects)?;
    for approval in listed {
        let today = match days.get(&approval.organiser) {
            Some(today) => *today,
            None => {
                let organiser = found(organisers::find(c, approval.organiser)?)?;
                *days.entry(organiser.id).or_insert(cx.today(&organiser)?)
            }
        };
        let all = interruptions.remove(&approval.id).unwrap_or_default();
        let (own, mut undone): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.period().is_some());
        // A lapse that ended before it began never was; a decision was made.
        undone.retain(Interruption::is_suspension);
        let standing = standing_on(today, approval.state, (approval.valid_from, approval.valid_to), &own);
        let subject = Subject::from(&approval);
        let view = |one| InterruptionView::of(one, &subject, &reasons);
        let interruptions = own.into_iter().map(view).collect();
        let undone = undone.into_iter().map(view).collect();
        details.push(ApprovalDetails { approval: ApprovalView::of(approval), standing, interruptions, undone });
    }
    Ok(details)
}

/// One approval, with the reasons for which it was suspended.
pub(crate) fn detail_of(c: &mut Conn, cx: &Cx, approval: Approval) -> Result<ApprovalDetails, Problem> {
    let mut details = found(details_of(c, cx, vec![approval])?.pop())?;
    for interruption in details.interruptions.iter_mut().chain(&mut details.undone) {
        if let Some(decision) = interruption.decision {
            interruption.reasons = decisions::find(c, decision)?.map(|decision| decision.reasons);
        }
    }
    Ok(details)
}

/// To whom an approval belongs: who gave it, and who was given it.
pub(crate) fn target_of(approval: &Approval) -> Target {
    Target { organiser: Some(approval.organiser), provider: Some(approval.provider), person: None }
}

/// The rulebook of a day, by which an approval is supervised and ended.
pub(crate) fn rulebook_of(c: &mut Conn, approval: &Approval, day: Day) -> Result<Rulebook, Problem> {
    voucher_types::rulebook_in_force(c, approval.voucher_type, day)?
        .ok_or_else(|| Problem::new(ProblemKind::WrongState, "The voucher type has no rulebook in force today."))
}
