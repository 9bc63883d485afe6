//! Officers who act at once, and clients who choose meanwhile.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use super::scene::{Scene, impose, measure, tag};
use crate::support::{Answer, Resident, id_of};

/// A call that can be made from a thread of its own.
type Call<'a> = Box<dyn Fn() -> Answer + Send + Sync + 'a>;

fn at_once(calls: Vec<Call<'_>>) -> Vec<Answer> {
    let barrier = Barrier::new(calls.len());
    thread::scope(|scope| {
        let barrier = &barrier;
        let callers: Vec<_> = calls
            .into_iter()
            .map(|call| {
                scope.spawn(move || {
                    barrier.wait();
                    call()
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}

/// That one of them was done, and that the others were told that it has changed.
#[track_caller]
fn one_wins(answers: Vec<Answer>, status: u16) {
    let (done, refused): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == status);
    assert_eq!(done.len(), 1, "{:?}", refused.iter().map(|answer| &answer.text).collect::<Vec<_>>());
    for answer in refused {
        answer.refused(412, "precondition_failed");
    }
}

#[test]
fn of_officers_who_impose_at_once_one_wins() {
    let scene = Scene::of("company");
    let officer = &scene.county.officer;
    let notice = scene.opened("notice", "breach");
    scene.replied(&notice);
    let path = format!("/v1/measures/{notice}");
    let seen = tag(officer, &path);
    let dropped = json!({"outcome": "dropped", "reasons": crate::support::localized("It was not so")});
    let bodies = [impose(json!({})), dropped, impose(json!({}))];
    let decide = |body: Value| officer.post_seen(&format!("{path}/decision"), &seen, &body);
    let decide = &decide;
    one_wins(
        at_once(bodies.into_iter().map(|body| -> Call<'_> { Box::new(move || decide(body.clone())) }).collect()),
        200,
    );

    let path = format!("/v1/approvals/{}", scene.approval);
    let seen = tag(officer, &path);
    let mut suspend = measure("suspension", "danger");
    suspend["vouchers_in_use"] = json!("must_move");
    let bodies = [suspend.clone(), measure("cancellation", "danger"), suspend];
    let open = |body: Value| officer.post_seen(&format!("{path}/measures"), &seen, &body);
    let open = &open;
    one_wins(
        at_once(bodies.into_iter().map(|body| -> Call<'_> { Box::new(move || open(body.clone())) }).collect()),
        201,
    );
    assert_ne!(scene.approval()["standing"], "in_force");
}

#[test]
fn no_choice_holds_on_a_day_on_which_vouchers_must_move() {
    let scene = Scene::of("company");
    let clients: Vec<(Resident, String)> = (0..8)
        .map(|_| {
            let resident = scene.county.client();
            let voucher = id_of(&scene.county.issue(&resident, &scene.home_care, "5"));
            resident.accept(&voucher);
            (resident, voucher)
        })
        .collect();
    let mut suspend = measure("suspension", "danger");
    suspend["vouchers_in_use"] = json!("must_move");
    let (scene, suspend) = (&scene, &suspend);
    let mut calls: Vec<Box<dyn Fn() -> Answer + Send + Sync + '_>> = Vec::new();
    for (resident, voucher) in &clients {
        calls.push(Box::new(move || resident.choose(voucher, &scene.offering)));
    }
    calls.insert(4, Box::new(move || scene.open(suspend)));
    let answers = at_once(calls);
    assert_eq!(answers[4].status, 201, "{}", answers[4].text);
    let mut chosen = 0;
    for answer in answers.iter().enumerate().filter(|(n, _)| *n != 4).map(|(_, answer)| answer) {
        match answer.status {
            200 => chosen += 1,
            _ => assert!(answer.text.contains("interrupted"), "{}", answer.text),
        }
    }
    for (resident, voucher) in &clients {
        let shown = resident.user.get(&format!("/v1/vouchers/{voucher}")).ok();
        assert!(shown["choice"].is_null(), "{shown}");
        assert_ne!(scene.record(voucher, 0).status, 201);
    }
    assert_eq!(scene.told("voucher.must_choose_again").len(), chosen);
}

#[test]
fn who_leaves_a_unit_that_ends_is_not_kept_there() {
    let mut scene = Scene::of("company");
    let (other, other_offering) = scene.another(2);
    let clients: Vec<(Resident, String)> = (0..24).map(|_| scene.client()).collect();
    scene.pass(1);
    let clients: Vec<(Resident, String)> =
        clients.into_iter().map(|(resident, voucher)| (scene.renewed(&resident), voucher)).collect();
    let end = json!({"from": scene.day(30)});
    let path = format!("/v1/approvals/{}/end", scene.approval);
    let (ending, offering) = (&scene, &other_offering);
    let mut calls: Vec<Call<'_>> = Vec::new();
    for (resident, voucher) in &clients {
        calls.push(Box::new(move || resident.choose(voucher, offering)));
    }
    calls.insert(12, Box::new(|| ending.provider.user.post(&path, &end)));
    for answer in at_once(calls) {
        answer.ok();
    }
    // Each is served by the old unit today, and by the new one from tomorrow on: today as in thirty days.
    let mut other = other;
    for days in [1, 35] {
        scene.pass(days);
        other.renew_token();
        for (_, voucher) in &clients {
            assert_ne!(scene.record(voucher, 0).status, 201);
            other.record(voucher, "1").created();
        }
    }
    scene.world.ledger_balances();
}
