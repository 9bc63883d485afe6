//! What decisions change of grants, and what they refuse.

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::grant::{QuantityChange, Reissue, reissue};
use crate::id::Id;
use crate::identifiers::VoucherNumber;
use crate::quantity::Unit;
use crate::rulebook::Unused;
use crate::rules::Facts;
use crate::text::Localized;
use crate::voucher::{RaisedValue, VoucherState, VoucherStatus};

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(crate) fn terms(grant: &Value) -> RulebookTerms {
    let text = json!(Localized::new("a", "b", "c"));
    let mut all = json!({"per": "month", "quantity_max": "40", "validity_days_max": 365});
    for (name, value) in grant.as_object().unwrap() {
        all[name] = value.clone();
    }
    serde_json::from_value(json!({
        "value": {"flat": {"value": "30.00"}},
        "price_ceiling": null,
        "free_of_charge": null,
        "public_service": {"client_fee": "12.00", "basis": text},
        "grant": all,
        "recording": {"days_after_month": 60},
        "requirements": [],
        "texts": {"status": text, "co_payment": text, "alternatives": text, "appeal": text},
        "sources": [],
    }))
    .unwrap()
}

/// A voucher with its parts, as changes come and go.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) voucher: Voucher,
    pub(crate) parts: Vec<Allotment>,
    quantities: Quantities,
    terms: RulebookTerms,
    today: Day,
}

impl Scene {
    /// In use, of 10 hours per period from 15 January to 20 March 2026, on 10 February.
    pub(crate) fn new(grant: &Value) -> Self {
        let terms = terms(grant);
        let nil = Uuid::nil();
        let validity = Period::new(day("2026-01-15"), Some(day("2026-03-21"))).unwrap();
        let voucher = Voucher {
            id: Id::new(nil),
            organiser: Id::new(nil),
            client: Id::new(nil),
            person: Id::new(nil),
            voucher_type: Id::new(nil),
            rulebook: Id::new(nil),
            number: VoucherNumber::from_random([0; 15]),
            state: VoucherState::InUse,
            value: Amount::from_minor(3_000),
            facts: Facts::default(),
            unit: Unit::Hour,
            measure: terms.grant.measure,
            unused: terms.grant.unused,
            free_of_charge: false,
            validity,
            raises: vec![],
        };
        let granted = quantity("10");
        let parts = allotment_periods(validity, terms.grant.per)
            .into_iter()
            .map(|period| Allotment { period, granted, used: Quantity::ZERO })
            .collect();
        Self { voucher, parts, quantities: Quantities::issued(granted), terms, today: day("2026-02-10") }
    }

    fn standing(&self) -> Present<'_> {
        Present {
            voucher: &self.voucher,
            parts: &self.parts,
            quantities: &self.quantities,
            per: self.terms.grant.per,
            terms: &self.terms,
            today: self.today,
        }
    }

    fn extend(&mut self, last: &str) -> Result<Extension, ChangeRefused> {
        let done = extend(&self.standing(), day(last))?;
        if let Some((place, period)) = done.lengthened {
            self.parts[place].period = period;
        }
        self.parts.extend(done.new.clone());
        self.voucher = done.voucher.clone();
        Ok(done)
    }

    fn raise(&mut self, to: &str, from: &str) -> Result<Changed, Vec<ChangeRefused>> {
        let asked = Raise { quantity: Some(quantity(to)), value: None, from: day(from) };
        let done = raise(&self.standing(), &asked, None)?;
        for (place, more) in &done.parts {
            self.parts[*place].granted = self.parts[*place].granted.plus(*more).unwrap();
        }
        self.quantities.changes.push(QuantityChange { from: day(from), quantity: quantity(to) });
        self.voucher = done.voucher.clone();
        Ok(done)
    }

    fn reduce(&mut self, to: &str, from: &str) -> Result<Changed, Vec<ChangeRefused>> {
        let done = reduce(&self.standing(), quantity(to), day(from))?;
        for (place, less) in &done.parts {
            self.parts[*place] = self.parts[*place].take(*less).unwrap();
        }
        self.quantities.changes.push(QuantityChange { from: day(from), quantity: quantity(to) });
        self.voucher = done.voucher.clone();
        Ok(done)
    }

    fn reissue(&self, rests: &[&str], last: Option<&str>) -> Result<Reissue, ChangeRefused> {
        let rests: Vec<Quantity> = rests.iter().map(|rest| quantity(rest)).collect();
        reissue(&self.standing(), &rests, last.map(day))
    }

    fn left(&self) -> Vec<String> {
        self.parts.iter().map(|part| part.available().to_string()).collect()
    }
}

#[test]
fn a_month_that_was_cut_short_goes_on_to_its_end_and_others_follow() {
    let mut scene = Scene::new(&json!({}));
    let done = scene.extend("2026-05-05").unwrap();
    let ends: Vec<String> = scene.parts.iter().map(|part| part.period.last_day().to_string()).collect();
    assert_eq!(ends, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-05"]);
    assert_eq!((done.new.len(), scene.left()), (2, vec!["10".to_owned(); 5]));
    assert_eq!(scene.voucher.validity.last_day(), day("2026-05-05"));
    assert_eq!(done.steps[0].figure.as_deref(), Some("2026-05-05"));
}

#[test]
fn a_grant_for_the_whole_voucher_keeps_its_quantity_for_longer() {
    let mut scene = Scene::new(&json!({"per": "voucher"}));
    let done = scene.extend("2027-01-31").unwrap();
    assert_eq!((done.new.len(), scene.parts.len()), (0, 1));
    assert_eq!(scene.parts[0].period, scene.voucher.validity);
    assert_eq!(scene.left(), ["10"]);
}

#[test]
fn only_a_later_day_within_the_longest_validity_extends() {
    let mut scene = Scene::new(&json!({}));
    let last = day("2026-03-20");
    for earlier in ["2026-03-20", "2026-02-01", "2025-01-01"] {
        assert_eq!(scene.extend(earlier), Err(ChangeRefused::NotLater { last }));
    }
    let latest = day("2026-01-15").plus_days(i64::from(VALIDITY_DAYS_MAX) - 1);
    let too_long = scene.extend(&latest.plus_days(1).to_string());
    assert_eq!(too_long, Err(ChangeRefused::ValidTooLong { latest }));
    assert!(scene.extend(&latest.to_string()).is_ok());
}

#[test]
fn what_has_ended_is_not_extended_but_a_used_up_month_goes_on_to_the_next() {
    for (state, today, status) in [
        (VoucherState::Cancelled { reason: "r".into() }, "2026-02-10", VoucherStatus::Cancelled),
        (VoucherState::Refused { directed_to: Localized::new("a", "b", "c") }, "2026-02-10", VoucherStatus::Refused),
        (VoucherState::InUse, "2026-03-21", VoucherStatus::Expired),
    ] {
        let mut scene = Scene::new(&json!({}));
        (scene.voucher.state, scene.today) = (state, day(today));
        let refused = VoucherRefusal::WrongState { status, attempted: "extended" };
        assert_eq!(scene.extend("2026-06-30"), Err(ChangeRefused::Voucher(refused)));
    }
    let mut whole = Scene::new(&json!({"per": "voucher"}));
    whole.voucher.state = VoucherState::UsedUp;
    let refused = VoucherRefusal::WrongState { status: VoucherStatus::UsedUp, attempted: "extended" };
    assert_eq!(whole.extend("2026-06-30"), Err(ChangeRefused::Voucher(refused)));
    let mut monthly = Scene::new(&json!({}));
    monthly.voucher.state = VoucherState::UsedUp;
    assert_eq!(monthly.extend("2026-04-30").unwrap().voucher.state, VoucherState::InUse);
}

#[test]
fn a_raise_holds_for_the_period_of_its_day_and_all_that_follow_new_ones_too() {
    let mut scene = Scene::new(&json!({}));
    scene.raise("14", "2026-02-28").unwrap();
    assert_eq!(scene.left(), ["10", "14", "14"]);
    scene.extend("2026-04-30").unwrap();
    assert_eq!(scene.left(), ["10", "14", "14", "14"]);
    scene.reduce("4.5", "2026-04-01").unwrap();
    assert_eq!(scene.left(), ["10", "14", "14", "4.5"]);
}

#[test]
fn what_is_no_raise_is_refused_all_at_once() {
    let mut scene = Scene::new(&json!({}));
    let (first, march) = (day("2026-02-01"), day("2026-03-01"));
    let present = quantity("10");
    assert_eq!(scene.raise("10", "2026-02-10"), Err(vec![ChangeRefused::NotMore { present, from: first }]));
    scene.raise("20", "2026-03-01").unwrap();
    // March would grant less than it does.
    let present = quantity("20");
    assert_eq!(scene.raise("15", "2026-02-10"), Err(vec![ChangeRefused::NotMore { present, from: march }]));
    let errors = scene.raise("40.001", "2026-03-21").unwrap_err();
    let step = quantity("0.01");
    let maximum = quantity("40");
    let outside = ChangeRefused::OutsideValidity { from: day("2026-01-15"), last: day("2026-03-20") };
    assert_eq!(errors, [outside, ChangeRefused::NotAStep { step }, ChangeRefused::OverMaximum { maximum }]);
    let nothing = Raise { quantity: None, value: None, from: scene.today };
    assert_eq!(raise(&scene.standing(), &nothing, None), Err(vec![ChangeRefused::NothingAsked]));
    let worth = Some(Worth::of(Amount::from_minor(3_000)));
    for lower in [0, 2_999, 3_000] {
        let asked = Raise { value: Some(Amount::from_minor(lower)), ..nothing };
        let present = Amount::from_minor(3_000);
        assert_eq!(raise(&scene.standing(), &asked, worth), Err(vec![ChangeRefused::ValueNotMore { present }]));
    }
}

#[test]
fn a_decision_reaches_back_as_far_as_the_rulebook_lets_it() {
    let mut scene = Scene::new(&json!({}));
    let refused = vec![ChangeRefused::TooFarBack { earliest: day("2026-02-10") }];
    assert_eq!(scene.raise("14", "2026-02-09"), Err(refused.clone()));
    assert_eq!(scene.reduce("4", "2026-02-09"), Err(refused));
    let mut scene = Scene::new(&json!({"retroactive_days_max": 20}));
    let refused = vec![ChangeRefused::TooFarBack { earliest: day("2026-01-21") }];
    assert_eq!(scene.raise("14", "2026-01-20"), Err(refused));
    scene.raise("14", "2026-01-21").unwrap();
    assert_eq!(scene.left(), ["14", "14", "14"]);
}

#[test]
fn a_reduction_leaves_what_is_used_and_says_how_much_that_is() {
    let mut scene = Scene::new(&json!({}));
    scene.parts[1] = scene.parts[1].take(quantity("6.25")).unwrap();
    let (lowest, from) = (quantity("6.25"), day("2026-02-01"));
    assert_eq!(scene.reduce("6", "2026-02-10"), Err(vec![ChangeRefused::BelowUsed { lowest, from }]));
    scene.reduce("6.25", "2026-02-10").unwrap();
    assert_eq!(scene.left(), ["10", "0", "6.25"]);
    assert_eq!(scene.voucher.state, VoucherState::InUse);
    let present = quantity("6.25");
    assert_eq!(scene.reduce("7", "2026-02-10"), Err(vec![ChangeRefused::NotLess { present, from }]));
    let nothing = scene.reduce("0", "2026-03-01").unwrap_err();
    assert_eq!(nothing, [ChangeRefused::NoQuantity]);
}

#[test]
fn a_voucher_is_used_up_by_a_reduction_to_what_is_used_and_in_use_again_by_a_raise() {
    let mut scene = Scene::new(&json!({"per": "voucher"}));
    scene.parts[0] = scene.parts[0].take(quantity("6")).unwrap();
    scene.reduce("6", "2026-02-10").unwrap();
    assert_eq!((&scene.voucher.state, scene.left()), (&VoucherState::UsedUp, vec!["0".to_owned()]));
    scene.raise("8", "2026-02-10").unwrap();
    assert_eq!((&scene.voucher.state, scene.left()), (&VoucherState::InUse, vec!["2".to_owned()]));
}

#[test]
fn what_is_left_is_granted_anew_for_the_rest_of_the_time() {
    let scene = Scene::new(&json!({}));
    let done = scene.reissue(&["1", "3", "10"], None).unwrap();
    let granted: Vec<String> = done.parts.iter().map(|part| part.granted.to_string()).collect();
    // January has lapsed with its hour.
    assert_eq!((done.validity.from(), done.validity.last_day()), (day("2026-02-10"), day("2026-03-20")));
    assert_eq!((granted, done.quantities), (vec!["3".to_owned(), "10".to_owned()], Quantities::issued(quantity("10"))));
    assert_eq!(done.steps[0].figure.as_deref(), Some("13"));
    let longer = scene.reissue(&["1", "3", "10"], Some("2026-04-10")).unwrap();
    let granted: Vec<String> = longer.parts.iter().map(|part| part.granted.to_string()).collect();
    assert_eq!(granted, ["3", "10", "10"]);
}

#[test]
fn what_was_decided_for_later_periods_goes_with_the_voucher_that_replaces_another() {
    let mut scene = Scene::new(&json!({}));
    scene.extend("2026-05-31").unwrap();
    scene.raise("14", "2026-03-01").unwrap();
    scene.reduce("12", "2026-05-10").unwrap();
    let done = scene.reissue(&["10", "3", "14", "14", "12"], None).unwrap();
    let change = |from: &str, to: &str| QuantityChange { from: day(from), quantity: quantity(to) };
    assert_eq!(done.quantities.issued, quantity("10"));
    assert_eq!(done.quantities.changes, [change("2026-03-01", "14"), change("2026-05-01", "12")]);
    for part in &done.parts {
        assert_eq!(done.quantities.in_period(part.period), scene.quantities.in_period(part.period));
    }
}

#[test]
fn what_is_carried_over_goes_with_the_first_part() {
    let mut scene = Scene::new(&json!({"unused": "carries_over"}));
    let done = scene.reissue(&["1", "3", "10"], None).unwrap();
    assert_eq!(done.parts[0].granted, quantity("4"));
    // After its time, all of it is.
    (scene.today, scene.voucher.unused) = (day("2026-04-02"), Unused::CarriesOver);
    let done = scene.reissue(&["1", "3", "10"], Some("2026-04-30")).unwrap();
    assert_eq!(done.parts.iter().map(|part| part.granted.e4()).collect::<Vec<_>>(), [240_000]);
}

#[test]
fn what_cannot_be_granted_anew_is_said() {
    let mut scene = Scene::new(&json!({"per": "voucher"}));
    assert_eq!(scene.reissue(&["0"], None), Err(ChangeRefused::NothingLeft));
    assert_eq!(scene.reissue(&["5"], Some("2026-02-09")), Err(ChangeRefused::EndsInPast { from: scene.today }));
    let latest = scene.today.plus_days(i64::from(VALIDITY_DAYS_MAX) - 1);
    let too_long = scene.reissue(&["5"], Some(&latest.plus_days(1).to_string()));
    assert_eq!(too_long, Err(ChangeRefused::ValidTooLong { latest }));
    scene.today = day("2026-03-25");
    assert_eq!(scene.reissue(&["5"], None), Err(ChangeRefused::LastDayNeeded { last: day("2026-03-20") }));
}

#[test]
fn a_raised_value_goes_with_the_voucher_that_replaces_another() {
    let mut scene = Scene::new(&json!({}));
    let raised =
        |from, minor| RaisedValue { from: day(from), value: Amount::from_minor(minor), decision: Id::new(Uuid::nil()) };
    scene.voucher.raises = vec![raised("2026-01-20", 3_500), raised("2026-03-01", 4_000), raised("2026-01-25", 3_400)];
    let done = scene.reissue(&["0", "3", "10"], None).unwrap();
    assert_eq!(done.raises, [raised("2026-02-10", 3_500), raised("2026-03-01", 4_000)]);
}

/// What is done to a grant, in a random order.
#[derive(Debug, Clone)]
enum Step {
    Use(usize, i64),
    Extend(i64),
    Raise(i64, i64),
    Reduce(i64, i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..5_usize, 1..12_i64).prop_map(|(place, hours)| Step::Use(place, hours)),
        (1..60_i64).prop_map(Step::Extend),
        (1..45_i64, 0..120_i64).prop_map(|(hours, days)| Step::Raise(hours, days)),
        (0..45_i64, 0..120_i64).prop_map(|(hours, days)| Step::Reduce(hours, days)),
    ]
}

proptest! {
    #[test]
    fn parts_and_what_was_posted_stay_equal_through_random_changes(
        steps in prop::collection::vec(step(), 1..25),
        per in prop::sample::select(vec!["month", "quarter", "voucher"]),
    ) {
        let mut scene = Scene::new(&json!({"per": per, "retroactive_days_max": 60}));
        let issued = scene.parts.clone();
        // What a ledger would hold of each part: granted, used, returned.
        let mut posted: Vec<[i64; 3]> = issued.iter().map(|part| [part.granted.e4(), 0, 0]).collect();
        for step in steps {
            let before = scene.clone();
            match step {
                Step::Use(place, hours) => {
                    let hours = quantity(&hours.to_string());
                    if let Some(Ok(taken)) = scene.parts.get(place).map(|part| part.take(hours)) {
                        scene.parts[place] = taken;
                        posted[place][1] += hours.e4();
                    }
                }
                Step::Extend(days) => {
                    let last = scene.voucher.validity.last_day().plus_days(days);
                    if let Ok(done) = scene.extend(&last.to_string()) {
                        posted.extend(done.new.iter().map(|part| [part.granted.e4(), 0, 0]));
                    }
                }
                Step::Raise(hours, days) => {
                    let from = scene.today.plus_days(days - 60).to_string();
                    if let Ok(done) = scene.raise(&hours.to_string(), &from) {
                        for (place, more) in done.parts {
                            posted[place][0] += more.e4();
                        }
                    }
                }
                Step::Reduce(hours, days) => {
                    let from = scene.today.plus_days(days - 60).to_string();
                    if let Ok(done) = scene.reduce(&hours.to_string(), &from) {
                        for (place, less) in done.parts {
                            posted[place][2] += less.e4();
                        }
                    }
                }
            }
            // Days and what has been used never go back.
            prop_assert!(scene.parts.len() >= before.parts.len());
            let periods = scene.parts.iter().map(|part| part.period).collect::<Vec<_>>();
            prop_assert_eq!(periods, allotment_periods(scene.voucher.validity, scene.terms.grant.per));
            for (part, [granted, used, returned]) in scene.parts.iter().zip(&posted) {
                prop_assert_eq!((part.granted.e4(), part.used.e4()), (*granted, used + returned));
                prop_assert!(part.used <= part.granted);
                // What is granted and not taken back is what the decisions say.
                prop_assert_eq!(granted - returned, scene.quantities.in_period(part.period).e4());
            }
        }
    }
}
