//! Tests of what a rulebook lets a provider charge.

mod price_change;

use super::*;
use serde_json::{Value, json};

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn terms(members: Value) -> RulebookTerms {
    let text = json!({"fi": "a", "sv": "b", "en": "c"});
    let item = |code: &str| json!({"code": code, "text": text});
    let mut terms = json!({
        "items": [item("evening"), item("sunday")],
        "value": {"flat": {"value": "36.00"}},
        "price_ceiling": null,
        "free_of_charge": null,
        "public_service": {"client_fee": "0.00", "basis": text},
        "grant": {"per": "month", "quantity_max": "20", "validity_days_max": 365},
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

fn price(base: &str, sunday: Option<&str>) -> OfferPrice {
    let items = sunday.map(|sunday| ("sunday".to_owned(), amount(sunday)));
    OfferPrice::Voucher { price: amount(base), items: items.into_iter().collect(), only_items: false }
}

/// The place that is to blame, and the item.
fn refused(price: &OfferPrice, terms: &RulebookTerms) -> Option<(String, Option<String>)> {
    let refused = check_price(price, Sector::Company, terms).err()?;
    let item = match &refused {
        PriceRefused::OverCeiling { item, .. } | PriceRefused::OverFreeValue { item, .. } => item.clone(),
        PriceRefused::UnknownItem { item } => Some(item.clone()),
        PriceRefused::FeeForFreeService { .. }
        | PriceRefused::ClientFeeNotPublic
        | PriceRefused::VoucherPriceOfPublic => None,
    };
    Some((refused.member(price), item))
}

fn at(place: &str, item: Option<&str>) -> Option<(String, Option<String>)> {
    Some((place.to_owned(), item.map(str::to_owned)))
}

#[test]
fn an_item_without_a_price_of_its_own_keeps_to_its_ceiling_all_the_same() {
    let ceiling = json!({"amount": "50.00", "items": [{"item": "sunday", "amount": "41.00"}]});
    let terms = terms(json!({"price_ceiling": ceiling}));
    assert_eq!(refused(&price("42.00", None), &terms), at("price", Some("sunday")));
    assert_eq!(refused(&price("42.00", Some("41.01")), &terms), at("items/sunday", Some("sunday")));
    assert_eq!(refused(&price("42.00", Some("41.00")), &terms), None);
    assert_eq!(refused(&price("50.01", Some("41.00")), &terms), at("price", None));
    let unknown = OfferPrice::Voucher {
        price: amount("1.00"),
        items: [("noon".to_owned(), amount("1.00"))].into(),
        only_items: false,
    };
    assert_eq!(refused(&unknown, &terms), at("items/noon", Some("noon")));
}

#[test]
fn an_item_without_a_price_of_its_own_is_free_by_law_all_the_same() {
    let flat = |value: &str| json!({"flat": {"value": value}});
    let by_time = json!({"time_bands": {"missing": flat("40.00"), "otherwise": flat("40.00"), "bands": [
        {"on": ["sunday"], "item": "sunday", "then": flat("38.00")}]}});
    let terms = terms(json!({"value": by_time, "free_of_charge": {"source": "734/1992 § 4"}}));
    assert_eq!(refused(&price("39.00", None), &terms), at("price", Some("sunday")));
    assert_eq!(refused(&price("39.00", Some("38.01")), &terms), at("items/sunday", Some("sunday")));
    assert_eq!(refused(&price("40.00", Some("38.00")), &terms), None);
    assert_eq!(refused(&price("40.01", Some("38.00")), &terms), at("price", None));
}

#[test]
fn a_months_co_payment_comes_on_top_of_a_months_ceiling_where_prices_are_given_by_the_day() {
    let members = |co_payment: &str| {
        json!({
            "price_unit": "day",
            "co_payment": {"flat": {"value": co_payment}},
            "price_ceiling": {"amount": "100.00", "co_payment": "excluded"},
        })
    };
    // 365.00 a month is 12.00 a day.
    let terms_of_day = terms(members("365.00"));
    assert_eq!(refused(&price("112.00", None), &terms_of_day), None);
    assert_eq!(refused(&price("112.01", None), &terms_of_day), at("price", None));
    assert!(check_ceiling(amount("112.01"), Some("sunday"), &terms_of_day).is_err());
    let mut of_unit = terms(members("365.00"));
    of_unit.price_unit = None;
    assert_eq!(refused(&price("465.00", None), &of_unit), None);
    assert_eq!(refused(&price("465.01", None), &of_unit), at("price", None));
}

#[test]
fn the_highest_price_of_a_day_is_the_last_that_a_month_bears() {
    for most in (0..4_000).chain([109_999, 110_000, 110_001]).map(Amount::from_minor) {
        let highest = highest_within(most, Some(Unit::Day)).unwrap();
        assert!(highest.of_days_per_month().unwrap() <= most, "{most}");
        assert!(highest.plus(Amount::from_minor(1)).unwrap().of_days_per_month().unwrap() > most, "{most}");
        assert_eq!(highest_within(most, None), Some(most));
    }
}

#[test]
fn a_price_of_the_day_is_held_against_the_months_value_of_a_service_that_is_free() {
    let free = json!({"price_unit": "day", "value": {"flat": {"value": "365.00"}}, "free_of_charge": {"source": "s"}});
    let terms = terms(free);
    assert_eq!(refused(&price("12.00", None), &terms), None);
    let over = check_price(&price("12.01", None), Sector::Ngo, &terms).unwrap_err();
    assert!(matches!(over, PriceRefused::OverFreeValue { value, .. } if value == amount("12.00")), "{over}");
}

#[test]
fn everything_that_stands_in_the_way_is_told_where_it_is_asked_for() {
    let ceiling = json!({"amount": "40.00", "items": [{"item": "sunday", "amount": "41.00"}]});
    let terms = terms(json!({"price_ceiling": ceiling}));
    let check = PriceCheck::under(&terms);
    let places = |price: &OfferPrice| -> Vec<Option<String>> {
        let item = |refused: PriceRefused| {
            let PriceRefused::OverCeiling { item, .. } = refused else { panic!("{refused}") };
            item
        };
        check.all_refused(price, Sector::Company).into_iter().map(item).collect()
    };
    let named = |item: &str| Some(item.to_owned());
    assert_eq!(places(&price("42.00", None)), [None, named("evening"), named("sunday")]);
    assert_eq!(places(&price("42.00", Some("41.50"))), [named("sunday"), None, named("evening")]);
    assert_eq!(check.all_refused(&price("42.00", None), Sector::Public), [PriceRefused::VoucherPriceOfPublic]);
}

#[test]
fn limits_are_found_when_the_first_price_is_held_against_them_and_kept() {
    let check = PriceCheck::under(terms(json!({"free_of_charge": {"source": "s"}})));
    assert!(check.limits.get().is_none());
    assert_eq!(check.check(&price("36.00", None), Sector::Ngo), Ok(()));
    let limits: *const Limits = check.limits.get().unwrap();
    assert!(check.check(&price("36.01", None), Sector::Ngo).is_err());
    assert!(std::ptr::eq(limits, check.limits.get().unwrap()));
}

#[test]
fn what_is_not_offered_is_held_against_no_ceiling() {
    let ceiling = json!({"amount": "50.00", "items": [{"item": "sunday", "amount": "41.00"}]});
    let terms = terms(json!({"price_ceiling": ceiling}));
    let without = |items: &[(&str, &str)]| OfferPrice::Voucher {
        price: amount("45.00"),
        items: items.iter().map(|(item, price)| ((*item).to_owned(), amount(price))).collect(),
        only_items: true,
    };
    assert_eq!(refused(&price("45.00", None), &terms), at("price", Some("sunday")));
    assert_eq!(refused(&without(&[("evening", "48.00")]), &terms), None);
    assert_eq!(refused(&without(&[("sunday", "42.00")]), &terms), at("items/sunday", Some("sunday")));
    let no_sundays = without(&[("evening", "48.00")]);
    assert!(no_sundays.offers(Some("evening")) && no_sundays.offers(None) && !no_sundays.offers(Some("sunday")));
    assert!(price("45.00", None).offers(Some("sunday")));
}

#[test]
fn that_only_items_are_offered_is_written_where_it_is_so() {
    let written = |price: &OfferPrice| serde_json::to_value(price).unwrap();
    assert_eq!(written(&price("45.00", None)), json!({"charging": "voucher", "price": "45.00"}));
    let only = json!({"charging": "voucher", "price": "45.00", "items": {"sunday": "50.00"}, "only_items": true});
    assert_eq!(written(&serde_json::from_value(only.clone()).unwrap()), only);
}
