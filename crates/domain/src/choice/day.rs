//! What can be chosen on one day, indexed: each line once, what it has in sets of bits, and the orders that do not depend on
//! who asks. What depends on the client is left to the list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use chrono::Datelike;

use super::bits::Bits;
use super::candidate::Candidate;
use super::kept::Kept;
use super::lot::Lot;
use super::stand::{Chooser, Reason};
use crate::id::{Id, kind};
use crate::identifiers::MunicipalityCode;
use crate::money::Amount;
use crate::offering::{ItemPrice, OfferPrice, PriceCheck};
use crate::provider::{Sector, ServiceMode};
use crate::rulebook::RulebookTerms;
use crate::rules::{FactValue, Facts, Standing};
use crate::text::Language;
use crate::time::{Day, Period, Timeline};

/// How many neutral orders of everyone's are kept: the present day's, and of one that is just over.
const LOTS_KEPT: usize = 3;
/// For how many kinds of client it is kept which lines they can choose: languages times municipalities.
const CLIENTS_KEPT: usize = 1_024;

/// The rulebooks of a voucher type by day.
pub(super) type Rulebooks = Timeline<PriceCheck<Arc<RulebookTerms>>>;

/// An offering that can be chosen on a day by somebody, if only by one who has a place there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// Which of its prices.
    pub(super) price: usize,
    /// The provider's sector on the first day.
    pub(super) sector: Sector,
    /// The first day of a choice of it.
    pub(super) first_day: Day,
    /// What a unit of the voucher costs.
    pub(super) per_unit: ItemPrice,
    /// What it is sorted by, by price.
    figure: i64,
}

/// What can be chosen on one day. A candidate has the same place in everything here as among the candidates.
#[derive(Debug)]
pub(super) struct OnDay {
    day: Day,
    /// The lines; none of what nobody can choose.
    lines: Vec<Option<Line>>,
    /// The offering of each candidate: lots are drawn by it, for all lines. In order, as the candidates are.
    pub(super) offerings: Vec<Id<kind::Offering>>,
    sets: Sets,
    /// Whether a rulebook asks anything of an offering for a client.
    has_criteria: bool,
    /// Whether a rulebook makes the service free of charge by law.
    pub(super) is_free: bool,
    by_price: OnceLock<Vec<usize>>,
    by_asked: OnceLock<[Vec<usize>; 2]>,
    by_start: OnceLock<Vec<usize>>,
    by_name: OnceLock<(Vec<Arc<str>>, Vec<usize>)>,
    /// The neutral orders of lots that are everyone's.
    by_lot: Kept<[u8; 16], Vec<usize>>,
    /// Which lines a client can choose as far as the criteria go.
    clients: Kept<String, Bits>,
}

/// What lines have, in sets of them.
#[derive(Debug, Clone, Default)]
struct Sets {
    /// All lines.
    listed: Bits,
    sectors: BTreeMap<Sector, Bits>,
    languages: BTreeMap<Language, Bits>,
    modes: BTreeMap<ServiceMode, Bits>,
    municipalities: BTreeMap<MunicipalityCode, Bits>,
    /// Approved wherever one lives.
    for_all: Bits,
    /// Besides those, approved for residents of a municipality.
    for_residents: BTreeMap<MunicipalityCode, Bits>,
    /// Those known to be entered without steps.
    step_free: Bits,
    /// Those that start later than the day.
    later: Bits,
    /// Those with no place free for who has none.
    full: Bits,
}

impl Sets {
    fn all(&mut self) -> impl Iterator<Item = &mut Bits> {
        let named = [&mut self.listed, &mut self.for_all, &mut self.step_free, &mut self.later, &mut self.full];
        let by_value = self.sectors.values_mut().chain(self.languages.values_mut()).chain(self.modes.values_mut());
        let by_place = self.municipalities.values_mut().chain(self.for_residents.values_mut());
        named.into_iter().chain(by_value).chain(by_place)
    }

    fn add(&mut self, place: usize, line: &Line, candidate: &Candidate, day: Day) {
        self.listed.insert(place);
        insert(&mut self.sectors, &line.sector, place);
        for language in candidate.languages.iter() {
            insert(&mut self.languages, language, place);
        }
        for mode in candidate.modes.iter() {
            insert(&mut self.modes, mode, place);
        }
        for municipality in candidate.service_area.iter().chain([&candidate.municipality]) {
            insert(&mut self.municipalities, municipality, place);
        }
        if candidate.step_free == Some(true) {
            self.step_free.insert(place);
        }
        if line.first_day > day {
            self.later.insert(place);
        }
        if candidate.is_full_on(line.first_day) {
            self.full.insert(place);
        }
        let of_day = || candidate.approvals.iter().filter(|approved| approved.covers(line.first_day, None));
        if of_day().any(|approved| approved.area.is_empty()) {
            self.for_all.insert(place);
            return;
        }
        for municipality in of_day().flat_map(|approved| &approved.area) {
            insert(&mut self.for_residents, municipality, place);
        }
    }
}

impl OnDay {
    /// What can be chosen of these candidates, under the rulebooks.
    pub(super) fn new(candidates: &[Arc<Candidate>], rulebooks: &Rulebooks, day: Day) -> Self {
        let has_criteria = rulebooks.entries().iter().any(|(_, one)| !one.terms().eligibility.offering.is_empty());
        let is_free = rulebooks.entries().iter().any(|(_, one)| one.terms().free_of_charge.is_some());
        let mut of_day = Self::unsorted(day, (has_criteria, is_free));
        of_day.lines = vec![None; candidates.len()];
        of_day.offerings = candidates.iter().map(|candidate| candidate.offering).collect();
        for (place, candidate) in candidates.iter().enumerate() {
            of_day.index(place, candidate, rulebooks);
        }
        of_day
    }

    /// Nothing yet, under rulebooks of which any has criteria for offerings, or makes the service free.
    fn unsorted(day: Day, (has_criteria, is_free): (bool, bool)) -> Self {
        Self {
            day,
            lines: Vec::new(),
            offerings: Vec::new(),
            sets: Sets::default(),
            has_criteria,
            is_free,
            by_price: OnceLock::new(),
            by_asked: OnceLock::new(),
            by_start: OnceLock::new(),
            by_name: OnceLock::new(),
            by_lot: Kept::new(LOTS_KEPT),
            clients: Kept::new(CLIENTS_KEPT),
        }
    }

    /// What can be chosen after some of the candidates have changed or come to the end of the others, the rulebooks being as
    /// they were. What was sorted stays so; only what changed is looked at.
    pub(super) fn changed(
        &self,
        candidates: &[Arc<Candidate>],
        rulebooks: &Rulebooks,
        places: &BTreeSet<usize>,
    ) -> Self {
        let mut next = Self::unsorted(self.day, (self.has_criteria, self.is_free));
        next.lines.clone_from(&self.lines);
        next.offerings.clone_from(&self.offerings);
        next.sets.clone_from(&self.sets);
        next.offerings.extend(candidates.iter().skip(next.offerings.len()).map(|candidate| candidate.offering));
        next.lines.resize(candidates.len(), None);
        for set in next.sets.all() {
            places.iter().for_each(|place| set.remove(*place));
        }
        for place in places {
            if let Some(candidate) = candidates.get(*place) {
                next.index(*place, candidate, rulebooks);
            }
        }
        next.by_price = known(self.by_price.get().map(|sorted| next.sorted_again(sorted, places, |n| next.figure(n))));
        next.by_start = known(self.by_start.get().map(|sorted| next.sorted_again(sorted, places, |n| next.start(n))));
        next.by_asked = known(self.by_asked.get().map(|[prices, fees]| {
            let is_price = |place: usize| next.asked(place).is_some_and(|(is_fee, _)| !is_fee);
            let (priced, charged): (BTreeSet<usize>, BTreeSet<usize>) = places.iter().partition(|n| is_price(**n));
            // Who has changed from one to the other goes from where it was.
            let without = |sorted: &[usize]| sorted.iter().copied().filter(|n| !places.contains(n)).collect::<Vec<_>>();
            [(prices, priced), (fees, charged)]
                .map(|(sorted, own)| next.sorted_again(&without(sorted), &own, |n| next.asked(n)))
        }));
        next.by_name = known(self.by_name.get().map(|(names, sorted)| {
            let mut names = names.clone();
            names.resize_with(candidates.len(), || Arc::from(""));
            for place in places {
                if let Some((name, candidate)) = names.get_mut(*place).zip(candidates.get(*place)) {
                    *name = candidate.unit_name.to_lowercase().into();
                }
            }
            let sorted = next.sorted_again(sorted, places, |n| names.get(n));
            (names, sorted)
        }));
        for (key, sorted) in self.by_lot.latest(LOTS_KEPT) {
            let lot = Lot::of_key(key);
            next.by_lot.get_or(&key, || next.sorted_again(&sorted, places, |n| next.drawn(&lot, n)));
        }
        next
    }

    fn index(&mut self, place: usize, candidate: &Candidate, rulebooks: &Rulebooks) {
        let line = line(candidate, rulebooks, self.day);
        if let Some(line) = &line {
            self.sets.add(place, line, candidate, self.day);
        }
        if let Some(slot) = self.lines.get_mut(place) {
            *slot = line;
        }
    }

    /// What was sorted, with some in their new places, and those of them that are lines still.
    fn sorted_again<K: Ord>(&self, sorted: &[usize], places: &BTreeSet<usize>, key: impl Fn(usize) -> K) -> Vec<usize> {
        let mut again: Vec<usize> = sorted.iter().copied().filter(|place| !places.contains(place)).collect();
        for place in places.iter().filter(|place| self.line(**place).is_some()) {
            let own = key(*place);
            let at = again.partition_point(|other| key(*other) < own);
            again.insert(at, *place);
        }
        again
    }

    /// The line at a place, if one can be chosen there.
    pub(super) fn line(&self, place: usize) -> Option<&Line> {
        self.lines.get(place)?.as_ref()
    }

    /// All lines.
    pub(super) fn listed(&self) -> &Bits {
        &self.sets.listed
    }

    /// Those known to be entered without steps.
    pub(super) fn step_free(&self) -> &Bits {
        &self.sets.step_free
    }

    /// An offering's lot.
    fn drawn(&self, lot: &Lot, place: usize) -> Option<([u8; 16], Id<kind::Offering>)> {
        let offering = *self.offerings.get(place)?;
        Some((lot.draw(offering), offering))
    }

    fn sorted_by<K: Ord>(&self, key: impl Fn(usize) -> K) -> Vec<usize> {
        let mut places: Vec<usize> = self.sets.listed.places().collect();
        places.sort_by_cached_key(|place| key(*place));
        places
    }

    /// The lines that residents of a municipality can choose as far as approvals go; everyone's where none is known.
    pub(super) fn for_home(&self, home: Option<&MunicipalityCode>) -> Bits {
        let Some(home) = home else { return self.sets.listed.clone() };
        let mut lines = self.sets.for_all.clone();
        if let Some(residents) = self.sets.for_residents.get(home) {
            lines.add(residents);
        }
        lines
    }

    /// Leaves the lines with a free place, or one that is the client's own.
    pub(super) fn keep_free(&self, lines: &mut Bits, own: &[Id<kind::Offering>]) {
        let mut full = self.sets.full.clone();
        for place in own.iter().filter_map(|offering| self.offerings.binary_search(offering).ok()) {
            full.remove(place);
        }
        lines.take(&full);
    }

    /// Leaves the lines of which a choice begins within some days.
    pub(super) fn keep_beginning_in(&self, lines: &mut Bits, validity: Period) {
        if validity.contains(self.day) {
            lines.retain_in(&self.sets.later, |place| {
                self.line(place).is_some_and(|line| validity.contains(line.first_day))
            });
        } else {
            lines.retain(|place| self.line(place).is_some_and(|line| validity.contains(line.first_day)));
        }
    }

    /// Leaves the lines that a client can choose as far as the rulebooks' criteria go.
    pub(super) fn keep_fitting(
        &self,
        lines: &mut Bits,
        candidates: &[Arc<Candidate>],
        rulebooks: &Rulebooks,
        client: &Facts,
    ) {
        if !self.has_criteria {
            return;
        }
        let fitting = self.clients.get_or(&name_of(client), || {
            let mut fitting = Bits::default();
            for place in self.sets.listed.places() {
                let Some((line, candidate)) = self.line(place).zip(candidates.get(place)) else { continue };
                let Some(terms) = rulebooks.as_of(line.first_day).map(PriceCheck::terms) else { continue };
                if candidate.examine(line.sector, terms, client).standing != Standing::NotMet {
                    fitting.insert(place);
                }
            }
            fitting
        });
        lines.keep(&fitting);
    }

    /// The lines with a value of a filter.
    pub(super) fn with(&self, wanted: Wanted<'_>) -> Bits {
        let found = match wanted {
            Wanted::Sector(sector) => self.sets.sectors.get(&sector),
            Wanted::Language(language) => self.sets.languages.get(&language),
            Wanted::Mode(mode) => self.sets.modes.get(&mode),
            Wanted::Municipality(municipality) => self.sets.municipalities.get(municipality),
        };
        found.cloned().unwrap_or_default()
    }

    /// How many of some lines there are of each sector.
    pub(super) fn count_sectors(&self, of: &Bits) -> BTreeMap<Sector, usize> {
        counted(&self.sets.sectors, |_, lines| lines.count_common(of))
    }

    /// How many of some lines there are with each language.
    pub(super) fn count_languages(&self, of: &Bits) -> BTreeMap<Language, usize> {
        counted(&self.sets.languages, |_, lines| lines.count_common(of))
    }

    /// How many of some lines there are with each mode.
    pub(super) fn count_modes(&self, of: &Bits) -> BTreeMap<ServiceMode, usize> {
        counted(&self.sets.modes, |_, lines| lines.count_common(of))
    }

    /// How many of some lines are in each municipality or serve it; and for those who live there, if that is wanted.
    pub(super) fn count_municipalities(&self, of: &Bits, lives_there: bool) -> BTreeMap<MunicipalityCode, usize> {
        counted(&self.sets.municipalities, |municipality, lines| {
            if !lives_there || self.sets.for_residents.is_empty() {
                return lines.count_common(of);
            }
            let mut there = self.for_home(Some(municipality));
            there.keep(of);
            lines.count_common(&there)
        })
    }

    /// The figure that a line is sorted by, by price.
    pub(super) fn figure(&self, place: usize) -> Option<i64> {
        self.line(place).map(|line| line.figure)
    }

    /// The lines by price, lowest first; between equals in no order that means anything.
    pub(super) fn by_price(&self) -> &[usize] {
        self.by_price.get_or_init(|| self.sorted_by(|place| self.figure(place)))
    }

    /// The lines with a voucher's price and those with a client fee, each by what a client is asked for, lowest first; between
    /// equals in no order that means anything.
    pub(super) fn by_asked(&self) -> &[Vec<usize>; 2] {
        self.by_asked.get_or_init(|| {
            let all = self.sorted_by(|place| self.asked(place));
            let fees_from = all.partition_point(|place| self.asked(*place).is_some_and(|(is_fee, _)| !is_fee));
            let (prices, fees) = all.split_at_checked(fees_from).unwrap_or_default();
            [prices.to_vec(), fees.to_vec()]
        })
    }

    /// Whether a client is asked for a fee and not for a price, and for how much.
    fn asked(&self, place: usize) -> Option<(bool, Amount)> {
        Some(match self.line(place)?.per_unit {
            ItemPrice::Voucher { price } => (false, price),
            ItemPrice::ClientFee { client_fee, .. } => (true, client_fee),
        })
    }

    /// The first day of a line, as a number to sort by.
    pub(super) fn start(&self, place: usize) -> Option<i64> {
        self.line(place).map(|line| i64::from(line.first_day.date().num_days_from_ce()))
    }

    /// The lines by their first day; between equals in no order that means anything.
    pub(super) fn by_start(&self) -> &[usize] {
        self.by_start.get_or_init(|| self.sorted_by(|place| self.start(place)))
    }

    /// The units' names as they are sorted by, and the lines in that order; between equals in none that means anything.
    pub(super) fn by_name(&self, candidates: &[Arc<Candidate>]) -> (&[Arc<str>], &[usize]) {
        let (names, places) = self.by_name.get_or_init(|| {
            let names: Vec<Arc<str>> = candidates.iter().map(|one| one.unit_name.to_lowercase().into()).collect();
            let sorted = self.sorted_by(|place| names.get(place));
            (names, sorted)
        });
        (names, places)
    }

    /// The neutral order of a lot that is everyone's, made once.
    pub(super) fn by_lot(&self, lot: &Lot) -> Arc<Vec<usize>> {
        self.by_lot.get_or(&lot.key(), || self.sorted_by(|place| self.drawn(lot, place)))
    }
}

/// What was found already, to go on from.
fn known<T>(found: Option<T>) -> OnceLock<T> {
    found.map_or_else(OnceLock::new, OnceLock::from)
}

/// A value of a filter.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'a> {
    Sector(Sector),
    Language(Language),
    Mode(ServiceMode),
    Municipality(&'a MunicipalityCode),
}

/// What can be filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    Sector,
    Language,
    Mode,
    Municipality,
}

impl Wanted<'_> {
    pub(super) const fn filter(&self) -> Filter {
        match self {
            Self::Sector(_) => Filter::Sector,
            Self::Language(_) => Filter::Language,
            Self::Mode(_) => Filter::Mode,
            Self::Municipality(_) => Filter::Municipality,
        }
    }
}

/// The values of which there are any, with how many.
fn counted<K: Clone + Ord>(values: &BTreeMap<K, Bits>, count: impl Fn(&K, &Bits) -> usize) -> BTreeMap<K, usize> {
    let counted = values.iter().map(|(value, lines)| (value.clone(), count(value, lines)));
    counted.filter(|(_, count)| *count > 0).collect()
}

fn insert<K: Clone + Ord>(sets: &mut BTreeMap<K, Bits>, value: &K, place: usize) {
    match sets.get_mut(value) {
        Some(set) => set.insert(place),
        None => {
            let mut set = Bits::default();
            set.insert(place);
            sets.insert(value.clone(), set);
        }
    }
}

/// A client's facts as a name: the same for those of whom the same is known.
fn name_of(client: &Facts) -> String {
    let known = ["client_language", "client_municipality"].map(|name| match client.get(name) {
        Some(FactValue::Word(word)) => word.as_str(),
        _ => "",
    });
    known.join(" ")
}

/// The line of an offering: only what choosing it at this moment would let through, if one had a place.
fn line(candidate: &Candidate, rulebooks: &Rulebooks, day: Day) -> Option<Line> {
    let prices = rulebooks.as_of(candidate.begins_on(day));
    let stand = candidate.stand(prices, &Chooser::somebody(day));
    if stand.reasons.iter().any(|reason| *reason != Reason::Full) {
        return None;
    }
    let (period, price) = stand.price?;
    let figure = match price {
        OfferPrice::Voucher { price, .. } => price.minor(),
        OfferPrice::ClientFee { unit_cost, .. } => unit_cost.minor(),
    };
    let price = candidate.prices.entries().iter().position(|(one, _)| one == period)?;
    Some(Line { price, sector: stand.sector?, first_day: stand.first_day, per_unit: stand.per_unit?, figure })
}
