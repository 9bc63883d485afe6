//! What lets a person act for a client, and what was done so: sealed, kept as it was recorded, and ended once.

use valinta_domain::behalf::{Act, ConsentChannel, MandateBasis, MandateEndReason, MandateScope, TokenMandate};
use valinta_domain::{Day, Id};
use valinta_persistence::acts_on_behalf::{self, ActOnBehalf, ActedBy};
use valinta_persistence::mandates::{self, EndedMandate, RecordedMandate};
use valinta_persistence::{Conn, Db, DbError, clients};

use super::county::{ORGANISER, day, found, vault};
use super::grants::{Part, issue_and_deliver, of};
use super::support::{ask, moment, on_each, tell, uuid};

const NOTE: &str = "Salainen muistiinpano";

fn mandate(n: u128, scope: MandateScope, days: (Day, Option<Day>)) -> RecordedMandate {
    RecordedMandate {
        id: Id::new(uuid(70_000 + n)),
        organiser: Id::new(uuid(ORGANISER)),
        client: Id::new(of(Part::Client, 0)),
        person: Id::new(of(Part::Person, 0)),
        representative: Id::new(of(Part::Person, 1)),
        representative_name: "Testi Edustaja".to_owned(),
        scope,
        basis: MandateBasis::Guardian,
        note: Some(NOTE.to_owned()),
        valid_from: days.0,
        valid_to: days.1,
        recorded_by: "worker".to_owned(),
        recorded_at: moment(0),
        ended: None,
    }
}

fn act(n: u128, by: ActedBy) -> ActOnBehalf {
    ActOnBehalf {
        id: Id::new(uuid(80_000 + n)),
        organiser: Id::new(uuid(ORGANISER)),
        voucher: Id::new(of(Part::Voucher, 0)),
        person: Id::new(of(Part::Person, 0)),
        act: Act::Choose,
        subject: of(Part::Choice, 0),
        by,
        recorded_by: "worker".to_owned(),
        recorded_at: moment(0),
    }
}

/// A county with a client, a voucher, and one who is to act for the client.
fn set_up(db: &Db) {
    found(db);
    issue_and_deliver(db, 1, 0);
    db.write_blocking(|c| {
        let code = "010594Y9021".parse().unwrap();
        clients::ensure_person(c, &vault(), Id::new(of(Part::Person, 1)), &code, moment(0))
    })
    .unwrap();
}

fn insert(c: &mut Conn, mandate: &RecordedMandate) -> Result<(), DbError> {
    mandates::insert(c, &vault(), mandate)
}

#[test]
fn a_mandate_and_an_act_come_back_as_they_were_recorded_and_are_sealed() {
    on_each(|_, db| {
        set_up(db);
        let consent =
            ActedBy::CaseWorker { how: ConsentChannel::Video, given_on: day(2, 3), note: Some(NOTE.to_owned()) };
        let acted = consent.clone();
        db.write_blocking(move |c| {
            let recorded = mandate(0, MandateScope::Vouchers, (day(1, 1), Some(day(3, 1))));
            insert(c, &recorded)?;
            let by_mandate = ActedBy::Representative { mandate: recorded.id };
            acts_on_behalf::insert(c, &vault(), &act(0, by_mandate))?;
            acts_on_behalf::insert(c, &vault(), &act(1, acted.clone()))
        })
        .unwrap();
        let (kept, acts) = db
            .read_blocking(|c| {
                let voucher = Id::new(of(Part::Voucher, 0));
                let kept = mandates::of_client(c, &vault(), Id::new(of(Part::Client, 0)), None, 10)?;
                Ok::<_, DbError>((kept, acts_on_behalf::of_voucher(c, &vault(), voucher)?))
            })
            .unwrap();
        let [kept] = kept.as_slice() else { panic!("one mandate") };
        assert_eq!((kept.representative_name.as_str(), kept.note.as_deref()), ("Testi Edustaja", Some(NOTE)));
        assert_eq!((kept.valid_from, kept.valid_to), (day(1, 1), Some(day(3, 1))));
        assert!(acts.first().is_some_and(|act| act.by == consent), "the latest first");
        assert_eq!(acts.len(), 2);
        for column in ["representative_name_sealed", "note_sealed"] {
            // A key's version, a nonce and a tag are 42 bytes.
            let sealed = format!("SELECT count(*) AS n FROM mandates WHERE length({column}) > 42");
            assert_eq!(ask(db, &sealed), 1, "{column}");
        }
    });
}

fn of_token(representative: u128, ends_after: i64) -> ActedBy {
    let mandate = TokenMandate {
        issuer: "https://id.example".to_owned(),
        ends_at: moment(ends_after),
        representative: Some(Id::new(uuid(representative))),
    };
    ActedBy::RepresentativeByToken { scope: MandateScope::Vouchers, mandate }
}

#[test]
fn an_act_by_a_tokens_mandate_keeps_what_the_token_said_of_it() {
    on_each(|_, db| {
        set_up(db);
        let write =
            |n: u128, by: ActedBy| db.write_blocking(move |c| acts_on_behalf::insert(c, &vault(), &act(n, by.clone())));
        // Nobody here knows the person: it is the issuer's word.
        write(0, of_token(424_242, 9)).unwrap();
        let acts =
            db.read_blocking(|c| acts_on_behalf::of_voucher(c, &vault(), Id::new(of(Part::Voucher, 0)))).unwrap();
        assert!(acts.first().is_some_and(|act| act.by == of_token(424_242, 9)));
        // One that had ended, and one for oneself.
        for refused in [
            write(1, of_token(424_242, 0)),
            write(
                2,
                ActedBy::RepresentativeByToken {
                    scope: MandateScope::Vouchers,
                    mandate: TokenMandate {
                        issuer: "https://id.example".to_owned(),
                        ends_at: moment(9),
                        representative: Some(Id::new(of(Part::Person, 0))),
                    },
                },
            ),
        ] {
            assert!(matches!(refused, Err(DbError::Check { .. })), "{refused:?}");
        }
    });
}

#[test]
fn mandates_and_acts_are_kept_and_a_mandate_is_ended_once() {
    on_each(|_, db| {
        set_up(db);
        db.write_blocking(|c| {
            let recorded = mandate(0, MandateScope::Vouchers, (day(1, 1), None));
            insert(c, &recorded)?;
            acts_on_behalf::insert(c, &vault(), &act(0, ActedBy::Representative { mandate: recorded.id }))
        })
        .unwrap();
        let columns = [
            "organiser_id",
            "client_id",
            "person_id",
            "representative_id",
            "representative_name_sealed",
            "scope",
            "basis",
            "note_sealed",
            "valid_from",
            "recorded_by",
            "recorded_at",
        ];
        let mut changes: Vec<String> =
            columns.iter().map(|column| format!("UPDATE mandates SET {column} = {column}")).collect();
        // Its end is not moved without ending it.
        changes.extend(["UPDATE mandates SET valid_to = '2026-12-01'", "DELETE FROM mandates"].map(str::to_owned));
        changes.extend(["UPDATE acts_on_behalf SET how = how", "DELETE FROM acts_on_behalf"].map(str::to_owned));
        for sql in &changes {
            assert!(matches!(tell(db, sql), Err(DbError::AppendOnly { .. })), "{sql}");
        }
        let end = || {
            db.write_blocking(|c| {
                let ended = EndedMandate {
                    reason: MandateEndReason::Withdrawn,
                    note: None,
                    by: "worker".to_owned(),
                    at: moment(9),
                };
                mandates::end(c, &vault(), Id::new(uuid(70_000)), day(2, 1), &ended)
            })
        };
        end().unwrap();
        assert!(matches!(end(), Err(DbError::AppendOnly { .. })));
        assert_eq!(ask(db, "SELECT count(*) AS n FROM mandates WHERE ended_at IS NOT NULL"), 1);
    });
}

#[test]
fn the_database_itself_refuses_overlapping_mandates_and_mandates_for_oneself() {
    on_each(|_, db| {
        set_up(db);
        let write = |one: RecordedMandate| db.write_blocking(move |c| insert(c, &one));
        write(mandate(0, MandateScope::Vouchers, (day(1, 1), Some(day(3, 1))))).unwrap();
        let overlapping = write(mandate(1, MandateScope::Vouchers, (day(2, 28), None)));
        assert!(matches!(overlapping, Err(DbError::Check { .. })), "{overlapping:?}");
        write(mandate(2, MandateScope::VouchersRead, (day(2, 28), None))).unwrap();
        write(mandate(3, MandateScope::Vouchers, (day(3, 1), None))).unwrap();
        let own = mandate(4, MandateScope::Vouchers, (day(1, 1), Some(day(1, 2))));
        let own = write(RecordedMandate { representative: own.person, ..own });
        assert!(matches!(own, Err(DbError::Check { .. })), "{own:?}");
        let held = |from: u32, to: u32| {
            let days = (day(from, 1), day(to, 1));
            let found = db.read_blocking(move |c| mandates::held_between(c, Id::new(of(Part::Person, 1)), days));
            found.unwrap().len()
        };
        assert_eq!((held(1, 1), held(3, 3), held(1, 4)), (1, 2, 3));
    });
}
