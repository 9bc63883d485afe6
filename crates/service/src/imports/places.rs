//! How much may be brought in at once: files that are held, work that is done, and for whom.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::apply::Source;
use crate::http::limits::IMPORTS_AT_ONCE_MAX;
use crate::http::places::{Place, Places};
use crate::http::{Problem, ProblemKind};

/// Imports that are under way at once. Each keeps other changes waiting.
const AT_ONCE: usize = 2;
/// How many of them are providers' own.
const OF_PROVIDERS_AT_ONCE: usize = 1;
/// The longest that a caller waits before the file is taken in.
const PLACE_WAIT_MAX: Duration = Duration::from_secs(10);
/// The longest that a file that has come in waits for its turn.
const TURN_WAIT_MAX: Duration = Duration::from_secs(20);

/// Places for files, and turns for the work.
#[derive(Debug, Clone)]
pub(crate) struct ImportPlaces {
    files: Places,
    turns: Arc<Semaphore>,
    of_providers: Arc<Semaphore>,
}

/// A turn. It is over once this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _turn: OwnedSemaphorePermit,
    _of_providers: Option<OwnedSemaphorePermit>,
}

impl Default for ImportPlaces {
    fn default() -> Self {
        Self {
            files: Places::new(IMPORTS_AT_ONCE_MAX, 1),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            of_providers: Arc::new(Semaphore::new(OF_PROVIDERS_AT_ONCE)),
        }
    }
}

impl ImportPlaces {
    /// A place for a file, before any of it is read. A source has one at a time.
    pub(super) async fn place(&self, source: &Source) -> Result<Place, Problem> {
        self.place_within(source, PLACE_WAIT_MAX).await
    }

    async fn place_within(&self, source: &Source, wait: Duration) -> Result<Place, Problem> {
        let crowded = || {
            let why = "Other files are being brought in, of this source or of others; wait a little.";
            Problem::new(ProblemKind::TooManyRequests, why)
        };
        self.files.take(&source.id().to_string(), wait).await.ok_or_else(crowded)
    }

    /// A turn for the work on a file.
    pub(super) async fn turn(&self, source: &Source) -> Result<Turn, Problem> {
        self.turn_within(source, TURN_WAIT_MAX).await
    }

    async fn turn_within(&self, source: &Source, wait: Duration) -> Result<Turn, Problem> {
        let busy = || Problem::new(ProblemKind::Unavailable, "Other imports are under way; please try again soon.");
        let waiting = async {
            let of_providers = match source {
                Source::Provider(_) => Some(Arc::clone(&self.of_providers).acquire_owned().await.map_err(|_| busy())?),
                Source::Organiser(_) => None,
            };
            let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| busy())?;
            Ok::<_, Problem>(Turn { _turn: turn, _of_providers: of_providers })
        };
        tokio::time::timeout(wait, waiting).await.map_err(|_| busy())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use valinta_domain::Id;

    fn provider(n: u128) -> Source {
        Source::Provider(Id::new(Uuid::from_u128(n)))
    }

    #[actix_web::test]
    async fn a_file_has_a_place_before_any_of_it_is_read_and_each_source_has_one() {
        let places = ImportPlaces::default();
        let place = async |n| places.place_within(&provider(n), Duration::ZERO).await;
        let first = place(1).await.unwrap();
        assert_eq!(place(1).await.unwrap_err().kind(), ProblemKind::TooManyRequests);
        let others = [place(2).await.unwrap(), place(3).await.unwrap(), place(4).await.unwrap()];
        assert_eq!(place(5).await.unwrap_err().kind(), ProblemKind::TooManyRequests);
        drop(first);
        assert!(place(5).await.is_ok());
        drop(others);
    }

    #[actix_web::test]
    async fn providers_leave_a_turn_to_officers() {
        let places = ImportPlaces::default();
        let held = places.turn_within(&provider(1), Duration::ZERO).await.unwrap();
        let refused = places.turn_within(&provider(2), Duration::from_millis(5)).await.unwrap_err();
        assert_eq!(refused.kind(), ProblemKind::Unavailable);
        assert_eq!(places.turns.available_permits(), 1);
        drop(held);
        assert!(places.turn_within(&provider(2), Duration::ZERO).await.is_ok());
    }
}
