//! How long a value rule takes: typical ones and a nested one, without and with the steps that explain it, beside a bare
//! reading of two facts and one multiplication. `cargo xtask bench rules` holds the figures to their bounds.

use std::hint::black_box;

use chrono::NaiveDate;
use criterion::{Criterion, criterion_group, criterion_main};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use valinta_domain::rules::{
    At, FactTerm, FactTerms, FactValue, Facts, Occasion, TimeOfDay, ValueRule, check, evaluate,
};
use valinta_domain::{Amount, Day};

/// A rule, and what it is evaluated on.
struct Example {
    name: &'static str,
    terms: Vec<FactTerm>,
    rule: ValueRule,
    facts: Facts,
    price: Option<Amount>,
    at: Option<At>,
}

impl Example {
    fn new(name: &'static str, rule: Value, facts: Value) -> Self {
        Self { name, terms: Vec::new(), rule: read(rule), facts: read(facts), price: None, at: None }
    }

    fn terms(&self) -> FactTerms<'_> {
        FactTerms::new(&self.terms)
    }

    fn occasion(&self) -> Occasion<'_> {
        Occasion { facts: &self.facts, price: self.price, at: self.at }
    }
}

#[expect(clippy::expect_used, reason = "a benchmark without its example measures nothing")]
fn read<T: serde::de::DeserializeOwned>(document: Value) -> T {
    serde_json::from_value(document).expect("the example is well written")
}

fn flat(value: &str) -> Value {
    json!({"flat": {"value": value}})
}

fn number(is: &str) -> Value {
    json!({"number": {"is": is}})
}

fn flat_value() -> Example {
    Example::new("flat", flat("36.00"), json!({}))
}

/// Home care: limits and percents for six household sizes, and a seventh person.
fn income_reduction() -> Example {
    let terms = [("699", "35"), ("1290", "22"), ("2025", "18"), ("2503", "15"), ("3030", "13"), ("3481", "11")];
    let households: Vec<Value> =
        terms.iter().map(|(limit, percent)| json!({"income_limit": limit, "percent": percent})).collect();
    Example::new(
        "income_reduction",
        json!({"income_reduction": {
            "minimum": "8.40", "maximum": "34.00", "divisor": 60, "index": "1.20", "households": households,
            "further_person": {"income_limit_step": "416", "percent_step": "1"},
        }}),
        json!({"gross_income_per_month": "4200.00", "household_size": 7}),
    )
}

/// Assisted living: 27 bands of income, of which one near the end holds.
fn income_bands() -> Example {
    let bands: Vec<Value> = (0..27)
        .map(|band| json!({"up_to": (900 + 100 * band).to_string(), "then": flat(&(3300 - 100 * band).to_string())}))
        .collect();
    Example::new(
        "income_bands",
        json!({"bands": {
            "fact": "net_income_per_month", "bands": bands, "above": flat("600"), "missing": flat("600"),
        }}),
        json!({"net_income_per_month": "3350.00"}),
    )
}

/// Clamp, product, hours, form of care and age, household, and time bands with holidays and eves.
fn nested() -> Example {
    let by_age = |young: &str, old: &str| {
        json!({"bands": {
            "fact": "age", "bands": [{"below": "3", "then": flat(young)}], "above": flat(old), "missing": flat(old),
        }})
    };
    let by_form = || {
        json!({"cases": {
            "fact": "form_of_care",
            "cases": [
                {"is": ["centre"], "then": by_age("50.00", "30.00")},
                {"is": ["group"], "then": by_age("45.00", "28.00")},
                {"is": ["family"], "then": by_age("40.00", "25.00")},
            ],
            "missing": flat("25.00"),
        }})
    };
    let by_hours = json!({"bands": {
        "fact": "hours",
        "bands": [{"up_to": "84", "then": by_form()}, {"up_to": "120", "then": by_form()}],
        "above": by_form(), "missing": by_form(),
    }});
    let by_household = json!({"bands": {
        "fact": "household_size",
        "bands": [{"up_to": "2", "then": number("1")}, {"up_to": "4", "then": number("1.1")}],
        "above": number("1.25"), "missing": number("1"),
    }});
    let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let by_time = json!({"time_bands": {
        "eves_of": ["christmas_day", "midsummer_day", "new_years_day"],
        "bands": [
            {"on": weekdays, "from": "07:00", "until": "18:00", "then": number("1")},
            {"on": weekdays, "from": "18:00", "until": "22:00", "then": number("1.15")},
            {"on": ["saturday"], "from": "07:00", "until": "22:00", "then": number("1.2")},
            {"on": ["sunday", "public_holiday", "eve"], "then": number("2")},
        ],
        "otherwise": number("1.3"), "missing": number("1"),
    }});
    let rule = json!({"clamp": {
        "of": {"product": {"of": [by_hours, by_household, by_time]}}, "minimum": "20.00", "maximum": "120.00",
    }});
    let facts = json!({"hours": "100.5", "form_of_care": "family", "age": 4, "household_size": 3});
    let text = |words: &str| json!({"fi": words, "sv": words, "en": words});
    let word = |code: &str| json!({"code": code, "text": text(code)});
    Example {
        terms: read(json!([
            {"name": "hours", "kind": "number", "text": text("hours"), "maximum": "300"},
            {"name": "age", "kind": "whole", "text": text("age"), "maximum": "120"},
            {"name": "form_of_care", "kind": "word", "text": text("form of care"),
             "words": [word("centre"), word("group"), word("family")]},
        ])),
        at: NaiveDate::from_ymd_opt(2026, 12, 23)
            .map(|date| At { day: Day::new(date), time: TimeOfDay::from_minute(18 * 60 + 30) }),
        ..Example::new("nested", rule, facts)
    }
}

/// What no rule can do without: two facts, found by name, and a multiplication.
fn bare(facts: &Facts) -> Option<Amount> {
    let number = |name: &str| match facts.get(name) {
        Some(FactValue::Number(number)) => Some(*number),
        Some(FactValue::Flag(_) | FactValue::Word(_) | FactValue::Words(_)) | None => None,
    };
    let product: Decimal = number("gross_income_per_month")?.checked_mul(number("household_size")?)?;
    Amount::rounded(product)
}

fn rules(criterion: &mut Criterion) {
    let client = income_reduction().facts;
    criterion.bench_function("rules/bare", |bencher| bencher.iter(|| bare(black_box(&client))));
    for example in [flat_value(), income_reduction(), income_bands(), nested()] {
        let name = example.name;
        assert!(check(&example.rule, example.terms(), "/value").is_empty(), "{name} is a sound rule");
        let once = || evaluate(black_box(&example.rule), example.terms(), black_box(&example.occasion()));
        assert!(once().is_ok(), "{name} evaluates");
        criterion.bench_function(&format!("rules/{name}"), |bencher| bencher.iter(once));
        criterion.bench_function(&format!("rules/{name}/steps"), |bencher| {
            bencher.iter(|| once().map(|evaluation| evaluation.steps("/value")));
        });
    }
}

criterion_group!(benches, rules);
criterion_main!(benches);
