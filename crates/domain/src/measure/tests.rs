//! The ladder of sanctions: what may follow what, and when.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::time::Period;

fn day(n: i64) -> Day {
    Day::ymd(2026, 1, 1).unwrap().plus_days(n)
}

fn terms() -> SupervisionTerms {
    SupervisionTerms::default()
}

fn imposed(step: MeasureStep, on: i64, deadline: Option<i64>) -> ImposedStep {
    ImposedStep { step, on: day(on), deadline: deadline.map(day) }
}

fn measure(grounds: Grounds, state: MeasureState, replied: bool) -> Measure {
    let at = Moment::from_micros(0).unwrap();
    Measure {
        id: Id::new(Uuid::from_u128(1)),
        organiser: Id::new(Uuid::from_u128(2)),
        approval: Id::new(Uuid::from_u128(3)),
        provider: Id::new(Uuid::from_u128(4)),
        finding: None,
        step: MeasureStep::Suspension,
        grounds,
        state,
        reasons: Localized::new("a", "b", "c"),
        lapsed: Vec::new(),
        hear_until: day(10),
        reply: replied.then(|| Reply { text: "No".to_owned(), by: "someone".to_owned(), at }),
        deadline: None,
        from: None,
        to: None,
        vouchers_in_use: None,
        decision: None,
        opened_by: "officer".to_owned(),
        opened_at: at,
        version: 1,
    }
}

#[test]
fn a_breach_climbs_the_ladder_step_by_step() {
    use MeasureStep as S;
    let open = |step, imposed: &[ImposedStep], on| may_open((step, Grounds::Breach), imposed, false, &terms(), day(on));
    assert_eq!(open(S::Notice, &[], 0), Ok(()));
    for (step, after) in [(S::Warning, S::Notice), (S::Suspension, S::Warning), (S::Cancellation, S::Suspension)] {
        assert_eq!(open(step, &[], 0), Err(MeasureRefused::StepMissing { step, after, months: 24 }));
        assert_eq!(open(step, &[imposed(after, 0, None)], 5), Ok(()));
    }
    let warned = [imposed(S::Warning, 0, Some(30))];
    assert_eq!(open(S::Suspension, &warned, 30), Err(MeasureRefused::WarningRuns { deadline: day(30) }));
    assert_eq!(open(S::Suspension, &warned, 31), Ok(()));
    // Two years are the last for it; the day after, the ladder begins anew.
    let noticed = [imposed(S::Notice, 0, None)];
    assert_eq!(open(S::Warning, &noticed, 730), Ok(()));
    assert!(open(S::Warning, &noticed, 731).is_err());
}

#[test]
fn lost_conditions_take_any_step_and_danger_the_last_two() {
    for step in MeasureStep::ALL {
        let open = |grounds, lapsed| may_open((step, grounds), &[], lapsed, &terms(), day(0));
        assert_eq!(open(Grounds::ConditionsLost, true), Ok(()));
        assert_eq!(open(Grounds::ConditionsLost, false), Err(MeasureRefused::NothingLapsed { day: day(0) }));
        assert_eq!(open(Grounds::Danger, false).is_ok(), step >= MeasureStep::Suspension);
    }
}

#[test]
fn a_hearing_lasts_as_long_as_the_rulebook_gives_at_least() {
    assert_eq!(hear_until(None, &terms(), day(0)), Ok(day(7)));
    assert_eq!(hear_until(Some(day(6)), &terms(), day(0)), Err(MeasureRefused::HearingTooShort { earliest: day(7) }));
    assert_eq!(hear_until(Some(day(9)), &terms(), day(0)), Ok(day(9)));
    assert!(hear_until(Some(day(181)), &terms(), day(0)).is_err());
}

#[test]
fn it_is_decided_once_and_not_before_the_provider_was_heard() {
    use MeasureState as S;
    for state in S::ALL {
        let (unheard, heard) = (measure(Grounds::Breach, state, false), measure(Grounds::Breach, state, true));
        assert_eq!(heard.may_decide(day(1)).is_ok(), state == S::Hearing);
        assert_eq!(unheard.may_decide(day(11)).is_ok(), state == S::Hearing);
        assert!(unheard.may_decide(day(10)).is_err());
        assert_eq!(unheard.may_withdraw().is_ok(), state == S::Hearing);
        assert_eq!(unheard.may_reply().is_ok(), state == S::Hearing);
        assert!(heard.may_reply().is_err());
        assert_eq!(
            measure(Grounds::Danger, state, false).may_reply().is_ok(),
            matches!(state, S::Hearing | S::Imposed)
        );
    }
}

#[test]
fn everything_that_stands_against_an_effect_is_said_at_once() {
    let approval = Period::new(day(0), Some(day(50))).unwrap();
    let asked =
        AskedEffect { deadline: Some(day(5)), from: Some(day(60)), until: Some(day(55)), vouchers_in_use: None };
    let refused =
        effect((MeasureStep::Suspension, Grounds::Danger), &asked, approval, &[], &terms(), day(1)).unwrap_err();
    let codes: Vec<&str> = refused.iter().map(EffectRefused::code).collect();
    assert_eq!(codes, ["not_applicable", "missing_field", "not_at_once", "approval_ends_before", "reversed"]);
    let notice =
        effect((MeasureStep::Notice, Grounds::Breach), &AskedEffect::default(), approval, &[], &terms(), day(1));
    assert_eq!(notice, Ok(Effect::Notice));
    let warning =
        effect((MeasureStep::Warning, Grounds::Breach), &AskedEffect::default(), approval, &[], &terms(), day(1));
    assert_eq!(warning.unwrap_err().len(), 1);
}

proptest! {
    #[test]
    fn no_two_suspensions_share_a_day_and_none_reaches_back(
        from in prop::option::of(-5..40i64), until in prop::option::of(-5..60i64), today in 0..20i64,
        other in (0..40i64, prop::option::of(1..20i64)), danger in any::<bool>(),
    ) {
        let others = [Period::new(day(other.0), other.1.map(|days| day(other.0 + days))).unwrap()];
        let asked = AskedEffect {
            deadline: None,
            from: from.map(day),
            until: until.map(day),
            vouchers_in_use: Some(VouchersInUse::MayFinish),
        };
        let grounds = if danger { Grounds::Danger } else { Grounds::Breach };
        let approval = Period::starting(day(0));
        match effect((MeasureStep::Suspension, grounds), &asked, approval, &others, &terms(), day(today)) {
            Ok(Effect::Suspension { period, .. }) => {
                prop_assert!(period.from() >= day(today) && !period.overlaps(others[0]));
                prop_assert!(!danger || period.from() == day(today));
                prop_assert!(danger || from.is_some() || period.from() == day(today + 1));
                prop_assert_eq!(period.to(), until.map(|last| day(last + 1)));
            }
            Ok(other) => prop_assert!(false, "{:?}", other),
            Err(refused) => prop_assert!(!refused.is_empty()),
        }
    }
}

#[test]
fn a_suspension_ends_with_its_approval() {
    let approval = Period::new(day(0), Some(day(20))).unwrap();
    let until = |last: Option<i64>| {
        let vouchers_in_use = Some(VouchersInUse::MustMove);
        let asked = AskedEffect { until: last.map(day), vouchers_in_use, ..AskedEffect::default() };
        match effect((MeasureStep::Suspension, Grounds::Danger), &asked, approval, &[], &terms(), day(5)) {
            Ok(Effect::Suspension { period, .. }) => period.to(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([until(None), until(Some(30)), until(Some(9))], [Some(day(20)), Some(day(20)), Some(day(10))]);
}

#[test]
fn what_is_no_danger_begins_tomorrow_where_no_day_is_said() {
    let approval = Period::starting(day(0));
    let cancelled = |grounds, from: Option<i64>| {
        let asked = AskedEffect { from: from.map(day), ..AskedEffect::default() };
        effect((MeasureStep::Cancellation, grounds), &asked, approval, &[], &terms(), day(5))
    };
    let on = |n| Ok(Effect::Cancellation { from: day(n) });
    assert_eq!(cancelled(Grounds::Danger, None), on(5));
    assert_eq!(cancelled(Grounds::Breach, None), on(6));
    assert_eq!(cancelled(Grounds::ConditionsLost, None), on(6));
    assert_eq!(cancelled(Grounds::Breach, Some(5)), on(5));
}

#[test]
fn a_warnings_deadline_leaves_time_for_the_next_step() {
    let terms = SupervisionTerms { ladder_months: 1, ..terms() };
    let warned = |deadline| {
        let asked = AskedEffect { deadline: Some(day(deadline)), ..AskedEffect::default() };
        effect((MeasureStep::Warning, Grounds::Breach), &asked, Period::starting(day(0)), &[], &terms, day(0))
    };
    // A month after 1 January is the last day for the next step, which is opened after the deadline.
    assert_eq!(warned(30), Ok(Effect::Warning { deadline: day(30) }));
    assert_eq!(warned(31), Err(vec![EffectRefused::AfterLadder { latest: day(30) }]));
    for (deadline, follows) in [(30, true), (31, false)] {
        let step = [imposed(MeasureStep::Warning, 0, Some(deadline))];
        let opened = may_open((MeasureStep::Suspension, Grounds::Breach), &step, false, &terms, day(deadline + 1));
        assert_eq!(opened.is_ok(), follows);
    }
}

#[test]
fn lost_conditions_are_those_that_the_provider_was_heard_about() {
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let heard = Measure {
        lapsed: codes(&["insurance", "tax"]),
        ..measure(Grounds::ConditionsLost, MeasureState::Hearing, true)
    };
    assert_eq!(heard.still_lapsed(&codes(&["tax", "staff"]), day(1)), Ok(codes(&["tax"])));
    assert_eq!(heard.still_lapsed(&codes(&["staff"]), day(1)), Err(MeasureRefused::NothingLapsed { day: day(1) }));
    let breach = measure(Grounds::Breach, MeasureState::Hearing, true);
    assert_eq!(breach.still_lapsed(&codes(&["staff"]), day(1)), Ok(Vec::new()));
}
