//! Everything that can be chosen, at one revision of the registry: by voucher type, and there by day. It never changes; the
//! next one shares with it all that has stayed the same, and what is found of it is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::candidate::{Candidate, home_of};
use super::day::{OnDay, Rulebooks};
use super::kept::Kept;
use super::list::List;
use super::query::{Listing, Query, RefusedPage, Shown};
use super::refused::side_by_side;
use crate::id::{Id, kind};
use crate::money::Currency;
use crate::offering::PriceCheck;
use crate::quantity::Unit;
use crate::rulebook::RulebookTerms;
use crate::time::Day;
use crate::valuation::Versions;

/// How many days of a voucher type are kept indexed: today, tomorrow, and some that are asked for.
const DAYS_KEPT: usize = 16;
/// How many of them are carried over to the next revision: the present one, and one that is just over or asked for.
const DAYS_CARRIED: usize = 2;

/// Everything that can be chosen, at one revision of the registry.
#[derive(Debug, Default)]
pub struct Snapshot {
    revision: i64,
    types: BTreeMap<Id<kind::VoucherType>, Arc<Offered>>,
}

/// What is said of a voucher type itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// Whose voucher type it is.
    pub organiser: Id<kind::Organiser>,
    /// What services are counted in.
    pub unit: Unit,
    /// The organiser's currency.
    pub currency: Currency,
    /// The organiser's time zone, by its name in the tz database.
    pub time_zone: String,
    /// The adopted rulebooks by day.
    pub versions: Versions,
}

impl Basis {
    /// The terms in force on a day.
    pub fn terms_on(&self, day: Day) -> Option<&RulebookTerms> {
        self.versions.as_of(day).map(|(_, terms)| terms.as_ref())
    }

    /// The terms of a version.
    pub fn terms_of(&self, rulebook: Id<kind::Rulebook>) -> Option<&RulebookTerms> {
        self.versions
            .entries()
            .iter()
            .map(|(_, version)| version)
            .find(|(id, _)| *id == rulebook)
            .map(|(_, terms)| terms.as_ref())
    }
}

/// What is offered for a voucher type.
#[derive(Debug)]
struct Offered {
    basis: Arc<Basis>,
    rulebooks: Arc<Rulebooks>,
    /// In order of the offerings' ids.
    candidates: Vec<Arc<Candidate>>,
    /// Whether all places of some are taken, on some day.
    has_full: bool,
    days: Kept<Day, OnDay>,
}

/// Candidates by their offerings, of one voucher type.
type Candidates = BTreeMap<Id<kind::Offering>, Arc<Candidate>>;

impl Snapshot {
    /// A snapshot of a revision: all voucher types, and what is offered for them.
    pub fn new(
        revision: i64,
        bases: impl IntoIterator<Item = (Id<kind::VoucherType>, Basis)>,
        candidates: impl IntoIterator<Item = (Id<kind::VoucherType>, Candidate)>,
    ) -> Self {
        Self::default().advanced(revision, Some(bases.into_iter().collect()), candidates)
    }

    /// The snapshot of a later revision: with what changed of offerings, and, where any of them changed, with all voucher
    /// types. Offerings are never taken away.
    #[must_use]
    pub fn advanced(
        &self,
        revision: i64,
        bases: Option<BTreeMap<Id<kind::VoucherType>, Basis>>,
        changed: impl IntoIterator<Item = (Id<kind::VoucherType>, Candidate)>,
    ) -> Self {
        let mut changes: BTreeMap<Id<kind::VoucherType>, Candidates> = BTreeMap::new();
        for (voucher_type, candidate) in changed {
            changes.entry(voucher_type).or_default().insert(candidate.offering, Arc::new(candidate));
        }
        let mut types = self.types.clone();
        for (voucher_type, basis) in bases.into_iter().flatten() {
            match types.get(&voucher_type) {
                Some(present) if *present.basis == basis => {}
                present => {
                    let candidates = present.map_or_else(Vec::new, |present| present.candidates.clone());
                    types.insert(voucher_type, Arc::new(Offered::new(Arc::new(basis), candidates)));
                }
            }
        }
        for (voucher_type, changes) in changes {
            if let Some(present) = types.get(&voucher_type) {
                types.insert(voucher_type, Arc::new(present.changed(changes)));
            }
        }
        Self { revision, types }
    }

    /// The registry's revision it was built from.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// What is said of a voucher type itself, if there is one.
    pub fn basis(&self, voucher_type: Id<kind::VoucherType>) -> Option<&Arc<Basis>> {
        self.types.get(&voucher_type).map(|offered| &offered.basis)
    }

    /// All that is offered for a voucher type, whether or not it can be chosen, in order of the offerings' ids.
    pub fn offered(&self, voucher_type: Id<kind::VoucherType>) -> &[Arc<Candidate>] {
        self.types.get(&voucher_type).map_or(&[], |offered| &offered.candidates)
    }

    /// Whether all places of something that is offered for a voucher type are taken: then it matters who has one.
    pub fn has_full(&self, voucher_type: Id<kind::VoucherType>) -> bool {
        self.types.get(&voucher_type).is_some_and(|offered| offered.has_full)
    }

    /// Indexes a day of each voucher type beforehand, so that nobody waits for it.
    pub fn prepare(&self, day_of: impl Fn(&Basis) -> Option<Day>) {
        for offered in self.types.values() {
            if let Some(day) = day_of(&offered.basis) {
                offered.on(day);
            }
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
    fn new(basis: Arc<Basis>, candidates: Vec<Arc<Candidate>>) -> Self {
        let rulebooks = Arc::new(basis.versions.map(|(_, terms)| PriceCheck::under(Arc::clone(terms))));
        let has_full = any_full(&candidates);
        Self { basis, rulebooks, candidates, has_full, days: Kept::new(DAYS_KEPT) }
    }

    /// With some candidates in place of the former ones, and others besides. The days that were asked for last stay indexed.
    fn changed(&self, changes: Candidates) -> Self {
        let (candidates, places) = merged(&self.candidates, changes);
        let days = Kept::new(DAYS_KEPT);
        if let Some(places) = &places {
            for (day, found) in self.days.latest(DAYS_CARRIED) {
                days.get_or(&day, || found.changed(&candidates, &self.rulebooks, places));
            }
        }
        let is_full = |place: &usize| candidates.get(*place).is_some_and(|one| one.places_taken_until.is_some());
        let has_full = match &places {
            Some(places) if places.iter().any(is_full) => true,
            Some(_) if !self.has_full => false,
            _ => any_full(&candidates),
        };
        Self { basis: Arc::clone(&self.basis), rulebooks: Arc::clone(&self.rulebooks), candidates, has_full, days }
    }

    fn on(&self, day: Day) -> Arc<OnDay> {
        self.days.get_or(&day, || OnDay::new(&self.candidates, &self.rulebooks, day))
    }
}

fn any_full(candidates: &[Arc<Candidate>]) -> bool {
    candidates.iter().any(|candidate| candidate.places_taken_until.is_some())
}

/// Candidates with the changed ones in place of the former, in order; and the places of those that changed, where all the
/// others have kept theirs.
fn merged(present: &[Arc<Candidate>], changes: Candidates) -> (Vec<Arc<Candidate>>, Option<BTreeSet<usize>>) {
    let mut all = present.to_vec();
    let (mut places, mut between) = (BTreeSet::new(), Candidates::new());
    for (offering, changed) in changes {
        match present.binary_search_by_key(&offering, |candidate| candidate.offering) {
            Ok(place) => {
                if let Some(slot) = all.get_mut(place) {
                    *slot = changed;
                }
                places.insert(place);
            }
            // Ids are ordered by time: as a rule, what is new comes last.
            Err(place) if place == present.len() => {
                places.insert(all.len());
                all.push(changed);
            }
            Err(_) => {
                between.insert(offering, changed);
            }
        }
    }
    if between.is_empty() {
        return (all, Some(places));
    }
    let mut whole: Candidates = all.into_iter().map(|candidate| (candidate.offering, candidate)).collect();
    whole.extend(between);
    (whole.into_values().collect(), None)
}
