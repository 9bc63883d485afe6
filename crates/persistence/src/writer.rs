//! SQLite's one writer: a thread that commits waiting commands in groups, because it is the commit that takes time.
//! Each command has a savepoint of its own; nobody is answered before the group is committed. A command that takes its
//! time is alone in its transaction, without a savepoint, so that none waits for it that has been run already; and who waits too
//! long for a turn is told so, and the command is not run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::database_url::DatabaseUrl;
use crate::dialect::{Conn, Mode, Use};
use crate::error::{DbError, Retryable};
use crate::lane::{TRIES_MAX, block_on};
use crate::link::Link;

/// Commands in one commit.
const GROUP_MAX: usize = 64;
/// A group takes no further command after this time, so that its first need not wait for ever slower ones.
const GROUP_TIME_MAX: Duration = Duration::from_millis(20);

/// The queue's end at which commands are put in. The thread ends when it is dropped.
pub(crate) struct Writer {
    queue: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Opens the connection and starts the thread.
    pub(crate) fn start(url: &DatabaseUrl, queue_max: usize) -> Result<Self, String> {
        let link = Link::open(url, Use::Writes)?;
        let (queue, jobs) = sync_channel(queue_max);
        let mut thread_state = Thread { url: url.clone(), link: Some(link) };
        let thread = thread::Builder::new()
            .name("valinta-writer".to_owned())
            .spawn(move || thread_state.serve(&jobs))
            .map_err(|e| e.to_string())?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Whether the thread still serves.
    pub(crate) fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Queues a command. The answer comes when it has been committed or undone.
    pub(crate) fn submit<F, T, E>(&self, length: Length, f: F) -> Result<Submitted<T, E>, DbError>
    where
        F: Fn(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Retryable + Send + 'static,
    {
        let (tell, answer) = oneshot::channel();
        let turn = Turn::default();
        let job: Box<dyn Job> = Box::new(Command { f, outcome: None, tell, turn: turn.clone(), length });
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        match queue.try_send(job) {
            Ok(()) => Ok(Submitted { answer, turn }),
            Err(TrySendError::Full(_)) => Err(DbError::Overloaded),
            Err(TrySendError::Disconnected(_)) => Err(stopped()),
        }
    }
}

/// How long a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// So short that it is committed with others.
    Short,
    /// So long that no other is to wait for its commit.
    Long,
}

/// Whether a command's turn has come, told between who waits for it and the thread.
#[derive(Debug, Clone, Default)]
struct Turn(Arc<AtomicU8>);

impl Turn {
    const WAITING: u8 = 0;
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    fn begin(&self) -> bool {
        self.0.compare_exchange(Self::WAITING, Self::BEGUN, Ordering::AcqRel, Ordering::Acquire) != Err(Self::GIVEN_UP)
    }

    /// Gives the turn up, unless it has come.
    fn give_up(&self) -> bool {
        self.0.compare_exchange(Self::WAITING, Self::GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// A command that waits for its turn, or for the end of it.
pub(crate) struct Submitted<T, E> {
    answer: oneshot::Receiver<Result<T, E>>,
    turn: Turn,
}

impl<T, E: From<DbError>> Submitted<T, E> {
    /// The command's outcome. Where its turn does not come within the time, it is not run.
    pub(crate) async fn outcome(mut self, wait: Duration) -> Result<T, E> {
        let answered = tokio::time::timeout(wait, &mut self.answer).await;
        match answered {
            Ok(answer) => answer.unwrap_or_else(|_| Err(stopped().into())),
            Err(_) if self.turn.give_up() => Err(DbError::Overloaded.into()),
            Err(_) => self.answer.await.unwrap_or_else(|_| Err(stopped().into())),
        }
    }

    /// [`Submitted::outcome`] on a thread that may block.
    pub(crate) fn outcome_blocking(mut self, wait: Duration) -> Result<T, E> {
        let answered = block_on(&mut self.answer, Some(wait));
        match answered {
            Some(answer) => answer.unwrap_or_else(|_| Err(stopped().into())),
            None if self.turn.give_up() => Err(DbError::Overloaded.into()),
            None => match block_on(self.answer, None) {
                Some(Ok(outcome)) => outcome,
                Some(Err(_)) | None => Err(stopped().into()),
            },
        }
    }
}

impl Drop for Writer {
    /// Waits until what is queued has been written.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the writer thread had panicked");
        }
    }
}

/// What is told when the thread is gone.
pub(crate) fn stopped() -> DbError {
    DbError::unavailable("the writer has stopped")
}

/// A command whose types are forgotten.
trait Job: Send {
    /// Whether no other is to wait for its commit.
    fn is_long(&self) -> bool;
    /// Lets its turn come, if anybody still waits for the answer.
    fn begin(&self) -> bool;
    /// Runs it in the open transaction or savepoint and keeps the outcome.
    fn run(&mut self, link: &mut Link) -> Verdict;
    /// Tells the outcome, or why the commit of it failed.
    fn answer(self: Box<Self>, committed: Result<(), DbError>);
}

/// What is to become of what a command has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    Undo,
    /// Undone, it may succeed at the next try.
    UndoAndRetry,
}

struct Command<F, T, E> {
    f: F,
    outcome: Option<Result<T, E>>,
    tell: oneshot::Sender<Result<T, E>>,
    turn: Turn,
    length: Length,
}

impl<F, T, E> Job for Command<F, T, E>
where
    F: Fn(&mut Conn) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Retryable + Send,
{
    fn is_long(&self) -> bool {
        self.length == Length::Long
    }

    fn begin(&self) -> bool {
        !self.tell.is_closed() && self.turn.begin()
    }

    fn run(&mut self, link: &mut Link) -> Verdict {
        let outcome = link.attempt(&self.f);
        let verdict = match &outcome {
            Ok(_) => Verdict::Keep,
            Err(e) if e.is_retryable() => Verdict::UndoAndRetry,
            Err(_) => Verdict::Undo,
        };
        self.outcome = Some(outcome);
        verdict
    }

    fn answer(self: Box<Self>, committed: Result<(), DbError>) {
        let outcome = match (self.outcome, committed) {
            // What the command itself refused was undone in any case.
            (Some(Err(refused)), _) => Err(refused),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Ok(_)) | None, Err(e)) => Err(e.into()),
            (None, Ok(())) => Err(DbError::Internal("a command was not run".to_owned()).into()),
        };
        // Nobody may be waiting any more.
        let _ = self.tell.send(outcome);
    }
}

/// What became of a group.
enum Group {
    Committed,
    /// Nothing of it was kept, for a reason that need not concern all of it.
    Undone,
    Failed(DbError),
}

struct Thread {
    url: DatabaseUrl,
    link: Option<Link>,
}

impl Thread {
    fn serve(&mut self, queue: &Receiver<Box<dyn Job>>) {
        let mut next = None;
        while let Some(first) = next.take().or_else(|| queue.recv().ok()) {
            if first.is_long() {
                if first.begin() {
                    self.run_alone(first);
                }
                continue;
            }
            let mut jobs = Vec::new();
            let outcome = match self.begin() {
                Err(e) => {
                    jobs.push(first);
                    Group::Failed(e)
                }
                Ok(mut link) => {
                    let outcome = run_group(&mut link, first, queue, &mut jobs, &mut next);
                    self.keep(link);
                    outcome
                }
            };
            for job in jobs {
                match &outcome {
                    Group::Committed => job.answer(Ok(())),
                    Group::Failed(e) => job.answer(Err(e.clone())),
                    Group::Undone => self.run_alone(job),
                }
            }
        }
    }

    /// The connection, with a transaction begun.
    fn begin(&mut self) -> Result<Link, DbError> {
        let mut link = match self.link.take() {
            Some(link) => link,
            None => Link::open(&self.url, Use::Writes).map_err(DbError::unavailable)?,
        };
        link.begin(Mode::Write)?;
        Ok(link)
    }

    /// Keeps a connection for the next group, if it can still be used.
    fn keep(&mut self, mut link: Link) {
        if link.is_sound() {
            self.link = Some(link);
        }
    }

    /// Runs a command in a transaction of its own. It needs no savepoint, in which SQLite keeps every page as it was: at the
    /// end of each statement with a trigger it walks through all of them, which for thousands of rows takes seconds.
    fn run_alone(&mut self, mut job: Box<dyn Job>) {
        for tries in 1..=TRIES_MAX {
            let mut link = match self.begin() {
                Err(e) => return job.answer(Err(e)),
                Ok(link) => link,
            };
            let verdict = job.run(&mut link);
            let committed = if verdict == Verdict::Keep { link.commit() } else { Ok(()) };
            link.roll_back_to(0);
            self.keep(link);
            if verdict != Verdict::UndoAndRetry || tries == TRIES_MAX {
                return job.answer(committed);
            }
        }
    }
}

/// Runs the first command and those that wait behind it, each in a savepoint, and commits. `jobs` gets all that ran, and
/// `after` the one that is to begin the next group.
fn run_group(
    link: &mut Link,
    first: Box<dyn Job>,
    queue: &Receiver<Box<dyn Job>>,
    jobs: &mut Vec<Box<dyn Job>>,
    after: &mut Option<Box<dyn Job>>,
) -> Group {
    let began = Instant::now();
    let mut next = Some(first);
    while let Some(mut job) = next {
        if job.is_long() {
            *after = Some(job);
            break;
        }
        if job.begin() {
            let whole = run_in_savepoint(link, job.as_mut());
            jobs.push(job);
            if !whole {
                link.roll_back_to(0);
                return Group::Undone;
            }
        }
        let full = jobs.len() >= GROUP_MAX || began.elapsed() >= GROUP_TIME_MAX;
        next = if full { None } else { queue.try_recv().ok() };
    }
    match link.commit() {
        Ok(()) => Group::Committed,
        Err(e) => {
            link.roll_back_to(0);
            // A constraint that is checked at the commit: one command is to blame, and alone it will be found.
            let one_is_to_blame =
                matches!(e, DbError::Unique { .. } | DbError::ForeignKey { .. } | DbError::Check { .. });
            if one_is_to_blame { Group::Undone } else { Group::Failed(e) }
        }
    }
}

/// `false` where the group's transaction is no longer what it was.
fn run_in_savepoint(link: &mut Link, job: &mut dyn Job) -> bool {
    for _ in 0..TRIES_MAX {
        if link.savepoint().is_err() {
            return false;
        }
        match job.run(link) {
            Verdict::Keep => return link.commit().is_ok(),
            Verdict::Undo => return link.roll_back_to(1),
            Verdict::UndoAndRetry if link.roll_back_to(1) => {}
            Verdict::UndoAndRetry => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;
    use std::sync::mpsc::channel;

    use super::*;

    const WAIT: Duration = Duration::from_secs(30);

    fn writer() -> (tempdir::Folder, Writer) {
        let folder = tempdir::Folder::new();
        let url = DatabaseUrl::Sqlite(folder.0.join("test.db"));
        let writer = Writer::start(&url, 16).unwrap();
        (folder, writer)
    }

    mod tempdir {
        /// A folder of its own, gone with the test.
        pub(super) struct Folder(pub(super) std::path::PathBuf);

        impl Folder {
            pub(super) fn new() -> Self {
                let mut bytes = [0; 8];
                getrandom::fill(&mut bytes).unwrap();
                let path = std::env::temp_dir().join(format!("valinta_writer_{:016x}", u64::from_le_bytes(bytes)));
                std::fs::create_dir(&path).unwrap();
                Self(path)
            }
        }

        impl Drop for Folder {
            fn drop(&mut self) {
                let _ = std::fs::remove_dir_all(&self.0);
            }
        }
    }

    #[test]
    fn who_waits_too_long_for_a_turn_is_told_so_and_the_command_is_not_run() {
        let (_folder, writer) = writer();
        let (let_go, held) = channel::<()>();
        let (tell, begun) = channel::<()>();
        let held = std::sync::Mutex::new(held);
        let long = writer
            .submit(Length::Long, move |_| {
                let _ = tell.send(());
                let _ = held.lock().unwrap().recv();
                Ok::<_, DbError>(())
            })
            .unwrap();
        begun.recv().unwrap();
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let impatient = writer
            .submit(Length::Short, move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
                Ok::<_, DbError>(())
            })
            .unwrap();
        assert_eq!(impatient.outcome_blocking(Duration::from_millis(20)), Err(DbError::Overloaded));
        let patient = writer.submit(Length::Short, |_| Ok::<_, DbError>(7)).unwrap();
        let_go.send(()).unwrap();
        assert_eq!(long.outcome_blocking(WAIT), Ok(()));
        assert_eq!(patient.outcome_blocking(WAIT), Ok(7));
        assert_eq!(runs.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn nobody_waits_for_the_commit_of_a_long_command_that_came_after() {
        let (_folder, writer) = writer();
        let (let_go, held) = channel::<()>();
        let held = std::sync::Mutex::new(held);
        let short = writer.submit(Length::Short, |_| Ok::<_, DbError>(1)).unwrap();
        let long = writer
            .submit(Length::Long, move |_| {
                let _ = held.lock().unwrap().recv();
                Ok::<_, DbError>(2)
            })
            .unwrap();
        assert_eq!(short.outcome_blocking(WAIT), Ok(1));
        let_go.send(()).unwrap();
        assert_eq!(long.outcome_blocking(WAIT), Ok(2));
    }
}
