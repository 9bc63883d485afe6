//! The steps of a reduction by income.

use std::fmt::Display;

use rust_decimal::Decimal;

use super::wording::shown;
use super::{Amount, Explainer, GROSS_INCOME, HOUSEHOLD_SIZE, Localized, Step, Turn, ValueRule};
use crate::explain::numbers::{self, with_comma};
use crate::rules::value_rule::IncomeReduction;
use crate::text::Language;

impl Explainer<'_, '_> {
    pub(super) fn income_missing(&self, rule: &ValueRule) -> Step {
        let value = if let ValueRule::IncomeReduction(reduction) = rule { reduction.minimum } else { Amount::ZERO };
        let local = with_comma(value);
        let text = Localized::new(
            format!("Tuloja ei ole ilmoitettu, joten arvo on vähimmäisarvo {local}."),
            format!("Inkomsterna har inte uppgetts, så värdet är minimivärdet {local}."),
            format!("Income was not given, so the value is the minimum, {value}."),
        );
        self.yields(rule, "income_missing", value.decimal(), text)
    }

    /// Two steps: the terms of the household, and what they do to the value.
    pub(super) fn reduced(&self, rule: &ValueRule, turn: &Turn) -> Vec<Step> {
        let ValueRule::IncomeReduction(reduction) = rule else { return Vec::new() };
        let Turn::Reduced { income, persons, limit, percent, highest, value, at_minimum } = turn else {
            return Vec::new();
        };
        let percent = percent.normalize();
        let people = if *persons == 1 { "person" } else { "personer" };
        let (at, by) = (with_comma(limit), with_comma(percent));
        let household = Localized::new(
            format!("{persons} hengen taloudessa tuloraja on {at} kuukaudessa ja vähennysprosentti {by}."),
            format!(
                "För ett hushåll med {persons} {people} är inkomstgränsen {at} i månaden och avdragsprocenten {by}."
            ),
            format!(
                "For a household of {persons} the income limit is {limit} a month and the reduction {percent} per cent."
            ),
        );
        let household = self
            .step(rule, "income_reduction/households", "household_terms", household)
            .input(HOUSEHOLD_SIZE, persons)
            .input("income_limit", limit)
            .input("percent", percent);
        let code = if *at_minimum { "minimum_value" } else { "reduced_by_income" };
        let text = if *income <= limit.decimal() {
            unreduced_text(reduction, *value)
        } else {
            reduction_text(|language| formula(reduction, *income, *limit, percent, language), *value, *at_minimum)
        };
        let reduced = self
            .yields(rule, code, value.decimal(), text)
            .input(GROSS_INCOME, shown(*income, true))
            .input("maximum", highest)
            .input("minimum", reduction.minimum)
            .input("divisor", reduction.divisor)
            .input("index", reduction.index.unwrap_or(Decimal::ONE));
        vec![household, reduced]
    }
}

fn formula(rule: &IncomeReduction, income: Decimal, limit: Amount, percent: Decimal, language: Language) -> String {
    let local = |figure: &dyn Display| numbers::in_language(figure, language);
    let (maximum, divisor) = (local(&rule.maximum), local(&rule.divisor));
    let (income, limit, percent) = (local(&shown(income, true)), local(&limit), local(&percent));
    let index = rule.index.map(|index| format!(" × {}", local(&index))).unwrap_or_default();
    format!("({maximum} − ({income} − {limit}) × {percent} / 100 / {divisor}){index}")
}

fn unreduced_text(rule: &IncomeReduction, value: Amount) -> Localized {
    let figure = |language| {
        let local = |figure: &dyn Display| numbers::in_language(figure, language);
        let value = local(&value);
        match rule.index {
            Some(index) => format!("{} × {} = {value}", local(&rule.maximum), local(&index)),
            None => value,
        }
    };
    Localized::new(
        format!("Tulot eivät ylitä tulorajaa, joten arvo on {}.", figure(Language::Fi)),
        format!("Inkomsterna överskrider inte inkomstgränsen, så värdet är {}.", figure(Language::Sv)),
        format!("The income is not above the limit, so the value is {}.", figure(Language::En)),
    )
}

fn reduction_text(formula: impl Fn(Language) -> String, value: Amount, is_minimum: bool) -> Localized {
    let local = with_comma(value);
    let (fi, sv, en) = (formula(Language::Fi), formula(Language::Sv), formula(Language::En));
    if is_minimum {
        Localized::new(
            format!("Arvo {fi} jäisi alle vähimmäisarvon, joten arvo on {local}."),
            format!("Värdet {sv} skulle bli lägre än minimivärdet, så värdet är {local}."),
            format!("The value {en} would be below the minimum, so it is {value}."),
        )
    } else {
        Localized::new(
            format!("Arvo on {fi} = {local}."),
            format!("Värdet är {sv} = {local}."),
            format!("The value is {en} = {value}."),
        )
    }
}
