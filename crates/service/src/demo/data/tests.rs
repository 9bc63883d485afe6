//! The embedded county keeps to the domain's rules, so that loading it cannot fail on its data.

mod recording;

use std::collections::BTreeSet;

use chrono_tz::Europe::Helsinki;
use valinta_domain::application::{Shown, examine};
use valinta_domain::choice::{Place, UnitFacts, centre_of};
use valinta_domain::grant::{GrantRequest, Granting, grant};
use valinta_domain::offering::check_price;
use valinta_domain::rulebook::{GrantPeriod, IssuedVouchers, Measure};
use valinta_domain::rules::{Occasion, evaluate};
use valinta_domain::text::{CODE_CHARS_MAX, LINE_CHARS_MAX, NAME_CHARS_MAX, TEXT_CHARS_MAX};
use valinta_domain::{Amount, Period};

use super::*;

fn demo() -> DemoCounty {
    county().unwrap()
}

impl DemoCounty {
    fn voucher_type(&self, code: &str) -> &VoucherType {
        self.voucher_types.iter().find(|t| t.code == code).unwrap()
    }

    fn client(&self, key: &str) -> &Client {
        self.clients.iter().find(|c| c.key == key).unwrap()
    }

    fn units(&self) -> impl Iterator<Item = (&Provider, &ServiceUnit)> {
        self.providers.iter().flat_map(|p| p.units.iter().map(move |u| (p, u)))
    }

    fn offerings(&self) -> impl Iterator<Item = (&Provider, &ServiceUnit, &Offering)> {
        self.units().flat_map(|(p, u)| u.offerings.iter().map(move |o| (p, u, o)))
    }
}

impl VoucherType {
    /// The terms of the first version and of those that followed.
    fn versions(&self) -> Vec<RulebookTerms> {
        let mut versions = vec![self.terms.clone()];
        for later in &self.later_versions {
            versions.push(versions.last().unwrap().with(&later.changes));
        }
        versions
    }
}

fn assert_unique<T: Ord + fmt::Debug>(values: impl IntoIterator<Item = T>) {
    let mut seen = BTreeSet::new();
    for value in values {
        let shown = format!("{value:?}");
        assert!(seen.insert(value), "{shown} appears twice");
    }
}

#[test]
fn every_voucher_types_terms_are_consistent() {
    let demo = demo();
    assert!(demo.voucher_types.len() >= 9);
    assert_unique(demo.voucher_types.iter().map(|t| &t.code));
    for t in &demo.voucher_types {
        assert_eq!(t.terms.check_for(t.unit), [], "{}", t.code);
        assert!((4..=7).contains(&t.terms.requirements.len()) && !t.terms.sources.is_empty(), "{}", t.code);
        assert!(t.code.len() <= CODE_CHARS_MAX);
        for (_, name) in t.name.wordings() {
            assert!(!name.is_empty() && name.chars().count() <= NAME_CHARS_MAX);
        }
        for (_, text) in t.description.wordings() {
            assert!(!text.is_empty() && text.chars().count() <= TEXT_CHARS_MAX);
        }
    }
}

#[test]
fn later_versions_are_consistent_and_only_the_last_one_waits() {
    let demo = demo();
    let mut waiting = 0;
    for t in &demo.voucher_types {
        for (i, terms) in t.versions().iter().enumerate() {
            assert_eq!(terms.check_for(t.unit), [], "{} {i}", t.code);
        }
        let days = |v: &LaterVersion| v.adopted.as_ref().map(|adopted| adopted.in_force_days_ago);
        assert!(t.later_versions.is_sorted_by(|a, b| days(a) > days(b)), "{}", t.code);
        waiting += t.later_versions.iter().filter(|v| v.adopted.is_none()).count();
    }
    assert_eq!(waiting, 1, "one waits to be adopted, for its impact to be simulated");
    let moves = |kept| {
        demo.voucher_types.iter().flat_map(|t| &t.later_versions).any(|v| v.changes.issued_vouchers == Some(kept))
    };
    assert!(moves(IssuedVouchers::Keep) && moves(IssuedVouchers::Move));
}

#[test]
fn a_lowered_ceiling_leaves_prices_that_no_longer_fit() {
    let demo = demo();
    for code in ["home-care", "cleaning"] {
        let [first, later] = &demo.voucher_type(code).versions()[..] else { panic!("{code} has two versions") };
        let refused = |terms: &RulebookTerms| {
            let of_type = demo.offerings().filter(|(.., o)| o.voucher_type == code);
            of_type.filter(|(p, _, o)| check_price(&o.price, p.sector, terms).is_err()).count()
        };
        assert!(refused(first) == 0 && refused(later) > 0, "{code}");
    }
}

#[test]
fn the_rulebooks_show_the_shapes_that_counties_use() {
    let demo = demo();
    let text = |code: &str| serde_json::to_string(&demo.voucher_type(code).terms).unwrap();
    for (code, shapes) in [
        ("home-care", &["income_reduction", "clauses"][..]),
        ("personal-assistance", &["time_bands", "eves_of", "free_of_charge", "items"]),
        ("substitute-carer", &["product", "time_bands", "number"]),
        (
            "dental-package",
            &["listed", "\"numbers\"", "\"amounts\"", "\"co_payment\":{\"sum\"", "excluded", "with_service"],
        ),
        ("carers-leave", &["\"price\"", "money", "items"]),
        ("assisted-living", &["bands", "price_unit", "client_fee_rule", "difference", "least", "\"unit\":[{"]),
        ("physiotherapy", &["bands", "cases", "\"client\":[{", "\"offering\":[{"]),
        ("cleaning", &["bands", "not_eligible"]),
        ("day-surgery", &["flat", "614.20"]),
    ] {
        for shape in shapes {
            assert!(text(code).contains(shape), "{code} shows {shape}");
        }
    }
}

#[test]
fn a_requirement_says_the_same_in_every_rulebook() {
    let demo = demo();
    let all: Vec<_> = demo.voucher_types.iter().flat_map(|t| &t.terms.requirements).collect();
    for requirement in &all {
        assert!(all.iter().all(|other| other.code != requirement.code || other == requirement));
    }
    let all: Vec<_> = demo.voucher_types.iter().flat_map(|t| &t.terms.clauses).collect();
    for clause in &all {
        assert!(all.iter().all(|other| other.code != clause.code || other == clause), "{}", clause.code);
    }
}

#[test]
fn the_evidence_of_a_unit_meets_every_requirement() {
    let demo = demo();
    let day = Day::ymd(2026, 6, 1).unwrap();
    for (provider, unit, offering) in demo.offerings() {
        let voucher_type = demo.voucher_type(&offering.voucher_type);
        let evidence = voucher_type.evidence(unit, day);
        let known = UnitFacts {
            sector: Some(provider.sector),
            languages: &unit.languages,
            modes: &unit.modes,
            municipality: &unit.municipality,
            service_area: &unit.service_area,
            step_free: unit.step_free,
        };
        assert!(examine(&voucher_type.terms, &Shown::plainly(&evidence), &known.facts(), day, day).unmet.is_empty());
        assert!(evidence.iter().all(|e| e.reference.len() <= LINE_CHARS_MAX));
    }
}

#[test]
fn business_ids_are_unique_and_from_the_range_not_in_use() {
    let demo = demo();
    assert_unique(demo.providers.iter().map(|p| &p.business_id));
    for id in demo.providers.iter().map(|p| &p.business_id).chain([&demo.county.business_id]) {
        assert!(id.as_str().starts_with('9'), "{id}");
    }
    let own = demo.providers.iter().find(|p| p.business_id == demo.county.business_id).unwrap();
    assert_eq!(own.sector, Sector::Public);
}

#[test]
fn oids_are_unique_and_under_their_providers_business_id() {
    let demo = demo();
    assert_unique(demo.units().map(|(_, u)| &u.oid));
    for (provider, unit) in demo.units() {
        let root = format!("1.2.246.10.{}.10.", provider.business_id.as_str().replace('-', ""));
        assert!(unit.oid.as_str().starts_with(&root), "{}", unit.oid);
    }
}

#[test]
fn clients_have_test_identity_codes_alone() {
    let demo = demo();
    assert_unique(demo.clients.iter().map(|c| c.personal_identity_code.as_str().to_owned()));
    assert_unique(demo.clients.iter().map(|c| &c.key));
    assert!(demo.clients.iter().all(|c| c.personal_identity_code.is_test()));
    assert_eq!(demo.clients.iter().filter(|c| c.protected_address).count(), 1);
    for language in [Language::Fi, Language::Sv, Language::En] {
        assert!(demo.clients.iter().any(|c| c.language == language));
    }
}

#[test]
fn every_municipality_named_is_one_of_the_countys() {
    let demo = demo();
    assert_eq!(demo.municipalities.len(), 34);
    let known: BTreeSet<_> = demo.municipalities.iter().map(|m| &m.code).collect();
    for (_, unit) in demo.units() {
        assert!(known.contains(&unit.municipality));
        assert!(unit.service_area.iter().all(|m| known.contains(m) && *m != unit.municipality), "{}", unit.name);
        assert_unique(&unit.service_area);
    }
    assert!(demo.clients.iter().all(|c| known.contains(&c.municipality)));
}

#[test]
fn a_unit_lies_near_its_municipalitys_point() {
    let demo = demo();
    for m in &demo.municipalities {
        assert!(
            (60_500_000..63_600_000).contains(&m.latitude_e6) && (21_000_000..24_500_000).contains(&m.longitude_e6),
            "{}",
            m.name_fi
        );
        assert!(!m.name_sv.is_empty());
        // Distances can be counted from wherever a client of the county lives.
        let centre = Place { latitude_e6: m.latitude_e6, longitude_e6: m.longitude_e6 };
        assert_eq!(centre_of(&m.code), Some(centre), "{}", m.name_fi);
    }
    for (_, unit) in demo.units() {
        let m = demo.municipalities.iter().find(|m| m.code == unit.municipality).unwrap();
        let (north, east) = (unit.latitude_e6 - m.latitude_e6, unit.longitude_e6 - m.longitude_e6);
        assert!(north.abs() < 50_000 && east.abs() < 100_000, "{}", unit.name);
    }
}

#[test]
fn names_and_lines_keep_to_their_lengths() {
    let demo = demo();
    let names = demo.providers.iter().map(|p| &p.name).chain(demo.units().map(|(_, u)| &u.name));
    let names = names.chain(demo.clients.iter().map(|c| &c.name));
    for name in names {
        assert!(!name.is_empty() && name.chars().count() <= NAME_CHARS_MAX, "{name}");
    }
    assert_unique(demo.units().map(|(_, u)| &u.name));
    assert_unique(demo.providers.iter().map(|p| &p.name));
    let contacts = demo.providers.iter().flat_map(|p| [&p.email, &p.website]);
    for contact in contacts.chain(demo.clients.iter().map(|c| &c.email)) {
        assert!(contact.ends_with(".example") && contact.is_ascii() && contact.len() <= LINE_CHARS_MAX, "{contact}");
    }
    let postal = demo.units().map(|(_, u)| &u.postal_code).chain(demo.clients.iter().map(|c| &c.postal_code));
    for code in postal {
        assert!(code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
    }
}

#[test]
fn all_sectors_provide_and_every_voucher_type_has_a_choice() {
    let demo = demo();
    let count = |sector| demo.providers.iter().filter(|p| p.sector == sector).count();
    assert!(count(Sector::Public) >= 6 && count(Sector::Company) >= 30 && count(Sector::Ngo) >= 15);
    for t in &demo.voucher_types {
        let of_type = || demo.offerings().filter(|(.., o)| o.voucher_type == t.code);
        let sectors: BTreeSet<_> = of_type().map(|(p, ..)| p.sector).collect();
        assert!(of_type().count() >= 6 && sectors.len() == 3, "{}: {sectors:?}", t.code);
    }
    let home_care = || demo.offerings().filter(|(.., o)| o.voucher_type == "home-care");
    assert!(home_care().count() >= 25 && home_care().filter(|(p, ..)| p.sector == Sector::Public).count() >= 5);
    for (_, unit) in demo.units() {
        assert!(!unit.languages.is_empty() && !unit.modes.is_empty() && !unit.offerings.is_empty());
        assert_unique(unit.offerings.iter().map(|o| &o.voucher_type));
    }
}

#[test]
fn every_price_may_be_offered_and_prices_spread() {
    let demo = demo();
    for (provider, unit, offering) in demo.offerings() {
        let terms = &demo.voucher_type(&offering.voucher_type).terms;
        assert_eq!(check_price(&offering.price, provider.sector, terms), Ok(()), "{}", unit.name);
    }
    for t in &demo.voucher_types {
        let prices: BTreeSet<Amount> = demo
            .offerings()
            .filter(|(.., o)| o.voucher_type == t.code)
            .filter_map(|(.., o)| match &o.price {
                OfferPrice::Voucher { price, .. } => Some(*price),
                OfferPrice::ClientFee { .. } => None,
            })
            .collect();
        if let Some(rule) = &t.terms.co_payment {
            // What the provider gets is fixed: everybody asks what the voucher and the client pay for the usual case.
            let nobody = Facts::default();
            let occasion = Occasion::of(&nobody);
            let co_payment = evaluate(rule, t.terms.fact_terms(), &occasion).unwrap();
            let both = t.terms.value_without_facts().unwrap().plus(co_payment.value().unwrap());
            assert_eq!(prices, both.into_iter().collect(), "{}", t.code);
            continue;
        }
        assert!(prices.first() < prices.last() && prices.len() >= 4, "{}", t.code);
        if let Some(value) = t.terms.value_without_facts() {
            assert!(*prices.first().unwrap() < value, "{}: somebody asks less than the value", t.code);
        }
    }
}

/// What is asked for with a voucher.
fn request(voucher: &Voucher, validity: Period) -> GrantRequest {
    GrantRequest {
        facts: voucher.facts.clone(),
        quantity: voucher.quantity,
        validity,
        reasons: voucher.reasons.clone(),
    }
}

/// Grants a voucher as the loader would, on some day.
fn granted(demo: &DemoCounty, voucher: &Voucher) -> Granting {
    let from = Day::ymd(2026, 2, 1).unwrap();
    let to = from.plus_days(i64::from(voucher.valid_days));
    let kind = demo.voucher_type(&voucher.voucher_type);
    grant(&kind.terms, kind.unit, &request(voucher, Period::new(from, Some(to)).unwrap()), from).unwrap()
}

#[test]
fn every_voucher_is_granted_unless_the_rulebook_says_no() {
    let demo = demo();
    for voucher in &demo.vouchers {
        let refused = matches!(granted(&demo, voucher), Granting::Refused { .. });
        assert_eq!(refused, voucher.state == VoucherStage::NotGranted, "{} {}", voucher.client, voucher.voucher_type);
    }
}

#[test]
fn vouchers_are_in_every_state_and_of_every_type() {
    let demo = demo();
    let stages: BTreeSet<_> = demo.vouchers.iter().map(|v| v.state).collect();
    assert_eq!(stages.len(), 9, "{stages:?}");
    for t in &demo.voucher_types {
        assert!(demo.vouchers.iter().any(|v| v.voucher_type == t.code), "{}", t.code);
    }
    for sector in Sector::ALL {
        let in_use = |v: &&Voucher| v.state == VoucherStage::InUse && v.provider_sector == Some(sector);
        assert!(demo.vouchers.iter().any(|v| in_use(&v)), "{sector:?}");
    }
    for voucher in &demo.vouchers {
        demo.client(&voucher.client);
    }
}

#[test]
fn what_a_voucher_went_through_fits_its_state() {
    use VoucherStage as S;
    let demo = demo();
    for v in &demo.vouchers {
        let shown = format!("{} {}", v.client, v.voucher_type);
        let grant = &demo.voucher_type(&v.voucher_type).terms.grant;
        // What is in a month's grant, or left of a purse, is found where the events are recorded below.
        let by_period = grant.per != GrantPeriod::Voucher || grant.measure == Measure::Money;
        let used: i64 = v.events.iter().map(|e| e.quantity.e4()).sum();
        let unused = by_period || used < v.quantity.e4();
        let over = v.granted_days_ago >= v.valid_days;
        assert_eq!(over, v.state == S::Expired, "{shown}");
        match v.state {
            S::NotGranted | S::Offered | S::Accepted | S::Refused => assert!(v.provider_sector.is_none(), "{shown}"),
            S::Chosen | S::InUse | S::UsedUp => assert!(v.provider_sector.is_some(), "{shown}"),
            S::Expired | S::Cancelled => {}
        }
        match v.state {
            S::InUse => assert!(used > 0 && unused, "{shown}"),
            S::UsedUp => {
                // A grant by the month is not used up before the validity's last month.
                assert!(!by_period, "{shown}");
                assert_eq!(used, v.quantity.e4(), "{shown}");
            }
            S::Expired => assert!(unused && (used == 0 || v.provider_sector.is_some()), "{shown}"),
            S::NotGranted | S::Offered | S::Accepted | S::Refused | S::Chosen | S::Cancelled => {
                assert_eq!(used, 0, "{shown}");
            }
        }
        assert_eq!(v.reason.is_some(), v.state == S::Cancelled, "{shown}");
    }
}

/// The offerings that the loader could choose for a voucher.
fn fitting<'d>(demo: &'d DemoCounty, v: &Voucher) -> Vec<(&'d Provider, &'d ServiceUnit, &'d Offering)> {
    let client = demo.client(&v.client);
    let criteria = &demo.voucher_type(&v.voucher_type).terms.eligibility.offering;
    let own_language = |u: &ServiceUnit| criteria.is_empty() || u.languages.contains(&client.language);
    let fits = |(p, u, o): &(&Provider, &ServiceUnit, &Offering)| {
        o.voucher_type == v.voucher_type
            && o.accepts_new_clients
            && o.earliest_start_days.is_none()
            && Some(p.sector) == v.provider_sector
            && own_language(u)
            && (u.municipality == client.municipality || u.service_area.contains(&client.municipality))
    };
    demo.offerings().filter(fits).collect()
}

#[test]
fn there_is_a_provider_for_every_choice() {
    let demo = demo();
    for v in demo.vouchers.iter().filter(|v| v.provider_sector.is_some()) {
        assert!(!fitting(&demo, v).is_empty(), "{} {}", v.client, v.voucher_type);
    }
}

#[test]
fn the_last_days_of_the_months_before_are_found_across_years() {
    let today = Day::ymd(2027, 1, 15).unwrap();
    let day = |event: EventDay| today.plus_days(-event.days_before(today)).to_string();
    assert_eq!(day(EventDay::DaysAgo(15)), "2026-12-31");
    assert_eq!(day(EventDay::MonthEndsAgo(1)), "2026-12-31");
    assert_eq!(day(EventDay::MonthEndsAgo(2)), "2026-11-30");
}

#[test]
fn a_service_with_a_time_lasts_as_many_hours_as_it_counts() {
    let event: Event =
        serde_json::from_str(r#"{"day": {"days_ago": 2}, "quantity": "2.75", "started_at": "22:30"}"#).unwrap();
    let (start, end) = event.span(Day::ymd(2026, 6, 1).unwrap(), Helsinki).unwrap();
    assert_eq!(
        (start.to_string(), end.to_string()),
        ("2026-06-01T19:30:00.000000Z".into(), "2026-06-01T22:15:00.000000Z".into())
    );
}

#[test]
fn the_storys_resident_has_the_vouchers_of_the_story() {
    let demo = demo();
    let aino: Vec<_> = demo.vouchers.iter().filter(|v| v.client == "aino").collect();
    let find = |code: &str| aino.iter().find(|v| v.voucher_type == code).unwrap();
    assert_eq!(find("physiotherapy").state, VoucherStage::Offered);
    assert_eq!(find("cleaning").state, VoucherStage::InUse);
    let home_care = find("home-care");
    assert_eq!((home_care.state, home_care.quantity), (VoucherStage::Accepted, "20".parse().unwrap()));
    // 34 − (1650 − 699) × 35 / 100 / 60 = 28.4525
    let terms = &demo.voucher_type("home-care").terms;
    let value = "28.45".parse().unwrap();
    let evaluation = evaluate(&terms.value, terms.fact_terms(), &Occasion::of(&home_care.facts)).unwrap();
    assert_eq!(evaluation.value(), Some(value));
    let home = &demo.client("aino").municipality;
    let sectors: BTreeSet<_> = demo
        .offerings()
        .filter(|(_, u, o)| o.voucher_type == "home-care" && (u.municipality == *home || u.service_area.contains(home)))
        .map(|(p, ..)| p.sector)
        .collect();
    assert_eq!(sectors.len(), 3, "the resident can choose from every sector");
}
