//! Reminders of evidence that expires: to each organiser that asks for it of an approved unit, so many days ahead as its
//! rulebook says, each once. What another accepted piece already carries on is not reminded of.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::json;
use valinta_domain::event::{EventKind, Hearers};
use valinta_domain::evidence::Evidence;
use valinta_domain::id::kind;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::{Day, Id, Moment, Period};
use valinta_persistence::approvals::{Approval, Whose};
use valinta_persistence::organisers::Organiser;
use valinta_persistence::reminders::{self, Reminder};
use valinta_persistence::rulebooks::{self, RulebookState};
use valinta_persistence::{Conn, approvals, evidence, organisers};

use super::due::{covered_until, days_left, due};
use super::{BATCH, BATCHES_MAX, write};
use crate::app::App;
use crate::cx::{Cx, day_at};
use crate::evidence::held_for;
use crate::http::Problem;

/// Most rulebooks of an organiser that are in force or coming.
const RULEBOOKS_MAX: i64 = 10_000;
/// Most approvals of a provider that are looked at.
const APPROVALS_MAX: i64 = 10_000;

/// What is asked for on one day: organisers, and the terms in force by voucher type.
#[derive(Debug, Clone)]
struct Asked {
    organisers: HashMap<Id<kind::Organiser>, (Organiser, Day)>,
    terms: HashMap<Id<kind::VoucherType>, Arc<RulebookTerms>>,
}

/// A reminder that is to be told.
#[derive(Debug, Clone)]
struct Due {
    organiser: Id<kind::Organiser>,
    evidence: Id<kind::Evidence>,
    provider: Id<kind::Provider>,
    valid_until: Day,
    days_left: i64,
    // The nearest first: that one is told, the others are noted as passed.
    days_ahead: Vec<u16>,
}

/// Where a look has come to.
type After = Option<(Day, Id<kind::Evidence>)>;

/// Tells all reminders that are due.
pub(super) fn tell_all(app: &App) -> Result<usize, Problem> {
    let now = app.clock().now();
    let asked = app.db().read_blocking(|c| asked_on(c, now))?;
    let Some(days) = days_looked_at(&asked) else { return Ok(0) };
    let (mut after, mut told) = (None, 0_usize);
    for _ in 0..BATCHES_MAX {
        let (due, next) = app.db().read_blocking(|c| due_after(c, &asked, days, after))?;
        if !due.is_empty() {
            told = told.saturating_add(write(app, move |c, cx| tell(c, cx, &due))?);
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    Ok(told)
}

fn asked_on(c: &mut Conn, now: Moment) -> Result<Asked, Problem> {
    let mut asked = Asked { organisers: HashMap::new(), terms: HashMap::new() };
    for organiser in organisers::list(c)? {
        let today = day_at(now, &organiser)?;
        let state = Some((RulebookState::Adopted, today));
        for rulebook in rulebooks::list(c, organiser.id, None, state, None, RULEBOOKS_MAX)? {
            if rulebook.in_force.is_some_and(|period| period.contains(today)) {
                asked.terms.insert(rulebook.voucher_type, rulebook.terms);
            }
        }
        asked.organisers.insert(organiser.id, (organiser, today));
    }
    Ok(asked)
}

/// The last days that can be reminded of now: from the earliest today to the furthest that any rulebook reminds ahead.
fn days_looked_at(asked: &Asked) -> Option<(Day, Day)> {
    let todays = || asked.organisers.values().map(|(_, today)| *today);
    let ahead = asked.terms.values().flat_map(|terms| terms.supervision.remind_days.iter().copied()).max()?;
    Some((todays().min()?, todays().max()?.plus_days(i64::from(ahead))))
}

/// What is due of the next pieces that expire, and where to go on.
fn due_after(c: &mut Conn, asked: &Asked, days: (Day, Day), after: After) -> Result<(Vec<Due>, After), Problem> {
    let pieces = reminders::expiring(c, days, after, BATCH)?;
    let ids: Vec<Id<kind::Evidence>> = pieces.iter().map(|piece| piece.id).collect();
    let told = reminders::told(c, &ids)?;
    let mut all = Vec::new();
    for piece in &pieces {
        all.extend(due_of(c, asked, (piece, days.0), &told)?);
    }
    let is_full = i64::try_from(pieces.len()).is_ok_and(|found| found >= BATCH);
    let last = pieces.last().filter(|_| is_full);
    Ok((all, last.and_then(|piece| piece.valid_until.map(|until| (until, piece.id)))))
}

/// What is due of one piece: for each organiser with an approval of the provider that rests on it.
fn due_of(
    c: &mut Conn,
    asked: &Asked,
    (piece, day): (&Evidence, Day),
    told: &HashSet<Reminder>,
) -> Result<Vec<Due>, Problem> {
    let Some(valid_until) = piece.valid_until else { return Ok(Vec::new()) };
    let mut by_organiser: HashMap<Id<kind::Organiser>, Due> = HashMap::new();
    for approval in approvals::not_over(c, Whose::Provider(piece.provider), day, None, APPROVALS_MAX)? {
        let Some((organiser, today)) = asked.organisers.get(&approval.organiser) else { continue };
        let Some(terms) = asked.terms.get(&approval.voucher_type) else { continue };
        let Some(days_left) = days_left(piece, *today) else { continue };
        let days_ahead = due(days_left, &terms.supervision.remind_days);
        let reminder = |days_ahead| Reminder { organiser: organiser.id, evidence: piece.id, days_ahead };
        let Some(nearest) = days_ahead.first() else { continue };
        if told.contains(&reminder(*nearest)) || approval.valid_to.is_some_and(|to| to <= *today) {
            continue;
        }
        if rests_on(c, piece, &approval, terms, (organiser, *today))? {
            let one = by_organiser.entry(organiser.id).or_insert_with(|| Due {
                organiser: organiser.id,
                evidence: piece.id,
                provider: piece.provider,
                valid_until,
                days_left,
                days_ahead: Vec::new(),
            });
            one.days_ahead.extend(days_ahead);
            one.days_ahead.sort_unstable();
            one.days_ahead.dedup();
        }
    }
    Ok(by_organiser.into_values().collect())
}

/// Whether a unit's approval loses what shows a requirement when the piece expires.
fn rests_on(
    c: &mut Conn,
    piece: &Evidence,
    approval: &Approval,
    terms: &RulebookTerms,
    (organiser, today): (&Organiser, Day),
) -> Result<bool, Problem> {
    let asking: Vec<_> = terms.requirements.iter().filter(|asks| piece.is_for(asks, approval.unit)).collect();
    if asking.is_empty() {
        return Ok(false);
    }
    let pieces = evidence::fitting(c, approval.provider, approval.unit)?;
    let ids: Vec<Id<kind::Evidence>> = pieces.iter().map(|one| one.id).collect();
    let checks = evidence::checks_of(c, organiser.id, &ids)?;
    for requirement in asking {
        let mut held: Vec<Period> = Vec::new();
        let mut holds_itself = false;
        for one in pieces.iter().filter(|one| one.is_for(requirement, approval.unit)) {
            let periods = held_for(one, checks.get(&one.id).map_or(&[], Vec::as_slice), organiser)?;
            holds_itself |= one.id == piece.id && periods.iter().any(|period| period.contains(today));
            held.extend(periods);
        }
        if holds_itself && covered_until(today, &held) == piece.valid_until {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Tells reminders that nobody has told yet. Each organiser's message is for its provider, who renews the evidence.
fn tell(c: &mut Conn, cx: &Cx, due: &[Due]) -> Result<usize, Problem> {
    let mut told = 0_usize;
    for one in due {
        let mut is_new = false;
        for (place, days_ahead) in one.days_ahead.iter().enumerate() {
            let reminder = Reminder { organiser: one.organiser, evidence: one.evidence, days_ahead: *days_ahead };
            let noted = reminders::note(c, &reminder, cx.now())?;
            is_new |= noted && place == 0;
        }
        if is_new {
            told = told.saturating_add(1);
            let payload = json!({
                "evidence": one.evidence,
                "provider": one.provider,
                "organiser": one.organiser,
                "valid_until": one.valid_until,
                "days_left": one.days_left,
            });
            let hearers = Hearers::both(one.organiser, one.provider);
            cx.tell(EventKind::EvidenceExpiring, ("evidence", one.evidence.uuid()), hearers, payload);
        }
    }
    Ok(told)
}
