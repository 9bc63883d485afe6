//! The steps of a reduction by income.

use rust_decimal::Decimal;

use super::wording::shown;
use super::{Amount, Explainer, GROSS_INCOME, HOUSEHOLD_SIZE, Localized, Step, Turn, ValueRule};
use crate::rules::value_rule::IncomeReduction;

impl Explainer<'_, '_> {
    pub(super) fn income_missing(&self, rule: &ValueRule) -> Step {
        let value = if let ValueRule::IncomeReduction(reduction) = rule { reduction.minimum } else { Amount::ZERO };
        let text = Localized::new(
            format!("Tuloja ei ole ilmoitettu, joten arvo on vähimmäisarvo {value}."),
            format!("Inkomsterna har inte uppgetts, så värdet är minimivärdet {value}."),
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
        let household = Localized::new(
            format!("{persons} hengen taloudessa tuloraja on {limit} kuukaudessa ja vähennysprosentti {percent}."),
            format!(
                "För ett hushåll med {persons} {people} är inkomstgränsen {limit} i månaden och avdragsprocenten {percent}."
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
            reduction_text(&formula(reduction, *income, *limit, percent), *value, *at_minimum)
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

fn formula(rule: &IncomeReduction, income: Decimal, limit: Amount, percent: Decimal) -> String {
    let (maximum, divisor) = (rule.maximum, rule.divisor);
    let index = rule.index.map(|index| format!(" × {index}")).unwrap_or_default();
    format!("({maximum} − ({} − {limit}) × {percent} / 100 / {divisor}){index}", shown(income, true))
}

fn unreduced_text(rule: &IncomeReduction, value: Amount) -> Localized {
    let figure = rule.index.map_or_else(|| value.to_string(), |index| format!("{} × {index} = {value}", rule.maximum));
    Localized::new(
        format!("Tulot eivät ylitä tulorajaa, joten arvo on {figure}."),
        format!("Inkomsterna överskrider inte inkomstgränsen, så värdet är {figure}."),
        format!("The income is not above the limit, so the value is {figure}."),
    )
}

fn reduction_text(formula: &str, value: Amount, is_minimum: bool) -> Localized {
    if is_minimum {
        Localized::new(
            format!("Arvo {formula} jäisi alle vähimmäisarvon, joten arvo on {value}."),
            format!("Värdet {formula} skulle bli lägre än minimivärdet, så värdet är {value}."),
            format!("The value {formula} would be below the minimum, so it is {value}."),
        )
    } else {
        Localized::new(
            format!("Arvo on {formula} = {value}."),
            format!("Värdet är {formula} = {value}."),
            format!("The value is {formula} = {value}."),
        )
    }
}
