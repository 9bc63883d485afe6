//! All of a list in one answer, sent while it is read: every page in one read transaction, so that the rows are those
//! of one moment. Whoever hangs up ends the work. Where it fails half-way the connection breaks, so that nobody takes
//! a part for the whole.

use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use valinta_persistence::Conn;

use super::Format;
use super::writer::{Row, Writer};
use crate::app::App;
use crate::http::conditional::with_tag;
use crate::http::{Problem, ProblemKind};

/// Public lists that are sent at once by a process. Each holds a connection, and others are to have the database too.
const AT_ONCE: usize = 2;
/// Lists for callers with a token that are sent at once. Whoever has none does not keep them waiting.
const OF_CALLERS_AT_ONCE: usize = 2;
/// The longest that a list waits for its turn.
const TURN_WAIT_MAX: Duration = Duration::from_secs(10);
/// Pages that may wait for a caller who reads slowly.
const PAGES_WAITING_MAX: usize = 4;
/// For how long a caller may read more slowly than must be on the whole.
const GRACE: Duration = Duration::from_secs(10);
/// How many bytes a second a caller must read by then, on the whole; one who does not keeps others waiting.
const RATE_MIN: u64 = 64 * 1024;
/// The longest that a list may take: what is read holds back what the database could tidy away.
const DURATION_MAX: Duration = Duration::from_secs(600);

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);
static TURNS_OF_CALLERS: Semaphore = Semaphore::const_new(OF_CALLERS_AT_ONCE);

/// What is known of a list before its first row is read, in the same transaction.
#[derive(Debug, Default)]
pub(crate) struct Begin {
    /// Its tag, if it has one.
    pub(crate) tag: Option<header::EntityTag>,
    /// Further headers.
    pub(crate) headers: Vec<(header::HeaderName, String)>,
    /// The caller has it already: nothing is sent.
    pub(crate) unchanged: bool,
}

impl Begin {
    /// The beginning of an answer.
    pub(crate) fn response(&self) -> HttpResponseBuilder {
        let mut response = if self.unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        if let Some(tag) = &self.tag {
            with_tag(&mut response, tag);
        }
        for header in &self.headers {
            response.insert_header(header.clone());
        }
        response.insert_header((header::VARY, header::ACCEPT.as_str()));
        response
    }
}

/// A piece of the answer.
enum Piece {
    Bytes(Bytes),
    End,
}

/// Sends all pages as a file, to a caller with a token. `file_name` is without its ending; `pages` gives one page after the
/// other and `None` behind the last. As JSON it is an object with all rows in `items`.
///
/// # Errors
/// What goes wrong up to the first page. What goes wrong later breaks the connection.
pub(crate) async fn stream<R: Row + 'static>(
    app: &App,
    format: Format,
    file_name: &str,
    pages: impl FnMut(&mut Conn) -> Result<Option<Vec<R>>, Problem> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let turn = turn_within(&TURNS_OF_CALLERS, TURN_WAIT_MAX).await?;
    stream_in(turn, app, (format, file_name), |_| Ok(Begin::default()), pages).await
}

/// As [`stream`], to anyone; `begin` reads first what the list's headers are, or that it need not be sent.
///
/// # Errors
/// What goes wrong up to the first page. What goes wrong later breaks the connection.
pub(crate) async fn stream_tagged<R: Row + 'static>(
    app: &App,
    format: Format,
    file_name: &str,
    begin: impl FnOnce(&mut Conn) -> Result<Begin, Problem> + Send + 'static,
    pages: impl FnMut(&mut Conn) -> Result<Option<Vec<R>>, Problem> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let turn = turn_within(&TURNS, TURN_WAIT_MAX).await?;
    stream_in(turn, app, (format, file_name), begin, pages).await
}

async fn stream_in<R: Row + 'static>(
    turn: SemaphorePermit<'static>,
    app: &App,
    (format, file_name): (Format, &str),
    begin: impl FnOnce(&mut Conn) -> Result<Begin, Problem> + Send + 'static,
    pages: impl FnMut(&mut Conn) -> Result<Option<Vec<R>>, Problem> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let (to, pieces) = mpsc::channel(PAGES_WAITING_MAX);
    let (tell, told) = oneshot::channel();
    actix_web::rt::spawn(run(app.clone(), Work { format, begin, pages }, tell, to, turn));
    let begin = told.await.map_err(|_| Problem::internal("a list ended before it began"))??;
    let mut response = begin.response();
    if begin.unchanged {
        return Ok(response.finish());
    }
    let name = format!("attachment; filename=\"{file_name}.{}\"", format.extension());
    response.insert_header((header::CONTENT_DISPOSITION, name)).content_type(format.content_type());
    Ok(response.body(Pieces { pieces, ended: false }))
}

async fn turn_within(turns: &'static Semaphore, wait: Duration) -> Result<SemaphorePermit<'static>, Problem> {
    let busy = || Problem::new(ProblemKind::Unavailable, "Other lists are being sent; please try again soon.");
    tokio::time::timeout(wait, turns.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())
}

/// What is to be sent.
struct Work<B, P> {
    format: Format,
    begin: B,
    pages: P,
}

/// Reads in one transaction and sends what is read.
async fn run<R, B, P>(
    app: App,
    work: Work<B, P>,
    tell: oneshot::Sender<Result<Begin, Problem>>,
    to: Sender<Piece>,
    turn: SemaphorePermit<'static>,
) where
    R: Row + 'static,
    B: FnOnce(&mut Conn) -> Result<Begin, Problem> + Send + 'static,
    P: FnMut(&mut Conn) -> Result<Option<Vec<R>>, Problem> + Send + 'static,
{
    let runtime = Handle::current();
    // What has been sent cannot be sent again: the work is done once, whatever becomes of the transaction.
    let until = Instant::now().checked_add(DURATION_MAX);
    let outlet = Outlet { to, runtime, until, patience: Patience::default() };
    let once = Mutex::new(Some((work, tell, outlet)));
    let read = app.read(move |c| {
        let taken = once.lock().ok().and_then(|mut once| once.take());
        let Some((work, tell, outlet)) = taken else { return Err(Problem::internal("a list was begun twice")) };
        send(c, work, tell, outlet)
    });
    if let Err(problem) = read.await {
        tracing::warn!(cause = problem.cause(), detail = problem.detail(), "a list was not sent to its end");
    }
    drop(turn);
}

fn send<R, B, P>(
    c: &mut Conn,
    mut work: Work<B, P>,
    tell: oneshot::Sender<Result<Begin, Problem>>,
    mut outlet: Outlet,
) -> Result<(), Problem>
where
    R: Row,
    B: FnOnce(&mut Conn) -> Result<Begin, Problem>,
    P: FnMut(&mut Conn) -> Result<Option<Vec<R>>, Problem>,
{
    let mut writer = Writer::new(work.format);
    let first = (work.begin)(c).and_then(|begin| {
        let page = if begin.unchanged { None } else { (work.pages)(c)? };
        Ok((begin, page, writer.begin::<R>()?))
    });
    let (begin, mut page, mut bytes) = match first {
        Ok(first) => first,
        Err(problem) => {
            // Nothing has been sent: the caller gets the problem itself.
            let _ = tell.send(Err(problem));
            return Ok(());
        }
    };
    let unchanged = begin.unchanged;
    if tell.send(Ok(begin)).is_err() || unchanged {
        return Ok(());
    }
    while let Some(rows) = page {
        bytes.extend(writer.page(&rows)?);
        if !bytes.is_empty() && !outlet.put(Piece::Bytes(std::mem::take(&mut bytes).into()))? {
            return Ok(());
        }
        page = (work.pages)(c)?;
    }
    bytes.extend(writer.end());
    if bytes.is_empty() || outlet.put(Piece::Bytes(bytes.into()))? {
        outlet.put(Piece::End)?;
    }
    Ok(())
}

/// How long a caller has been waited for, and for how long that may be.
#[derive(Debug, Default)]
struct Patience {
    waited: Duration,
    bytes: u64,
}

impl Patience {
    /// How long the caller may be waited for now.
    fn left(&self) -> Duration {
        let earned = Duration::from_millis(self.bytes.saturating_mul(1_000) / RATE_MIN);
        GRACE.saturating_add(earned).saturating_sub(self.waited)
    }

    /// So many bytes were taken after so long.
    fn taken(&mut self, bytes: usize, after: Duration) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        self.waited = self.waited.saturating_add(after);
    }
}

/// Where pieces go, from a thread that may wait.
struct Outlet {
    to: Sender<Piece>,
    runtime: Handle,
    until: Option<Instant>,
    patience: Patience,
}

impl Outlet {
    /// Sends a piece. Says whether there is still someone to send to.
    fn put(&mut self, piece: Piece) -> Result<bool, Problem> {
        let began = Instant::now();
        if self.until.is_some_and(|until| began > until) {
            return Err(Problem::internal("a list took too long to be sent"));
        }
        let bytes = match &piece {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::End => 0,
        };
        let (to, left) = (&self.to, self.patience.left());
        let sent = self.runtime.block_on(async { tokio::time::timeout(left, to.send(piece)).await });
        self.patience.taken(bytes, began.elapsed());
        match sent {
            Ok(sent) => Ok(sent.is_ok()),
            Err(_) => Err(Problem::internal("a list was not read by its caller, or too slowly")),
        }
    }
}

/// The list was not read to its end.
#[derive(Debug, Error)]
#[error("the list could not be sent to its end")]
struct Broken;

/// The answer's body. Dropped, it tells the work to stop.
struct Pieces {
    pieces: Receiver<Piece>,
    ended: bool,
}

impl MessageBody for Pieces {
    type Error = Broken;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.pieces.poll_recv(context).map(|piece| match piece {
            Some(Piece::Bytes(bytes)) => Some(Ok(bytes)),
            Some(Piece::End) => {
                self.ended = true;
                None
            }
            None => Some(Err(Broken)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use super::*;

    async fn read(pieces: Receiver<Piece>) -> Result<usize, Broken> {
        let mut body = pin!(Pieces { pieces, ended: false });
        let mut read = 0;
        while let Some(bytes) = poll_fn(|context| body.as_mut().poll_next(context)).await {
            read += bytes?.len();
        }
        Ok(read)
    }

    #[actix_web::test]
    async fn an_answer_is_whole_or_broken() {
        let (to, pieces) = mpsc::channel(4);
        to.send(Piece::Bytes(Bytes::from_static(b"one"))).await.ok().unwrap();
        to.send(Piece::End).await.ok().unwrap();
        drop(to);
        assert_eq!(read(pieces).await.unwrap(), 3);

        let (to, pieces) = mpsc::channel(4);
        to.send(Piece::Bytes(Bytes::from_static(b"one"))).await.ok().unwrap();
        drop(to);
        assert!(read(pieces).await.is_err());
    }

    #[actix_web::test]
    async fn who_comes_when_all_turns_are_taken_is_told_to_come_back() {
        let turn = |wait| turn_within(&TURNS, wait);
        let held = [turn(TURN_WAIT_MAX).await.unwrap(), turn(TURN_WAIT_MAX).await.unwrap()];
        assert_eq!(turn(Duration::ZERO).await.unwrap_err().kind(), ProblemKind::Unavailable);
        // Those who have a token do not wait for those who have none.
        assert!(turn_within(&TURNS_OF_CALLERS, TURN_WAIT_MAX).await.is_ok());
        drop(held);
    }

    #[test]
    fn who_reads_too_slowly_is_not_waited_for() {
        let mut patience = Patience::default();
        assert_eq!(patience.left(), GRACE);
        // A page every nineteen seconds is too slow for the second.
        patience.taken(200 * 1024, Duration::from_secs(10));
        assert!(patience.left() < Duration::from_secs(4));
        // Who reads fast enough is waited for as long as it takes.
        for _ in 0..1_000 {
            patience.taken(640 * 1024, Duration::from_secs(9));
        }
        assert!(patience.left() > GRACE);
    }
}
