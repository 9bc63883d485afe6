//! The blocks that a fact decides: tables without gaps, overlaps and rows that nobody can reach.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::super::fact_terms::{FactKind, FactTerm, ITEM};
use super::super::value_rule::{Band, Case, ListedEntry, ListedKind, ValueRule};
use super::block::{Checker, Place, Possible};
use super::worth::{Kind, Worth, largest};
use super::{check_length, decimals, number_fault};
use crate::money::{AMOUNT_MINOR_MAX, Amount};
use crate::written::is_code;

/// Most bands or cases of one table.
const ROWS_MAX: usize = 200;
/// Most words of one case.
const CASE_WORDS_MAX: usize = 50;
/// Most entries of one list.
const ENTRIES_MAX: usize = 1_000;
/// Most words that are given of one fact: so often an entry can count.
const WORDS_GIVEN_MAX: u32 = 100;
/// How many words a fault names.
const NAMED_MAX: usize = 5;

/// The numbers that a table is over.
struct Scale {
    lowest: Decimal,
    highest: Decimal,
    grain: Decimal,
}

impl Scale {
    fn of(term: Option<&FactTerm>) -> Self {
        // Of a fact that is not known nothing more is asked than that the edges ascend.
        let wide = || Self { lowest: Decimal::ZERO, highest: Decimal::MAX, grain: Decimal::new(1, 4) };
        term.map_or_else(wide, |term| Self { lowest: term.lowest(), highest: term.highest(), grain: term.grain() })
    }
}

/// The upper edge of a band: the name of its member, what is written, and the last number inside the band.
struct Edge {
    name: &'static str,
    written: Decimal,
    last: Decimal,
}

impl Edge {
    fn of(band: &Band, scale: &Scale) -> Option<Self> {
        match (band.up_to, band.below) {
            (Some(written), _) => Some(Self { name: "up_to", written, last: written }),
            (None, Some(written)) => Some(Self { name: "below", written, last: written.saturating_sub(scale.grain) }),
            (None, None) => None,
        }
    }
}

impl<'r> Checker<'r> {
    /// What is said of a fact that a block asks for, if it is of a kind that the block can use.
    fn term(
        &mut self,
        name: &'r str,
        pointer: String,
        fits: impl Fn(FactKind) -> bool,
        wanted: &str,
    ) -> Option<&'r FactTerm> {
        if !is_code(name) {
            self.fault(pointer, "bad_name", "a fact's name is small letters, digits and underscores, at most 64");
            return None;
        }
        let Some(term) = self.terms.find(name) else {
            self.fault(pointer, "unknown_fact", format!("nothing is known of the fact {name}: declare it under facts"));
            return None;
        };
        if name == ITEM && term.words.is_empty() {
            self.fault(pointer, "unknown_fact", "there is no price list: list its items under items");
            return None;
        }
        if !fits(term.kind) {
            self.fault(pointer, "wrong_kind", format!("the fact is to be {wanted}, and {name} is none"));
            return None;
        }
        if self.possible(term) == Possible::Missing {
            let why = format!("this holds where {name} is not given, so that it would never decide anything here");
            self.fault(pointer, "unreachable", why);
        }
        Some(term)
    }

    /// What a fact can be at the present place.
    fn possible(&self, term: &'r FactTerm) -> Possible<'r> {
        let around = self.around.iter().rev().find(|(name, _)| *name == term.name);
        around.map_or_else(|| everything(term), |(_, possible)| possible.clone())
    }

    /// Checks a block where only some of what a fact can be is left.
    fn part_where(
        &mut self,
        left: Option<(&'r FactTerm, Possible<'r>)>,
        below: String,
        rule: &'r ValueRule,
        place: &Place,
    ) -> super::worth::Part<'r> {
        let depth = self.around.len();
        self.around.extend(left.map(|(term, possible)| (term.name.as_str(), possible)));
        let part = self.part(below, rule, place);
        self.around.truncate(depth);
        part
    }

    pub(super) fn fact(&mut self, name: &'r str, missing: &'r ValueRule, place: &Place) -> Worth {
        let term = self.term(name, place.at("/fact/name"), FactKind::is_number, "a number");
        let own = term.map(|term| if term.kind == FactKind::Money { Kind::Money } else { Kind::Number });
        let most = term.map_or(Decimal::ZERO, |term| match self.possible(term) {
            Possible::Between(_, highest) => highest,
            Possible::Missing | Possible::OneOf(_) => Decimal::ZERO,
        });
        let left = term.map(|term| (term, Possible::Missing));
        let parts = [self.part_where(left, "/fact/missing".to_owned(), missing, place)];
        Worth { kind: self.agree(own, &parts, place), most: most.max(largest(&parts)) }
    }

    pub(super) fn bands(
        &mut self,
        fact: &'r str,
        bands: &'r [Band],
        above: &'r ValueRule,
        missing: &'r ValueRule,
        place: &Place,
    ) -> Worth {
        let term = self.term(fact, place.at("/bands/fact"), FactKind::is_number, "a number");
        check_length(bands.len(), 1..=ROWS_MAX, &place.at("/bands/bands"), &mut self.faults);
        let scale = Scale::of(term);
        // What the tables around this one leave; where the fact cannot be used, nothing is said of that.
        let around = term.map(|term| self.possible(term));
        let among = |first: Decimal, last: Decimal| match around {
            Some(Possible::Between(from, to)) => Some((first.max(from), last.min(to))),
            Some(Possible::Missing | Possible::OneOf(_)) | None => None,
        };
        let left = |(first, last): (Decimal, Decimal)| {
            term.filter(|_| first <= last).map(|term| (term, Possible::Between(first, last)))
        };
        let mut parts = Vec::with_capacity(bands.len() + 2);
        let mut next = scale.lowest;
        for (i, band) in bands.iter().enumerate() {
            let row = place.at(&format!("/bands/bands/{i}"));
            let edge = self.edge(band, &scale, (i > 0).then_some(next), &row);
            self.lower_edge(band, &scale, (next, i == 0), &row);
            let within = edge.as_ref().and_then(|edge| among(next, edge.last));
            if let (Some(edge), Some((first, last))) = (&edge, within)
                && first > last
            {
                let why = format!("the table around this one leaves nothing of this band: {fact} is never there");
                self.fault(format!("{row}/{}", edge.name), "unreachable", why);
            }
            let below = format!("/bands/bands/{i}/then");
            parts.push(self.part_where(within.and_then(left), below, &band.then, place));
            next = edge.map_or(next, |edge| edge.last.saturating_add(scale.grain));
        }
        let rest = among(next, scale.highest).and_then(left);
        parts.push(self.part_where(rest, "/bands/above".to_owned(), above, place));
        let none = term.map(|term| (term, Possible::Missing));
        parts.push(self.part_where(none, "/bands/missing".to_owned(), missing, place));
        Worth { kind: self.agree(None, &parts, place), most: largest(&parts) }
    }

    /// The upper edge of a band, if it is one that a number can be at. `next` is the first number that no earlier band has,
    /// where there is an earlier band.
    fn edge(&mut self, band: &Band, scale: &Scale, next: Option<Decimal>, row: &str) -> Option<Edge> {
        if band.up_to.is_some() == band.below.is_some() {
            self.fault(row, "one_edge", "a band has one upper edge: up_to, inside the band, or below, outside");
        }
        let edge = Edge::of(band, scale)?;
        let at = format!("{row}/{}", edge.name);
        if decimals(edge.written) > decimals(scale.grain) {
            self.fault(at, "too_precise", format!("the fact has at most {} decimals", decimals(scale.grain)));
            return None;
        }
        if next.is_some_and(|next| edge.last < next) {
            self.fault(at, "unreachable", "each edge is above the one before it; this band could never be reached");
            return None;
        }
        if edge.last < scale.lowest || edge.last > scale.highest {
            let why = format!("the fact lies between {} and {}", scale.lowest, scale.highest);
            self.fault(at, "unreachable", why);
            return None;
        }
        Some(edge)
    }

    /// The lower edge of a band, where it is printed, meets what is before it.
    fn lower_edge(&mut self, band: &Band, scale: &Scale, (next, is_first): (Decimal, bool), row: &str) {
        let Some(from) = band.from else { return };
        let at = format!("{row}/from");
        if decimals(from) > decimals(scale.grain) {
            self.fault(at, "too_precise", format!("the fact has at most {} decimals", decimals(scale.grain)));
        } else if from > next {
            self.fault(at, "gap", format!("nothing is said of what is from {next} up to {from}"));
        } else if from < next && !is_first {
            self.fault(at, "overlap", format!("the bands before this one end where {next} begins, above {from}"));
        }
    }

    pub(super) fn cases(
        &mut self,
        fact: &'r str,
        cases: &'r [Case],
        otherwise: Option<&'r ValueRule>,
        missing: &'r ValueRule,
        place: &Place,
    ) -> Worth {
        let fits = |kind| matches!(kind, FactKind::Word | FactKind::Flag);
        let term = self.term(fact, place.at("/cases/fact"), fits, "a word or a truth");
        check_length(cases.len(), 1..=ROWS_MAX, &place.at("/cases/cases"), &mut self.faults);
        let mut left = term.and_then(|term| words_of(self.possible(term)));
        let mut seen = BTreeSet::new();
        let mut parts = Vec::with_capacity(cases.len() + 2);
        for (i, case) in cases.iter().enumerate() {
            let row = place.at(&format!("/cases/cases/{i}/is"));
            check_length(case.is.len(), 1..=CASE_WORDS_MAX, &row, &mut self.faults);
            let mut here = BTreeSet::new();
            for (j, word) in case.is.iter().enumerate() {
                let is_first = seen.insert(word.as_str());
                self.word(word, is_first, (term, left.as_ref()), format!("{row}/{j}"));
                here.extend(left.as_mut().and_then(|left| left.take(word.as_str())));
            }
            let here = term.filter(|_| !here.is_empty()).map(|term| (term, Possible::OneOf(here)));
            parts.push(self.part_where(here, format!("/cases/cases/{i}/then"), &case.then, place));
        }
        match (&left, otherwise) {
            (Some(left), None) if !left.is_empty() => {
                let why = format!("no case is for {}, and nothing is said otherwise", some_of(left));
                self.fault(place.at("/cases/cases"), "gap", why);
            }
            (Some(left), Some(_)) if left.is_empty() => {
                self.fault(place.at("/cases/otherwise"), "unreachable", "the cases name every word already");
            }
            (Some(_) | None, _) => {}
        }
        if let Some(otherwise) = otherwise {
            let rest = left.filter(|left| !left.is_empty()).map(Possible::OneOf);
            let below = "/cases/otherwise".to_owned();
            parts.push(self.part_where(term.zip(rest), below, otherwise, place));
        }
        let none = term.map(|term| (term, Possible::Missing));
        parts.push(self.part_where(none, "/cases/missing".to_owned(), missing, place));
        Worth { kind: self.agree(None, &parts, place), most: largest(&parts) }
    }

    /// A word of a case is known, and can still be there.
    fn word(
        &mut self,
        word: &str,
        is_first: bool,
        (term, left): (Option<&'r FactTerm>, Option<&BTreeSet<&'r str>>),
        at: String,
    ) {
        let Some(term) = term else { return };
        if !knows(term, word) {
            self.fault(at, "unknown_word", format!("{} cannot be {word:?}", term.name));
        } else if !is_first {
            self.fault(at, "unreachable", format!("a case before this one is for {word:?}"));
        } else if left.is_some_and(|left| !left.contains(word)) {
            let why = format!("the table around this one leaves no {word:?}: {} is never that here", term.name);
            self.fault(at, "unreachable", why);
        }
    }

    pub(super) fn listed(
        &mut self,
        fact: &'r str,
        entries_are: ListedKind,
        entries: &'r [ListedEntry],
        missing: &'r ValueRule,
        place: &Place,
    ) -> Worth {
        let fits = |kind| matches!(kind, FactKind::Word | FactKind::Words);
        let term = self.term(fact, place.at("/listed/fact"), fits, "a word or several");
        check_length(entries.len(), 1..=ENTRIES_MAX, &place.at("/listed/entries"), &mut self.faults);
        let mut left = term.and_then(|term| words_of(self.possible(term)));
        let known: Option<BTreeSet<&str>> = term.map(|term| term.words.iter().map(|word| word.code.as_str()).collect());
        let mut seen = BTreeSet::new();
        for (i, entry) in entries.iter().enumerate() {
            let row = place.at(&format!("/listed/entries/{i}"));
            let code = entry.code.as_str();
            if !seen.insert(code) {
                self.fault(format!("{row}/code"), "duplicate", format!("{code:?} is listed twice"));
            } else if known.as_ref().is_some_and(|known| !known.contains(code)) {
                self.fault(format!("{row}/code"), "unknown_word", format!("{fact} cannot be {code:?}"));
            } else if left.as_mut().is_some_and(|left| !left.remove(code)) {
                let why = format!("the table around this one leaves no {code:?}: {fact} is never that here");
                self.fault(format!("{row}/code"), "unreachable", why);
            }
            if let Some((code, why)) = entry_fault(entries_are, entry.is) {
                self.fault(format!("{row}/is"), code, why);
            }
        }
        if let Some(left) = left.filter(|left| !left.is_empty()) {
            let why = format!("there is no entry for {}", some_of(&left));
            self.fault(place.at("/listed/entries"), "gap", why);
        }
        let none = term.map(|term| (term, Possible::Missing));
        let parts = [self.part_where(none, "/listed/missing".to_owned(), missing, place)];
        let own = match entries_are {
            ListedKind::Amounts => Kind::Money,
            ListedKind::Numbers => Kind::Number,
        };
        let often = match term.map(|term| term.kind) {
            Some(FactKind::Words) => Decimal::from(WORDS_GIVEN_MAX),
            Some(FactKind::Money | FactKind::Number | FactKind::Whole | FactKind::Flag | FactKind::Word) | None => {
                Decimal::ONE
            }
        };
        let one = entries.iter().map(|entry| entry.is).max().unwrap_or(Decimal::ZERO);
        let most = one.saturating_mul(often).max(largest(&parts));
        Worth { kind: self.agree(Some(own), &parts, place), most }
    }
}

/// All that a fact can be.
fn everything(term: &FactTerm) -> Possible<'_> {
    match term.kind {
        FactKind::Money | FactKind::Number | FactKind::Whole => Possible::Between(term.lowest(), term.highest()),
        FactKind::Flag => Possible::OneOf(BTreeSet::from(["false", "true"])),
        FactKind::Word | FactKind::Words => Possible::OneOf(term.words.iter().map(|word| word.code.as_str()).collect()),
    }
}

/// The words among what a fact can be; `None` where it cannot be any.
fn words_of(possible: Possible<'_>) -> Option<BTreeSet<&str>> {
    match possible {
        Possible::OneOf(words) => Some(words),
        Possible::Missing | Possible::Between(..) => None,
    }
}

fn knows(term: &FactTerm, word: &str) -> bool {
    match term.kind {
        FactKind::Flag => matches!(word, "true" | "false"),
        FactKind::Money | FactKind::Number | FactKind::Whole | FactKind::Word | FactKind::Words => {
            term.words.iter().any(|known| known.code == word)
        }
    }
}

fn entry_fault(entries_are: ListedKind, is: Decimal) -> Option<(&'static str, String)> {
    match entries_are {
        ListedKind::Numbers => number_fault(is),
        ListedKind::Amounts if decimals(is) > 2 => {
            Some(("too_precise", "an amount has at most two decimals".to_owned()))
        }
        ListedKind::Amounts => {
            let most = Amount::from_minor(AMOUNT_MINOR_MAX).decimal();
            let fits = (Decimal::ZERO..=most).contains(&is);
            (!fits).then(|| ("out_of_range", format!("an amount lies between 0 and {most}")))
        }
    }
}

/// Some words, and how many more.
fn some_of(words: &BTreeSet<&str>) -> String {
    let named = words.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
    match words.len().saturating_sub(NAMED_MAX) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
