//! Deaths of a process at a commit, as a test chooses them. A database that is opened after [`Faults::install`] dies at the
//! commit that is chosen, and answers nobody from there on; whoever opens it anew is another process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::database_url::DatabaseUrl;
use crate::error::DbError;

/// Where a process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Just before a transaction is committed: what it has written is lost.
    BeforeCommit,
    /// Just after it: what it has written stays, and nobody hears of it.
    AfterCommit,
    /// Where a command of a group has ended, and the group is not committed yet. Groups are SQLite's.
    InGroup,
}

#[derive(Debug, Default)]
struct Plan {
    /// Where it dies, and how many such points it survives before.
    next: Option<(Death, u32)>,
    is_dead: bool,
}

/// The deaths of one process.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Plan>>);

/// Whose they are. A test's database is opened by few processes, one after the other.
static INSTALLED: Mutex<Vec<(DatabaseUrl, Faults)>> = Mutex::new(Vec::new());

impl Faults {
    /// Those of whoever opens the database from now on.
    pub fn install(url: &DatabaseUrl) -> Self {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        installed.retain(|(of, _)| of != url);
        let faults = Self::default();
        installed.push((url.clone(), faults.clone()));
        faults
    }

    /// Those of a process that opens the database now; of one that no test thinks of, none.
    pub(crate) fn of(url: &DatabaseUrl) -> Self {
        let installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        installed.iter().find(|(of, _)| of == url).map_or_else(Self::default, |(_, faults)| faults.clone())
    }

    /// Lets the process die at such a point, after it has survived so many of them.
    pub fn arm(&self, death: Death, survives: u32) {
        self.plan().next = Some((death, survives));
    }

    /// Lets the process die where it is.
    pub fn die(&self) {
        self.plan().is_dead = true;
    }

    /// Whether it has died.
    pub fn is_dead(&self) -> bool {
        self.plan().is_dead
    }

    /// Passes a point at which a process may die.
    ///
    /// # Errors
    /// It is dead.
    pub(crate) fn pass(&self, point: Death) -> Result<(), DbError> {
        let mut plan = self.plan();
        match &mut plan.next {
            Some((death, 0)) if *death == point => plan.is_dead = true,
            Some((death, survives)) if *death == point => *survives = survives.saturating_sub(1),
            Some(_) | None => {}
        }
        if plan.is_dead { Err(DbError::unavailable("the process has died")) } else { Ok(()) }
    }

    /// Whether it lives: nothing is begun where it does not.
    ///
    /// # Errors
    /// It is dead.
    pub(crate) fn live(&self) -> Result<(), DbError> {
        if self.is_dead() { Err(DbError::unavailable("the process has died")) } else { Ok(()) }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
