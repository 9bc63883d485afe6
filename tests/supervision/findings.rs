//! Findings of supervision: noted, answered, closed; and their deadlines.

use serde_json::{Value, json};

use super::scene::{Scene, code_of, measure, tag};
use crate::support::{County, Provider, id_of};

/// A finding from its note to its conclusion. What was shown of it in the end, without ids.
fn finding_of(sector: &str) -> Value {
    let mut scene = Scene::of(sector);
    let unit = scene.approval()["unit"].clone();
    let noted = json!({
        "provider": scene.provider.id,
        "unit": unit,
        "subject": "staff",
        "description": "Two of five shifts were short of staff",
        "deadline": scene.day(14),
    });
    let noted = scene.county.officer.post("/v1/findings", &noted).created();
    let id = id_of(&noted);
    let path = format!("/v1/findings/{id}");
    assert_eq!(scene.provider.user.get("/v1/findings?state=open").ok()["items"][0]["id"], id.as_str());
    let seen = tag(&scene.county.officer, &path);
    scene.provider.user.post(&format!("{path}/answer"), &json!({"text": "Two were hired"})).ok();
    scene.provider.user.post(&format!("{path}/answer"), &json!({"text": "Three"})).refused(409, "wrong_state");
    // The officer has not read the answer.
    let close = json!({"conclusion": "In order now"});
    let stale = scene.county.officer.post_seen(&format!("{path}/close"), &seen, &close);
    stale.refused(412, "precondition_failed");
    // A measure can name it.
    let mut notice = measure("notice", "breach");
    notice["finding"] = json!(id);
    assert_eq!(scene.open(&notice).created()["finding"], id.as_str());
    let seen = tag(&scene.county.officer, &path);
    let mut closed = scene.county.officer.post_seen(&format!("{path}/close"), &seen, &close).ok();
    scene.county.officer.post_seen(&format!("{path}/close"), "*", &close).refused(409, "wrong_state");
    scene.pass(20);
    let told = valinta_service::deadlines::run_once(&scene.world.apps[0]).unwrap();
    // The hearing is over; a closed finding has no deadline any more.
    assert_eq!(told.deadlines, 1);
    for member in ["id", "organiser", "provider", "unit"] {
        closed.as_object_mut().unwrap().remove(member);
    }
    closed
}

#[test]
fn own_and_bought_production_are_supervised_alike() {
    assert_eq!(finding_of("company"), finding_of("public"));
}

#[test]
fn a_passed_deadline_is_told_once() {
    let mut scene = Scene::of("company");
    let noted = |subject: &str, days: i64| json!({"provider": scene.provider.id, "subject": subject, "description": "x", "deadline": scene.day(days)});
    scene.county.officer.post("/v1/findings", &noted("quality", 3)).created();
    scene.county.officer.post("/v1/findings", &noted("safety", 30)).created();
    scene.pass(4);
    let app = scene.world.apps[0].clone();
    for told in [1, 0] {
        assert_eq!(valinta_service::deadlines::run_once(&app).unwrap().deadlines, told);
    }
    assert_eq!(scene.told("finding.deadline_passed").len(), 1);
}

#[test]
fn findings_are_noted_of_what_the_organiser_knows_and_seen_by_nobody_else() {
    let scene = Scene::of("company");
    let noted = |provider: &str, members: Value| {
        let mut body = json!({"provider": provider, "subject": "other", "description": "Something"});
        for (name, member) in members.as_object().unwrap() {
            body[name] = member.clone();
        }
        scene.county.officer.post("/v1/findings", &body)
    };
    let stranger = Provider::register(&scene.world, 7, "Stranger", "company");
    noted(&stranger.id, json!({})).refused(404, "not_found");
    noted(&scene.provider.id, json!({"unit": stranger.unit()})).refused(404, "not_found");
    let both = noted(&scene.provider.id, json!({"found_on": scene.day(1), "deadline": scene.day(-1)}));
    assert_eq!(both.body["errors"].as_array().unwrap().len(), 2);
    assert_eq!(code_of(&both), "in_the_future");
    let blank = noted(&scene.provider.id, json!({"description": "   "}));
    blank.refused(422, "invalid_input");
    let id = id_of(&noted(&scene.provider.id, json!({})).created());
    stranger.user.get(&format!("/v1/findings/{id}")).refused(404, "not_found");
    assert_eq!(stranger.user.get("/v1/findings").ok()["items"], json!([]));
    let elsewhere = County::found_as(&scene.world, 1, &[("743", "Seinäjoki", "Seinäjoki")]);
    elsewhere.officer.get(&format!("/v1/findings/{id}")).refused(404, "not_found");
    elsewhere.auditor.get(&format!("/v1/findings/{id}")).refused(404, "not_found");
    let shown = scene.provider.user.get(&format!("/v1/findings/{id}")).ok();
    assert!(shown["created_by"].is_null(), "{shown}");
    scene.county.auditor.get(&format!("/v1/findings/{id}")).ok();
}
