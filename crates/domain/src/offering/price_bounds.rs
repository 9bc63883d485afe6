//! How many prices an offering has, and how far ahead they begin: bounds, so that no one offering takes what the others
//! need. What the prices say is not looked at here.

use thiserror::Error;

use crate::time::Day;

/// Most prices of an offering that have been told and have not begun.
pub const PRICES_TO_COME_MAX: usize = 100;
/// Most days ahead on which a price begins.
pub const PRICE_DAYS_AHEAD_MAX: i64 = 800;
/// Most prices of an offering that are brought in, those that have held included.
pub const PRICES_OF_OFFERING_MAX: usize = 1_000;

/// Why no further price can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PriceBoundsRefused {
    /// It begins too far ahead.
    #[error("a price begins at most {PRICE_DAYS_AHEAD_MAX} days ahead: on {latest} or before")]
    TooFarAhead {
        /// The last day on which it can begin.
        latest: Day,
    },
    /// Enough are to come.
    #[error("an offering has at most {PRICES_TO_COME_MAX} prices to come")]
    TooManyToCome,
    /// There are enough altogether.
    #[error("an offering has at most {PRICES_OF_OFFERING_MAX} prices, those that have held included")]
    TooMany,
}

impl PriceBoundsRefused {
    /// What is wrong, as a code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooFarAhead { .. } => "too_far_ahead",
            Self::TooManyToCome | Self::TooMany => "too_many",
        }
    }
}

/// Lets one more price begin, where so many others are to come. One that is to be replaced is not counted.
///
/// # Errors
/// It begins too far ahead, or enough are to come.
pub fn check_price_to_come(from: Day, today: Day, others_to_come: usize) -> Result<(), PriceBoundsRefused> {
    let latest = today.plus_days(PRICE_DAYS_AHEAD_MAX);
    if from > latest {
        Err(PriceBoundsRefused::TooFarAhead { latest })
    } else if from > today && others_to_come >= PRICES_TO_COME_MAX {
        Err(PriceBoundsRefused::TooManyToCome)
    } else {
        Ok(())
    }
}

/// As [`check_price_to_come`], for a price that is brought in and may be of the past: `others` are all that the offering
/// has, on whatever days.
///
/// # Errors
/// As there; or the offering has enough prices altogether.
pub fn check_price_brought_in(
    from: Day,
    today: Day,
    others_to_come: usize,
    others: usize,
) -> Result<(), PriceBoundsRefused> {
    check_price_to_come(from, today, others_to_come)?;
    if others >= PRICES_OF_OFFERING_MAX { Err(PriceBoundsRefused::TooMany) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_to_come_are_bounded_in_number_and_in_days() {
        let today = Day::ymd(2026, 11, 11).unwrap();
        let check = |ahead, others| check_price_to_come(today.plus_days(ahead), today, others);
        assert_eq!(check(PRICE_DAYS_AHEAD_MAX, PRICES_TO_COME_MAX - 1), Ok(()));
        assert_eq!(check(1, PRICES_TO_COME_MAX).unwrap_err().code(), "too_many");
        assert_eq!(check(PRICE_DAYS_AHEAD_MAX + 1, 0).unwrap_err().code(), "too_far_ahead");
        // What holds today is not to come.
        assert_eq!(check(0, PRICES_TO_COME_MAX), Ok(()));
    }

    #[test]
    fn prices_of_the_past_are_bounded_in_number_alone() {
        let today = Day::ymd(2026, 11, 11).unwrap();
        let check = |others| check_price_brought_in(today.plus_days(-4_000), today, PRICES_TO_COME_MAX, others);
        assert_eq!(check(PRICES_OF_OFFERING_MAX - 1), Ok(()));
        assert_eq!(check(PRICES_OF_OFFERING_MAX), Err(PriceBoundsRefused::TooMany));
    }
}
