//! Lapses of approvals: brought in line with evidence and rulebooks whenever those change, from today on. What is past
//! stands. Which days lapse is the domain's to say.

use std::sync::Arc;

use serde_json::json;
use valinta_domain::approval::{Asked, Interruption, InterruptionCause, Lapse, LapseChange, LapseReason, Piece};
use valinta_domain::approval::{VouchersInUse, lapse_changes, lapses};
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::approvals::{Approval, Whom, Whose};
use valinta_persistence::{Conn, Db, DbError, approvals, organisers};

use super::reasons::{Common, LookedAt, Subject, reason_of};
use super::view::target_of;
use crate::cx::{Cx, day_at, found};
use crate::http::Problem;

/// How many approvals are looked at in one go.
const APPROVALS_AT_ONCE: i64 = 500;
/// Most differences that a check names.
const FAULTS_MAX: usize = 1_000;

/// What is stored of an approval's lapses, and what they are.
struct Compared {
    stored: Vec<Interruption>,
    found: Vec<Lapse>,
    changes: Vec<LapseChange>,
    /// What they were found from.
    pieces: Arc<[LookedAt]>,
    today: Day,
}

/// Brings the lapses of an approval in line with the evidence that its organiser has accepted and with the rulebooks, from
/// today on. Called wherever one of these has changed.
pub(super) fn refresh_lapses(c: &mut Conn, cx: &Cx, approval: &Approval) -> Result<(), Problem> {
    refresh(c, cx, approval.id, &mut Common::default())
}

/// As [`refresh_lapses`], of all of a provider's approvals: where evidence of it was looked at or taken back, and where a
/// unit of it was approved.
pub(crate) fn refresh_lapses_of_provider(c: &mut Conn, cx: &Cx, provider: Id<kind::Provider>) -> Result<(), Problem> {
    refresh_all(c, cx, Whose::Provider(provider))
}

/// As [`refresh_lapses`], of all approvals for a voucher type.
pub(crate) fn refresh_lapses_of_voucher_type(
    c: &mut Conn,
    cx: &Cx,
    voucher_type: Id<kind::VoucherType>,
) -> Result<(), Problem> {
    refresh_all(c, cx, Whose::VoucherType(voucher_type))
}

/// A migration leaves lapses to be found by the rulebooks of today: noted as a fact of the installation until it is done.
const DUE: &str = "lapses_are_due";

/// Whether a migration has left the lapses of all approvals to be brought in line.
///
/// # Errors
/// The database's.
pub(crate) fn lapses_are_due(c: &mut Conn) -> Result<bool, DbError> {
    Ok(organisers::installation_fact(c, DUE)?.is_some())
}

/// Notes that the lapses of all approvals have been brought in line.
///
/// # Errors
/// The database's.
pub(crate) fn lapses_are_found(c: &mut Conn) -> Result<bool, DbError> {
    organisers::forget_installation_fact(c, DUE)
}

/// Some approvals that are not over, and whose they are, in order of id.
///
/// # Errors
/// The database's.
pub(crate) fn some_with_lapses(
    c: &mut Conn,
    now: Moment,
    after: Option<Id<kind::Approval>>,
    limit: i64,
) -> Result<Vec<Whom>, DbError> {
    approvals::ids_not_over(c, day_before(now), after, limit)
}

/// As [`refresh_lapses`], of some approvals, each with its provider, in order of id.
///
/// # Errors
/// The database's; what is stored of one of them cannot be read.
pub(crate) fn refresh_lapses_of_some(c: &mut Conn, cx: &Cx, some: &[Whom]) -> Result<(), Problem> {
    let providers: Vec<Id<kind::Provider>> = some.iter().map(|(_, provider)| *provider).collect();
    approvals::hold_all_of_each(c, &providers)?;
    let mut known = Common::default();
    some.iter().try_for_each(|(id, _)| refresh(c, cx, *id, &mut known))
}

/// Recomputes the lapses of all approvals from the day of a moment on, and compares them with those that are stored: what
/// differs, in words. The moment is the present one; lapses are not kept for days that were.
///
/// # Errors
/// The database's. What differs is no error but the answer.
pub fn lapse_faults(db: &Db, now: Moment) -> Result<Vec<String>, Problem> {
    db.read_blocking(move |c| {
        let (mut faults, mut known, mut after) = (Vec::new(), Common::default(), None);
        loop {
            let some = approvals::not_over(c, Whose::Everyones, day_before(now), after, APPROVALS_AT_ONCE)?;
            let Some(last) = some.last() else { return Ok(faults) };
            after = Some(last.id);
            known.forget_pieces();
            for approval in &some {
                let compared = compare(c, approval, now, &mut known)?;
                let differs = |change| format!("{}: {}", approval.id, in_words(change));
                faults.extend(compared.changes.iter().map(differs));
            }
            if faults.len() >= FAULTS_MAX {
                faults.truncate(FAULTS_MAX);
                return Ok(faults);
            }
        }
    })
}

fn in_words(change: &LapseChange) -> String {
    match change {
        LapseChange::Begins(lapse) => {
            format!("{} lapses on {}, which is not stored", lapse.requirement, lapse.from)
        }
        LapseChange::Ends { id, to: Some(to) } => format!("the lapse {id} ends on {to}, which is not stored"),
        LapseChange::Ends { id, to: None } => format!("the lapse {id} does not end, but is stored with an end"),
        LapseChange::Removed(id) => format!("the lapse {id} is stored, but does not come"),
    }
}

/// A day that is over everywhere.
fn day_before(now: Moment) -> Day {
    Day::new(now.utc().date_naive()).plus_days(-1)
}

fn refresh_all(c: &mut Conn, cx: &Cx, whose: Whose) -> Result<(), Problem> {
    // An approval, an acceptance and an adoption at the same moment: whoever comes last sees them all.
    if let Whose::Provider(provider) = whose {
        approvals::hold_all_of(c, provider)?;
    }
    let (mut known, mut after) = (Common::default(), None);
    loop {
        let some = approvals::not_over(c, whose, day_before(cx.now()), after, APPROVALS_AT_ONCE)?;
        let Some(last) = some.last() else { return Ok(()) };
        after = Some(last.id);
        known.forget_pieces();
        for approval in &some {
            refresh(c, cx, approval.id, &mut known)?;
        }
    }
}

/// Of those who refresh one approval at once, each sees what the one before has stored.
fn refresh(c: &mut Conn, cx: &Cx, id: Id<kind::Approval>, known: &mut Common) -> Result<(), Problem> {
    approvals::hold(c, id)?;
    let approval = found(approvals::find(c, id)?)?;
    let compared = compare(c, &approval, cx.now(), known)?;
    if compared.changes.is_empty() {
        return Ok(());
    }
    for change in &compared.changes {
        store(c, cx, &approval, change, compared.today)?;
    }
    tell(c, cx, &approval, &compared, known)?;
    approvals::count_change(c, id)?;
    cx.registry_changed(RegistryChange::approval(id, Some(approval.organiser)));
    Ok(())
}

fn compare(c: &mut Conn, approval: &Approval, now: Moment, known: &mut Common) -> Result<Compared, Problem> {
    let today = day_at(now, known.organiser(c, approval.organiser)?)?;
    let looked_at = known.pieces(c, (approval.organiser, approval.provider))?;
    let rules = known.rules(c, approval.voucher_type)?;
    let asked: Vec<Asked<'_>> = rules
        .entries()
        .iter()
        .map(|(period, (_, terms))| Asked { period: *period, requirements: &terms.requirements })
        .collect();
    let pieces: Vec<Piece<'_>> = looked_at.iter().map(LookedAt::piece).collect();
    let found = approval.period().map_or_else(Vec::new, |period| lapses(period, approval.unit, &asked, &pieces, today));
    let stored = approvals::interruptions_of(c, &[approval.id])?.remove(&approval.id).unwrap_or_default();
    let changes = lapse_changes(&stored, &found, today);
    Ok(Compared { stored, found, changes, pieces: looked_at, today })
}

fn store(c: &mut Conn, cx: &Cx, approval: &Approval, change: &LapseChange, today: Day) -> Result<(), Problem> {
    match change {
        LapseChange::Begins(lapse) => {
            let interruption = Interruption {
                id: cx.id(),
                approval: approval.id,
                cause: InterruptionCause::Lapsed { requirement: lapse.requirement.clone() },
                vouchers_in_use: VouchersInUse::MayFinish,
                from: lapse.from,
                to: lapse.to,
                // What begins later is told when it begins.
                told_at: (lapse.from == today).then(|| cx.now()),
            };
            approvals::insert_interruption(c, approval.organiser, &interruption)?;
        }
        LapseChange::Ends { id, to } => approvals::end_interruption(c, *id, *to, None)?,
        LapseChange::Removed(id) => approvals::remove_lapse(c, *id)?,
    }
    Ok(())
}

/// Tells what begins today and did not hold before, and what was told to hold and does so no more.
fn tell(c: &mut Conn, cx: &Cx, approval: &Approval, compared: &Compared, known: &mut Common) -> Result<(), Problem> {
    let Compared { stored, found, pieces, today, .. } = compared;
    let rules = known.rules(c, approval.voucher_type)?;
    let held_before: Vec<&Interruption> =
        stored.iter().filter(|one| one.requirement().is_some() && one.holds_on(*today)).collect();
    for lapse in found.iter().filter(|lapse| lapse.from == *today) {
        if held_before.iter().any(|one| one.requirement() == Some(&lapse.requirement)) {
            continue;
        }
        let reason = reason_of(&Subject::from(approval), &lapse.requirement, lapse.from, rules, pieces);
        tell_lapsed(cx, approval, lapse, reason.as_ref());
        let again = stored.iter().filter(|one| {
            one.requirement() == Some(&lapse.requirement) && one.from <= *today && one.to == Some(*today)
        });
        for one in again {
            approvals::mark_told(c, one.id, cx.now())?;
        }
    }
    for one in held_before.into_iter().filter(|one| one.told_at.is_some()) {
        let Some(requirement) = one.requirement() else { continue };
        if !found.iter().any(|lapse| lapse.from == *today && lapse.requirement == requirement) {
            let payload = json!({"provider": approval.provider, "unit": approval.unit, "requirement": requirement});
            cx.tell(EventKind::ApprovalRestored, ("approval", approval.id.uuid()), &target_of(approval), payload);
        }
    }
    Ok(())
}

/// Tells that an approval takes no new choices from today on, until a requirement is shown again, and why. What was written
/// about a piece of evidence stays with it.
pub(super) fn tell_lapsed(cx: &Cx, approval: &Approval, lapse: &Lapse, reason: Option<&LapseReason>) {
    let payload = json!({
        "provider": approval.provider,
        "unit": approval.unit,
        "requirement": lapse.requirement,
        "to": lapse.to,
        "cause": reason.map(|reason| reason.cause),
        "evidence": reason.and_then(|reason| reason.evidence),
    });
    cx.tell(EventKind::ApprovalLapsed, ("approval", approval.id.uuid()), &target_of(approval), payload);
}
