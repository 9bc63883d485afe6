//! Tests of recording.

use super::*;
use crate::id::Id;
use crate::identifiers::VoucherNumber;
use crate::ledger::allotment_periods;
use crate::rulebook::{
    FreeOfCharge, GrantPeriod, GrantTerms, PriceCeiling, PublicService, RecordingTerms, RulebookTexts,
};
use crate::rules::ValueRule;
use crate::voucher::VoucherState;
use proptest::prelude::*;
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
    let text = || Localized::new("a", "b", "c");
    RulebookTerms {
        value: ValueRule::Flat { value: amount("36.00") },
        price_ceiling: Some(PriceCeiling { amount: amount("45.00") }),
        free_of_charge: None,
        public_service: PublicService { client_fee: amount("16.30"), basis: text() },
        grant: GrantTerms { per: GrantPeriod::Month, quantity_max: "60".parse().unwrap(), validity_days_max: 365 },
        recording: RecordingTerms { days_after_month: 60 },
        requirements: vec![],
        texts: RulebookTexts { status: text(), co_payment: text(), alternatives: text(), appeal: text() },
        sources: vec![],
    }
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
        unit: Unit::Hour,
        free_of_charge: false,
        validity: Period::new(day(1, 15), Some(day(4, 1))).unwrap(),
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
        price: OfferPrice::Voucher { price: amount(price) },
        period: Period::starting(day(2, 1)),
        sector: Sector::Company,
    }
}

fn delivery(on: Day, quantity: &str) -> Delivery {
    Delivery { day: on, quantity: quantity.parse().unwrap(), span: None }
}

#[test]
fn value_and_co_payment_are_posted_and_the_allotment_of_the_month_is_drawn() {
    let done = record(
        voucher(),
        &allotments("20"),
        &agreement("42.00"),
        &terms(),
        &delivery(day(2, 10), "1.5"),
        now(),
        day(2, 12),
    )
    .unwrap();
    assert_eq!(done.allotment_index, 1);
    assert_eq!(done.allotment.available(), "18.5".parse().unwrap());
    assert_eq!(done.voucher.state, VoucherState::InUse);
    let posted: Vec<_> = done.postings.iter().map(|p| (p.kind, p.quantity.to_string(), p.amount.to_string())).collect();
    assert_eq!(
        posted,
        [
            (EntryKind::Used, "1.5".to_owned(), "0.00".to_owned()),
            (EntryKind::OrganiserShare, "0".to_owned(), "54.00".to_owned()),
            (EntryKind::CoPayment, "0".to_owned(), "9.00".to_owned()),
        ]
    );
}

#[test]
fn every_reason_to_refuse_is_told_apart() {
    let try_it = |price: &str, d: Delivery, today: Day| {
        record(voucher(), &allotments("20"), &agreement(price), &terms(), &d, now(), today).unwrap_err()
    };
    let on = day(2, 10);
    let span = |from: i64, to: i64| {
        let at = |hour: i64| Moment::from_micros(now().micros() + (hour - 100) * 3_600_000_000).unwrap();
        Some(Span { started_at: at(from), ended_at: at(to), day: on })
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
        record(voucher(), &allotments("20"), &agreement(price), &free, &delivery(day(2, 10), "1"), now(), day(2, 10))
    };
    assert!(matches!(try_at("36.01"), Err(RecordRefused::Price(PriceRefused::OverFreeValue { .. }))));
    assert_eq!(try_at("36.00").unwrap().charges.co_payment, Amount::ZERO);

    // A voucher that was granted free stays free when a later rulebook lifts the value, or forgets to say so.
    free.value = ValueRule::Flat { value: amount("40.00") };
    let granted_free = Voucher { free_of_charge: true, ..voucher() };
    for later in [free, terms()] {
        let try_at = |price: &str| {
            let delivery = delivery(day(2, 10), "1");
            record(granted_free.clone(), &allotments("20"), &agreement(price), &later, &delivery, now(), day(2, 10))
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
        record(voucher(), &allotments("20"), &public, &terms(), &delivery(day(2, 10), "2"), now(), day(2, 10)).unwrap();
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
            let delivery = Delivery { day: day(2, d), quantity: Quantity::from_e4(e4), span: None };
            match record(voucher.clone(), &parts, &agreement("42"), &terms(), &delivery, now(), day(3, 1)) {
                Ok(done) => {
                    taken += e4;
                    parts[done.allotment_index] = done.allotment;
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
