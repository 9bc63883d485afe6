//! What days bring about by themselves: reminders, and what begins or ends. Told once, by whichever process comes
//! first.
//!
//! Nothing here decides what holds on a day: dates do, by themselves. Here it is told, and once a day found how
//! offerings have served; of requests that were not answered in time it is stored that they have lapsed, which they had
//! before; and what is left of vouchers is returned in the ledger, where nothing can be recorded on it any more.

mod due;
mod expiries;
mod in_line;
mod quality;
mod reminders;
mod turns;

pub use turns::{Turns, take_turns};

use std::sync::Arc;
use std::time::Duration;

use valinta_domain::job::JobKind;
use valinta_persistence::{Conn, outbox};

use crate::app::App;
use crate::approvals::tell_interruptions;
use crate::choice_requests::tell_lapsed;
use crate::cx::Cx;
use crate::http::Problem;
use crate::sending;
use crate::service_events::tell_drafts;
use crate::settlements;
use crate::supervision::tell_deadlines;
use crate::voucher_batches;
use crate::webhooks;

/// How often is looked whether a job has come due; how often each is done is said by its kind.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often is looked whether the service has opened.
const OPENING_EVERY: Duration = Duration::from_millis(50);
/// How much is told in one transaction: commands of callers wait no longer than that takes.
const BATCH: i64 = 100;
/// Most transactions of one kind in one look; what is left, the next look tells.
const BATCHES_MAX: usize = 10_000;

/// What does not wait for what days bring. What has happened gets its place with both: a job is done by one at a time.
const TOLD_BY_WEBHOOKS: [JobKind; 2] = [JobKind::Events, JobKind::Webhooks];
const HANDED_OVER: [JobKind; 2] = [JobKind::Events, JobKind::Deliveries];
/// How often is tried, when the service begins, to go on at once with what a process left.
const GO_ON_TRIES: usize = 12;

/// What was told in one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// Reminders of evidence that expires.
    pub reminders: usize,
    /// Interruptions of approvals that have begun.
    pub interruptions: usize,
    /// Deadlines of measures and findings that have passed.
    pub deadlines: usize,
    /// Offerings of whose service something else is told than before.
    pub quality: usize,
    /// Requests to providers that were not answered in time.
    pub requests: usize,
    /// Drafts of service events that are to be finished, or cannot be any more.
    pub drafts: usize,
    /// Service events, statements and months that were settled.
    pub settled: usize,
    /// Rows of batches of vouchers that were decided on.
    pub batched: usize,
    /// Vouchers whose end comes, or has come.
    pub endings: usize,
    /// Vouchers of which what was left has returned to the organiser.
    pub returned: usize,
    /// What has got its place in the order in which it is told.
    pub placed: usize,
    /// Events that webhooks have heard.
    pub heard: usize,
    /// Deliveries that were handed over.
    pub sent: usize,
}

/// Does every job now, whether or not it is due and whoever else is at it. For a thread that may block.
///
/// # Errors
/// The database's; what was told stays told, and what is wrong with one kind keeps none of the others back.
pub fn run_once(app: &App) -> Result<Told, Problem> {
    let mut told = Told::default();
    let mut wrong = None;
    for kind in JobKind::ALL {
        match run(app, kind) {
            Ok(count) => told.note(kind, count),
            Err(problem) => wrong = wrong.or(Some(problem)),
        }
    }
    wrong.map_or(Ok(told), Err)
}

impl Told {
    fn note(&mut self, kind: JobKind, count: usize) {
        match kind {
            // Nothing is told of it.
            JobKind::ApprovalLapses => {}
            JobKind::EvidenceReminders => self.reminders = count,
            JobKind::Interruptions => self.interruptions = count,
            JobKind::SupervisionDeadlines => self.deadlines = count,
            JobKind::OfferingQuality => self.quality = count,
            JobKind::ChoiceRequests => self.requests = count,
            JobKind::EventDrafts => self.drafts = count,
            JobKind::Settlements => self.settled = count,
            JobKind::VoucherBatches => self.batched = count,
            JobKind::VoucherEnds => self.endings = count,
            JobKind::UnusedReturns => self.returned = count,
            JobKind::Events => self.placed = count,
            JobKind::Webhooks => self.heard = count,
            JobKind::Deliveries => self.sent = count,
        }
    }
}

/// Does one job. How much it told or did.
fn run(app: &App, kind: JobKind) -> Result<usize, Problem> {
    match kind {
        JobKind::ApprovalLapses => in_line::bring_in_line(app).map(|()| 0),
        JobKind::EvidenceReminders => reminders::tell_all(app),
        JobKind::Interruptions => in_batches(app, |c, cx| tell_interruptions(c, cx, BATCH)),
        JobKind::SupervisionDeadlines => in_batches(app, |c, cx| tell_deadlines(c, cx, BATCH)),
        JobKind::OfferingQuality => quality::find_all(app),
        JobKind::ChoiceRequests => in_batches(app, |c, cx| tell_lapsed(c, cx, BATCH)),
        JobKind::EventDrafts => in_batches(app, |c, cx| tell_drafts(c, cx, BATCH)),
        JobKind::Settlements => settle(app),
        JobKind::VoucherBatches => issue_batches(app),
        JobKind::VoucherEnds => expiries::tell_all(app),
        JobKind::UnusedReturns => expiries::return_all(app),
        JobKind::Events => place_events(app),
        JobKind::Webhooks => webhooks::tell_due(app),
        JobKind::Deliveries => sending::send_due(app),
    }
}

/// Settles what is being settled, to its end, and what is to be settled by itself by now. For a thread that may block.
///
/// # Errors
/// The database's; what was settled stays settled.
pub(crate) fn settle(app: &App) -> Result<usize, Problem> {
    in_batches(app, settlements::go_on)
}

/// Gives what has happened its place in the order in which it is told. For a thread that may block.
///
/// # Errors
/// The database's; what has got its place keeps it.
pub(crate) fn place_events(app: &App) -> Result<usize, Problem> {
    in_batches(app, |c, _| Ok(outbox::place_next(c, BATCH)?))
}

/// Issues what was asked for many at once, each batch to its end. For a thread that may block.
///
/// # Errors
/// The database's; what was issued stays issued, and what is wrong with one batch keeps none of the others back.
pub(crate) fn issue_batches(app: &App) -> Result<usize, Problem> {
    let (mut done, mut wrong) = (0_usize, None);
    for id in app.db().read_blocking(|c| valinta_persistence::voucher_batches::running(c, BATCH))? {
        match in_batches(app, move |c, cx| voucher_batches::go_on(c, cx, id)) {
            Ok(rows) => done = done.saturating_add(rows),
            Err(problem) => wrong = wrong.or(Some(problem)),
        }
    }
    wrong.map_or(Ok(done), Err)
}

/// Takes its turn at what days bring, for as long as the service runs.
pub async fn follow_days(app: App) {
    while !app.is_open() {
        tokio::time::sleep(OPENING_EVERY).await;
    }
    // A month that was being settled when a process ended, or a batch that was being issued, need not wait for the lease that
    // it left. What it had locked may be locked for a moment more.
    let go_on = |own: App| tokio::task::spawn_blocking(move || Ok::<_, Problem>((settle(&own)?, issue_batches(&own)?)));
    for _ in 0..GO_ON_TRIES {
        let Ok(Err(problem)) = go_on(app.clone()).await else { break };
        tracing::warn!(cause = problem.cause(), "what was being settled or issued could not go on yet");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let of_others = [TOLD_BY_WEBHOOKS, HANDED_OVER].concat();
    follow(app, JobKind::ALL.into_iter().filter(|kind| !of_others.contains(kind)).collect()).await;
}

/// Takes its turn at telling webhooks what has happened, for as long as the service runs: beside all else, since receivers may
/// be slow.
pub async fn follow_events(app: App) {
    follow(app, TOLD_BY_WEBHOOKS.to_vec()).await;
}

/// Takes its turn at handing over what is to leave the house, for as long as the service runs: beside what days bring, which
/// may take minutes.
pub async fn follow_deliveries(app: App) {
    follow(app, HANDED_OVER.to_vec()).await;
}

async fn follow(app: App, kinds: Vec<JobKind>) {
    loop {
        if app.is_open() {
            let (own, kinds) = (app.clone(), kinds.clone());
            match tokio::task::spawn_blocking(move || take_turns(&own, &kinds)).await {
                Ok(Ok(turns)) if turns.done.iter().all(|(_, told)| *told == 0) => {}
                Ok(Ok(turns)) => tracing::info!(done = ?turns.done, "did what has come due"),
                Ok(Err(problem)) => tracing::warn!(cause = problem.cause(), "what has come due could not be found"),
                Err(error) => tracing::error!(%error, "what has come due could not be done"),
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Runs one step after the other, each in a transaction of its own, until there is nothing left to tell.
fn in_batches(
    app: &App,
    step: impl Fn(&mut Conn, &Cx) -> Result<usize, Problem> + Send + Sync + Copy + 'static,
) -> Result<usize, Problem> {
    let mut told = 0_usize;
    for _ in 0..BATCHES_MAX {
        let now = write(app, step)?;
        if now == 0 {
            break;
        }
        told = told.saturating_add(now);
    }
    Ok(told)
}

/// Runs one step in a transaction, for the service itself.
fn write<T: Send + 'static>(
    app: &App,
    step: impl Fn(&mut Conn, &Cx) -> Result<T, Problem> + Send + Sync + 'static,
) -> Result<T, Problem> {
    let (value, registry_changed) = stored(app, step)?;
    if registry_changed {
        app.refresh_blocking()?;
    }
    Ok(value)
}

/// As [`write`], without loading the choices anew: whether that is to be done is told besides.
fn stored<T: Send + 'static>(
    app: &App,
    step: impl Fn(&mut Conn, &Cx) -> Result<T, Problem> + Send + Sync + 'static,
) -> Result<(T, bool), Problem> {
    let (now, vault) = (app.clock().now(), Arc::clone(app.vault()));
    let run = move |c: &mut Conn| {
        let cx = Cx::of_service(now, Arc::clone(&vault));
        let value = step(c, &cx)?;
        Ok::<_, Problem>((value, cx.finish(c)?))
    };
    // Each piece stands for itself: nobody's command waits for its commit.
    app.db().write_long_blocking(run)
}
