//! Tests of what a unit is worth by which version.

use std::sync::Arc;

use super::*;
use crate::identifiers::VoucherNumber;
use crate::rulebook::{Measure, Unused};
use crate::time::{Period, Timeline};
use crate::voucher::VoucherState;
use serde_json::{Value, json};
use uuid::Uuid;

fn day(month: u32) -> Day {
    Day::ymd(2026, month, 1).unwrap()
}

fn flat(value: &str) -> Value {
    json!({"flat": {"value": value}})
}

fn terms(members: Value) -> RulebookTerms {
    let text = json!({"fi": "a", "sv": "b", "en": "c"});
    let mut terms = json!({
        "value": flat("36.00"),
        "price_ceiling": null,
        "free_of_charge": null,
        "public_service": {"client_fee": "0.00", "basis": text},
        "grant": {"per": "month", "quantity_max": "20", "validity_days_max": 365},
        "issued_vouchers": "move",
        "recording": {"days_after_month": 60},
        "requirements": [],
        "texts": {"status": text, "co_payment": text, "alternatives": text, "appeal": text},
        "sources": [],
    });
    for (name, value) in members.as_object().unwrap() {
        terms[name] = value.clone();
    }
    serde_json::from_value(terms).unwrap()
}

fn voucher(facts: Value) -> Voucher {
    let nil = Uuid::nil();
    Voucher {
        id: Id::new(nil),
        organiser: Id::new(nil),
        client: Id::new(nil),
        person: Id::new(nil),
        voucher_type: Id::new(nil),
        rulebook: Id::new(nil),
        number: VoucherNumber::from_random([0; 15]),
        state: VoucherState::Chosen,
        value: Amount::from_minor(5_000),
        facts: serde_json::from_value(facts).unwrap(),
        unit: Unit::Hour,
        measure: Measure::Quantity,
        unused: Unused::Lapses,
        free_of_charge: false,
        validity: Period::starting(day(1)),
        raises: vec![],
    }
}

/// What a voucher is worth before a later version moves it, and after.
fn before_and_after(facts: Value, own: Value, later: Value) -> [Result<String, NoWorth>; 2] {
    let voucher = voucher(facts);
    let versions = Timeline::new(vec![
        (Period::new(day(1), Some(day(6))).unwrap(), (voucher.rulebook, Arc::new(terms(own)))),
        (Period::starting(day(6)), (Id::new(Uuid::from_u128(1)), Arc::new(terms(later)))),
    ]);
    let versions = versions.unwrap();
    [day(3), day(7)].map(|day| {
        let valuation = Valuation::of_voucher(&voucher, &versions, day)?.unwrap();
        let quoted = valuation.quoted().value;
        // What it is worth at a price goes by the same facts.
        assert_eq!(valuation.at_price(Some(Amount::from_minor(100_000)))?.value, quoted);
        Ok(quoted.to_string())
    })
}

fn by_form(words: &[&str], cases: Value) -> Value {
    let text = json!({"fi": "a", "sv": "b", "en": "c"});
    let words: Vec<Value> = words.iter().map(|word| json!({"code": word, "text": text})).collect();
    json!({
        "facts": [{"name": "form", "kind": "word", "text": text, "words": words}],
        "value": {"cases": {"fact": "form", "cases": cases, "missing": flat("30.00")}},
    })
}

#[test]
fn a_fact_that_does_not_fit_the_version_that_a_voucher_was_moved_to_counts_as_missing() {
    let own = by_form(&["day", "night"], json!([{"is": ["day", "night"], "then": flat("50.00")}]));
    let later = by_form(&["day"], json!([{"is": ["day"], "then": flat("52.00")}]));
    let worth = |form: &str| before_and_after(json!({"form": form}), own.clone(), later.clone());
    assert_eq!(worth("day"), [Ok("50.00".to_owned()), Ok("52.00".to_owned())]);
    assert_eq!(worth("night"), [Ok("50.00".to_owned()), Ok("30.00".to_owned())]);
}

#[test]
fn a_value_set_in_a_decision_that_is_out_of_the_later_bounds_counts_as_missing() {
    let set = |minimum: &str, maximum: &str| json!({"value": {"individual": {"minimum": minimum, "maximum": maximum, "missing": flat("45.00")}}});
    let worth = |value: &str| {
        before_and_after(json!({"individual_value": value}), set("10.00", "90.00"), set("40.00", "60.00"))
    };
    assert_eq!(worth("55.00"), [Ok("50.00".to_owned()), Ok("55.00".to_owned())]);
    assert_eq!(worth("80.00"), [Ok("50.00".to_owned()), Ok("45.00".to_owned())]);
}

#[test]
fn facts_that_do_not_fit_the_own_version_are_still_refused() {
    let own = by_form(&["day"], json!([{"is": ["day"], "then": flat("52.00")}]));
    let (terms, facts) = (terms(own), voucher(json!({"form": "night"})).facts);
    assert!(matches!(Valuation::new(&terms, &facts), Err(NoWorth::Evaluate(EvaluateError::Unfit(_)))));
}

#[test]
fn a_raised_value_counts_from_its_day_on_wherever_the_rules_give_less() {
    let raised = |month: u32, value: &str| RaisedValue {
        from: day(month),
        value: value.parse().unwrap(),
        decision: Id::new(Uuid::from_u128(month.into())),
    };
    let mut voucher = voucher(json!({}));
    voucher.raises = vec![raised(5, "60.00"), raised(3, "55.00")];
    let id = Id::new(Uuid::from_u128(7));
    let versions = Timeline::new(vec![
        (Period::new(day(1), Some(day(7))).unwrap(), (voucher.rulebook, Arc::new(terms(json!({}))))),
        (Period::starting(day(7)), (id, Arc::new(terms(json!({"value": flat("58.00")}))))),
    ])
    .unwrap();
    let worth = |on: Day| Valuation::of_voucher(&voucher, &versions, on).unwrap().unwrap().quoted().value.to_string();
    assert_eq!([1, 3, 4, 5, 8].map(|month| worth(day(month))), ["50.00", "55.00", "55.00", "60.00", "60.00"]);
    let valuation = Valuation::of_voucher(&voucher, &versions, day(5)).unwrap().unwrap();
    let step = valuation.raise_step(valuation.quoted()).unwrap();
    let decision = Uuid::from_u128(5).to_string();
    assert_eq!((step.code.as_str(), step.inputs["decision"].as_str()), ("value_raised", decision.as_str()));
    assert_eq!(
        (step.figure.as_deref(), step.source.as_deref(), step.personal),
        (Some("60.00"), Some("569/2009 § 8"), true)
    );
    voucher.raises = vec![raised(3, "57.00")];
    let worth = |on: Day| Valuation::of_voucher(&voucher, &versions, on).unwrap().unwrap().quoted().value.to_string();
    assert_eq!([day(3), day(8)].map(worth), ["57.00", "58.00"]);
    let valuation = Valuation::of_voucher(&voucher, &versions, day(8)).unwrap().unwrap();
    assert_eq!(valuation.raise_step(valuation.quoted()), None);
}

#[test]
fn what_is_raised_comes_off_a_co_payment_that_the_organiser_fixes() {
    let worth = |value: &str, co_payment: &str| Worth {
        value: value.parse().unwrap(),
        co_payment: Some(co_payment.parse().unwrap()),
    };
    let raise = |value: &str| {
        let raised = RaisedValue { from: day(1), value: value.parse().unwrap(), decision: Id::new(Uuid::nil()) };
        raised.on_top_of(worth("50.00", "20.00"))
    };
    assert_eq!(raise("55.00"), worth("55.00", "15.00"));
    assert_eq!(raise("70.00"), worth("70.00", "0.00"));
    assert_eq!(raise("90.00"), worth("70.00", "0.00"));
    assert_eq!(raise("40.00"), worth("50.00", "20.00"));
}
