//! The ends of vouchers: told ahead and when they have come, and what is left returned to the organiser once no service
//! of its days can be recorded any more. A voucher is expired by its dates alone, whether or not anybody has looked.

use serde_json::json;
use valinta_domain::event::EventKind;
use valinta_domain::grant::unused_after;
use valinta_domain::id::kind;
use valinta_domain::ledger::{EntryKind, Posting};
use valinta_domain::policy::Target;
use valinta_domain::voucher::Voucher;
use valinta_domain::{Day, Id, Moment, Quantity};
use valinta_persistence::expiries::{self, End, Ending};
use valinta_persistence::organisers::Organiser;
use valinta_persistence::service_events::{NewEntry, Occasion};
use valinta_persistence::vouchers::StoredAllotment;
use valinta_persistence::{Conn, organisers, rulebooks, service_events, voucher_types, vouchers};

use super::in_line::passes;
use super::{BATCH, BATCHES_MAX, in_batches, write};
use crate::app::App;
use crate::cx::{Cx, day_at, found};
use crate::http::Problem;

/// Most voucher types of an organiser.
const TYPES_MAX: i64 = 10_000;

/// What is to be known of a voucher type to find whose end comes.
#[derive(Debug, Clone, Copy)]
struct Looked {
    voucher_type: Id<kind::VoucherType>,
    today: Day,
    /// How many days ahead holders are reminded.
    remind_days: u16,
    /// What was for days before this one alone may be past recording, and nothing later is.
    over: Day,
}

/// Tells the ends of vouchers that come or have come, each once.
///
/// # Errors
/// The database's.
pub(super) fn tell_all(app: &App) -> Result<usize, Problem> {
    let mut told = 0_usize;
    for looked in looked_at(app)? {
        told = told.saturating_add(in_batches(app, move |c, cx| tell(c, cx, looked, End::Come))?);
        if looked.remind_days > 0 {
            told = told.saturating_add(in_batches(app, move |c, cx| tell(c, cx, looked, End::Coming))?);
        }
    }
    Ok(told)
}

/// Returns what is left where no service can be recorded any more, each voucher's in a transaction of its own. Of how
/// many.
///
/// # Errors
/// The database is away or busy: the next look goes on.
pub(super) fn return_all(app: &App) -> Result<usize, Problem> {
    let mut returned = 0_usize;
    for looked in looked_at(app)? {
        let mut after = None;
        for _ in 0..BATCHES_MAX {
            let Looked { voucher_type, over, .. } = looked;
            let some = app.db().read_blocking(|c| expiries::left_over(c, voucher_type, over, after, BATCH))?;
            let Some(last) = some.last() else { break };
            after = Some(*last);
            for voucher in some {
                match write(app, move |c, cx| return_unused(c, cx, voucher)) {
                    Ok(true) => returned = returned.saturating_add(1),
                    Ok(false) => {}
                    Err(problem) if passes(&problem) => return Err(problem),
                    // What is wrong with one keeps none of the others back.
                    Err(problem) => {
                        tracing::error!(%voucher, cause = problem.cause(), "what is left of a voucher could not expire");
                    }
                }
            }
        }
    }
    Ok(returned)
}

/// All voucher types as they are looked at now.
fn looked_at(app: &App) -> Result<Vec<Looked>, Problem> {
    let now = app.clock().now();
    app.db().read_blocking(|c| looked_on(c, now))
}

fn looked_on(c: &mut Conn, now: Moment) -> Result<Vec<Looked>, Problem> {
    let mut all = Vec::new();
    for organiser in organisers::list(c)? {
        let today = day_at(now, &organiser)?;
        for voucher_type in voucher_types::list(c, Some(organiser.id), None, TYPES_MAX)? {
            let versions = rulebooks::adopted_versions(c, voucher_type.id)?;
            let terms = || versions.entries().iter().map(|(_, (_, terms))| terms);
            // Without a rulebook there is no voucher.
            let Some(days_min) = terms().map(|terms| terms.recording.days_after_month).min() else { continue };
            let in_force = versions.as_of(today).map(|(_, terms)| terms).or_else(|| terms().next_back());
            all.push(Looked {
                voucher_type: voucher_type.id,
                today,
                remind_days: in_force.map_or(0, |terms| terms.grant.expiry_remind_days),
                over: today.plus_days(-i64::from(days_min)).first_of_month(),
            });
        }
    }
    Ok(all)
}

/// Tells some ends. How many: nothing is left where it is none.
fn tell(c: &mut Conn, cx: &Cx, looked: Looked, end: End) -> Result<usize, Problem> {
    let until = looked.today.plus_days(i64::from(looked.remind_days).saturating_add(1));
    let mut told = 0_usize;
    for ending in expiries::to_tell(c, looked.voucher_type, end, (looked.today, until), BATCH)? {
        // Of several processes one comes first.
        if expiries::note(c, &ending, end)? {
            told = told.saturating_add(1);
            tell_one(c, cx, looked.today, &ending, end)?;
        }
    }
    Ok(told)
}

fn tell_one(c: &mut Conn, cx: &Cx, today: Day, ending: &Ending, end: End) -> Result<(), Problem> {
    let last = ending.valid_to.plus_days(-1);
    let unused = expiries::left_of(c, ending.voucher)?;
    let days_left = last.date().signed_duration_since(today.date()).num_days();
    let (kind, payload) = match end {
        End::Coming => (
            EventKind::VoucherExpiring,
            json!({"voucher": ending.voucher, "valid_until": last, "days_left": days_left, "unused": unused}),
        ),
        End::Come => {
            (EventKind::VoucherExpired, json!({"voucher": ending.voucher, "valid_until": last, "unused": unused}))
        }
    };
    cx.tell(kind, ("voucher", ending.voucher.uuid()), ending.organiser, payload);
    Ok(())
}

/// Returns what is left of a voucher's parts of whose days no service can be recorded any more; `false` where there is
/// nothing. The voucher is taken where there is something: whoever comes first does it.
fn return_unused(c: &mut Conn, cx: &Cx, id: Id<kind::Voucher>) -> Result<bool, Problem> {
    let seen = found(vouchers::find(c, id)?)?.voucher;
    let organiser: Organiser = found(organisers::find(c, seen.organiser)?)?;
    let today = cx.today(&organiser)?;
    let versions = rulebooks::adopted_versions(c, seen.voucher_type)?;
    let is_over = |voucher: &Voucher, part: &StoredAllotment| {
        part.allotment.available() > Quantity::ZERO && today > unused_after(voucher, &part.allotment, &versions)
    };
    if !vouchers::allotments(c, id)?.iter().any(|part| is_over(&seen, part)) {
        return Ok(false);
    }
    let stored = found(vouchers::take(c, id)?)?;
    let voucher = &stored.voucher;
    let (mut entries, mut sum) = (Vec::new(), Quantity::ZERO);
    for part in vouchers::allotments(c, id)?.iter().filter(|part| is_over(voucher, part)) {
        let left = part.allotment.available();
        vouchers::draw(c, part.id, left)?;
        let posting = Posting::of_quantity(EntryKind::Expired, left);
        entries.push(NewEntry { id: cx.id(), allotment: Some(part.id), posting });
        sum = sum.plus(left).ok_or_else(|| Problem::internal("what is left of a voucher is too much"))?;
    }
    if entries.is_empty() {
        return Ok(false);
    }
    let occasion = Occasion {
        organiser: organiser.id,
        voucher: id,
        voucher_version: stored.version,
        service_event: None,
        decision: None,
        day: today,
        at: cx.now(),
    };
    service_events::post(c, &occasion, &entries)?;
    let target = Target { organiser: Some(organiser.id), provider: None, person: Some(voucher.person) };
    cx.audit("return_unused", ("voucher", id.uuid()), &target, json!({"quantity": sum}));
    let payload = json!({"voucher": id, "quantity": sum});
    cx.tell(EventKind::VoucherUnusedReturned, ("voucher", id.uuid()), organiser.id, payload);
    Ok(true)
}
