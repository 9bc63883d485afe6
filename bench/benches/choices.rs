//! How long one page of choices takes in memory, by what is asked: of 1,000 and of 100,000 offerings, 5,000 of which match in
//! the larger. No HTTP, no database.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use uuid::Uuid;
use valinta_domain::approval::Approved;
use valinta_domain::choice::{
    Basis, Candidate, Entitled, Entitlement, Grant, Lot, Near, Order, Place, Query, Snapshot, client_facts,
};
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::offering::OfferPrice;
use valinta_domain::provider::{Sector, ServiceMode};
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::Facts;
use valinta_domain::time::Timeline;
use valinta_domain::valuation::Valuation;
use valinta_domain::{Amount, Currency, Day, Id, Language, Period, Unit};

/// Numbers that look random and are the same in every run.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next().checked_rem(most).unwrap_or_default()
    }
}

#[expect(clippy::expect_used, reason = "a benchmark without its example measures nothing")]
fn known<T, E: std::fmt::Debug>(of: Result<T, E>) -> T {
    of.expect("the example is well written")
}

fn terms() -> RulebookTerms {
    let text = json!({"fi": "a", "sv": "b", "en": "c"});
    known(serde_json::from_value(json!({
        "value": {"flat": {"value": "36.00"}},
        "price_ceiling": {"amount": "60.00"},
        "public_service": {"client_fee": "10.00", "basis": text},
        "grant": {"per": "month", "quantity_max": "20", "validity_days_max": 365},
        "recording": {"days_after_month": 60},
        "requirements": [],
        "texts": {"status": text, "co_payment": text, "alternatives": text, "appeal": text},
        "sources": [],
    })))
}

fn municipality(seeded: &mut Seeded) -> MunicipalityCode {
    known(format!("{:03}", 1 + seeded.below(300)).parse())
}

fn candidate(n: u128, seeded: &mut Seeded) -> Candidate {
    let always = Period::starting(known(Day::ymd(2020, 1, 1).ok_or("no day")));
    let sector = match seeded.below(10) {
        0 => Sector::Public,
        1 | 2 => Sector::Ngo,
        _ => Sector::Company,
    };
    let cents = 3_000 + i64::try_from(seeded.below(300)).unwrap_or_default() * 10;
    let price = match sector {
        Sector::Public => {
            OfferPrice::ClientFee { client_fee: Amount::from_minor(1_000), unit_cost: Amount::from_minor(cents) }
        }
        Sector::Company | Sector::Ngo => OfferPrice::voucher(Amount::from_minor(cents)),
    };
    let degrees = |seeded: &mut Seeded, from: i32| from + i32::try_from(seeded.below(6_000_000)).unwrap_or_default();
    Candidate {
        offering: Id::new(Uuid::from_u128(u128::from(seeded.next()) << 64 | n)),
        provider: Id::new(Uuid::from_u128(n)),
        provider_name: format!("Provider {n}").into(),
        sectors: known(Timeline::new(vec![(always, sector)])),
        unit: Id::new(Uuid::from_u128(n)),
        unit_name: format!("Unit {}", seeded.below(1_000_000)).into(),
        street_address: "Esimerkkikatu 1".into(),
        postal_address: "28100 Pori".into(),
        municipality: municipality(seeded),
        service_area: (0..seeded.below(4)).map(|_| municipality(seeded)).collect(),
        coordinates_e6: Some((degrees(seeded, 60_000_000), degrees(seeded, 21_000_000))),
        languages: if seeded.below(3) == 0 { vec![Language::Fi, Language::Sv] } else { vec![Language::Fi] }.into(),
        modes: [if seeded.below(2) == 0 { ServiceMode::OnSite } else { ServiceMode::AtHome }].into(),
        step_free: Some(seeded.below(2) == 0),
        approvals: vec![Approved { period: always, area: Vec::new() }],
        interruptions: Vec::new(),
        accepts_new_clients: true,
        earliest_start: None,
        quality: valinta_domain::quality::QualityFacts::default(),
        queue: None,
        places_taken_until: None,
        prices: known(Timeline::new(vec![(always, price)])),
    }
}

fn voucher_type(n: u128) -> Id<kind::VoucherType> {
    Id::new(Uuid::from_u128(n))
}

/// So many offerings of each of so many voucher types.
fn snapshot(types: u128, of_each: u128) -> Snapshot {
    let always = Period::starting(known(Day::ymd(2020, 1, 1).ok_or("no day")));
    let basis = |n| Basis {
        organiser: Id::new(Uuid::from_u128(1)),
        unit: Unit::Hour,
        currency: Currency::Eur,
        time_zone: "Europe/Helsinki".to_owned(),
        versions: known(Timeline::new(vec![(always, (Id::new(Uuid::from_u128(n)), Arc::new(terms())))])),
    };
    let bases = (0..types).map(|n| (voucher_type(n), basis(n)));
    let mut seeded = Seeded(1);
    let candidates: Vec<_> =
        (0..types * of_each).map(|n| (voucher_type(n % types), candidate(n, &mut seeded))).collect();
    Snapshot::new(1, bases, candidates)
}

fn pages(c: &mut Criterion, name: &str, snapshot: &Snapshot) {
    let day = known(Day::ymd(2026, 11, 23).ok_or("no day"));
    let home: MunicipalityCode = known("105".parse());
    let (terms, nothing, client) = (terms(), Facts::default(), client_facts(Language::Fi, &home));
    let grant = Grant::of(Valuation::new(&terms, &nothing));
    let entitlement = Entitlement::always(Entitled { grant, free_of_charge: false });
    let everyones = Lot::of_everyone(b"a key", b"2026-11-23");
    let all = Query { limit: 20, ..Query::all(voucher_type(0), day, &nothing, &everyones) };
    let mut group = c.benchmark_group(name);
    group.bench_function("anonymous", |b| b.iter(|| black_box(snapshot.list(black_box(&all))).total));
    let counted = Query { counts: true, ..all.clone() };
    group.bench_function("anonymous with counts", |b| b.iter(|| black_box(snapshot.list(&counted)).total));
    let in_place = Query { municipality: Some(&home), ..all.clone() };
    group.bench_function("anonymous in a municipality", |b| b.iter(|| black_box(snapshot.list(&in_place)).total));
    let near = Near { place: Place { latitude_e6: 61_485_100, longitude_e6: 21_797_400 }, within_m: Some(30_000) };
    let nearest = Query { near: Some(near), order: Order::Distance, ..all.clone() };
    group.bench_function("anonymous by distance", |b| b.iter(|| black_box(snapshot.list(&nearest)).total));
    let mut n = 0_u128;
    for order in [Order::Neutral, Order::Price, Order::CoPayment, Order::Name] {
        let what = format!("of a voucher, {order:?}");
        group.bench_function(&what, |b| {
            b.iter(|| {
                n += 1;
                let lot = Lot::of_voucher(b"a key", Id::new(Uuid::from_u128(n)));
                let asked = Query {
                    client: &client,
                    lot: &lot,
                    order,
                    entitlement: &entitlement,
                    quantity: Some(known("20".parse())),
                    ..all.clone()
                };
                black_box(snapshot.list(&asked)).total
            });
        });
    }
    group.finish();
}

fn bench(c: &mut Criterion) {
    pages(c, "1000 of 1000", &snapshot(1, 1_000));
    let large = snapshot(20, 5_000);
    pages(c, "5000 of 100000", &large);
    c.bench_function("index 100000", |b| {
        let day = known(Day::ymd(2026, 11, 23).ok_or("no day"));
        let fresh = || snapshot(20, 5_000);
        b.iter_batched(fresh, |fresh| fresh.prepare(|_| Some(day)), criterion::BatchSize::PerIteration);
    });
}

criterion_group! {
    name = choices;
    config = Criterion::default().sample_size(20);
    targets = bench
}
criterion_main!(choices);
