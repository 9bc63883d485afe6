//! Requests that a provider answers.

use serde_json::json;

use super::scene::{Scene, confirm, refuse, requests, shown, withdraw};
use crate::support::{Provider, home_care_terms, id_of, price};

#[test]
fn a_choice_is_asked_for_and_holds_when_it_is_confirmed() {
    let scene = Scene::answering();
    let (resident, voucher, request) = scene.asking();
    let waiting = shown(&resident, &voucher);
    assert_eq!((&waiting["status"], waiting.get("choice")), (&json!("accepted"), None));
    let asked = &waiting["choice_request"];
    assert_eq!((&asked["state"], &asked["first_day"]), (&json!("waiting"), &json!(scene.day(0))));
    assert_eq!((&asked["answer_by"], &asked["offering"]), (&json!(scene.day(7)), &json!(scene.offering)));
    assert_eq!(asked["price"]["price"]["amount"], "36.00");
    // Nothing can be delivered, nor seen of the voucher, before the provider has said yes.
    scene.provider.record(&voucher, "1").refused(404, "not_found");
    scene.provider.user.get(&format!("/v1/vouchers/{voucher}")).refused(404, "not_found");
    let number = waiting["number"].as_str().unwrap();
    let look_up = || scene.provider.user.post("/v1/vouchers/lookup", &json!({"number": number}));
    look_up().refused(404, "not_found");

    let listed = scene.provider.user.get("/v1/choice-requests?state=waiting");
    for hidden in [number, &voucher, &resident.name, &resident.client, &resident.person] {
        assert!(!listed.text.contains(hidden), "{hidden} is in {}", listed.text);
    }
    let listed = &listed.ok()["items"][0];
    assert_eq!((&listed["client_municipality"], &listed["client_language"]), (&json!("609"), &json!("fi")));
    assert_eq!((&listed["quantity"], &listed["per"]), (&json!("20"), &json!("month")));
    assert_eq!((&listed["first_day"], &listed["voucher_type"]), (&json!(scene.day(0)), &json!(scene.care.id)));

    let (stranger, _) = scene.another(2);
    assert!(requests(&stranger, "").is_empty());
    confirm(&stranger, &request).refused(404, "not_found");
    resident.user.post(&format!("/v1/choice-requests/{request}/confirm"), &json!({})).refused(403, "forbidden");
    scene.county.case_worker.get("/v1/choice-requests").refused(403, "forbidden");

    let confirmed = confirm(&scene.provider, &request).ok();
    assert_eq!((&confirmed["state"], &confirmed["voucher"]), (&json!("confirmed"), &json!(voucher)));
    let chosen = shown(&resident, &voucher);
    assert_eq!((&chosen["status"], chosen.get("choice_request")), (&json!("chosen"), None));
    assert_eq!(
        (&chosen["choice"]["from"], &chosen["choice"]["offering"]),
        (&json!(scene.day(0)), &json!(scene.offering))
    );
    confirm(&scene.provider, &request).refused(409, "wrong_state").at("/path/id", "ended").saying("confirmed already");
    refuse(&scene.provider, &request, "Changed our minds").refused(409, "wrong_state");
    withdraw(&resident, &request).refused(409, "wrong_state");
    look_up().ok();
    scene.provider.record(&voucher, "1").created();
    for kind in ["choice_request.made", "choice_request.confirmed", "voucher.chosen"] {
        assert_eq!(scene.told(kind).len(), 1, "{kind}");
    }
    assert!(scene.told("choice.ending").is_empty());
    scene.world.ledger_balances();
    scene.world.audit_rows();
}

#[test]
fn a_refusal_says_why_and_the_client_is_forgotten() {
    let scene = Scene::answering();
    let (resident, voucher, request) = scene.asking();
    refuse(&scene.provider, &request, " ").refused(422, "invalid_input").at("/reason", "invalid");
    refuse(&scene.provider, &request, &"x".repeat(4_001)).refused(422, "invalid_input");
    let path = format!("/v1/choice-requests/{request}/refuse");
    scene.provider.user.post(&path, &json!({})).refused(422, "invalid_input");
    scene.provider.user.get("/v1/choice-requests?state=asked").refused(422, "invalid_input");
    let refused = refuse(&scene.provider, &request, "We have nobody free in Pori").ok();
    assert_eq!((&refused["state"], refused.get("client_municipality")), (&json!("refused"), None));
    assert_eq!((refused.get("client_language"), refused.get("voucher")), (None, None));
    let told = &shown(&resident, &voucher)["choice_request"];
    assert_eq!((&told["state"], &told["reason"]), (&json!("refused"), &json!("We have nobody free in Pori")));
    assert_eq!(scene.told("choice_request.refused").len(), 1);
    confirm(&scene.provider, &request).refused(409, "wrong_state");
    assert!(requests(&scene.provider, "?state=waiting").is_empty());
    assert_eq!(requests(&scene.provider, "?state=refused").len(), 1);
    // The client asks another, and what was refused is no news then.
    let (other, offering) = scene.another(2);
    let asked = resident.choose(&voucher, &offering).ok();
    assert_eq!(asked["choice_request"]["offering"], offering);
    confirm(&other, &id_of(&asked["choice_request"])).ok();
    assert_eq!(shown(&resident, &voucher).get("choice_request"), None);
}

#[test]
fn to_choose_again_takes_the_first_request_back() {
    let scene = Scene::answering();
    let (resident, voucher, first) = scene.asking();
    let (other, offering) = scene.another(2);
    let asked = resident.choose(&voucher, &offering).ok();
    let second = id_of(&asked["choice_request"]);
    assert_ne!(first, second);
    let withdrawn = scene.told("choice_request.withdrawn");
    assert_eq!(withdrawn.len(), 1);
    let told = &withdrawn[0].payload;
    assert_eq!((&told["request"], &told["cause"]), (&json!(first), &json!("replaced")));
    assert_eq!(told["provider"], scene.provider.id.as_str());
    confirm(&scene.provider, &first).refused(409, "wrong_state").saying("withdrawn already");
    assert_eq!(requests(&scene.provider, "")[0]["cause"], "replaced");
    // What cannot be asked for leaves the request that waits.
    resident.choose(&voucher, &scene.world.unknown_id()).refused(404, "not_found").at("/offering", "unknown");
    assert_eq!(shown(&resident, &voucher)["choice_request"]["id"], second.as_str());
    confirm(&other, &second).ok();
}

#[test]
fn the_holder_takes_a_request_back() {
    let scene = Scene::answering();
    let (resident, voucher, request) = scene.asking();
    let (stranger, _) = scene.holder();
    withdraw(&stranger, &request).refused(404, "not_found");
    withdraw(&resident, &scene.world.unknown_id()).refused(404, "not_found");
    let path = format!("/v1/choice-requests/{request}/withdraw");
    scene.provider.user.post(&path, &json!({})).refused(403, "forbidden");
    let view = withdraw(&resident, &request).ok();
    assert_eq!((&view["status"], &view["choice_request"]["state"]), (&json!("accepted"), &json!("withdrawn")));
    assert_eq!(view["choice_request"]["cause"], "holder");
    assert_eq!(scene.told("choice_request.withdrawn").len(), 1);
    withdraw(&resident, &request).refused(409, "wrong_state").at("/path/id", "ended");
    let ended = confirm(&scene.provider, &request).refused(409, "wrong_state");
    assert_eq!(ended.detail(), "The request is withdrawn already.");
    assert_ne!(id_of(&resident.choose(&voucher, &scene.offering).ok()["choice_request"]), request);
}

#[test]
fn the_price_of_the_request_is_agreed_and_a_later_first_day_is_kept() {
    let mut scene = Scene::answering();
    let body = json!({"accepts_new_clients": true, "earliest_start": scene.day(5)});
    let path = format!("/v1/offerings/{}", scene.offering);
    scene.provider.user.put_seen(&path, "*", &body).ok();
    let (resident, voucher, request) = scene.asking();
    let (late, late_voucher, late_request) = scene.asking();
    assert_eq!(shown(&resident, &voucher)["choice_request"]["first_day"], scene.day(5));
    // Dearer, closed to others and later: who has asked before is taken as asked.
    let dearer = json!({"price": price("40.00"), "from": scene.day(0)});
    scene.provider.user.post(&format!("{path}/prices"), &dearer).created();
    let closed = json!({"accepts_new_clients": false, "earliest_start": scene.day(20)});
    scene.provider.user.put_seen(&path, "*", &closed).ok();
    let first_day = scene.day(5);
    scene.pass(1);
    confirm(&scene.provider, &request).ok();
    let choice = &shown(&scene.renewed(&resident), &voucher)["choice"];
    assert_eq!((&choice["from"], &choice["price"]["price"]["amount"]), (&json!(first_day), &json!("36.00")));
    // What was asked for and is over begins at once.
    scene.pass(6);
    confirm(&scene.provider, &late_request).ok();
    assert_eq!(shown(&scene.renewed(&late), &late_voucher)["choice"]["from"], scene.day(0));
}

#[test]
fn what_cannot_be_chosen_any_more_is_not_confirmed() {
    let mut scene = Scene::answering();
    let (resident, voucher, request) = scene.asking();
    let mut terms = home_care_terms();
    terms["choosing"] = json!({"answer_days": 7});
    terms["price_ceiling"]["amount"] = json!("35.00");
    scene.county.adopt(&scene.care.id, &terms, scene.world.today().plus_days(1));
    scene.pass(1);
    confirm(&scene.provider, &request).refused(422, "not_choosable").at("/path/id", "price_not_allowed");
    let still = shown(&scene.renewed(&resident), &voucher);
    assert_eq!((&still["choice_request"]["state"], still.get("choice")), (&json!("waiting"), None));
}

#[test]
fn where_nobody_is_asked_a_choice_holds_at_once_and_rules_of_the_day_count() {
    let mut scene = Scene::of(&json!({}));
    let (resident, voucher) = scene.holder();
    let chosen = resident.choose(&voucher, &scene.offering).ok();
    assert_eq!((&chosen["status"], chosen.get("choice_request")), (&json!("chosen"), None));
    for (choosing, pointer) in [
        (json!({"answer_days": 0}), "/terms/choosing/answer_days"),
        (json!({"answer_days": 61}), "/terms/choosing/answer_days"),
        (json!({"change_notice_days": 91}), "/terms/choosing/change_notice_days"),
    ] {
        let mut terms = home_care_terms();
        terms["choosing"] = choosing;
        let body = json!({"voucher_type": scene.care.id, "terms": terms});
        scene.county.officer.post("/v1/rulebooks", &body).refused(422, "invalid_input").at(pointer, "out_of_range");
    }
    let mut terms = home_care_terms();
    terms["choosing"] = json!({"answer_days": 3});
    let (rulebook, _) = scene.county.adopt(&scene.care.id, &terms, scene.world.today().plus_days(1));
    let path = format!("/v1/rulebooks/{rulebook}/difference?from={}", scene.care.rulebook);
    let changes = scene.county.officer.get(&path).ok();
    let change = &changes["changes"][0];
    assert_eq!((&change["pointer"], &change["part"]), (&json!("/choosing"), &json!("service")), "{changes}");
    scene.pass(1);
    let (resident, voucher) = scene.holder();
    assert_eq!(resident.choose(&voucher, &scene.offering).ok()["choice_request"]["answer_by"], scene.day(3));
}

#[test]
fn a_clerk_answers_and_a_worker_only_looks() {
    let scene = Scene::answering();
    let (_, _, request) = scene.asking();
    let member = |name: &str| {
        let body = json!({"subject": name, "role": name});
        scene.provider.user.post(&format!("/v1/providers/{}/members", scene.provider.id), &body).created();
        let user = scene.world.user(valinta_domain::policy::Role::Provider, name, None, None);
        Provider { user, ..scene.provider.clone() }
    };
    let (worker, clerk) = (member("worker"), member("clerk"));
    assert_eq!(requests(&worker, "").len(), 1);
    confirm(&worker, &request).refused(403, "forbidden");
    confirm(&clerk, &request).ok();
}

#[test]
fn a_case_worker_takes_a_request_back_for_a_client_who_has_consented() {
    let scene = Scene::answering();
    let (resident, voucher, request) = scene.asking();
    let path = format!("/v1/choice-requests/{request}/withdraw");
    let worker = &scene.county.case_worker;
    worker.post(&path, &json!({})).refused(422, "invalid_input").at("/on_behalf", "required");
    let consent = json!({"on_behalf": {"how": "phone", "given_on": scene.day(0)}});
    resident.user.post(&path, &consent).refused(422, "invalid_input").at("/on_behalf", "not_wanted");
    worker.post(&path, &consent).ok();
    assert_eq!(shown(&resident, &voucher)["choice_request"]["state"], "withdrawn");
    let target = format!("/v1/audit?target={request}");
    let rows = scene.county.auditor.get(&target).ok();
    let row = rows["items"].as_array().unwrap().iter().find(|row| row["action"] == "withdraw_choice_request").unwrap();
    assert_eq!(row["details"]["made_by"], "case_worker", "{row}");
}
