//! Lapses: tables, and what holds for any evidence and any rulebooks.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::evidence::EvidenceKind;
use crate::provider::{SoteriRegistration, SoteriState};
use crate::text::Localized;
use crate::time::Moment;

fn day(n: i64) -> Day {
    Day::ymd(2026, 1, 1).unwrap().plus_days(n)
}

fn period(from: i64, to: Option<i64>) -> Period {
    Period::new(day(from), to.map(day)).unwrap()
}

fn unit() -> Id<kind::ServiceUnit> {
    Id::new(Uuid::from_u128(7))
}

fn requirement(code: &str, expires: bool) -> Requirement {
    Requirement {
        code: code.to_owned(),
        text: Localized::new(code, code, code),
        source: "569/2009 § 5".to_owned(),
        expires,
        kind: EvidenceKind::Other,
        services: Vec::new(),
        issued_within_months: None,
    }
}

fn evidence(code: &str) -> Evidence {
    Evidence {
        id: Id::new(Uuid::from_u128(1)),
        provider: Id::new(Uuid::from_u128(2)),
        unit: None,
        kind: EvidenceKind::Other,
        requirement: Some(code.to_owned()),
        reference: "Register".to_owned(),
        issued_on: None,
        valid_from: None,
        // It says a last day, as what expires must; on which days it holds, the tests say.
        valid_until: Some(day(1_000)),
        soteri: None,
        attachment: None,
        given_by: "someone".to_owned(),
        given_at: Moment::from_micros(0).unwrap(),
        withdrawn: None,
    }
}

fn lapse(code: &str, from: i64, to: Option<i64>) -> Lapse {
    Lapse { requirement: code.to_owned(), from: day(from), to: to.map(day) }
}

#[test]
fn what_expires_lapses_where_no_evidence_holds_and_the_past_stands() {
    let requirements = [requirement("insurance", true), requirement("register", false)];
    let asked = [Asked { period: period(0, None), requirements: &requirements }];
    let insurance = evidence("insurance");
    let register = evidence("register");
    let (year, next, always) = ([period(0, Some(10))], [period(15, Some(30))], [period(0, None)]);
    let of = |evidence, held| Piece { evidence, accepted: true, held };
    let pieces = [of(&insurance, &year[..]), of(&insurance, &next[..]), of(&register, &always[..])];
    let found = lapses(period(0, None), unit(), &asked, &pieces, day(2));
    assert_eq!(found, [lapse("insurance", 10, Some(15)), lapse("insurance", 30, None)]);
    // From a day within the gap on, only what is left of it is said.
    let found = lapses(period(0, Some(20)), unit(), &asked, &pieces, day(12));
    assert_eq!(found, [lapse("insurance", 12, Some(15))]);
    assert_eq!(lapses(period(0, Some(10)), unit(), &asked, &pieces, day(10)), []);
}

#[test]
fn what_does_not_expire_lapses_only_when_it_is_lost() {
    let requirements = [requirement("register", false)];
    let asked = [Asked { period: period(0, None), requirements: &requirements }];
    let register = evidence("register");
    let none: [Period; 0] = [];
    let (until, later) = ([period(0, Some(5))], [period(8, None)]);
    let piece = |accepted, held| [Piece { evidence: &register, accepted, held }];
    let whole = period(0, None);
    assert_eq!(lapses(whole, unit(), &asked, &[], day(0)), []);
    assert_eq!(lapses(whole, unit(), &asked, &piece(false, &none), day(0)), []);
    assert_eq!(lapses(whole, unit(), &asked, &piece(true, &until), day(0)), [lapse("register", 5, None)]);
    assert_eq!(lapses(whole, unit(), &asked, &piece(true, &none), day(0)), [lapse("register", 0, None)]);
    assert_eq!(lapses(whole, unit(), &asked, &piece(true, &later), day(0)), []);
}

#[test]
fn each_day_is_asked_by_the_rulebook_of_that_day() {
    let (before, after) = ([requirement("register", false)], [requirement("insurance", true)]);
    let asked = [
        Asked { period: period(0, Some(20)), requirements: &before },
        Asked { period: period(20, None), requirements: &after },
    ];
    assert_eq!(lapses(period(0, None), unit(), &asked, &[], day(3)), [lapse("insurance", 20, None)]);
    let of_another_unit = Evidence { unit: Some(Id::new(Uuid::from_u128(8))), ..evidence("insurance") };
    let always = [period(0, None)];
    let pieces = [Piece { evidence: &of_another_unit, accepted: true, held: &always }];
    assert_eq!(lapses(period(0, None), unit(), &asked, &pieces, day(3)), [lapse("insurance", 20, None)]);
}

fn soteri(code: &str, services: &[&str], expires: bool) -> Requirement {
    let services = services.iter().map(|service| (*service).to_owned()).collect();
    Requirement { kind: EvidenceKind::Soteri, services, ..requirement(code, expires) }
}

fn registration(state: SoteriState, services: &[&str]) -> Evidence {
    let soteri = SoteriRegistration {
        state,
        services: services.iter().map(|service| (*service).to_owned()).collect(),
        valid_from: day(0),
        valid_until: None,
    };
    let of = evidence("soteri");
    Evidence { kind: EvidenceKind::Soteri, requirement: None, valid_until: None, soteri: Some(soteri), ..of }
}

#[test]
fn a_narrower_registration_shows_the_services_that_it_has_and_no_others() {
    let both = registration(SoteriState::Registered, &["home_care", "assisted_living"]);
    let narrow = registration(SoteriState::Registered, &["home_care"]);
    let refused = registration(SoteriState::Refused, &["home_care", "assisted_living"]);
    let (before, after) = ([period(0, Some(5))], [period(8, None)]);
    let of = |evidence, held| Piece { evidence, accepted: true, held };
    let found = |services: &[&str], pieces: &[Piece<'_>]| {
        let requirements = [soteri("soteri", services, false)];
        let asked = [Asked { period: period(0, None), requirements: &requirements }];
        lapses(period(0, None), unit(), &asked, pieces, day(0))
    };
    let narrowed = [of(&both, &before[..]), of(&narrow, &after[..])];
    assert_eq!(found(&["home_care"], &narrowed), [lapse("soteri", 5, Some(8))]);
    assert_eq!(found(&["assisted_living"], &narrowed), [lapse("soteri", 5, None)], "no approval for the other type");
    assert_eq!(found(&["home_care"], &[of(&both, &before[..]), of(&refused, &after[..])]), [lapse("soteri", 5, None)]);
    // What was accepted says that the unit is not registered for this: the register knows better than the rulebook's age.
    assert_eq!(found(&["assisted_living"], &[of(&narrow, &after[..])]), [lapse("soteri", 8, None)]);
}

#[test]
fn what_says_less_than_the_rulebook_asks_for_holds_nothing_up() {
    let always = [period(0, None)];
    let found = |requirement: Requirement, piece: &Evidence| {
        let requirements = [requirement];
        let asked = [Asked { period: period(0, None), requirements: &requirements }];
        let pieces = [Piece { evidence: piece, accepted: true, held: &always }];
        lapses(period(0, None), unit(), &asked, &pieces, day(0))
    };
    let endless = Evidence { valid_until: None, ..evidence("insurance") };
    assert_eq!(found(requirement("insurance", true), &endless), [lapse("insurance", 0, None)]);
    let recent = |expires| Requirement { issued_within_months: Some(3), ..requirement("insurance", expires) };
    let issued = |days| Evidence {
        issued_on: Some(day(days)),
        // The first of January 2026.
        given_at: Moment::from_micros(1_767_225_600_000_000).unwrap(),
        ..evidence("insurance")
    };
    assert_eq!(found(recent(true), &issued(-30)), []);
    assert_eq!(found(recent(true), &issued(-200)), [lapse("insurance", 0, None)]);
    assert_eq!(found(recent(true), &evidence("insurance")), [lapse("insurance", 0, None)]);
    // What was never shown so has not been lost.
    assert_eq!(found(recent(false), &issued(-200)), []);
    assert_eq!(found(soteri("soteri", &[], true), &registration(SoteriState::Registered, &["x"])).len(), 1);
}

fn some_periods() -> impl Strategy<Value = Vec<Period>> {
    let one =
        (0..60i64, prop::option::of(1..20i64)).prop_map(|(from, days)| period(from, days.map(|days| from + days)));
    prop::collection::vec(one, 0..3)
}

proptest! {
    /// The definition, day by day, against what is computed by edges.
    #[test]
    fn a_day_lapses_exactly_where_its_requirement_is_not_shown(
        approved in (0..30i64, prop::option::of(1..60i64)),
        change in 1..50i64,
        expiring in any::<[bool; 2]>(),
        given in prop::collection::vec((0..2usize, any::<bool>(), some_periods()), 0..5),
        today in 0..60i64,
    ) {
        let codes = ["a", "b"];
        let requirements: Vec<Requirement> = codes.iter().zip(expiring).map(|(code, e)| requirement(code, e)).collect();
        let asked = [
            Asked { period: period(0, Some(change)), requirements: &requirements[..1] },
            Asked { period: period(change, None), requirements: &requirements },
        ];
        let documents: Vec<Evidence> = given.iter().map(|(which, _, _)| evidence(codes[*which])).collect();
        let pieces: Vec<Piece<'_>> = documents.iter().zip(&given).map(|(evidence, (_, accepted, held))| {
            Piece { evidence, accepted: *accepted, held: if *accepted { held } else { &[] } }
        }).collect();
        let approval = period(approved.0, approved.1.map(|days| approved.0 + days));
        let found = lapses(approval, unit(), &asked, &pieces, day(today));
        for n in 0..120 {
            for (place, requirement) in requirements.iter().enumerate() {
                let on = day(n);
                let is_asked = place == 0 || n >= change;
                let mine: Vec<&Piece<'_>> = pieces.iter()
                    .filter(|p| p.accepted && p.evidence.requirement.as_deref() == Some(&requirement.code)).collect();
                let holds = mine.iter().any(|p| p.held.iter().any(|h| h.contains(on)));
                let lost = mine.iter().any(|p| p.held.is_empty() || p.held.iter().any(|h| h.from() <= on));
                let lapsed = n >= today && approval.contains(on) && is_asked && !holds && (requirement.expires || lost);
                let said = found.iter().filter(|l| {
                    l.requirement == requirement.code && l.from <= on && l.to.is_none_or(|to| on < to)
                }).count();
                prop_assert_eq!(said, usize::from(lapsed), "day {} of {}", n, requirement.code);
            }
        }
        for pair in found.windows(2) {
            prop_assert!(pair[0].requirement != pair[1].requirement || pair[0].to.is_some_and(|to| to < pair[1].from));
        }
    }
}
