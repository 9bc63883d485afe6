//! How far a simulation has come, told to whoever waits for it; and that nobody waits any more, told to the simulation.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use serde::Serialize;
use tokio::sync::mpsc::{Receiver, Sender};
use uuid::Uuid;

use super::view::ImpactView;
use crate::http::problem::ProblemDocument;
use crate::http::{Problem, ProblemKind};

/// Rows after which it is told again how far it is.
const ROWS: u64 = 2_000;
/// The longest that nothing is told.
const SILENCE_MAX: Duration = Duration::from_millis(250);

/// How far a simulation has come.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub(crate) struct Progress {
    /// So many have been taken in.
    done: u64,
    /// Of so many.
    of: u64,
    /// Of what.
    what: Rows,
}

/// What is taken in.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rows {
    /// Services that were delivered.
    Events,
    /// Vouchers that can still be used.
    Vouchers,
}

/// One line of an answer that tells how far it is. The last one is the result, or the problem that came between.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImpactLine {
    /// How far it is.
    Progress(Progress),
    /// What it came to.
    Result(Box<ImpactView>),
    /// Why it did not come to an end.
    Problem(ProblemDocument),
}

/// What a simulation sends to whoever waits for it.
pub(super) enum News {
    Progress(Progress),
    End(Box<Result<ImpactView, Problem>>),
}

/// The simulation's side.
pub(super) struct Teller {
    to: Sender<News>,
    what: Rows,
    done: u64,
    of: u64,
    told: u64,
    told_at: Instant,
}

impl Teller {
    pub(super) fn of(to: &Sender<News>, what: Rows, of: i64) -> Self {
        let of = u64::try_from(of).unwrap_or(0);
        Self { to: to.clone(), what, done: 0, of, told: 0, told_at: Instant::now() }
    }

    /// So many more have been taken in.
    ///
    /// # Errors
    /// Nobody waits any more: the rest need not be done.
    pub(super) fn took_in(&mut self, rows: usize) -> Result<(), Problem> {
        if self.to.is_closed() {
            return Err(Problem::new(ProblemKind::Unavailable, "Nobody waits for the result any more."));
        }
        self.done = self.done.saturating_add(u64::try_from(rows).unwrap_or(0));
        if self.done.saturating_sub(self.told) >= ROWS || self.told_at.elapsed() >= SILENCE_MAX {
            self.tell();
        }
        Ok(())
    }

    /// Tells how far it is. Where the one who waits has not heard the last news yet, these are left out.
    pub(super) fn tell(&mut self) {
        // What was counted first may be fewer than there are by now.
        let of = self.of.max(self.done);
        let _ = self.to.try_send(News::Progress(Progress { done: self.done, of, what: self.what }));
        (self.told, self.told_at) = (self.done, Instant::now());
    }
}

/// An answer of lines, each sent as soon as there is something to say. Dropped, it tells the simulation to stop.
pub(super) struct Lines {
    news: Receiver<News>,
    request: Option<Uuid>,
}

impl Lines {
    pub(super) fn of(news: Receiver<News>, request: Option<Uuid>) -> Self {
        Self { news, request }
    }

    fn line(&self, news: News) -> Bytes {
        let line = match news {
            News::Progress(progress) => ImpactLine::Progress(progress),
            News::End(end) => match *end {
                Ok(view) => ImpactLine::Result(Box::new(view)),
                Err(problem) => {
                    tracing::warn!(cause = problem.cause(), "an impact simulation did not come to an end");
                    ImpactLine::Problem(problem.document(self.request))
                }
            },
        };
        let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
        bytes.push(b'\n');
        Bytes::from(bytes)
    }
}

impl MessageBody for Lines {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.news.poll_recv(context).map(|news| news.map(|news| Ok(self.line(news))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    #[test]
    fn a_simulation_that_nobody_waits_for_is_told_to_stop() {
        let (to, news) = mpsc::channel(1);
        let mut teller = Teller::of(&to, Rows::Events, 10);
        assert!(teller.took_in(1).is_ok());
        drop(news);
        assert!(teller.took_in(1).is_err());
    }

    #[test]
    fn news_that_nobody_has_time_to_hear_hold_nothing_up() {
        let (to, mut news) = mpsc::channel(1);
        let mut teller = Teller::of(&to, Rows::Events, 3);
        for _ in 0..10_000 {
            teller.took_in(1).unwrap();
        }
        let Some(News::Progress(first)) = news.try_recv().ok() else { panic!("nothing was told") };
        // More than were counted have come in meanwhile.
        assert!(first.done > 0 && first.of >= first.done);
        assert!(news.try_recv().is_err());
    }
}
