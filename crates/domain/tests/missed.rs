//! What is charged for visits that the client missed, part by part: never more than the visit, and the shares add up.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test where it stands")]

use proptest::prelude::*;
use serde_json::json;
use valinta_domain::Amount;
use valinta_domain::rulebook::{MissedCharge, MissedShare};
use valinta_domain::service_event::Charges;
use valinta_domain::service_event::missed::reduced;

fn charge(of: serde_json::Value) -> MissedCharge {
    serde_json::from_value(of).unwrap()
}

fn paid(organiser: &str, client: &str) -> Charges {
    let (organiser_pays, co_payment): (Amount, Amount) = (organiser.parse().unwrap(), client.parse().unwrap());
    let total = organiser_pays.plus(co_payment).unwrap();
    Charges { total, organiser_pays, co_payment, client_fee: Amount::ZERO }
}

fn by_fee(cost: &str, fee: &str) -> Charges {
    Charges { total: cost.parse().unwrap(), client_fee: fee.parse().unwrap(), ..Charges::default() }
}

fn shown(charges: &[Charges]) -> Vec<String> {
    let shown = |it: &Charges| format!("{} {} {} {}", it.total, it.organiser_pays, it.co_payment, it.client_fee);
    charges.iter().map(shown).collect()
}

#[test]
fn a_charge_is_shared_as_the_rulebook_says() {
    let visit = [paid("72.00", "8.00")];
    let comes_to = |of: serde_json::Value| shown(&reduced(&charge(of), &visit).unwrap());
    let uses = true;
    assert_eq!(comes_to(json!({"percent": 100, "uses_quantity": uses})), ["80.00 72.00 8.00 0.00"]);
    assert_eq!(comes_to(json!({"percent": 50, "up_to": "30.00", "uses_quantity": uses})), ["30.00 27.00 3.00 0.00"]);
    assert_eq!(comes_to(json!({"amount": "100.00", "uses_quantity": uses})), ["80.00 72.00 8.00 0.00"]);
    let of_client = json!({"amount": "15.50", "client_pays": "all", "uses_quantity": uses});
    assert_eq!(comes_to(of_client), ["15.50 0.00 15.50 0.00"]);
    let of_organiser = json!({"percent": 100, "client_pays": "nothing", "uses_quantity": uses});
    assert_eq!(comes_to(of_organiser), ["72.00 72.00 0.00 0.00"]);
    // A third of a cent is rounded half up, and the client's share is what is left.
    assert_eq!(comes_to(json!({"amount": "0.05", "uses_quantity": uses})), ["0.05 0.05 0.00 0.00"]);
    let odd = [paid("36.00", "4.01")];
    let half = charge(json!({"percent": 50, "uses_quantity": uses}));
    assert_eq!(shown(&reduced(&half, &odd).unwrap()), ["20.01 18.00 2.01 0.00"]);
}

#[test]
fn the_first_parts_are_charged_first() {
    let visit = [paid("36.00", "4.00"), paid("72.00", "0.00"), paid("36.00", "4.00")];
    let fixed = charge(json!({"amount": "50.00", "uses_quantity": false}));
    let parts = shown(&reduced(&fixed, &visit).unwrap());
    assert_eq!(parts, ["40.00 36.00 4.00 0.00", "10.00 10.00 0.00 0.00", "0.00 0.00 0.00 0.00"]);
}

#[test]
fn a_public_units_fee_is_reduced_alike_or_is_the_charge_itself() {
    let visit = [by_fee("60.00", "12.40")];
    let comes_to = |of: serde_json::Value| shown(&reduced(&charge(of), &visit).unwrap());
    assert_eq!(comes_to(json!({"percent": 50, "uses_quantity": true})), ["30.00 0.00 0.00 6.20"]);
    let all = json!({"amount": "56.70", "client_pays": "all", "uses_quantity": false});
    assert_eq!(comes_to(all), ["56.70 0.00 0.00 56.70"]);
    let nothing = json!({"percent": 100, "client_pays": "nothing", "uses_quantity": true});
    assert_eq!(comes_to(nothing), ["60.00 0.00 0.00 0.00"]);
}

fn any_charge() -> impl Strategy<Value = MissedCharge> {
    let shares = prop_oneof![Just(MissedShare::AsOfAVisit), Just(MissedShare::Nothing), Just(MissedShare::All)];
    let amount = (1i64..50_000).prop_map(Amount::from_minor);
    let how = prop_oneof![
        (1u8..=100).prop_map(|percent| (Some(percent), None)),
        amount.clone().prop_map(|amount| (None, Some(amount)))
    ];
    (how, prop::option::of(amount), shares, any::<bool>()).prop_map(|((percent, amount), up_to, client_pays, uses)| {
        MissedCharge { percent, amount, up_to, client_pays, uses_quantity: uses }
    })
}

fn any_part() -> impl Strategy<Value = Charges> {
    (0i64..20_000, 0i64..20_000).prop_map(|(organiser, client)| {
        let amount = Amount::from_minor;
        Charges {
            total: amount(organiser + client),
            organiser_pays: amount(organiser),
            co_payment: amount(client),
            client_fee: Amount::ZERO,
        }
    })
}

proptest! {
    #[test]
    fn no_part_costs_more_than_of_a_visit_and_the_shares_add_up(
        charge in any_charge(),
        parts in prop::collection::vec(any_part(), 1..6),
    ) {
        let charged = reduced(&charge, &parts).unwrap();
        let sum = charged.iter().map(|part| part.total.minor()).sum::<i64>();
        let most = charge.up_to.or(charge.amount).map_or(i64::MAX, Amount::minor);
        prop_assert!(sum <= most);
        for (part, visit) in charged.iter().zip(&parts) {
            prop_assert!(part.total <= visit.total);
            prop_assert!(part.organiser_pays <= visit.organiser_pays || charge.client_pays != MissedShare::Nothing);
            prop_assert!(part.organiser_pays >= Amount::ZERO && part.co_payment >= Amount::ZERO);
            prop_assert_eq!(part.organiser_pays.plus(part.co_payment), Some(part.total));
        }
    }
}
