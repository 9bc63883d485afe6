//! A rule tried out: what a value rule comes to on facts, and who would pay what at a price. Nothing is stored.
//!
//! A trial is a rulebook of nothing but the rules that were given, so that it is checked, evaluated, charged and explained
//! by what checks, evaluates, charges and explains real ones.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::evaluate::{At, EvaluateError, Evaluation, Occasion, Outcome, evaluate, facts_asked_for};
use super::fact_terms::{FactTerm, FactTerms, ITEM, WordTerm, known_facts};
use super::facts::{FactValue, Facts};
use super::time_bands::TimeOfDay;
use super::value_rule::ValueRule;
use super::{Fault, TimeBands};
use crate::explain::Step;
use crate::explain::numbers::with_comma;
use crate::money::Amount;
use crate::offering::{ItemPrice, PriceRefused, check_ceiling};
use crate::quantity::{Quantity, Unit};
use crate::rulebook::{
    Eligibility, FreeOfCharge, GrantPeriod, GrantTerms, IssuedVouchers, Item, Measure, PriceCeiling, PublicService,
    RecordingTerms, RulebookTerms, RulebookTexts, Unused,
};
use crate::service_event::{Charges, charge, steps};
use crate::text::Localized;
use crate::time::Day;
use crate::valuation::Worth;
use crate::written::is_code;

/// A rule, and what it is tried out on. Only the rule is needed; with a price it is also said who pays what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// How the value per unit is found.
    pub rule: ValueRule,
    /// What a rulebook would say of the facts that the rules ask for, besides those that every county asks for.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub fact_terms: Vec<FactTerm>,
    /// What the client pays per unit, if the organiser fixes it.
    #[serde(default)]
    pub co_payment: Option<ValueRule>,
    /// The facts of the client and of the service.
    #[serde(default)]
    pub facts: Facts,
    /// The provider's price.
    #[serde(default)]
    pub price: Option<Amount>,
    /// `day` if the price is a day's and the value a month's.
    #[serde(default)]
    pub price_unit: Option<Unit>,
    /// What a provider may ask at most.
    #[serde(default)]
    pub price_ceiling: Option<PriceCeiling>,
    /// The item of the price list that the price is of.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub item: Option<String>,
    /// How much of the service; one unit if nothing is said.
    #[serde(default = "one")]
    pub quantity: Quantity,
    /// The purse that the organiser's share is taken out of, if the voucher is one.
    #[serde(default)]
    pub purse: Option<Purse>,
    /// Whether the service is free of charge to the client by law.
    #[serde(default)]
    pub free_of_charge: bool,
    /// The day of the service.
    #[serde(default)]
    pub day: Option<Day>,
    /// The time of the service on that day.
    #[serde(default)]
    pub time: Option<TimeOfDay>,
}

const fn one() -> Quantity {
    Quantity::ONE
}

/// Money that a voucher has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Purse {
    /// How much of it is left.
    pub available: Amount,
}

/// What a trial came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TrialOutcome {
    /// Whether the rule grants a voucher.
    pub outcome: TrialStanding,
    /// Why not, as the rule's code.
    #[schema(max_length = 64)]
    pub reason: Option<String>,
    /// The value per unit.
    pub value: Option<Amount>,
    /// The price per unit of the value, where a day's price was given for a month.
    pub price_per_unit: Option<Amount>,
    /// Whether the price may be asked, where one was given.
    pub price_allowed: Option<bool>,
    /// Why it may not.
    pub price_refused: Option<RefusedPrice>,
    /// Price × quantity; value and co-payment together where the organiser fixes the co-payment.
    pub total: Option<Amount>,
    /// What the organiser pays of it.
    pub organiser_pays: Option<Amount>,
    /// What the client pays of it.
    pub co_payment: Option<Amount>,
    /// How it came about.
    #[schema(max_items = 1000)]
    pub steps: Vec<Step>,
}

/// Whether a rule grants a voucher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrialStanding {
    /// It does: there is a value.
    Value,
    /// It does not.
    NotEligible,
}

/// Why a price may not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RefusedPrice {
    /// As a code, such as `price_over_ceiling`.
    #[schema(max_length = 64)]
    pub code: String,
    /// In words.
    #[schema(max_length = 300)]
    pub detail: String,
}

/// Tries a rule out.
///
/// # Errors
/// Everything that is wrong with the rules, the facts and the rest, each with its place in the trial.
pub fn trial(trial: &Trial) -> Result<TrialOutcome, Vec<Fault>> {
    let terms = trial.as_terms();
    let facts = trial.facts_with_item();
    let words = trial.fact_terms_with_items(&terms);
    let fact_terms = FactTerms::new(&words);
    let faults = trial.faults(&terms, fact_terms, &facts);
    if !faults.is_empty() {
        return Err(faults);
    }
    let price = trial.price.map(|price| trial.per_unit(price)).transpose()?;
    let at = trial.day.map(|day| At { day, time: trial.time });
    let occasion = Occasion { facts: &facts, price, at };
    let value = evaluate(&terms.value, fact_terms, &occasion).map_err(|error| failed(&error, "/rule"))?;
    let co_payment = match &terms.co_payment {
        Some(rule) => Some(evaluate(rule, fact_terms, &occasion).map_err(|error| failed(&error, "/co_payment"))?),
        None => None,
    };
    trial.outcome(&terms, price, &value, co_payment.as_ref())
}

impl Trial {
    fn per_unit(&self, price: Amount) -> Result<Amount, Vec<Fault>> {
        let price = ItemPrice::Voucher { price }.per_voucher_unit(self.price_unit).and_then(ItemPrice::price);
        price.ok_or_else(|| too_large("/price"))
    }

    /// The facts, and the item of the price list among them if a rule asks for it.
    fn facts_with_item(&self) -> Facts {
        let asks = self.rules().any(|rule| facts_asked_for(rule).contains(ITEM));
        match &self.item {
            Some(item) if asks => self.facts.with(&Facts::new([(ITEM.to_owned(), FactValue::Word(item.clone()))])),
            Some(_) | None => self.facts.clone(),
        }
    }

    fn rules(&self) -> impl Iterator<Item = &ValueRule> {
        [Some(&self.rule), self.co_payment.as_ref()].into_iter().flatten()
    }

    fn faults(&self, terms: &RulebookTerms, fact_terms: FactTerms<'_>, facts: &Facts) -> Vec<Fault> {
        let mut faults: Vec<Fault> = terms.check().into_iter().map(|fault| self.placed(fault)).collect();
        let asked_for: BTreeSet<&str> = self.rules().flat_map(facts_asked_for).collect();
        let unfit = fact_terms.check(facts, &asked_for, None).into_iter();
        faults.extend(unfit.map(|unfit| Fault::new(format!("/facts/{}", unfit.name()), "unfit", unfit.to_string())));
        if self.time.is_some() && self.day.is_none() {
            faults.push(Fault::new("/day", "missing_field", "a time of day is given with its day"));
        }
        if self.time == Some(TimeOfDay::END) {
            faults.push(Fault::new("/time", "out_of_range", "a service begins before the day's end"));
        }
        faults
    }

    /// Faults of the terms, where they stand in the trial.
    fn placed(&self, fault: Fault) -> Fault {
        let pointer = match fault.pointer.strip_prefix("/facts") {
            Some(below) => format!("/fact_terms{below}"),
            None => of_trial(&fault.pointer),
        };
        Fault { pointer, ..fault }
    }

    fn outcome(
        &self,
        terms: &RulebookTerms,
        price: Option<Amount>,
        value: &Evaluation<'_>,
        co_payment: Option<&Evaluation<'_>>,
    ) -> Result<TrialOutcome, Vec<Fault>> {
        let mut steps = value.steps("/rule");
        steps.extend(co_payment.map(|evaluation| evaluation.steps("/co_payment")).into_iter().flatten());
        let converted = price.filter(|_| self.price_unit == Some(Unit::Day));
        steps.extend(self.price.zip(converted).map(|(day, month)| month_step(day, month)));
        let refused = self.refused_price(terms, price, value);
        let mut outcome = TrialOutcome {
            outcome: TrialStanding::Value,
            reason: None,
            value: value.value(),
            price_per_unit: converted,
            price_allowed: self.price.map(|_| refused.is_none()),
            price_refused: refused
                .map(|refused| RefusedPrice { code: refused.code().to_owned(), detail: refused.to_string() }),
            total: None,
            organiser_pays: None,
            co_payment: None,
            steps,
        };
        if let Outcome::NotEligible(reason) = &value.outcome {
            outcome.outcome = TrialStanding::NotEligible;
            outcome.reason = Some(reason.clone());
        } else if outcome.price_refused.is_none()
            && let Some((charges, steps)) = self.charges(price, value, co_payment)?
        {
            outcome.total = Some(charges.total);
            outcome.organiser_pays = Some(charges.organiser_pays);
            outcome.co_payment = Some(charges.co_payment);
            outcome.steps.extend(steps);
        }
        Ok(outcome)
    }

    /// Why the price may not be asked, if it may not.
    fn refused_price(
        &self,
        terms: &RulebookTerms,
        price: Option<Amount>,
        value: &Evaluation<'_>,
    ) -> Option<PriceRefused> {
        let item = self.item.as_deref().or_else(|| value.item());
        if let Err(refused) = check_ceiling(self.price?, item, terms) {
            return Some(refused);
        }
        let (price, value) = (price?, value.value()?);
        let over = self.free_of_charge && self.co_payment.is_none() && price > value;
        let item = item.map(str::to_owned);
        over.then(|| PriceRefused::OverFreeValue { item, price, value, source_of_law: String::new() })
    }

    /// Who pays what, where there is a price or a fixed co-payment.
    fn charges(
        &self,
        price: Option<Amount>,
        value: &Evaluation<'_>,
        co_payment: Option<&Evaluation<'_>>,
    ) -> Result<Option<(Charges, Vec<Step>)>, Vec<Fault>> {
        let fixed = co_payment.and_then(Evaluation::value);
        let Some(value) = value.value() else { return Ok(None) };
        // Where the co-payment is fixed, the price has no part in it.
        let Some(price) = price.or(fixed) else { return Ok(None) };
        let (worth, price) = (Worth { value, co_payment: fixed }, ItemPrice::Voucher { price });
        let mut charges = charge(worth, price, self.quantity).ok_or_else(|| too_large("/quantity"))?;
        let mut steps = steps(worth, price, self.quantity, &charges);
        for step in &mut steps {
            step.rule = of_trial(&step.rule);
        }
        if let Some(purse) = self.purse {
            let share = charges.organiser_pays;
            if self.free_of_charge && share > purse.available {
                let why = "the service is free of charge, and the purse does not cover it: nobody could pay the rest";
                return Err(vec![Fault::new("/purse/available", "overdrawn", why)]);
            }
            charges.organiser_pays = share.min(purse.available);
            charges.co_payment = charges.total.minus(charges.organiser_pays).ok_or_else(|| too_large("/quantity"))?;
            steps.push(purse_step(purse.available, share, &charges));
        }
        Ok(Some((charges, steps)))
    }

    /// The items that the rules and the ceiling name, and the one that is tried out where rules are for others too.
    fn items(&self) -> Vec<Item> {
        let mut codes = BTreeSet::new();
        let mut are_all_named = false;
        codes.extend(self.price_ceiling.iter().flat_map(|ceiling| &ceiling.items).map(|ceiling| ceiling.item.as_str()));
        for rule in self.rules().flat_map(ValueRule::all) {
            if let ValueRule::TimeBands(TimeBands { bands, .. }) = rule {
                codes.extend(bands.iter().filter_map(|band| band.item.as_deref()));
            } else if let ValueRule::Cases { fact, cases, otherwise, .. } = rule
                && fact == ITEM
            {
                are_all_named |= otherwise.is_none();
                codes.extend(cases.iter().flat_map(|case| &case.is).map(String::as_str));
            } else if let ValueRule::Listed { fact, entries, .. } = rule
                && fact == ITEM
            {
                are_all_named = true;
                codes.extend(entries.iter().map(|entry| entry.code.as_str()));
            }
        }
        codes.extend(self.item.as_deref().filter(|_| !are_all_named));
        let sound = codes.into_iter().filter(|code| is_code(code));
        sound.map(|code| Item { code: code.to_owned(), text: Localized::new(code, code, code) }).collect()
    }

    /// What the rulebook knows of facts: what is declared, and the items as words.
    fn fact_terms_with_items(&self, terms: &RulebookTerms) -> Vec<FactTerm> {
        let words: Vec<WordTerm> =
            terms.items.iter().map(|item| WordTerm { code: item.code.clone(), text: item.text.clone() }).collect();
        let of_items = known_facts().iter().filter(|term| term.name == ITEM);
        of_items.map(|term| FactTerm { words: words.clone(), ..term.clone() }).chain(self.fact_terms.clone()).collect()
    }

    /// A rulebook of the rules. What has no part in a trial is there in name only.
    fn as_terms(&self) -> RulebookTerms {
        let nothing = || Localized::new("–", "–", "–");
        RulebookTerms {
            facts: self.fact_terms.clone(),
            items: self.items(),
            value: self.rule.clone(),
            co_payment: self.co_payment.clone(),
            price_unit: self.price_unit,
            price_ceiling: self.price_ceiling.clone(),
            free_of_charge: self.free_of_charge.then(|| FreeOfCharge { source: "–".to_owned() }),
            public_service: PublicService { client_fee: Amount::ZERO, client_fee_rule: None, basis: nothing() },
            eligibility: Eligibility::default(),
            grant: GrantTerms {
                per: GrantPeriod::Voucher,
                measure: Measure::Quantity,
                unused: Unused::Lapses,
                quantity_max: Quantity::ONE,
                validity_days_max: 1,
                retroactive_days_max: 0,
                expiry_remind_days: 30,
            },
            issued_vouchers: IssuedVouchers::Keep,
            recording: RecordingTerms {
                days_after_month: 1,
                acceptance: Default::default(),
                missed: None,
                draft_remind_days: Vec::new(),
            },
            requirements: Vec::new(),
            choosing: Default::default(),
            vat: Default::default(),
            accounting: Default::default(),
            price_changes: Default::default(),
            supervision: Default::default(),
            clauses: Vec::new(),
            texts: RulebookTexts {
                status: nothing(),
                co_payment: nothing(),
                alternatives: nothing(),
                appeal: nothing(),
            },
            sources: Vec::new(),
        }
    }
}

/// A pointer into terms, as one into a trial.
fn of_trial(pointer: &str) -> String {
    match pointer.strip_prefix("/value") {
        Some(below) => format!("/rule{below}"),
        None => pointer.to_owned(),
    }
}

fn failed(error: &EvaluateError, pointer: &str) -> Vec<Fault> {
    match error {
        EvaluateError::Unfit(unfit) => vec![Fault::new(format!("/facts/{}", unfit.name()), "unfit", unfit.to_string())],
        EvaluateError::Overflow => too_large(pointer),
    }
}

fn too_large(pointer: &str) -> Vec<Fault> {
    vec![Fault::new(pointer, "too_large", EvaluateError::Overflow.to_string())]
}

fn month_step(day: Amount, month: Amount) -> Step {
    let (d, m) = (with_comma(day), with_comma(month));
    let text = Localized::new(
        format!("Vuorokausihinta {d} kuukaudessa: {d} × 365 / 12 = {m}."),
        format!("Dygnspriset {d} per månad: {d} × 365 / 12 = {m}."),
        format!("The day's price, {day}, in a month: {day} × 365 / 12 = {month}."),
    );
    Step::new("/price_unit", "price_per_month", text).input("price", day).figure(month)
}

fn purse_step(available: Amount, share: Amount, charges: &Charges) -> Step {
    let (pays, client) = (charges.organiser_pays, charges.co_payment);
    let (left, paid, rest) = (with_comma(available), with_comma(pays), with_comma(client));
    let text = Localized::new(
        format!("Palvelusetelissä on jäljellä {left}: järjestäjä maksaa {paid} ja asiakas {rest}."),
        format!("På servicesedeln återstår {left}: anordnaren betalar {paid} och klienten {rest}."),
        format!("The voucher has {available} left: the organiser pays {pays} and the client {client}."),
    );
    Step::new("/purse", "purse", text).input("available", available).input("share", share).figure(pays)
}

#[cfg(test)]
mod tests;
