//! Offerings with limited places that a command touches: lists are loaded anew where one has become full, or free again.

use std::collections::BTreeSet;

use valinta_domain::id::kind;
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::{Day, Id};
use valinta_persistence::offerings::Offering;
use valinta_persistence::{Conn, choice_requests, choices, offerings, places};

use crate::cx::{Cx, found};
use crate::http::Problem;

/// How offerings with limited places stood before a command. They are held, so that nobody takes a place meanwhile.
#[derive(Debug)]
pub(crate) struct Places {
    seen: Vec<(Offering, Option<Day>)>,
}

impl Places {
    /// Holds some offerings, in order of id, and looks when those with limited places have a free one. All are held: a limit
    /// may be set meanwhile.
    pub(crate) fn of(c: &mut Conn, offered: impl IntoIterator<Item = Id<kind::Offering>>) -> Result<Self, Problem> {
        let ids: BTreeSet<_> = offered.into_iter().map(Id::uuid).collect();
        let mut seen = Vec::new();
        for id in ids.into_iter().map(Id::<kind::Offering>::new) {
            places::hold_offering(c, id)?;
            let offering = found(offerings::find(c, id)?)?;
            if offering.places.is_none() {
                continue;
            }
            let taken_until = places::taken_until(c, &offering, None, None)?;
            seen.push((offering, taken_until));
        }
        Ok(Self { seen })
    }

    /// As [`Places::of`], those that a taken voucher has a place of, and another one that is chosen with it.
    pub(crate) fn of_voucher(
        c: &mut Conn,
        voucher: Id<kind::Voucher>,
        another: Option<Id<kind::Offering>>,
    ) -> Result<Self, Problem> {
        // Those that are over as well: what was noted of their places rests on the voucher still.
        let chosen = choices::of_voucher(c, voucher)?.into_iter();
        let asked = choice_requests::waiting_of_voucher(c, voucher)?.map(|request| request.offering);
        Self::of(c, chosen.map(|choice| choice.offering).chain(asked).chain(another).collect::<Vec<_>>())
    }

    /// Says of those that have become full, or free, that what can be chosen has changed.
    pub(crate) fn tell(self, c: &mut Conn, cx: &Cx) -> Result<(), Problem> {
        for (offering, before) in self.seen {
            if places::taken_until(c, &offering, None, None)? != before {
                cx.registry_changed(RegistryChange::offering(offering.id, Some(offering.organiser)));
            }
        }
        Ok(())
    }
}
