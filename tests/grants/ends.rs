//! The ends of vouchers: reminded of, told, and what is left returned when nothing can be recorded any more.

use std::sync::Barrier;
use std::thread;

use serde_json::json;
use valinta_service::deadlines;

use super::{Scene, left};

#[test]
fn a_holder_is_reminded_once_before_the_end_and_told_once_when_it_has_come() {
    let mut scene = Scene::under(&json!({"grant": {"expiry_remind_days": 10}}));
    scene.record("3").created();
    scene.on("2026-12-09");
    assert_eq!(scene.look().endings, 0);
    scene.on("2026-12-10");
    assert_eq!((scene.look().endings, scene.look().endings), (1, 0));
    let told = scene.told("voucher.expiring");
    let payload = &told[0].payload;
    assert_eq!(
        (&payload["voucher"], &payload["days_left"], &payload["unused"]),
        (&json!(scene.voucher), &json!(10), &json!("37"))
    );
    // It is valid for longer: then the reminder comes again.
    scene.change("/extend", &json!({"to": "2027-01-31"})).ok();
    assert_eq!(scene.look().endings, 0);
    scene.on("2027-01-31");
    assert_eq!((scene.look().endings, scene.told("voucher.expiring").len()), (1, 2));
    assert_eq!(scene.told("voucher.expired").len(), 0);
    scene.on("2027-02-01");
    assert_eq!((scene.shown()["status"].as_str(), scene.look().endings), (Some("expired"), 1));
    assert_eq!((scene.told("voucher.expired").len(), scene.look().endings), (1, 0));
    scene.is_sound();
}

#[test]
fn nobody_is_reminded_where_the_rulebook_says_so_nor_of_what_has_ended_before() {
    let mut scene = Scene::under(&json!({"grant": {"expiry_remind_days": 0}}));
    scene.on("2026-12-20");
    assert_eq!(scene.look().endings, 0);
    scene.change("/cancel", &json!({})).ok();
    scene.on("2027-01-01");
    assert_eq!((scene.look().endings, scene.told("voucher.expired").len()), (0, 0));
}

#[test]
fn what_is_left_of_a_month_returns_when_its_services_can_be_recorded_no_more() {
    let mut scene = Scene::set();
    scene.record("3").created();
    // The services of November can be recorded until 60 days after its end.
    scene.on("2027-01-29");
    let body = json!({"voucher": scene.voucher, "day": "2026-11-20", "quantity": "1"});
    scene.provider.user.post("/v1/service-events", &body).created();
    assert_eq!(scene.look().returned, 0);
    scene.on("2027-01-30");
    scene.provider.user.post("/v1/service-events", &body).refused(422, "invalid_input").at("/day", "too_late");
    assert_eq!((scene.look().returned, scene.look().returned), (1, 0));
    assert_eq!((scene.moved("expired"), left(&scene.shown())), (vec!["16".to_owned()], vec!["0", "20"]));
    // Those of December, 60 days after that.
    scene.on("2027-03-01");
    assert_eq!(scene.look().returned, 0);
    scene.on("2027-03-02");
    assert_eq!(scene.look().returned, 1);
    assert_eq!(
        (scene.moved("expired"), left(&scene.shown())),
        (vec!["16".to_owned(), "20".to_owned()], vec!["0", "0"])
    );
    let told = scene.told("voucher.unused_returned");
    assert_eq!(told.iter().map(|one| one.payload["quantity"].clone()).collect::<Vec<_>>(), ["16", "20"]);
    scene.is_sound();
}

#[test]
fn what_is_carried_over_returns_with_the_vouchers_end_alone() {
    let mut scene = Scene::under(&json!({"grant": {"unused": "carries_over"}}));
    scene.on("2027-01-30");
    assert_eq!(scene.look().returned, 0);
    let body = json!({"voucher": scene.voucher, "day": "2026-12-15", "quantity": "35"});
    scene.provider.user.post("/v1/service-events", &body).created();
    scene.on("2027-03-02");
    assert_eq!(scene.look().returned, 1);
    assert_eq!((scene.moved("expired"), left(&scene.shown())), (vec!["5".to_owned()], vec!["0", "0"]));
    scene.is_sound();
}

#[test]
fn of_several_processes_that_look_at_once_each_voucher_is_told_and_returned_by_one() {
    let mut scene = Scene::set();
    for _ in 0..5 {
        let resident = scene.county.client();
        scene.issued(&resident, "4");
    }
    scene.world.start_another();
    scene.on("2027-03-02");
    let barrier = Barrier::new(2);
    let told: Vec<_> = thread::scope(|scope| {
        let looking: Vec<_> = (0..2)
            .map(|n| {
                let (app, barrier) = (&scene.world.apps[n], &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    deadlines::run_once(app).unwrap()
                })
            })
            .collect();
        looking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(
        told.iter().map(|one| (one.endings, one.returned)).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1)),
        (6, 6)
    );
    assert_eq!((scene.told("voucher.expired").len(), scene.told("voucher.unused_returned").len()), (6, 6));
    scene.is_sound();
}
