//! The telling itself: each webhook is called with what it has not heard, one event after the other, outside of any transaction,
//! and how far it has heard is stored after each call. Several are called at once, so that one that is slow keeps back no other.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use valinta_domain::delivery::said;
use valinta_domain::event::{EventKind, Position};
use valinta_domain::id::kind;
use valinta_domain::lease::later;
use valinta_domain::webhook::{Next, WebhookState, after_call};
use valinta_domain::{Id, Moment};
use valinta_persistence::outbox::{self, Event, Hearer, Telling};
use valinta_persistence::webhooks::{self, Call, Webhook};
use valinta_persistence::{Conn, DbError};

use super::call::{Called, Told, WebhookCaller};
use super::whose::tell_off;
use crate::app::App;
use crate::clock::random_u64;
use crate::cx::Cx;
use crate::events::EventView;
use crate::http::Problem;

/// Webhooks that are called at once.
const AT_ONCE: u8 = 16;
/// Events that are read at once.
const READ: i64 = 50;
/// No call is begun later than so long after the look began: the lease of the job is longer.
const TURN_MAX: Duration = Duration::from_secs(60);
/// One webhook is told events for so long, and then others that have waited longer.
const ONE_MAX: Duration = Duration::from_secs(10);
/// How often is looked for others while some are being told.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// When is looked again whether this release knows what is to be told next.
const BEHIND_UNKNOWN: TimeDelta = TimeDelta::minutes(1);

/// Tells webhooks what has happened. How much was heard. For a thread that may block.
///
/// # Errors
/// The database is away or busy: the next look goes on.
pub(crate) fn tell_due(app: &App) -> Result<usize, Problem> {
    let until = Instant::now() + TURN_MAX;
    let (say_ended, ended) = mpsc::channel();
    thread::scope(|scope| {
        let (mut told, mut heard, mut wrong) = (BTreeSet::new(), 0_usize, None);
        loop {
            if wrong.is_none() && Instant::now() < until {
                for webhook in due(app, &told)? {
                    let (id, say_ended) = (webhook.id, say_ended.clone());
                    told.insert(id);
                    scope.spawn(move || {
                        let tell = || tell_one(app, webhook, until.min(Instant::now() + ONE_MAX));
                        let heard = catch_unwind(AssertUnwindSafe(tell))
                            .unwrap_or_else(|_| Err(Problem::internal("the telling of a webhook broke off")));
                        let _ = say_ended.send((id, heard));
                    });
                }
            }
            if told.is_empty() {
                return wrong.map_or(Ok(heard), Err);
            }
            // Where none ends for a while, others may have come to be due.
            let Ok((id, of_one)) = ended.recv_timeout(LOOK_AGAIN) else { continue };
            told.remove(&id);
            match of_one {
                Ok(of_one) => heard = heard.saturating_add(of_one),
                Err(problem) => wrong = wrong.or(Some(problem)),
            }
        }
    })
}

/// The next webhooks to be told, beside some that are told already.
fn due(app: &App, told: &BTreeSet<Id<kind::Webhook>>) -> Result<Vec<Webhook>, Problem> {
    let now = app.clock().now();
    let due = app.db().read_blocking(|c| {
        let last = outbox::last_place(c)?;
        // As many as there can be besides, if all that are told are among them.
        webhooks::due(c, last, now, i64::from(AT_ONCE))
    })?;
    let free = usize::from(AT_ONCE).saturating_sub(told.len());
    Ok(due.into_iter().filter(|webhook| !told.contains(&webhook.id)).take(free).collect())
}

/// Tells one webhook what it has not heard, until it does not hear or nothing is left.
fn tell_one(app: &App, mut webhook: Webhook, until: Instant) -> Result<usize, Problem> {
    let caller: Arc<WebhookCaller> = app.webhook_caller();
    let mut heard = 0_usize;
    loop {
        let (telling, secrets) = next_for(app, &webhook)?;
        if telling.events.is_empty() {
            // What is not for it is as if it had heard it, and what it failed at is behind it.
            let wait = if telling.is_behind_unknown { BEHIND_UNKNOWN } else { TimeDelta::zero() };
            let due_at = later(app.clock().now(), wait);
            let now = Webhook { heard: telling.until, due_at, failing_since: None, ..webhook.clone() };
            if webhook.heard < telling.until || webhook.failing_since.is_some() || telling.is_behind_unknown {
                write(app, move |c, _| webhooks::store(c, &webhook, &now))?;
            }
            return Ok(heard);
        }
        for event in telling.events {
            if Instant::now() >= until {
                return Ok(heard);
            }
            let body = serde_json::to_string(&EventView::of(event.message.clone())).map_err(Problem::internal)?;
            let told = Told {
                owner: webhook.owner,
                url: &webhook.url,
                id: event.message.id.to_string(),
                body: &body,
                secrets: &secrets,
                at: app.clock().now(),
            };
            let called = caller.call(&told);
            let Some((now, next)) = note(app, &webhook, &event, called)? else { return Ok(heard) };
            webhook = now;
            match next {
                Next::GoOn => heard = heard.saturating_add(1),
                Next::PassOver => {}
                Next::Again(_) | Next::TurnOff => return Ok(heard),
            }
        }
    }
}

/// What a webhook is told next, and by which secrets.
fn next_for(app: &App, webhook: &Webhook) -> Result<(Telling, Vec<Vec<u8>>), Problem> {
    let (now, vault) = (app.clock().now(), Arc::clone(app.vault()));
    let hearer = Hearer::from(webhook.owner);
    let mut kinds = EventKind::told_to(webhook.role);
    if let Some(wanted) = &webhook.kinds {
        kinds.retain(|kind| wanted.contains(kind));
    }
    app.db().read_blocking(|c| {
        let telling = outbox::after(c, &hearer, &kinds, webhook.heard, READ)?;
        let secrets = webhooks::secrets(c, &vault, webhook.id, now)?.into_iter().map(|secret| secret.secret).collect();
        Ok::<_, Problem>((telling, secrets))
    })
}

/// Stores what came of a call. How the webhook stands then, and what is next; none where somebody has changed it meanwhile.
fn note(app: &App, seen: &Webhook, event: &Event, called: Called) -> Result<Option<(Webhook, Next)>, Problem> {
    let at = app.clock().now();
    let tries = seen.tries.saturating_add(1);
    let next = after_call(called.outcome, tries, seen.failing_since, at, random_u64());
    let now = moved_on(seen, event.position, (next, tries, at));
    let call = Call {
        webhook: seen.id,
        number: now.calls,
        event: event.message.id,
        outcome: called.outcome,
        status: called.status.map(i32::from),
        said: called.said.as_deref().and_then(said),
        millis: i32::try_from(called.took.as_millis()).unwrap_or(i32::MAX),
        at,
    };
    let (seen, stored) = (seen.clone(), now.clone());
    let is_stored = write(app, move |c, cx| {
        if !webhooks::store(c, &seen, &stored)? {
            return Ok(false);
        }
        webhooks::note(c, &call)?;
        if next == Next::TurnOff {
            tell_off(cx, &stored);
        }
        Ok(true)
    })?;
    if next == Next::TurnOff {
        tracing::warn!(webhook = %now.id, "a webhook is turned off: no call of it was heard for long");
    }
    Ok(is_stored.then_some((now, next)))
}

/// How a webhook stands after a call.
fn moved_on(seen: &Webhook, position: Position, (next, tries, at): (Next, i32, Moment)) -> Webhook {
    let called = Webhook { calls: seen.calls.saturating_add(1), ..seen.clone() };
    let failing_since = Some(seen.failing_since.unwrap_or(at));
    match next {
        Next::GoOn => Webhook { heard: position, tries: 0, due_at: at, failing_since: None, ..called },
        Next::PassOver => Webhook { heard: position, tries: 0, due_at: at, failing_since, ..called },
        Next::Again(due_at) => Webhook { tries, due_at, failing_since, ..called },
        Next::TurnOff => {
            Webhook { tries, state: WebhookState::Disabled, disabled_at: Some(at), failing_since, ..called }
        }
    }
}

/// Runs one step in a transaction, for the service itself.
fn write<T: Send + 'static>(
    app: &App,
    step: impl Fn(&mut Conn, &Cx) -> Result<T, DbError> + Send + Sync + 'static,
) -> Result<T, Problem> {
    let (now, vault) = (app.clock().now(), Arc::clone(app.vault()));
    app.db().write_blocking(move |c| {
        let cx = Cx::of_service(now, Arc::clone(&vault));
        let value = step(c, &cx)?;
        cx.finish(c)?;
        Ok::<_, Problem>(value)
    })
}
