//! Evaluation of a value rule: pure, exact, deterministic, and total for facts that were checked.
//!
//! It notes the turns it takes, and nothing more: what they come to in words is for `explain`, for whoever wants to know.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rust_decimal::Decimal;
use thiserror::Error;

use super::fact_terms::{FactTerms, GROSS_INCOME, Given, HOUSEHOLD_SIZE, INDIVIDUAL_VALUE, UnfitFact};
use super::facts::{FactValue, Facts};
use super::time_bands::{DayKind, TimeBands, TimeOfDay};
use super::value_rule::{Case, ListedEntry, ValueRule};
use crate::money::{AMOUNT_MINOR_MAX, Amount};
use crate::time::Day;

mod figures;

/// What a rule is evaluated on.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The facts of the client, and of the service where there is one.
    pub facts: &'a Facts,
    /// The provider's price per unit, where it is known.
    pub price: Option<Amount>,
    /// When the service is given, where it is known.
    pub at: Option<At>,
}

impl<'a> Occasion<'a> {
    /// Facts alone: what a voucher is worth before there is a service.
    pub const fn of(facts: &'a Facts) -> Self {
        Self { facts, price: None, at: None }
    }
}

/// When a service is given, where the organiser is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// The day.
    pub day: Day,
    /// The time of day, where it is known.
    pub time: Option<TimeOfDay>,
}

/// What a rule came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An amount per unit.
    Value(Amount),
    /// No voucher, with the rule's reason code.
    NotEligible(String),
}

/// An outcome and the turns by which it was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation<'r> {
    /// What the rule came to.
    pub outcome: Outcome,
    pub(super) root: &'r ValueRule,
    pub(super) terms: FactTerms<'r>,
    pub(super) trail: Vec<Taken<'r>>,
}

/// A turn that was taken at a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken<'r> {
    /// The block.
    pub(super) rule: &'r ValueRule,
    /// What was done there.
    pub(super) turn: Turn,
    /// Whether facts of the client had a part in it, or in the way that led to it.
    pub(super) personal: bool,
}

/// What was done at a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    /// The same for everyone.
    Flat(Amount),
    /// A fact was read.
    FactRead(Decimal),
    /// A fact was not given; what the rule says of that follows.
    FactMissing,
    /// The price was taken, or the most that is paid of one.
    Price { price: Option<Amount>, taken: Amount },
    /// Income was not given: the minimum.
    IncomeMissing,
    /// Income was taken into account.
    Reduced {
        income: Decimal,
        persons: u32,
        limit: Amount,
        percent: Decimal,
        highest: Amount,
        value: Amount,
        at_minimum: bool,
    },
    /// A band was found; `None` above the last.
    Band { number: Decimal, band: Option<usize> },
    /// A case was found.
    Case { found: Found },
    /// Entries of a list were found, one for each code given.
    Listed { entries: Vec<usize>, total: Decimal },
    /// A time band was found; `None` at other times.
    TimeBand { kind: DayKind, at: At, band: Option<usize> },
    /// The time is not known.
    TimeMissing,
    /// Several were added, multiplied or compared, or some taken off the first.
    Combined { parts: Vec<Decimal>, result: Decimal },
    /// Kept within limits.
    Clamped { before: Decimal, after: Decimal },
    /// Rounded.
    Rounded { before: Decimal, after: Decimal },
    /// Set in the decision.
    Individual(Decimal),
    /// What was named came to this.
    Named(Decimal),
    /// No voucher.
    NotEligible,
}

/// Which case was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// The case, and its word that was given.
    Case { case: usize, word: usize },
    /// The rule for all other words, of which this was given.
    Otherwise(Box<str>),
}

/// Why a rule cannot be evaluated on what was given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvaluateError {
    /// A fact does not fit.
    #[error(transparent)]
    Unfit(#[from] UnfitFact),
    /// Figures beyond the range of money.
    #[error("the figures of this rule and these facts are too large")]
    Overflow,
}

impl EvaluateError {
    /// The fact to blame, if it is one.
    pub fn fact(&self) -> Option<&str> {
        match self {
            Self::Unfit(unfit) => Some(unfit.name()),
            Self::Overflow => None,
        }
    }
}

/// So many turns have room without another allocation.
const TURNS_USUAL: usize = 8;

/// Evaluates a rule. Facts that it does not read are ignored: [`FactTerms::check`] refuses them where they come in.
///
/// # Errors
/// A fact does not fit the rule, or the figures overflow.
pub fn evaluate<'r>(
    rule: &'r ValueRule,
    terms: FactTerms<'r>,
    occasion: &Occasion<'_>,
) -> Result<Evaluation<'r>, EvaluateError> {
    let mut walk = Walk { terms, occasion, led_by_personal: false, trail: Vec::with_capacity(TURNS_USUAL) };
    let outcome = match walk.number(rule)? {
        Got::Number { number, .. } => {
            let amount = Amount::rounded(number).filter(|amount| (0..=AMOUNT_MINOR_MAX).contains(&amount.minor()));
            Outcome::Value(amount.ok_or(EvaluateError::Overflow)?)
        }
        Got::NotEligible(reason) => Outcome::NotEligible(reason.to_owned()),
    };
    Ok(Evaluation { outcome, root: rule, terms, trail: walk.trail })
}

impl Evaluation<'_> {
    /// The amount, where there is one.
    pub fn value(&self) -> Option<Amount> {
        match &self.outcome {
            Outcome::Value(value) => Some(*value),
            Outcome::NotEligible(_) => None,
        }
    }

    /// The item of the price list that the time of the service is paid for as, if the rule names one.
    pub fn item(&self) -> Option<&str> {
        self.trail.iter().rev().find_map(|taken| {
            if let (Turn::TimeBand { band: Some(band), .. }, ValueRule::TimeBands(bands)) = (&taken.turn, taken.rule) {
                bands.bands.get(*band).and_then(|band| band.item.as_deref())
            } else {
                None
            }
        })
    }
}

/// The names of the facts that a rule asks for, in any of its branches.
pub fn facts_asked_for(rule: &ValueRule) -> BTreeSet<&str> {
    rule.all().flat_map(asked_for_by).collect()
}

/// The facts that a block itself reads.
fn asked_for_by(rule: &ValueRule) -> impl Iterator<Item = &str> {
    let (one, other): (Option<&str>, Option<&str>) = match rule {
        ValueRule::Fact { name, .. } => (Some(name), None),
        ValueRule::Bands { fact, .. } | ValueRule::Cases { fact, .. } | ValueRule::Listed { fact, .. } => {
            (Some(fact), None)
        }
        ValueRule::IncomeReduction(_) => (Some(GROSS_INCOME), Some(HOUSEHOLD_SIZE)),
        ValueRule::Individual { .. } => (Some(INDIVIDUAL_VALUE), None),
        ValueRule::Flat { .. }
        | ValueRule::Number { .. }
        | ValueRule::Price { .. }
        | ValueRule::TimeBands(_)
        | ValueRule::Sum { .. }
        | ValueRule::Difference { .. }
        | ValueRule::Product { .. }
        | ValueRule::Least { .. }
        | ValueRule::Greatest { .. }
        | ValueRule::Clamp { .. }
        | ValueRule::Round { .. }
        | ValueRule::Named { .. }
        | ValueRule::NotEligible { .. } => (None, None),
    };
    one.into_iter().chain(other)
}

/// What a block came to.
#[derive(Clone, Copy)]
enum Got<'r> {
    Number { number: Decimal, personal: bool },
    NotEligible(&'r str),
}

struct Walk<'r, 'o> {
    terms: FactTerms<'r>,
    occasion: &'o Occasion<'o>,
    /// Whether a fact of the client decided that this block is walked at all. Then even which block it is would tell.
    led_by_personal: bool,
    trail: Vec<Taken<'r>>,
}

impl<'r> Walk<'r, '_> {
    fn note(&mut self, rule: &'r ValueRule, turn: Turn, personal: bool) {
        self.trail.push(Taken { rule, turn, personal: personal || self.led_by_personal });
    }

    /// Notes a turn that yields a number.
    fn yields(&mut self, rule: &'r ValueRule, turn: Turn, number: Decimal, personal: bool) -> Got<'r> {
        self.note(rule, turn, personal);
        Got::Number { number, personal }
    }

    /// Goes on to another rule; what led there was personal or was not.
    fn on(&mut self, rule: &'r ValueRule, led_by_personal: bool) -> Result<Got<'r>, EvaluateError> {
        let before = self.led_by_personal;
        self.led_by_personal |= led_by_personal;
        let got = self.number(rule)?;
        self.led_by_personal = before;
        Ok(match got {
            Got::Number { number, personal } => Got::Number { number, personal: personal || led_by_personal },
            Got::NotEligible(_) => got,
        })
    }

    fn number(&mut self, rule: &'r ValueRule) -> Result<Got<'r>, EvaluateError> {
        match rule {
            ValueRule::Flat { value } => Ok(self.yields(rule, Turn::Flat(*value), value.decimal(), false)),
            ValueRule::Number { is, over } => {
                let number = over.map_or(Some(*is), |over| is.checked_div(over)).ok_or(EvaluateError::Overflow)?;
                Ok(Got::Number { number, personal: false })
            }
            ValueRule::Price { at_most } => {
                let price = self.occasion.price;
                let taken = price.map_or(*at_most, |price| price.min(*at_most));
                Ok(self.yields(rule, Turn::Price { price, taken }, taken.decimal(), false))
            }
            ValueRule::IncomeReduction(reduction) => {
                let (turn, value) = figures::reduce(reduction, self.occasion.facts)?;
                Ok(self.yields(rule, turn, value.decimal(), true))
            }
            ValueRule::TimeBands(bands) => self.by_time(rule, bands),
            ValueRule::Fact { name, missing } => self.by_fact(rule, name, missing, |walk, value, personal| {
                let number = number_of(name, value)?;
                Ok(walk.yields(rule, Turn::FactRead(number), number, personal))
            }),
            ValueRule::Individual { minimum, maximum, missing } => {
                self.by_fact(rule, INDIVIDUAL_VALUE, missing, |walk, value, personal| {
                    let number = number_of(INDIVIDUAL_VALUE, value)?;
                    let (minimum, maximum) = (minimum.decimal(), maximum.decimal());
                    if number < minimum || number > maximum {
                        let name = INDIVIDUAL_VALUE.to_owned();
                        return Err(UnfitFact::OutOfRange { name, minimum, maximum }.into());
                    }
                    Ok(walk.yields(rule, Turn::Individual(number), number, personal))
                })
            }
            ValueRule::Bands { fact, bands, above, missing } => {
                self.by_fact(rule, fact, missing, |walk, value, personal| {
                    let number = number_of(fact, value)?;
                    let place = bands.iter().position(|band| band.reaches(number));
                    walk.note(rule, Turn::Band { number, band: place }, personal);
                    let then = place.and_then(|place| bands.get(place)).map_or(above.as_ref(), |band| &band.then);
                    walk.on(then, personal)
                })
            }
            ValueRule::Cases { fact, cases, otherwise, missing } => {
                self.by_fact(rule, fact, missing, |walk, value, personal| {
                    let (found, then) = case_of(fact, value, cases, otherwise.as_deref())?;
                    walk.note(rule, Turn::Case { found }, personal);
                    walk.on(then, personal)
                })
            }
            ValueRule::Listed { fact, entries, missing, .. } => {
                self.by_fact(rule, fact, missing, |walk, value, personal| {
                    let (entries, total) = listed(fact, value, entries)?;
                    Ok(walk.yields(rule, Turn::Listed { entries, total }, total, personal))
                })
            }
            ValueRule::Sum { of } => self.combine(rule, None, of, figures::sum),
            ValueRule::Product { of } => self.combine(rule, None, of, figures::product),
            ValueRule::Least { of } => self.combine(rule, None, of, figures::least),
            ValueRule::Greatest { of } => self.combine(rule, None, of, figures::greatest),
            ValueRule::Difference { of, less } => self.combine(rule, Some(of), less, figures::difference),
            ValueRule::Clamp { of, minimum, maximum } => self.shape(rule, of, |number| {
                let raised = minimum.map_or(number, |minimum| number.max(minimum.decimal()));
                let after = maximum.map_or(raised, |maximum| raised.min(maximum.decimal()));
                Some((Turn::Clamped { before: number, after }, after))
            }),
            ValueRule::Round { of, to, how } => self.shape(rule, of, |number| {
                let after = figures::round(number, to.decimal(), *how)?;
                Some((Turn::Rounded { before: number, after }, after))
            }),
            ValueRule::Named { of, .. } => self.shape(rule, of, |number| Some((Turn::Named(number), number))),
            ValueRule::NotEligible { reason, .. } => {
                self.note(rule, Turn::NotEligible, false);
                Ok(Got::NotEligible(reason))
            }
        }
    }

    /// Does something to what another rule yields.
    fn shape(
        &mut self,
        rule: &'r ValueRule,
        of: &'r ValueRule,
        done: impl FnOnce(Decimal) -> Option<(Turn, Decimal)>,
    ) -> Result<Got<'r>, EvaluateError> {
        match self.number(of)? {
            Got::Number { number, personal } => {
                let (turn, after) = done(number).ok_or(EvaluateError::Overflow)?;
                Ok(self.yields(rule, turn, after, personal))
            }
            got @ Got::NotEligible(_) => Ok(got),
        }
    }

    fn combine(
        &mut self,
        rule: &'r ValueRule,
        first: Option<&'r ValueRule>,
        others: &'r [ValueRule],
        figure: fn(&[ValueRule], &[Decimal]) -> Option<Decimal>,
    ) -> Result<Got<'r>, EvaluateError> {
        let mut parts = Vec::with_capacity(others.len() + 1);
        let mut personal = false;
        for part in first.into_iter().chain(others) {
            match self.number(part)? {
                Got::Number { number, personal: is_personal } => {
                    parts.push(number);
                    personal |= is_personal;
                }
                got @ Got::NotEligible(_) => return Ok(got),
            }
        }
        let result = figure(others, &parts).ok_or(EvaluateError::Overflow)?;
        Ok(self.yields(rule, Turn::Combined { parts, result }, result, personal))
    }

    /// A block that a fact decides: what it does with the fact, or what holds when it is not given.
    fn by_fact(
        &mut self,
        rule: &'r ValueRule,
        name: &str,
        missing: &'r ValueRule,
        given: impl FnOnce(&mut Self, &FactValue, bool) -> Result<Got<'r>, EvaluateError>,
    ) -> Result<Got<'r>, EvaluateError> {
        let personal = self.terms.find(name).is_none_or(|term| term.given == Given::WithRequest);
        let occasion = self.occasion;
        match occasion.facts.get(name) {
            Some(value) => given(self, value, personal),
            None => {
                // That a decision sets no amount of its own says nothing about the client.
                let personal = personal && name != INDIVIDUAL_VALUE;
                self.note(rule, Turn::FactMissing, personal);
                self.on(missing, personal)
            }
        }
    }

    fn by_time(&mut self, rule: &'r ValueRule, bands: &'r TimeBands) -> Result<Got<'r>, EvaluateError> {
        let Some(at) = self.occasion.at.filter(|at| at.time.is_some() || !bands.needs_time()) else {
            self.note(rule, Turn::TimeMissing, false);
            return self.number(&bands.missing);
        };
        let (kind, band) = bands.band_at(at);
        self.note(rule, Turn::TimeBand { kind, at, band }, false);
        let then = band.and_then(|band| bands.bands.get(band)).map(|band| &band.then);
        // A rule that was checked has no gap between its bands.
        self.number(then.or(bands.otherwise.as_deref()).unwrap_or(&bands.missing))
    }
}

fn case_of<'r>(
    name: &str,
    value: &FactValue,
    cases: &'r [Case],
    otherwise: Option<&'r ValueRule>,
) -> Result<(Found, &'r ValueRule), UnfitFact> {
    let given = value.word().ok_or_else(|| UnfitFact::WrongKind { name: name.to_owned(), wanted: "a word" })?;
    let found = cases.iter().enumerate().find_map(|(place, case)| {
        case.is.iter().position(|word| *word == given).map(|word| (Found::Case { case: place, word }, &case.then))
    });
    match (found, otherwise) {
        (Some(found), _) => Ok(found),
        (None, Some(otherwise)) => Ok((Found::Otherwise(given.into()), otherwise)),
        (None, None) => Err(UnfitFact::UnknownWord { name: name.to_owned(), word: given.into_owned() }),
    }
}

/// The places of the entries for each code that was given, and their sum.
fn listed(name: &str, value: &FactValue, entries: &[ListedEntry]) -> Result<(Vec<usize>, Decimal), EvaluateError> {
    let one;
    let codes: &[String] = match value {
        FactValue::Words(codes) => codes,
        FactValue::Word(_) | FactValue::Number(_) => {
            one = value.word().map(Cow::into_owned);
            one.as_slice()
        }
        FactValue::Flag(_) => {
            return Err(UnfitFact::WrongKind { name: name.to_owned(), wanted: "a list of words" }.into());
        }
    };
    let mut places = Vec::with_capacity(codes.len());
    let mut total = Decimal::ZERO;
    for code in codes {
        let found = entries.iter().enumerate().find(|(_, entry)| entry.code == *code);
        let unknown = || UnfitFact::UnknownWord { name: name.to_owned(), word: code.clone() };
        let (place, entry) = found.ok_or_else(unknown)?;
        places.push(place);
        total = total.checked_add(entry.is).ok_or(EvaluateError::Overflow)?;
    }
    Ok((places, total))
}

fn number_of(name: &str, value: &FactValue) -> Result<Decimal, UnfitFact> {
    match value {
        FactValue::Number(number) => Ok(*number),
        FactValue::Flag(_) | FactValue::Word(_) | FactValue::Words(_) => {
            Err(UnfitFact::WrongKind { name: name.to_owned(), wanted: "a number" })
        }
    }
}

#[cfg(test)]
mod tests;
