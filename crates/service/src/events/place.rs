//! From where on somebody is told: a place in the order, as a page of events gives it.

use std::str::FromStr;

use thiserror::Error;
use valinta_domain::event::Position;
use valinta_persistence::{Conn, outbox};

use crate::http::Problem;

/// From where on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// After an event.
    After(Position),
    /// After whatever has been told by now.
    Now,
}

/// Not such a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be `next` of a page of events, or `now`")]
pub(crate) struct NotAPlace;

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        match text {
            "now" => Ok(Self::Now),
            _ if (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map(|position| Self::After(Position(position))).map_err(|_| NotAPlace)
            }
            _ => Err(NotAPlace),
        }
    }
}

/// Where a place is by now.
///
/// # Errors
/// Not so much has been told yet: it is of another service.
pub(crate) fn place_of(c: &mut Conn, place: Place, pointer: &str) -> Result<Position, Problem> {
    let last = outbox::last_place(c)?;
    match place {
        Place::Now => Ok(last),
        Place::After(position) if position <= last => Ok(position),
        Place::After(_) => {
            let why = format!("only {} have been told; begin anew", last.0);
            Err(Problem::invalid(Vec::new()).at(pointer, "ahead", why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_number_or_now() {
        assert_eq!("now".parse(), Ok(Place::Now));
        assert_eq!("42".parse(), Ok(Place::After(Position(42))));
        for bad in ["", "-1", "+1", "4.2", "later", "1234567890123456789"] {
            assert_eq!(bad.parse::<Place>(), Err(NotAPlace), "{bad}");
        }
    }
}
