//! Consistency of a rulebook's terms, checked when a draft is saved: everything that is wrong, each with its place.
//!
//! Rules and criteria are checked in `rules`; here is what they have to do with each other and with the rest.

mod facts;
mod terms_of_approval;

use std::collections::BTreeSet;

use super::{
    ACCOUNTING_RULES_MAX, ANSWER_DAYS_MAX, AcceptanceTerms, AccountingTerms, CHANGE_NOTICE_DAYS_MAX, CONTEST_DAYS_MAX,
    ChoosingTerms, CoPaymentIn, DRAFT_REMINDERS_MAX, Eligibility, GrantPeriod, Measure, PriceCeiling, REQUIREMENTS_MAX,
    RulebookTerms, Unused, VALIDITY_DAYS_MAX,
};
use crate::money::Amount;
use crate::quantity::{Quantity, Unit};
use crate::rules::{
    About, FactTerms, Fault, ValueRule, check, check_criteria, check_length, check_lined_codes, check_source,
    check_text, check_texted_codes, check_word, decimals,
};
use crate::written::is_code;

/// Most items of a price list.
const ITEMS_MAX: usize = 200;
/// Most conditions in words.
const CLAUSES_MAX: usize = 200;
/// Most sources.
const SOURCES_MAX: usize = 20;

impl RulebookTerms {
    /// All that is inconsistent in the terms of a voucher type that is counted in `unit`.
    pub fn check_for(&self, unit: Unit) -> Vec<Fault> {
        let mut faults = self.check();
        if self.price_unit == Some(Unit::Day) && unit != Unit::Month {
            let why =
                format!("prices are given by the day only where a voucher counts months; it counts by {}", unit.code());
            faults.push(Fault::new("/price_unit", "contradiction", why));
        }
        faults
    }

    /// All that is inconsistent in the terms, whatever unit the voucher type is counted in, each with its place; nothing
    /// means that they can be saved, if [`RulebookTerms::check_for`] has nothing to add.
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let known = self.facts_and_items();
        let terms = FactTerms::new(&known);
        facts::check(&self.facts, &mut faults);
        check_length(self.items.len(), 0..=ITEMS_MAX, "/items", &mut faults);
        check_lined_codes(self.items.iter().map(|item| (item.code.as_str(), &item.text)), "/items", &mut faults);
        for (i, item) in self.items.iter().enumerate().filter(|(_, item)| is_code(&item.code)) {
            check_word(&item.code, &format!("/items/{i}/code"), &mut faults);
        }
        for (pointer, rule) in self.rules() {
            faults.extend(check(rule, terms, pointer));
            self.check_items_of_times(rule, pointer, &mut faults);
        }
        self.check_fixed(&mut faults);
        self.check_free_of_charge(&mut faults);
        if let Some(ceiling) = &self.price_ceiling {
            self.check_ceiling(ceiling, &mut faults);
        }
        if self.price_unit.is_some_and(|unit| unit != Unit::Day) {
            let why = "prices are given by the voucher type's unit, or by the day";
            faults.push(Fault::new("/price_unit", "contradiction", why));
        }
        self.check_grant(&mut faults);
        check_eligibility(&self.eligibility, terms, &mut faults);
        self.check_requirements(&mut faults);
        terms_of_approval::check_price_changes(&self.price_changes, &mut faults);
        check_choosing(&self.choosing, &mut faults);
        check_acceptance(&self.recording.acceptance, &mut faults);
        if let Some(missed) = &self.recording.missed {
            missed.check(self.free_of_charge.is_some(), &mut faults);
        }
        check_accounting(&self.accounting, &mut faults);
        terms_of_approval::check_supervision(&self.supervision, &mut faults);
        self.check_texts(&mut faults);
        faults
    }

    /// The rules of these terms, each with its place.
    fn rules(&self) -> impl Iterator<Item = (&'static str, &ValueRule)> {
        let co_payment = self.co_payment.as_ref().map(|rule| ("/co_payment", rule));
        let fee = self.public_service.client_fee_rule.as_ref().map(|rule| ("/public_service/client_fee_rule", rule));
        [("/value", &self.value)].into_iter().chain(co_payment).chain(fee)
    }

    /// Time bands name items that there are.
    fn check_items_of_times(&self, rule: &ValueRule, pointer: &str, faults: &mut Vec<Fault>) {
        for (at, rule) in rule.walk(pointer) {
            let ValueRule::TimeBands(bands) = rule else { continue };
            for (i, band) in bands.bands.iter().enumerate() {
                if let Some(item) = &band.item
                    && !self.has_item(item)
                {
                    let why = format!("there is no item {item:?}: list it under items");
                    faults.push(Fault::new(format!("{at}/time_bands/bands/{i}/item"), "unknown_item", why));
                }
            }
        }
    }

    fn has_item(&self, code: &str) -> bool {
        self.items.iter().any(|item| item.code == code)
    }

    /// What the client pays by the organiser's own word comes to an amount for everyone, whatever a provider asks.
    fn check_fixed(&self, faults: &mut Vec<Fault>) {
        for (pointer, rule) in self.rules() {
            let is_value = pointer == "/value";
            for (at, block) in rule.walk(pointer) {
                if !is_value && matches!(block, ValueRule::NotEligible { .. }) {
                    let why = "whether a voucher is granted is for the value rule to say; here an amount is wanted";
                    faults.push(Fault::new(at, "contradiction", why));
                } else if matches!(block, ValueRule::Price { .. }) && (!is_value || self.co_payment.is_some()) {
                    let why = "where the organiser fixes what the client pays, a provider's price has no part in it";
                    faults.push(Fault::new(at, "contradiction", why));
                }
            }
        }
    }

    /// A service free by law costs the client nothing, and has a value that is known without the client's facts: no price
    /// may exceed it.
    fn check_free_of_charge(&self, faults: &mut Vec<Fault>) {
        let Some(free) = &self.free_of_charge else { return };
        check_source(&free.source, "/free_of_charge/source", faults);
        if self.public_service.client_fee != Amount::ZERO {
            let why = "a service free of charge by law has no client fee";
            faults.push(Fault::new("/public_service/client_fee", "contradiction", why));
        }
        for (pointer, rule) in self.rules().filter(|(pointer, _)| *pointer != "/value") {
            if !is_nothing(rule) {
                let why =
                    "a service free of charge by law costs the client nothing: leave it out, or let it be flat 0.00";
                faults.push(Fault::new(pointer, "contradiction", why));
            }
        }
        let is_sound = !faults.iter().any(|fault| fault.pointer.starts_with("/value"));
        if is_sound && self.value_without_facts().is_none() {
            let why = "a service free of charge by law needs a value that does not depend on the client's facts";
            faults.push(Fault::new("/free_of_charge", "contradiction", why));
        }
    }

    fn check_ceiling(&self, ceiling: &PriceCeiling, faults: &mut Vec<Fault>) {
        let why = "a ceiling of nothing would let nobody offer the service";
        if ceiling.amount == Amount::ZERO {
            faults.push(Fault::new("/price_ceiling/amount", "out_of_range", why));
        }
        check_length(ceiling.items.len(), 0..=ITEMS_MAX, "/price_ceiling/items", faults);
        let mut seen = BTreeSet::new();
        for (i, item) in ceiling.items.iter().enumerate() {
            let at = format!("/price_ceiling/items/{i}");
            if !seen.insert(&item.item) {
                faults.push(Fault::new(format!("{at}/item"), "duplicate", format!("{:?} is listed twice", item.item)));
            } else if !self.has_item(&item.item) {
                let why = format!("there is no item {:?}: list it under items", item.item);
                faults.push(Fault::new(format!("{at}/item"), "unknown_item", why));
            }
            if item.amount == Amount::ZERO {
                faults.push(Fault::new(format!("{at}/amount"), "out_of_range", why));
            }
        }
        if ceiling.co_payment == CoPaymentIn::Excluded && self.co_payment.is_none() {
            let why = "a ceiling without the co-payment needs a co-payment that the organiser fixes";
            faults.push(Fault::new("/price_ceiling/co_payment", "contradiction", why));
        }
    }

    fn check_grant(&self, faults: &mut Vec<Fault>) {
        let grant = &self.grant;
        let mut fault = |pointer, code, why| faults.push(Fault::new(pointer, code, why));
        if grant.quantity_max == Quantity::ZERO {
            fault("/grant/quantity_max", "out_of_range", "a voucher grants more than nothing");
        }
        if grant.measure == Measure::Money && decimals(grant.quantity_max.decimal()) > 2 {
            fault("/grant/quantity_max", "too_precise", "where money is granted it has at most two decimals");
        }
        if grant.unused == Unused::CarriesOver && grant.per == GrantPeriod::Voucher {
            let why = "what is granted for the voucher's whole validity has no period to be carried over from";
            fault("/grant/unused", "contradiction", why);
        }
        if !(1..=VALIDITY_DAYS_MAX).contains(&grant.validity_days_max) {
            fault("/grant/validity_days_max", "out_of_range", "a voucher is valid for 1 to 1830 days");
        }
        if grant.retroactive_days_max > 366 {
            fault("/grant/retroactive_days_max", "out_of_range", "a validity begins 0 to 366 days before the decision");
        }
        if grant.expiry_remind_days > 366 {
            fault(
                "/grant/expiry_remind_days",
                "out_of_range",
                "a holder is reminded 0 to 366 days before the last day",
            );
        }
        if !(1..=366).contains(&self.recording.days_after_month) {
            let why = "events are recorded within 1 to 366 days of the month's end";
            fault("/recording/days_after_month", "out_of_range", why);
        }
        if self.recording.draft_remind_days.iter().any(|days| *days > 366) {
            let why = "a provider is reminded of a draft 0 to 366 days before the last day for it";
            fault("/recording/draft_remind_days", "out_of_range", why);
        }
        check_length(
            self.recording.draft_remind_days.len(),
            0..=DRAFT_REMINDERS_MAX,
            "/recording/draft_remind_days",
            faults,
        );
    }

    fn check_requirements(&self, faults: &mut Vec<Fault>) {
        check_length(self.requirements.len(), 0..=REQUIREMENTS_MAX, "/requirements", faults);
        let codes = self.requirements.iter().map(|it| (it.code.as_str(), &it.text));
        check_texted_codes(codes, "/requirements", faults);
        for (i, requirement) in self.requirements.iter().enumerate() {
            check_source(&requirement.source, &format!("/requirements/{i}/source"), faults);
        }
        terms_of_approval::check_kinds(&self.requirements, faults);
        check_length(self.clauses.len(), 0..=CLAUSES_MAX, "/clauses", faults);
        check_texted_codes(self.clauses.iter().map(|it| (it.code.as_str(), &it.text)), "/clauses", faults);
        for (i, clause) in self.clauses.iter().enumerate() {
            check_source(&clause.source, &format!("/clauses/{i}/source"), faults);
        }
    }

    fn check_texts(&self, faults: &mut Vec<Fault>) {
        check_text(&self.public_service.basis, "/public_service/basis", faults);
        check_text(&self.texts.status, "/texts/status", faults);
        check_text(&self.texts.co_payment, "/texts/co_payment", faults);
        check_text(&self.texts.alternatives, "/texts/alternatives", faults);
        check_text(&self.texts.appeal, "/texts/appeal", faults);
        check_length(self.sources.len(), 0..=SOURCES_MAX, "/sources", faults);
        for (i, source) in self.sources.iter().enumerate() {
            check_source(source, &format!("/sources/{i}"), faults);
        }
    }
}

/// Each list in itself, and no code in two of them.
fn check_eligibility(eligibility: &Eligibility, terms: FactTerms<'_>, faults: &mut Vec<Fault>) {
    let lists = [
        ("/eligibility/client", &eligibility.client, About::Client(terms)),
        ("/eligibility/unit", &eligibility.unit, About::Registry(&crate::rules::UNIT_FACTS)),
        ("/eligibility/offering", &eligibility.offering, About::Registry(&crate::rules::OFFERING_FACTS)),
    ];
    let mut earlier = BTreeSet::new();
    for (pointer, criteria, about) in lists {
        faults.extend(check_criteria(criteria, about, pointer));
        for (i, criterion) in criteria.iter().enumerate() {
            if earlier.contains(&criterion.code) {
                let why = format!("{:?} is the code of a criterion in another list", criterion.code);
                faults.push(Fault::new(format!("{pointer}/{i}/code"), "duplicate", why));
            }
        }
        earlier.extend(criteria.iter().map(|criterion| &criterion.code));
    }
}

/// How a provider is chosen and left.
fn check_choosing(terms: &ChoosingTerms, faults: &mut Vec<Fault>) {
    if terms.answer_days.is_some_and(|days| !(1..=ANSWER_DAYS_MAX).contains(&days)) {
        let why = format!("a provider has 1 to {ANSWER_DAYS_MAX} days to answer; leave it out where nobody is asked");
        faults.push(Fault::new("/choosing/answer_days", "out_of_range", why));
    }
    if terms.change_notice_days > CHANGE_NOTICE_DAYS_MAX {
        let why = format!("a provider is left 0 to {CHANGE_NOTICE_DAYS_MAX} days ahead");
        faults.push(Fault::new("/choosing/change_notice_days", "out_of_range", why));
    }
}

/// What counts without a look.
fn check_acceptance(terms: &AcceptanceTerms, faults: &mut Vec<Fault>) {
    if terms.sample_percent > 100 {
        let why = "of a hundred services, 0 to 100 are looked at";
        faults.push(Fault::new("/recording/acceptance/sample_percent", "out_of_range", why));
    }
    if !(1..=CONTEST_DAYS_MAX).contains(&terms.contest_days) {
        let why = format!("a service can be contested for 1 to {CONTEST_DAYS_MAX} days");
        faults.push(Fault::new("/recording/acceptance/contest_days", "out_of_range", why));
    }
}

/// Each municipality has one accounting code.
fn check_accounting(terms: &AccountingTerms, faults: &mut Vec<Fault>) {
    check_length(terms.municipalities.len(), 0..=ACCOUNTING_RULES_MAX, "/accounting/municipalities", faults);
    let mut seen = BTreeSet::new();
    for (i, rule) in terms.municipalities.iter().enumerate() {
        if !seen.insert(rule.municipality.as_str()) {
            let why = format!("{} has a code already", rule.municipality);
            faults.push(Fault::new(format!("/accounting/municipalities/{i}/municipality"), "duplicate", why));
        }
    }
}

/// Whether a rule is nothing for everyone, and says so.
fn is_nothing(rule: &ValueRule) -> bool {
    match rule {
        ValueRule::Flat { value } => *value == Amount::ZERO,
        ValueRule::Named { of, .. } => is_nothing(of),
        ValueRule::Number { .. }
        | ValueRule::Fact { .. }
        | ValueRule::Price { .. }
        | ValueRule::IncomeReduction(_)
        | ValueRule::Bands { .. }
        | ValueRule::Cases { .. }
        | ValueRule::Listed { .. }
        | ValueRule::TimeBands(_)
        | ValueRule::Sum { .. }
        | ValueRule::Difference { .. }
        | ValueRule::Product { .. }
        | ValueRule::Least { .. }
        | ValueRule::Greatest { .. }
        | ValueRule::Clamp { .. }
        | ValueRule::Round { .. }
        | ValueRule::Individual { .. }
        | ValueRule::NotEligible { .. } => false,
    }
}
