//! The embedded county keeps to the domain's rules, so that loading it cannot fail on its data.

use std::collections::BTreeSet;

use valinta_domain::application::examine;
use valinta_domain::grant::{GrantRequest, Granting, grant};
use valinta_domain::offering::check_price;
use valinta_domain::rulebook::GrantPeriod;
use valinta_domain::rules::{Outcome, evaluate};
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
        assert_eq!(t.terms.check(), [], "{}", t.code);
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
fn a_requirement_says_the_same_in_every_rulebook() {
    let demo = demo();
    let all: Vec<_> = demo.voucher_types.iter().flat_map(|t| &t.terms.requirements).collect();
    for requirement in &all {
        assert!(all.iter().all(|other| other.code != requirement.code || other == requirement));
    }
}

#[test]
fn the_evidence_of_a_unit_meets_every_requirement() {
    let demo = demo();
    let day = Day::ymd(2026, 6, 1).unwrap();
    for (_, unit, offering) in demo.offerings() {
        let voucher_type = demo.voucher_type(&offering.voucher_type);
        let evidence = voucher_type.evidence(unit, day);
        assert!(examine(&voucher_type.terms, &evidence, day).unmet.is_empty());
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
        assert_eq!(check_price(offering.price, provider.sector, terms), Ok(()), "{}", unit.name);
    }
    for t in &demo.voucher_types {
        let prices: BTreeSet<Amount> = demo
            .offerings()
            .filter(|(.., o)| o.voucher_type == t.code)
            .filter_map(|(.., o)| match o.price {
                OfferPrice::Voucher { price } => Some(price),
                OfferPrice::ClientFee { .. } => None,
            })
            .collect();
        assert!(prices.first() < prices.last() && prices.len() >= 4, "{}", t.code);
        if let Some(value) = t.terms.value_without_facts() {
            assert!(*prices.first().unwrap() < value, "{}: somebody asks less than the value", t.code);
        }
    }
}

/// Grants a voucher as the loader would, on some day.
fn granted(demo: &DemoCounty, voucher: &Voucher) -> Granting {
    let from = Day::ymd(2026, 2, 1).unwrap();
    let to = from.plus_days(i64::from(voucher.valid_days));
    let request = GrantRequest {
        facts: voucher.facts.clone(),
        quantity: voucher.quantity,
        validity: Period::new(from, Some(to)).unwrap(),
    };
    let kind = demo.voucher_type(&voucher.voucher_type);
    grant(&kind.terms, kind.unit, &request, from).unwrap()
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
        let used: i64 = v.events.iter().map(|e| e.quantity.e4()).sum();
        let over = v.granted_days_ago >= v.valid_days;
        assert_eq!(over, v.state == S::Expired, "{shown}");
        match v.state {
            S::NotGranted | S::Offered | S::Accepted | S::Refused => assert!(v.provider_sector.is_none(), "{shown}"),
            S::Chosen | S::InUse | S::UsedUp => assert!(v.provider_sector.is_some(), "{shown}"),
            S::Expired | S::Cancelled => {}
        }
        match v.state {
            S::InUse => assert!(used > 0 && used < v.quantity.e4(), "{shown}"),
            S::UsedUp => {
                // A grant by the month is not used up before the validity's last month.
                assert_eq!(demo.voucher_type(&v.voucher_type).terms.grant.per, GrantPeriod::Voucher, "{shown}");
                assert_eq!(used, v.quantity.e4(), "{shown}");
            }
            S::Expired => assert!(used < v.quantity.e4() && (used == 0 || v.provider_sector.is_some()), "{shown}"),
            S::NotGranted | S::Offered | S::Accepted | S::Refused | S::Chosen | S::Cancelled => {
                assert_eq!(used, 0, "{shown}");
            }
        }
        assert_eq!(v.reason.is_some(), v.state == S::Cancelled, "{shown}");
        let last_valid = v.granted_days_ago.saturating_sub(v.valid_days.saturating_sub(1));
        for event in &v.events {
            assert!(event.days_ago <= v.granted_days_ago && event.days_ago >= last_valid, "{shown}");
            assert!(event.days_ago <= 60, "{shown}: it can still be recorded");
        }
        assert!(v.events.is_sorted_by(|a, b| a.days_ago > b.days_ago), "{shown}");
    }
}

#[test]
fn there_is_a_provider_for_every_choice() {
    let demo = demo();
    for v in demo.vouchers.iter().filter(|v| v.provider_sector.is_some()) {
        let home = &demo.client(&v.client).municipality;
        let fitting = demo.offerings().filter(|(p, u, o)| {
            o.voucher_type == v.voucher_type
                && o.accepts_new_clients
                && o.earliest_start_days.is_none()
                && Some(p.sector) == v.provider_sector
                && (u.municipality == *home || u.service_area.contains(home))
        });
        assert!(fitting.count() > 0, "{} {}", v.client, v.voucher_type);
    }
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
    assert_eq!(evaluate(&terms.value, "/value", &home_care.facts).unwrap().outcome, Outcome::Value(value));
    let home = &demo.client("aino").municipality;
    let sectors: BTreeSet<_> = demo
        .offerings()
        .filter(|(_, u, o)| o.voucher_type == "home-care" && (u.municipality == *home || u.service_area.contains(home)))
        .map(|(p, ..)| p.sector)
        .collect();
    assert_eq!(sectors.len(), 3, "the resident can choose from every sector");
}
