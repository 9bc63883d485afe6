//! What an event takes out of a voucher's allotments: that of its day's period, and what earlier ones left over.

use crate::ledger::{Allotment, Overdrawn};
use crate::quantity::Quantity;
use crate::rulebook::Unused;
use crate::time::Day;

/// What is taken out of one allotment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// Which one, by its place among the voucher's.
    pub allotment: usize,
    /// How much.
    pub quantity: Quantity,
}

/// The allotments that a service of a day can draw on, newest first, by their places. What is carried over does not
/// lapse before the voucher ends, and services of earlier days can draw on earlier allotments alone: those are left to
/// them, in whatever order services are recorded.
fn drawable(allotments: &[Allotment], unused: Unused, day: Day) -> impl Iterator<Item = (usize, &Allotment)> {
    allotments.iter().enumerate().rev().filter(move |(_, allotment)| match unused {
        Unused::Lapses => allotment.period.contains(day),
        Unused::CarriesOver => allotment.period.from() <= day,
    })
}

/// What is left for services of a day.
pub fn available_on(allotments: &[Allotment], unused: Unused, day: Day) -> Quantity {
    drawable(allotments, unused, day)
        .try_fold(Quantity::ZERO, |sum, (_, allotment)| sum.plus(allotment.available()))
        .unwrap_or(Quantity::ZERO)
}

/// Takes a quantity for a service of a day, from the newest allotment on that has something left.
///
/// # Errors
/// It is more than is left.
pub(super) fn draw(
    allotments: &[Allotment],
    unused: Unused,
    day: Day,
    quantity: Quantity,
) -> Result<Vec<Draw>, Overdrawn> {
    let mut left = quantity;
    let mut draws = Vec::new();
    for (place, allotment) in drawable(allotments, unused, day) {
        let taken = left.min(allotment.available());
        if taken > Quantity::ZERO {
            draws.push(Draw { allotment: place, quantity: taken });
            left = left.minus(taken).unwrap_or(Quantity::ZERO);
        }
    }
    if left == Quantity::ZERO {
        return Ok(draws);
    }
    let available = available_on(allotments, unused, day);
    let of_day = allotments.iter().find(|allotment| allotment.period.contains(day));
    let (from, last) = of_day.map_or((day, day), |of_day| (of_day.period.from(), of_day.period.last_day()));
    Err(Overdrawn { asked: quantity, available, from, last })
}
