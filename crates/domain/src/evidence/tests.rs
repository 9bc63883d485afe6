//! When evidence holds: tables, and every sequence of checks against the plain reading of the rule.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn day(d: i64) -> Day {
    Day::ymd(2026, 1, 1).unwrap().plus_days(d)
}

fn piece(valid_from: Option<i64>, valid_until: Option<i64>) -> Evidence {
    Evidence {
        id: Id::new(Uuid::from_u128(1)),
        provider: Id::new(Uuid::from_u128(2)),
        unit: None,
        kind: EvidenceKind::LiabilityInsurance,
        requirement: None,
        reference: "policy 1".into(),
        issued_on: None,
        valid_from: valid_from.map(day),
        valid_until: valid_until.map(day),
        soteri: None,
        attachment: None,
        given_by: "member".into(),
        given_at: Moment::from_micros(0).unwrap(),
        withdrawn: None,
    }
}

fn check(accepted: bool, d: i64) -> EvidenceCheck {
    EvidenceCheck {
        id: Id::new(Uuid::from_u128(3)),
        organiser: Id::new(Uuid::from_u128(4)),
        evidence: Id::new(Uuid::from_u128(1)),
        outcome: if accepted { CheckOutcome::Accepted } else { CheckOutcome::Rejected },
        day: day(d),
        note: None,
        checked_by: "officer".into(),
        checked_at: Moment::from_micros(0).unwrap(),
    }
}

fn period(from: i64, to: Option<i64>) -> Period {
    Period::new(day(from), to.map(day)).unwrap()
}

#[test]
fn what_nobody_has_accepted_holds_on_no_day() {
    assert_eq!(held(&piece(None, None), &[], None), []);
    assert_eq!(held(&piece(None, None), &[check(false, 3)], None), []);
}

#[test]
fn acceptance_never_reaches_back_and_the_last_day_is_a_day() {
    assert_eq!(held(&piece(Some(1), Some(9)), &[check(true, 5)], None), [period(5, Some(10))]);
    assert_eq!(held(&piece(Some(7), None), &[check(true, 5)], None), [period(7, None)]);
    assert_eq!(held(&piece(None, Some(4)), &[check(true, 5)], None), []);
}

#[test]
fn a_rejection_ends_it_and_another_acceptance_opens_it_again() {
    let checks = [check(true, 2), check(false, 5), check(true, 8)];
    assert_eq!(held(&piece(None, None), &checks, None), [period(2, Some(5)), period(8, None)]);
    assert_eq!(held(&piece(None, None), &checks[..2], None), [period(2, Some(5))]);
    assert_eq!(held(&piece(None, None), &[check(true, 2), check(false, 2)], None), []);
    let same_day = [check(true, 2), check(false, 5), check(true, 5)];
    assert_eq!(held(&piece(None, None), &same_day, None), [period(2, None)]);
}

#[test]
fn what_is_taken_back_holds_until_the_day_before() {
    assert_eq!(held(&piece(None, Some(9)), &[check(true, 2)], Some(day(6))), [period(2, Some(6))]);
    assert_eq!(held(&piece(None, Some(3)), &[check(true, 2)], Some(day(6))), [period(2, Some(4))]);
    assert_eq!(held(&piece(None, None), &[check(true, 2)], Some(day(2))), []);
}

proptest! {
    #[test]
    fn the_days_it_holds_are_those_of_the_plain_rule(
        from in proptest::option::of(0_i64..30),
        length in proptest::option::of(0_i64..20),
        checks in proptest::collection::vec((any::<bool>(), 0_i64..30), 0..8),
        withdrawn in proptest::option::of(0_i64..40),
    ) {
        let until = length.map(|length| from.unwrap_or(0) + length);
        let piece = piece(from, until);
        let checks: Vec<EvidenceCheck> = checks.into_iter().map(|(accepted, d)| check(accepted, d)).collect();
        let periods = held(&piece, &checks, withdrawn.map(day));
        for d in 0..60 {
            let on = day(d);
            // The latest check is the last one of those made by the day; none counts before one made earlier than it.
            let earlier = |n: usize| checks[..=n].iter().all(|check| check.day <= on);
            let counted = (0..checks.len()).rev().find(|n| earlier(*n)).map(|n| &checks[n]);
            let expected = counted.is_some_and(|check| check.outcome == CheckOutcome::Accepted)
                && from.is_none_or(|from| d >= from)
                && until.is_none_or(|until| d <= until)
                && withdrawn.is_none_or(|withdrawn| d < withdrawn);
            let times = periods.iter().filter(|period| period.contains(on)).count();
            prop_assert_eq!(times, usize::from(expected), "day {}", d);
        }
        for pair in periods.windows(2) {
            prop_assert!(pair[0].to().is_some_and(|to| to < pair[1].from()), "in order and apart");
        }
    }
}
