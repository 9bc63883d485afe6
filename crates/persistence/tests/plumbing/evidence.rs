//! Evidence, files and reminders as they are stored: what was stated stays stated, and each reminder is noted once.

use valinta_domain::evidence::{CheckOutcome, Evidence, EvidenceCheck, EvidenceKind};
use valinta_domain::provider::{SoteriRegistration, SoteriState};
use valinta_domain::{Day, Id};
use valinta_persistence::attachments::{self, Attachment};
use valinta_persistence::evidence::{self, AskedFor};
use valinta_persistence::reminders::{self, Reminder};
use valinta_persistence::{Db, DbError};

use super::county::{ORGANISER, OTHER_ORGANISER, PROVIDER, UNIT, day, found};
use super::support::{moment, on_each, tell, uuid};

fn piece(n: u128, kind: EvidenceKind, unit: bool, valid_until: Option<Day>) -> Evidence {
    Evidence {
        id: Id::new(uuid(n)),
        provider: Id::new(uuid(PROVIDER)),
        unit: unit.then(|| Id::new(uuid(UNIT))),
        kind,
        requirement: kind.is_other().then(|| "own_condition".to_owned()),
        reference: format!("reference {n}"),
        issued_on: Some(day(1, 2)),
        valid_from: Some(day(1, 3)),
        valid_until,
        soteri: None,
        attachment: None,
        given_by: "member".into(),
        given_at: moment(1),
        withdrawn: None,
    }
}

fn check(n: u128, organiser: u128, of: u128, outcome: CheckOutcome) -> EvidenceCheck {
    EvidenceCheck {
        id: Id::new(uuid(n)),
        organiser: Id::new(uuid(organiser)),
        evidence: Id::new(uuid(of)),
        outcome,
        day: day(2, 1),
        note: Some("as it says".into()),
        checked_by: "officer".into(),
        checked_at: moment(i64::try_from(n).unwrap()),
    }
}

fn attachment(n: u128) -> Attachment {
    Attachment {
        id: Id::new(uuid(n)),
        provider: Id::new(uuid(PROVIDER)),
        name: "policy ä.pdf".into(),
        media_type: "application/pdf".into(),
        size: 10,
        sha256: "0".repeat(64),
        uploaded_by: "member".into(),
        uploaded_at: moment(1),
    }
}

fn store(db: &Db, pieces: Vec<Evidence>) {
    db.write_blocking(move |c| pieces.iter().try_for_each(|piece| evidence::insert(c, piece))).unwrap();
}

#[test]
fn evidence_comes_back_as_it_was_given() {
    on_each(|_, db| {
        found(db);
        let file = attachment(50);
        let mut soteri = piece(101, EvidenceKind::Soteri, true, None);
        soteri.attachment = Some(file.id);
        soteri.soteri = Some(SoteriRegistration {
            state: SoteriState::Registered,
            services: vec!["home_care".into()],
            valid_from: day(1, 3),
            valid_until: None,
        });
        let own = piece(102, EvidenceKind::Other, false, Some(day(12, 31)));
        let (stored, all) = (file.clone(), vec![soteri.clone(), own.clone()]);
        db.write_blocking(move |c| attachments::insert(c, &stored)).unwrap();
        store(db, all.clone());
        db.read_blocking(move |c| {
            assert_eq!(evidence::find(c, soteri.id)?.as_ref(), Some(&soteri));
            assert_eq!(evidence::find_many(c, &[own.id, soteri.id, Id::new(uuid(1))])?, all);
            assert_eq!(evidence::of_provider(c, own.provider, Some(soteri.id), 10)?, std::slice::from_ref(&own));
            assert_eq!(evidence::count_of(c, own.provider, true)?, 1);
            assert_eq!(evidence::count_of(c, own.provider, false)?, 1);
            assert_eq!(attachments::find(c, file.id)?.as_ref(), Some(&file));
            assert_eq!(attachments::shown_by(c, file.id)?, [soteri.id]);
            assert_eq!(attachments::count_of(c, own.provider)?, 1);
            assert_eq!(attachments::find_many(c, &[file.id])?.get(&file.id), Some(&file));
            Ok::<_, DbError>(())
        })
        .unwrap();
    });
}

#[test]
fn what_fits_a_unit_is_its_own_and_the_providers_and_not_what_was_taken_back() {
    on_each(|_, db| {
        found(db);
        let whole = piece(101, EvidenceKind::LiabilityInsurance, false, None);
        let own = piece(102, EvidenceKind::LiabilityInsurance, true, None);
        let gone = piece(103, EvidenceKind::LiabilityInsurance, true, None);
        store(db, vec![whole.clone(), own.clone(), gone.clone()]);
        let id = gone.id;
        let withdraw = move || db.write_blocking(move |c| evidence::withdraw(c, id, (moment(9), "member"))).unwrap();
        assert!(withdraw());
        assert!(!withdraw(), "it is taken back once");
        db.read_blocking(move |c| {
            let unit = Id::new(uuid(UNIT));
            assert_eq!(evidence::fitting(c, whole.provider, unit)?, [whole.clone(), own.clone()]);
            assert_eq!(evidence::fitting(c, whole.provider, Id::new(uuid(99)))?, std::slice::from_ref(&whole));
            Ok::<_, DbError>(())
        })
        .unwrap();
    });
}

#[test]
fn each_organisers_checks_are_its_own_oldest_first() {
    on_each(|_, db| {
        found(db);
        store(db, vec![piece(101, EvidenceKind::TradeRegister, false, None)]);
        let checks = [
            check(1, ORGANISER, 101, CheckOutcome::Accepted),
            check(2, OTHER_ORGANISER, 101, CheckOutcome::Rejected),
            check(3, ORGANISER, 101, CheckOutcome::Rejected),
        ];
        let all = checks.clone();
        db.write_blocking(move |c| all.iter().try_for_each(|check| evidence::insert_check(c, check))).unwrap();
        db.read_blocking(move |c| {
            let of = Id::new(uuid(101));
            let own = evidence::checks_of(c, Id::new(uuid(ORGANISER)), &[of])?;
            assert_eq!(own.get(&of), Some(&vec![checks[0].clone(), checks[2].clone()]));
            assert_eq!(evidence::all_checks_of(c, &[of])?.get(&of), Some(&checks.to_vec()));
            assert!(evidence::checks_of(c, Id::new(uuid(ORGANISER)), &[])?.is_empty());
            Ok::<_, DbError>(())
        })
        .unwrap();
    });
}

#[test]
fn what_an_organiser_has_looked_at_comes_with_its_looks_even_after_it_was_taken_back() {
    on_each(|_, db| {
        found(db);
        let unseen = piece(103, EvidenceKind::TaxCertificate, false, None);
        store(db, vec![piece(101, EvidenceKind::TradeRegister, false, None)]);
        store(db, vec![piece(102, EvidenceKind::LiabilityInsurance, true, None), unseen]);
        let checks = [
            check(4, ORGANISER, 101, CheckOutcome::Accepted),
            check(1, ORGANISER, 102, CheckOutcome::Accepted),
            check(2, OTHER_ORGANISER, 103, CheckOutcome::Accepted),
            check(5, ORGANISER, 101, CheckOutcome::Rejected),
        ];
        db.write_blocking(move |c| {
            checks.iter().try_for_each(|check| evidence::insert_check(c, check))?;
            evidence::withdraw(c, Id::new(uuid(102)), (moment(9), "member"))
        })
        .unwrap();
        db.read_blocking(|c| {
            let provider = Id::new(uuid(PROVIDER));
            let looks = evidence::looked_at(c, Id::new(uuid(ORGANISER)), &[provider])?;
            let ids = |checks: &[EvidenceCheck]| checks.iter().map(|check| check.id.uuid()).collect::<Vec<_>>();
            let looks: Vec<_> =
                looks.iter().map(|(piece, all)| (piece.id.uuid(), piece.withdrawn.is_some(), ids(all))).collect();
            assert_eq!(looks, [(uuid(101), false, vec![uuid(4), uuid(5)]), (uuid(102), true, vec![uuid(1)])]);
            assert!(evidence::looked_at(c, Id::new(uuid(ORGANISER)), &[])?.is_empty());
            Ok::<_, DbError>(())
        })
        .unwrap();
    });
}

#[test]
fn of_one_provider_no_more_is_read_than_can_be_and_what_holds_comes_first() {
    on_each(|_, db| {
        found(db);
        let most = u128::try_from(evidence::OF_PROVIDER_MAX).unwrap();
        db.write_blocking(move |c| {
            for n in 1_000..=1_000 + most {
                evidence::insert(c, &piece(n, EvidenceKind::TradeRegister, false, None))?;
                evidence::insert_check(c, &check(n, ORGANISER, n, CheckOutcome::Accepted))?;
            }
            // What was given last and taken back is left out sooner than what was given first and holds.
            evidence::withdraw(c, Id::new(uuid(1_000 + most)), (moment(9), "member"))
        })
        .unwrap();
        db.read_blocking(move |c| {
            let (organiser, provider) = (Id::new(uuid(ORGANISER)), Id::new(uuid(PROVIDER)));
            let looks = evidence::looked_at(c, organiser, &[provider])?;
            assert_eq!(i64::try_from(looks.len()).unwrap(), evidence::OF_PROVIDER_MAX);
            assert_eq!(looks[0].0.id.uuid(), uuid(1_000));
            assert!(looks.iter().all(|(piece, checks)| piece.withdrawn.is_none() && checks.len() == 1));
            // Another provider has as much room for itself.
            assert_eq!(evidence::looked_at(c, organiser, &[provider, Id::new(uuid(99))])?.len(), looks.len());
            Ok::<_, DbError>(())
        })
        .unwrap();
    });
}

#[test]
fn an_organiser_sees_what_it_asks_for() {
    on_each(|_, db| {
        found(db);
        let asked = db.read_blocking(|c| evidence::asked_for(c, Id::new(uuid(ORGANISER)))).unwrap();
        assert_eq!(asked, AskedFor::default(), "the rulebook asks for nothing");
        let (tax, own) =
            (piece(101, EvidenceKind::TaxCertificate, false, None), piece(102, EvidenceKind::Other, false, None));
        store(db, vec![tax.clone(), own.clone()]);
        let kinds = AskedFor { kinds: [EvidenceKind::TaxCertificate].into(), ..AskedFor::default() };
        let codes = AskedFor { codes: ["own_condition".to_owned()].into(), ..AskedFor::default() };
        assert!(kinds.covers(&tax) && !kinds.covers(&own) && codes.covers(&own) && !codes.covers(&tax));
        db.read_blocking(move |c| {
            let mut seen = |asked: &AskedFor| evidence::of_provider_asked(c, tax.provider, asked, None, 10);
            assert_eq!(seen(&kinds)?, std::slice::from_ref(&tax));
            assert_eq!(seen(&codes)?, std::slice::from_ref(&own));
            assert_eq!(seen(&AskedFor::default())?, []);
            Ok::<_, DbError>(())
        })
        .unwrap();
    });
}

#[test]
fn what_was_stated_and_found_cannot_be_changed() {
    on_each(|_, db| {
        found(db);
        store(db, vec![piece(101, EvidenceKind::TradeRegister, false, None)]);
        db.write_blocking(|c| {
            attachments::insert(c, &attachment(50))?;
            evidence::insert_check(c, &check(1, ORGANISER, 101, CheckOutcome::Accepted))
        })
        .unwrap();
        for sql in [
            "UPDATE evidence SET reference = 'another'",
            "DELETE FROM evidence",
            "UPDATE evidence_checks SET outcome = 'rejected'",
            "DELETE FROM evidence_checks",
            "UPDATE attachments SET sha256 = 'x'",
        ] {
            assert!(tell(db, sql).is_err(), "{sql}");
        }
    });
}

#[test]
fn a_file_goes_as_long_as_nothing_names_it() {
    on_each(|_, db| {
        found(db);
        let file = |n| Id::new(uuid(n));
        let named = Evidence { attachment: Some(file(50)), ..piece(101, EvidenceKind::TradeRegister, false, None) };
        db.write_blocking(move |c| {
            attachments::insert(c, &attachment(50))?;
            attachments::insert(c, &attachment(51))?;
            evidence::insert(c, &named)
        })
        .unwrap();
        let refused = db.write_blocking(move |c| attachments::delete(c, file(50)));
        assert!(matches!(refused, Err(DbError::ForeignKey { .. })), "{refused:?}");
        assert!(db.write_blocking(move |c| attachments::delete(c, file(51))).unwrap());
        assert!(!db.write_blocking(move |c| attachments::delete(c, file(51))).unwrap());
    });
}

#[test]
fn what_expires_is_found_by_its_last_day_in_pages() {
    on_each(|_, db| {
        found(db);
        let until = |n, last| piece(n, EvidenceKind::LiabilityInsurance, false, last);
        let pieces = vec![
            until(104, Some(day(3, 1))),
            until(101, Some(day(3, 2))),
            until(102, Some(day(3, 2))),
            until(103, Some(day(4, 1))),
            until(105, None),
        ];
        store(db, pieces);
        let page = |after: Option<(Day, u128)>| {
            let after = after.map(|(day, n)| (day, Id::new(uuid(n))));
            let found = db.read_blocking(move |c| reminders::expiring(c, (day(3, 1), day(3, 31)), after, 2)).unwrap();
            found.iter().map(|piece| piece.id.uuid().as_u128()).collect::<Vec<_>>()
        };
        assert_eq!(page(None), [104, 101]);
        assert_eq!(page(Some((day(3, 2), 101))), [102]);
        assert_eq!(page(Some((day(3, 2), 102))), []);
    });
}

#[test]
fn a_reminder_is_noted_once() {
    on_each(|_, db| {
        found(db);
        store(db, vec![piece(101, EvidenceKind::LiabilityInsurance, false, Some(day(3, 1)))]);
        let reminder = |organiser, days_ahead| Reminder {
            organiser: Id::new(uuid(organiser)),
            evidence: Id::new(uuid(101)),
            days_ahead,
        };
        let note = |reminder: Reminder| db.write_blocking(move |c| reminders::note(c, &reminder, moment(5))).unwrap();
        assert!(note(reminder(ORGANISER, 30)));
        assert!(!note(reminder(ORGANISER, 30)));
        assert!(note(reminder(ORGANISER, 7)) && note(reminder(OTHER_ORGANISER, 30)));
        let told = db.read_blocking(|c| reminders::told(c, &[Id::new(uuid(101))])).unwrap();
        assert_eq!(told.len(), 3);
        assert!(told.contains(&reminder(OTHER_ORGANISER, 30)));
    });
}
