//! One page of a list: the lines that pass the filters, in order, from a place on. What it costs goes with the page, and
//! where an order is one client's own, with the lines that pass.

use std::collections::BinaryHeap;
use std::sync::Arc;

use super::bits::Bits;
use super::candidate::{Candidate, home_of};
use super::day::{Filter, Line, OnDay, Rulebooks, Wanted};
use super::entitlement::Entitled;
use super::query::{Counts, Listed, Listing, Order, Query, SortKey};
use super::stand::worth_at;
use crate::id::{Id, kind};
use crate::identifiers::MunicipalityCode;
use crate::money::Amount;
use crate::quantity::Quantity;
use crate::service_event::{Charges, charge};

/// What is looked at for a page.
pub(super) struct List<'a, 'q> {
    pub(super) candidates: &'a [Arc<Candidate>],
    pub(super) rulebooks: &'a Rulebooks,
    pub(super) on_day: &'q OnDay,
    pub(super) query: &'q Query<'q>,
}

/// A line with what decides between equals.
type Drawn = (u128, usize);

impl<'a> List<'a, '_> {
    /// The page. `home` is where the client lives, or wants to be served.
    pub(super) fn page(&self, home: Option<&MunicipalityCode>) -> Listing<'a> {
        let possible = self.possible();
        let mut passing = possible.clone();
        passing.keep(&self.on_day.for_home(home));
        for wanted in self.filters() {
            passing.keep(&self.on_day.with(wanted));
        }
        let mut places = self.in_order(&passing, self.query.limit.saturating_add(1));
        let more = places.len() > self.query.limit;
        places.truncate(self.query.limit);
        let next = places.last().filter(|_| more).and_then(|place| self.key_of(*place));
        Listing {
            lines: places.into_iter().filter_map(|place| self.listed(place)).collect(),
            total: passing.count(),
            counts: self.query.counts.then(|| self.counts(&possible, home)),
            next,
        }
    }

    /// The lines that the client can choose wherever it lives, and that pass the filters that are not counted by.
    fn possible(&self) -> Bits {
        let mut lines = self.on_day.listed().clone();
        if self.query.step_free {
            lines.keep(self.on_day.step_free());
        }
        if let Some(by) = self.query.starts_by {
            lines.retain(|place| self.line(place).is_some_and(|line| line.first_day <= by));
        }
        if let Some(within) = self.query.near.and_then(|near| near.within_m) {
            lines.retain(|place| self.distance(place).is_some_and(|metres| metres <= within));
        }
        self.keep_choosable(&mut lines);
        lines
    }

    /// Leaves the lines that the client can choose wherever it lives. What is asked of each is what [`Candidate::stand`]
    /// asks; only the order is another, so that few are looked at.
    fn keep_choosable(&self, lines: &mut Bits) {
        self.on_day.keep_free(lines, self.query.own);
        if let Some(validity) = self.query.validity {
            self.on_day.keep_beginning_in(lines, validity);
        }
        self.on_day.keep_fitting(lines, self.candidates, self.rulebooks, self.query.client);
        let may_refuse =
            |entitled: &Entitled<'_>| entitled.may_refuse() || (self.on_day.is_free && entitled.valuation().is_some());
        if self.query.entitlement.all().any(may_refuse) {
            lines.retain(|place| self.line(place).is_some_and(|line| self.can_be_paid(line)));
        }
    }

    /// Whether the price has a worth, and leaves nothing to pay where nothing may be.
    fn can_be_paid(&self, line: &Line) -> bool {
        let Some(prices) = self.rulebooks.as_of(line.first_day) else { return false };
        worth_at(line.per_unit, prices.terms(), self.query.entitlement.on(line.first_day)).is_ok()
    }

    /// The candidates that the client can choose, whatever else is wished for.
    pub(super) fn choosable(&self, home: Option<&MunicipalityCode>) -> Bits {
        let mut lines = self.on_day.for_home(home);
        self.keep_choosable(&mut lines);
        lines
    }

    fn filters(&self) -> impl Iterator<Item = Wanted<'_>> {
        let query = self.query;
        [
            query.municipality.map(Wanted::Municipality),
            query.sector.map(Wanted::Sector),
            query.language.map(Wanted::Language),
            query.mode.map(Wanted::Mode),
        ]
        .into_iter()
        .flatten()
    }

    /// How many there would be with each value of a filter, by all filters but its own.
    fn counts(&self, possible: &Bits, home: Option<&MunicipalityCode>) -> Counts {
        // Whose home is not known is taken to live where the services are asked for.
        let lives_there = home_of(self.query.client).is_none();
        let but = |own: Filter| {
            let mut lines = possible.clone();
            if !(lives_there && own == Filter::Municipality) {
                lines.keep(&self.on_day.for_home(home));
            }
            for wanted in self.filters().filter(|wanted| wanted.filter() != own) {
                lines.keep(&self.on_day.with(wanted));
            }
            lines
        };
        Counts {
            sectors: self.on_day.count_sectors(&but(Filter::Sector)),
            municipalities: self.on_day.count_municipalities(&but(Filter::Municipality), lives_there),
            languages: self.on_day.count_languages(&but(Filter::Language)),
            modes: self.on_day.count_modes(&but(Filter::Mode)),
        }
    }

    /// The first lines of those that pass, after the place that was asked for.
    fn in_order(&self, passing: &Bits, most: usize) -> Vec<usize> {
        let after = self.query.after;
        match self.query.order {
            Order::Neutral if self.query.lot.is_shared() => self.by_lot_of_all(passing, most),
            Order::Neutral => self.of_run(passing.places(), after, most),
            Order::Price => self.by_sorted(self.on_day.by_price(), passing, |place| self.on_day.figure(place), most),
            Order::EarliestStart => {
                self.by_sorted(self.on_day.by_start(), passing, |place| self.on_day.start(place), most)
            }
            Order::Name => {
                let (names, sorted) = self.on_day.by_name(self.candidates);
                let name = |place: usize| names.get(place).map_or("", |name| &**name);
                let start = after.map_or(0, |after| sorted.partition_point(|place| name(*place) < after.name.as_str()));
                let same = |a: usize, b: usize| name(a) == name(b);
                let is_first = |place: usize| after.is_some_and(|after| name(place) == after.name);
                self.by_runs(sorted.get(start..).unwrap_or_default(), passing, same, is_first, most)
            }
            Order::CoPayment if self.query.entitlement.is_the_same_for_all() => self.by_asked(passing, most),
            Order::CoPayment => self.by_own_figure(passing, |place| self.client_pays(place), most),
            Order::Distance => self.by_own_figure(passing, |place| self.distance_figure(place), most),
        }
    }

    /// The first lines of those sorted by a figure that is nobody's own.
    fn by_sorted(
        &self,
        sorted: &[usize],
        passing: &Bits,
        figure: impl Fn(usize) -> Option<i64>,
        most: usize,
    ) -> Vec<usize> {
        let after = self.query.after;
        let start = after.map_or(0, |after| sorted.partition_point(|place| figure(*place) < after.figure));
        let same = |a: usize, b: usize| figure(a) == figure(b);
        let is_first = |place: usize| after.is_some_and(|after| figure(place) == after.figure);
        self.by_runs(sorted.get(start..).unwrap_or_default(), passing, same, is_first, most)
    }

    /// What everyone sees alike is sorted once.
    fn by_lot_of_all(&self, passing: &Bits, most: usize) -> Vec<usize> {
        let sorted = self.on_day.by_lot(self.query.lot);
        let is_before = |place: &usize, after: &SortKey| {
            let offering = self.on_day.offerings.get(*place);
            offering.is_none_or(|offering| self.query.lot.draw(*offering) <= after.drawn)
        };
        let start = self.query.after.map_or(0, |after| sorted.partition_point(|place| is_before(place, after)));
        let rest = sorted.get(start..).unwrap_or_default();
        rest.iter().copied().filter(|place| passing.contains(*place)).take(most).collect()
    }

    /// The first lines by what the client pays, where that never falls as what is asked for rises: prices and fees are sorted
    /// already, and are gone through side by side.
    fn by_asked(&self, passing: &Bits, most: usize) -> Vec<usize> {
        let pays = |place: &usize| self.client_pays(*place);
        let after = self.query.after;
        let from = |sorted: &'_ Vec<usize>| -> usize {
            after.map_or(0, |after| sorted.partition_point(|place| pays(place) < after.figure))
        };
        let [prices, fees] = self.on_day.by_asked();
        let mut prices = prices.get(from(prices)..).unwrap_or_default();
        let mut fees = fees.get(from(fees)..).unwrap_or_default();
        let mut places = Vec::new();
        while places.len() < most {
            let Some(figure) = [prices.first(), fees.first()].into_iter().flatten().map(pays).min() else { break };
            let equals = |sorted: &[usize]| sorted.partition_point(|place| pays(place) <= figure);
            let (own, rest_of_prices) = prices.split_at_checked(equals(prices)).unwrap_or_default();
            let (charged, rest_of_fees) = fees.split_at_checked(equals(fees)).unwrap_or_default();
            (prices, fees) = (rest_of_prices, rest_of_fees);
            let members = own.iter().chain(charged).copied().filter(|place| passing.contains(*place));
            let after = after.filter(|after| after.figure == figure);
            places.extend(self.of_run(members, after, most.saturating_sub(places.len())));
        }
        places
    }

    /// The first lines by a figure that is the client's own: it is found for all that pass.
    fn by_own_figure(&self, passing: &Bits, figure: impl Fn(usize) -> Option<i64>, most: usize) -> Vec<usize> {
        let mut figured: Vec<(Option<i64>, usize)> = passing.places().map(|place| (figure(place), place)).collect();
        if let Some(after) = self.query.after {
            figured.retain(|(figure, _)| *figure >= after.figure);
        }
        figured.sort_unstable_by_key(|(figure, _)| *figure);
        let mut places = Vec::new();
        for run in figured.chunk_by(|(one, _), (other, _)| one == other) {
            let first = run.first().and_then(|(figure, _)| *figure);
            let after = self.query.after.filter(|after| after.figure == first);
            let left = most.saturating_sub(places.len());
            places.extend(self.of_run(run.iter().map(|(_, place)| *place), after, left));
            if places.len() >= most {
                break;
            }
        }
        places
    }

    /// The first lines of sorted ones, of which equals are in no order yet. The first run may have begun on another page.
    fn by_runs(
        &self,
        sorted: &[usize],
        passing: &Bits,
        same: impl Fn(usize, usize) -> bool,
        is_first: impl Fn(usize) -> bool,
        most: usize,
    ) -> Vec<usize> {
        let mut places = Vec::new();
        for run in sorted.chunk_by(|a, b| same(*a, *b)) {
            let after = self.query.after.filter(|_| run.first().is_some_and(|place| is_first(*place)));
            let left = most.saturating_sub(places.len());
            let members = run.iter().copied().filter(|place| passing.contains(*place));
            places.extend(self.of_run(members, after, left));
            if places.len() >= most {
                break;
            }
        }
        places
    }

    /// The first of equals, by lot.
    fn of_run(&self, members: impl Iterator<Item = usize>, after: Option<&SortKey>, most: usize) -> Vec<usize> {
        let named = members.filter_map(|place| Some((*self.on_day.offerings.get(place)?, place)));
        self.by_lot(named, after, most)
    }

    /// The first of some offerings, by lot: each with a place that tells it.
    pub(super) fn by_lot(
        &self,
        members: impl Iterator<Item = (Id<kind::Offering>, usize)>,
        after: Option<&SortKey>,
        most: usize,
    ) -> Vec<usize> {
        let after = after.map(|after| u128::from_be_bytes(after.drawn));
        // The lowest so far, the highest of them on top: most of the others are only held against that one.
        let mut lowest: BinaryHeap<Drawn> = BinaryHeap::new();
        self.query.lot.draw_each(members, |drawn, place| {
            let drawn = (u128::from_be_bytes(drawn), place);
            if after.is_some_and(|after| drawn.0 <= after) {
                return;
            }
            if lowest.len() < most {
                lowest.push(drawn);
            } else if let Some(mut highest) = lowest.peek_mut()
                && drawn < *highest
            {
                *highest = drawn;
            }
        });
        lowest.into_sorted_vec().into_iter().map(|(.., place)| place).collect()
    }

    fn line(&self, place: usize) -> Option<&Line> {
        self.on_day.line(place)
    }

    fn key_of(&self, place: usize) -> Option<SortKey> {
        let candidate = self.candidates.get(place)?;
        let figure = match self.query.order {
            Order::Neutral | Order::Name => None,
            Order::Price => self.on_day.figure(place),
            Order::EarliestStart => self.on_day.start(place),
            Order::Distance => self.distance_figure(place),
            // Without a value nobody knows; then this is the neutral order.
            Order::CoPayment => self.client_pays(place),
        };
        let name = if self.query.order == Order::Name { candidate.unit_name.to_lowercase() } else { String::new() };
        Some(SortKey { figure, name, drawn: self.query.lot.draw(candidate.offering), offering: candidate.offering })
    }

    /// What the client pays of one unit, where the value is known.
    fn client_pays(&self, place: usize) -> Option<i64> {
        let charges = self.charges(self.line(place)?, Quantity::ONE)?;
        charges.co_payment.plus(charges.client_fee).map(Amount::minor)
    }

    /// How far it is, where it is known from where.
    fn distance(&self, place: usize) -> Option<u32> {
        let near = self.query.near?;
        let unit = self.candidates.get(place)?.place()?;
        Some(near.place.metres_to(unit))
    }

    /// The distance to sort by: what has no place comes last.
    fn distance_figure(&self, place: usize) -> Option<i64> {
        Some(self.distance(place).map_or(i64::MAX, i64::from))
    }

    fn charges(&self, line: &Line, quantity: Quantity) -> Option<Charges> {
        let worth = self.query.entitlement.on(line.first_day).worth_at(line.per_unit)?;
        charge(worth, line.per_unit, quantity)
    }

    fn listed(&self, place: usize) -> Option<Listed<'a>> {
        let line = self.line(place)?;
        let candidate = self.candidates.get(place)?;
        let (price_period, price) = candidate.prices.entries().get(line.price)?;
        Some(Listed {
            candidate,
            sector: line.sector,
            price,
            price_period: *price_period,
            first_day: line.first_day,
            distance_m: self.distance(place),
            per_unit: self.charges(line, Quantity::ONE),
            for_quantity: self.query.quantity.and_then(|quantity| self.charges(line, quantity)),
        })
    }
}
