//! Tests of impacts.

use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::approval::Approved;
use crate::provider::ServiceMode;
use crate::quality::QualityFacts;
use crate::quantity::Quantity;
use crate::rulebook::{
    CoPaymentIn, FreeOfCharge, GrantPeriod, GrantTerms, IssuedVouchers, Item, ItemCeiling, PriceCeiling, PublicService,
    RecordingTerms, RulebookTexts, Unused,
};
use crate::rules::{Condition, Criterion, FactValue, GROSS_INCOME};
use crate::text::Localized;
use crate::time::{Period, Timeline};

fn day() -> Day {
    Day::ymd(2026, 11, 11).unwrap()
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn id<K>(n: u128) -> Id<K> {
    Id::new(Uuid::from_u128(n))
}

fn terms(value: serde_json::Value, ceiling: Option<&str>) -> RulebookTerms {
    let text = || Localized::new("a", "b", "c");
    RulebookTerms {
        facts: vec![],
        items: vec![],
        value: serde_json::from_value(value).unwrap(),
        co_payment: None,
        price_unit: None,
        price_ceiling: ceiling.map(|ceiling| PriceCeiling {
            amount: amount(ceiling),
            items: vec![],
            co_payment: CoPaymentIn::Included,
        }),
        free_of_charge: None,
        public_service: PublicService { client_fee: amount("16.00"), client_fee_rule: None, basis: text() },
        eligibility: crate::rulebook::Eligibility::default(),
        grant: GrantTerms {
            per: GrantPeriod::Month,
            measure: Measure::Quantity,
            unused: Unused::Lapses,
            quantity_max: "60".parse().unwrap(),
            validity_days_max: 365,
            retroactive_days_max: 0,
            expiry_remind_days: 30,
        },
        issued_vouchers: IssuedVouchers::Keep,
        recording: RecordingTerms {
            days_after_month: 60,
            acceptance: Default::default(),
            missed: None,
            draft_remind_days: Vec::new(),
        },
        requirements: vec![],
        choosing: Default::default(),
        vat: Default::default(),
        accounting: Default::default(),
        price_changes: Default::default(),
        supervision: Default::default(),
        clauses: vec![],
        texts: RulebookTexts { status: text(), co_payment: text(), alternatives: text(), appeal: text() },
        sources: vec![],
    }
}

fn flat(value: &str, ceiling: Option<&str>) -> RulebookTerms {
    terms(serde_json::json!({"flat": {"value": value}}), ceiling)
}

fn in_force(terms: &RulebookTerms) -> Versions {
    Timeline::new(vec![(Period::starting(day().plus_days(-300)), (id(1), Arc::new(terms.clone())))]).unwrap()
}

fn charges(total: &str, organiser_pays: &str, client_fee: &str) -> Charges {
    let (total, organiser_pays) = (amount(total), amount(organiser_pays));
    let co_payment =
        if amount(client_fee) > Amount::ZERO { Amount::ZERO } else { total.minus(organiser_pays).unwrap() };
    Charges { total, organiser_pays, co_payment, client_fee: amount(client_fee) }
}

fn delivered<'a>(sector: Sector, price: &'a OfferPrice, quantity: &str, charges: Charges) -> Delivered<'a> {
    let delivery =
        Delivery { day: day(), quantity: quantity.parse().unwrap(), span: None, facts: Facts::default(), missed: None };
    Delivered { sector, price, delivery, charges }
}

fn holder(client: u128, facts: &Facts) -> Holder<'_> {
    Holder {
        client: id(client),
        facts,
        value: amount("30.00"),
        unit: Unit::Hour,
        measure: Measure::Quantity,
        free_of_charge: false,
    }
}

fn unit(n: u128, municipality: &str, price: OfferPrice, sector: Sector) -> Candidate {
    Candidate {
        offering: id(n),
        provider: id(n),
        provider_name: format!("Provider {n}").into(),
        sectors: Timeline::new(vec![(Period::starting(day().plus_days(-300)), sector)]).unwrap(),
        unit: id(n),
        unit_name: format!("Unit {n}").into(),
        street_address: "".into(),
        postal_address: "".into(),
        municipality: municipality.parse().unwrap(),
        service_area: vec![],
        coordinates_e6: None,
        languages: [Language::Fi].into(),
        modes: [ServiceMode::AtHome].into(),
        step_free: None,
        approvals: vec![Approved { period: Period::starting(day().plus_days(-300)), area: Vec::new() }],
        interruptions: Vec::new(),
        accepts_new_clients: true,
        earliest_start: None,
        quality: QualityFacts::default(),
        queue: None,
        places_taken_until: None,
        prices: Timeline::new(vec![(Period::starting(day().plus_days(-300)), price)]).unwrap(),
    }
}

/// The row of all sectors, of services that five clients had alike.
fn of_five(draft: &RulebookTerms, holder: &Holder<'_>, service: &Delivered<'_>) -> Impact {
    let versions = in_force(draft);
    let mut simulation = Simulation::new(draft, &versions, &[], day());
    for client in 0..5 {
        let holder = Holder { client: id(client), ..*holder };
        simulation.services(&holder, [service.clone()].into_iter());
    }
    simulation.finish()
}

fn figures(impact: &Impact) -> [String; 4] {
    let (cost, pays) = (impact.total.organiser_cost.unwrap(), impact.total.client_pays.unwrap());
    [cost.before, cost.after, pays.before, pays.after].map(|amount| amount.to_string())
}

#[test]
fn a_higher_value_costs_the_organiser_what_clients_gain() {
    let (facts, price) = (Facts::default(), OfferPrice::voucher(amount("42.00")));
    let service = delivered(Sector::Company, &price, "2", charges("84.00", "60.00", "0"));
    let impact = of_five(&flat("36.00", None), &holder(0, &facts), &service);
    assert_eq!(figures(&impact), ["300.00", "360.00", "120.00", "60.00"]);
    assert_eq!((impact.total.gain, impact.total.events, impact.total.events_over_ceiling), (Some(5), Some(5), Some(0)));
    let [_, _, tens, ..] = impact.total.changes.as_slice() else { panic!("buckets") };
    assert_eq!((tens.from, tens.clients), (Some(Amount::from_minor(-5_000)), Some(5)));
}

#[test]
fn a_price_above_the_new_ceiling_is_counted_and_valued_at_the_ceiling() {
    let (facts, price) = (Facts::default(), OfferPrice::voucher(amount("42.00")));
    let service = delivered(Sector::Company, &price, "1", charges("42.00", "30.00", "0"));
    let impact = of_five(&flat("30.00", Some("40.00")), &holder(0, &facts), &service);
    assert_eq!(figures(&impact), ["150.00", "150.00", "60.00", "50.00"]);
    assert_eq!(impact.total.events_over_ceiling, Some(5));
}

#[test]
fn an_items_own_ceiling_holds_for_items_without_a_price_of_their_own() {
    let mut draft = flat("30.00", Some("50.00"));
    draft.items = vec![Item { code: "sunday".into(), text: Localized::new("a", "b", "c") }];
    draft.price_ceiling.as_mut().unwrap().items = vec![ItemCeiling { item: "sunday".into(), amount: amount("41.00") }];
    let (facts, price) = (Facts::default(), OfferPrice::voucher(amount("42.00")));
    let mut service = delivered(Sector::Company, &price, "1", charges("42.00", "30.00", "0"));
    let whatever = of_five(&draft, &holder(0, &facts), &service);
    assert_eq!((figures(&whatever)[3].as_str(), whatever.total.events_over_ceiling), ("60.00", Some(0)));
    service.delivery.facts = Facts::new([(ITEM.to_owned(), FactValue::Word("sunday".to_owned()))]);
    let sunday = of_five(&draft, &holder(0, &facts), &service);
    assert_eq!((figures(&sunday)[3].as_str(), sunday.total.events_over_ceiling), ("55.00", Some(5)));
    service.delivery.facts = Facts::new([(ITEM.to_owned(), FactValue::Word("monday".to_owned()))]);
    assert_eq!(of_five(&draft, &holder(0, &facts), &service).left_out, [(LeftOut::FactsDoNotFit, Some(5))]);
}

#[test]
fn an_offering_is_refused_for_an_item_that_costs_the_same_as_all_else() {
    let now = flat("30.00", Some("50.00"));
    let mut draft = now.clone();
    draft.items = vec![Item { code: "sunday".into(), text: Localized::new("a", "b", "c") }];
    draft.price_ceiling.as_mut().unwrap().items = vec![ItemCeiling { item: "sunday".into(), amount: amount("41.00") }];
    let versions = in_force(&now);
    let offered = [unit(1, "609", OfferPrice::voucher(amount("42.00")), Sector::Company)];
    let impact = Simulation::new(&draft, &versions, &offered, day()).finish();
    let [refused] = impact.offerings.as_slice() else { panic!("{:?}", impact.offerings) };
    assert_eq!(refused.refused.to_string(), "the price 42.00 of sunday is above the price ceiling 41.00");
}

#[test]
fn what_is_free_by_law_stays_free_at_the_value() {
    let (facts, price) = (Facts::default(), OfferPrice::voucher(amount("29.00")));
    let free = Holder { free_of_charge: true, ..holder(0, &facts) };
    let service = delivered(Sector::Ngo, &price, "1", charges("29.00", "29.00", "0"));
    let impact = of_five(&flat("25.00", None), &free, &service);
    assert_eq!(figures(&impact), ["145.00", "125.00", "0.00", "0.00"]);
    assert_eq!(impact.total.events_over_ceiling, Some(5));
    let mut by_law = flat("25.00", None);
    by_law.free_of_charge = Some(FreeOfCharge { source: "734/1992 § 4".into() });
    let fee = OfferPrice::ClientFee { client_fee: amount("16.00"), unit_cost: amount("58.00") };
    let service = delivered(Sector::Public, &fee, "1", charges("58.00", "0", "16.00"));
    assert_eq!(figures(&of_five(&by_law, &holder(0, &facts), &service)), ["0.00", "0.00", "80.00", "0.00"]);
}

#[test]
fn a_purse_that_ran_out_is_taken_to_run_out_again() {
    let (facts, price) = (Facts::default(), OfferPrice::voucher(amount("30.00")));
    let purse = Holder { measure: Measure::Money, ..holder(0, &facts) };
    let service = delivered(Sector::Company, &price, "1", charges("30.00", "12.00", "0"));
    let impact = of_five(&flat("28.00", None), &purse, &service);
    assert_eq!(figures(&impact), ["60.00", "60.00", "90.00", "90.00"]);
    assert_eq!(impact.purse_ran_out, Some(5));
    // One that covered the value was not cut.
    let covered = delivered(Sector::Company, &price, "1", charges("30.00", "30.00", "0"));
    let impact = of_five(&flat("28.00", None), &purse, &covered);
    assert_eq!((figures(&impact)[1].as_str(), impact.purse_ran_out), ("140.00", Some(0)));
}

#[test]
fn services_that_the_draft_cannot_value_are_left_out_of_both_sides() {
    let refused = serde_json::json!({"not_eligible": {"reason": "closed"}});
    let (facts, price) = (Facts::default(), OfferPrice::voucher(amount("42.00")));
    let service = delivered(Sector::Company, &price, "1", charges("42.00", "30.00", "0"));
    let impact = of_five(&terms(refused, None), &holder(0, &facts), &service);
    assert_eq!(impact.left_out, [(LeftOut::NotEligible, Some(5))]);
    assert_eq!((impact.total.events, figures(&impact)[0].as_str()), (Some(0), "0.00"));
    let night = serde_json::json!({"time_bands": {
        "bands": [{
            "on": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
            "from": "22:00",
            "then": {"flat": {"value": "40.00"}},
        }],
        "otherwise": {"flat": {"value": "30.00"}},
        "missing": {"flat": {"value": "30.00"}},
    }});
    let impact = of_five(&terms(night, None), &holder(0, &facts), &service);
    assert_eq!(impact.left_out, [(LeftOut::TimeMissing, Some(5))]);
}

#[test]
fn vouchers_rise_and_fall_by_their_own_facts_and_few_are_kept_back() {
    let by_income = |low: &str, high: &str| {
        serde_json::json!({"bands": {
            "fact": GROSS_INCOME,
            "bands": [{"up_to": "1000.00", "then": {"flat": {"value": low}}}],
            "above": {"flat": {"value": high}},
            "missing": {"flat": {"value": high}},
        }})
    };
    let (now, draft) = (terms(by_income("30.00", "20.00"), None), terms(by_income("33.00", "18.00"), None));
    let versions = in_force(&now);
    let pori: MunicipalityCode = "609".parse().unwrap();
    let mut simulation = Simulation::new(&draft, &versions, &[], day());
    let income = |amount: i64| Facts::new([(GROSS_INCOME.to_owned(), FactValue::Number(amount.into()))]);
    for (client, value, income) in [("30.00", income(900)), ("20.00", income(1_500))]
        .into_iter()
        .cycle()
        .take(14)
        .enumerate()
        .map(|(client, (value, income))| (u128::try_from(client).unwrap(), amount(value), income))
    {
        simulation.live_voucher(&LiveVoucher {
            client: id(client),
            municipality: &pori,
            language: Language::Fi,
            rulebook: id(1),
            value,
            facts: &income,
            free_of_charge: false,
        });
    }
    let vouchers = simulation.finish().vouchers;
    assert_eq!((vouchers.live, vouchers.rise, vouchers.fall), (Some(14), Some(7), Some(7)));
    assert_eq!((vouchers.unchanged, vouchers.not_eligible), (Some(0), Some(0)));
}

#[test]
fn clients_whose_only_provider_would_drop_out_are_counted() {
    let (now, draft) = (flat("30.00", Some("48.00")), flat("30.00", Some("40.00")));
    let versions = in_force(&now);
    let offered = [
        unit(1, "609", OfferPrice::voucher(amount("45.00")), Sector::Company),
        unit(2, "684", OfferPrice::voucher(amount("45.00")), Sector::Company),
        unit(3, "684", OfferPrice::voucher(amount("39.00")), Sector::Ngo),
    ];
    let mut simulation = Simulation::new(&draft, &versions, &offered, day());
    let (facts, towns) = (Facts::default(), ["609".parse().unwrap(), "684".parse().unwrap(), "091".parse().unwrap()]);
    for client in 0..18 {
        simulation.live_voucher(&LiveVoucher {
            client: id(client),
            municipality: towns.iter().cycle().nth(usize::try_from(client).unwrap()).unwrap(),
            language: Language::Fi,
            rulebook: id(1),
            value: amount("30.00"),
            facts: &facts,
            free_of_charge: false,
        });
    }
    let impact = simulation.finish();
    assert_eq!(impact.clients_without_provider, Some(6));
    let refused: Vec<_> = impact.offerings.iter().map(|o| (o.offering, o.sector, o.refused.code())).collect();
    assert_eq!(refused, [1, 2].map(|n| (id(n), Sector::Company, "price_over_ceiling")));
}

#[test]
fn a_criterion_for_offerings_can_leave_clients_of_a_language_without_a_provider() {
    let now = flat("30.00", None);
    let mut draft = now.clone();
    draft.eligibility.offering = vec![Criterion {
        code: "own_language".into(),
        met_if: Condition::InCommon { fact: "client_language".into(), with: "languages".into() },
        text: Localized::new("a", "b", "c"),
        source: "own".into(),
    }];
    let versions = in_force(&now);
    let offered = [unit(1, "609", OfferPrice::voucher(amount("30.00")), Sector::Company)];
    let mut simulation = Simulation::new(&draft, &versions, &offered, day());
    let (facts, pori) = (Facts::default(), "609".parse().unwrap());
    for client in 0..10 {
        simulation.live_voucher(&LiveVoucher {
            client: id(client),
            municipality: &pori,
            language: if client % 2 == 0 { Language::Fi } else { Language::Sv },
            rulebook: id(1),
            value: amount("30.00"),
            facts: &facts,
            free_of_charge: false,
        });
    }
    assert_eq!(simulation.finish().clients_without_provider, Some(5));
}

#[test]
fn whoever_pays_nothing_by_law_is_served_at_the_value_only() {
    let (now, draft) = (flat("30.00", None), flat("28.00", None));
    let versions = in_force(&now);
    let offered = [unit(1, "609", OfferPrice::voucher(amount("29.00")), Sector::Company)];
    let (facts, pori) = (Facts::default(), "609".parse().unwrap());
    for (free_of_charge, without) in [(true, Some(5)), (false, Some(0))] {
        let mut simulation = Simulation::new(&draft, &versions, &offered, day());
        for client in 0..5 {
            simulation.live_voucher(&LiveVoucher {
                client: id(client),
                municipality: &pori,
                language: Language::Fi,
                rulebook: id(1),
                value: amount("30.00"),
                facts: &facts,
                free_of_charge,
            });
        }
        assert_eq!(simulation.finish().clients_without_provider, without);
    }
}

#[test]
fn quantities_of_hundredths_are_rounded_as_they_are_when_recorded() {
    let (facts, price) = (Facts::default(), OfferPrice::voucher(amount("41.33")));
    assert_eq!("0.33".parse::<Quantity>().unwrap().e4(), 3_300);
    let service = delivered(Sector::Company, &price, "0.33", charges("13.64", "9.90", "0"));
    // 30.05 × 0.33 = 9.9165, 41.33 × 0.33 = 13.6389.
    let impact = of_five(&flat("30.05", None), &holder(0, &facts), &service);
    assert_eq!(figures(&impact), ["49.50", "49.60", "18.70", "18.60"]);
}
