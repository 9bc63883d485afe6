//! Bytes of a request's body as they arrive: no more than may come, and no slower than they must. What they are, others
//! judge.

use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::web::{Bytes, BytesMut};
use tokio::time::Instant;

/// For how long a body may be slower than it must be on the whole.
const GRACE: Duration = Duration::from_secs(10);
/// How many bytes a second must have come by then, on the whole.
const RATE_MIN: u64 = 64 * 1024;

/// Why a body did not arrive.
#[derive(Debug)]
pub(crate) enum NotArrived {
    /// There are more bytes than may come.
    TooLarge,
    /// They come too slowly.
    TooSlow,
    /// The connection broke.
    Broken(String),
}

/// When a body of which so many bytes have come must have gone on.
fn allowed(received: usize, longest: Duration) -> Duration {
    let millis = u64::try_from(received).unwrap_or(u64::MAX).saturating_mul(1_000) / RATE_MIN;
    GRACE.saturating_add(Duration::from_millis(millis)).min(longest)
}

/// Takes a body in: at most so many bytes, in at most so long.
///
/// # Errors
/// It does not arrive.
pub(crate) async fn arrive<B>(body: B, most: usize, longest: Duration) -> Result<Bytes, NotArrived>
where
    B: MessageBody,
    B::Error: Into<Box<dyn Error>>,
{
    let mut body = pin!(body);
    let began = Instant::now();
    let mut bytes = BytesMut::new();
    loop {
        let until = began.checked_add(allowed(bytes.len(), longest)).unwrap_or(began);
        match tokio::time::timeout_at(until, poll_fn(|context| body.as_mut().poll_next(context))).await {
            Err(_) => return Err(NotArrived::TooSlow),
            Ok(None) => return Ok(bytes.freeze()),
            Ok(Some(Err(error))) => return Err(NotArrived::Broken(error.into().to_string())),
            Ok(Some(Ok(more))) if more.len() > most.saturating_sub(bytes.len()) => return Err(NotArrived::TooLarge),
            Ok(Some(Ok(more))) => bytes.extend_from_slice(&more),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_stands_still_is_given_up_long_before_one_that_comes() {
        let longest = Duration::from_secs(120);
        assert_eq!(allowed(0, longest), GRACE);
        assert_eq!(allowed(640 * 1024, longest), Duration::from_secs(20));
        assert_eq!(allowed(usize::MAX, longest), longest);
    }

    #[actix_web::test]
    async fn a_body_is_as_large_as_it_may_be_and_no_larger() {
        let body = Bytes::from_static(b"four");
        assert_eq!(arrive(body.clone(), 4, GRACE).await.unwrap(), body);
        assert!(matches!(arrive(body, 3, GRACE).await, Err(NotArrived::TooLarge)));
    }
}
