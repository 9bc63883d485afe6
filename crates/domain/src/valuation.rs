//! What a unit of service is worth under a rulebook: by which version, on which facts, at which price and time.

use crate::id::{Id, kind};
use crate::money::Amount;
use crate::rulebook::{IssuedVouchers, RulebookTerms};
use crate::rules::{
    At, DayKind, EvaluateError, Evaluation, Facts, Given, Occasion, Outcome, TimeBands, TimeOfDay, ValueRule, evaluate,
    facts_asked_for,
};
use crate::time::{Day, Timeline};
use crate::voucher::Voucher;

/// A rulebook's adopted versions by the days on which they are in force.
pub type Versions = Timeline<(Id<kind::Rulebook>, RulebookTerms)>;

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
    facts: &'a Facts,
    quoted: Worth,
    evaluation: Option<Evaluation<'a>>,
    by_price: bool,
    by_service: bool,
}

impl<'a> Valuation<'a> {
    /// By terms, on a client's facts.
    ///
    /// # Errors
    /// The rule grants nothing, or does not fit the facts.
    pub fn new(terms: &'a RulebookTerms, facts: &'a Facts) -> Result<Self, NoWorth> {
        let (quoted, evaluation) = worth(terms, &Occasion::of(facts))?;
        Ok(Self::quoting(terms, facts, quoted, Some(evaluation)))
    }

    /// Of a voucher on a day: by the version that it was issued under, or by a later one that moves issued vouchers.
    /// `None` where the versions lack its own.
    ///
    /// # Errors
    /// A version that it was moved to grants nothing, or does not fit the facts.
    pub fn of_voucher(voucher: &'a Voucher, versions: &'a Versions, day: Day) -> Result<Option<Self>, NoWorth> {
        let Some((id, terms)) = value_version(versions, voucher.rulebook, day) else { return Ok(None) };
        if *id != voucher.rulebook || terms.co_payment.is_some() {
            return Self::new(terms, &voucher.facts).map(Some);
        }
        Ok(Some(Self::quoting(terms, &voucher.facts, Worth::of(voucher.value), None)))
    }

    fn quoting(terms: &'a RulebookTerms, facts: &'a Facts, quoted: Worth, evaluation: Option<Evaluation<'a>>) -> Self {
        let by_service = depends_on_service(terms);
        let by_price = by_service && rules_of(terms).any(|rule| matches!(rule, ValueRule::Price { .. }));
        Self { terms, facts, quoted, evaluation, by_price, by_service }
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
            Ok(worth(self.terms, &Occasion { facts: self.facts, price, at: None })?.0)
        } else {
            Ok(self.quoted)
        }
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
        Ok((worth, Some(evaluation)))
    }

    /// Whether the time of day matters.
    pub fn needs_time(&self) -> bool {
        time_bands_of(self.terms).any(TimeBands::needs_time)
    }
}

/// The version whose rule values a service of a day: the voucher's own, or the last one after it that moves issued
/// vouchers. `None` where the versions lack the voucher's own.
pub fn value_version(
    versions: &Versions,
    granted: Id<kind::Rulebook>,
    day: Day,
) -> Option<&(Id<kind::Rulebook>, RulebookTerms)> {
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

/// The fixed co-payment, where it is the same for everyone.
pub(crate) fn fixed_co_payment_without_facts(terms: &RulebookTerms) -> Option<Amount> {
    let rule = terms.co_payment.as_ref()?;
    evaluate(rule, terms.fact_terms(), &Occasion::of(&Facts::default())).ok()?.value()
}

/// The least that a unit of an item is worth to anyone: over the times that are paid for as the item, or over those that
/// are paid for as none. `None` where the value depends on the client.
pub(crate) fn lowest_value_of_item(terms: &RulebookTerms, item: Option<&str>) -> Option<Amount> {
    let of_client = |name: &&str| terms.fact_terms().find(name).is_none_or(|term| term.given == Given::WithRequest);
    if facts_asked_for(&terms.value).iter().any(of_client) {
        return None;
    }
    let facts = Facts::default();
    let at = |at: Option<At>| {
        let occasion = Occasion { facts: &facts, price: None, at };
        evaluate(&terms.value, terms.fact_terms(), &occasion).ok()
    };
    let in_bands = time_bands_of(terms)
        .flat_map(times_in)
        .filter_map(|time| at(Some(time)))
        .filter(|evaluation| evaluation.item() == item)
        .filter_map(|evaluation| evaluation.value())
        .min();
    in_bands.or_else(|| at(None).and_then(|evaluation| evaluation.value()))
}

/// Times of which every band, and what lies between them, has at least one.
fn times_in(bands: &TimeBands) -> Vec<At> {
    let edges = bands.bands.iter().flat_map(|band| <[u16; 2]>::from(band.minutes())).chain([0]);
    let edges: Vec<TimeOfDay> =
        edges.filter(|minute| *minute < TimeOfDay::END.minute()).filter_map(TimeOfDay::from_minute).collect();
    let a_year = Day::ymd(2026, 1, 1).into_iter().flat_map(|first| (0..365).map(move |days| first.plus_days(days)));
    let mut seen: Vec<DayKind> = Vec::new();
    let mut times = Vec::new();
    for day in a_year {
        let kind = bands.kind_of(day);
        if !seen.contains(&kind) {
            seen.push(kind);
            times.extend(edges.iter().map(|time| At { day, time: Some(*time) }));
        }
    }
    times
}
