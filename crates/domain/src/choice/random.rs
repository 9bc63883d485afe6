//! The engine against the plainest list: of any offerings, for anyone who asks for anything, they are the same, page by page.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::approval::Approved;
use crate::id::Id;
use crate::identifiers::MunicipalityCode;
use crate::money::Amount;
use crate::offering::{OfferPrice, PriceCheck};
use crate::provider::{Sector, ServiceMode};
use crate::rulebook::RulebookTerms;
use crate::rules::Facts;
use crate::text::{Language, Localized};
use crate::time::{Day, Period, Timeline};
use crate::valuation::Valuation;

const MUNICIPALITIES: [&str; 4] = ["609", "684", "051", "484"];

fn day(n: i64) -> Day {
    Day::ymd(2026, 6, 1).unwrap().plus_days(n)
}

fn voucher_type() -> Id<crate::id::kind::VoucherType> {
    Id::new(Uuid::from_u128(1))
}

fn period() -> impl Strategy<Value = Period> {
    (-20..10_i64, option::weighted(0.4, 1..40_i64))
        .prop_map(|(from, length)| Period::new(day(from), length.map(|days| day(from + days))).unwrap())
}

fn municipality() -> impl Strategy<Value = MunicipalityCode> {
    select(&MUNICIPALITIES[..]).prop_map(|code| code.parse().unwrap())
}

fn price(sector: Sector, minor: i64) -> OfferPrice {
    match sector {
        Sector::Public => {
            OfferPrice::ClientFee { client_fee: Amount::from_minor(minor / 4), unit_cost: Amount::from_minor(minor) }
        }
        Sector::Company | Sector::Ngo => OfferPrice::voucher(Amount::from_minor(minor)),
    }
}

/// A place somewhere in the south-west; few, so that some are equally far.
fn place() -> impl Strategy<Value = Place> {
    (60..63_i32, 21..24_i32)
        .prop_map(|(north, east)| Place { latitude_e6: north * 1_000_000, longitude_e6: east * 1_000_000 })
}

/// An offering of which anything may be so. Prices and names are few, so that there are equals.
fn candidate() -> impl Strategy<Value = Candidate> {
    let place = (municipality(), vec(municipality(), 0..3), 0..4_u8, option::of(place()), option::of(any::<bool>()));
    let how = (
        select(&Sector::ALL[..]),
        vec(select(&[Language::Fi, Language::Sv, Language::En][..]), 0..3),
        vec(select(&[ServiceMode::OnSite, ServiceMode::AtHome, ServiceMode::Remote][..]), 0..3),
    );
    let approved = vec((period(), vec(municipality(), 0..2)), 0..3);
    let when = (approved, vec(period(), 0..2), prop::bool::weighted(0.9), option::weighted(0.3, -5..15_i64));
    (place, how, when, 36..44_i64, option::of(1..20_i64)).prop_map(
        |(
            (home, area, name, place, step_free),
            (sector, languages, modes),
            (approved, gaps, takes, start),
            euros,
            change,
        )| {
            let always = Period::starting(day(-30));
            let prices = match change {
                None => vec![(always, price(sector, euros * 100))],
                Some(on) => vec![
                    (Period::new(day(-30), Some(day(on))).unwrap(), price(sector, euros * 100)),
                    (Period::starting(day(on)), price(sector, (euros + 1) * 100)),
                ],
            };
            Candidate {
                offering: Id::new(Uuid::nil()),
                provider: Id::new(Uuid::nil()),
                provider_name: String::new(),
                sectors: Timeline::new(vec![(always, sector)]).unwrap(),
                unit: Id::new(Uuid::nil()),
                unit_name: format!("{} {}", if takes { "Unit" } else { "UNIT" }, name),
                street_address: String::new(),
                postal_address: String::new(),
                municipality: home,
                service_area: area,
                coordinates_e6: place.map(|place| (place.latitude_e6, place.longitude_e6)),
                languages,
                modes,
                step_free,
                approvals: approved.into_iter().map(|(period, area)| Approved { period, area }).collect(),
                interruptions: gaps,
                accepts_new_clients: takes,
                earliest_start: start.map(day),
                queue: None,
                places_taken_until: None,
                prices: Timeline::new(prices).unwrap(),
            }
        },
    )
}

/// Terms of which the value may go by the price, and the criteria by the client's language.
fn terms(by_price: bool, criteria: bool) -> RulebookTerms {
    let text = Localized::new("a", "b", "c");
    let value = if by_price { json!({"price": {"at_most": "38.00"}}) } else { json!({"flat": {"value": "36.00"}}) };
    let offering = if criteria {
        json!([{
            "code": "language", "text": text, "source": "",
            "met_if": {"in_common": {"fact": "languages", "with": "client_language"}},
        }])
    } else {
        json!([])
    };
    serde_json::from_value(json!({
        "value": value,
        "price_ceiling": {"amount": "42.00"},
        "eligibility": {"offering": offering},
        "public_service": {"client_fee": "0.00", "basis": text},
        "grant": {"per": "month", "quantity_max": "20", "validity_days_max": 365},
        "recording": {"days_after_month": 60},
        "requirements": [],
        "texts": {"status": text, "co_payment": text, "alternatives": text, "appeal": text},
        "sources": [],
    }))
    .unwrap_or_else(|error| panic!("{error}"))
}

#[derive(Debug, Clone)]
struct Asked {
    day: i64,
    validity: Option<Period>,
    valued: bool,
    free: bool,
    client: Option<(Language, MunicipalityCode)>,
    municipality: Option<MunicipalityCode>,
    sector: Option<Sector>,
    language: Option<Language>,
    mode: Option<ServiceMode>,
    step_free: bool,
    starts_by: Option<i64>,
    near: Option<Near>,
    order: Order,
    shared: bool,
    limit: usize,
}

fn asked() -> impl Strategy<Value = Asked> {
    let client = option::of((select(&[Language::Fi, Language::Sv][..]), municipality()));
    let who = (0..3_i64, option::of(period()), any::<bool>(), prop::bool::weighted(0.1), client);
    let filters = (
        option::weighted(0.3, municipality()),
        option::weighted(0.2, select(&Sector::ALL[..])),
        option::weighted(0.2, select(&[Language::Fi, Language::Sv][..])),
        option::weighted(0.2, select(&[ServiceMode::OnSite, ServiceMode::Remote][..])),
    );
    let orders = [Order::Neutral, Order::Price, Order::CoPayment, Order::Name, Order::Distance, Order::EarliestStart];
    let near = option::of((place(), option::of(0..300_000_u32)))
        .prop_map(|near| near.map(|(place, within_m)| Near { place, within_m }));
    let more = (prop::bool::weighted(0.2), option::weighted(0.2, -5..15_i64), near);
    (who, filters, more, select(orders.to_vec()), any::<bool>(), 1..9_usize).prop_map(
        |((day, validity, valued, free, client), filters, (step_free, starts_by, near), order, shared, limit)| Asked {
            day,
            validity,
            valued,
            free,
            client,
            municipality: filters.0,
            sector: filters.1,
            language: filters.2,
            mode: filters.3,
            step_free,
            starts_by,
            near,
            order,
            shared,
            limit,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_page_of_every_list_is_as_in_the_plainest_list(
        mut candidates in vec(candidate(), 0..90),
        (by_price, criteria) in (any::<bool>(), any::<bool>()),
        asked in vec(asked(), 1..6),
    ) {
        for (n, candidate) in (0_u128..).zip(&mut candidates) {
            candidate.offering = Id::new(Uuid::from_u128(n));
        }
        let terms = terms(by_price, criteria);
        let rulebooks = || Timeline::new(vec![(Period::starting(day(-30)), PriceCheck::under(terms.clone()))]).unwrap();
        let offered = candidates.iter().map(|candidate| (voucher_type(), candidate.clone()));
        let snapshot = Snapshot::new(1, [(voucher_type(), rulebooks())], offered);
        let (nothing, plain_rulebooks) = (Facts::default(), rulebooks());
        let valuation = Valuation::new(&terms, &nothing).ok();
        for asked in asked {
            let client = asked.client.as_ref().map_or_else(Facts::default, |(language, home)| client_facts(*language, home));
            let lot = if asked.shared {
                Lot::of_everyone(b"key", b"2026-06-01")
            } else {
                Lot::of_voucher(b"key", Id::new(Uuid::from_u128(7)))
            };
            let query = Query {
                voucher_type: voucher_type(),
                day: day(asked.day),
                validity: asked.validity,
                valuation: valuation.as_ref().filter(|_| asked.valued),
                free_of_charge: asked.free,
                quantity: Some("20".parse().unwrap()),
                client: &client,
                municipality: asked.municipality.as_ref(),
                sector: asked.sector,
                language: asked.language,
                mode: asked.mode,
                step_free: asked.step_free,
                starts_by: asked.starts_by.map(day),
                near: asked.near,
                order: asked.order,
                lot: &lot,
                counts: true,
                after: None,
                limit: asked.limit,
            };
            let expected = plain::list(&candidates, &plain_rulebooks, &query);
            let mut after: Option<SortKey> = None;
            let mut seen = Vec::new();
            loop {
                let page = snapshot.list(&Query { after: after.as_ref(), ..query.clone() });
                prop_assert_eq!(page.total, expected.len());
                counts_are_right(&page, &candidates, &plain_rulebooks, &query)?;
                seen.extend(page.lines.iter().map(|line| format!("{line:?}")));
                prop_assert!(page.lines.len() <= asked.limit);
                let Some(next) = page.next else { break };
                after = Some(next);
            }
            let expected: Vec<String> = expected.iter().map(|(_, line)| format!("{line:?}")).collect();
            prop_assert_eq!(seen, expected);
        }
    }
}

/// What is counted for a value of a filter is how many are listed with it.
fn counts_are_right(
    page: &Listing<'_>,
    candidates: &[Candidate],
    rulebooks: &Timeline<PriceCheck<RulebookTerms>>,
    query: &Query<'_>,
) -> Result<(), TestCaseError> {
    let counts = page.counts.as_ref().unwrap();
    for sector in Sector::ALL {
        let with = Query { sector: Some(sector), ..query.clone() };
        let expected = plain::list(candidates, rulebooks, &with).len();
        prop_assert_eq!(counts.sectors.get(&sector).copied().unwrap_or_default(), expected);
    }
    for code in MUNICIPALITIES {
        let municipality = code.parse().unwrap();
        let with = Query { municipality: Some(&municipality), ..query.clone() };
        let expected = plain::list(candidates, rulebooks, &with).len();
        prop_assert_eq!(counts.municipalities.get(&municipality).copied().unwrap_or_default(), expected);
    }
    for language in [Language::Fi, Language::Sv, Language::En] {
        let with = Query { language: Some(language), ..query.clone() };
        let expected = plain::list(candidates, rulebooks, &with).len();
        prop_assert_eq!(counts.languages.get(&language).copied().unwrap_or_default(), expected);
    }
    Ok(())
}
