//! What holds of every rule that passes the check, and of every facts that fit it: tried on rules and facts made at random.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test where it stands")]

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use valinta_domain::money::AMOUNT_MINOR_MAX;
use valinta_domain::quantity::QUANTITY_E4_MAX;
use valinta_domain::rules::{
    At, FactTerm, FactTerms, Facts, Occasion, Outcome, TimeOfDay, ValueRule, check, evaluate, shares,
};
use valinta_domain::{Amount, Day, Quantity};

fn fact_terms() -> Vec<FactTerm> {
    let text = json!({"fi": "f", "sv": "s", "en": "e"});
    serde_json::from_value(json!([
        {"name": "rent", "kind": "money", "maximum": "5000", "text": text},
        {"name": "coefficient", "kind": "number", "maximum": "3", "text": text},
        {"name": "hours", "kind": "whole", "maximum": "100", "text": text, "given": "with_service"},
        {"name": "form", "kind": "word", "text": text,
         "words": [{"code": "home", "text": text}, {"code": "unit", "text": text}, {"code": "away", "text": text}]},
        {"name": "alone", "kind": "flag", "text": text},
        {"name": "done", "kind": "words", "text": text, "given": "with_service",
         "words": [{"code": "a1", "text": text}, {"code": "b2", "text": text}]}
    ]))
    .unwrap()
}

fn cents(most: i64) -> impl Strategy<Value = String> {
    (0..=most).prop_map(|minor| Amount::from_minor(minor).to_string())
}

/// A rule that comes to an amount.
fn money() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        cents(50_000).prop_map(|value| json!({"flat": {"value": value}})),
        cents(50_000).prop_map(|at_most| json!({"price": {"at_most": at_most}})),
        cents(9_000).prop_map(|missing| json!({"fact": {"name": "rent", "missing": {"flat": {"value": missing}}}})),
        (cents(1_000), 1_000i64..6_000, 1u16..100, 0u8..100).prop_map(|(minimum, more, divisor, percent)| {
            json!({"income_reduction": {"minimum": minimum, "maximum": Amount::from_minor(more).to_string(), "divisor": divisor,
                "households": [{"income_limit": "600", "percent": percent.to_string()}],
                "further_person": {"income_limit_step": "300.00", "percent_step": "1.5"}}})
        }),
        Just(json!({"not_eligible": {"reason": "by_chance"}})),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let several = prop::collection::vec(inner.clone(), 1..4);
        let three = (inner.clone(), inner.clone(), inner.clone());
        prop_oneof![
            several.clone().prop_map(|of| json!({"sum": {"of": of}})),
            several.clone().prop_map(|of| json!({"least": {"of": of}})),
            several.clone().prop_map(|of| json!({"greatest": {"of": of}})),
            (inner.clone(), several).prop_map(|(of, less)| json!({"difference": {"of": of, "less": less}})),
            (inner.clone(), number()).prop_map(|(of, by)| json!({"product": {"of": [of, by]}})),
            (inner.clone(), cents(500), 500i64..90_000).prop_map(|(of, minimum, maximum)| {
                json!({"clamp": {"of": of, "minimum": minimum, "maximum": Amount::from_minor(maximum).to_string()}})
            }),
            (inner.clone(), 1i64..500, prop_oneof![Just("half_up"), Just("up"), Just("down")]).prop_map(
                |(of, to, how)| json!({"round": {"of": of, "to": Amount::from_minor(to).to_string(), "how": how}})
            ),
            three.clone().prop_map(|(one, two, three)| json!({"bands": {"fact": "hours",
                "bands": [{"up_to": "8", "then": one}, {"below": "40", "then": two}],
                "above": three, "missing": {"flat": {"value": "1.00"}}}})),
            three.clone().prop_map(|(one, two, three)| json!({"cases": {"fact": "form",
                "cases": [{"is": ["home"], "then": one}], "otherwise": two, "missing": three}})),
            three.prop_map(|(one, two, three)| json!({"time_bands": {"eves_of": ["christmas_day"],
                "bands": [{"on": ["sunday", "public_holiday"], "then": one}, {"on": ["eve"], "from": "12:00", "then": two}],
                "otherwise": three, "missing": {"flat": {"value": "1.00"}}}})),
            (inner.clone(), cents(500), 500i64..90_000).prop_map(|(missing, minimum, maximum)| json!({"individual": {
                "minimum": minimum, "maximum": Amount::from_minor(maximum).to_string(), "missing": missing}})),
            inner.prop_map(|of| json!({"named": {"text": {"fi": "f", "sv": "s", "en": "e"}, "of": of}})),
        ]
    })
}

/// A rule that comes to a plain number.
fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0u32..30_000).prop_map(|e4| json!({"number": {"is": Decimal::new(e4.into(), 4).to_string()}})),
        (0u32..400, 1u32..400)
            .prop_map(|(is, over)| json!({"number": {"is": is.to_string(), "over": over.to_string()}})),
        Just(json!({"fact": {"name": "coefficient", "missing": {"number": {"is": "1"}}}})),
        Just(json!({"listed": {"fact": "done", "entries_are": "numbers",
            "entries": [{"code": "a1", "is": "1.25"}, {"code": "b2", "is": "2"}], "missing": {"number": {"is": "0"}}}})),
    ]
}

fn facts() -> impl Strategy<Value = Value> {
    let some = |name: &'static str, value: BoxedStrategy<Value>| prop::option::of(value).prop_map(move |v| (name, v));
    let several = (
        some("rent", cents(500_000).prop_map(Value::from).boxed()),
        some("gross_income_per_month", cents(100_000_000).prop_map(Value::from).boxed()),
        some("household_size", (1u32..=30).prop_map(Value::from).boxed()),
        some("coefficient", (0i64..=30_000).prop_map(|e4| Value::from(Decimal::new(e4, 4).to_string())).boxed()),
        some("hours", (0u32..=100).prop_map(Value::from).boxed()),
        some("form", prop_oneof![Just("home"), Just("unit"), Just("away")].prop_map(Value::from).boxed()),
        some("individual_value", (500i64..=500).prop_map(|v| Value::from(Amount::from_minor(v).to_string())).boxed()),
        some("done", prop::collection::vec(prop_oneof![Just("a1"), Just("b2")], 0..100).prop_map(Value::from).boxed()),
    );
    several.prop_map(|(a, b, c, d, e, f, g, h)| {
        let given = [a, b, c, d, e, f, g, h].into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(given.collect())
    })
}

fn time() -> impl Strategy<Value = Option<At>> {
    let at = (0i64..800, prop::option::of(0u16..1440)).prop_map(|(days, minute)| At {
        day: Day::ymd(2025, 12, 1).unwrap().plus_days(days),
        time: minute.and_then(TimeOfDay::from_minute),
    });
    prop::option::of(at)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever passes the check has an outcome for all facts that fit; the same one each time; and it can be explained.
    #[test]
    fn evaluation_is_total_and_deterministic_and_its_last_step_has_the_amount(
        rule in money(), facts in facts(), price in prop::option::of(0..=AMOUNT_MINOR_MAX), at in time(),
    ) {
        let rule: ValueRule = serde_json::from_value(rule).unwrap();
        let known = fact_terms();
        let terms = FactTerms::new(&known);
        prop_assume!(check(&rule, terms, "/value").is_empty());
        let facts: Facts = serde_json::from_value(facts).unwrap();
        let occasion = Occasion { facts: &facts, price: price.map(Amount::from_minor), at };
        let evaluation = evaluate(&rule, terms, &occasion).unwrap();
        prop_assert_eq!(&evaluation, &evaluate(&rule, terms, &occasion).unwrap());
        let figure = evaluation.value().map(|value| value.to_string());
        let (all, of_service) = (evaluation.steps("/value"), evaluation.steps_of_service("/value"));
        prop_assert_eq!(&all.last().unwrap().figure, &figure);
        prop_assert_eq!(&of_service.last().unwrap().figure, &figure);
        let of_event = evaluation.steps_of_event("/value");
        prop_assert!(of_event.starts_with(&all) && of_event.len() <= all.len() + 1);
        let told: Vec<_> = of_event.into_iter().filter(|step| !step.personal).collect();
        prop_assert_eq!(&told, &of_service);
        if all.iter().all(|step| !step.personal) {
            prop_assert_eq!(&of_service, &all);
        }
        let document = json!({"value": serde_json::to_value(&rule).unwrap()});
        for step in all.iter().chain(&of_service) {
            prop_assert!(document.pointer(&step.rule).is_some(), "{}", step.rule);
        }
        if let Outcome::Value(value) = evaluation.outcome {
            prop_assert!((0..=AMOUNT_MINOR_MAX).contains(&value.minor()));
        }
    }

    /// A rule says the same after it was stored.
    #[test]
    fn a_rule_survives_being_written(rule in money()) {
        let rule: ValueRule = serde_json::from_value(rule).unwrap();
        let written = serde_json::to_string(&rule).unwrap();
        prop_assert_eq!(serde_json::from_str::<ValueRule>(&written).unwrap(), rule);
    }

    #[test]
    fn a_clamp_keeps_its_limits(of in money(), facts in facts(), minimum in 0i64..5_000, more in 0i64..5_000) {
        let (minimum, maximum) = (Amount::from_minor(minimum), Amount::from_minor(minimum + more));
        let rule = json!({"clamp": {"of": of, "minimum": minimum.to_string(), "maximum": maximum.to_string()}});
        let rule: ValueRule = serde_json::from_value(rule).unwrap();
        let known = fact_terms();
        let terms = FactTerms::new(&known);
        prop_assume!(check(&rule, terms, "").is_empty());
        let facts: Facts = serde_json::from_value(facts).unwrap();
        if let Some(value) = evaluate(&rule, terms, &Occasion::of(&facts)).unwrap().value() {
            prop_assert!((minimum..=maximum).contains(&value));
        }
    }

    /// Each part of a quantity is rounded by half a cent at most, and so is the whole.
    #[test]
    fn splitting_a_quantity_changes_totals_by_no_more_than_the_rounding(
        value in 0i64..1_000_000, price in 0i64..1_000_000, parts in prop::collection::vec(0i64..1_000_000, 1..8),
    ) {
        let (value, price) = (Amount::from_minor(value), Amount::from_minor(price));
        let whole = shares(value, price, Quantity::from_e4(parts.iter().sum())).unwrap();
        let each = || parts.iter().map(|part| shares(value, price, Quantity::from_e4(*part)).unwrap());
        let allowed_halves = i64::try_from(parts.len()).unwrap() + 1;
        let apart = |sum: i64, whole: Amount| 2 * (sum - whole.minor()).abs();
        prop_assert!(apart(each().map(|s| s.total.minor()).sum(), whole.total) <= allowed_halves);
        prop_assert!(apart(each().map(|s| s.organiser_pays.minor()).sum(), whole.organiser_pays) <= allowed_halves);
        // A co-payment is what one rounded figure leaves of another.
        prop_assert!(apart(each().map(|s| s.co_payment.minor()).sum(), whole.co_payment) <= 2 * allowed_halves);
    }

    #[test]
    fn co_payment_and_the_organisers_share_are_price_times_quantity(
        value in 0..=AMOUNT_MINOR_MAX, price in 0..=AMOUNT_MINOR_MAX, e4 in 0..=QUANTITY_E4_MAX,
    ) {
        let (price, quantity) = (Amount::from_minor(price), Quantity::from_e4(e4));
        let s = shares(Amount::from_minor(value), price, quantity).unwrap();
        prop_assert_eq!(s.organiser_pays.plus(s.co_payment), price.times(quantity));
        prop_assert!(s.organiser_pays <= price.times(quantity).unwrap());
    }
}
