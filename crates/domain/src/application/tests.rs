//! Transitions, how requirements come out, and what is kept of what was handed in.

use serde_json::json;

use super::*;
use crate::evidence::EvidenceKind;
use crate::provider::{SoteriRegistration, SoteriState};
use crate::rulebook::{Requirement, RulebookTerms};
use crate::rules::{Facts, Standing};
use crate::text::Localized;

fn day(month: u32, d: u32) -> Day {
    Day::ymd(2026, month, d).unwrap()
}

fn requirement(kind: EvidenceKind) -> Requirement {
    Requirement {
        code: "asked".into(),
        text: Localized::new("f", "s", "e"),
        source: "569/2009 § 5".into(),
        expires: false,
        kind,
        services: vec![],
        issued_within_months: None,
    }
}

fn stated(kind: EvidenceKind) -> Evidence {
    Evidence { requirement: "asked".into(), reference: "r".into(), kind, ..Evidence::default() }
}

fn outcome(requirement: &Requirement, stated: &Evidence) -> &'static str {
    refuted_outcome(requirement, stated, None)
}

fn refuted_outcome(requirement: &Requirement, stated: &Evidence, refuted: Option<Refuted>) -> &'static str {
    let shown = Shown { stated, refuted };
    requirement_outcome(requirement, Some(&shown), day(6, 15), day(6, 1)).code()
}

#[test]
fn each_state_has_its_transitions_and_no_others() {
    use ApplicationState as S;
    for state in S::ALL {
        let with_provider = matches!(state, S::Draft | S::MoreInformation);
        assert_eq!(state.submit().is_ok(), with_provider);
        assert_eq!(state.edit(), if with_provider { Ok(state) } else { Err(state.cannot_be("edited")) });
        assert_eq!(state.ask_for_more().is_ok(), state == S::Submitted);
        for overdue in [false, true] {
            assert_eq!(state.decide(true, overdue).is_ok(), state == S::Submitted);
            let rejects = state == S::Submitted || (state == S::MoreInformation && overdue);
            assert_eq!(state.decide(false, overdue).is_ok(), rejects);
        }
        assert_eq!(state.withdraw().is_ok(), state.is_open());
        assert_eq!(S::from_code(state.code()), Some(state));
    }
    let refused = S::MoreInformation.decide(true, true).unwrap_err();
    assert_eq!(refused.to_string(), "an application that is more_information cannot be approved");
}

#[test]
fn days_decide_whether_evidence_holds() {
    let plain = requirement(EvidenceKind::LiabilityInsurance);
    let expiring = Requirement { expires: true, ..plain.clone() };
    let mut shown = stated(EvidenceKind::LiabilityInsurance);
    assert_eq!((outcome(&plain, &shown), outcome(&expiring, &shown)), ("met", "no_expiry_day"));
    shown.valid_until = Some(day(6, 15));
    assert_eq!(outcome(&expiring, &shown), "met");
    shown.valid_until = Some(day(6, 14));
    assert_eq!((outcome(&plain, &shown), outcome(&expiring, &shown)), ("expired", "expired"));
    shown.valid_until = None;
    shown.valid_from = Some(day(6, 16));
    assert_eq!(outcome(&plain, &shown), "not_yet_valid");
}

#[test]
fn the_age_of_a_certificate_is_counted_to_the_day_it_is_handed_in() {
    let asked = Requirement { issued_within_months: Some(3), ..requirement(EvidenceKind::TaxCertificate) };
    let mut shown = stated(EvidenceKind::TaxCertificate);
    assert_eq!(outcome(&asked, &shown), "no_issue_day");
    // Handed in on 1 June, examined on 15 June.
    shown.issued_on = Some(day(3, 1));
    assert_eq!(outcome(&asked, &shown), "met");
    shown.issued_on = Some(Day::ymd(2026, 2, 28).unwrap());
    assert_eq!(outcome(&asked, &shown), "too_old");
}

#[test]
fn a_unit_must_be_registered_for_every_service_that_is_asked() {
    let asked = Requirement { services: vec!["home_care".into(), "meals".into()], ..requirement(EvidenceKind::Soteri) };
    let registered = |state: SoteriState, services: &[&str], until: Option<Day>| Evidence {
        soteri: Some(SoteriRegistration {
            state,
            services: services.iter().map(|s| (*s).to_owned()).collect(),
            valid_from: day(1, 1),
            valid_until: until,
        }),
        ..stated(EvidenceKind::Soteri)
    };
    let both = ["meals", "home_care"];
    for (shown, expected) in [
        (stated(EvidenceKind::Soteri), "not_registered"),
        (registered(SoteriState::Refused, &both, None), "not_registered"),
        (registered(SoteriState::Registered, &both, None), "met"),
        (registered(SoteriState::PendingMayOperate, &both, None), "met"),
        (registered(SoteriState::Registered, &["home_care"], None), "outside_registered_service"),
        (registered(SoteriState::Registered, &both, Some(day(6, 14))), "expired"),
    ] {
        assert_eq!(outcome(&asked, &shown), expected);
    }
    let shown = registered(SoteriState::Registered, &["home_care"], None);
    let examined = requirement_outcome(&asked, Some(&Shown { stated: &shown, refuted: None }), day(6, 15), day(6, 1));
    assert_eq!(examined, RequirementOutcome::OutsideRegisteredService { services: vec!["meals".into()] });
}

#[test]
fn what_was_refuted_or_is_of_another_kind_shows_nothing() {
    let asked = requirement(EvidenceKind::TradeRegister);
    let shown = stated(EvidenceKind::TradeRegister);
    assert_eq!(refuted_outcome(&asked, &shown, Some(Refuted::Withdrawn)), "withdrawn");
    assert_eq!(refuted_outcome(&asked, &shown, Some(Refuted::Rejected)), "rejected");
    assert_eq!(outcome(&asked, &stated(EvidenceKind::Other)), "other_kind");
}

#[test]
fn what_is_asked_is_quoted_before_what_was_found() {
    let text =
        Localized::new("Rekisteröity kotipalveluun.", "Registrerad för hemservice.", "Registered for home support.");
    let asked = Requirement { text, ..requirement(EvidenceKind::Soteri) };
    let outside =
        RequirementOutcome::OutsideRegisteredService { services: vec!["home_support".into(), "meals".into()] };
    let told = outside.text(&asked);
    assert_eq!(told.fi, "Vaatimus ”Rekisteröity kotipalveluun”: yksikön rekisteröinnistä puuttuu: home_support, meals");
    assert_eq!(
        told.sv,
        "Kravet ”Registrerad för hemservice”: enhetens registrering omfattar inte: home_support, meals"
    );
    assert_eq!(
        told.en,
        "Requirement “Registered for home support”: the unit is not registered for: home_support, meals"
    );
    assert_eq!(RequirementOutcome::Met.text(&asked).fi, "Vaatimus ”Rekisteröity kotipalveluun”: täyttyy");
    assert_eq!(RequirementOutcome::Missing.text(&asked).sv, "Kravet ”Registrerad för hemservice”: utredning saknas");
}

#[test]
fn everything_that_is_not_met_is_told_at_once_in_the_rulebooks_order() {
    let text = json!({"fi": "t", "sv": "t", "en": "t"});
    let asked = |code: &str, expires: bool| json!({"code": code, "text": text, "source": "s", "expires": expires});
    let terms: RulebookTerms = serde_json::from_value(json!({
        "value": {"flat": {"value": "36.00"}},
        "public_service": {"client_fee": "10.00", "basis": text},
        "grant": {"per": "month", "quantity_max": "10", "validity_days_max": 365},
        "recording": {"days_after_month": 60},
        "requirements": [asked("register", false), asked("insurance", true), asked("plan", false)],
        "texts": {"status": text, "co_payment": text, "alternatives": text, "appeal": text},
        "sources": [],
    }))
    .unwrap();
    let of = |code: &str| Evidence { requirement: code.into(), reference: "x".into(), ..Evidence::default() };
    let shown = [of("insurance"), of("register")];
    let examination = examine(&terms, &Shown::plainly(&shown), &Facts::default(), day(6, 15), day(6, 15));
    assert_eq!(examination.unmet, ["insurance", "plan"]);
    let codes: Vec<&str> = examination.requirements.iter().map(RequirementOutcome::code).collect();
    assert_eq!(codes, ["met", "no_expiry_day", "missing"]);
    assert_eq!(examination.findings.standing, Standing::Unknown);
    let lacks: Vec<Option<&str>> = examination.requirements.iter().map(RequirementOutcome::lacks).collect();
    assert_eq!(lacks, [None, Some("/valid_until"), Some("")]);
}

#[test]
fn a_row_from_before_evidence_was_given_once_still_parses() {
    let old = r#"{"requirement":"insurance","reference":"policy 1","valid_until":"2026-12-31"}"#;
    let read: Evidence = serde_json::from_str(old).unwrap();
    assert_eq!((read.evidence, read.kind), (None, EvidenceKind::Other));
    assert_eq!(serde_json::to_string(&read).unwrap(), old);
}

#[test]
fn a_document_is_written_in_one_way_and_hashed() {
    let document = json!({"b": [1, "ä\n\"", null], "a": {"d": true, "c": {}}});
    let kept = kept(&document);
    assert_eq!(kept.text, r#"{"a":{"c":{},"d":true},"b":[1,"ä\n\"",null]}"#);
    assert_eq!(kept.sha256.len(), 64);
    let again: serde_json::Value = serde_json::from_str(&kept.text).unwrap();
    assert_eq!(super::kept(&again), kept);
    // As any program computes it, of the empty object.
    let empty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert_eq!(super::kept(&json!({})).sha256, empty);
}
