//! Whose turn it is to simulate: one at a time in each process.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::http::{Problem, ProblemKind};

/// Simulations that run at once. Each reads a county's services from end to end, and others are to have the database too.
const AT_ONCE: usize = 1;
/// The longest that a simulation waits for its turn.
const WAIT_MAX: Duration = Duration::from_secs(5);

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// A turn, which ends when it is dropped.
pub(super) type Turn = SemaphorePermit<'static>;

/// Waits for a turn.
///
/// # Errors
/// Another simulation takes too long to be waited for.
pub(super) async fn turn() -> Result<Turn, Problem> {
    turn_within(WAIT_MAX).await
}

async fn turn_within(wait: Duration) -> Result<Turn, Problem> {
    let busy = || Problem::new(ProblemKind::Unavailable, "Another simulation is under way; please try again soon.");
    tokio::time::timeout(wait, TURNS.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn one_simulates_and_the_next_one_is_told_to_come_back() {
        let held = turn().await.unwrap();
        let refused = turn_within(Duration::ZERO).await.unwrap_err();
        assert_eq!(refused.kind(), ProblemKind::Unavailable);
        drop(held);
        drop(turn_within(Duration::ZERO).await.unwrap());
    }
}
