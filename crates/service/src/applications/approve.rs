//! What an approving decision brings about: the approval itself, the end of the one that it replaces, and that its evidence
//! has been looked at. What may be approved is decided before.

use serde::Serialize;
use valinta_domain::approval::{ApprovalState, Existing, InTheWay, follows};
use valinta_domain::evidence::{CheckOutcome, EvidenceCheck};
use valinta_domain::id::kind;
use valinta_domain::measure::MeasureState;
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::{Day, Id};
use valinta_persistence::applications::Application;
use valinta_persistence::approvals::Approval;
use valinta_persistence::measures::MeasureFilter;
use valinta_persistence::{Conn, DbError, approvals, evidence, measures};

use super::decide::ApprovalRefused;
use crate::approvals::{refresh_lapses_of_provider, replace};
use crate::cx::Cx;
use crate::http::Problem;

/// The approval in whose place another one begins.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReplacedApproval {
    /// Which.
    pub(crate) approval: Id<kind::Approval>,
    /// Its last day.
    pub(crate) valid_until: Day,
    /// How many vouchers in use end with it, of clients who live outside the new area; their holders choose again.
    #[schema(minimum = 0)]
    pub(crate) vouchers_in_use: usize,
}

/// The approval of the unit that one from a day on would replace; none where it replaces none. The unit's approvals are held
/// from here on.
pub(super) fn replaced_by(
    c: &mut Conn,
    application: &Application,
    valid_from: Day,
) -> Result<Option<Approval>, Problem> {
    // Who decides holds the provider already; held first, it is so wherever this is called from.
    approvals::hold_all_of(c, application.provider)?;
    approvals::hold_of_unit(c, application.unit, application.voucher_type)?;
    let mut of_unit = approvals::of_unit(c, application.unit, application.voucher_type)?;
    let existing: Vec<Existing<'_>> =
        of_unit.iter().map(|one| Existing { from: one.valid_from, to: one.valid_to, area: &one.area }).collect();
    let Some(place) = follows(&existing, valid_from, &application.area).map_err(ApprovalRefused::from)? else {
        return Ok(None);
    };
    let former = of_unit.swap_remove(place);
    if is_supervised(c, &former, valid_from)? {
        return Err(ApprovalRefused::Supervised.into());
    }
    Ok(Some(former))
}

/// Whether something is decided against an approval, or is being heard about, that another one in its place would undo.
fn is_supervised(c: &mut Conn, approval: &Approval, day: Day) -> Result<bool, Problem> {
    let interruptions = approvals::interruptions_of(c, &[approval.id])?.remove(&approval.id).unwrap_or_default();
    let goes_on = |to: Option<Day>| to.is_none_or(|to| to > day);
    if interruptions.iter().any(|one| one.is_suspension() && one.period().is_some() && goes_on(one.to)) {
        return Ok(true);
    }
    let heard =
        MeasureFilter { approval: Some(approval.id), state: Some(MeasureState::Hearing), ..MeasureFilter::default() };
    Ok(!measures::list(c, &heard, None, 1)?.is_empty())
}

/// Stores the approval that follows, in the place of the one that it replaces, and that the organiser accepts what it rests
/// on.
pub(super) fn approve_unit(
    c: &mut Conn,
    cx: &Cx,
    application: &Application,
    former: Option<&Approval>,
    (decision, valid_from, today): (Id<kind::Decision>, Day, Day),
) -> Result<(Approval, Option<ReplacedApproval>), Problem> {
    let approval = Approval {
        id: cx.id(),
        organiser: application.organiser,
        provider: application.provider,
        unit: application.unit,
        voucher_type: application.voucher_type,
        area: application.area.clone(),
        application: application.id,
        state: ApprovalState::Active,
        valid_from,
        valid_to: None,
        decision,
        end_decision: None,
        version: 1,
    };
    let mut replaced = None;
    if let Some(former) = former {
        let vouchers_in_use = replace(c, cx, former, &approval)?;
        let valid_until = valid_from.max(former.valid_from).plus_days(-1);
        replaced = Some(ReplacedApproval { approval: former.id, valid_until, vouchers_in_use });
    }
    approvals::insert(c, &approval).map_err(overlapping)?;
    accept_evidence(c, cx, application, today)?;
    // Of all of them: what was accepted here may be what another of the provider's approvals has been waiting for.
    refresh_lapses_of_provider(c, cx, approval.provider)?;
    cx.registry_changed(RegistryChange::approval(approval.id, Some(approval.organiser)));
    Ok((approval, replaced))
}

/// Another decision may have come first; the database keeps the days apart.
fn overlapping(error: DbError) -> Problem {
    match &error {
        DbError::Check { constraint } | DbError::Unique { constraint }
            if ["approvals_no_overlap", "approvals_open"].contains(&constraint.as_str()) =>
        {
            ApprovalRefused::InTheWay(InTheWay::SameArea).into()
        }
        DbError::Unavailable { .. }
        | DbError::Overloaded
        | DbError::LockTimeout
        | DbError::Serialization
        | DbError::Unique { .. }
        | DbError::ForeignKey { .. }
        | DbError::Check { .. }
        | DbError::AppendOnly { .. }
        | DbError::Corrupt { .. }
        | DbError::Internal(_) => error.into(),
    }
}

/// Notes that the organiser has looked at each piece that it had not looked at before. Whose decision it is, has.
fn accept_evidence(c: &mut Conn, cx: &Cx, application: &Application, today: Day) -> Result<(), Problem> {
    let pieces: Vec<Id<kind::Evidence>> = application.evidence.iter().filter_map(|one| one.evidence).collect();
    let checks = evidence::checks_of(c, application.organiser, &pieces)?;
    for piece in pieces.into_iter().filter(|piece| !checks.contains_key(piece)) {
        let check = EvidenceCheck {
            id: cx.id(),
            organiser: application.organiser,
            evidence: piece,
            outcome: CheckOutcome::Accepted,
            day: today,
            note: None,
            checked_by: cx.actor().subject.clone(),
            checked_at: cx.now(),
        };
        evidence::insert_check(c, &check)?;
    }
    Ok(())
}
