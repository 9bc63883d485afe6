//! What an evaluation's turns come to in words: the steps that are stored, returned and shown.
//!
//! Where a block stands in the rulebook and what its source is, is found here, so that evaluation itself stays fast.

use rust_decimal::Decimal;

use super::evaluate::{Evaluation, Outcome, Taken, Turn};
use super::fact_terms::{FactKind, FactTerms, GROSS_INCOME, HOUSEHOLD_SIZE, INDIVIDUAL_VALUE};
use super::value_rule::{Band, ListedKind, ValueRule};
use crate::explain::Step;
use crate::explain::numbers::{self, with_comma};
use crate::money::Amount;
use crate::text::Localized;

mod by_fact;
mod formulas;
mod reduction;
mod times;
mod wording;

use wording::{Subject, shown};

impl<'r> Evaluation<'r> {
    /// The steps, in the order they were taken, of a rule that stands at `pointer` of a rulebook's terms. Where the rule
    /// came to an amount, the last step's figure is that amount.
    pub fn steps(&self, pointer: &str) -> Vec<Step> {
        self.told_by(&Explainer::new(self, pointer), pointer)
    }

    /// The steps, and after them, where facts of the client had a part in any, what they all came to and not how. Those
    /// without facts of the client are fit for those who give the service; they are [`Self::steps_of_service`].
    pub fn steps_of_event(&self, pointer: &str) -> Vec<Step> {
        let explainer = Explainer::new(self, pointer);
        let mut steps = self.told_by(&explainer, pointer);
        match &self.outcome {
            Outcome::Value(amount) if steps.iter().any(|step| step.personal) => {
                steps.push(explainer.subject.came_to(pointer, *amount));
            }
            Outcome::NotEligible(_) if steps.last().is_some_and(|step| step.personal) => {
                steps.push(Step::new(pointer, "not_eligible", wording::no_voucher()));
            }
            Outcome::Value(_) | Outcome::NotEligible(_) => {}
        }
        steps
    }

    /// The steps that say nothing about the client, and what they all came to: for those who give the service and are
    /// not to know the client's facts. Left out is every step that read such a fact, and every step of a block that
    /// such a fact led to, because the block's place in the rulebook would tell the fact.
    pub fn steps_of_service(&self, pointer: &str) -> Vec<Step> {
        self.steps_of_event(pointer).into_iter().filter(|step| !step.personal).collect()
    }

    fn told_by(&self, explainer: &Explainer<'_, 'r>, pointer: &str) -> Vec<Step> {
        let mut steps: Vec<Step> = self.told().flat_map(|taken| explainer.steps_of(taken)).collect();
        if let Outcome::Value(amount) = &self.outcome {
            let is_last = |step: &Step| step.figure.as_deref() == Some(amount.to_string().as_str());
            if !steps.last().is_some_and(is_last) {
                let personal = steps.iter().any(|step| step.personal);
                steps.push(rounded_to_cent(pointer, *amount).of_client(personal));
            }
        }
        steps
    }
}

impl<'r> Evaluation<'r> {
    /// The turns that are told. What is the same for everyone and has a name of its own is told once, by that name.
    fn told(&self) -> impl Iterator<Item = &Taken<'r>> {
        self.trail.iter().enumerate().filter_map(|(i, taken)| {
            let next = self.trail.get(i + 1);
            let is_of = |next: &Taken<'_>| {
                if let ValueRule::Named { of, .. } = next.rule { std::ptr::eq(of.as_ref(), taken.rule) } else { false }
            };
            let named = next.is_some_and(is_of);
            (!(named && matches!(taken.turn, Turn::Flat(_)))).then_some(taken)
        })
    }
}

fn rounded_to_cent(pointer: &str, amount: Amount) -> Step {
    let local = with_comma(amount);
    let text = Localized::new(
        format!("Pyöristettynä sentin tarkkuuteen: {local}."),
        format!("Avrundat till hela cent: {local}."),
        format!("Rounded to the cent: {amount}."),
    );
    Step::new(pointer, "rounded_to_cent", text).figure(amount)
}

/// A block that was walked: where it stands, and the source of the closest named block around it that has one.
struct Place<'r> {
    rule: &'r ValueRule,
    pointer: String,
    source: Option<&'r str>,
}

struct Explainer<'e, 'r> {
    terms: FactTerms<'r>,
    subject: Subject,
    root: &'r ValueRule,
    places: Vec<Place<'r>>,
    trail: &'e [Taken<'r>],
}

impl<'e, 'r> Explainer<'e, 'r> {
    fn new(evaluation: &'e Evaluation<'r>, pointer: &str) -> Self {
        let mut explainer = Self {
            terms: evaluation.terms,
            subject: Subject::of_pointer(pointer),
            root: evaluation.root,
            places: Vec::with_capacity(evaluation.trail.len()),
            trail: &evaluation.trail,
        };
        explainer.find_places(evaluation.root, pointer, None);
        explainer
    }

    fn find_places(&mut self, rule: &'r ValueRule, pointer: &str, source: Option<&'r str>) {
        let own = if let ValueRule::Named { source, .. } = rule { source.as_deref() } else { None };
        let source = own.or(source);
        if self.trail.iter().any(|taken| std::ptr::eq(taken.rule, rule)) {
            self.places.push(Place { rule, pointer: pointer.to_owned(), source });
        }
        for (below, child) in rule.children() {
            self.find_places(child, &format!("{pointer}{below}"), source);
        }
    }

    /// A step at a place within a block.
    fn step(&self, rule: &ValueRule, below: &str, code: &str, text: Localized) -> Step {
        let place = self.places.iter().find(|place| std::ptr::eq(place.rule, rule));
        let pointer = place.map_or("", |place| place.pointer.as_str());
        let step = Step::new(format!("{pointer}/{below}"), code, text);
        match place.and_then(|place| place.source) {
            Some(source) => step.source(source),
            None => step,
        }
    }

    /// A step at a block that yields a number.
    fn yields(&self, rule: &ValueRule, code: &str, number: Decimal, text: Localized) -> Step {
        self.step(rule, block(rule), code, text).figure(shown(number, self.is_money(rule)))
    }

    fn steps_of(&self, taken: &Taken<'r>) -> Vec<Step> {
        let rule = taken.rule;
        let step = match &taken.turn {
            Turn::Flat(value) => self.flat(rule, *value),
            Turn::FactRead(number) => self.fact_read(rule, *number),
            Turn::FactMissing => self.fact_missing(rule),
            Turn::Price { price, taken } => self.price(rule, *price, *taken),
            Turn::IncomeMissing => self.income_missing(rule),
            Turn::Reduced { .. } => {
                let steps = self.reduced(rule, &taken.turn).into_iter();
                return steps.map(|step| step.of_client(taken.personal)).collect();
            }
            Turn::Band { number, band } => self.band(rule, *number, *band),
            Turn::Case { found } => self.case(rule, found),
            Turn::Listed { entries, total } => self.listed(rule, entries, *total),
            Turn::TimeBand { kind, at, band } => self.time_band(rule, *kind, *at, *band),
            Turn::TimeMissing => self.time_missing(rule),
            Turn::Combined { parts, result } => self.combined(rule, parts, *result),
            Turn::Clamped { before, after } => self.clamped(rule, *before, *after),
            Turn::Rounded { before, after } => self.rounded(rule, *before, *after),
            Turn::Individual(number) => self.individual(rule, *number),
            Turn::Named(number) => self.named(rule, *number),
            Turn::NotEligible => self.not_eligible(rule),
        };
        vec![step.of_client(taken.personal)]
    }

    fn flat(&self, rule: &ValueRule, value: Amount) -> Step {
        let local = with_comma(value);
        let text = if std::ptr::eq(rule, self.root) {
            self.subject.text(
                |noun| format!("{noun} on sama kaikille: {local} yksiköltä."),
                |noun| format!("{noun} är lika för alla: {local} per enhet."),
                |noun| format!("{noun} is the same for everyone: {value} per unit."),
            )
        } else {
            Localized::new(
                format!("Kiinteä määrä: {local}."),
                format!("Fast belopp: {local}."),
                format!("A fixed amount: {value}."),
            )
        };
        self.yields(rule, "flat_value", value.decimal(), text)
    }

    fn price(&self, rule: &ValueRule, price: Option<Amount>, taken: Amount) -> Step {
        let at_most = if let ValueRule::Price { at_most } = rule { *at_most } else { taken };
        let most = with_comma(at_most);
        match price {
            Some(price) => {
                let local = with_comma(price);
                let text = if price <= at_most {
                    Localized::new(
                        format!("Palveluntuottajan hinta {local} otetaan huomioon kokonaan (enintään {most})."),
                        format!("Serviceproducentens pris {local} beaktas helt (högst {most})."),
                        format!("The provider's price of {price} counts in full (the limit is {at_most})."),
                    )
                } else {
                    Localized::new(
                        format!("Palveluntuottajan hinta on {local}, josta otetaan huomioon {most}."),
                        format!("Serviceproducentens pris är {local}; av det beaktas {most}."),
                        format!("The provider's price is {price}, of which {at_most} counts."),
                    )
                };
                self.yields(rule, "price", taken.decimal(), text).input("price", price).input("at_most", at_most)
            }
            None => {
                let text = Localized::new(
                    format!("Hinta ei ole tiedossa, joten käytetään enimmäismäärää {most}."),
                    format!("Priset är inte känt, och därför används maximibeloppet {most}."),
                    format!("The price is not known, so the most that counts is used: {at_most}."),
                );
                self.yields(rule, "price_missing", taken.decimal(), text).input("at_most", at_most)
            }
        }
    }

    fn named(&self, rule: &ValueRule, number: Decimal) -> Step {
        let figure = shown(number, self.is_money(rule));
        let text = wording::each(|language| {
            let name = if let ValueRule::Named { text, .. } = rule { wording::in_language(text, language) } else { "" };
            format!("{}: {}.", wording::capitalised(name), numbers::in_language(&figure, language))
        });
        self.yields(rule, "named", number, text)
    }

    fn not_eligible(&self, rule: &ValueRule) -> Step {
        let ValueRule::NotEligible { reason, text } = rule else {
            return self.step(rule, block(rule), "not_eligible", wording::no_voucher());
        };
        let text = text.clone().unwrap_or_else(wording::no_voucher);
        self.step(rule, block(rule), "not_eligible", text).input("reason", reason)
    }

    /// Whether a block's number is money, as far as can be seen without evaluating it.
    fn is_money(&self, rule: &ValueRule) -> bool {
        self.kind(rule).unwrap_or(true)
    }

    fn kind(&self, rule: &ValueRule) -> Option<bool> {
        match rule {
            ValueRule::Flat { .. }
            | ValueRule::Price { .. }
            | ValueRule::IncomeReduction(_)
            | ValueRule::Individual { .. } => Some(true),
            ValueRule::Number { .. } => Some(false),
            ValueRule::Fact { name, .. } => {
                Some(self.terms.find(name).is_some_and(|term| term.kind == FactKind::Money))
            }
            ValueRule::Listed { entries_are, .. } => Some(*entries_are == ListedKind::Amounts),
            ValueRule::NotEligible { .. } => None,
            ValueRule::Difference { of, .. }
            | ValueRule::Clamp { of, .. }
            | ValueRule::Round { of, .. }
            | ValueRule::Named { of, .. } => self.kind(of),
            ValueRule::Product { of } => Some(of.iter().any(|part| self.kind(part) == Some(true))),
            ValueRule::Sum { of } | ValueRule::Least { of } | ValueRule::Greatest { of } => {
                of.iter().find_map(|part| self.kind(part))
            }
            ValueRule::Bands { .. } | ValueRule::Cases { .. } | ValueRule::TimeBands(_) => {
                rule.children().into_iter().find_map(|(_, child)| self.kind(child))
            }
        }
    }
}

/// The name of a block.
fn block(rule: &ValueRule) -> &'static str {
    match rule {
        ValueRule::Flat { .. } => "flat",
        ValueRule::Number { .. } => "number",
        ValueRule::Fact { .. } => "fact",
        ValueRule::Price { .. } => "price",
        ValueRule::IncomeReduction(_) => "income_reduction",
        ValueRule::Bands { .. } => "bands",
        ValueRule::Cases { .. } => "cases",
        ValueRule::Listed { .. } => "listed",
        ValueRule::TimeBands(_) => "time_bands",
        ValueRule::Sum { .. } => "sum",
        ValueRule::Difference { .. } => "difference",
        ValueRule::Product { .. } => "product",
        ValueRule::Least { .. } => "least",
        ValueRule::Greatest { .. } => "greatest",
        ValueRule::Clamp { .. } => "clamp",
        ValueRule::Round { .. } => "round",
        ValueRule::Individual { .. } => "individual",
        ValueRule::Named { .. } => "named",
        ValueRule::NotEligible { .. } => "not_eligible",
    }
}

/// The fact that decides a block, if one does.
fn fact_of(rule: &ValueRule) -> &str {
    match rule {
        ValueRule::Fact { name, .. } => name,
        ValueRule::Bands { fact, .. } | ValueRule::Cases { fact, .. } | ValueRule::Listed { fact, .. } => fact,
        ValueRule::Individual { .. } => INDIVIDUAL_VALUE,
        ValueRule::Flat { .. }
        | ValueRule::Number { .. }
        | ValueRule::Price { .. }
        | ValueRule::IncomeReduction(_)
        | ValueRule::TimeBands(_)
        | ValueRule::Sum { .. }
        | ValueRule::Difference { .. }
        | ValueRule::Product { .. }
        | ValueRule::Least { .. }
        | ValueRule::Greatest { .. }
        | ValueRule::Clamp { .. }
        | ValueRule::Round { .. }
        | ValueRule::Named { .. }
        | ValueRule::NotEligible { .. } => "",
    }
}

#[cfg(test)]
mod tests;
