//! Tests of evaluation, on figures that authorities have published.

use super::*;
use crate::rules::{FactValue, check};
use proptest::prelude::*;
use serde_json::json;

fn rule(value: serde_json::Value) -> ValueRule {
    let rule = serde_json::from_value(value).unwrap();
    assert_eq!(check(&rule, FactTerms::default(), ""), vec![]);
    rule
}

fn facts(value: serde_json::Value) -> Facts {
    serde_json::from_value(value).unwrap()
}

fn evaluated<'r>(rule: &'r ValueRule, facts: &Facts) -> Result<Evaluation<'r>, EvaluateError> {
    evaluate(rule, FactTerms::default(), &Occasion::of(facts))
}

fn unfit(rule: &ValueRule, value: serde_json::Value) -> Vec<UnfitFact> {
    FactTerms::default().check(&facts(value), &facts_asked_for(rule), Some(Given::WithRequest))
}

fn helsinki() -> ValueRule {
    rule(json!({"income_reduction": {
        "minimum": "8.40", "maximum": "34.00", "divisor": 60, "index": "1.20",
        "households": [
            {"income_limit": "653", "percent": "35"}, {"income_limit": "1205", "percent": "22"},
            {"income_limit": "1891", "percent": "18"}, {"income_limit": "2338", "percent": "15"},
            {"income_limit": "2830", "percent": "13"}, {"income_limit": "3251", "percent": "11"}],
        "further_person": {"income_limit_step": "389", "percent_step": "1"}
    }}))
}

fn ministry(maximum: &str, limits: &[(&str, &str)]) -> ValueRule {
    let households: Vec<_> = limits.iter().map(|(l, p)| json!({"income_limit": l, "percent": p})).collect();
    rule(json!({"income_reduction": {
        "minimum": "7.00", "maximum": maximum, "divisor": 60, "households": households, "further_person": null
    }}))
}

#[test]
fn published_home_care_figures_hold() {
    let cases = [
        (ministry("25.00", &[("528.00", "35")]), 1, "900.00", "22.83"),
        (ministry("27.00", &[("563", "35"), ("1039", "22")]), 2, "2400.00", "22.01"),
        (ministry("27.00", &[("563", "35")]), 1, "5000.00", "7.00"),
        (helsinki(), 1, "1500.00", "34.87"),
        (helsinki(), 1, "400.00", "40.80"),
        (helsinki(), 1, "6000.00", "8.40"),
        (helsinki(), 7, "5200.00", "37.68"),
    ];
    for (rule, persons, income, value) in cases {
        let given = facts(json!({"gross_income_per_month": income, "household_size": persons}));
        let evaluation = evaluated(&rule, &given).unwrap();
        assert_eq!(evaluation.outcome, Outcome::Value(value.parse().unwrap()), "{income}");
        assert!(evaluation.steps("/value").iter().all(|step| step.rule.starts_with("/value/income_reduction")));
    }
}

#[test]
fn income_not_given_yields_the_minimum() {
    let rule = helsinki();
    let evaluation = evaluated(&rule, &facts(json!({"household_size": 2}))).unwrap();
    assert_eq!(evaluation.outcome, Outcome::Value("8.40".parse().unwrap()));
    assert_eq!(evaluation.steps("/value")[0].code, "income_missing");
}

#[test]
fn bands_have_exact_edges_and_nest() {
    let cleaning = rule(json!({"bands": {"fact": "household_size", "bands": [
        {"up_to": "1", "then": {"bands": {"fact": "gross_income_per_month", "bands": [
            {"up_to": "1138.00", "then": {"flat": {"value": "24.00"}}},
            {"up_to": "1422.00", "then": {"flat": {"value": "21.00"}}}],
            "above": {"not_eligible": {"reason": "income_above_limit"}},
            "missing": {"flat": {"value": "21.00"}}}}}],
        "above": {"not_eligible": {"reason": "household_too_large"}},
        "missing": {"not_eligible": {"reason": "household_unknown"}}}}));
    let value = |income: &str| {
        evaluated(&cleaning, &facts(json!({"household_size": 1, "gross_income_per_month": income}))).unwrap().outcome
    };
    assert_eq!(value("1138.00"), Outcome::Value("24.00".parse().unwrap()));
    assert_eq!(value("1138.01"), Outcome::Value("21.00".parse().unwrap()));
    assert_eq!(value("1422.00"), Outcome::Value("21.00".parse().unwrap()));
    assert_eq!(value("1422.01"), Outcome::NotEligible("income_above_limit".into()));
}

#[test]
fn what_is_wrong_with_facts_is_told_all_at_once_and_what_is_not_asked_for_is_not_taken_in() {
    let bad = json!({"gross_income_per_month": "-50", "household_size": "0.5", "gross_income": "500.00"});
    let told = unfit(&helsinki(), bad);
    assert_eq!(
        told.iter().map(UnfitFact::name).collect::<Vec<_>>(),
        ["gross_income", "gross_income_per_month", "household_size"]
    );
    let table = rule(json!({"bands": {"fact": "household_size", "bands": [
        {"up_to": "1", "then": {"flat": {"value": "24.00"}}}],
        "above": {"flat": {"value": "21.00"}}, "missing": {"flat": {"value": "21.00"}}}}));
    for size in ["-3", "0", "0.5", "31"] {
        assert_eq!(unfit(&table, json!({"household_size": size})).len(), 1, "{size}");
    }
}

#[test]
fn facts_that_cannot_be_are_refused() {
    for bad in [
        json!({"gross_income_per_month": "-1"}),
        json!({"gross_income_per_month": true}),
        json!({"gross_income_per_month": "1", "household_size": "1.5"}),
        json!({"gross_income_per_month": "1", "household_size": 0}),
    ] {
        assert_eq!(unfit(&helsinki(), bad).len(), 1);
    }
    for bad in [json!({"x": 1.5}), json!({"X": 1}), json!({"x": ""}), json!({"x": "12345678901234567890"})] {
        assert!(serde_json::from_value::<Facts>(bad.clone()).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn the_value_stays_within_its_limits_and_falls_with_income(
        income in 0i64..100_000_000, more in 0i64..1_000_000, persons in 1u32..=30,
    ) {
        let value = |cents: i64| {
            let given = Facts::new([
                (GROSS_INCOME.to_owned(), FactValue::Number(Decimal::new(cents, 2))),
                (HOUSEHOLD_SIZE.to_owned(), FactValue::Number(Decimal::from(persons))),
            ]);
            match evaluated(&helsinki(), &given).unwrap().outcome {
                Outcome::Value(value) => value,
                Outcome::NotEligible(_) => unreachable!(),
            }
        };
        let (lower, higher) = (value(income), value((income + more).min(100_000_000)));
        prop_assert!(higher <= lower);
        prop_assert!(lower <= "40.80".parse().unwrap() && higher >= "8.40".parse().unwrap());
    }
}

#[test]
fn an_index_that_is_null_is_none() {
    let with = |index: serde_json::Value| {
        rule(json!({"income_reduction": {
            "minimum": "7", "maximum": "34", "divisor": 60, "index": index,
            "households": [{"income_limit": "699", "percent": "35"}], "further_person": null
        }}))
    };
    let ValueRule::IncomeReduction(reduction) = with(json!(null)) else { panic!("another rule") };
    assert_eq!(reduction.index, None);
    assert_ne!(with(json!(null)), with(json!("1.20")));
}
