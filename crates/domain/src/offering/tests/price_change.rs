//! Tests of when and how a price may be changed.

use std::collections::BTreeMap;

use chrono::Datelike;
use proptest::prelude::*;

use super::{amount, terms};
use crate::money::Amount;
use crate::offering::{OfferPrice, PriceChangeRefused, PriceSetting, check_price_change, next_price};
use crate::rulebook::RulebookTerms;
use crate::time::{Day, Period, Timeline};
use serde_json::{Value, json};

fn day(month: u32, day: u32) -> Day {
    Day::ymd(2026, month, day).unwrap()
}

fn under(policy: Value) -> RulebookTerms {
    terms(json!({"price_changes": policy}))
}

fn strict() -> RulebookTerms {
    under(json!({"raises_per_year": 1, "days": ["01-01", "07-01"], "notice_days": 60, "reason_needed": true}))
}

fn price(base: &str) -> OfferPrice {
    OfferPrice::voucher(amount(base))
}

fn history(prices: &[(Day, OfferPrice)]) -> Timeline<OfferPrice> {
    let ends = prices.iter().skip(1).map(|(from, _)| Some(*from)).chain([None]);
    let entries = prices.iter().zip(ends).map(|((from, price), to)| (Period::new(*from, to).unwrap(), price.clone()));
    Timeline::new(entries.collect()).unwrap()
}

fn codes(outcome: Result<PriceSetting, Vec<PriceChangeRefused>>) -> Vec<&'static str> {
    outcome.err().unwrap_or_default().iter().map(PriceChangeRefused::code).collect()
}

#[test]
fn everything_that_is_wrong_with_a_raise_is_told_at_once() {
    let terms = strict();
    let raised = history(&[(day(1, 1), price("40.00")), (day(7, 1), price("41.00"))]);
    let check =
        |new: &str, from: Day, reason| check_price_change(&terms, &raised, &price(new), (from, day(7, 2)), reason);
    let all = ["notice_too_short", "not_a_day_of_raises", "too_many_raises", "reason_needed"];
    assert_eq!(codes(check("41.01", day(8, 1), None)), all);
    assert_eq!(codes(check("41.01", day(8, 1), Some("  "))), all);
    let next_year = Day::ymd(2027, 1, 1).unwrap();
    let accepted = check("42.00", next_year, Some("wages")).unwrap();
    assert_eq!(accepted, PriceSetting { is_raise: true, replaces: vec![] });
    let refused = check("41.01", day(8, 1), Some("wages")).unwrap_err();
    assert!(refused[0].to_string().contains("from 2026-08-31"), "{}", refused[0]);
}

#[test]
fn a_price_is_lowered_on_any_day_and_the_first_price_is_no_change() {
    let terms = strict();
    let at_40 = history(&[(day(1, 1), price("40.00"))]);
    let lowered = check_price_change(&terms, &at_40, &price("39.99"), (day(3, 3), day(3, 3)), None).unwrap();
    assert_eq!(lowered, PriceSetting { is_raise: false, replaces: vec![] });
    let first = check_price_change(&terms, &history(&[]), &price("99.00"), (day(3, 3), day(3, 3)), None).unwrap();
    assert!(!first.is_raise);
}

#[test]
fn a_lowering_takes_an_announced_raise_with_it() {
    let terms = strict();
    let pending = history(&[(day(1, 1), price("40.00")), (day(7, 1), price("44.00"))]);
    let lowered = check_price_change(&terms, &pending, &price("38.00"), (day(5, 20), day(5, 20)), None).unwrap();
    assert_eq!(lowered, PriceSetting { is_raise: false, replaces: vec![day(7, 1)] });
    // Told anew it is a raise like any other, and the one that never held does not count.
    let anew = history(&[(day(1, 1), price("40.00")), (day(5, 20), price("38.00"))]);
    let check = |today| check_price_change(&terms, &anew, &price("44.00"), (day(7, 1), today), Some("wages"));
    assert_eq!(codes(check(day(5, 21))), ["notice_too_short"]);
    assert!(check(day(5, 2)).unwrap().is_raise);
}

#[test]
fn an_announced_raise_is_made_smaller_without_being_told_anew_but_not_larger_and_not_earlier() {
    let terms = strict();
    let pending = history(&[(day(1, 1), price("40.00")), (day(7, 1), price("44.00"))]);
    let check = |new: &str, from: Day| check_price_change(&terms, &pending, &price(new), (from, day(6, 20)), Some("r"));
    assert_eq!(check("43.00", day(7, 1)).unwrap(), PriceSetting { is_raise: true, replaces: vec![day(7, 1)] });
    assert_eq!(codes(check("44.01", day(7, 1))), ["notice_too_short"]);
    assert_eq!(codes(check("43.00", day(6, 30))), ["notice_too_short", "not_a_day_of_raises"]);
    // Taking back an announced lowering asks more than had been told.
    let lower_soon = history(&[(day(1, 1), price("40.00")), (day(7, 1), price("36.00"))]);
    let kept = check_price_change(&terms, &lower_soon, &price("40.00"), (day(6, 25), day(6, 20)), Some("r"));
    assert_eq!(codes(kept), ["notice_too_short"]);
}

#[test]
fn a_raise_is_of_any_item_and_of_a_public_unit_its_client_fee() {
    let terms = strict();
    let with = |base: &str, items: &[(&str, &str)], only_items| OfferPrice::Voucher {
        price: amount(base),
        items: items.iter().map(|(item, price)| ((*item).to_owned(), amount(price))).collect(),
        only_items,
    };
    let is_raise = |before: OfferPrice, new: OfferPrice| {
        !codes(check_price_change(&terms, &history(&[(day(1, 1), before)]), &new, (day(3, 3), day(3, 3)), None))
            .is_empty()
    };
    assert!(is_raise(with("40", &[("sunday", "60")], false), with("39", &[("sunday", "61")], false)));
    assert!(is_raise(with("40", &[("sunday", "30")], false), with("40", &[], false)));
    assert!(!is_raise(with("40", &[("sunday", "60")], false), with("40", &[], false)));
    // What was not offered before has not been raised.
    assert!(!is_raise(with("40", &[], true), with("40", &[("sunday", "90")], true)));
    let fee = |fee: &str, cost: &str| OfferPrice::ClientFee { client_fee: amount(fee), unit_cost: amount(cost) };
    assert!(is_raise(fee("12", "50"), fee("12.01", "50")));
    assert!(!is_raise(fee("12", "50"), fee("12", "70")));
    // The way of charging follows the sector, which is not the provider's to choose.
    assert!(!is_raise(fee("12", "50"), with("50", &[], false)));
    // Leaving an item out for a while is no way to raise it.
    let away = history(&[(day(1, 1), with("40", &[("sunday", "60")], true)), (day(2, 1), with("40", &[], true))]);
    let back = |sunday| with("40", &[("sunday", sunday)], true);
    assert!(check_price_change(&terms, &away, &back("60"), (day(3, 3), day(3, 3)), None).is_ok());
    assert!(check_price_change(&terms, &away, &back("61"), (day(3, 3), day(3, 3)), None).is_err());
}

#[test]
fn where_nothing_is_asked_of_changes_any_is_let_through() {
    let at_40 = history(&[(day(1, 1), price("40.00")), (day(7, 1), price("44.00"))]);
    let raised = check_price_change(&under(json!({})), &at_40, &price("99"), (day(3, 3), day(3, 3)), None).unwrap();
    assert!(raised.is_raise);
    assert_eq!(next_price(&at_40, day(3, 3)), Some((day(7, 1), &price("44.00"))));
    assert_eq!(next_price(&at_40, day(7, 1)), None);
}

/// A provider's attempt: some days later, a price so many days ahead.
#[derive(Debug, Clone)]
struct Attempt {
    later: i64,
    ahead: i64,
    base: i64,
    sunday: Option<i64>,
    only_items: bool,
    reason: bool,
}

fn attempts(may_leave_out: bool) -> impl Strategy<Value = Vec<Attempt>> {
    let attempt = (0..50i64, 0..100i64, 30..36i64, prop::option::of(40..46i64), any::<bool>(), any::<bool>());
    let attempt = attempt.prop_map(move |(later, ahead, base, sunday, only_items, reason)| {
        // A first of the month now and then, which is where raises are let through.
        let only_items = only_items && may_leave_out;
        Attempt { later, ahead, base, sunday, only_items, reason }
    });
    prop::collection::vec(attempt, 1..40)
}

fn policies() -> impl Strategy<Value = RulebookTerms> {
    let days: Vec<String> = (1..=12).flat_map(|month| [format!("{month:02}-01"), format!("{month:02}-15")]).collect();
    let days = prop_oneof![Just(Vec::new()), Just(days)];
    (prop::option::of(0..4u16), days, 0..70u16, any::<bool>()).prop_map(|(raises, days, notice, reason_needed)| {
        let mut policy = json!({"days": days, "notice_days": notice, "reason_needed": reason_needed});
        if let Some(raises) = raises {
            policy["raises_per_year"] = json!(raises);
        }
        under(policy)
    })
}

/// What each accepted attempt told, by the day of telling, and what held in the end.
struct Told {
    by_day: Vec<(Day, BTreeMap<Day, OfferPrice>, bool)>,
}

fn told(terms: &RulebookTerms, attempts: &[Attempt]) -> Told {
    let mut today = day(1, 1);
    let mut prices: BTreeMap<Day, OfferPrice> = BTreeMap::new();
    let mut by_day = Vec::new();
    for attempt in attempts {
        today = today.plus_days(attempt.later);
        let mut from = today.plus_days(attempt.ahead);
        if attempt.ahead % 2 == 0 {
            from = from.first_of_next_month();
        }
        let items = attempt.sunday.map(|sunday| ("sunday".to_owned(), Amount::from_minor(sunday)));
        let new = OfferPrice::Voucher {
            price: Amount::from_minor(attempt.base),
            items: items.into_iter().collect(),
            only_items: attempt.only_items,
        };
        let known: Vec<(Day, OfferPrice)> = prices.iter().map(|(day, price)| (*day, price.clone())).collect();
        let reason = attempt.reason.then_some("wages");
        if check_price_change(terms, &history(&known), &new, (from, today), reason).is_ok() {
            prices.split_off(&from);
            prices.insert(from, new);
            by_day.push((today, prices.clone(), attempt.reason));
        }
    }
    Told { by_day }
}

/// What is asked of an item on a day: the last price before it that offers it.
fn asked(prices: &BTreeMap<Day, OfferPrice>, day: Day, item: Option<&str>) -> Option<Amount> {
    prices.range(..=day).rev().find(|(_, price)| price.offers(item)).and_then(|(_, price)| price.of_item(item).price())
}

const ITEMS: [Option<&str>; 3] = [None, Some("sunday"), Some("evening")];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_sequence_of_accepted_changes_raises_too_often_or_on_other_days(
        terms in policies(), attempts in attempts(true),
    ) {
        let policy = &terms.price_changes;
        let Told { by_day } = told(&terms, &attempts);
        let Some((_, held, _)) = by_day.last() else { return Ok(()) };
        let mut raises: BTreeMap<i32, u16> = BTreeMap::new();
        for from in held.keys() {
            let before = from.plus_days(-1);
            let up = |item: &Option<&str>| {
                held[from].offers(*item)
                    && asked(held, before, *item).zip(asked(held, *from, *item)).is_some_and(|(then, now)| now > then)
            };
            if ITEMS.iter().any(up) {
                *raises.entry(from.date().year()).or_default() += 1;
                prop_assert!(policy.days.is_empty() || policy.days.contains(&from.to_string()[5..].to_owned()));
            }
        }
        if let Some(most) = policy.raises_per_year {
            prop_assert!(raises.values().all(|raises| *raises <= most), "{raises:?}");
        }
    }

    #[test]
    fn within_the_time_of_notice_nobody_is_ever_asked_more_for_a_day_than_was_told(
        terms in policies(), attempts in attempts(false),
    ) {
        let notice = i64::from(terms.price_changes.notice_days);
        let Told { by_day } = told(&terms, &attempts);
        for pair in by_day.windows(2) {
            let [(_, before, _), (today, after, with_reason)] = pair else { unreachable!() };
            for ahead in 0..400 {
                let day = today.plus_days(ahead);
                for item in ITEMS {
                    let more = asked(before, day, item).zip(asked(after, day, item)).is_some_and(|(a, b)| b > a);
                    prop_assert!(!more || ahead >= notice, "{day} {item:?}");
                    prop_assert!(!more || *with_reason || !terms.price_changes.reason_needed);
                }
            }
        }
    }
}
