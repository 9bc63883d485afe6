//! Tests of what a unit is worth by which version.

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
    }
}

/// What a voucher is worth before a later version moves it, and after.
fn before_and_after(facts: Value, own: Value, later: Value) -> [Result<String, NoWorth>; 2] {
    let voucher = voucher(facts);
    let versions = Timeline::new(vec![
        (Period::new(day(1), Some(day(6))).unwrap(), (voucher.rulebook, terms(own))),
        (Period::starting(day(6)), (Id::new(Uuid::from_u128(1)), terms(later))),
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
