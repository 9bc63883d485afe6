//! Two officers at once, approvals that would overlap, and what approving brings about.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};
use valinta_domain::policy::Role;
use valinta_persistence::approvals;

use super::*;
use crate::support::{Answer, Provider, User};

/// Sends calls at the same moment.
fn at_once(calls: &[(&User, &str, &str, Value)]) -> Vec<Answer> {
    let barrier = &Barrier::new(calls.len());
    thread::scope(|scope| {
        let send = |(user, path, tag, body): &(&User, &str, &str, Value)| {
            barrier.wait();
            user.post_seen(path, tag, body)
        };
        let sent: Vec<_> = calls.iter().map(|call| scope.spawn(move || send(call))).collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn of_two_officers_who_decide_at_once_one_wins_and_the_other_is_told_what_it_is_now() {
    let scene = Scene::new();
    let second = scene.world.user(Role::Officer, "second-officer", Some(&scene.county.id), None);
    for n in 2..6 {
        let provider = Provider::register(&scene.world, n, "Provider", "company");
        let body = json!({"unit": provider.unit(), "voucher_type": scene.kind.id, "evidence": all_evidence()});
        let path = format!("/v1/applications/{}", id(&provider.user.post("/v1/applications", &body).created()));
        provider.user.post(&format!("{path}/submit"), &json!({})).ok();
        let (tag, decision) = (seen(&second, &path), format!("{path}/decision"));
        let answers = at_once(&[
            (&scene.county.officer, &decision, &tag, County::decision("approved")),
            (&second, &decision, &tag, County::decision("rejected")),
        ]);
        let (won, lost): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 1));
        let now = won[0].body["application"]["state"].as_str().unwrap().to_owned();
        for answer in lost {
            answer.refused(412, "precondition_failed").saying(&format!("It is {now} now."));
        }
        assert_eq!(second.get(&path).ok()["state"], now.as_str());
        let approvals = provider.user.get("/v1/approvals").ok();
        assert_eq!(approvals["items"].as_array().unwrap().len(), usize::from(now == "approved"));
    }
}

#[test]
fn two_approvals_of_a_unit_never_hold_on_one_day() {
    let scene = Scene::new();
    let path = scene.applied();
    let decision = format!("{path}/decision");
    let officer = &scene.county.officer;
    let mut later = County::decision("approved");
    later["valid_from"] = json!("2026-12-01");
    let calls: Vec<_> = (0..6)
        .map(|n| {
            let body = if n % 2 == 0 { County::decision("approved") } else { later.clone() };
            (officer, decision.as_str(), "*", body)
        })
        .collect();
    let answers = at_once(&calls);
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)), "{answers:?}");
    let begun: Vec<_> = (0..4)
        .map(|_| {
            (&scene.provider.user, "/v1/applications", "*", json!({"unit": scene.unit, "voucher_type": scene.kind.id}))
        })
        .collect();
    for answer in at_once(&begun) {
        answer.refused(409, "duplicate").at("/unit", "approved");
    }
    // The database itself keeps the days apart.
    let db = scene.world.db.as_ref().unwrap();
    let (unit, kind) = (scene.unit.parse().unwrap(), scene.kind.id.parse().unwrap());
    let stored = db.read_blocking(move |c| approvals::of_unit(c, unit, kind)).unwrap();
    let mut second = stored[0].clone();
    second.id = scene.world.unknown_id().parse().unwrap();
    second.valid_from = second.valid_from.plus_days(400);
    let refused = db.write_blocking(move |c| approvals::insert(c, &second)).unwrap_err();
    let told = refused.to_string();
    assert!(told.contains("approvals_no_overlap") || told.contains("approvals_open"), "{told}");
}

#[test]
fn approving_accepts_the_evidence_that_nobody_has_looked_at_and_keeps_the_area() {
    let scene = Scene::new();
    let begun = scene.begin(&json!({"evidence": all_evidence(), "area": ["684"]})).created();
    let path = format!("/v1/applications/{}", id(&begun));
    scene.provider.user.post(&format!("{path}/submit"), &json!({})).ok();
    let pieces: Vec<&str> =
        begun["evidence"].as_array().unwrap().iter().map(|one| one["evidence"].as_str().unwrap()).collect();
    let officer = &scene.county.officer;
    let accepted = json!({"outcome": "accepted", "note": "Seen in the register"});
    officer.post(&format!("/v1/evidence/{}/checks", pieces[0]), &accepted).created();
    officer.post_seen(&format!("{path}/decision"), "*", &County::decision("approved")).ok();
    for piece in pieces {
        let shown = officer.get(&format!("/v1/evidence/{piece}")).ok();
        assert_eq!(shown["checks"].as_array().unwrap().len(), 1, "{shown}");
        assert_eq!(shown["checks"][0]["outcome"], "accepted", "{shown}");
    }
    let db = scene.world.db.as_ref().unwrap();
    let (unit, kind) = (scene.unit.parse().unwrap(), scene.kind.id.parse().unwrap());
    let stored = db.read_blocking(move |c| approvals::of_unit(c, unit, kind)).unwrap();
    assert_eq!(stored[0].area.iter().map(ToString::to_string).collect::<Vec<_>>(), ["684"]);
    assert_eq!(scene.told("application.decided").len(), 1);
}

#[test]
fn a_sector_changes_neither_what_is_asked_nor_the_words() {
    let world = World::start();
    let county = County::found(&world);
    let kind = county.publish("home-care", "hour", &terms());
    let evidence = json!([{"requirement": "insured", "reference": "Policy 1", "valid_until": "2026-11-01"}]);
    let told: Vec<(Value, Value)> = [(1, "public"), (2, "company"), (3, "ngo")]
        .into_iter()
        .map(|(n, sector)| {
            let provider = Provider::register(&world, n, "Same", sector);
            let body = json!({"unit": provider.unit(), "voucher_type": kind.id, "evidence": evidence});
            let path = format!("/v1/applications/{}", id(&provider.user.post("/v1/applications", &body).created()));
            let shown = provider.user.get(&format!("{path}/eligibility")).ok();
            let refused = provider.user.post(&format!("{path}/submit"), &json!({})).refused(422, "invalid_input");
            (json!([shown["findings"], shown["obstacles"]]), refused.body["errors"].clone())
        })
        .collect();
    assert_eq!(told[0], told[1]);
    assert_eq!(told[1], told[2]);
}
