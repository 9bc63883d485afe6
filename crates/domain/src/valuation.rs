//! What a unit of service is worth under a rulebook: by which version, on which facts, at which price and time.

mod lowest;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::explain::Step;
use crate::id::{Id, kind};
use crate::money::Amount;
use crate::quantity::Unit;
use crate::rulebook::{IssuedVouchers, RulebookTerms};
use crate::rules::{
    At, EvaluateError, Evaluation, FactValue, Facts, Given, ITEM, Occasion, Outcome, TimeBands, ValueRule, evaluate,
    facts_asked_for,
};
use crate::time::{Day, Timeline};
use crate::voucher::{RaisedValue, Voucher, raised_on};

pub(crate) use lowest::{LowestValues, lowest_values};

/// A rulebook's adopted versions by the days on which they are in force.
pub type Versions = Timeline<(Id<kind::Rulebook>, Arc<RulebookTerms>)>;

/// What one unit is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worth {
    /// The voucher's value per unit.
    pub value: Amount,
    /// What the client pays per unit, where the organiser fixes it.
    pub co_payment: Option<Amount>,
}

impl Worth {
    /// A value, and a co-payment that follows from the price.
    pub const fn of(value: Amount) -> Self {
        Self { value, co_payment: None }
    }

    /// The same, where the client pays nothing that the organiser could fix.
    fn free(self) -> Self {
        Self { co_payment: self.co_payment.map(|_| Amount::ZERO), ..self }
    }
}

/// Why a unit's worth cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoWorth {
    /// The rule grants nothing.
    #[error("the rulebook grants no voucher: {0}")]
    NotEligible(String),
    /// The rule cannot be evaluated.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
}

/// What units are worth to one client: a version's rules, and the client's facts.
#[derive(Debug, Clone)]
pub struct Valuation<'a> {
    terms: &'a RulebookTerms,
    facts: Cow<'a, Facts>,
    quoted: Worth,
    evaluation: Option<Evaluation<'a>>,
    by_price: bool,
    by_service: bool,
    free: bool,
    raise: Option<RaisedValue>,
}

impl<'a> Valuation<'a> {
    /// By terms, on a client's facts.
    ///
    /// # Errors
    /// The rule grants nothing, or does not fit the facts.
    pub fn new(terms: &'a RulebookTerms, facts: &'a Facts) -> Result<Self, NoWorth> {
        let (quoted, evaluation) = worth(terms, &Occasion::of(facts))?;
        Ok(Self::quoting(terms, Cow::Borrowed(facts), quoted, Some(evaluation)))
    }

    /// By terms that a voucher was moved to, on the facts that it was issued on. What does not fit these terms any more
    /// counts as not given.
    ///
    /// # Errors
    /// The rule grants nothing, or the figures are too large.
    pub fn moved(terms: &'a RulebookTerms, facts: &'a Facts) -> Result<Self, NoWorth> {
        let asked_for: BTreeSet<&str> = rules_as_wholes(terms).flat_map(facts_asked_for).collect();
        let unfit = terms.fact_terms().check(facts, &asked_for, Some(Given::WithRequest));
        let mut facts = unfit.iter().fold(Cow::Borrowed(facts), |facts, unfit| without(facts, unfit.name()));
        loop {
            match worth(terms, &Occasion::of(&facts)) {
                // Within the bounds of the fact, and not within those of the block that reads it.
                Err(NoWorth::Evaluate(EvaluateError::Unfit(unfit))) if facts.get(unfit.name()).is_some() => {
                    facts = without(facts, unfit.name());
                }
                Ok((quoted, evaluation)) => return Ok(Self::quoting(terms, facts, quoted, Some(evaluation))),
                Err(none) => return Err(none),
            }
        }
    }

    /// Of a voucher on a day: by the version that it was issued under, or by a later one that moves issued vouchers.
    /// `None` where the versions lack its own.
    ///
    /// # Errors
    /// The version grants nothing, or does not fit the facts.
    pub fn of_voucher(voucher: &'a Voucher, versions: &'a Versions, day: Day) -> Result<Option<Self>, NoWorth> {
        let Some((id, terms)) = value_version(versions, voucher.rulebook, day) else { return Ok(None) };
        let is_own = *id == voucher.rulebook;
        if !is_own || terms.co_payment.is_some() {
            let valuation =
                if is_own { Self::new(terms, &voucher.facts)? } else { Self::moved(terms, &voucher.facts)? };
            let valuation = if voucher.free_of_charge { valuation.free() } else { valuation };
            return Ok(Some(valuation.raised(raised_on(&voucher.raises, day))));
        }
        let valuation = Self::quoting(terms, Cow::Borrowed(&voucher.facts), Worth::of(voucher.value), None);
        Ok(Some(valuation.raised(raised_on(&voucher.raises, day))))
    }

    /// With a value that a decision has raised, wherever the rules give less.
    #[must_use]
    pub fn raised(self, raise: Option<&RaisedValue>) -> Self {
        let raise = raise.copied();
        Self { quoted: with_raise(raise, self.quoted), raise, ..self }
    }

    /// What was granted free of charge by law stays so: a co-payment that a later version fixes is none.
    fn free(self) -> Self {
        Self { quoted: self.quoted.free(), free: true, ..self }
    }

    fn waived(&self, worth: Worth) -> Worth {
        with_raise(self.raise, if self.free { worth.free() } else { worth })
    }

    /// How a raised value is explained where it is what a unit is worth: none where the rules alone give as much, and
    /// nothing was raised.
    pub fn raise_step(&self, worth: Worth) -> Option<Step> {
        let raise = self.raise.as_ref()?;
        (raise.value >= worth.value).then(|| raise.step(worth.value))
    }

    fn quoting(
        terms: &'a RulebookTerms,
        facts: Cow<'a, Facts>,
        quoted: Worth,
        evaluation: Option<Evaluation<'a>>,
    ) -> Self {
        let by_service = depends_on_service(terms);
        let by_price = by_service && rules_of(terms).any(|rule| matches!(rule, ValueRule::Price { .. }));
        Self { terms, facts, quoted, evaluation, by_price, by_service, free: false, raise: None }
    }

    /// The terms it is by.
    pub fn terms(&self) -> &'a RulebookTerms {
        self.terms
    }

    /// What a unit is worth before there is a price or a service.
    pub fn quoted(&self) -> Worth {
        self.quoted
    }

    /// How that came about, where it was found just now and not when the voucher was issued.
    pub fn evaluation(&self) -> Option<&Evaluation<'a>> {
        self.evaluation.as_ref()
    }

    /// What a unit is worth at a price, before there is a service.
    ///
    /// # Errors
    /// The rule grants nothing at it.
    pub fn at_price(&self, price: Option<Amount>) -> Result<Worth, NoWorth> {
        if self.by_price && price.is_some() {
            Ok(self.waived(worth(self.terms, &Occasion { facts: &self.facts, price, at: None })?.0))
        } else {
            Ok(self.quoted)
        }
    }

    /// Whether what a unit is worth depends on its price.
    pub const fn depends_on_price(&self) -> bool {
        self.by_price
    }

    /// What a unit of a service is worth, and how that came about where it depends on the service.
    ///
    /// # Errors
    /// The rule grants nothing for it, or does not fit its facts.
    pub fn of_service(
        &self,
        facts: &Facts,
        price: Option<Amount>,
        at: At,
    ) -> Result<(Worth, Option<Evaluation<'a>>), NoWorth> {
        if !self.by_service {
            return Ok((self.quoted, None));
        }
        let (worth, evaluation) = worth(self.terms, &Occasion { facts: &self.facts.with(facts), price, at: Some(at) })?;
        Ok((self.waived(worth), Some(evaluation)))
    }

    /// Whether the start and end of a service matter: where the time of day does, and for hours also where the day does,
    /// since they may run into the next.
    pub fn needs_span(&self, unit: Unit) -> bool {
        time_bands_of(self.terms).any(|bands| unit == Unit::Hour || bands.needs_time())
    }

    /// The rules that it goes by.
    pub fn rules(&self) -> impl Iterator<Item = &'a ValueRule> {
        rules_as_wholes(self.terms)
    }

    /// The items of the price list that times of a service are paid for as.
    pub fn items_by_time(&self) -> impl Iterator<Item = &'a str> {
        time_bands_of(self.terms).flat_map(|bands| &bands.bands).filter_map(|band| band.item.as_deref())
    }
}

fn with_raise(raise: Option<RaisedValue>, worth: Worth) -> Worth {
    raise.map_or(worth, |raise| raise.on_top_of(worth))
}

/// The version whose rule values a service of a day: the voucher's own, or the last one after it that moves issued
/// vouchers. `None` where the versions lack the voucher's own.
pub fn value_version(
    versions: &Versions,
    granted: Id<kind::Rulebook>,
    day: Day,
) -> Option<&(Id<kind::Rulebook>, Arc<RulebookTerms>)> {
    let since = versions.entries().iter().skip_while(|(_, (id, _))| *id != granted);
    let mut since = since.filter(|(period, _)| period.from() <= day).map(|(_, version)| version);
    let own = since
        .next()
        .or_else(|| versions.entries().iter().map(|(_, version)| version).find(|(id, _)| *id == granted))?;
    Some(since.filter(|(_, terms)| terms.issued_vouchers == IssuedVouchers::Move).last().unwrap_or(own))
}

fn worth<'a>(terms: &'a RulebookTerms, occasion: &Occasion<'_>) -> Result<(Worth, Evaluation<'a>), NoWorth> {
    let evaluation = evaluate(&terms.value, terms.fact_terms(), occasion)?;
    let value = match &evaluation.outcome {
        Outcome::Value(value) => *value,
        Outcome::NotEligible(reason) => return Err(NoWorth::NotEligible(reason.clone())),
    };
    let co_payment = match &terms.co_payment {
        Some(rule) => evaluate(rule, terms.fact_terms(), occasion)?.value(),
        None => None,
    };
    Ok((Worth { value, co_payment }, evaluation))
}

/// Facts without one of them.
fn without<'a>(facts: Cow<'a, Facts>, name: &str) -> Cow<'a, Facts> {
    let others = facts.iter().map(|(other, _)| other.as_str()).filter(|other| *other != name).collect();
    Cow::Owned(facts.only(&others))
}

/// The rules of value and co-payment.
fn rules_as_wholes(terms: &RulebookTerms) -> impl Iterator<Item = &ValueRule> {
    [Some(&terms.value), terms.co_payment.as_ref()].into_iter().flatten()
}

fn rules_of(terms: &RulebookTerms) -> impl Iterator<Item = &ValueRule> {
    terms.value.all().chain(terms.co_payment.iter().flat_map(ValueRule::all))
}

fn time_bands_of(terms: &RulebookTerms) -> impl Iterator<Item = &TimeBands> {
    rules_of(terms).filter_map(|rule| if let ValueRule::TimeBands(bands) = rule { Some(bands) } else { None })
}

/// Whether what a unit is worth depends on the service: its time, its price, or facts that are given with it.
pub fn depends_on_service(terms: &RulebookTerms) -> bool {
    let with_service = |name: &&str| terms.fact_terms().find(name).is_some_and(|term| term.given == Given::WithService);
    let asked_for = [Some(&terms.value), terms.co_payment.as_ref()].into_iter().flatten().flat_map(facts_asked_for);
    asked_for.into_iter().any(|name| with_service(&name))
        || rules_of(terms).any(|rule| matches!(rule, ValueRule::TimeBands(_) | ValueRule::Price { .. }))
}

/// The client fee of the corresponding public service for a client, per unit (569/2009 § 6): by the rule for it where
/// there is one that these facts are enough for, else the typical one.
pub fn public_client_fee(terms: &RulebookTerms, facts: &Facts) -> Amount {
    let by_rule = terms.public_service.client_fee_rule.as_ref().and_then(|rule| {
        let evaluation = evaluate(rule, terms.fact_terms(), &Occasion::of(facts)).ok()?;
        evaluation.value()
    });
    by_rule.unwrap_or(terms.public_service.client_fee)
}

/// The fixed co-payment of an item without any fact of the client.
pub(crate) fn fixed_co_payment_of_item(terms: &RulebookTerms, item: Option<&str>) -> Option<Amount> {
    let rule = terms.co_payment.as_ref()?;
    let facts = Facts::new(item.map(|item| (ITEM.to_owned(), FactValue::Word(item.to_owned()))));
    evaluate(rule, terms.fact_terms(), &Occasion::of(&facts)).ok()?.value()
}

#[cfg(test)]
mod tests;
