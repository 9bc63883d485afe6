//! Closing a unit: it binds the provider as ending its approvals does, and what follows for those who have chosen it is the
//! same.

use thiserror::Error;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::{Day, Id};
use valinta_persistence::approvals::Approval;
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::{Conn, approvals, organisers, voucher_types};

use crate::approvals::{changed, end_choices};
use crate::cx::{Cx, found};
use crate::http::Problem;

/// Why a unit does not close on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum CloseRefused {
    /// Those who have chosen it need the time to choose another.
    #[error("a unit that is approved says {notice_days} days ahead that it closes: from {earliest} or later")]
    TooSoon {
        /// The notice of the rulebook that asks for the longest.
        notice_days: u16,
        /// The earliest day.
        earliest: Day,
    },
}

impl CloseRefused {
    /// The name on the wire.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::TooSoon { .. } => "too_soon",
        }
    }
}

impl From<CloseRefused> for Problem {
    fn from(refused: CloseRefused) -> Self {
        Self::invalid(Vec::new()).at("/closed_from", refused.code(), refused)
    }
}

/// How far ahead a unit says that it closes, by the rulebooks of its approvals.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClosingNotice(Vec<OfApproval>);

/// What one approval asks for.
#[derive(Debug, Clone, Copy)]
struct OfApproval {
    /// First day on which it no longer holds.
    end: Option<Day>,
    notice_days: u16,
    earliest: Day,
}

impl ClosingNotice {
    /// That of a unit, as its approvals stand.
    pub(crate) fn of(c: &mut Conn, cx: &Cx, unit: Id<kind::ServiceUnit>) -> Result<Self, Problem> {
        let mut all = Vec::new();
        for approval in approvals::of_whole_unit(c, unit)? {
            let organiser = found(organisers::find(c, approval.organiser)?)?;
            let today = cx.today(&organiser)?;
            if !holds_after(&approval, today) {
                continue;
            }
            // Where no rulebook is in force, none asks for notice.
            let Some(rulebook) = voucher_types::rulebook_in_force(c, approval.voucher_type, today)? else { continue };
            let notice_days = rulebook.terms.supervision.end_notice_days;
            let earliest = today.plus_days(notice_days.into());
            all.push(OfApproval { end: approval.valid_to, notice_days, earliest });
        }
        Ok(Self(all))
    }

    /// Lets a unit close on a day. What ends by then anyway asks for nothing.
    pub(crate) fn check(&self, from: Day) -> Result<(), CloseRefused> {
        let asking = self.0.iter().filter(|one| one.end.is_none_or(|end| end > from) && from < one.earliest);
        match asking.max_by_key(|one| one.earliest) {
            None => Ok(()),
            Some(one) => Err(CloseRefused::TooSoon { notice_days: one.notice_days, earliest: one.earliest }),
        }
    }
}

/// The day on which a unit closes by a change of what was said, if that is new or sooner.
pub(crate) fn closes(before: Option<Day>, after: Option<Day>) -> Option<Day> {
    after.filter(|after| before.is_none_or(|before| *after < before))
}

/// Lets an admin of the provider say when a unit closes, or that it does not.
///
/// # Errors
/// The caller is no admin of the provider.
pub(crate) fn may_close(cx: &Cx, unit: &ServiceUnit) -> Result<(), Problem> {
    cx.require(Action::BindProvider, &Target { provider: Some(unit.provider), ..Target::default() })
}

/// Does what follows where the day on which a stored unit closes has changed: choices of it end on that day, and each
/// voucher's holder is told to choose again. How many vouchers in use that are. What was said before is `before`.
///
/// # Errors
/// The database's.
pub(crate) fn close(c: &mut Conn, cx: &Cx, unit: &ServiceUnit, before: Option<Day>) -> Result<usize, Problem> {
    let after = unit.details.closed_from;
    if before == after {
        return Ok(0);
    }
    approvals::hold_all_of(c, unit.provider)?;
    // Who chooses the unit holds its approvals: a choice is made before this, and ends here, or after it, and knows the day.
    let ids: Vec<Id<kind::Approval>> = approvals::of_whole_unit(c, unit.id)?.iter().map(|one| one.id).collect();
    for id in ids {
        approvals::hold(c, id)?;
    }
    let mut moved = 0_usize;
    for approval in approvals::of_whole_unit(c, unit.id)? {
        let reaches = |day: Option<Day>| day.is_some_and(|day| holds_after(&approval, day));
        if reaches(before) || reaches(after) {
            changed(c, cx, &approval)?;
        }
        if let Some(from) = closes(before, after).filter(|from| holds_after(&approval, *from)) {
            moved = moved.saturating_add(end_choices(c, cx, &approval, from, None)?);
        }
    }
    Ok(moved)
}

/// Whether an approval holds on a day or some day after it.
fn holds_after(approval: &Approval, day: Day) -> bool {
    approval.period().is_some_and(|period| period.to().is_none_or(|to| to > day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(d: u32) -> Day {
        Day::ymd(2026, 1, d).unwrap()
    }

    #[test]
    fn the_longest_notice_of_the_approvals_that_reach_the_day_counts() {
        let of = |end: Option<u32>, notice_days: u16, earliest| OfApproval {
            end: end.map(day),
            notice_days,
            earliest: day(earliest),
        };
        let notice = ClosingNotice(vec![of(None, 5, 6), of(Some(12), 20, 21)]);
        assert_eq!(notice.check(day(5)), Err(CloseRefused::TooSoon { notice_days: 20, earliest: day(21) }));
        assert_eq!(notice.check(day(11)), Err(CloseRefused::TooSoon { notice_days: 20, earliest: day(21) }));
        assert_eq!(notice.check(day(12)), Ok(()), "the other has ended by then");
        assert_eq!(ClosingNotice::default().check(day(1)), Ok(()));
    }

    #[test]
    fn a_day_that_is_new_or_earlier_closes() {
        assert_eq!(closes(None, Some(day(3))), Some(day(3)));
        assert_eq!(closes(Some(day(5)), Some(day(3))), Some(day(3)));
        assert_eq!(closes(Some(day(3)), Some(day(5))), None);
        assert_eq!(closes(Some(day(3)), None), None);
    }
}
