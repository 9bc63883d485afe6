//! What can be chosen on one day, indexed: each line once, what it has in sets of bits, and the orders that do not depend on
//! who asks. What depends on the client is left to the list.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use chrono::Datelike;

use super::bits::Bits;
use super::candidate::Candidate;
use super::kept::Kept;
use super::query::{Order, SortKey};
use super::stand::{Chooser, Reason};
use crate::id::{Id, kind};
use crate::identifiers::MunicipalityCode;
use crate::offering::{ItemPrice, OfferPrice, PriceCheck};
use crate::provider::{Sector, ServiceMode};
use crate::rulebook::RulebookTerms;
use crate::rules::{FactValue, Facts, Standing};
use crate::text::Language;
use crate::time::{Day, Period, Timeline};

/// How many orders of everyone's are kept: the present day's, and of one that is just over.
const ORDERS_KEPT: usize = 8;
/// For how many kinds of client it is kept which lines they can choose: languages times municipalities.
const CLIENTS_KEPT: usize = 1_024;

/// The rulebooks of a voucher type by day.
pub(super) type Rulebooks = Timeline<PriceCheck<RulebookTerms>>;

/// An offering that can be chosen on a day by somebody, if only by one who has a place there.
#[derive(Debug)]
pub(super) struct Line {
    /// Which of the candidates.
    pub(super) candidate: usize,
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

/// What can be chosen on one day.
#[derive(Debug)]
pub(super) struct OnDay {
    day: Day,
    pub(super) lines: Vec<Line>,
    /// The offering of each line: lots are drawn by it, for all lines. In order, as the lines are.
    pub(super) offerings: Vec<Id<kind::Offering>>,
    sectors: BTreeMap<Sector, Bits>,
    languages: BTreeMap<Language, Bits>,
    modes: BTreeMap<ServiceMode, Bits>,
    municipalities: BTreeMap<MunicipalityCode, Bits>,
    /// Approved wherever one lives.
    for_all: Bits,
    /// Besides those, approved for residents of a municipality.
    for_residents: BTreeMap<MunicipalityCode, Bits>,
    /// Those known to be entered without steps.
    pub(super) step_free: Bits,
    /// Those that start later than the day.
    later: Bits,
    /// Those with no place free for who has none.
    full: Bits,
    /// Whether a rulebook asks anything of an offering for a client.
    has_criteria: bool,
    /// Whether a rulebook makes the service free of charge by law.
    pub(super) is_free: bool,
    by_price: OnceLock<Vec<usize>>,
    by_asked: OnceLock<[Vec<usize>; 2]>,
    by_start: OnceLock<Vec<usize>>,
    by_name: OnceLock<(Vec<String>, Vec<usize>)>,
    /// Orders with everyone's lot in them.
    orders: Kept<(Order, [u8; 16]), Vec<usize>>,
    /// Which lines a client can choose as far as the criteria go.
    clients: Kept<String, Bits>,
}

impl OnDay {
    /// What can be chosen of these candidates, under the rulebooks.
    pub(super) fn new(candidates: &[Arc<Candidate>], rulebooks: &Rulebooks, day: Day) -> Self {
        let found = candidates.iter().enumerate();
        let lines: Vec<Line> = found.filter_map(|(n, candidate)| line(n, candidate, rulebooks, day)).collect();
        let count = lines.len();
        let mut of_day = Self {
            day,
            sectors: BTreeMap::new(),
            languages: BTreeMap::new(),
            modes: BTreeMap::new(),
            municipalities: BTreeMap::new(),
            for_all: Bits::none(count),
            for_residents: BTreeMap::new(),
            step_free: Bits::none(count),
            later: Bits::none(count),
            full: Bits::none(count),
            has_criteria: rulebooks.entries().iter().any(|(_, one)| !one.terms().eligibility.offering.is_empty()),
            is_free: rulebooks.entries().iter().any(|(_, one)| one.terms().free_of_charge.is_some()),
            by_price: OnceLock::new(),
            by_asked: OnceLock::new(),
            by_start: OnceLock::new(),
            by_name: OnceLock::new(),
            orders: Kept::new(ORDERS_KEPT),
            clients: Kept::new(CLIENTS_KEPT),
            lines: Vec::new(),
            offerings: Vec::with_capacity(count),
        };
        for (place, line) in lines.iter().enumerate() {
            if let Some(candidate) = candidates.get(line.candidate) {
                of_day.offerings.push(candidate.offering);
                of_day.index(place, line, candidate, count);
            }
        }
        of_day.lines = lines;
        of_day
    }

    fn index(&mut self, place: usize, line: &Line, candidate: &Candidate, count: usize) {
        insert(&mut self.sectors, line.sector, place, count);
        for language in &candidate.languages {
            insert(&mut self.languages, *language, place, count);
        }
        for mode in &candidate.modes {
            insert(&mut self.modes, *mode, place, count);
        }
        for municipality in candidate.service_area.iter().chain([&candidate.municipality]) {
            insert(&mut self.municipalities, municipality.clone(), place, count);
        }
        if candidate.step_free == Some(true) {
            self.step_free.insert(place);
        }
        if line.first_day > self.day {
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
            insert(&mut self.for_residents, municipality.clone(), place, count);
        }
    }

    /// The lines that residents of a municipality can choose as far as approvals go; everyone's where none is known.
    pub(super) fn for_home(&self, home: Option<&MunicipalityCode>) -> Bits {
        let Some(home) = home else { return Bits::all(self.lines.len()) };
        let mut lines = self.for_all.clone();
        if let Some(residents) = self.for_residents.get(home) {
            lines.add(residents);
        }
        lines
    }

    /// Leaves the lines with a free place, or one that is the client's own.
    pub(super) fn keep_free(&self, lines: &mut Bits, own: &[Id<kind::Offering>]) {
        let mut full = self.full.clone();
        for place in own.iter().filter_map(|offering| self.offerings.binary_search(offering).ok()) {
            full.remove(place);
        }
        lines.take(&full);
    }

    /// Leaves the lines of which a choice begins within some days.
    pub(super) fn keep_beginning_in(&self, lines: &mut Bits, validity: Period) {
        if validity.contains(self.day) {
            lines.retain_in(&self.later, |place| {
                self.lines.get(place).is_some_and(|line| validity.contains(line.first_day))
            });
        } else {
            lines.retain(|place| self.lines.get(place).is_some_and(|line| validity.contains(line.first_day)));
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
            let mut fitting = Bits::none(self.lines.len());
            for (place, line) in self.lines.iter().enumerate() {
                let terms = rulebooks.as_of(line.first_day).map(PriceCheck::terms);
                let Some((candidate, terms)) = candidates.get(line.candidate).zip(terms) else { continue };
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
            Wanted::Sector(sector) => self.sectors.get(&sector),
            Wanted::Language(language) => self.languages.get(&language),
            Wanted::Mode(mode) => self.modes.get(&mode),
            Wanted::Municipality(municipality) => self.municipalities.get(municipality),
        };
        found.cloned().unwrap_or_else(|| Bits::none(self.lines.len()))
    }

    /// How many of some lines there are of each sector.
    pub(super) fn count_sectors(&self, of: &Bits) -> BTreeMap<Sector, usize> {
        counted(&self.sectors, |_, lines| lines.count_common(of))
    }

    /// How many of some lines there are with each language.
    pub(super) fn count_languages(&self, of: &Bits) -> BTreeMap<Language, usize> {
        counted(&self.languages, |_, lines| lines.count_common(of))
    }

    /// How many of some lines there are with each mode.
    pub(super) fn count_modes(&self, of: &Bits) -> BTreeMap<ServiceMode, usize> {
        counted(&self.modes, |_, lines| lines.count_common(of))
    }

    /// How many of some lines are in each municipality or serve it; and for those who live there, if that is wanted.
    pub(super) fn count_municipalities(&self, of: &Bits, lives_there: bool) -> BTreeMap<MunicipalityCode, usize> {
        counted(&self.municipalities, |municipality, lines| {
            if !lives_there || self.for_residents.is_empty() {
                return lines.count_common(of);
            }
            let mut there = self.for_home(Some(municipality));
            there.keep(of);
            lines.count_common(&there)
        })
    }

    /// The figure that a line is sorted by, by price.
    pub(super) fn figure(&self, place: usize) -> Option<i64> {
        self.lines.get(place).map(|line| line.figure)
    }

    /// The lines by price, lowest first; between equals in no order that means anything.
    pub(super) fn by_price(&self) -> &[usize] {
        self.by_price.get_or_init(|| {
            let mut places: Vec<usize> = (0..self.lines.len()).collect();
            places.sort_unstable_by_key(|place| self.figure(*place));
            places
        })
    }

    /// The lines with a voucher's price and those with a client fee, each by what a client is asked for, lowest first; between
    /// equals in no order that means anything.
    pub(super) fn by_asked(&self) -> &[Vec<usize>; 2] {
        self.by_asked.get_or_init(|| {
            let mut asked = [Vec::new(), Vec::new()];
            for (place, line) in self.lines.iter().enumerate() {
                let [prices, fees] = &mut asked;
                match line.per_unit {
                    ItemPrice::Voucher { price } => prices.push((price, place)),
                    ItemPrice::ClientFee { client_fee, .. } => fees.push((client_fee, place)),
                }
            }
            asked.map(|mut sorted| {
                sorted.sort_unstable();
                sorted.into_iter().map(|(_, place)| place).collect()
            })
        })
    }

    /// The first day of a line, as a number to sort by.
    pub(super) fn start(&self, place: usize) -> Option<i64> {
        self.lines.get(place).map(|line| i64::from(line.first_day.date().num_days_from_ce()))
    }

    /// The lines by their first day; between equals in no order that means anything.
    pub(super) fn by_start(&self) -> &[usize] {
        self.by_start.get_or_init(|| {
            let mut places: Vec<usize> = (0..self.lines.len()).collect();
            places.sort_unstable_by_key(|place| self.start(*place));
            places
        })
    }

    /// The units' names as they are sorted by, and the lines in that order; between equals in none that means anything.
    pub(super) fn by_name(&self, candidates: &[Arc<Candidate>]) -> (&[String], &[usize]) {
        let (names, places) = self.by_name.get_or_init(|| {
            let of_line = |line: &Line| candidates.get(line.candidate).map(|one| one.unit_name.to_lowercase());
            let names: Vec<String> = self.lines.iter().map(|line| of_line(line).unwrap_or_default()).collect();
            let mut places: Vec<usize> = (0..self.lines.len()).collect();
            places.sort_unstable_by(|a, b| names.get(*a).cmp(&names.get(*b)));
            (names, places)
        });
        (names, places)
    }

    /// An order that is everyone's, made once.
    pub(super) fn order_of_all(
        &self,
        order: Order,
        lot: [u8; 16],
        key_of: impl Fn(usize) -> Option<SortKey>,
    ) -> Arc<Vec<usize>> {
        self.orders.get_or(&(order, lot), || {
            let mut keyed: Vec<(Option<SortKey>, usize)> =
                (0..self.lines.len()).map(|place| (key_of(place), place)).collect();
            keyed.sort_unstable();
            keyed.into_iter().map(|(_, place)| place).collect()
        })
    }
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

fn insert<K: Ord>(sets: &mut BTreeMap<K, Bits>, value: K, place: usize, count: usize) {
    sets.entry(value).or_insert_with(|| Bits::none(count)).insert(place);
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
fn line(n: usize, candidate: &Candidate, rulebooks: &Rulebooks, day: Day) -> Option<Line> {
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
    Some(Line {
        candidate: n,
        price,
        sector: stand.sector?,
        first_day: stand.first_day,
        per_unit: stand.per_unit?,
        figure,
    })
}
