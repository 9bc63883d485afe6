//! How far an import has come, told to whoever waits for it; and that nobody waits any more, told to the import.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use serde::Serialize;
use tokio::sync::mpsc::{Receiver, Sender};
use uuid::Uuid;
use valinta_persistence::Db;

use super::report::{BrokenImport, ImportProblem, ImportView};
use crate::http::{Problem, ProblemKind};

/// The longest that a transaction of an import works, all its tries together. On SQLite nobody else changes anything
/// meanwhile, and must not have waited too long by the time it is committed.
pub(super) const TRANSACTION_MAX: Duration = Duration::from_secs(8);
const _: () = assert!(TRANSACTION_MAX.as_secs() < Db::WRITER_WAIT_MAX.as_secs());

/// How far an import has come.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub(crate) struct ImportProgress {
    /// So many rows have been looked at.
    done: u64,
    /// Of so many.
    of: u64,
    /// So many of them are stored for good, whatever becomes of the others. What is refused is not.
    stored: u64,
}

/// One line of an answer that tells how far it is. The last one is the result, or the problem that came between.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportLine {
    /// How far it is.
    Progress(ImportProgress),
    /// What it came to.
    Result(Box<ImportView>),
    /// Why it did not come to an end, and what of it is stored all the same.
    Problem(ImportProblem),
}

/// What an import sends to whoever waits for it.
pub(super) enum News {
    Progress(ImportProgress),
    End(Box<Result<ImportView, BrokenImport>>),
}

/// The import's side.
#[derive(Clone)]
pub(super) struct Teller {
    pub(super) to: Sender<News>,
    pub(super) of: u64,
}

impl Teller {
    /// Tells how far it is. Where the one who waits has not heard the last news yet, these are left out.
    ///
    /// # Errors
    /// Nobody waits any more: what has not been stored is not.
    pub(super) fn tell(&self, done: usize, stored: u64) -> Result<(), Problem> {
        let done = u64::try_from(done).unwrap_or(u64::MAX);
        self.still_waited_for()?;
        let _ = self.to.try_send(News::Progress(ImportProgress { done, of: self.of, stored }));
        Ok(())
    }
}

impl Teller {
    fn still_waited_for(&self) -> Result<(), Problem> {
        if self.to.is_closed() {
            return Err(Problem::new(ProblemKind::Unavailable, "Nobody waits for the result any more."));
        }
        Ok(())
    }

    /// What is looked at while a transaction works that has begun then; `advice` is for who brings too much in at once.
    pub(super) fn watch(&self, begun: Instant, advice: &'static str) -> Watch {
        Watch { teller: self.clone(), until: begun.checked_add(TRANSACTION_MAX), advice }
    }
}

/// How long a transaction of an import may keep others waiting, and whether anybody waits for it.
pub(super) struct Watch {
    teller: Teller,
    until: Option<Instant>,
    advice: &'static str,
}

impl Watch {
    /// Goes on while somebody waits and there is time.
    ///
    /// # Errors
    /// There is no more time, or nobody waits: what has not been stored is not.
    pub(super) fn look(&self) -> Result<(), Problem> {
        self.teller.still_waited_for()?;
        if self.until.is_some_and(|until| Instant::now() > until) {
            let seconds = TRANSACTION_MAX.as_secs();
            let why = format!(
                "The rows take longer than {seconds} seconds together, while others wait: nothing of them is stored. {}",
                self.advice
            );
            return Err(Problem::new(ProblemKind::PayloadTooLarge, why));
        }
        Ok(())
    }
}

/// An answer of lines, each sent as soon as there is something to say. Dropped, it tells the import to stop.
pub(super) struct Lines {
    pub(super) news: Receiver<News>,
    pub(super) request: Option<Uuid>,
}

impl Lines {
    fn line(&self, news: News) -> Bytes {
        let line = match news {
            News::Progress(progress) => ImportLine::Progress(progress),
            News::End(end) => match *end {
                Ok(view) => ImportLine::Result(Box::new(view)),
                Err(broken) => {
                    tracing::warn!(cause = broken.problem.cause(), "an import did not come to an end");
                    ImportLine::Problem(broken.view(self.request))
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
    use super::super::report::RowErrors;
    use super::*;
    use tokio::sync::mpsc;

    #[test]
    fn an_import_that_nobody_waits_for_is_told_to_stop() {
        let (to, news) = mpsc::channel(1);
        let teller = Teller { to, of: 3 };
        // News that nobody has time to hear hold nothing up.
        assert!((0..100).all(|_| teller.tell(1, 0).is_ok()));
        let watch = teller.watch(Instant::now(), "");
        assert!(watch.look().is_ok());
        drop(news);
        assert!(teller.tell(2, 0).is_err() && watch.look().is_err());
    }

    #[test]
    fn an_import_that_keeps_others_waiting_is_told_to_stop() {
        let (to, _news) = mpsc::channel(1);
        let teller = Teller { to, of: 3 };
        let begun = |ago| Instant::now().checked_sub(ago).unwrap();
        let refused = teller.watch(begun(Duration::from_secs(9)), "Divide the file.").look().unwrap_err();
        assert_eq!(refused.kind(), ProblemKind::PayloadTooLarge);
        assert!(refused.detail().ends_with(
            "longer than 8 seconds together, while others wait: nothing of them is stored. Divide the file."
        ));
        assert!(teller.watch(begun(Duration::from_secs(4)), "").look().is_ok());
    }

    #[test]
    fn the_line_of_an_import_that_broke_off_says_what_is_stored() {
        let (to, news) = mpsc::channel(1);
        let mut stored = ImportView::new(false);
        stored.refuse(1, &RowErrors::one("name", "length", "is too long"));
        let broken = BrokenImport::after(Problem::new(ProblemKind::Unavailable, "Not now."), stored);
        let line = Lines { news, request: None }.line(News::End(Box::new(Err(broken))));
        drop(to);
        let line: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!((&line["problem"]["status"], &line["problem"]["import"]["refused"]), (&503.into(), &1.into()));
    }
}
