//! Everything that can be chosen, at one revision of the registry: by voucher type, and there by day. It never changes; what
//! is found of it is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::candidate::{Candidate, home_of};
use super::day::{OnDay, Rulebooks};
use super::kept::Kept;
use super::list::List;
use super::query::{Listing, Query, RefusedPage, Shown};
use super::refused::side_by_side;
use crate::id::{Id, kind};
use crate::time::Day;

/// How many days of a voucher type are kept indexed: today, tomorrow, and some that are asked for.
const DAYS_KEPT: usize = 16;

/// Everything that can be chosen, at one revision of the registry.
#[derive(Debug, Default)]
pub struct Snapshot {
    revision: i64,
    types: BTreeMap<Id<kind::VoucherType>, Offered>,
}

/// What is offered for a voucher type.
#[derive(Debug)]
struct Offered {
    rulebooks: Rulebooks,
    candidates: Vec<Candidate>,
    days: Kept<Day, OnDay>,
}

impl Snapshot {
    /// A snapshot of a revision: the voucher types' adopted rulebooks by day, and what is offered for them.
    pub fn new(
        revision: i64,
        rulebooks: impl IntoIterator<Item = (Id<kind::VoucherType>, Rulebooks)>,
        candidates: impl IntoIterator<Item = (Id<kind::VoucherType>, Candidate)>,
    ) -> Self {
        let types = rulebooks.into_iter().map(|(voucher_type, rulebooks)| {
            (voucher_type, Offered { rulebooks, candidates: Vec::new(), days: Kept::new(DAYS_KEPT) })
        });
        let mut types: BTreeMap<_, _> = types.collect();
        for (voucher_type, candidate) in candidates {
            // Where no rulebook was ever adopted, nothing can be chosen.
            if let Some(offered) = types.get_mut(&voucher_type) {
                offered.candidates.push(candidate);
            }
        }
        Self { revision, types }
    }

    /// The registry's revision it was built from.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// Indexes a day beforehand, so that nobody waits for it.
    pub fn prepare(&self, day: Day) {
        for offered in self.types.values() {
            offered.on(day);
        }
    }

    /// What can be chosen, in order. Nothing can where no rulebook is in force.
    pub fn list<'a>(&'a self, query: &Query<'_>) -> Listing<'a> {
        let Some(offered) = self.types.get(&query.voucher_type) else { return Listing::default() };
        let home = home_of(query.client);
        let (candidates, rulebooks) = (&offered.candidates, &offered.rulebooks);
        let list = List { candidates, rulebooks, on_day: &offered.on(query.day), query };
        list.page(home.as_ref().or(query.municipality))
    }

    /// What is offered, passes the filters and cannot be chosen, with the reasons: always in the neutral order.
    pub fn not_choosable<'a>(&'a self, query: &Query<'_>) -> RefusedPage<'a> {
        let Some(offered) = self.types.get(&query.voucher_type) else { return RefusedPage::default() };
        let home = home_of(query.client);
        let (candidates, rulebooks) = (&offered.candidates, &offered.rulebooks);
        let list = List { candidates, rulebooks, on_day: &offered.on(query.day), query };
        list.refused(home.as_ref().or(query.municipality))
    }

    /// Some offerings, in the neutral order, each as it stands in the list or with the reasons why it does not; whatever the
    /// filters. Those that are not public are left out.
    pub fn side_by_side<'a>(&'a self, query: &Query<'_>, offerings: &[Id<kind::Offering>]) -> Vec<Shown<'a>> {
        let Some(offered) = self.types.get(&query.voucher_type) else { return Vec::new() };
        let home = home_of(query.client);
        side_by_side(&offered.candidates, &offered.rulebooks, query, home.as_ref().or(query.municipality), offerings)
    }
}

impl Offered {
    fn on(&self, day: Day) -> Arc<OnDay> {
        self.days.get_or(&day, || OnDay::new(&self.candidates, &self.rulebooks, day))
    }
}
