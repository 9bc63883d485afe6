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
