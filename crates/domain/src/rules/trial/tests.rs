//! Tests of trials: what is refused, with its place. What they come to is tested on the published figures.

use serde_json::{Value, json};

use super::*;

fn tried(value: Value) -> Result<TrialOutcome, Vec<(String, &'static str)>> {
    let request: Trial = serde_json::from_value(value).unwrap();
    trial(&request).map_err(|faults| faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect())
}

fn refused(value: Value) -> Vec<(String, &'static str)> {
    tried(value).unwrap_err()
}

fn flat(amount: &str) -> Value {
    json!({"flat": {"value": amount}})
}

#[test]
fn a_rule_alone_has_a_value_and_no_shares() {
    let outcome = tried(json!({"rule": flat("36.00")})).unwrap();
    assert_eq!(outcome.value, Some("36.00".parse().unwrap()));
    assert_eq!((outcome.total, outcome.price_allowed, outcome.reason), (None, None, None));
}

#[test]
fn what_a_trial_does_not_know_is_refused() {
    for unknown in
        [json!({"rule": flat("1"), "colour": 1}), json!({"rule": flat("1"), "purse": {"left": "1"}}), json!({})]
    {
        assert!(serde_json::from_value::<Trial>(unknown).is_err());
    }
}

#[test]
fn everything_wrong_is_told_at_once_with_its_place_in_the_trial() {
    let told = refused(json!({
        "rule": {"fact": {"name": "rent", "missing": {"number": {"is": "1"}}}},
        "fact_terms": [
            {"name": "rent", "kind": "money", "maximum": "500", "text": {"fi": "vuokra", "sv": "hyran", "en": "rent"}},
            {"name": "rent", "kind": "money", "text": {"fi": "vuokra", "sv": "hyran", "en": "rent"}}],
        "co_payment": {"flat": {"value": "3.00"}},
        "facts": {"rent": "900.00", "colour": "red"},
        "free_of_charge": true,
        "time": "10:00"
    }));
    for fault in [
        ("/fact_terms/1/name", "duplicate"),
        ("/co_payment", "contradiction"),
        ("/facts/rent", "unfit"),
        ("/facts/colour", "unfit"),
        ("/day", "missing_field"),
    ] {
        assert!(told.contains(&(fault.0.to_owned(), fault.1)), "{fault:?} in {told:?}");
    }
    assert!(told.iter().any(|(pointer, _)| pointer.starts_with("/rule/fact/missing")), "{told:?}");
}

#[test]
fn a_price_that_may_not_be_asked_has_no_shares() {
    let over =
        tried(json!({"rule": flat("150.00"), "price": "176.00", "price_ceiling": {"amount": "175.00"}})).unwrap();
    assert_eq!((over.price_allowed, over.total), (Some(false), None));
    assert_eq!(over.price_refused.unwrap().code, "price_over_ceiling");
    let free = tried(json!({"rule": flat("21.00"), "price": "21.01", "free_of_charge": true})).unwrap();
    assert_eq!(free.price_refused.unwrap().code, "over_value_of_free_service");
    let on_top = json!({"rule": flat("150.00"), "co_payment": flat("10.00"), "price": "160.00",
        "price_ceiling": {"amount": "150.00", "co_payment": "excluded"}});
    assert_eq!(tried(on_top).unwrap().price_allowed, Some(true));
}

#[test]
fn an_item_has_its_own_ceiling_whether_it_is_given_or_follows_from_the_time() {
    let asked = |more: Value| {
        let mut request = json!({
            "rule": {"time_bands": {"bands": [{"on": ["sunday"], "item": "sunday", "then": flat("42.00")}],
                "otherwise": flat("21.00"), "missing": flat("21.00")}},
            "price": "40.00",
            "price_ceiling": {"amount": "21.00", "items": [{"item": "sunday", "amount": "42.00"}]}});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        tried(request).unwrap().price_allowed
    };
    assert_eq!(asked(json!({})), Some(false));
    assert_eq!(asked(json!({"item": "sunday"})), Some(true));
    assert_eq!(asked(json!({"day": "2026-06-07", "time": "10:00"})), Some(true));
}

#[test]
fn the_item_is_a_fact_where_a_rule_asks_for_it() {
    let rule = json!({"cases": {"fact": "item", "cases": [{"is": ["long"], "then": flat("60.00")}, {"is": ["short"], "then": flat("30.00")}],
        "missing": flat("30.00")}});
    let value =
        |item: &str| tried(json!({"rule": rule, "item": item})).map(|outcome| outcome.value.unwrap().to_string());
    assert_eq!(value("long"), Ok("60.00".to_owned()));
    assert_eq!(value("other"), Err(vec![("/facts/item".to_owned(), "unfit")]));
}

#[test]
fn a_fixed_co_payment_needs_no_price() {
    let outcome = tried(json!({"rule": flat("85.00"), "co_payment": flat("15.00"), "quantity": "2"})).unwrap();
    let shares = (outcome.total.unwrap(), outcome.organiser_pays.unwrap(), outcome.co_payment.unwrap());
    assert_eq!([shares.0, shares.1, shares.2].map(|amount| amount.to_string()), ["200.00", "170.00", "30.00"]);
}

#[test]
fn a_purse_that_runs_out_is_no_way_to_pay_for_what_is_free_by_law() {
    let told = refused(
        json!({"rule": flat("40.00"), "price": "40.00", "purse": {"available": "17.50"}, "free_of_charge": true}),
    );
    assert_eq!(told, [("/purse/available".to_owned(), "overdrawn")]);
}

#[test]
fn a_day_ends_before_a_service_begins() {
    let told = refused(json!({"rule": flat("40.00"), "day": "2026-06-07", "time": "24:00"}));
    assert_eq!(told, [("/time".to_owned(), "out_of_range")]);
}
