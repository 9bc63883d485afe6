//! How much may be brought in at once: files that are held, work that is done, and for whom.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use valinta_persistence::Db;

use super::apply::Source;
use super::progress::TRANSACTION_MAX;
use crate::http::limits::IMPORTS_AT_ONCE_MAX;
use crate::http::places::{Place, Places};
use crate::http::{Problem, ProblemKind};

/// Files of providers among those that are held.
const FILES_OF_PROVIDERS_MAX: usize = 2;
/// Imports that are under way at once. Each keeps other changes waiting.
const AT_ONCE: usize = 2;
/// The same on SQLite: of two that follow each other at once, who waits for both would wait too long.
const AT_ONCE_ON_SQLITE: usize = 1;
/// How many of them are providers' own.
const OF_PROVIDERS_AT_ONCE: usize = 1;
/// The longest that a caller waits before the file is taken in.
const PLACE_WAIT_MAX: Duration = Duration::from_secs(10);
/// The longest that a file that has come in waits for its turn: longer than the others that are held may take, each in
/// one transaction.
const TURN_WAIT_MAX: Duration = Duration::from_secs(30);
const _: () = assert!(IMPORTS_AT_ONCE_MAX == 4 && TURN_WAIT_MAX.as_secs() > 3 * TRANSACTION_MAX.as_secs());

/// Places for files, and turns for the work.
#[derive(Debug, Clone)]
pub(crate) struct ImportPlaces {
    files: Places,
    files_of_providers: Places,
    turns: Arc<Semaphore>,
    of_providers: Arc<Semaphore>,
}

/// A place for a file. It is free again once this is dropped.
#[derive(Debug)]
pub(super) struct FilePlace {
    _file: Place,
    _of_providers: Option<Place>,
}

/// A turn. It is over once this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _turn: OwnedSemaphorePermit,
    _of_providers: Option<OwnedSemaphorePermit>,
}

impl ImportPlaces {
    /// The places before a database.
    pub(crate) fn on(db: &Db) -> Self {
        Self::new(if db.is_postgres() { AT_ONCE } else { AT_ONCE_ON_SQLITE })
    }

    fn new(at_once: usize) -> Self {
        Self {
            files: Places::new(IMPORTS_AT_ONCE_MAX, 1),
            files_of_providers: Places::new(FILES_OF_PROVIDERS_MAX, 1),
            turns: Arc::new(Semaphore::new(at_once)),
            of_providers: Arc::new(Semaphore::new(OF_PROVIDERS_AT_ONCE)),
        }
    }

    /// A place for a file, before any of it is read. A source has one at a time, and providers leave some to officers.
    pub(super) async fn place(&self, source: &Source) -> Result<FilePlace, Problem> {
        self.place_within(source, PLACE_WAIT_MAX).await
    }

    async fn place_within(&self, source: &Source, wait: Duration) -> Result<FilePlace, Problem> {
        let crowded = || {
            let why = "Other files are being brought in, of this source or of others; wait a little.";
            Problem::new(ProblemKind::TooManyRequests, why)
        };
        let (by, began) = (source.id().to_string(), Instant::now());
        // First, so that who waits for one of these keeps none of the others.
        let of_providers = match source {
            Source::Provider(_) => Some(self.files_of_providers.take(&by, wait).await.ok_or_else(crowded)?),
            Source::Organiser(_) => None,
        };
        let file = self.files.take(&by, wait.saturating_sub(began.elapsed())).await.ok_or_else(crowded)?;
        Ok(FilePlace { _file: file, _of_providers: of_providers })
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
    use valinta_domain::{Currency, Id, Localized, Moment};
    use valinta_persistence::organisers::Organiser;

    fn provider(n: u128) -> Source {
        Source::Provider(Id::new(Uuid::from_u128(n)))
    }

    fn organiser(n: u128) -> Source {
        Source::Organiser(Box::new(Organiser {
            id: Id::new(Uuid::from_u128(n)),
            code: "county".into(),
            name: Localized::new("Satakunta", "Satakunta", "Satakunta"),
            business_id: "0201256-6".parse().unwrap(),
            currency: Currency::Eur,
            time_zone: "Europe/Helsinki".into(),
            created_at: Moment::new("2026-11-11T08:00:00Z".parse().unwrap()),
        }))
    }

    #[actix_web::test]
    async fn a_file_has_a_place_before_any_of_it_is_read_and_each_source_has_one() {
        let places = ImportPlaces::new(AT_ONCE);
        let place = async |n| places.place_within(&organiser(n), Duration::ZERO).await;
        let first = place(1).await.unwrap();
        assert_eq!(place(1).await.unwrap_err().kind(), ProblemKind::TooManyRequests);
        let others = [place(2).await.unwrap(), place(3).await.unwrap(), place(4).await.unwrap()];
        assert_eq!(place(5).await.unwrap_err().kind(), ProblemKind::TooManyRequests);
        drop(first);
        assert!(place(5).await.is_ok());
        drop(others);
    }

    #[actix_web::test]
    async fn providers_leave_places_for_files_to_officers() {
        let places = ImportPlaces::new(AT_ONCE);
        let place = async |source: Source| places.place_within(&source, Duration::ZERO).await;
        let held = [place(provider(1)).await.unwrap(), place(provider(2)).await.unwrap()];
        assert_eq!(place(provider(3)).await.unwrap_err().kind(), ProblemKind::TooManyRequests);
        let officers = [place(organiser(4)).await.unwrap(), place(organiser(5)).await.unwrap()];
        drop(held);
        let again = place(provider(3)).await.unwrap();
        drop((officers, again));
    }

    #[actix_web::test]
    async fn providers_leave_a_turn_to_officers() {
        let places = ImportPlaces::new(AT_ONCE);
        let held = places.turn_within(&provider(1), Duration::ZERO).await.unwrap();
        let refused = places.turn_within(&provider(2), Duration::from_millis(5)).await.unwrap_err();
        assert_eq!(refused.kind(), ProblemKind::Unavailable);
        assert_eq!(places.turns.available_permits(), 1);
        drop(held);
        assert!(places.turn_within(&provider(2), Duration::ZERO).await.is_ok());
    }

    #[actix_web::test]
    async fn on_sqlite_one_import_is_under_way_at_a_time() {
        let places = ImportPlaces::new(AT_ONCE_ON_SQLITE);
        let held = places.turn_within(&organiser(1), Duration::ZERO).await.unwrap();
        let refused = places.turn_within(&organiser(2), Duration::from_millis(5)).await.unwrap_err();
        assert_eq!(refused.kind(), ProblemKind::Unavailable);
        drop(held);
        assert!(places.turn_within(&organiser(2), Duration::ZERO).await.is_ok());
    }
}
