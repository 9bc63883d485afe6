//! What a service comes to that was recorded before it was decided that units are worth more on its day.

use super::account::{Figures, share_of};
use super::{Agreement, Delivery, Draw, MONEY_STEP_E4, RecordRefused, available_on, draws, lines, missed};
use crate::ledger::Allotment;
use crate::money::Amount;
use crate::quantity::Quantity;
use crate::rulebook::{Measure, RulebookTerms};
use crate::valuation::Valuation;
use crate::voucher::Voucher;

/// A service as it was recorded, and what of it counts still.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// What was delivered.
    pub delivery: &'a Delivery,
    /// What was agreed with the provider.
    pub agreement: &'a Agreement,
    /// The terms in force on the day of service.
    pub terms: &'a RulebookTerms,
    /// What of it counts still.
    pub counted: Figures,
}

/// What moves from the client to the organiser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// How much more the organiser pays.
    pub more: Amount,
    /// What of it is taken out of which parts of a purse.
    pub draws: Vec<Draw>,
}

/// How much more the organiser pays of a recorded service, in place of the client, where units are worth what `after` says
/// and not what `before` said: the difference that makes for the whole, by the part of it that counts still. Never more
/// than the client still pays, nor, out of a purse, than is left in it for services of the day.
///
/// # Errors
/// The service could not have been recorded so, or figures are beyond the range of money.
pub fn more_for_organiser(
    voucher: &Voucher,
    allotments: &[Allotment],
    recorded: &Recorded<'_>,
    (before, after): (&Valuation<'_>, &Valuation<'_>),
) -> Result<Moved, RecordRefused> {
    let Recorded { delivery, agreement, terms, counted } = *recorded;
    let missed = missed::charged_by(terms.recording.missed.as_ref(), delivery)?;
    let share = |valuation: &Valuation<'_>| {
        let (mut lines, mut steps) = lines::lines(voucher, agreement, terms, valuation, delivery)?;
        if let Some(by) = &missed {
            missed::charge_lines(by, &mut lines, &mut steps).ok_or(RecordRefused::Overflow)?;
        }
        let mut shares = lines.iter().map(|line| line.charges.organiser_pays);
        shares.try_fold(Amount::ZERO, Amount::plus).ok_or(RecordRefused::Overflow)
    };
    let more = share(after)?.minus(share(before)?).ok_or(RecordRefused::Overflow)?;
    let of_counted = share_of(more, counted.quantity, delivery.quantity).ok_or(RecordRefused::Overflow)?;
    let at_most = of_counted.min(counted.charges.co_payment).max(Amount::ZERO);
    match voucher.measure {
        Measure::Quantity => Ok(Moved { more: at_most, draws: Vec::new() }),
        Measure::Money => {
            let left = available_on(allotments, voucher.unused, delivery.day);
            let more = at_most.min(Amount::from_minor(left.e4() / MONEY_STEP_E4));
            let quantity = Quantity::from_e4(more.minor().saturating_mul(MONEY_STEP_E4));
            Ok(Moved { more, draws: draws::draw(allotments, voucher.unused, delivery.day, quantity)? })
        }
    }
}
