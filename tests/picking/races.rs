//! Clients, providers and officers who act at once.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use super::scene::{Scene, confirm, shown, withdraw};
use crate::support::{Answer, Resident};

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

#[test]
fn the_last_place_goes_to_exactly_one() {
    for choosing in [json!({}), json!({"answer_days": 7})] {
        let scene = Scene::of(&choosing);
        scene.limit(1);
        let holders: Vec<(Resident, String)> = (0..20).map(|_| scene.holder()).collect();
        let offering = &scene.offering;
        let calls = holders
            .iter()
            .map(|(resident, voucher)| -> Call<'_> { Box::new(move || resident.choose(voucher, offering)) })
            .collect();
        let (done, refused): (Vec<_>, Vec<_>) = at_once(calls).into_iter().partition(|answer| answer.status == 200);
        assert_eq!((done.len(), refused.len()), (1, 19));
        for answer in refused {
            answer.refused(422, "not_choosable").at("/offering", "full");
        }
        assert_eq!(scene.listed(), 0);
        let has = |(resident, voucher): &&(Resident, String)| {
            let view = shown(resident, voucher);
            view.get("choice").or(view.get("choice_request")).is_some()
        };
        assert_eq!(holders.iter().filter(has).count(), 1);
    }
}

#[test]
fn of_two_confirmations_and_of_a_confirmation_and_a_withdrawal_one_holds() {
    let scene = Scene::answering();
    for n in 0..6 {
        let (resident, voucher, request) = scene.asking();
        let mut calls: Vec<Call<'_>> = vec![Box::new(|| confirm(&scene.provider, &request))];
        if n % 2 == 0 {
            calls.push(Box::new(|| confirm(&scene.provider, &request)));
        } else {
            calls.push(Box::new(|| withdraw(&resident, &request)));
        }
        let answers = at_once(calls);
        let done: Vec<usize> = (0..2).filter(|n| answers[*n].status == 200).collect();
        assert_eq!(done.len(), 1, "{} {}", answers[0].text, answers[1].text);
        let confirmed = n % 2 == 0 || done == [0];
        for answer in answers.into_iter().filter(|answer| answer.status != 200) {
            answer.refused(409, "wrong_state").at("/path/id", "ended");
        }
        assert_eq!(shown(&resident, &voucher).get("choice").is_some(), confirmed);
    }
    scene.world.ledger_balances();
}

#[test]
fn what_is_confirmed_has_not_lapsed_and_what_has_lapsed_is_not_confirmed() {
    let mut scene = Scene::answering();
    let asked: Vec<_> = (0..8).map(|_| scene.asking()).collect();
    scene.pass(7);
    // Midnight comes while providers answer.
    let barrier = Barrier::new(asked.len() + 1);
    let (answers, lapsed) = thread::scope(|scope| {
        let (barrier, scene) = (&barrier, &scene);
        let confirming: Vec<_> = asked
            .iter()
            .map(|(_, _, request)| {
                scope.spawn(move || {
                    barrier.wait();
                    confirm(&scene.provider, request)
                })
            })
            .collect();
        barrier.wait();
        thread::sleep(std::time::Duration::from_millis(15));
        scene.world.set_moment("2026-11-18T22:00:00Z");
        let lapsed = scene.lapse();
        (confirming.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>(), lapsed)
    });
    let lapsed = lapsed + scene.lapse();
    let confirmed = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((confirmed + lapsed, scene.told("choice_request.lapsed").len()), (asked.len(), lapsed));
    for (answer, (resident, voucher, _)) in answers.into_iter().zip(&asked) {
        let view = shown(&scene.renewed(resident), voucher);
        assert_eq!(view.get("choice").is_some(), answer.status == 200);
        if answer.status != 200 {
            answer.refused(409, "wrong_state");
            assert_eq!(view["choice_request"]["state"], "lapsed");
        }
    }
}

#[test]
fn no_confirmed_choice_holds_on_a_day_on_which_vouchers_must_move() {
    let scene = Scene::answering();
    let asked: Vec<_> = (0..8).map(|_| scene.asking()).collect();
    let mut calls: Vec<Call<'_>> = Vec::new();
    for (_, _, request) in &asked {
        calls.push(Box::new(|| confirm(&scene.provider, request)));
    }
    calls.insert(4, Box::new(|| scene.suspend("must_move")));
    let mut answers = at_once(calls);
    answers.remove(4).created();
    let mut confirmed = 0;
    for (answer, (resident, voucher, _)) in answers.into_iter().zip(&asked) {
        let view = shown(resident, voucher);
        assert_eq!(view.get("choice"), None, "{view}");
        if answer.status == 200 {
            confirmed += 1;
        } else {
            assert!(["wrong_state", "not_choosable"].contains(&answer.slug()), "{}", answer.text);
            assert_eq!(view["choice_request"]["state"], "lapsed");
        }
    }
    let count = |kind: &str| scene.told(kind).len();
    assert_eq!(
        (count("voucher.must_choose_again"), count("choice_request.lapsed")),
        (confirmed, asked.len() - confirmed)
    );
}

#[test]
fn one_request_of_a_voucher_waits_however_often_its_holder_asks_at_once() {
    let scene = Scene::answering();
    let others: Vec<String> = (2..5).map(|n| scene.another(n).1).chain([scene.offering.clone()]).collect();
    let (resident, voucher) = scene.holder();
    let (resident, voucher) = (&resident, &voucher);
    let calls = (0..12).map(|n| -> Call<'_> {
        let offering = &others[n % 4];
        Box::new(move || resident.choose(voucher, offering))
    });
    for answer in at_once(calls.collect()) {
        answer.ok();
    }
    let states: Vec<Value> =
        scene.told("choice_request.withdrawn").into_iter().map(|one| one.payload["cause"].clone()).collect();
    assert_eq!(states, vec![json!("replaced"); 11]);
    assert_eq!(shown(resident, voucher)["choice_request"]["state"], "waiting");
}
