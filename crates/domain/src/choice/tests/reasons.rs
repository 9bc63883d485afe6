//! Why an offering cannot be chosen.

use super::*;
use crate::offering::PriceCheck;

#[test]
fn every_reason_is_told_where_it_stands_in_the_way_and_all_are_told_together() {
    let later = || Period::starting(day().plus_days(1));
    let good = candidate(1, Sector::Company);
    let home = "684".parse().unwrap();
    let stands = |candidate: &Candidate, free: bool, chooser: &Chooser<'_>| -> Vec<Reason> {
        let terms = terms(Some("45.00"), free);
        candidate.stand(Some(&PriceCheck::under(&terms)), chooser).reasons.into_iter().collect()
    };
    let somebody = Chooser::somebody(day());
    let free = Entitlement::always(Entitled { free_of_charge: true, ..granting(valuation().clone()) });
    let nothing = Entitlement::always(Entitled { grant: Grant::Nothing, free_of_charge: false });
    let elsewhere = Approved { period: always(), area: vec!["609".parse().unwrap()] };
    let ended = Period::new(always().from(), Some(day())).unwrap();
    let cases = [
        (good.clone(), false, somebody, None),
        (Candidate { approvals: Vec::new(), ..good.clone() }, false, somebody, Some(Reason::NotApproved)),
        (
            Candidate { sectors: Timeline::new(vec![]).unwrap(), ..good.clone() },
            false,
            somebody,
            Some(Reason::NotApproved),
        ),
        (
            Candidate {
                approvals: vec![Approved { period: ended, area: Vec::new() }],
                interruptions: vec![Period::starting(day())],
                ..good.clone()
            },
            false,
            somebody,
            Some(Reason::Interrupted),
        ),
        (
            Candidate { approvals: vec![elsewhere], ..good.clone() },
            false,
            Chooser { home: Some(&home), ..somebody },
            Some(Reason::NotInArea),
        ),
        (
            Candidate { prices: Timeline::new(vec![(later(), asks(4000))]).unwrap(), ..good.clone() },
            false,
            somebody,
            Some(Reason::NoPrice),
        ),
        (priced(1, Sector::Company, asks(4501)), false, somebody, Some(Reason::PriceNotAllowed)),
        (priced(1, Sector::Ngo, charges_fee(0)), false, somebody, Some(Reason::PriceNotAllowed)),
        (priced(1, Sector::Public, charges_fee(1)), true, somebody, Some(Reason::NotFree)),
        (
            priced(1, Sector::Company, asks(3601)),
            false,
            Chooser { entitlement: &free, ..somebody },
            Some(Reason::NotFree),
        ),
        (Candidate { accepts_new_clients: false, ..good.clone() }, false, somebody, Some(Reason::NotTakingClients)),
        (
            Candidate { places_taken_until: Some(day().plus_days(1)), ..good.clone() },
            false,
            somebody,
            Some(Reason::Full),
        ),
        (good.clone(), false, Chooser { validity: Some(later()), ..somebody }, Some(Reason::OutsideValidity)),
        (good.clone(), false, Chooser { entitlement: &nothing, ..somebody }, Some(Reason::NothingGranted)),
    ];
    for (candidate, free, chooser, expected) in cases {
        assert_eq!(stands(&candidate, free, &chooser), Vec::from_iter(expected), "{expected:?}");
    }
    assert_eq!(
        good.stand::<RulebookTerms>(None, &somebody).reasons.into_iter().collect::<Vec<_>>(),
        [Reason::NoRulebook]
    );
    let nothing_right =
        Candidate { approvals: Vec::new(), prices: Timeline::new(vec![]).unwrap(), accepts_new_clients: false, ..good };
    let all = stands(&nothing_right, false, &Chooser { validity: Some(later()), ..somebody });
    assert_eq!(all, [Reason::NotApproved, Reason::NoPrice, Reason::NotTakingClients, Reason::OutsideValidity]);
}

#[test]
fn a_reason_has_one_name() {
    for reason in Reason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), json!(reason.code()));
    }
}

#[test]
fn who_was_never_approved_is_nobodys_business() {
    let mut never = candidate(1, Sector::Company);
    never.approvals = Vec::new();
    let mut not_yet = candidate(2, Sector::Company);
    not_yet.approvals = vec![Approved { period: Period::starting(day().plus_days(1)), area: Vec::new() }];
    let mut once = candidate(3, Sector::Company);
    once.approvals = vec![Approved { period: Period::new(always().from(), Some(day())).unwrap(), area: Vec::new() }];
    let s = snapshot(vec![never, not_yet, once.clone(), candidate(4, Sector::Company)]);
    let refused = s.not_choosable(&query(b"v"));
    assert_eq!((refused.total, refused.lines[0].candidate.offering), (1, once.offering));
    let all: Vec<Id<kind::Offering>> = (1..=4).map(|n| Id::new(Uuid::from_u128(n))).collect();
    assert_eq!(s.side_by_side(&query(b"v"), &all).len(), 2);
}

#[test]
fn what_a_later_rulebook_makes_free_costs_nothing_under_an_earlier_voucher_either() {
    let free = vec![(always(), terms(None, true))];
    let over = priced(1, Sector::Company, asks(3600));
    let s = snapshot_under(free, vec![over]);
    assert_eq!(s.list(&query(b"v")).total, 1);
    let lower: RulebookTerms = {
        let mut terms = serde_json::to_value(terms(None, false)).unwrap();
        terms["value"] = json!({"flat": {"value": "35.00"}});
        serde_json::from_value(terms).unwrap()
    };
    let facts = Facts::default();
    let valuation = Valuation::new(&lower, &facts).unwrap();
    let granted_before = Entitlement::always(granting(valuation));
    let granted_before = Query { entitlement: &granted_before, ..query(b"v") };
    assert_eq!(s.list(&granted_before).total, 0);
    assert_eq!(s.not_choosable(&granted_before).lines[0].why[0].reason, Reason::NotFree);
}

#[test]
fn what_begins_later_is_worth_what_the_version_in_force_by_then_says() {
    let (from, before) = (day().plus_days(10), Period::new(always().from(), Some(day().plus_days(10))).unwrap());
    let versions = vec![(before, terms(None, false)), (Period::starting(from), terms(None, false))];
    let later = Candidate { earliest_start: Some(from), ..priced(2, Sector::Company, asks(4000)) };
    let s = snapshot_under(versions, vec![priced(1, Sector::Company, asks(4000)), later]);
    let raised: RulebookTerms = {
        let mut terms = serde_json::to_value(terms(None, false)).unwrap();
        terms["value"] = json!({"flat": {"value": "39.00"}});
        serde_json::from_value(terms).unwrap()
    };
    let facts = Facts::default();
    let coming = granting(Valuation::new(&raised, &facts).unwrap());
    let basis = s.basis(voucher_type()).unwrap().clone();
    let under = |coming: Entitled<'static>| {
        Entitlement::from_day(granting(valuation().clone()), &basis.versions, day(), |_| coming.clone())
    };
    let raised = Entitlement::from_day(granting(valuation().clone()), &basis.versions, day(), |_| coming.clone());
    let cheapest_first = Query { order: Order::CoPayment, entitlement: &raised, ..query(b"v") };
    let page = s.list(&cheapest_first);
    let pays: Vec<i64> = page.lines.iter().map(|line| line.per_unit.unwrap().co_payment.minor()).collect();
    assert_eq!(pays, [100, 400]);
    assert_eq!(page.lines[0].first_day, from);
    let by_name = s.side_by_side(&cheapest_first, &[page.lines[0].candidate.offering]);
    assert!(matches!(&by_name[..], [Shown::Listed(one)] if one.per_unit == page.lines[0].per_unit));

    let ended = under(Entitled { grant: Grant::Nothing, free_of_charge: false });
    let ended = Query { entitlement: &ended, ..query(b"v") };
    assert_eq!(s.list(&ended).total, 1);
    assert_eq!(s.not_choosable(&ended).lines[0].why[0].reason, Reason::NothingGranted);
}
