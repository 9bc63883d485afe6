//! The jobs: of several processes one does each when it has come due; one that fails is seen, waits, and stops nothing else.

use std::sync::{Arc, Barrier};
use std::thread;

use chrono::TimeDelta;
use serde_json::Value;
use valinta_domain::Id;
use valinta_domain::job::JobKind;
use valinta_persistence::jobs;
use valinta_service::app::App;
use valinta_service::clock::new_uuid;
use valinta_service::deadlines::{Turns, take_turns};

use super::{Place, Scene, moment, process};

fn turns(process: &App) -> Turns {
    take_turns(process, &JobKind::ALL).unwrap()
}

fn kinds(turns: &Turns) -> Vec<JobKind> {
    turns.done.iter().map(|(kind, _)| *kind).collect()
}

/// How a job stands.
fn job(scene: &Scene, kind: JobKind) -> Value {
    let jobs = scene.jobs();
    let found = jobs["jobs"].as_array().unwrap().iter().find(|job| job["kind"] == kind.code());
    found.unwrap_or_else(|| panic!("no {kind:?} in {jobs}")).clone()
}

#[test]
fn of_several_processes_one_does_each_job_when_it_has_come_due() {
    let mut scene = Scene::sent(1);
    let place = Arc::new(Place::default());
    let processes: Vec<App> = (0..3).map(|_| process(&scene.world, &place)).collect();
    for _ in 0..2 {
        let barrier = Barrier::new(3);
        let mut done: Vec<JobKind> = thread::scope(|scope| {
            let takers: Vec<_> = processes
                .iter()
                .map(|process| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        turns(process)
                    })
                })
                .collect();
            takers.into_iter().flat_map(|taker| kinds(&taker.join().unwrap())).collect()
        });
        done.sort_unstable();
        assert_eq!(done, JobKind::ALL, "each once");
        assert_eq!(turns(&processes[0]), Turns::default(), "nothing is due any more");
        scene.after(TimeDelta::seconds(5));
        assert_eq!(
            kinds(&turns(&processes[1])),
            [JobKind::Events, JobKind::Webhooks, JobKind::Deliveries],
            "what others hear and what leaves the house is looked at more often"
        );
        scene.after(TimeDelta::minutes(10));
    }
    assert_eq!(place.times(), [1, 1]);
    // A process without a place leaves it to those that have one.
    assert!(!kinds(&turns(&scene.world.apps[0])).contains(&JobKind::Deliveries));
    assert_eq!(kinds(&turns(&processes[0])), [JobKind::Deliveries]);
}

#[test]
fn a_job_that_fails_is_seen_waits_longer_each_time_and_stops_no_other() {
    let mut scene = Scene::sent(1);
    let place = Arc::new(Place::default());
    let process = process(&scene.world, &place);
    scene.world.tamper("ALTER TABLE choice_requests RENAME TO choice_requests_away");
    let first = turns(&process);
    assert_eq!(first.failed, [JobKind::ChoiceRequests]);
    assert_eq!((first.done.len(), place.times()), (JobKind::ALL.len() - 1, vec![1, 1]));
    let failed = job(&scene, JobKind::ChoiceRequests);
    assert_eq!(failed["failures"], 1);
    assert!(failed["last_error"].as_str().unwrap().starts_with("internal: "), "{failed}");
    assert!(!failed["last_error"].as_str().unwrap().contains("choice_requests"), "{failed}");
    assert_eq!(job(&scene, JobKind::Settlements)["failures"], 0);
    let mut waits = Vec::new();
    for failures in 2..6 {
        let (now, next) = (scene.world.clock.now(), moment(&job(&scene, JobKind::ChoiceRequests)["due_at"]));
        waits.push(TimeDelta::microseconds(next.micros() - now.micros()).num_seconds());
        scene.after(TimeDelta::microseconds(next.micros() - now.micros()));
        assert_eq!(turns(&process).failed, [JobKind::ChoiceRequests]);
        assert_eq!(job(&scene, JobKind::ChoiceRequests)["failures"], failures);
    }
    assert!(waits[0] >= 300 && waits[0] <= 600 && waits[3] >= 1_800 && waits[3] <= 3_600, "{waits:?}");
    scene.world.tamper("ALTER TABLE choice_requests_away RENAME TO choice_requests");
    scene.after(TimeDelta::hours(1));
    assert_eq!(turns(&process).failed, []);
    let well = job(&scene, JobKind::ChoiceRequests);
    assert_eq!((&well["failures"], well.get("last_error")), (&Value::from(0), None));
}

#[test]
fn a_job_whose_process_has_ended_is_taken_over_and_a_clock_that_jumps_stops_none() {
    let mut scene = Scene::sent(1);
    let process = scene.world.process();
    let place = Arc::new(Place::default());
    let (kind, now) = (JobKind::VoucherEnds, scene.world.clock.now());
    let lease = Id::new(new_uuid(now));
    let taken = scene.world.db.as_ref().unwrap().write_blocking(move |c| {
        jobs::add_missing(c, now)?;
        jobs::take(c, kind, lease, now)
    });
    assert_eq!(taken.unwrap(), Some(1));
    assert!(!kinds(&turns(&process)).contains(&kind));
    assert!(job(&scene, kind)["taken_until"].is_string());
    scene.after(kind.lease());
    assert!(kinds(&turns(&process)).contains(&kind));
    assert_eq!(job(&scene, kind)["failures"], 0);

    // A year ahead and back: what was put off until next year is done today.
    scene.after(TimeDelta::days(365));
    assert!(turns(&process).failed.is_empty());
    scene.after(TimeDelta::days(-365));
    assert!(kinds(&turns(&process)).contains(&kind));
    assert!(!kinds(&turns(&process)).contains(&kind), "once");
    let sender = super::process(&scene.world, &place);
    assert!(kinds(&turns(&sender)).contains(&JobKind::Deliveries));
}
