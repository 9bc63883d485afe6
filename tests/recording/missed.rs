//! Visits that the client missed, charged as the rulebook says.

use serde_json::{Value, json};

use super::{Scene, errors};
use crate::support::{home_care_terms, id_of, localized};

/// Cancelled less than a day before, half of the price and at most 30 €, and the voucher is not used up; who does not
/// come, the whole of it. Who was taken to hospital is excused.
fn terms() -> Value {
    json!({"missed": {
        "notice_hours": 24,
        "reasons": [
            {"code": "not_at_home", "text": {"fi": "ei ollut kotona", "sv": "var inte hemma", "en": "was not at home"}},
            {"code": "own_wish", "text": {"fi": "oma toive", "sv": "egen önskan", "en": "own wish"}},
            {"code": "hospital", "text": localized("taken to hospital"), "excused": true},
        ],
        "late_cancellation": {"percent": 50, "up_to": "30.00", "uses_quantity": false},
        "no_show": {"percent": 100, "uses_quantity": true},
    }})
}

/// A visit of today from 6 to 8 (UTC) that was missed.
fn missed(scene: &Scene, kind: &str, reason: &str, cancelled_at: Option<&str>) -> Value {
    let (day, mut row) = (scene.world.today(), scene.provider.delivery(&scene.voucher, "2"));
    row["started_at"] = json!(format!("{day}T06:00:00Z"));
    row["ended_at"] = json!(format!("{day}T08:00:00Z"));
    row["kind"] = json!(kind);
    row["reason_code"] = json!(reason);
    if let Some(at) = cancelled_at {
        row["cancelled_at"] = json!(at);
    }
    row
}

fn money<'a>(event: &'a Value, name: &str) -> &'a str {
    event[name]["amount"].as_str().unwrap_or_else(|| panic!("no {name}: {event}"))
}

fn shares(event: &Value) -> [&str; 3] {
    [money(event, "total"), money(event, "organiser_pays"), money(event, "co_payment")]
}

#[test]
fn a_missed_visit_is_charged_as_the_rulebook_says_and_its_steps_say_so() {
    let mut scene = Scene::of(&terms());
    let day = scene.world.today();
    scene.at(&format!("{day}T12:00:00Z"));
    let eve = format!("{}T07:00:00Z", day.plus_days(-1));
    let late = missed(&scene, "late_cancellation", "own_wish", Some(&eve));
    let late = scene.provider.user.post("/v1/service-events", &late).created();
    let event = &late["event"];
    // Two hours cost 80.00, of which the organiser pays 72.00: half is 40.00, of which 30.00 at most, shared alike.
    assert_eq!(shares(event), ["30.00", "27.00", "3.00"]);
    assert_eq!((&late["available"], &event["kind"]), (&json!("20"), &json!("late_cancellation")));
    assert_eq!((&event["reason_code"], event["cancelled_at"].is_string()), (&json!("own_wish"), true));
    let step = event["steps"].as_array().unwrap().iter().find(|step| step["code"] == "late_cancellation").unwrap();
    assert_eq!((&step["rule"], &step["figure"]), (&json!("/recording/missed/late_cancellation"), &json!("30.00")));
    let finnish = step["text"]["fi"].as_str().unwrap();
    assert!(finnish.contains("alle 24 tuntia ennen") && finnish.contains("(oma toive)"), "{finnish}");

    let absent = scene.provider.user.post("/v1/service-events", &missed(&scene, "no_show", "not_at_home", None));
    let absent = absent.created();
    assert_eq!(shares(&absent["event"]), ["80.00", "72.00", "8.00"]);
    assert_eq!(absent["available"], "18");
    // It is the same visit as far as anybody can tell, and so looked at before it is settled.
    assert_eq!(absent["event"]["status"], "recorded");
    scene.world.ledger_balances();

    // The client sees and contests it as any other; what is withdrawn gives back what it used, and no more.
    let (late, absent) = (id_of(event), id_of(&absent["event"]));
    let seen = scene.resident.user.get(&format!("/v1/service-events/{late}")).ok();
    assert_eq!((&seen["kind"], &seen["reason_code"]), (&json!("late_cancellation"), &json!("own_wish")));
    let contest = json!({"reason": "I called two days before"});
    scene.resident.user.post(&format!("/v1/service-events/{late}/contest"), &contest).ok();
    for (event, left) in [(&late, "18"), (&absent, "20")] {
        let path = format!("/v1/service-events/{event}/withdraw");
        scene.provider.user.post(&path, &json!({"reason_code": "recorded_wrongly"})).ok();
        assert_eq!(scene.available(), left);
    }
    scene.world.ledger_balances();
    let rulebook = scene.world.api.anyone().get(&format!("/v1/voucher-types/{}/rulebook", scene.care.id)).ok();
    assert_eq!(rulebook["terms"]["recording"]["missed"]["notice_hours"], json!(24), "everyone sees it before");
}

#[test]
fn what_was_cancelled_in_time_or_is_excused_is_not_charged() {
    let mut scene = Scene::of(&terms());
    let day = scene.world.today();
    scene.at(&format!("{day}T12:00:00Z"));
    let (in_time, after) = (format!("{}T06:00:00Z", day.plus_days(-1)), format!("{day}T06:00:00Z"));
    let cancelled = |at: &str| missed(&scene, "late_cancellation", "own_wish", Some(at));
    let mut unstarted = cancelled(&format!("{}T07:00:00Z", day.plus_days(-1)));
    for name in ["started_at", "ended_at"] {
        unstarted.as_object_mut().unwrap().remove(name);
    }
    let mut visit = missed(&scene, "visit", "own_wish", None);
    let refused = [
        (cancelled(&in_time), "/cancelled_at", "in_time"),
        (cancelled(&after), "/cancelled_at", "after_start"),
        (unstarted, "/started_at", "span_needed"),
        (missed(&scene, "no_show", "hospital", None), "/reason_code", "excused"),
        (missed(&scene, "no_show", "weather", None), "/reason_code", "unknown"),
        (missed(&scene, "no_show", "not_at_home", Some(&in_time)), "/cancelled_at", "contradiction"),
        (missed(&scene, "late_cancellation", "own_wish", None), "/cancelled_at", "missing_field"),
        (visit.clone(), "/reason_code", "contradiction"),
    ];
    for (n, (body, pointer, code)) in refused.iter().enumerate() {
        let single = scene.provider.user.post("/v1/service-events", body);
        let status = single.status;
        assert_eq!(status, 422, "{body}: {}", single.text);
        let found = single.body["errors"].as_array().unwrap().clone();
        assert!(found.iter().any(|it| it["pointer"] == *pointer && it["code"] == *code), "{body}: {found:?}");
        // The same of a row.
        let mut row = body.clone();
        row["reference"] = json!(format!("r-{n}"));
        let view = scene.batch("mode=per_row", &[row]).ok();
        let expected = (format!("/rows/0{pointer}"), (*code).to_owned());
        assert!(errors(&view["items"][0]).contains(&expected), "{view}");
    }
    visit.as_object_mut().unwrap().remove("reason_code");
    scene.provider.user.post("/v1/service-events", &visit).created();
    assert_eq!(scene.available(), "18");
    scene.world.ledger_balances();
}

/// A public unit may charge a client who does not come 56.70 € (734/1992 § 3, as it was in 2024 and 2025), whatever its
/// client fee is: the visit costs the county 60 € and the client 12.40 €.
#[test]
fn a_public_unit_charges_a_fee_of_its_own_for_a_visit_that_was_missed() {
    let mut terms = home_care_terms();
    terms["value"] = json!({"flat": {"value": "36.00"}});
    terms["recording"]["missed"] = json!({
        "notice_hours": 24,
        "reasons": [{"code": "not_at_home", "text": localized("was not at home")}],
        "no_show": {"amount": "56.70", "client_pays": "all", "uses_quantity": false},
    });
    let fee = json!({"charging": "client_fee", "client_fee": "12.40", "unit_cost": "60.00"});
    let mut scene = Scene::under(&terms, "public", &fee);
    let day = scene.world.today();
    scene.at(&format!("{day}T12:00:00Z"));
    let done =
        scene.provider.user.post("/v1/service-events", &missed(&scene, "no_show", "not_at_home", None)).created();
    let event = &done["event"];
    assert_eq!(shares(event), ["56.70", "0.00", "0.00"]);
    assert_eq!((money(event, "client_fee"), &done["available"]), ("56.70", &json!("20")));
    scene.world.ledger_balances();
}

#[test]
fn a_rulebook_that_charges_for_missed_visits_as_nothing_can_be_is_refused_whole() {
    let scene = Scene::new();
    let mut terms = home_care_terms();
    terms["recording"]["missed"] = json!({
        "notice_hours": 0,
        "reasons": [],
        "no_show": {"percent": 50, "amount": "10.00", "uses_quantity": true},
    });
    let body = json!({"voucher_type": scene.care.id, "terms": terms});
    scene
        .county
        .officer
        .post("/v1/rulebooks", &body)
        .refused(422, "invalid_input")
        .at("/terms/recording/missed/notice_hours", "out_of_range")
        .at("/terms/recording/missed/reasons", "bad_length")
        .at("/terms/recording/missed/no_show", "contradiction");
}
