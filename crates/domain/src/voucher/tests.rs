//! Tests of a voucher's life.

use super::*;
use uuid::Uuid;

fn voucher(state: VoucherState) -> Voucher {
    Voucher {
        id: Id::new(Uuid::nil()),
        organiser: Id::new(Uuid::nil()),
        client: Id::new(Uuid::nil()),
        person: Id::new(Uuid::nil()),
        voucher_type: Id::new(Uuid::nil()),
        rulebook: Id::new(Uuid::nil()),
        number: VoucherNumber::from_random([0; 15]),
        state,
        value: Amount::from_minor(3600),
        facts: Facts::default(),
        unit: Unit::Hour,
        measure: Measure::Quantity,
        unused: Unused::Lapses,
        free_of_charge: false,
        validity: Period::new(Day::ymd(2026, 1, 1).unwrap(), Day::ymd(2027, 1, 1)).unwrap(),
        raises: vec![],
    }
}

fn states() -> Vec<VoucherState> {
    let text = Localized::new("a", "b", "c");
    vec![
        VoucherState::Offered,
        VoucherState::Accepted,
        VoucherState::Refused { directed_to: text },
        VoucherState::Chosen,
        VoucherState::InUse,
        VoucherState::UsedUp,
        VoucherState::Cancelled { reason: "r".into() },
    ]
}

#[test]
fn the_transitions_are_these_and_no_others() {
    let day = Day::ymd(2026, 6, 1).unwrap();
    let mut table = String::new();
    for state in states() {
        let v = || voucher(state.clone());
        let moves = [
            ("accept", v().accept(day)),
            ("refuse", v().refuse(day, Localized::new("a", "b", "c"))),
            ("choose", v().choose(day)),
            ("deliver", v().deliver(day, false)),
            ("use up", v().deliver(day, true)),
            ("cancel", v().cancel(day, "r".into())),
        ];
        for (name, moved) in moves {
            if let Ok(moved) = moved {
                let (from, to) = (state.status().code(), moved.state.status().code());
                table.push_str(&format!("{from} -{name}-> {to}\n"));
            }
        }
    }
    assert_eq!(
        table,
        "offered -accept-> accepted\noffered -refuse-> refused\noffered -cancel-> cancelled\n\
         accepted -choose-> chosen\naccepted -cancel-> cancelled\n\
         chosen -choose-> chosen\nchosen -deliver-> in_use\nchosen -use up-> used_up\nchosen -cancel-> cancelled\n\
         in_use -choose-> in_use\nin_use -deliver-> in_use\nin_use -use up-> used_up\nin_use -cancel-> cancelled\n"
    );
}

#[test]
fn after_its_validity_a_voucher_is_expired_unless_it_ended_before() {
    let after = Day::ymd(2027, 1, 1).unwrap();
    for state in states() {
        let ended =
            matches!(state, VoucherState::Refused { .. } | VoucherState::UsedUp | VoucherState::Cancelled { .. });
        assert_eq!(voucher(state).status_on(after) == VoucherStatus::Expired, !ended);
    }
    assert!(matches!(voucher(VoucherState::Chosen).deliver(after, false), Err(VoucherRefusal::NotValidOn { .. })));
}

fn held(from: Day, to: Option<Day>) -> Option<Period> {
    Some(Period::new(from, to).unwrap())
}

#[test]
fn a_first_choice_and_one_before_any_delivery_wait_for_no_notice() {
    let day = Day::ymd(2026, 6, 10).unwrap();
    let first = voucher(VoucherState::Accepted);
    assert_eq!(first.choice_from(day, None, 30), day);
    assert_eq!(first.choice_from(Day::ymd(2025, 12, 1).unwrap(), None, 30), first.validity.from());
    let chosen = voucher(VoucherState::Chosen);
    assert_eq!(chosen.choice_from(day, held(day, None), 30), day, "nothing can have been delivered yet");
    assert_eq!(chosen.choice_from(day, held(day.plus_days(-5), None), 30), day.plus_days(1));
}

#[test]
fn a_provider_that_delivers_is_left_after_the_notice_or_when_it_ends_by_itself() {
    let day = Day::ymd(2026, 6, 10).unwrap();
    let in_use = voucher(VoucherState::InUse);
    let from = |to: Option<i64>, notice| {
        let earlier = in_use.choice_from(day, held(day.plus_days(-5), to.map(|to| day.plus_days(to))), notice);
        assert_eq!(earlier, in_use.choice_from(day, held(day, to.map(|to| day.plus_days(to))), notice));
        earlier.date().signed_duration_since(day.date()).num_days()
    };
    for (to, notice, days) in [
        (None, 0, 1),
        (None, 1, 1),
        (None, 14, 14),
        (None, 90, 90),
        (Some(5), 14, 5),
        (Some(20), 14, 14),
        (Some(1), 14, 1),
        (Some(1), 0, 1),
    ] {
        assert_eq!(from(to, notice), days, "{to:?} {notice}");
    }
    // Who is served by nobody today need not wait.
    assert_eq!(in_use.choice_from(day, None, 14), day);
}

proptest::proptest! {
    #[test]
    fn notice_leaves_no_day_without_a_provider_that_has_one(
        begun in 0_i64..30, lasts in proptest::option::of(1_i64..60), notice in 0_u16..=90
    ) {
        let day = Day::ymd(2026, 6, 10).unwrap();
        let from = day.plus_days(-begun);
        let to = lasts.map(|days| day.plus_days(days));
        let first = voucher(VoucherState::InUse).choice_from(day, held(from, to), notice);
        proptest::prop_assert!(first > day);
        proptest::prop_assert!(to.is_none_or(|to| first <= to));
        proptest::prop_assert!(first <= day.plus_days(i64::from(notice).max(1)));
    }
}
