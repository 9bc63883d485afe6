//! Deliveries and jobs are taken by one at a time, whoever asks and whatever the clock says; what has ended stays as it is.

use std::collections::BTreeMap;
use std::sync::{Barrier, Mutex};
use std::thread;

use chrono::TimeDelta;
use valinta_domain::delivery::{AttemptOutcome, Channel, DeliveryKind, DeliveryState, LEASE, WAITS};
use valinta_domain::job::JobKind;
use valinta_domain::lease::later;
use valinta_domain::{Id, Moment};
use valinta_persistence::deliveries::{self, Attempt, Delivery, DeliveryFilter, Ending, NewDelivery, lease};
use valinta_persistence::{Db, DbError, jobs};

use super::county::{ORGANISER, OTHER_ORGANISER, found};
use super::support::{moment, on_each, tell, uuid};

const DELIVERIES: u128 = 60;

fn waiting(n: u128) -> NewDelivery {
    NewDelivery {
        id: Id::new(uuid(1_000 + n)),
        organiser: Id::new(uuid(ORGANISER)),
        kind: DeliveryKind::Invoice,
        channel: Channel::Files,
        subject_kind: "statement".to_owned(),
        subject: uuid(2_000 + n),
        created_at: moment(0),
    }
}

fn queue(db: &Db, how_many: u128) {
    found(db);
    db.write_blocking(move |c| (0..how_many).try_for_each(|n| deliveries::add(c, &waiting(n)))).unwrap();
}

fn seen(db: &Db, n: u128) -> Delivery {
    db.read_blocking(|c| deliveries::find(c, waiting(n).id)).unwrap().unwrap()
}

/// Takes a delivery as it is now, by a lease of this number.
fn take(db: &Db, n: u128, number: u128, now: Moment) -> bool {
    db.write_blocking(move |c| {
        let seen = deliveries::find(c, waiting(n).id)?.unwrap();
        deliveries::take(c, &seen, lease(Id::new(uuid(number)), now), now)
    })
    .unwrap()
}

fn give_back(db: &Db, n: u128, number: u128, ending: &Ending, now: Moment) -> bool {
    let ending = ending.clone();
    db.write_blocking(move |c| deliveries::give_back(c, waiting(n).id, Id::new(uuid(number)), &ending, now)).unwrap()
}

fn due(db: &Db, now: Moment) -> usize {
    db.read_blocking(|c| deliveries::due(c, &[Channel::Files], now, 1_000)).unwrap().len()
}

#[test]
fn of_many_who_take_deliveries_at_once_each_is_had_by_one() {
    on_each(|database, db| {
        queue(db, DELIVERIES);
        let others = Db::open(database.url()).unwrap();
        let (barrier, had) = (Barrier::new(6), Mutex::new(BTreeMap::<u128, u32>::new()));
        thread::scope(|scope| {
            for taker in 0..6_u128 {
                let (db, barrier, had) = (if taker.is_multiple_of(2) { db } else { &others }, &barrier, &had);
                scope.spawn(move || {
                    barrier.wait();
                    for n in 0..DELIVERIES {
                        if take(db, n, 10_000 + taker * 1_000 + n, moment(1)) {
                            *had.lock().unwrap().entry(n).or_default() += 1;
                        }
                    }
                });
            }
        });
        let had = had.into_inner().unwrap();
        assert_eq!(had.len(), usize::try_from(DELIVERIES).unwrap());
        assert!(had.values().all(|times| *times == 1), "{had:?}");
        assert_eq!(due(db, moment(2)), 0);
    });
}

#[test]
fn a_lease_that_has_ended_goes_to_another_and_who_had_it_gives_nothing_back() {
    on_each(|_, db| {
        queue(db, 1);
        let (now, after) = (moment(1), later(moment(1), LEASE));
        assert!(take(db, 0, 11, now) && !take(db, 0, 12, now));
        assert!(!take(db, 0, 12, later(after, TimeDelta::microseconds(-1))));
        assert!(take(db, 0, 12, after));
        assert!(!give_back(db, 0, 11, &Ending::Sent, after));
        assert!(give_back(db, 0, 12, &Ending::Sent, after));
        let ended = seen(db, 0);
        assert_eq!(
            (ended.state, ended.lease, ended.attempts, ended.ended_at),
            (DeliveryState::Sent, None, 2, Some(after))
        );
        assert!(!take(db, 0, 13, later(after, WAITS.1)));
    });
}

#[test]
fn what_was_seen_before_another_took_it_is_not_taken_by_that() {
    on_each(|_, db| {
        queue(db, 1);
        let before = seen(db, 0);
        assert!(take(db, 0, 11, moment(1)));
        let failed = Ending::Failed { said: "no".to_owned(), next: Some(moment(2)) };
        assert!(give_back(db, 0, 11, &failed, moment(1)));
        let now = moment(3);
        let stale = db.write_blocking(move |c| deliveries::take(c, &before, lease(Id::new(uuid(12)), now), now));
        assert!(!stale.unwrap());
        assert!(take(db, 0, 12, now));
    });
}

#[test]
fn what_a_wrong_clock_has_put_off_is_not_put_off_for_good() {
    on_each(|_, db| {
        queue(db, 2);
        // A clock that is a year ahead takes one, and puts another one off.
        let ahead = later(moment(0), TimeDelta::days(365));
        assert!(take(db, 0, 11, ahead) && take(db, 1, 12, ahead));
        let failed = Ending::Failed { said: "no".to_owned(), next: Some(later(ahead, WAITS.0)) };
        assert!(give_back(db, 1, 12, &failed, ahead));
        assert_eq!(due(db, moment(1)), 2);
        assert!(take(db, 0, 13, moment(1)) && take(db, 1, 14, moment(1)));
        assert_eq!(due(db, moment(2)), 0);
    });
}

#[test]
fn what_has_ended_is_final_and_nothing_is_removed() {
    on_each(|_, db| {
        queue(db, 3);
        assert!(take(db, 0, 11, moment(1)) && give_back(db, 0, 11, &Ending::Sent, moment(1)));
        assert!(take(db, 1, 12, moment(1)) && give_back(db, 1, 12, &Ending::CalledOff("paid".to_owned()), moment(1)));
        let dead = Ending::Failed { said: "no".to_owned(), next: None };
        assert!(take(db, 2, 13, moment(1)) && give_back(db, 2, 13, &dead, moment(1)));
        let note = Attempt {
            delivery: waiting(2).id,
            number: 1,
            outcome: AttemptOutcome::Failed,
            said: Some("no".to_owned()),
            at: moment(1),
        };
        let noted = note.clone();
        db.write_blocking(move |c| deliveries::note(c, &noted)).unwrap();
        assert_eq!(db.read_blocking(|c| deliveries::attempts_of(c, waiting(2).id)).unwrap(), [note]);
        let is_final = |sql: &str| matches!(tell(db, sql), Err(DbError::AppendOnly { .. }));
        for sql in [
            "UPDATE deliveries SET state = 'waiting', ended_at = NULL WHERE state = 'sent'",
            "UPDATE deliveries SET state = 'waiting', ended_at = NULL WHERE state = 'called_off'",
            "UPDATE deliveries SET subject_id = id WHERE state = 'dead'",
            "UPDATE deliveries SET kind = 'payment' WHERE state = 'dead'",
            "DELETE FROM deliveries",
            "UPDATE delivery_attempts SET said = 'yes'",
            "DELETE FROM delivery_attempts",
        ] {
            assert!(is_final(sql), "{sql}");
        }
        let replayed: Vec<bool> = (0..3)
            .map(|n| db.write_blocking(move |c| deliveries::replay(c, waiting(n).id, moment(5))).unwrap())
            .collect();
        assert_eq!(replayed, [false, false, true]);
        let again = seen(db, 2);
        assert_eq!((again.state, again.tries, again.attempts, due(db, moment(5))), (DeliveryState::Waiting, 0, 1, 1));
    });
}

#[test]
fn the_same_of_the_same_thing_is_handed_over_once_and_lists_are_an_organisers() {
    on_each(|_, db| {
        queue(db, 3);
        let twice = NewDelivery { id: Id::new(uuid(5_000)), ..waiting(0) };
        let refused = db.write_blocking(move |c| deliveries::add(c, &twice)).unwrap_err();
        assert!(refused.is_unique("deliveries_of_subject"), "{refused}");
        let payment = NewDelivery { id: Id::new(uuid(5_001)), kind: DeliveryKind::Payment, ..waiting(0) };
        let elsewhere =
            NewDelivery { id: Id::new(uuid(5_002)), organiser: Id::new(uuid(OTHER_ORGANISER)), ..waiting(9) };
        db.write_blocking(move |c| {
            deliveries::add(c, &payment)?;
            deliveries::add(c, &elsewhere)
        })
        .unwrap();
        let list = |organiser: u128, filter: DeliveryFilter, before: Option<u128>, limit: i64| -> Vec<u128> {
            let before = before.map(|n| Id::new(uuid(n)));
            let listed = db.read_blocking(|c| deliveries::list(c, Id::new(uuid(organiser)), &filter, before, limit));
            listed.unwrap().iter().map(|one| one.id().uuid().as_u128()).collect()
        };
        assert_eq!(list(ORGANISER, DeliveryFilter::default(), None, 3), [5_001, 1_002, 1_001]);
        assert_eq!(list(ORGANISER, DeliveryFilter::default(), Some(1_001), 3), [1_000]);
        assert_eq!(list(OTHER_ORGANISER, DeliveryFilter::default(), None, 9), [5_002]);
        let of_first = DeliveryFilter { subject: Some(uuid(2_000)), ..DeliveryFilter::default() };
        assert_eq!(list(ORGANISER, of_first, None, 9), [5_001, 1_000]);
        let invoices = DeliveryFilter { kind: Some(DeliveryKind::Invoice), ..of_first };
        assert_eq!(list(ORGANISER, invoices, None, 9), [1_000]);
        let dead = DeliveryFilter { state: Some(DeliveryState::Dead), ..DeliveryFilter::default() };
        assert_eq!(list(ORGANISER, dead, None, 9), [0_u128; 0]);
        let open = db.read_blocking(deliveries::open).unwrap();
        let counted: Vec<_> = open.iter().map(|one| (one.organiser.uuid().as_u128(), one.state, one.count)).collect();
        assert_eq!(counted, [(ORGANISER, DeliveryState::Waiting, 4), (OTHER_ORGANISER, DeliveryState::Waiting, 1)]);
    });
}

#[test]
fn a_job_is_taken_by_one_until_it_is_given_back_or_its_lease_ends() {
    on_each(|database, db| {
        let others = Db::open(database.url()).unwrap();
        db.write_blocking(|c| jobs::add_missing(c, moment(0))).unwrap();
        others.write_blocking(|c| jobs::add_missing(c, moment(9))).unwrap();
        let due = |now: Moment| db.read_blocking(|c| jobs::due(c, now)).unwrap();
        assert_eq!(due(moment(0)), JobKind::ALL);
        let kind = JobKind::Settlements;
        let take = |db: &Db, lease: u128, now: Moment| {
            db.write_blocking(move |c| jobs::take(c, kind, Id::new(uuid(lease)), now)).unwrap()
        };
        let give_back = |lease: u128, failed: Option<&'static str>, now: Moment, next: Moment| {
            db.write_blocking(move |c| jobs::give_back(c, kind, Id::new(uuid(lease)), failed, (now, next))).unwrap()
        };
        let barrier = Barrier::new(8);
        let taken: usize = thread::scope(|scope| {
            let takers: Vec<_> = (0..8)
                .map(|n: u128| {
                    let (barrier, db) = (&barrier, if n.is_multiple_of(2) { db } else { &others });
                    scope.spawn(move || {
                        barrier.wait();
                        usize::from(take(db, 20 + n, moment(1)) == Some(1))
                    })
                })
                .collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).sum()
        });
        assert_eq!((taken, due(moment(1)).len()), (1, JobKind::ALL.len() - 1));
        // Whoever took it is gone. The next one counts on.
        let after = later(moment(1), kind.lease());
        assert_eq!((take(db, 30, later(after, TimeDelta::microseconds(-1))), take(db, 31, after)), (None, Some(2)));
        assert!(!give_back(30, None, after, after));
        let next = later(after, TimeDelta::minutes(10));
        assert!(give_back(31, Some("it did not work"), after, next));
        let job = |db: &Db| db.read_blocking(jobs::list).unwrap().into_iter().find(|job| job.kind == kind).unwrap();
        let failed = job(db);
        assert_eq!((failed.failures, failed.last_error.as_deref(), failed.due_at), (2, Some("it did not work"), next));
        assert_eq!((take(db, 32, after), take(db, 33, next)), (None, Some(3)));
        assert!(give_back(33, None, next, later(next, kind.every())));
        let done = job(db);
        assert_eq!((done.failures, done.last_error, done.last_ended_at, done.taken_until), (0, None, Some(next), None));
        // The clock goes back by a year: nothing waits that long.
        let back = later(moment(0), TimeDelta::days(-365));
        assert_eq!(take(db, 34, back), Some(1));
    });
}
