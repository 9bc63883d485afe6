//! What was delivered in the demo can be recorded, on whatever day the county is loaded and whichever of the fitting
//! providers the lot falls to.

use std::sync::Arc;

use uuid::Uuid;
use valinta_domain::Id;
use valinta_domain::identifiers::VoucherNumber;
use valinta_domain::ledger::Allotment;
use valinta_domain::service_event::{Agreement, Delivery, Recording, Under, record};
use valinta_domain::time::Timeline;
use valinta_domain::valuation::{Valuation, Versions};
use valinta_domain::voucher::{Voucher as Issued, VoucherState, VoucherStatus};

use super::*;
use crate::service_events::span_in;

fn id<K>(number: u128) -> Id<K> {
    Id::new(Uuid::from_u128(number))
}

impl VoucherType {
    /// The adopted versions, by day.
    fn timeline(&self, today: Day) -> Versions {
        let adopted = self.later_versions.iter().filter_map(|version| version.adopted.as_ref());
        let starts: Vec<Day> = [400]
            .into_iter()
            .chain(adopted.map(|it| i64::from(it.in_force_days_ago)))
            .map(|n| today.plus_days(-n))
            .collect();
        let ends = starts.iter().skip(1).copied().map(Some).chain([None]);
        let periods = starts.iter().zip(ends).map(|(from, to)| Period::new(*from, to).unwrap());
        let versions = (100..).map(id).zip(self.versions().into_iter().map(Arc::new));
        Timeline::new(periods.zip(versions).collect()).unwrap()
    }
}

/// A voucher as it was granted, and its parts.
fn issued(demo: &DemoCounty, data: &Voucher, versions: &Versions, today: Day) -> Option<(Issued, Vec<Allotment>)> {
    let kind = demo.voucher_type(&data.voucher_type);
    let from = today.plus_days(-i64::from(data.granted_days_ago));
    let (rulebook, terms) = versions.as_of(from)?;
    let validity = Period::new(from, Some(from.plus_days(i64::from(data.valid_days)))).unwrap();
    let Granting::Granted { value, allotments, .. } = grant(terms, kind.unit, &request(data, validity), from).unwrap()
    else {
        return None;
    };
    let voucher = Issued {
        id: id(1),
        organiser: id(2),
        client: id(3),
        person: id(4),
        voucher_type: id(5),
        rulebook: *rulebook,
        number: VoucherNumber::from_random([0; 15]),
        state: VoucherState::Chosen,
        value,
        facts: data.facts.clone(),
        unit: kind.unit,
        measure: terms.grant.measure,
        unused: terms.grant.unused,
        free_of_charge: terms.free_of_charge.is_some(),
        validity,
        raises: vec![],
    };
    Some((voucher, allotments))
}

/// Records a voucher's deliveries, one after the other, as the loader would a few minutes into `today`.
fn recorded(demo: &DemoCounty, data: &Voucher, sector: Sector, price: &OfferPrice, today: Day) -> Vec<Recording> {
    let versions = demo.voucher_type(&data.voucher_type).timeline(today);
    let (mut voucher, mut allotments) = issued(demo, data, &versions, today).unwrap();
    let agreement = Agreement { price: price.clone(), period: voucher.validity, sector };
    let mut recordings = Vec::new();
    for event in &data.events {
        let shown = format!("{} {} {:?} on {today}", data.client, data.voucher_type, event.day);
        let days_ago = event.day.days_before(today);
        let day = today.plus_days(-days_ago);
        let at = today.plus_days(-(days_ago - 2).max(0));
        let now = at.date().and_hms_opt(0, 5, 0).unwrap();
        let now = Moment::new(Helsinki.from_local_datetime(&now).unwrap().with_timezone(&Utc));
        let span = event.span(day, Helsinki).map(|(start, end)| span_in(Helsinki, start, end));
        assert_eq!(span.is_some(), event.started_at.is_some(), "{shown}: that time is on every day");
        let valuation = Valuation::of_voucher(&voucher, &versions, day).unwrap().unwrap();
        let (_, terms) = versions.as_of(day).unwrap();
        let under = Under { agreement: &agreement, terms, valuation: &valuation, now, today: at };
        let delivery = Delivery { day, quantity: event.quantity, span, facts: event.facts.clone(), missed: None };
        let recording = record(voucher.clone(), &allotments, &under, &delivery)
            .unwrap_or_else(|refused| panic!("{shown}: {refused}"));
        for draw in &recording.draws {
            allotments[draw.allotment] = allotments[draw.allotment].take(draw.quantity).unwrap();
        }
        voucher = recording.voucher.clone();
        recordings.push(recording);
    }
    recordings
}

/// Days on which the county could be loaded: more than a year, with every weekday and every part of a month.
fn days() -> impl Iterator<Item = Day> {
    (0..80).map(|n| Day::ymd(2026, 11, 1).unwrap().plus_days(5 * n))
}

#[test]
fn every_delivery_can_be_recorded_on_whatever_day_the_county_is_loaded() {
    let demo = demo();
    for data in demo.vouchers.iter().filter(|v| !v.events.is_empty()) {
        for today in days() {
            for (provider, unit, offering) in fitting(&demo, data) {
                let recordings = recorded(&demo, data, provider.sector, &offering.price, today);
                let last = recordings.last().unwrap();
                let used_up = last.voucher.state.status() == VoucherStatus::UsedUp;
                let shown = format!("{} {} at {} on {today}", data.client, data.voucher_type, unit.name);
                assert_eq!(used_up, data.state == VoucherStage::UsedUp, "{shown}");
                for recording in &recordings {
                    let charges = recording.charges;
                    if offering.price.of_item(None).price().is_some() {
                        assert_eq!(charges.organiser_pays.plus(charges.co_payment), Some(charges.total), "{shown}");
                    }
                }
            }
        }
    }
}

/// The recordings of one voucher at the first fitting provider.
fn of(client: &str, code: &str, today: Day) -> Vec<Recording> {
    let demo = demo();
    let data = demo.vouchers.iter().find(|v| v.client == client && v.voucher_type == code).unwrap();
    let (provider, _, offering) = fitting(&demo, data)[0];
    recorded(&demo, data, provider.sector, &offering.price, today)
}

#[test]
fn an_evening_with_an_assistant_is_divided_where_the_night_begins() {
    // A Saturday: the delivery six days ago was on a Sunday, those of four and two days ago on a Tuesday and a Thursday.
    let sunday = of("eino", "personal-assistance", Day::ymd(2026, 11, 21).unwrap());
    let values = |recording: &Recording| recording.lines.iter().map(|line| line.value.to_string()).collect::<Vec<_>>();
    assert_eq!(values(&sunday[0]), ["42.00"]);
    assert_eq!(values(&sunday[1]), ["21.00"]);
    let monday = of("eino", "personal-assistance", Day::ymd(2026, 11, 22).unwrap());
    assert_eq!(values(&monday[0]), ["21.00", "26.30"]);
    assert!(monday.iter().chain(&sunday).all(|recording| recording.charges.co_payment == Amount::ZERO));
}

#[test]
fn a_raised_value_does_not_reach_a_voucher_that_keeps_its_own() {
    // Thirteen days before was a Sunday, six days before another one.
    let recordings = of("tyyne", "substitute-carer", Day::ymd(2026, 11, 21).unwrap());
    assert!(recordings.iter().flat_map(|recording| &recording.lines).all(|line| line.value.to_string() == "72.00"));
}

#[test]
fn dental_procedures_come_to_the_lump_and_their_coefficients_and_the_client_pays_the_public_fees() {
    let recordings = of("eino", "dental-package", Day::ymd(2026, 11, 21).unwrap());
    let charges = recordings[0].charges;
    // 52 + 25 × (0.4 + 1.2 + 0.3 + 1 + 1) and 16 + 9.50 + 20.50 + 8.00 + 18.00 + 18.00
    assert_eq!((charges.organiser_pays.to_string(), charges.co_payment.to_string()), ("149.50".into(), "90.00".into()));
}

#[test]
fn a_months_living_is_paid_by_a_days_price() {
    let recordings = of("veikko", "assisted-living", Day::ymd(2026, 11, 21).unwrap());
    let line = &recordings[1].lines[0];
    // 133.00 × 365 / 12, and the value at a net income of 1780.00.
    assert_eq!((line.price.unwrap().to_string(), line.value.to_string()), ("4045.42".into(), "2400.00".into()));
}
