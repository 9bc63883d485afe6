//! A person is one, however many register them at once.

use std::sync::{Arc, Barrier};
use std::thread;

use valinta_domain::identifiers::PersonalIdentityCode;
use valinta_persistence::DbError;

use super::county::{found, register};
use super::grants::{Part, of};
use super::support::{ask, on_each};

fn code() -> PersonalIdentityCode {
    "010594Y9032".parse().unwrap()
}

#[test]
fn concurrent_registrations_of_a_person_with_two_organisers_make_one_person() {
    on_each(|_, db| {
        found(db);
        let barrier = Arc::new(Barrier::new(2));
        let persons: Vec<_> = [false, true]
            .map(|of_the_other| {
                let (db, barrier) = (db.clone(), Arc::clone(&barrier));
                thread::spawn(move || {
                    let n = u128::from(of_the_other);
                    barrier.wait();
                    db.write_blocking(move |c| {
                        let person = register(c, of_the_other, (of(Part::Person, n), of(Part::Client, n)), &code())?;
                        // Held open, so that the other one comes in between.
                        thread::sleep(std::time::Duration::from_millis(200));
                        Ok::<_, DbError>(person)
                    })
                })
            })
            .into_iter()
            .map(|registering| registering.join().unwrap().unwrap())
            .collect();
        assert_eq!(persons.first(), persons.last());
        assert_eq!(ask(db, "SELECT count(*) AS n FROM persons"), 1);
        assert_eq!(ask(db, "SELECT count(*) AS n FROM clients"), 2);
    });
}

#[test]
fn of_concurrent_registrations_with_one_organiser_one_is_a_duplicate() {
    on_each(|_, db| {
        found(db);
        let barrier = Arc::new(Barrier::new(2));
        let outcomes = [0, 1].map(|n| {
            let (db, barrier) = (db.clone(), Arc::clone(&barrier));
            thread::spawn(move || {
                barrier.wait();
                db.write_blocking(move |c| register(c, false, (of(Part::Person, n), of(Part::Client, n)), &code()))
            })
        });
        let outcomes = outcomes.map(|registering| registering.join().unwrap());
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let duplicate = |e: &DbError| e.is_unique("clients_organiser_person");
        assert!(outcomes.iter().any(|outcome| outcome.as_ref().is_err_and(duplicate)), "{outcomes:?}");
    });
}
