//! The audit trail, the outbox and idempotency keys.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use serde_json::json;
use uuid::Uuid;
use valinta_domain::Id;
use valinta_domain::event::{EventKind, Hearers, Position};
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_persistence::audit::{self, AuditBreak, AuditFilter, AuditVerification, NewAuditRow};
use valinta_persistence::idempotency::{self, Claimed};
use valinta_persistence::outbox::{self, Hearer, Message};
use valinta_persistence::testing::TestDatabase;
use valinta_persistence::{Conn, Db, DbError};

use super::support::{moment, on_each, run, uuid};

const ORGANISER: u128 = 1;

/// Row `n`, done to target `target`.
fn row(n: u128, target: u128) -> NewAuditRow {
    NewAuditRow {
        id: Id::new(uuid(n)),
        at: moment(i64::try_from(n).unwrap()),
        organiser: Some(Id::new(uuid(ORGANISER))),
        actor: format!("actor-{}", n % 2),
        role: Role::CaseWorker,
        action: "issue_voucher".into(),
        target_kind: "voucher".into(),
        target: Some(uuid(target)),
        person: n.is_multiple_of(3).then(|| Id::new(uuid(77))),
        request: uuid(n + 1000),
        details: json!({"amount_minor": 1250, "ids": [uuid(n)]}),
    }
}

fn append(db: &Db, rows: Vec<NewAuditRow>) {
    db.write_blocking(move |c| audit::append(c, &rows)).unwrap();
}

fn verify(db: &Db) -> AuditVerification {
    db.read_blocking(audit::verify).unwrap()
}

#[test]
fn audit_rows_come_back_as_written_newest_first() {
    on_each(|_, db| {
        append(db, Vec::new());
        append(db, (1..=9).map(|n| row(n, 5)).collect());
        let organiser = Id::new(uuid(ORGANISER));
        let list = |filter: AuditFilter, after: Option<u128>, limit: i64| {
            let rows = db
                .read_blocking(move |c| audit::list(c, organiser, &filter, after.map(|n| Id::new(uuid(n))), limit))
                .unwrap();
            for found in &rows {
                assert_eq!(found.row, row(found.row.id.uuid().as_u128(), 5));
            }
            rows.iter().map(|found| found.row.id.uuid().as_u128()).collect::<Vec<_>>()
        };
        assert_eq!(list(AuditFilter::default(), None, 4), [9, 8, 7, 6]);
        assert_eq!(list(AuditFilter::default(), Some(6), 100), [5, 4, 3, 2, 1]);
        assert_eq!(list(AuditFilter { actor: Some("actor-0".into()), ..Default::default() }, None, 9), [8, 6, 4, 2]);
        let between = AuditFilter { from: Some(moment(3)), to: Some(moment(5)), ..Default::default() };
        assert_eq!(list(between, None, 9), [4, 3]);
        let about = AuditFilter { person: Some(Id::new(uuid(77))), target: Some(uuid(5)), ..Default::default() };
        assert_eq!(list(about, None, 9), [9, 6, 3]);
        assert_eq!(list(AuditFilter { action: Some("other".into()), ..Default::default() }, None, 9), []);
        let looked = db.read_blocking(|c| audit::access_log(c, Id::new(uuid(77)), Some(Id::new(uuid(9))), 9)).unwrap();
        assert_eq!(looked.iter().map(|r| r.row.id.uuid().as_u128()).collect::<Vec<_>>(), [6, 3]);
        let foreign = db.read_blocking(|c| audit::list(c, Id::new(uuid(2)), &AuditFilter::default(), None, 9));
        assert_eq!(foreign, Ok(Vec::new()));
    });
}

#[test]
fn chains_hold_under_concurrent_writing() {
    on_each(|_, db| {
        thread::scope(|scope| {
            for worker in 0..8_u128 {
                scope.spawn(move || {
                    for n in 0..25 {
                        let first = (worker * 25 + n) * 3 + 1;
                        append(db, vec![row(first, n), row(first + 1, n + 1), row(first + 2, n + 2)]);
                    }
                });
            }
        });
        let found = verify(db);
        assert_eq!((found.rows, found.chains, found.first_break), (600, 16, None));
        let before = found.digest;
        append(db, vec![row(9_000, 1)]);
        assert_ne!(verify(db).digest, before);
    });
}

/// What verification says after somebody with all rights has changed something in a chain of five rows.
fn break_by(database: &TestDatabase, db: &Db, sql: &str) -> Option<AuditBreak> {
    let unguard = if db.is_postgres() {
        "ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only;"
    } else {
        "DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete;"
    };
    database.tamper(&format!("{unguard} {sql}")).unwrap();
    verify(db).first_break
}

#[test]
fn tampering_is_found() {
    const CHAIN: i32 = 5;
    let changes = [
        "UPDATE audit_log SET actor = 'nobody' WHERE position = 3",
        "UPDATE audit_log SET details = '{}' WHERE position = 3",
        "UPDATE audit_log SET person_id = target_id WHERE position = 3",
        "UPDATE audit_log SET organiser_id = NULL WHERE position = 3",
        "UPDATE audit_log SET hash = prev_hash WHERE position = 3",
    ];
    for change in changes {
        on_each(|database, db| {
            append(db, (1..=5).map(|n| row(n, 5)).collect());
            let found = break_by(database, db, change);
            assert_eq!(
                found,
                Some(AuditBreak::Changed { chain: CHAIN, position: 3, id: Id::new(uuid(3)) }),
                "{change}"
            );
        });
    }
    let others = [
        ("DELETE FROM audit_log WHERE position = 2", AuditBreak::Missing { chain: CHAIN, position: 2 }),
        ("DELETE FROM audit_log WHERE position = 5", AuditBreak::Missing { chain: CHAIN, position: 5 }),
        ("DELETE FROM audit_log", AuditBreak::Missing { chain: CHAIN, position: 1 }),
        ("UPDATE audit_chains SET length = 4 WHERE chain = 5", AuditBreak::Head { chain: CHAIN }),
        (
            "DELETE FROM audit_log WHERE position = 5; UPDATE audit_chains SET length = 4 WHERE chain = 5",
            AuditBreak::Head { chain: CHAIN },
        ),
    ];
    for (change, expected) in others {
        on_each(|database, db| {
            append(db, (1..=5).map(|n| row(n, 5)).collect());
            assert_eq!(break_by(database, db, change), Some(expected), "{change}");
        });
    }
}

fn message(n: u128, hearers: Hearers, kind: EventKind) -> Message {
    Message {
        id: Id::new(uuid(n)),
        hearers,
        kind,
        subject_kind: "voucher".into(),
        subject: uuid(n + 100),
        payload: json!({"voucher": uuid(n + 100)}),
        at: moment(7),
    }
}

#[test]
fn what_is_told_has_one_place_and_is_heard_by_those_whom_it_concerns() {
    on_each(|_, db| {
        let (organiser, provider) = (Id::new(uuid(ORGANISER)), Id::new(uuid(77)));
        let append = |all: Vec<Message>| db.write_blocking(move |c| outbox::append(c, &all)).unwrap();
        let place = |limit| db.write_blocking(move |c| outbox::place_next(c, limit)).unwrap();
        let heard = |hearer: &Hearer, kinds: &[EventKind], after| {
            let (hearer, kinds) = (hearer.clone(), kinds.to_vec());
            let read = move |c: &mut Conn| outbox::after(c, &hearer, &kinds, Position(after), 100);
            let events = db.read_blocking(read).unwrap().events;
            events.into_iter().map(|event| (event.position.0, event.message.id.uuid().as_u128())).collect::<Vec<_>>()
        };
        let (chosen, offered) = (EventKind::VoucherChosen, EventKind::VoucherOffered);
        append(vec![
            message(5, Hearers::both(organiser, provider), chosen),
            message(6, organiser.into(), offered),
            message(7, provider.into(), chosen),
            message(8, Hearers::both(Id::new(uuid(ORGANISER + 1)), Id::new(uuid(78))), chosen),
        ]);
        let (county, company) = (Hearer::Organiser(organiser), Hearer::Providers(vec![provider]));
        assert_eq!(heard(&county, &EventKind::ALL, 0), [], "nothing is told before it has a place");
        assert_eq!((place(3), place(3), place(3)), (3, 1, 0));
        assert_eq!(heard(&county, &EventKind::ALL, 0), [(1, 5), (2, 6)]);
        assert_eq!(heard(&county, &[offered], 0), [(2, 6)]);
        assert_eq!(heard(&company, &EventKind::ALL, 0), [(1, 5), (3, 7)]);
        assert_eq!(heard(&company, &EventKind::ALL, 1), [(3, 7)]);
        assert_eq!(heard(&Hearer::Providers(vec![]), &EventKind::ALL, 0), []);
        // What began earlier and is seen later comes later.
        append(vec![message(1, organiser.into(), offered)]);
        assert_eq!(place(9), 1);
        assert_eq!(heard(&county, &EventKind::ALL, 2), [(5, 1)]);
        assert_eq!(db.read_blocking(outbox::last_place).unwrap(), Position(5));
    });
}

#[test]
fn nobody_goes_past_what_a_later_release_tells() {
    on_each(|_, db| {
        let organiser: Id<kind::Organiser> = Id::new(uuid(ORGANISER));
        let tell = |numbers: std::ops::RangeInclusive<u128>| {
            let all: Vec<Message> = numbers.map(|n| message(n, organiser.into(), EventKind::VoucherOffered)).collect();
            db.write_blocking(move |c| outbox::append(c, &all)).unwrap();
        };
        let place = || db.write_blocking(|c| outbox::place_next(c, 10)).unwrap();
        let look = |hearer: Hearer, after, limit| {
            db.read_blocking(move |c| outbox::after(c, &hearer, &EventKind::ALL, Position(after), limit)).unwrap()
        };
        let seen = |telling: &outbox::Telling| {
            (telling.events.iter().map(|event| event.position.0).collect::<Vec<_>>(), telling.until.0)
        };
        let (own, others) = (Hearer::Organiser(organiser), Hearer::Organiser(Id::new(uuid(ORGANISER + 1))));
        tell(1..=3);
        place();
        tell(4..=4);
        db.write_blocking(|c| run(c, "UPDATE outbox SET kind = 'voucher.of_tomorrow' WHERE position IS NULL")).unwrap();
        assert_eq!(seen(&look(own.clone(), 0, 10)), (vec![1, 2, 3], 3));
        place();
        tell(5..=5);
        place();
        for (hearer, after, events, until) in
            [(&own, 0, vec![1, 2, 3], 3), (&own, 3, vec![], 3), (&others, 0, vec![], 3), (&own, 4, vec![], 4)]
        {
            let telling = look(hearer.clone(), after, 10);
            assert!(telling.is_behind_unknown, "{after}");
            assert_eq!(seen(&telling), (events, until), "{after}");
        }
        assert_eq!(seen(&look(own, 0, 2)).0, [1, 2]);
    });
}

#[test]
fn places_that_several_give_at_once_are_each_given_once() {
    on_each(|_, db| {
        let organiser: Id<kind::Organiser> = Id::new(uuid(ORGANISER));
        let all: Vec<Message> = (1..=400).map(|n| message(n, organiser.into(), EventKind::VoucherOffered)).collect();
        db.write_blocking(move |c| outbox::append(c, &all)).unwrap();
        let placed: usize = thread::scope(|scope| {
            let place = || (0..10).map(|_| db.write_blocking(|c| outbox::place_next(c, 30)).unwrap()).sum::<usize>();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(place)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(placed, 400);
        let read =
            move |c: &mut Conn| outbox::after(c, &Hearer::Organiser(organiser), &EventKind::ALL, Position(0), 1_000);
        let places: Vec<i64> = db.read_blocking(read).unwrap().events.iter().map(|event| event.position.0).collect();
        assert_eq!(places, (1..=400).collect::<Vec<i64>>());
    });
}

fn claim(c: &mut Conn, key: &str, operation: &str, body: u8) -> Result<Claimed, DbError> {
    idempotency::claim(c, "caller", key, operation, &[body; 32], moment(1))
}

fn claim_and_complete(c: &mut Conn, key: &str) -> Result<Claimed, DbError> {
    let claimed = claim(c, key, "issue_voucher", 1)?;
    if claimed == Claimed::New {
        idempotency::complete(c, "caller", key, &kept(201, r#"{"id":1}"#, Some("/vouchers/1")))?;
    }
    Ok(claimed)
}

fn replayed() -> Claimed {
    Claimed::Replay { status: 201, body: r#"{"id":1}"#.into(), location: Some("/vouchers/1".into()), trace: trace() }
}

#[test]
fn a_key_is_new_once_and_then_replays_its_answer() {
    on_each(|_, db| {
        let again = || db.write_blocking(|c| claim_and_complete(c, "k"));
        assert_eq!((again(), again(), again()), (Ok(Claimed::New), Ok(replayed()), Ok(replayed())));
        let other = |operation: &'static str, body| db.write_blocking(move |c| claim(c, "k", operation, body));
        assert_eq!(other("issue_voucher", 2), Ok(Claimed::OtherBody));
        assert_eq!(other("cancel_voucher", 1), Ok(Claimed::OtherBody));
        // A key is its caller's own.
        let another = db.write_blocking(|c| {
            idempotency::claim(c, "another", "k", "issue_voucher", &[1; 32], moment(1))?;
            idempotency::complete(c, "another", "k", &kept(204, "", None))
        });
        assert_eq!(another, Ok(()));
        let twice = db.write_blocking(|c| idempotency::complete(c, "caller", "k", &kept(200, "", None)));
        assert!(matches!(twice, Err(DbError::Internal(_))));
        let forgotten = |at| db.write_blocking(move |c| idempotency::forget_before(c, moment(at)));
        assert_eq!((forgotten(1), forgotten(2)), (Ok(0), Ok(2)));
        assert_eq!(again(), Ok(Claimed::New));
    });
}

#[test]
fn a_key_of_a_command_that_failed_is_new_again() {
    on_each(|_, db| {
        let failed: Result<(), DbError> = db.write_blocking(|c| {
            claim_and_complete(c, "k")?;
            Err(DbError::corrupt("as the test wants it"))
        });
        assert!(failed.is_err());
        assert_eq!(db.write_blocking(|c| claim_and_complete(c, "k")), Ok(Claimed::New));
    });
}

#[test]
fn of_concurrent_commands_with_one_key_one_is_new() {
    on_each(|_, db| {
        for round in 0..10 {
            let key = format!("k{round}");
            let mut claims: Vec<_> = thread::scope(|scope| {
                let all: Vec<_> = (0..8)
                    .map(|_| {
                        let key = key.clone();
                        scope.spawn(move || db.write_blocking(move |c| claim_and_complete(c, &key)).unwrap())
                    })
                    .collect();
                all.into_iter().map(|one| one.join().unwrap()).collect()
            });
            claims.retain(|claimed| *claimed != replayed());
            assert_eq!(claims, [Claimed::New]);
        }
    });
}

#[test]
fn a_claim_waits_for_the_first_and_takes_over_where_that_fails() {
    on_each(|_, db| {
        let (started, wait_for_start) = channel();
        let first = db.clone();
        let failing = thread::spawn(move || {
            first.write_blocking(move |c| -> Result<(), DbError> {
                claim_and_complete(c, "k")?;
                started.send(()).unwrap();
                thread::sleep(Duration::from_millis(300));
                Err(DbError::corrupt("as the test wants it"))
            })
        });
        wait_for_start.recv().unwrap();
        assert_eq!(db.write_blocking(|c| claim_and_complete(c, "k")), Ok(Claimed::New));
        assert!(failing.join().unwrap().is_err());
    });
}

#[test]
fn ids_and_moments_come_back_exactly() {
    on_each(|_, db| {
        let ids = [Uuid::nil(), Uuid::max(), uuid(0x0190_1234_5678_7abc_8def_0123_4567_89ab)];
        let message = |n: usize, micros| Message {
            id: Id::new(ids[n]),
            hearers: Hearers::default(),
            kind: EventKind::VoucherOffered,
            subject_kind: "k".into(),
            subject: ids[n],
            payload: json!({}),
            at: valinta_domain::Moment::from_micros(micros).unwrap(),
        };
        let mut all = vec![message(0, -1), message(1, 253_402_300_799_999_999), message(2, 946_684_800_000_001)];
        let written = all.clone();
        db.write_blocking(move |c| outbox::append(c, &written)).unwrap();
        all.sort_by_key(|message| message.id);
        assert_eq!(db.read_blocking(|c| outbox::written(c, 9)).unwrap(), all);
    });
}

fn trace() -> idempotency::Trace {
    idempotency::Trace {
        organiser: Some(Id::new(Uuid::from_u128(7))),
        person: None,
        target_kind: "voucher".to_owned(),
        target: Some(Uuid::from_u128(8)),
    }
}

fn kept<'a>(status: u16, body: &'a str, location: Option<&'a str>) -> idempotency::Kept<'a> {
    idempotency::Kept { status, body, location, trace: trace() }
}
