//! How an approval stands on a day, whether its unit serves on it, and until when a choice of the unit can hold.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{ApprovalState, Approved, Interruption, VouchersInUse};
use crate::identifiers::MunicipalityCode;
use crate::time::{Day, Period};

/// How an approval stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalStanding {
    /// The unit is approved and can be chosen.
    InForce,
    /// It takes no new choices: the organiser has suspended it.
    Suspended,
    /// It takes no new choices: a condition is not shown to hold.
    Lapsed,
    /// The organiser has ended it.
    Cancelled,
    /// It was ended at the provider's own wish.
    Ended,
    /// It has not begun.
    NotYet,
}

/// How an approval stands on a day. `valid_to` is the first day on which it no longer holds.
pub fn standing_on(
    day: Day,
    state: ApprovalState,
    (valid_from, valid_to): (Day, Option<Day>),
    interruptions: &[Interruption],
) -> ApprovalStanding {
    // One that ended before it began never holds.
    if valid_to.is_some_and(|to| to <= day || to <= valid_from) {
        return match state {
            ApprovalState::Cancelled => ApprovalStanding::Cancelled,
            ApprovalState::Active | ApprovalState::Ended => ApprovalStanding::Ended,
        };
    }
    if day < valid_from {
        return ApprovalStanding::NotYet;
    }
    let of_day = || interruptions.iter().filter(|interruption| interruption.holds_on(day));
    if of_day().any(Interruption::is_suspension) {
        ApprovalStanding::Suspended
    } else if of_day().next().is_some() {
        ApprovalStanding::Lapsed
    } else {
        ApprovalStanding::InForce
    }
}

/// Why a unit could not serve under vouchers on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotServing {
    /// No approval covers the day.
    #[error("the unit was not approved for the voucher type on {day}")]
    NotApproved {
        /// The day.
        day: Day,
    },
    /// The unit has closed by then.
    #[error("the unit was closed on {day}")]
    Closed {
        /// The day.
        day: Day,
    },
    /// A suspension covers it, by which vouchers in use moved elsewhere.
    #[error("the unit was suspended on {day}, and vouchers in use were to move to another")]
    MustMove {
        /// The day.
        day: Day,
    },
}

/// Lets a unit serve on a day under vouchers by which it was chosen: it is open, an approval covers the day, and no
/// suspension that made those vouchers move.
///
/// # Errors
/// See [`NotServing`].
pub fn may_serve(
    day: Day,
    approvals: &[Period],
    interruptions: &[Interruption],
    closed_from: Option<Day>,
) -> Result<(), NotServing> {
    if closed_from.is_some_and(|closed| closed <= day) {
        return Err(NotServing::Closed { day });
    }
    if !approvals.iter().any(|period| period.contains(day)) {
        return Err(NotServing::NotApproved { day });
    }
    if interruptions.iter().any(|one| one.vouchers_in_use == VouchersInUse::MustMove && one.holds_on(day)) {
        return Err(NotServing::MustMove { day });
    }
    Ok(())
}

/// The day on which a choice that begins on a day ends by itself, as far as is known: where the approvals that it rests on
/// end, where a suspension makes vouchers in use move, or where the unit closes. `approvals` are whole, as if nothing
/// interrupted them.
pub fn served_until(
    from: Day,
    home: Option<&MunicipalityCode>,
    approvals: &[Approved],
    interruptions: &[Interruption],
    closed_from: Option<Day>,
) -> Option<Day> {
    let mut until = Some(from);
    // An approval may follow another one on the day on which that ends.
    while let Some(day) = until {
        match approvals.iter().find(|approved| approved.covers(day, home)) {
            Some(approved) => until = approved.period.to(),
            None => break,
        }
    }
    let moves = interruptions.iter().filter(|one| one.vouchers_in_use == VouchersInUse::MustMove);
    let moved = moves.filter_map(Interruption::period).filter(|period| period.to().is_none_or(|to| to > from));
    let closed = closed_from.map(|closed| closed.max(from));
    moved.map(|period| period.from().max(from)).chain(until).chain(closed).min()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::approval::InterruptionCause;
    use crate::id::Id;

    fn day(d: u32) -> Day {
        Day::ymd(2026, 1, d).unwrap()
    }

    fn gap(vouchers_in_use: VouchersInUse, suspended: bool, from: u32, to: Option<u32>) -> Interruption {
        let cause = if suspended {
            InterruptionCause::Suspended { decision: Id::new(Uuid::from_u128(1)), lifted: None }
        } else {
            InterruptionCause::Lapsed { requirement: "insurance".to_owned() }
        };
        Interruption {
            id: Id::new(Uuid::from_u128(2)),
            approval: Id::new(Uuid::from_u128(3)),
            cause,
            vouchers_in_use,
            from: day(from),
            to: to.map(day),
            told_at: None,
        }
    }

    #[test]
    fn the_day_says_how_an_approval_stands() {
        use ApprovalStanding as S;
        let gaps = [gap(VouchersInUse::MayFinish, false, 12, None), gap(VouchersInUse::MayFinish, true, 14, Some(16))];
        let on = |d, state, to: Option<u32>| standing_on(day(d), state, (day(10), to.map(day)), &gaps);
        let stands: Vec<S> = [9, 10, 12, 14, 16].into_iter().map(|d| on(d, ApprovalState::Active, None)).collect();
        assert_eq!(stands, [S::NotYet, S::InForce, S::Lapsed, S::Suspended, S::Lapsed]);
        assert_eq!(on(11, ApprovalState::Cancelled, Some(20)), S::InForce);
        assert_eq!(on(20, ApprovalState::Cancelled, Some(20)), S::Cancelled);
        assert_eq!(on(20, ApprovalState::Ended, Some(20)), S::Ended);
        assert_eq!(on(5, ApprovalState::Cancelled, Some(10)), S::Cancelled);
    }

    #[test]
    fn a_unit_serves_on_while_it_may_finish_and_not_where_vouchers_must_move() {
        let approved = [Period::new(day(10), Some(day(20))).unwrap()];
        let finish = [gap(VouchersInUse::MayFinish, true, 12, None)];
        let moves = [gap(VouchersInUse::MustMove, true, 12, Some(14))];
        assert!(may_serve(day(13), &approved, &finish, None).is_ok());
        assert!(
            may_serve(day(11), &approved, &moves, None).is_ok() && may_serve(day(14), &approved, &moves, None).is_ok()
        );
        assert_eq!(may_serve(day(13), &approved, &moves, None), Err(NotServing::MustMove { day: day(13) }));
        assert_eq!(may_serve(day(20), &approved, &[], None), Err(NotServing::NotApproved { day: day(20) }));
    }

    #[test]
    fn a_closed_unit_serves_nobody_whatever_its_approval() {
        let approved = [Period::new(day(10), None).unwrap()];
        assert!(may_serve(day(14), &approved, &[], Some(day(15))).is_ok());
        assert_eq!(may_serve(day(15), &approved, &[], Some(day(15))), Err(NotServing::Closed { day: day(15) }));
    }

    #[test]
    fn a_choice_ends_with_what_it_rests_on() {
        let approved = |from, to: Option<u32>, area: Vec<MunicipalityCode>| Approved {
            period: Period::new(day(from), to.map(day)).unwrap(),
            area,
        };
        let moves = [gap(VouchersInUse::MustMove, true, 15, Some(18))];
        let pori: MunicipalityCode = "609".parse().unwrap();
        let rauma: MunicipalityCode = "684".parse().unwrap();
        let open = [approved(1, None, vec![])];
        assert_eq!(served_until(day(5), None, &open, &[], None), None);
        assert_eq!(served_until(day(5), None, &open, &moves, None), Some(day(15)));
        assert_eq!(served_until(day(18), None, &open, &moves, None), None);
        let chain = [approved(1, Some(10), vec![]), approved(10, Some(20), vec![pori.clone()])];
        assert_eq!(served_until(day(5), Some(&pori), &chain, &[], None), Some(day(20)));
        assert_eq!(served_until(day(5), Some(&rauma), &chain, &[], None), Some(day(10)));
        assert_eq!(served_until(day(5), Some(&pori), &chain, &[], Some(day(12))), Some(day(12)));
    }
}
