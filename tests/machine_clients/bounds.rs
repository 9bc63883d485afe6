//! Where a program ends: what takes people, what its token does not read, and what goes with it when it is ended.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use valinta_domain::policy::Role;
use valinta_persistence::testing::faults::Death;
use valinta_service::deadlines::run_once;

use super::{user, with_secret};
use crate::support::{County, Provider, User, World, id_of};

/// A program, by its id, with a token for all that it may.
fn program(world: &World, keeper: &User, body: &Value) -> (String, User) {
    let client = id_of(&keeper.post("/v1/machine-clients", body).created());
    let secret =
        keeper.post(&format!("/v1/machine-clients/{client}/credentials"), &json!({"secret_days": 2})).created();
    let user = user(world, &with_secret(world, &client, secret["secret"].as_str().unwrap()));
    (client, user)
}

fn of_county(county: &County, scopes: &[&str]) -> Value {
    json!({"name": "System", "organiser": county.id, "role": "case-worker", "scopes": scopes})
}

#[test]
fn what_takes_a_second_person_is_no_programs() {
    let world = World::start();
    let county = County::found(&world);
    let provider = Provider::register(&world, 1, "Keksitty Hoiva", "company");
    for (role, scope) in
        [("officer", "rulebooks:adopt"), ("finance", "statements:approve"), ("officer", "provider-changes:decide")]
    {
        let body = json!({"name": "Second", "organiser": county.id, "role": role, "scopes": [scope]});
        let answer = world.operator().post("/v1/machine-clients", &body);
        assert_eq!(answer.refused(422, "invalid_input").errors()[0].0, "/scopes", "{scope}");
    }
    let worker = |scopes: &[&str]| json!({"name": "Second", "provider": provider.id, "role": "provider", "member_role": "worker", "scopes": scopes});
    let answer = provider.user.post("/v1/machine-clients", &worker(&["provider-changes:decide"]));
    assert_eq!(answer.refused(422, "invalid_input").errors()[0].0, "/scopes");

    // Nor does it become an admin by and by.
    let (client, _) = program(&world, &provider.user, &worker(&["service-events:write"]));
    let members = format!("/v1/providers/{}/members", provider.id);
    let put = |role: &str| provider.user.post(&members, &json!({"subject": client, "role": role}));
    put("admin").refused(422, "invalid_input").at("/role", "not_for_it");
    put("clerk").ok();
    provider.user.post(&members, &json!({"subject": world.unknown_id(), "role": "admin"})).created();
}

#[test]
fn a_program_hears_of_what_its_token_can_read() {
    let world = World::start();
    let county = County::found(&world);
    let care = county.home_care();
    county.issue(&county.client(), &care, "20");
    run_once(&world.apps[0]).unwrap();
    let scopes = ["events:read", "vouchers:read", "webhooks:write", "webhooks:read"];
    let (_, some) = program(&world, &world.operator(), &of_county(&county, &scopes));
    let (_, few) = program(&world, &world.operator(), &of_county(&county, &["events:read"]));
    let kinds = |user: &User| {
        let page = user.get("/v1/events?limit=100").ok();
        page["items"].as_array().unwrap().iter().map(|event| event["type"].clone()).collect::<Vec<_>>()
    };
    assert!(kinds(&some).contains(&json!("voucher.offered")));
    assert!(!kinds(&few).contains(&json!("voucher.offered")), "it reads no vouchers");
    assert!(kinds(&few).contains(&json!("rulebook.adopted")));
    assert_eq!(few.get("/v1/events?types=voucher.offered").ok()["items"], json!([]));

    let url = "http://127.0.0.1:9/";
    let refused = some.post("/v1/webhooks", &json!({"url": url, "types": ["voucher.offered", "mandate.recorded"]}));
    refused.refused(422, "invalid_input").at("/types/1", "not_for_it");
    let told = |user: &User| user.post("/v1/webhooks", &json!({"url": url})).created().get("types").cloned();
    let types = told(&some).unwrap();
    let has = |kind: &str| types.as_array().unwrap().contains(&json!(kind));
    assert!(has("voucher.offered") && has("webhook.disabled") && !has("mandate.recorded"), "{types}");
    assert_eq!(told(&county.case_worker).unwrap_or_default(), Value::Null, "all that there is and will be");
}

#[test]
fn what_a_program_has_made_is_not_called_once_it_is_ended() {
    let world = World::start();
    let county = County::found(&world);
    let (client, system) =
        program(&world, &world.operator(), &of_county(&county, &["webhooks:write", "webhooks:read"]));
    let make = |user: &User| id_of(&user.post("/v1/webhooks", &json!({"url": "http://127.0.0.1:9/"})).created());
    let (of_program, of_person) = (make(&system), make(&county.case_worker));
    world.operator().post(&format!("/v1/machine-clients/{client}/end"), &json!({})).ok();
    let state = |id: &str| county.case_worker.get(&format!("/v1/webhooks/{id}")).ok()["state"].clone();
    assert_eq!((state(&of_program), state(&of_person)), (json!("disabled"), json!("active")));
    run_once(&world.apps[0]).unwrap();
    let told = county.case_worker.get("/v1/events?types=webhook.disabled").ok();
    assert_eq!(told["items"][0]["data"]["webhook"], json!(of_program));
    // Who takes over what it did can have it called again.
    county.case_worker.post(&format!("/v1/webhooks/{of_program}/enable"), &json!({})).ok();
}

#[test]
fn a_batch_is_not_gone_on_with_once_the_program_that_asked_is_ended() {
    let mut world = World::start();
    let mut county = County::found(&world);
    let care = county.home_care();
    let rows: Vec<Value> = (0..3)
        .map(|n| {
            let mut row = county.voucher_request(&county.client(), &care, "20", "1650.00");
            row.as_object_mut().unwrap().remove("duplicate");
            row["reference"] = json!(format!("r-{n}"));
            row
        })
        .collect();
    let (client, system) = program(&world, &world.operator(), &of_county(&county, &["vouchers:write"]));
    world.faults.arm(Death::AfterCommit, 0);
    let _ = system.try_post("/v1/voucher-batches?mode=per_row", "one", &json!({"rows": rows}));
    let began = Instant::now();
    while !world.faults.is_dead() && began.elapsed() < Duration::from_secs(2) {
        thread::sleep(Duration::from_millis(5));
    }
    world.restart();
    county.case_worker = world.user(Role::CaseWorker, "case-worker-0", Some(&county.id), None);
    let listed = county.case_worker.get("/v1/voucher-batches").ok();
    let batch = format!("/v1/voucher-batches/{}", listed["items"][0]["id"].as_str().unwrap());
    assert_eq!(listed["items"][0]["state"], "running");
    world.operator().post(&format!("/v1/machine-clients/{client}/end"), &json!({})).ok();
    run_once(world.apps.last().unwrap()).unwrap();
    let ended = county.case_worker.get(&batch).ok();
    assert_eq!((&ended["state"], &ended["issued"]), (&json!("refused"), &json!(0)), "{ended}");
    assert!(ended["why"].as_str().unwrap().contains("ended"), "{ended}");
    assert_eq!(county.case_worker.get("/v1/vouchers").ok()["items"], json!([]));
}
