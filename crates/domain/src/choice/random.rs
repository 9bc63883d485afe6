//! The engine against the plainest list: of any offerings, for anyone who asks for anything, they are the same, page by page.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use uuid::Uuid;

use super::tests::basis;
use super::*;
use crate::approval::Approved;
use crate::id::Id;
use crate::identifiers::MunicipalityCode;
use crate::money::Amount;
use crate::offering::{OfferPrice, PriceCheck};
use crate::provider::{Sector, ServiceMode};
use crate::quality::QualityFacts;
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
    let full = option::weighted(0.2, -5..15_i64);
    (place, how, when, 36..44_i64, option::of(1..20_i64), full).prop_map(
        |(
            (home, area, name, place, step_free),
            (sector, languages, modes),
            (approved, gaps, takes, start),
            euros,
            change,
            full,
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
                provider_name: "".into(),
                sectors: Timeline::new(vec![(always, sector)]).unwrap(),
                unit: Id::new(Uuid::nil()),
                unit_name: format!("{} {}", if takes { "Unit" } else { "UNIT" }, name).into(),
                street_address: "".into(),
                postal_address: "".into(),
                municipality: home,
                service_area: area,
                coordinates_e6: place.map(|place| (place.latitude_e6, place.longitude_e6)),
                languages: languages.into(),
                modes: modes.into(),
                step_free,
                approvals: approved.into_iter().map(|(period, area)| Approved { period, area }).collect(),
                interruptions: gaps,
                accepts_new_clients: takes,
                earliest_start: start.map(day),
                quality: QualityFacts::default(),
                queue: None,
                places_taken_until: full.map(day),
                prices: Timeline::new(prices).unwrap(),
            }
        },
    )
}

/// Terms of which the value may go by the price, the criteria by the client's language; or that are free by law, or grant
/// nothing.
fn terms_of((by_price, value): (bool, i64), criteria: bool, free: bool) -> RulebookTerms {
    let text = Localized::new("a", "b", "c");
    let value = match (by_price, format!("{value}.00")) {
        (true, value) => json!({"price": {"at_most": value}}),
        (false, value) if value == "40.00" => json!({"not_eligible": {"reason": "none_any_more"}}),
        (false, value) => json!({"flat": {"value": value}}),
    };
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
        "free_of_charge": free.then(|| json!({"source": "734/1992 § 4"})),
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
    own: Vec<Id<crate::id::kind::Offering>>,
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
    let own = vec((0..90_u128).prop_map(|n| Id::new(Uuid::from_u128(n))), 0..12);
    (who, filters, more, select(orders.to_vec()), any::<bool>(), 1..9_usize, own).prop_map(
        |((day, validity, valued, free, client), filters, (step_free, starts_by, near), order, shared, limit, own)| {
            Asked {
                day,
                validity,
                valued,
                free,
                own,
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
            }
        },
    )
}

impl Asked {
    /// The query, for a client of whom this is known.
    fn query<'q>(&'q self, entitlement: &'q Entitlement<'q>, client: &'q Facts, lot: &'q Lot) -> Query<'q> {
        Query {
            voucher_type: voucher_type(),
            day: day(self.day),
            validity: self.validity,
            entitlement,
            own: &self.own,
            quantity: Some("20".parse().unwrap()),
            client,
            municipality: self.municipality.as_ref(),
            sector: self.sector,
            language: self.language,
            mode: self.mode,
            step_free: self.step_free,
            starts_by: self.starts_by.map(day),
            near: self.near,
            order: self.order,
            lot,
            counts: true,
            after: None,
            limit: self.limit,
        }
    }

    /// What the county's versions entitle to, as far as that is known.
    fn entitlement<'c>(&self, county: &'c County, facts: &'c Facts) -> Entitlement<'c> {
        let on = |day: Day| {
            let terms = county.terms_on(day).filter(|_| self.valued);
            let grant = terms.map_or(Grant::NotKnown, |terms| Grant::of(Valuation::new(terms, facts)));
            Entitled { grant, free_of_charge: self.free }
        };
        Entitlement::from_day(on(day(self.day)), &county.basis().versions, day(self.day), on)
    }

    fn client(&self) -> Facts {
        self.client.as_ref().map_or_else(Facts::default, |(language, home)| client_facts(*language, home))
    }

    fn lot(&self) -> Lot {
        if self.shared {
            Lot::of_everyone(b"key", b"2026-06-01")
        } else {
            Lot::of_voucher(b"key", Id::new(Uuid::from_u128(7)))
        }
    }
}

/// Some offerings under some terms.
#[derive(Debug)]
struct County {
    candidates: Vec<Candidate>,
    /// The terms in force, and since when others are, if there are any.
    terms: RulebookTerms,
    later: Option<(i64, RulebookTerms)>,
    /// Built from another one, in which some offerings had what others have, so many places on.
    turned: Option<usize>,
}

impl County {
    fn in_force(&self) -> Vec<(Period, RulebookTerms)> {
        let period = |from: i64, to: i64| Period::new(day(from), Some(day(to))).unwrap();
        match &self.later {
            None => vec![(period(-30, 12), self.terms.clone())],
            Some((from, later)) => {
                vec![(period(-30, *from), self.terms.clone()), (period(*from, 12), later.clone())]
            }
        }
    }

    fn terms_on(&self, on: Day) -> Option<&RulebookTerms> {
        let later = self.later.as_ref().filter(|(from, _)| day(*from) <= on);
        (on < day(12)).then(|| later.map_or(&self.terms, |(_, later)| later))
    }

    fn basis(&self) -> Basis {
        basis(self.in_force())
    }

    fn rulebooks(&self) -> Timeline<PriceCheck<Arc<RulebookTerms>>> {
        let checks = self.in_force().into_iter().map(|(period, terms)| (period, PriceCheck::under(Arc::new(terms))));
        Timeline::new(checks.collect()).unwrap()
    }

    /// As it was built at once, or as it came about from others, of which everything had been asked for.
    fn snapshot(&self) -> Snapshot {
        let all = || self.candidates.iter().map(|candidate| (voucher_type(), candidate.clone()));
        let Some(turned) = self.turned else { return Snapshot::new(1, [(voucher_type(), self.basis())], all()) };
        let count = self.candidates.len();
        let first = self.candidates.iter().take(count - count / 4).enumerate().map(|(n, candidate)| {
            let from = &self.candidates[(n + turned) % count];
            let was = Candidate { offering: candidate.offering, ..from.clone() };
            (voucher_type(), if n % 3 == 0 { was } else { candidate.clone() })
        });
        let first = Snapshot::new(1, [(voucher_type(), self.basis())], first);
        let (nobody, entitlement) = (Facts::default(), Entitlement::default());
        for n in 0..3 {
            for order in [Order::Neutral, Order::Price, Order::CoPayment, Order::Name, Order::EarliestStart] {
                for lot in
                    [Lot::of_everyone(b"key", b"2026-06-01"), Lot::of_voucher(b"key", Id::new(Uuid::from_u128(7)))]
                {
                    let all = Query::all(voucher_type(), day(n), &nobody, &lot);
                    first.list(&Query { order, entitlement: &entitlement, ..all });
                }
            }
        }
        let changed = all().enumerate().filter(|(n, _)| n % 3 == 0 || *n >= count - count / 4).map(|(_, one)| one);
        let (some, rest): (Vec<_>, Vec<_>) = changed.partition(|(_, one)| one.offering.uuid().as_u128() % 2 == 0);
        first.advanced(2, None, some).advanced(3, None, rest)
    }
}

fn county() -> impl Strategy<Value = County> {
    let terms = || {
        let value = (any::<bool>(), 36..=40_i64);
        (value, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(value, criteria, free)| terms_of(value, criteria, free))
    };
    let later = option::of((1..12_i64, terms()));
    let turned = option::of(1..50_usize);
    (vec(candidate(), 0..90), terms(), later, turned).prop_map(|(mut candidates, terms, later, turned)| {
        for (n, candidate) in (0_u128..).zip(&mut candidates) {
            candidate.offering = Id::new(Uuid::from_u128(n));
        }
        County { candidates, terms, later, turned }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_page_of_every_list_is_as_in_the_plainest_list(county in county(), asked in vec(asked(), 1..6)) {
        let (snapshot, rulebooks, nothing) = (county.snapshot(), county.rulebooks(), Facts::default());
        for asked in asked {
            let (client, lot) = (asked.client(), asked.lot());
            let entitlement = asked.entitlement(&county, &nothing);
            let query = asked.query(&entitlement, &client, &lot);
            let expected = plain::list(&county.candidates, &rulebooks, &query);
            let mut after: Option<SortKey> = None;
            let mut seen = Vec::new();
            loop {
                let page = snapshot.list(&Query { after: after.as_ref(), ..query.clone() });
                prop_assert_eq!(page.total, expected.len());
                counts_are_right(&page, &county.candidates, &rulebooks, &query)?;
                seen.extend(page.lines.iter().map(|line| format!("{line:?}")));
                prop_assert!(page.lines.len() <= asked.limit);
                let Some(next) = page.next else { break };
                after = Some(next);
            }
            let expected: Vec<String> = expected.iter().map(|(_, line)| format!("{line:?}")).collect();
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn what_is_offered_is_in_the_list_or_has_a_reason_why_not(county in county(), asked in vec(asked(), 1..6)) {
        let (snapshot, nothing) = (county.snapshot(), Facts::default());
        for asked in asked {
            let (client, lot) = (asked.client(), asked.lot());
            let entitlement = asked.entitlement(&county, &nothing);
            let query = asked.query(&entitlement, &client, &lot);
            let listed = snapshot.list(&Query { limit: usize::MAX, ..query.clone() });
            let mut listed: Vec<_> = listed.lines.iter().map(|line| line.candidate.offering).collect();
            listed.sort_unstable();
            let expected = county.wanted(&query).filter(|stand| stand.is_choosable());
            prop_assert_eq!(listed, expected.map(|stand| stand.candidate.offering).collect::<Vec<_>>());

            let public = |stand: &Stand<'_>| stand.candidate.is_public_by(stand.first_day);
            let refused: Vec<_> = county.wanted(&query).filter(|stand| !stand.is_choosable() && public(stand)).collect();
            let mut expected: Vec<_> = refused.iter().map(|stand| (stand.candidate.offering, stand.why())).collect();
            expected.sort_by_key(|(offering, _)| (lot.draw(*offering), *offering));
            let mut after: Option<SortKey> = None;
            let mut seen = Vec::new();
            loop {
                let page = snapshot.not_choosable(&Query { after: after.as_ref(), ..query.clone() });
                prop_assert_eq!(page.total, expected.len());
                seen.extend(page.lines.iter().map(|line| (line.candidate.offering, line.why.clone())));
                let Some(next) = page.next else { break };
                after = Some(next);
            }
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn side_by_side_is_what_the_list_shows_or_why_it_does_not(county in county(), asked in asked()) {
        let (snapshot, nothing) = (county.snapshot(), Facts::default());
        let (client, lot) = (asked.client(), asked.lot());
        // What is wished for has no part in it.
        let asked = Asked { sector: None, language: None, mode: None, step_free: false, starts_by: None, ..asked };
        let near = asked.near.map(|near| Near { within_m: None, ..near });
        let entitlement = asked.entitlement(&county, &nothing);
        let query = Query { municipality: None, near, ..asked.query(&entitlement, &client, &lot) };
        let listed = snapshot.list(&Query { order: Order::Neutral, limit: usize::MAX, ..query.clone() });
        let refused = snapshot.not_choosable(&Query { limit: usize::MAX, ..query.clone() });
        let all: Vec<_> = county.candidates.iter().map(|candidate| candidate.offering).collect();
        let (mut shown, mut reasons) = (Vec::new(), Vec::new());
        let mut order = Vec::new();
        for one in snapshot.side_by_side(&query, &all) {
            order.push(match &one { Shown::Listed(one) => one.candidate.offering, Shown::Refused(one) => one.candidate.offering });
            match one {
                Shown::Listed(one) => shown.push(format!("{one:?}")),
                Shown::Refused(one) => reasons.push(format!("{one:?}")),
            }
        }
        prop_assert_eq!(shown, listed.lines.iter().map(|line| format!("{line:?}")).collect::<Vec<_>>());
        prop_assert_eq!(reasons, refused.lines.iter().map(|line| format!("{line:?}")).collect::<Vec<_>>());
        prop_assert!(order.is_sorted_by_key(|offering| lot.draw(*offering)));
    }
}

impl County {
    /// How those stand that pass the filters, in the order of their ids.
    fn wanted<'c>(&'c self, query: &'c Query<'c>) -> impl Iterator<Item = Stand<'c>> {
        let of_client = home_of(query.client);
        let rulebooks = self.rulebooks();
        self.candidates.iter().filter_map(move |candidate| {
            let home = of_client.as_ref().or(query.municipality);
            let stand = refused::stand(candidate, &rulebooks, query, home);
            let passes = query.municipality.is_none_or(|m| candidate.serves(m))
                && query.sector.is_none_or(|s| stand.sector == Some(s))
                && query.language.is_none_or(|l| candidate.languages.contains(&l))
                && query.mode.is_none_or(|m| candidate.modes.contains(&m))
                && (!query.step_free || candidate.step_free == Some(true))
                && query.starts_by.is_none_or(|by| stand.first_day <= by)
                && query
                    .near
                    .and_then(|near| near.within_m)
                    .is_none_or(|most| stand.distance_m(query.near).is_some_and(|metres| metres <= most));
            passes.then_some(stand)
        })
    }
}

/// What is counted for a value of a filter is how many are listed with it.
fn counts_are_right(
    page: &Listing<'_>,
    candidates: &[Candidate],
    rulebooks: &Timeline<PriceCheck<Arc<RulebookTerms>>>,
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
    for mode in ServiceMode::ALL {
        let with = Query { mode: Some(mode), ..query.clone() };
        let expected = plain::list(candidates, rulebooks, &with).len();
        prop_assert_eq!(counts.modes.get(&mode).copied().unwrap_or_default(), expected);
    }
    for language in [Language::Fi, Language::Sv, Language::En] {
        let with = Query { language: Some(language), ..query.clone() };
        let expected = plain::list(candidates, rulebooks, &with).len();
        prop_assert_eq!(counts.languages.get(&language).copied().unwrap_or_default(), expected);
    }
    Ok(())
}
