//! Several processes hand over each delivery once; what one of them leaves behind, another takes.

use std::sync::{Arc, Barrier};
use std::thread;

use chrono::TimeDelta;
use serde_json::json;
use valinta_domain::Id;
use valinta_domain::delivery::{Channel, LEASE};
use valinta_persistence::{DbError, deliveries};
use valinta_service::app::App;
use valinta_service::sending::{Adapter, Parcel, SendError};

use super::{Place, Scene, look, process};
use crate::support::id_of;

#[test]
fn two_processes_hand_over_each_delivery_once() {
    let scene = Scene::sent(3);
    let place = Arc::new(Place::default());
    let processes: Vec<App> = (0..2).map(|_| process(&scene.world, &place)).collect();
    let barrier = Barrier::new(4);
    let sent: usize = thread::scope(|scope| {
        let looks: Vec<_> = (0..4)
            .map(|n| {
                let (process, barrier) = (&processes[n % 2], &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    look(process)
                })
            })
            .collect();
        looks.into_iter().map(|look| look.join().unwrap()).sum()
    });
    assert_eq!((sent, place.times()), (6, vec![1; 6]));
    assert!(scene.deliveries("").iter().all(|one| one["state"] == "sent" && one["attempts"] == 1));
    scene.is_sound();
}

#[test]
fn what_a_process_took_and_did_not_hand_over_another_does_when_the_lease_has_ended() {
    let mut scene = Scene::sent(1);
    let place = Arc::new(Place::default());
    let process = process(&scene.world, &place);
    let payment = scene.delivery("&kind=payment");
    let (id, now) = (payment["id"].as_str().unwrap().parse::<Id<_>>().unwrap(), scene.world.clock.now());
    // A process takes it, and is never heard of again.
    let taken = scene.world.db.as_ref().unwrap().write_blocking(move |c| {
        let seen = deliveries::find(c, id)?.unwrap();
        let lease = deliveries::lease(Id::new(id.uuid()), now);
        Ok::<_, DbError>(deliveries::take(c, &seen, lease, now)? && deliveries::find(c, id)?.unwrap().lease.is_some())
    });
    assert!(taken.unwrap());
    assert_eq!(look(&process), 1, "the invoice alone");
    let shown = scene.delivery("&kind=payment");
    assert!(shown["taken_until"].is_string() && shown["state"] == "waiting", "{shown}");
    scene.after(LEASE - TimeDelta::seconds(1));
    assert_eq!(look(&process), 0);
    scene.after(TimeDelta::seconds(1));
    assert_eq!((look(&process), look(&process)), (1, 0));
    assert_eq!(scene.outcomes(&payment), ["sent", "lost"]);
    assert_eq!(place.times(), [1, 1]);
}

/// A place that takes everything and ends whoever gives it.
#[derive(Debug)]
struct Deadly(Arc<Place>);

impl Adapter for Deadly {
    fn channel(&self) -> Channel {
        Channel::Files
    }

    fn send(&self, parcel: &Parcel) -> Result<(), SendError> {
        self.0.send(parcel)?;
        panic!("the process ends here")
    }
}

#[test]
fn what_was_handed_over_by_one_who_could_not_note_it_comes_again_under_the_same_id() {
    let mut scene = Scene::sent(1);
    let place = Arc::new(Place::default());
    let deadly = scene.world.process().with_outgoing(vec![Arc::new(Deadly(Arc::clone(&place)))]);
    assert!(thread::spawn(move || look(&deadly)).join().is_err());
    assert_eq!(place.times(), [1]);
    let process = process(&scene.world, &place);
    assert_eq!(look(&process), 1, "the other one alone");
    scene.after(LEASE);
    assert_eq!(look(&process), 1);
    let mut times = place.times();
    times.sort_unstable();
    assert_eq!(times, [1, 2]);
    let taken = place.taken.lock().unwrap();
    let twice = taken.values().find(|parcels| parcels.len() == 2).unwrap();
    assert_eq!(twice[0], twice[1], "the same, byte by byte");
    drop(taken);
    scene.is_sound();
}

#[test]
fn what_ends_whoever_takes_it_is_given_up_too() {
    let mut scene = Scene::sent(1);
    let (id, now) = (id_of(&scene.delivery("&kind=payment")), scene.world.clock.now());
    let id: Id<_> = id.parse().unwrap();
    let mut at = now;
    for _ in 0..valinta_domain::delivery::TRIES_MAX {
        let taken = scene.world.db.as_ref().unwrap().write_blocking(move |c| {
            let seen = deliveries::find(c, id)?.unwrap();
            deliveries::take(c, &seen, deliveries::lease(Id::new(id.uuid()), at), at)
        });
        assert!(taken.unwrap());
        at = valinta_domain::lease::later(at, LEASE);
    }
    scene.after(TimeDelta::microseconds(at.micros() - now.micros()));
    let place = Arc::new(Place::default());
    assert_eq!(look(&process(&scene.world, &place)), 1, "the invoice alone");
    let dead = scene.delivery("&state=dead");
    assert_eq!((&dead["kind"], &dead["attempts"]), (&json!("payment"), &json!(13)));
}

#[test]
fn a_clock_that_jumps_loses_nothing_and_keeps_nothing_back() {
    let mut scene = Scene::sent(1);
    let place = Arc::new(Place::default());
    let process = process(&scene.world, &place);
    place.refuse(Some(("not now", valinta_domain::delivery::Failed::ForNow)));
    scene.after(TimeDelta::days(300));
    assert_eq!((look(&process), place.asked()), (0, 2));
    place.refuse(None);
    // Put off until a moment of next year, by a clock that was wrong.
    scene.after(TimeDelta::days(-300));
    assert_eq!((look(&process), look(&process)), (2, 0));
    assert_eq!(place.times(), [1, 1]);
    scene.after(TimeDelta::days(300));
    assert_eq!((look(&process), place.asked()), (0, 4));
}
