//! The walk over the blocks of a rule, and the blocks that no fact decides.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::super::fact_terms::FactTerms;
use super::super::value_rule::ValueRule;
use super::worth::{Kind, Part, Worth, first, largest, least, product, sum};
use super::{DEPTH_MAX, Fault, check_length, check_line, check_source, number_fault, reduction};
use crate::money::Amount;
use crate::written::is_code;

/// Most blocks that are added up, multiplied or compared.
const PARTS_MAX: usize = 50;
/// No figure on the way may be larger: far above all money, and far below what could not be reckoned.
const FIGURE_MAX: u64 = 1_000_000_000_000_000;

/// Where a block stands.
pub(super) struct Place {
    pub(super) pointer: String,
    depth: usize,
}

impl Place {
    /// Of the outermost block.
    pub(super) fn root(pointer: &str) -> Self {
        Self { pointer: pointer.to_owned(), depth: 1 }
    }

    /// The pointer of something of this block.
    pub(super) fn at(&self, below: &str) -> String {
        format!("{}{below}", self.pointer)
    }

    /// The place of a block within this one.
    pub(super) fn inner(&self, below: &str) -> Self {
        Self { pointer: self.at(below), depth: self.depth + 1 }
    }
}

/// What a fact can still be at some place of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Possible<'r> {
    /// Not given.
    Missing,
    /// A number from the first to the second.
    Between(Decimal, Decimal),
    /// One of these.
    OneOf(BTreeSet<&'r str>),
}

/// The walk: what is known of the facts, what is wrong so far, and what the tables around the present block leave of the
/// facts they ask for.
pub(super) struct Checker<'r> {
    pub(super) terms: FactTerms<'r>,
    pub(super) faults: Vec<Fault>,
    pub(super) around: Vec<(&'r str, Possible<'r>)>,
}

impl<'r> Checker<'r> {
    /// Before the first block.
    pub(super) fn new(terms: FactTerms<'r>) -> Self {
        Self { terms, faults: Vec::new(), around: Vec::new() }
    }

    pub(super) fn fault(&mut self, pointer: impl Into<String>, code: &'static str, why: impl Into<String>) {
        self.faults.push(Fault::new(pointer, code, why));
    }

    /// Checks a block and all within it, and says what it comes to.
    pub(super) fn block(&mut self, rule: &'r ValueRule, place: &Place) -> Worth {
        if place.depth > DEPTH_MAX {
            self.fault(&place.pointer, "too_deep", format!("blocks nest at most {DEPTH_MAX} deep"));
            return Worth::NOTHING;
        }
        let worth = match rule {
            ValueRule::Flat { value } => Worth::money(value.decimal()),
            ValueRule::Price { at_most } => Worth::money(at_most.decimal()),
            ValueRule::Number { is, over } => self.number(*is, *over, place),
            ValueRule::IncomeReduction(of) => {
                reduction::check(of, &place.at("/income_reduction"), &mut self.faults);
                Worth::money(reduction::most(of))
            }
            ValueRule::Fact { name, missing } => self.fact(name, missing, place),
            ValueRule::Bands { fact, bands, above, missing } => self.bands(fact, bands, above, missing, place),
            ValueRule::Cases { fact, cases, otherwise, missing } => {
                self.cases(fact, cases, otherwise.as_deref(), missing, place)
            }
            ValueRule::Listed { fact, entries_are, entries, missing } => {
                self.listed(fact, *entries_are, entries, missing, place)
            }
            ValueRule::TimeBands(bands) => {
                self.time_bands(bands, &place.at("/time_bands"));
                let parts = self.parts(rule, place);
                Worth { kind: self.agree(None, &parts, place), most: largest(&parts) }
            }
            ValueRule::Sum { of } => self.combined(rule, ("/sum/of", of.len()), sum, place),
            ValueRule::Difference { less, .. } => self.combined(rule, ("/difference/less", less.len()), first, place),
            ValueRule::Product { of } => self.product(rule, of.len(), place),
            ValueRule::Least { of } => self.combined(rule, ("/least/of", of.len()), least, place),
            ValueRule::Greatest { of } => {
                self.combined(rule, ("/greatest/of", of.len()), |parts| Some(largest(parts)), place)
            }
            ValueRule::Clamp { minimum, maximum, .. } => self.clamp(rule, *minimum, *maximum, place),
            ValueRule::Round { to, .. } => self.round(rule, *to, place),
            ValueRule::Individual { minimum, maximum, .. } => self.individual(rule, *minimum, *maximum, place),
            ValueRule::Named { text, source, .. } => {
                check_line(text, &place.at("/named/text"), &mut self.faults);
                if let Some(source) = source {
                    check_source(source, &place.at("/named/source"), &mut self.faults);
                }
                self.parts(rule, place).first().map_or(Worth::NOTHING, |part| part.worth)
            }
            ValueRule::NotEligible { reason, text } => {
                if !is_code(reason) {
                    let why = "a reason's code is small letters, digits and underscores, at most 64";
                    self.fault(place.at("/not_eligible/reason"), "bad_name", why);
                }
                if let Some(text) = text {
                    check_line(text, &place.at("/not_eligible/text"), &mut self.faults);
                }
                Worth::NOTHING
            }
        };
        self.bounded(worth, place)
    }

    /// Refuses figures that could become too large to be reckoned with.
    fn bounded(&mut self, worth: Worth, place: &Place) -> Worth {
        if worth.most <= Decimal::from(FIGURE_MAX) {
            return worth;
        }
        self.fault(
            &place.pointer,
            "too_large",
            "the figures could become too large here: give the facts a maximum, or keep the parts within limits",
        );
        Worth { most: Decimal::ZERO, ..worth }
    }

    /// Checks the blocks directly within one.
    fn parts(&mut self, rule: &'r ValueRule, place: &Place) -> Vec<Part<'r>> {
        let children = rule.children();
        children.into_iter().map(|(below, child)| self.part(below.to_string(), child, place)).collect()
    }

    /// Checks a block directly within another.
    pub(super) fn part(&mut self, below: String, rule: &'r ValueRule, place: &Place) -> Part<'r> {
        let worth = self.block(rule, &place.inner(&below));
        Part { below, rule, worth }
    }

    /// The one kind of all parts. What is not of the first one's kind, or of the kind that is `wanted`, is a fault.
    pub(super) fn agree(&mut self, wanted: Option<Kind>, parts: &[Part<'r>], place: &Place) -> Option<Kind> {
        let mut common = wanted;
        for part in parts {
            let Some(kind) = part.worth.kind else { continue };
            match common {
                Some(common) if common != kind => {
                    let why = format!("{} is wanted here, and this comes to {}", common.words(), kind.words());
                    self.fault(place.at(&part.below), "mixed_kinds", why);
                }
                Some(_) => {}
                None => common = Some(kind),
            }
        }
        common
    }

    fn number(&mut self, is: Decimal, over: Option<Decimal>, place: &Place) -> Worth {
        let figures = [("/number/is", Some(is)), ("/number/over", over)];
        for (below, figure) in figures {
            if let Some((code, why)) = figure.and_then(number_fault) {
                self.fault(place.at(below), code, why);
            }
        }
        if over == Some(Decimal::ZERO) {
            self.fault(place.at("/number/over"), "out_of_range", "nothing can be divided by zero");
        }
        Worth::number(is.checked_div(over.unwrap_or(Decimal::ONE)).unwrap_or(Decimal::ZERO))
    }

    /// Several of one kind. `most` says how much they come to at most; `None` where that overflows.
    fn combined(
        &mut self,
        rule: &'r ValueRule,
        (below, length): (&str, usize),
        most: impl Fn(&[Part<'r>]) -> Option<Decimal>,
        place: &Place,
    ) -> Worth {
        check_length(length, 1..=PARTS_MAX, &place.at(below), &mut self.faults);
        let parts = self.parts(rule, place);
        Worth { kind: self.agree(None, &parts, place), most: most(&parts).unwrap_or(Decimal::MAX) }
    }

    /// Plain numbers, and one amount of money among them or none: money times money is nothing that can be paid.
    fn product(&mut self, rule: &'r ValueRule, length: usize, place: &Place) -> Worth {
        check_length(length, 1..=PARTS_MAX, &place.at("/product/of"), &mut self.faults);
        let parts = self.parts(rule, place);
        let mut kind = None;
        for part in &parts {
            if (kind, part.worth.kind) == (Some(Kind::Money), Some(Kind::Money)) {
                self.fault(place.at(&part.below), "mixed_kinds", "at most one factor is an amount of money");
            }
            kind = if kind == Some(Kind::Money) { kind } else { part.worth.kind.or(kind) };
        }
        Worth { kind, most: product(&parts).unwrap_or(Decimal::MAX) }
    }

    fn clamp(&mut self, rule: &'r ValueRule, minimum: Option<Amount>, maximum: Option<Amount>, place: &Place) -> Worth {
        match (minimum, maximum) {
            (None, None) => {
                self.fault(place.at("/clamp"), "no_limits", "a minimum, a maximum or both are given");
            }
            (Some(minimum), Some(maximum)) if minimum > maximum => {
                self.fault(place.at("/clamp/minimum"), "minimum_above_maximum", "the minimum is above the maximum");
            }
            (Some(_), _) | (_, Some(_)) => {}
        }
        let parts = self.parts(rule, place);
        let kind = self.agree(Some(Kind::Money), &parts, place);
        let raised = largest(&parts).max(minimum.unwrap_or_default().decimal());
        Worth { kind, most: maximum.map_or(raised, |maximum| raised.min(maximum.decimal())) }
    }

    fn round(&mut self, rule: &'r ValueRule, to: Amount, place: &Place) -> Worth {
        if to <= Amount::ZERO {
            self.fault(place.at("/round/to"), "out_of_range", "the step is above zero");
        }
        let parts = self.parts(rule, place);
        let kind = self.agree(Some(Kind::Money), &parts, place);
        Worth { kind, most: largest(&parts).saturating_add(to.decimal()) }
    }

    fn individual(&mut self, rule: &'r ValueRule, minimum: Amount, maximum: Amount, place: &Place) -> Worth {
        if minimum > maximum {
            self.fault(place.at("/individual/minimum"), "minimum_above_maximum", "the minimum is above the maximum");
        }
        let parts = self.parts(rule, place);
        let kind = self.agree(Some(Kind::Money), &parts, place);
        Worth { kind, most: largest(&parts).max(maximum.decimal()) }
    }
}
