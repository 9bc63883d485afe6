//! Tests of recording.

use std::sync::Arc;

use super::*;
use crate::id::Id;
use crate::identifiers::VoucherNumber;
use crate::ledger::allotment_periods;
use crate::rulebook::{FreeOfCharge, GrantPeriod, Unused};
use crate::rules::{FactValue, ValueRule};
use crate::text::Localized;
use crate::time::Timeline;
use crate::voucher::{RaisedValue, VoucherState};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

fn day(month: u32, day: u32) -> Day {
    Day::ymd(2026, month, day).unwrap()
}

fn now() -> Moment {
    Moment::from_micros(1_775_000_000_000_000).unwrap()
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn terms() -> RulebookTerms {
    terms_with(json!({}))
}

/// Terms with some of their members replaced.
fn terms_with(members: serde_json::Value) -> RulebookTerms {
    let text = Localized::new("a", "b", "c");
    let mut terms = json!({
        "value": {"flat": {"value": "36.00"}},
        "price_ceiling": {"amount": "45.00"},
        "free_of_charge": null,
        "public_service": {"client_fee": "16.30", "basis": text},
        "grant": {"per": "month", "quantity_max": "60", "validity_days_max": 365},
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

fn voucher() -> Voucher {
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
        value: amount("36.00"),
        facts: Facts::default(),
        unit: Unit::Hour,
        measure: Measure::Quantity,
        unused: Unused::Lapses,
        free_of_charge: false,
        validity: Period::new(day(1, 15), Some(day(4, 1))).unwrap(),
        raises: vec![],
    }
}

fn allotments(quantity: &str) -> Vec<Allotment> {
    allotment_periods(voucher().validity, GrantPeriod::Month)
        .into_iter()
        .map(|period| Allotment { period, granted: quantity.parse().unwrap(), used: Quantity::ZERO })
        .collect()
}

fn agreement(price: &str) -> Agreement {
    Agreement {
        price: OfferPrice::voucher(amount(price)),
        period: Period::starting(day(2, 1)),
        sector: Sector::Company,
    }
}

fn delivery(on: Day, quantity: &str) -> Delivery {
    Delivery { day: on, quantity: quantity.parse().unwrap(), span: None, facts: Facts::default(), missed: None }
}

/// Records under the terms of the day, which the voucher was issued under as well.
fn record_on(
    voucher: Voucher,
    parts: &[Allotment],
    agreement: &Agreement,
    terms: &RulebookTerms,
    delivery: &Delivery,
    today: Day,
) -> Result<Recording, RecordRefused> {
    let versions =
        Timeline::new(vec![(Period::starting(day(1, 1)), (Id::new(Uuid::nil()), Arc::new(terms.clone())))]).unwrap();
    let held = voucher.clone();
    let valuation = Valuation::of_voucher(&held, &versions, delivery.day).unwrap().unwrap();
    record(voucher, parts, &Under { agreement, terms, valuation: &valuation, now: now(), today }, delivery)
}

#[test]
fn value_and_co_payment_are_posted_and_the_allotment_of_the_month_is_drawn() {
    let (parts, delivery) = (allotments("20"), delivery(day(2, 10), "1.5"));
    let done = record_on(voucher(), &parts, &agreement("42.00"), &terms(), &delivery, day(2, 12)).unwrap();
    assert_eq!(done.allotment_index, 1);
    assert_eq!(done.available, "18.5".parse().unwrap());
    assert_eq!(done.draws, [Draw { allotment: 1, quantity: "1.5".parse().unwrap() }]);
    assert_eq!(done.voucher.state, VoucherState::InUse);
    let posted: Vec<_> = done.postings.iter().map(|p| (p.kind, p.quantity.to_string(), p.amount.to_string())).collect();
    assert_eq!(
        posted,
        [
            (EntryKind::OrganiserShare, "0".to_owned(), "54.00".to_owned()),
            (EntryKind::CoPayment, "0".to_owned(), "9.00".to_owned()),
        ]
    );
}

#[test]
fn every_reason_to_refuse_is_told_apart() {
    let try_it = |price: &str, d: Delivery, today: Day| {
        record_on(voucher(), &allotments("20"), &agreement(price), &terms(), &d, today).unwrap_err()
    };
    let on = day(2, 10);
    let span = |from: i64, to: i64| {
        let at = |hour: i64| Moment::from_micros(now().micros() + (hour - 100) * 3_600_000_000).unwrap();
        Some(Span { started_at: at(from), ended_at: at(to), day: on, stretches: vec![] })
    };
    assert_eq!(try_it("42", delivery(on, "0"), on), RecordRefused::NoQuantity);
    assert!(matches!(try_it("42", delivery(on, "1"), day(2, 9)), RecordRefused::InFuture { .. }));
    assert_eq!(try_it("42", delivery(on, "1"), day(4, 30)), RecordRefused::TooLate { day: on, deadline: day(4, 29) });
    assert!(matches!(try_it("42", delivery(day(1, 20), "1"), on), RecordRefused::NotChosenOn { .. }));
    assert!(matches!(try_it("42", delivery(day(1, 10), "1"), on), RecordRefused::Voucher(_)));
    assert!(matches!(try_it("45.01", delivery(on, "1"), on), RecordRefused::Price(PriceRefused::OverCeiling { .. })));
    assert!(matches!(try_it("42", delivery(on, "20.01"), on), RecordRefused::Overdrawn(_)));
    let reversed = Delivery { span: span(10, 10), ..delivery(on, "1") };
    assert_eq!(try_it("42", reversed, on), RecordRefused::SpanReversed);
    let longer = Delivery { span: span(10, 12), ..delivery(on, "1") };
    assert!(matches!(try_it("42", longer, on), RecordRefused::SpanNotQuantity { .. }));
    let endless = Delivery { span: span(10, 35), ..delivery(on, "1") };
    assert_eq!(try_it("42", endless, on), RecordRefused::SpanTooLong);
    let unfinished = Delivery { span: span(99, 101), ..delivery(on, "2") };
    assert_eq!(try_it("42", unfinished, on), RecordRefused::SpanInFuture);
    let elsewhere = Delivery { span: span(10, 11).map(|span| Span { day: day(2, 9), ..span }), ..delivery(on, "1") };
    assert!(matches!(try_it("42", elsewhere, on), RecordRefused::SpanOnOtherDay { .. }));
    assert!(matches!(try_it("42", delivery(on, "0.0003"), on), RecordRefused::NotAStep { .. }));
}

#[test]
fn a_service_free_by_law_bears_no_co_payment() {
    let mut free = terms();
    free.free_of_charge = Some(FreeOfCharge { source: "734/1992 § 4".into() });
    let try_at = |price: &str| {
        record_on(voucher(), &allotments("20"), &agreement(price), &free, &delivery(day(2, 10), "1"), day(2, 10))
    };
    assert!(matches!(try_at("36.01"), Err(RecordRefused::Price(PriceRefused::OverFreeValue { .. }))));
    assert_eq!(try_at("36.00").unwrap().charges.co_payment, Amount::ZERO);

    // A voucher that was granted free stays free when a later rulebook lifts the value, or forgets to say so.
    free.value = ValueRule::Flat { value: amount("40.00") };
    let granted_free = Voucher { free_of_charge: true, ..voucher() };
    for later in [free, terms()] {
        let try_at = |price: &str| {
            let delivery = delivery(day(2, 10), "1");
            record_on(granted_free.clone(), &allotments("20"), &agreement(price), &later, &delivery, day(2, 10))
        };
        assert!(matches!(try_at("38.00"), Err(RecordRefused::Price(PriceRefused::OverFreeValue { .. }))));
        assert_eq!(try_at("36.00").unwrap().charges.co_payment, Amount::ZERO);
    }
}

#[test]
fn a_public_units_service_is_counted_and_charged_by_fee_and_nothing_is_owed_outside() {
    let public = Agreement {
        price: OfferPrice::ClientFee { client_fee: amount("16.30"), unit_cost: amount("58.00") },
        sector: Sector::Public,
        ..agreement("0")
    };
    let done =
        record_on(voucher(), &allotments("20"), &public, &terms(), &delivery(day(2, 10), "2"), day(2, 10)).unwrap();
    assert_eq!(done.charges.organiser_pays, Amount::ZERO);
    assert_eq!(done.charges.client_fee, amount("32.60"));
    assert_eq!(done.charges.total, amount("116.00"));
    assert!(done.postings.iter().all(|p| p.kind.accounts().1 != crate::ledger::Account::Provider));
}

proptest! {
    #[test]
    fn no_sequence_of_events_uses_more_than_was_granted(
        asks in prop::collection::vec((1u32..=28, 1i64..800), 1..40),
    ) {
        let (mut voucher, mut parts) = (voucher(), allotments("20"));
        let mut taken = 0;
        for (d, hundredths) in asks {
            let e4 = hundredths * 100;
            let delivery = Delivery { quantity: Quantity::from_e4(e4), ..delivery(day(2, d), "1") };
            match record_on(voucher.clone(), &parts, &agreement("42"), &terms(), &delivery, day(3, 1)) {
                Ok(done) => {
                    taken += e4;
                    for draw in &done.draws {
                        parts[draw.allotment] = parts[draw.allotment].take(draw.quantity).unwrap();
                    }
                    voucher = done.voucher;
                    let charges = done.charges;
                    prop_assert_eq!(charges.organiser_pays.plus(charges.co_payment), Some(charges.total));
                }
                Err(refused) => prop_assert!(matches!(refused, RecordRefused::Overdrawn(_)), "{}", refused),
            }
            prop_assert!(taken <= 200_000);
            prop_assert_eq!(parts[1].used.e4(), taken);
        }
    }
}

fn time_bands() -> serde_json::Value {
    json!({
        "items": [{"code": "sunday", "text": Localized::new("a", "b", "c")}],
        "value": {"product": {"of": [
            {"flat": {"value": "36.00"}},
            {"time_bands": {
                "bands": [
                    {"on": ["monday", "tuesday", "wednesday", "thursday", "friday"], "from": "18:00", "until": "22:00",
                     "then": {"number": {"is": "1.15"}}},
                    {"on": ["sunday"], "item": "sunday", "then": {"number": {"is": "2"}}}],
                "otherwise": {"number": {"is": "1"}},
                "missing": {"number": {"is": "1"}}}}]}},
        "price_ceiling": {"amount": "45.00", "items": [{"item": "sunday", "amount": "80.00"}]},
    })
}

fn spanning(on: Day, (from_hour, from_minute): (u32, u32), minutes: i64, quantity: &str) -> Delivery {
    let start = on.date().and_hms_opt(from_hour, from_minute, 0).unwrap();
    let length = TimeDelta::minutes(minutes);
    let started_at = Moment::new(start.and_utc());
    let ended_at = Moment::new((start + length).and_utc());
    let span = Span { started_at, ended_at, day: on, stretches: vec![Stretch { start, length }] };
    Delivery { span: Some(span), ..delivery(on, quantity) }
}

#[test]
fn a_service_across_the_edge_of_a_band_is_split_there() {
    let (terms, parts) = (terms_with(time_bands()), allotments("20"));
    // Tuesday from half past five to seven: half an hour by day, an hour in the evening.
    let delivery = spanning(day(2, 10), (17, 30), 90, "1.5");
    let done = record_on(voucher(), &parts, &agreement("44.00"), &terms, &delivery, day(2, 10)).unwrap();
    let lines: Vec<_> = done.lines.iter().map(|l| (l.quantity.to_string(), l.value.to_string())).collect();
    assert_eq!(lines, [("0.5".into(), "36.00".into()), ("1".to_owned(), "41.40".to_owned())]);
    assert_eq!(done.charges.organiser_pays, amount("59.40"));
    assert_eq!(done.charges.co_payment, amount("6.60"));
    assert_eq!(done.available, "18.5".parse().unwrap());
}

#[test]
fn a_time_band_has_its_own_price_and_ceiling_and_needs_start_and_end() {
    let (terms, parts) = (terms_with(time_bands()), allotments("20"));
    let priced = |sunday: &str| Agreement {
        price: OfferPrice::Voucher {
            price: amount("40.00"),
            items: [("sunday".to_owned(), amount(sunday))].into(),
            only_items: false,
        },
        ..agreement("40.00")
    };
    let sunday = spanning(day(2, 8), (10, 0), 60, "1");
    let done = record_on(voucher(), &parts, &priced("76.00"), &terms, &sunday, day(2, 10)).unwrap();
    assert_eq!(done.lines[0].item.as_deref(), Some("sunday"));
    assert_eq!((done.charges.organiser_pays, done.charges.co_payment), (amount("72.00"), amount("4.00")));
    let over = record_on(voucher(), &parts, &priced("80.01"), &terms, &sunday, day(2, 10));
    assert!(matches!(over, Err(RecordRefused::Price(PriceRefused::OverCeiling { item: Some(_), .. }))));
    let untimed = record_on(voucher(), &parts, &priced("76.00"), &terms, &delivery(day(2, 8), "1"), day(2, 10));
    assert_eq!(untimed, Err(RecordRefused::SpanNeeded));
}

#[test]
fn a_purse_pays_what_it_has_and_the_client_the_rest() {
    let terms = terms_with(json!({
        "value": {"price": {"at_most": "45.00"}},
        "grant": {"per": "month", "measure": "money", "quantity_max": "114", "validity_days_max": 365},
    }));
    let purse = Voucher { measure: Measure::Money, value: amount("45.00"), ..voucher() };
    let mut parts = allotments("114");
    parts[1].used = "96.5".parse().unwrap();
    let done =
        record_on(purse.clone(), &parts, &agreement("40.00"), &terms, &delivery(day(2, 10), "1"), day(2, 10)).unwrap();
    assert_eq!((done.charges.organiser_pays, done.charges.co_payment), (amount("17.50"), amount("22.50")));
    assert_eq!(done.available, Quantity::ZERO);
    parts[1].used = "114".parse().unwrap();
    let empty = record_on(purse, &parts, &agreement("40.00"), &terms, &delivery(day(2, 10), "1"), day(2, 10));
    assert!(matches!(empty, Err(RecordRefused::Overdrawn(_))));
}

#[test]
fn what_carries_over_is_left_to_earlier_days_as_long_as_there_is_something_newer() {
    let carrying = Voucher { unused: Unused::CarriesOver, ..voucher() };
    let mut parts = allotments("10");
    parts[0].used = "7".parse().unwrap();
    let done =
        record_on(carrying, &parts, &agreement("40"), &terms(), &delivery(day(2, 10), "12"), day(2, 10)).unwrap();
    let draws: Vec<_> = done.draws.iter().map(|draw| (draw.allotment, draw.quantity.to_string())).collect();
    assert_eq!(draws, [(1, "10".to_owned()), (0, "2".to_owned())]);
    assert_eq!(done.available, Quantity::ONE);
    // Recorded later for an earlier day: what is left of its own month is still there.
    for draw in done.draws {
        parts[draw.allotment] = parts[draw.allotment].take(draw.quantity).unwrap();
    }
    let carrying = Voucher { unused: Unused::CarriesOver, ..voucher() };
    let earlier = Agreement { period: Period::starting(day(1, 15)), ..agreement("40") };
    let done = record_on(carrying, &parts, &earlier, &terms(), &delivery(day(1, 20), "1"), day(2, 10)).unwrap();
    assert_eq!(done.draws, [Draw { allotment: 0, quantity: Quantity::ONE }]);
}

#[test]
fn the_time_of_a_service_says_which_price_is_paid() {
    let (terms, parts) = (terms_with(time_bands()), allotments("20"));
    let agreement = Agreement {
        price: OfferPrice::Voucher {
            price: amount("40.00"),
            items: [("sunday".to_owned(), amount("80.00"))].into(),
            only_items: false,
        },
        ..agreement("40.00")
    };
    let facts = Facts::new([("item".to_owned(), FactValue::Word("sunday".into()))]);
    let tuesday = Delivery { facts: facts.clone(), ..spanning(day(2, 10), (10, 0), 60, "1") };
    let refused = record_on(voucher(), &parts, &agreement, &terms, &tuesday, day(2, 10));
    assert_eq!(refused, Err(RecordRefused::OtherItem { given: "sunday".into(), by_time: None }));
    let sunday = Delivery { facts, ..spanning(day(2, 8), (10, 0), 60, "1") };
    assert!(record_on(voucher(), &parts, &agreement, &terms, &sunday, day(2, 10)).is_ok());
}

#[test]
fn an_item_that_the_agreed_price_leaves_out_is_not_recorded() {
    let (terms, parts) = (terms_with(time_bands()), allotments("20"));
    let price = OfferPrice::Voucher { price: amount("40.00"), items: [].into(), only_items: true };
    let agreement = Agreement { price, ..agreement("40.00") };
    let on = |delivery| record_on(voucher(), &parts, &agreement, &terms, &delivery, day(2, 10));
    assert!(on(spanning(day(2, 10), (10, 0), 60, "1")).is_ok());
    let refused = on(spanning(day(2, 8), (10, 0), 60, "1")).unwrap_err();
    assert_eq!(refused, RecordRefused::ItemNotOffered { item: "sunday".into() });
}

#[test]
fn a_co_payment_fixed_by_the_time_is_split_as_well_and_none_where_the_voucher_is_free() {
    let by_time = json!({"time_bands": {
        "bands": [{"on": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
                   "from": "18:00", "then": {"flat": {"value": "20.00"}}}],
        "otherwise": {"flat": {"value": "5.00"}}, "missing": {"flat": {"value": "5.00"}}}});
    let terms = terms_with(json!({"co_payment": by_time}));
    let delivery = spanning(day(2, 10), (17, 0), 360, "6");
    let done = record_on(voucher(), &allotments("9"), &agreement("40"), &terms, &delivery, day(2, 11)).unwrap();
    assert_eq!((done.charges.co_payment, done.lines.len()), (amount("105.00"), 2));
    let free = Voucher { free_of_charge: true, ..voucher() };
    let done = record_on(free, &allotments("9"), &agreement("40"), &terms, &delivery, day(2, 11)).unwrap();
    assert_eq!(done.charges.co_payment, Amount::ZERO);
}

#[test]
fn an_item_that_has_become_too_dear_does_not_stand_in_the_way_of_others() {
    let mut members = time_bands();
    members["price_ceiling"] = json!({"amount": "45.00", "items": [{"item": "sunday", "amount": "50.00"}]});
    let (terms, parts) = (terms_with(members), allotments("20"));
    let agreement = Agreement {
        price: OfferPrice::Voucher {
            price: amount("40.00"),
            items: [("sunday".to_owned(), amount("76.00"))].into(),
            only_items: false,
        },
        ..agreement("40.00")
    };
    let on = |delivery| record_on(voucher(), &parts, &agreement, &terms, &delivery, day(2, 10));
    assert!(on(spanning(day(2, 10), (10, 0), 60, "1")).is_ok());
    assert!(matches!(on(spanning(day(2, 8), (10, 0), 60, "1")), Err(RecordRefused::Price(_))));
}

#[test]
fn a_fixed_co_payment_comes_on_top_of_the_value() {
    let terms = terms_with(json!({
        "facts": [{"name": "procedures", "kind": "words", "given": "with_service", "text": Localized::new("a", "b", "c"),
                   "words": [{"code": "SFA10", "text": Localized::new("a", "b", "c")}]}],
        "value": {"listed": {"fact": "procedures", "entries_are": "amounts", "entries": [{"code": "SFA10", "is": "25.00"}],
                             "missing": {"flat": {"value": "25.00"}}}},
        "co_payment": {"flat": {"value": "30.00"}},
    }));
    let facts = Facts::new([("procedures".to_owned(), FactValue::Words(vec!["SFA10".into(), "SFA10".into()]))]);
    let twice = Delivery { facts, ..delivery(day(2, 10), "1") };
    let done = record_on(voucher(), &allotments("9"), &agreement("40"), &terms, &twice, day(2, 10)).unwrap();
    assert_eq!((done.charges.organiser_pays, done.charges.co_payment), (amount("50.00"), amount("30.00")));
    assert_eq!(done.charges.total, amount("80.00"));
    let unknown = Facts::new([("procedures".to_owned(), FactValue::Word("XX1".into()))]);
    let unknown = Delivery { facts: unknown, ..delivery(day(2, 10), "1") };
    let refused = record_on(voucher(), &allotments("9"), &agreement("40"), &terms, &unknown, day(2, 10));
    assert!(matches!(refused, Err(RecordRefused::Facts(_))));
}

#[test]
fn a_raised_value_is_charged_in_each_line_that_is_worth_less_and_explained_once() {
    let terms = terms_with(time_bands());
    let raise = RaisedValue { from: day(2, 10), value: amount("38.00"), decision: Id::new(Uuid::nil()) };
    let record = |on: Day| {
        let raised = Voucher { raises: vec![raise], ..voucher() };
        let delivery = spanning(on, (17, 0), 120, "2");
        record_on(raised, &allotments("9"), &agreement("45"), &terms, &delivery, day(2, 11)).unwrap()
    };
    let values = |done: &Recording| done.lines.iter().map(|line| line.value.to_string()).collect::<Vec<_>>();
    let explained = |done: &Recording| done.steps.iter().filter(|step| step.code == "value_raised").count();
    let done = record(day(2, 10));
    assert_eq!((values(&done), explained(&done)), (vec!["38.00".to_owned(), "41.40".to_owned()], 1));
    assert_eq!(done.charges.co_payment, amount("10.60"));
    // The day before it, nothing is raised.
    let done = record(day(2, 9));
    assert_eq!((values(&done), explained(&done)), (vec!["36.00".to_owned(), "41.40".to_owned()], 0));
}
