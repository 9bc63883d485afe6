//! An approval and those that follow it without a day between, as where the unit was approved for another area: it is the
//! same unit that serves on, so what is decided against it reaches them.

use valinta_domain::approval::{Existing, Interruption, following};
use valinta_domain::id::kind;
use valinta_domain::{Id, Period};
use valinta_persistence::approvals::Approval;
use valinta_persistence::{Conn, approvals};

use crate::cx::found;
use crate::http::Problem;

/// An approval and those that follow it, held until the transaction ends.
pub(crate) struct Chain {
    /// The one that was asked for.
    pub(crate) first: Approval,
    /// Those that follow it, each on the one before it.
    pub(crate) following: Vec<Approval>,
}

impl Chain {
    /// Holds an approval, with all others of the unit for the voucher type.
    pub(crate) fn hold(c: &mut Conn, id: Id<kind::Approval>) -> Result<Self, Problem> {
        let seen = found(approvals::find(c, id)?)?;
        approvals::hold_of_unit(c, seen.unit, seen.voucher_type)?;
        let all = approvals::of_unit(c, seen.unit, seen.voucher_type)?;
        let existing: Vec<Existing<'_>> =
            all.iter().map(|one| Existing { from: one.valid_from, to: one.valid_to, area: &one.area }).collect();
        let place = found(all.iter().position(|one| one.id == id))?;
        let places = following(&existing, place);
        let of = |place: usize| all.get(place).cloned();
        Ok(Self { first: found(of(place))?, following: places.into_iter().filter_map(of).collect() })
    }

    /// All of them, in order of days.
    pub(crate) fn each(&self) -> impl Iterator<Item = &Approval> {
        [&self.first].into_iter().chain(&self.following)
    }

    /// The days of all of them together, if there are any.
    pub(crate) fn period(&self) -> Option<Period> {
        let last = self.following.last().unwrap_or(&self.first);
        Period::new(self.first.valid_from, last.valid_to).ok()
    }

    /// The interruptions of all of them, in order of days.
    pub(crate) fn interruptions(&self, c: &mut Conn) -> Result<Vec<Interruption>, Problem> {
        let ids: Vec<Id<kind::Approval>> = self.each().map(|one| one.id).collect();
        let mut of_each = approvals::interruptions_of(c, &ids)?;
        Ok(ids.iter().flat_map(|id| of_each.remove(id).unwrap_or_default()).collect())
    }
}
