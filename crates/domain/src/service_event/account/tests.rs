//! What becomes of a service event, act by act.

use proptest::prelude::*;

use super::*;

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

fn figures(hours: &str, organiser_pays: &str, co_payment: &str) -> Figures {
    let (organiser_pays, co_payment) = (amount(organiser_pays), amount(co_payment));
    let total = organiser_pays.plus(co_payment).unwrap();
    Figures {
        quantity: quantity(hours),
        charges: Charges { total, organiser_pays, co_payment, client_fee: Amount::ZERO },
    }
}

fn accepted() -> EventAccount {
    EventAccount::recorded(figures("3", "100.00", "20.00"), true)
}

fn settled() -> EventAccount {
    accepted().settle().unwrap().0
}

#[test]
fn what_was_not_settled_is_withdrawn_and_what_was_is_credited() {
    let (account, back) = accepted().withdraw().unwrap();
    assert_eq!((account.state, account.counted, back), (EventState::Withdrawn, Figures::ZERO, accepted().counted));
    assert!(!account.is_due());
    assert_eq!(accepted().credit(&TakenBack::default()), Err(ActRefused::NotSettled));
    assert_eq!(settled().withdraw(), Err(ActRefused::Settled));
    let (account, back) = settled().credit(&TakenBack::default()).unwrap();
    assert_eq!((account.state, back), (EventState::Withdrawn, accepted().counted));
    // The next settlement takes the difference, which is below zero.
    assert!(account.is_due());
    let (after, difference) = account.settle().unwrap();
    assert_eq!(difference, Figures::ZERO.minus(back).unwrap());
    assert!(!after.is_due());
    assert!(matches!(after.credit(&TakenBack::default()), Err(ActRefused::WrongState { .. })));
}

#[test]
fn a_part_is_credited_by_its_share_unless_amounts_are_given() {
    let hour = TakenBack { quantity: Some(quantity("1")), ..TakenBack::default() };
    let (account, back) = settled().credit(&hour).unwrap();
    assert_eq!(back, figures("1", "33.33", "6.67"));
    assert_eq!((account.state, account.counted), (EventState::Accepted, figures("2", "66.67", "13.33")));
    // What is left is taken back whole: no cent stays behind.
    let (account, back) = account.credit(&TakenBack { quantity: Some(quantity("2")), ..TakenBack::default() }).unwrap();
    assert_eq!((account.state, back), (EventState::Withdrawn, figures("2", "66.67", "13.33")));
    let money = TakenBack { organiser_pays: Some(amount("10.00")), ..TakenBack::default() };
    assert_eq!(settled().credit(&money).unwrap().1, figures("0", "10.00", "0.00"));
}

#[test]
fn no_more_is_credited_than_counts_and_not_nothing() {
    let too_much = TakenBack { organiser_pays: Some(amount("100.01")), ..TakenBack::default() };
    let refused = settled().credit(&too_much).unwrap_err();
    assert_eq!(refused.to_string(), "100.01 is more than the 100.00 that counts");
    let too_long = TakenBack { quantity: Some(quantity("3.25")), ..TakenBack::default() };
    assert!(matches!(settled().credit(&too_long), Err(ActRefused::TooMuch { figure: "quantity", .. })));
    let nothing = TakenBack { quantity: Some(Quantity::ZERO), ..TakenBack::default() };
    assert_eq!(settled().credit(&nothing), Err(ActRefused::Nothing));
}

#[test]
fn a_public_units_service_is_taken_back_with_its_fee_and_cost() {
    let charges = Charges { total: amount("90.00"), client_fee: amount("12.00"), ..Charges::default() };
    let account = EventAccount::recorded(Figures { quantity: quantity("3"), charges }, true).settle().unwrap().0;
    let (_, back) = account.credit(&TakenBack { quantity: Some(quantity("1")), ..TakenBack::default() }).unwrap();
    assert_eq!((back.charges.total, back.charges.client_fee), (amount("30.00"), amount("4.00")));
}

#[test]
fn what_is_asked_about_is_answered_before_it_is_settled() {
    let waiting = EventAccount::recorded(figures("1", "40.00", "0.00"), false);
    assert!(!waiting.is_due());
    assert!(waiting.accept().unwrap().is_due());
    assert!(accepted().accept().is_err());
    for account in [waiting, accepted(), settled()] {
        let contested = account.ask(ActKind::Contested).unwrap();
        assert!(!contested.is_due());
        assert!(contested.ask(ActKind::Queried).is_err());
        assert_eq!(contested.answer().unwrap(), contested);
        assert_eq!(contested.dismiss().unwrap().state, EventState::Accepted);
        let (upheld, _) = contested.uphold(&TakenBack::default()).unwrap();
        assert_eq!(upheld.state, EventState::Withdrawn);
        assert_eq!(upheld.is_due(), account.settlements > 0);
    }
    assert!(accepted().answer().is_err() && accepted().dismiss().is_err());
    let refused = accepted().uphold(&TakenBack::default()).unwrap_err().to_string();
    assert_eq!(refused, "a service event that is accepted cannot be upheld");
}

fn back() -> impl Strategy<Value = TakenBack> {
    let part = |most: i64| prop::option::of(0..most);
    (part(40_000), part(9_000), part(3_000)).prop_map(|(quantity, organiser_pays, co_payment)| TakenBack {
        quantity: quantity.map(Quantity::from_e4),
        organiser_pays: organiser_pays.map(Amount::from_minor),
        co_payment: co_payment.map(Amount::from_minor),
        client_fee: None,
    })
}

proptest! {
    #[test]
    fn whatever_is_done_nothing_is_lost_and_settlements_come_to_what_counts(
        by_rule: bool,
        acts in prop::collection::vec((0..8, back()), 0..30),
    ) {
        let whole = figures("7.25", "181.43", "22.02");
        let mut account = EventAccount::recorded(whole, by_rule);
        let (mut taken, mut paid) = (Figures::ZERO, Figures::ZERO);
        for (act, asked) in acts {
            let with_back = |done: (EventAccount, Figures), taken: &mut Figures| {
                *taken = taken.plus(done.1).unwrap();
                done.0
            };
            let outcome = match act {
                0 => account.accept(),
                1 => account.ask(ActKind::Contested),
                2 => account.dismiss(),
                3 => account.uphold(&asked).map(|done| with_back(done, &mut taken)),
                4 => account.withdraw().map(|done| with_back(done, &mut taken)),
                5 | 6 => account.credit(&asked).map(|done| with_back(done, &mut taken)),
                _ if account.is_due() => account.settle().map(|(after, difference)| {
                    paid = paid.plus(difference).unwrap();
                    after
                }),
                _ => continue,
            };
            account = outcome.unwrap_or(account);
            prop_assert_eq!(account.counted.plus(taken).unwrap(), whole);
            prop_assert_eq!(account.settled, paid);
            prop_assert!(Figures::ZERO.over(&account.counted).is_none());
            let charges = account.counted.charges;
            prop_assert_eq!(charges.organiser_pays.plus(charges.co_payment).unwrap(), charges.total);
            prop_assert_eq!(account.state == EventState::Withdrawn, account.counted == Figures::ZERO);
        }
    }
}
