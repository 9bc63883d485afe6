//! The handing over: each delivery that is due is taken for a while, made ready, handed over outside of any transaction, and
//! given back with what has become of it. A process that ends meanwhile loses its lease, and another goes on.

use std::sync::Arc;

use serde_json::json;
use valinta_domain::Id;
use valinta_domain::delivery::{AttemptOutcome, Failed, TRIES_MAX, next_try, said};
use valinta_domain::id::kind;
use valinta_domain::policy::Target;
use valinta_persistence::deliveries::{self, Attempt, Delivery, Ending};
use valinta_persistence::{Conn, DbError};

use super::content::{Content, content_of};
use crate::app::App;
use crate::clock::{new_uuid, random_u64};
use crate::cx::{Cx, found};
use crate::http::{Problem, ProblemKind};

/// Deliveries that are looked for at once.
const BATCH: i64 = 50;
/// Most of them in one look: what is left, the next look hands over.
const BATCHES_MAX: usize = 20;

const LOST: &str = "whoever was handing it over ended without a word";
const NOT_NOW: &str = "the service could not make it ready; its log says why";

/// Hands over what is due, by the channels that this service has. How many deliveries were handed over. For a thread that
/// may block.
///
/// # Errors
/// The database is away or busy: the next look goes on. What is wrong with one delivery keeps none of the others back.
pub(crate) fn send_due(app: &App) -> Result<usize, Problem> {
    let channels = app.channels();
    let mut sent = 0_usize;
    if channels.is_empty() {
        return Ok(sent);
    }
    for _ in 0..BATCHES_MAX {
        let now = app.clock().now();
        let due = app.db().read_blocking(|c| deliveries::due(c, &channels, now, BATCH))?;
        if due.is_empty() {
            break;
        }
        for id in due {
            match send_one(app, id) {
                Ok(true) => sent = sent.saturating_add(1),
                Ok(false) => {}
                Err(problem) if passes(&problem) => return Err(problem),
                Err(problem) => {
                    tracing::error!(delivery = %id, cause = problem.cause(), "a delivery is left where it was")
                }
            }
        }
    }
    Ok(sent)
}

/// Whether it is no fault of the delivery's: it may go well the next time.
fn passes(problem: &Problem) -> bool {
    matches!(problem.kind(), ProblemKind::Unavailable | ProblemKind::RequestInProgress)
}

/// Hands one over, if nobody else does. Whether it was handed over.
fn send_one(app: &App, id: Id<kind::Delivery>) -> Result<bool, Problem> {
    let lease = Id::new(new_uuid(app.clock().now()));
    let Some(delivery) = write(app, move |c, cx| take(c, cx, id, lease))? else { return Ok(false) };
    let ending = match content(app, &delivery)? {
        Content::Ready(parcel) => match app.adapter(delivery.made.channel).map(|adapter| adapter.send(&parcel)) {
            Some(Ok(())) => Ending::Sent,
            Some(Err(refused)) => failed(app, &delivery, refused.failed, &refused.said),
            None => failed(app, &delivery, Failed::ForNow, NOT_NOW),
        },
        Content::CalledOff(why) => Ending::CalledOff(why),
        Content::Impossible(why) => failed(app, &delivery, Failed::ForGood, &why),
    };
    let is_sent = ending == Ending::Sent;
    write(app, move |c, cx| give_back(c, cx, &delivery, lease, &ending))?;
    Ok(is_sent)
}

/// Takes a delivery for a try, as it is then; none where another was first, or it is given up by this.
fn take(c: &mut Conn, cx: &Cx, id: Id<kind::Delivery>, lease: Id<kind::Lease>) -> Result<Option<Delivery>, Problem> {
    let seen = found(deliveries::find(c, id)?)?;
    if !deliveries::take(c, &seen, deliveries::lease(lease, cx.now()), cx.now())? {
        return Ok(None);
    }
    if seen.lease.is_some() {
        note(c, cx, (&seen, seen.attempts), AttemptOutcome::Lost, Some(LOST))?;
    }
    let taken = found(deliveries::find(c, id)?)?;
    if taken.tries > TRIES_MAX {
        // Whatever it is, it ends whoever takes it.
        let ending = Ending::Failed { said: LOST.to_owned(), next: None };
        give_back(c, cx, &taken, lease, &ending)?;
        return Ok(None);
    }
    Ok(Some(taken))
}

/// What is handed over. What cannot be made ready now is not the end of it, unless the database is away.
fn content(app: &App, delivery: &Delivery) -> Result<Content, Problem> {
    let (now, vault) = (app.clock().now(), Arc::clone(app.vault()));
    let made = app.db().read_blocking(|c| content_of(c, &Cx::of_service(now, Arc::clone(&vault)), delivery));
    match made {
        Err(problem) if problem.kind() == ProblemKind::PayloadTooLarge => {
            Ok(Content::Impossible(problem.detail().to_owned()))
        }
        Err(problem) if !passes(&problem) => {
            tracing::error!(delivery = %delivery.id(), cause = problem.cause(), "a delivery could not be made ready");
            Ok(Content::Impossible(NOT_NOW.to_owned()))
        }
        made => made,
    }
}

fn failed(app: &App, delivery: &Delivery, failed: Failed, why: &str) -> Ending {
    let next = next_try(delivery.tries, failed, app.clock().now(), random_u64());
    Ending::Failed { said: said(why).unwrap_or_else(|| NOT_NOW.to_owned()), next }
}

/// Gives a delivery back with what has become of it, and notes it.
fn give_back(
    c: &mut Conn,
    cx: &Cx,
    delivery: &Delivery,
    lease: Id<kind::Lease>,
    ending: &Ending,
) -> Result<(), Problem> {
    let id = delivery.id();
    if !deliveries::give_back(c, id, lease, ending, cx.now())? {
        // The lease was over, and another has it: what that one finds is what is noted.
        tracing::warn!(delivery = %id, "a delivery took longer than its lease");
        return Ok(());
    }
    let (outcome, text) = match ending {
        Ending::Sent => (AttemptOutcome::Sent, None),
        Ending::CalledOff(why) => (AttemptOutcome::CalledOff, Some(why.as_str())),
        Ending::Failed { said, .. } => (AttemptOutcome::Failed, Some(said.as_str())),
    };
    note(c, cx, (delivery, delivery.attempts), outcome, text)?;
    let made = &delivery.made;
    let target = Target { organiser: Some(made.organiser), ..Target::default() };
    let details = json!({"kind": made.kind, "channel": made.channel, "subject": made.subject, "outcome": outcome});
    match ending {
        Ending::Sent | Ending::CalledOff(_) => {
            cx.audit("hand_over_delivery", ("delivery", id.uuid()), &target, details)
        }
        Ending::Failed { next: Some(_), said } => {
            tracing::warn!(delivery = %id, said, "a delivery is tried again later")
        }
        Ending::Failed { next: None, said } => {
            tracing::error!(delivery = %id, said, "a delivery is given up");
            cx.audit("give_up_delivery", ("delivery", id.uuid()), &target, details);
        }
    }
    Ok(())
}

fn note(
    c: &mut Conn,
    cx: &Cx,
    (delivery, number): (&Delivery, i32),
    outcome: AttemptOutcome,
    text: Option<&str>,
) -> Result<(), DbError> {
    let said = text.and_then(said);
    deliveries::note(c, &Attempt { delivery: delivery.id(), number, outcome, said, at: cx.now() })
}

/// Runs one step in a transaction, for the service itself.
fn write<T: Send + 'static>(
    app: &App,
    step: impl Fn(&mut Conn, &Cx) -> Result<T, Problem> + Send + Sync + 'static,
) -> Result<T, Problem> {
    let (now, vault) = (app.clock().now(), Arc::clone(app.vault()));
    app.db().write_blocking(move |c| {
        let cx = Cx::of_service(now, Arc::clone(&vault));
        let value = step(c, &cx)?;
        cx.finish(c)?;
        Ok(value)
    })
}
