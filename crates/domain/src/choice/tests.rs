//! Tests of the choice engine.

mod neutrality;
mod reasons;

use std::sync::Arc;

use super::*;
use crate::approval::Approved;
use crate::id::{Id, kind};
use crate::identifiers::VoucherNumber;
use crate::money::{Amount, Currency};
use crate::offering::OfferPrice;
use crate::provider::{Sector, ServiceMode};
use crate::quality::QualityFacts;
use crate::quantity::Unit;
use crate::rulebook::RulebookTerms;
use crate::rulebook::{Measure, Unused};
use crate::rules::Facts;
use crate::text::Language;
use crate::text::Localized;
use crate::time::{Day, Period, Timeline};
use crate::valuation::Valuation;
use crate::voucher::{Voucher, VoucherState};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use uuid::Uuid;

fn day() -> Day {
    Day::ymd(2026, 11, 21).unwrap()
}

fn candidate(n: u128, sector: Sector) -> Candidate {
    let price = match sector {
        Sector::Public => {
            OfferPrice::ClientFee { client_fee: Amount::from_minor(1000), unit_cost: Amount::from_minor(5000) }
        }
        Sector::Company | Sector::Ngo => asks(4000 + i64::try_from(n).unwrap()),
    };
    let always = Period::starting(Day::ymd(2026, 1, 1).unwrap());
    Candidate {
        offering: Id::new(Uuid::from_u128(n)),
        provider: Id::new(Uuid::from_u128(n)),
        provider_name: format!("Provider {n}").into(),
        sectors: Timeline::new(vec![(always, sector)]).unwrap(),
        unit: Id::new(Uuid::from_u128(n)),
        unit_name: format!("Unit {n}").into(),
        street_address: "".into(),
        postal_address: "".into(),
        municipality: "609".parse().unwrap(),
        service_area: vec![],
        coordinates_e6: None,
        languages: [Language::Fi].into(),
        modes: [ServiceMode::OnSite].into(),
        step_free: None,
        approvals: vec![Approved { period: always, area: Vec::new() }],
        interruptions: Vec::new(),
        accepts_new_clients: true,
        earliest_start: None,
        quality: QualityFacts::default(),
        queue: None,
        places_taken_until: None,
        prices: Timeline::new(vec![(always, price)]).unwrap(),
    }
}

fn voucher_type() -> Id<kind::VoucherType> {
    Id::new(Uuid::from_u128(99))
}

/// Terms with a ceiling; free of charge by law if wanted so.
fn terms(ceiling: Option<&str>, free: bool) -> RulebookTerms {
    let text = Localized::new("a", "b", "c");
    serde_json::from_value(json!({
        "value": {"flat": {"value": "36.00"}},
        "price_ceiling": ceiling.map(|amount| json!({"amount": amount})),
        "free_of_charge": free.then(|| json!({"source": "734/1992 § 4"})),
        "public_service": {"client_fee": "0.00", "basis": text},
        "grant": {"per": "month", "quantity_max": "20", "validity_days_max": 365},
        "recording": {"days_after_month": 60},
        "requirements": [],
        "texts": {"status": text, "co_payment": text, "alternatives": text, "appeal": text},
        "sources": [],
    }))
    .unwrap()
}

fn always() -> Period {
    Period::starting(Day::ymd(2026, 1, 1).unwrap())
}

fn snapshot_under(rulebooks: Vec<(Period, RulebookTerms)>, candidates: Vec<Candidate>) -> Snapshot {
    let candidates = candidates.into_iter().map(|c| (voucher_type(), c));
    Snapshot::new(1, [(voucher_type(), basis(rulebooks))], candidates)
}

/// A voucher type with these rulebooks.
pub(super) fn basis(rulebooks: Vec<(Period, RulebookTerms)>) -> Basis {
    let versions =
        (0..).zip(rulebooks).map(|(n, (period, terms))| (period, (Id::new(Uuid::from_u128(n)), Arc::new(terms))));
    Basis {
        organiser: Id::new(Uuid::from_u128(1)),
        unit: Unit::Hour,
        currency: Currency::Eur,
        time_zone: "Europe/Helsinki".to_owned(),
        versions: Timeline::new(versions.collect()).unwrap(),
    }
}

fn snapshot(candidates: Vec<Candidate>) -> Snapshot {
    snapshot_under(vec![(always(), terms(None, false))], candidates)
}

fn priced(n: u128, sector: Sector, price: OfferPrice) -> Candidate {
    Candidate { prices: Timeline::new(vec![(always(), price)]).unwrap(), ..candidate(n, sector) }
}

fn asks(minor: i64) -> OfferPrice {
    OfferPrice::voucher(Amount::from_minor(minor))
}

fn charges_fee(minor: i64) -> OfferPrice {
    OfferPrice::ClientFee { client_fee: Amount::from_minor(minor), unit_cost: Amount::from_minor(5000) }
}

/// What units are worth under the plain terms, which live as long as the tests.
fn valuation() -> &'static Valuation<'static> {
    static FACTS: LazyLock<Facts> = LazyLock::new(Facts::default);
    static TERMS: LazyLock<RulebookTerms> = LazyLock::new(|| terms(None, false));
    static VALUATION: LazyLock<Valuation<'static>> = LazyLock::new(|| Valuation::new(&TERMS, &FACTS).unwrap());
    &VALUATION
}

/// What the plain terms entitle everyone to.
fn entitlement() -> &'static Entitlement<'static> {
    static ENTITLEMENT: LazyLock<Entitlement<'static>> =
        LazyLock::new(|| Entitlement::always(granting(valuation().clone())));
    &ENTITLEMENT
}

/// What is granted is known.
fn granting(valuation: Valuation<'_>) -> Entitled<'_> {
    Entitled { grant: Grant::of(Ok(valuation)), free_of_charge: false }
}

fn nothing_known() -> &'static Facts {
    static FACTS: LazyLock<Facts> = LazyLock::new(Facts::default);
    &FACTS
}

fn own_lot(seed: &[u8]) -> Lot {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(seed).for_each(|(byte, from)| *byte = *from);
    Lot::of_voucher(b"key", Id::new(Uuid::from_bytes(bytes)))
}

fn query(seed: &[u8]) -> Query<'static> {
    Query {
        voucher_type: voucher_type(),
        day: day(),
        validity: None,
        entitlement: entitlement(),
        own: &[],
        client: nothing_known(),
        quantity: Some("20".parse().unwrap()),
        municipality: None,
        sector: None,
        language: None,
        mode: None,
        step_free: false,
        starts_by: None,
        near: None,
        order: Order::Neutral,
        lot: Box::leak(Box::new(own_lot(seed))),
        counts: false,
        after: None,
        limit: 100,
    }
}

fn order_of(snapshot: &Snapshot, query: &Query<'_>) -> Vec<Id<kind::Offering>> {
    snapshot.list(query).lines.iter().map(|l| l.candidate.offering).collect()
}

#[test]
fn pages_join_to_the_whole_list_without_repeats() {
    let s = snapshot((0..25).map(|n| candidate(n, Sector::Company)).collect());
    for order in [Order::Neutral, Order::Price, Order::CoPayment, Order::Name] {
        let whole = order_of(&s, &Query { order, ..query(b"v") });
        let mut paged = Vec::new();
        let mut after: Option<SortKey> = None;
        loop {
            let page = s.list(&Query { order, after: after.as_ref(), limit: 7, ..query(b"v") });
            assert_eq!(page.total, 25);
            paged.extend(page.lines.iter().map(|l| l.candidate.offering));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole);
    }
}

#[test]
fn what_cannot_be_chosen_is_not_listed() {
    let mut unapproved = candidate(1, Sector::Company);
    let until = Period::new(Day::ymd(2026, 1, 1).unwrap(), Some(day())).unwrap();
    unapproved.approvals = vec![Approved { period: until, area: Vec::new() }];
    let mut full = candidate(2, Sector::Ngo);
    full.accepts_new_clients = false;
    let mut unpriced = candidate(3, Sector::Public);
    unpriced.prices = Timeline::new(vec![]).unwrap();
    let mut taken = candidate(5, Sector::Company);
    taken.places_taken_until = Some(day().plus_days(1));
    let mut listed = candidate(4, Sector::Public);
    listed.places_taken_until = Some(day());
    assert_eq!(unapproved.choosable_on(day(), None), Err(NotChoosable::NotApproved));
    assert_eq!(full.choosable_on(day(), None), Err(NotChoosable::NotTakingClients));
    assert_eq!(unpriced.choosable_on(day(), None), Err(NotChoosable::NoPrice));
    assert_eq!(taken.choosable_on(day(), None), Err(NotChoosable::Full));
    assert!(taken.choosable_on(day().plus_days(1), None).is_ok());
    let s = snapshot(vec![unapproved, full, unpriced, taken, listed.clone()]);
    assert_eq!(order_of(&s, &query(b"v")), [listed.offering]);
}

#[test]
fn who_starts_later_is_not_chosen_while_it_is_suspended() {
    let period =
        |from: i64, to: Option<i64>| Period::new(day().plus_days(from), to.map(|to| day().plus_days(to))).unwrap();
    let approved = |from, to| Approved { period: period(from, to), area: Vec::new() };
    let mut suspended = candidate(1, Sector::Company);
    suspended.approvals = vec![approved(-10, Some(0)), approved(5, None)];
    suspended.interruptions = vec![period(0, Some(5))];
    suspended.earliest_start = Some(day().plus_days(5));
    assert_eq!(suspended.takes_on(day()), Err(NotChoosable::Interrupted));
    assert!(suspended.choosable_on(day().plus_days(5), None).is_ok() && suspended.takes_on(day().plus_days(5)).is_ok());
    // An approval that is to begin later is no interruption.
    let mut later = candidate(2, Sector::Company);
    later.approvals = vec![approved(5, None)];
    later.earliest_start = Some(day().plus_days(5));
    assert_eq!(later.takes_on(day()), Ok(()));
    let s = snapshot(vec![suspended, later.clone()]);
    assert_eq!(order_of(&s, &query(b"v")), [later.offering]);
}

#[test]
fn a_public_unit_shows_its_fee_beside_the_others_co_payment() {
    let s = snapshot(vec![candidate(1, Sector::Public), candidate(2, Sector::Company)]);
    let listing = s.list(&Query { order: Order::CoPayment, ..query(b"v") });
    let figures: Vec<_> = listing
        .lines
        .iter()
        .map(|l| (l.sector, l.per_unit.unwrap().co_payment.minor(), l.per_unit.unwrap().client_fee.minor()))
        .collect();
    assert_eq!(figures, [(Sector::Company, 402, 0), (Sector::Public, 0, 1000)]);
}

#[test]
fn what_the_rulebook_of_the_day_refuses_is_not_listed() {
    let change = Day::ymd(2026, 12, 1).unwrap();
    let before = Period::new(always().from(), Some(change)).unwrap();
    let rulebooks =
        vec![(before, terms(Some("45.00"), false)), (Period::starting(change), terms(Some("40.00"), false))];
    let candidates = vec![
        priced(1, Sector::Company, asks(4600)),
        priced(2, Sector::Company, asks(4500)),
        priced(3, Sector::Ngo, asks(4000)),
        priced(4, Sector::Ngo, charges_fee(0)),
        priced(5, Sector::Public, asks(3000)),
        priced(6, Sector::Public, charges_fee(1000)),
    ];
    let s = snapshot_under(rulebooks, candidates);
    let on = |day| {
        let mut listed: Vec<u128> =
            order_of(&s, &Query { day, ..query(b"v") }).iter().map(|id| id.uuid().as_u128()).collect();
        listed.sort_unstable();
        listed
    };
    assert_eq!(on(change.plus_days(-1)), [2, 3, 6]);
    assert_eq!(on(change), [3, 6]);
}

#[test]
fn without_a_rulebook_in_force_nothing_is_listed() {
    let later = Period::starting(day().plus_days(1));
    let s = snapshot_under(vec![(later, terms(None, false))], vec![candidate(1, Sector::Company)]);
    assert_eq!(s.list(&query(b"v")).total, 0);
    let none = Snapshot::new(1, [], [(voucher_type(), candidate(1, Sector::Company))]);
    assert_eq!(none.list(&query(b"v")).total, 0);
}

/// What is listed for a voucher is what the voucher lets be chosen, whatever the price, the sector and the rulebook.
#[test]
fn the_list_of_a_voucher_and_what_it_can_be_used_for_agree() {
    let prices = [asks(3000), asks(3600), asks(3601), asks(4000), asks(4001), charges_fee(0), charges_fee(1000)];
    let options: Vec<_> = [Sector::Company, Sector::Ngo, Sector::Public]
        .into_iter()
        .flat_map(|sector| prices.clone().map(|price| (sector, price)))
        .zip(1..)
        .map(|((sector, price), n)| (sector, price.clone(), priced(n, sector, price)))
        .collect();
    let mut sizes = Vec::new();
    for (voucher_free, rulebook_free) in [(false, false), (true, false), (false, true), (true, true)] {
        let terms = terms(Some("40.00"), rulebook_free);
        let s = snapshot_under(vec![(always(), terms.clone())], options.iter().map(|(.., c)| c.clone()).collect());
        let voucher = Voucher {
            id: Id::new(Uuid::nil()),
            organiser: Id::new(Uuid::nil()),
            client: Id::new(Uuid::nil()),
            person: Id::new(Uuid::nil()),
            voucher_type: voucher_type(),
            rulebook: Id::new(Uuid::nil()),
            number: VoucherNumber::from_random([0; 15]),
            state: VoucherState::Accepted,
            value: Amount::from_minor(3600),
            facts: Facts::default(),
            unit: Unit::Hour,
            measure: Measure::Quantity,
            unused: Unused::Lapses,
            free_of_charge: voucher_free,
            validity: always(),
            raises: vec![],
        };
        let allowed = options
            .iter()
            .filter(|(sector, price, _)| voucher.check_price(price, *sector, &terms, valuation()).is_ok());
        let mut allowed: Vec<_> = allowed.map(|(.., candidate)| candidate.offering).collect();
        let entitled = Entitled { free_of_charge: voucher_free, ..granting(valuation().clone()) };
        let entitlement = Entitlement::always(entitled);
        let query = Query { entitlement: &entitlement, validity: Some(voucher.validity), ..query(b"v") };
        let mut listed = order_of(&s, &query);
        allowed.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, allowed, "voucher free: {voucher_free}, rulebook free: {rulebook_free}");
        sizes.push(listed.len());
    }
    assert_eq!(sizes, [10, 5, 5, 5]);
}

#[test]
fn an_option_that_begins_later_is_listed_as_of_its_first_day() {
    let start = day().plus_days(10);
    let mut later = candidate(1, Sector::Company);
    later.earliest_start = Some(start);
    let until = Period::new(always().from(), Some(start)).unwrap();
    later.prices = Timeline::new(vec![(until, asks(3000)), (Period::starting(start), asks(4100))]).unwrap();
    let s = snapshot(vec![later.clone()]);
    assert_eq!(s.list(&query(b"v")).lines[0].price, &asks(4100));
    let valid_until = |to| Some(Period::new(always().from(), Some(to)).unwrap());
    assert_eq!(s.list(&Query { validity: valid_until(start.plus_days(1)), ..query(b"v") }).total, 1);
    assert_eq!(s.list(&Query { validity: valid_until(start), ..query(b"v") }).total, 0, "the voucher ends before");
    later.approvals = vec![Approved { period: until, area: Vec::new() }];
    assert_eq!(snapshot(vec![later]).list(&query(b"v")).total, 0, "the approval ends before");
}

#[test]
fn a_page_goes_on_after_an_option_that_is_gone() {
    let all: Vec<_> = (0..12).map(|n| candidate(n, Sector::Company)).collect();
    for order in [Order::Neutral, Order::Price, Order::CoPayment, Order::Name] {
        let before = snapshot(all.clone());
        let first = before.list(&Query { order, limit: 5, ..query(b"v") });
        let last = first.lines[4].candidate.offering;
        let key = first.next.unwrap();
        let whole = order_of(&before, &Query { order, ..query(b"v") });
        let without = snapshot(all.iter().filter(|c| c.offering != last).cloned().collect());
        let rest = order_of(&without, &Query { order, after: Some(&key), ..query(b"v") });
        assert_eq!(rest, whole[5..], "{order:?}");
        let kept: SortKey = serde_json::from_str(&serde_json::to_string(&key).unwrap()).unwrap();
        assert_eq!(kept, key, "a key survives being written down");
    }
}

#[test]
fn equals_are_in_one_order_however_the_rows_come() {
    let alike = |n| {
        let mut alike = priced(n, Sector::Company, asks(4000));
        alike.unit_name = if n % 2 == 0 { "Unit".into() } else { "UNIT".into() };
        alike
    };
    let all: Vec<_> = (0..20).map(alike).collect();
    for order in [Order::Neutral, Order::Price, Order::CoPayment, Order::Name] {
        let query = Query { order, ..query(b"v") };
        let expected = order_of(&snapshot(all.clone()), &query);
        let neutral = order_of(&snapshot(all.clone()), &Query { order: Order::Neutral, ..query.clone() });
        assert_eq!(expected, neutral, "between equals the lot decides: {order:?}");
        for turn in 1..20 {
            let mut turned = all.clone();
            turned.rotate_left(turn);
            assert_eq!(order_of(&snapshot(turned), &query), expected);
        }
    }
}

#[test]
fn what_prices_are_held_against_is_found_once_for_a_list_and_not_for_each_option() {
    let flat = |value: &str| json!({"flat": {"value": value}});
    let text = Localized::new("a", "b", "c");
    let item = |n: usize| format!("item_{n}");
    let mut terms = terms(None, true);
    terms.items = (0..40).map(|n| serde_json::from_value(json!({"code": item(n), "text": text})).unwrap()).collect();
    let bands: Vec<_> = (0..20)
        .map(|hour| {
            let (from, until) = (format!("{hour:02}:00"), format!("{:02}:00", hour + 1));
            json!({"on": ["sunday", "public_holiday"], "from": from, "until": until, "item": item(hour),
                "then": flat("50.00")})
        })
        .collect();
    terms.value = serde_json::from_value(
        json!({"time_bands": {"bands": bands, "otherwise": flat("45.00"), "missing": flat("45.00")}}),
    )
    .unwrap();
    let s =
        snapshot_under(vec![(always(), terms)], (0..1_000).map(|n| priced(n, Sector::Company, asks(4_500))).collect());
    let started = std::time::Instant::now();
    assert_eq!(s.list(&Query { entitlement: &Entitlement::default(), ..query(b"v") }).total, 1_000);
    // For each option anew it would take minutes.
    assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn a_later_snapshot_has_what_changed_and_shares_the_rest() {
    let other = Id::new(Uuid::from_u128(77));
    let named = |n: u128, name: &str| Candidate { unit_name: name.into(), ..candidate(n, Sector::Company) };
    let under = || basis(vec![(always(), terms(None, false))]);
    let bases = [(voucher_type(), under()), (other, under())];
    let first = Snapshot::new(
        1,
        bases,
        [(voucher_type(), named(1, "one")), (voucher_type(), named(3, "three")), (other, named(9, "other"))],
    );
    let second = first.advanced(2, None, [(voucher_type(), named(2, "two")), (voucher_type(), named(3, "changed"))]);
    let names = |snapshot: &Snapshot| -> Vec<String> {
        snapshot.offered(voucher_type()).iter().map(|candidate| candidate.unit_name.to_string()).collect()
    };
    assert_eq!((second.revision(), names(&second)), (2, vec!["one".into(), "two".into(), "changed".into()]));
    assert_eq!(
        (first.revision(), names(&first)),
        (1, vec!["one".into(), "three".into()]),
        "the former stays as it was"
    );
    assert!(std::ptr::eq(&raw const *first.offered(other), &raw const *second.offered(other)), "what stayed is shared");
    // As a whole that is built at once.
    let whole = Snapshot::new(
        2,
        [(voucher_type(), under()), (other, under())],
        [(voucher_type(), named(3, "changed")), (voucher_type(), named(2, "two")), (voucher_type(), named(1, "one"))],
    );
    let list = |snapshot: &Snapshot| -> Vec<_> {
        let lot = Lot::of_everyone(b"key", b"day");
        let query = Query::all(voucher_type(), Day::ymd(2026, 6, 1).unwrap(), nothing_known(), &lot);
        snapshot.list(&query).lines.iter().map(|line| line.candidate.clone()).collect()
    };
    assert_eq!(list(&second), list(&whole));
    // A rulebook that ends takes everything of its voucher type away, and nothing else.
    let over =
        basis(vec![(Period::new(Day::ymd(2020, 1, 1).unwrap(), Day::ymd(2021, 1, 1)).unwrap(), terms(None, false))]);
    let third = second.advanced(3, Some(BTreeMap::from([(voucher_type(), over), (other, under())])), []);
    assert_eq!((list(&third).len(), names(&third).len()), (0, 3));
    assert!(std::ptr::eq(&raw const *first.offered(other), &raw const *third.offered(other)));
}

#[test]
fn a_candidate_is_stored_and_read_as_it_is() {
    let stored = serde_json::to_string(&candidate(1, Sector::Ngo)).unwrap();
    assert_eq!(serde_json::from_str::<Candidate>(&stored).unwrap(), candidate(1, Sector::Ngo), "{stored}");
}
