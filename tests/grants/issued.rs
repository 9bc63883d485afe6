//! What is said when a voucher is issued: days that have gone by, and accounting codes.

use serde_json::{Value, json};

use super::{Scene, text};
use crate::support::{County, World, terms_with};

#[test]
fn a_voucher_is_issued_for_days_that_have_gone_by_as_far_as_the_rulebook_lets_it() {
    let world = World::start();
    let county = County::found(&world);
    let kind = county.publish("service", "hour", &terms_with(&json!({"grant": {"retroactive_days_max": 14}})));
    let usual = county.publish("usual", "hour", &terms_with(&json!({})));
    let resident = county.client();
    let ask = |kind, from: &str| {
        let mut request = county.voucher_request(&resident, kind, "10", "1650.00");
        request["valid_from"] = json!(from);
        county.case_worker.post("/v1/vouchers", &request)
    };
    let refused = ask(&usual, "2026-11-10").refused(422, "invalid_input");
    refused.at("/valid_from", "in_the_past").saying("2026-11-11");
    ask(&kind, "2026-10-27").refused(422, "invalid_input").at("/valid_from", "in_the_past").saying("2026-10-28");
    let issued = ask(&kind, "2026-10-28").created();
    assert_eq!(text(&issued["voucher"], "valid_from"), "2026-10-28");
    assert_eq!(
        (text(&issued["steps"][0], "code"), &issued["voucher"]["allotments"][0]["granted"]),
        ("retroactive", &json!("10"))
    );
    let decision = county.case_worker.get(&format!("/v1/decisions/{}", text(&issued, "decision"))).ok();
    assert_eq!(text(&decision["steps"][0]["inputs"], "retroactive_days_max"), "14");
    let today = ask(&kind, "2026-11-11").created();
    assert!(!today["steps"].to_string().contains("retroactive"), "{today}");
    world.ledger_balances();
}

#[test]
fn costs_are_known_by_a_code_that_the_rulebook_finds_or_somebody_sets() {
    let scene = Scene::under(&json!({"accounting": {
        "municipalities": [{"municipality": "609", "accounting_code": "4310-609"}],
        "otherwise": "4310",
    }}));
    assert_eq!(text(&scene.shown(), "accounting_code"), "4310-609");
    for user in [&scene.county.finance, &scene.county.auditor] {
        assert_eq!(text(&user.get(&scene.path("")).ok(), "accounting_code"), "4310-609");
    }
    for user in [&scene.resident.user, &scene.provider.user] {
        assert!(user.get(&scene.path("")).ok().get("accounting_code").is_none());
    }
    let set =
        |code: Value| scene.county.case_worker.put(&scene.path("/accounting-code"), &json!({"accounting_code": code}));
    for malformed in [json!(""), json!("with blank"), json!("x".repeat(65)), json!("ä"), json!(7)] {
        let refused = set(malformed.clone());
        assert_eq!(refused.status, 422, "{malformed}: {}", refused.text);
        assert!(refused.text.contains("/accounting_code"), "{}", refused.text);
    }
    assert_eq!(text(&set(json!("5500/2")).ok(), "accounting_code"), "5500/2");
    assert!(set(Value::Null).ok().get("accounting_code").is_none());
    scene.change("/cancel", &json!({})).ok();
    set(json!("9")).ok();
    let trail = scene.county.auditor.get(&format!("/v1/audit?target={}", scene.voucher)).ok();
    let rows = trail["items"].as_array().unwrap().iter().filter(|row| row["action"] == "set_accounting_code");
    let changes: Vec<_> = rows.map(|row| row["details"]["to"].clone()).collect();
    assert_eq!(changes.len(), 3, "{trail}");
    scene.is_sound();
}

#[test]
fn a_code_that_comes_with_the_request_is_taken_before_the_rulebooks() {
    let world = World::start();
    let county = County::found(&world);
    let kind = county.publish("service", "hour", &terms_with(&json!({"accounting": {"otherwise": "4310"}})));
    let plain = county.publish("plain", "hour", &terms_with(&json!({})));
    let resident = county.client();
    let ask = |kind, code: Value| {
        let mut request = county.voucher_request(&resident, kind, "10", "1650.00");
        request["accounting_code"] = code;
        county.case_worker.post("/v1/vouchers", &request)
    };
    assert_eq!(text(&ask(&kind, json!("own-1")).created()["voucher"], "accounting_code"), "own-1");
    assert_eq!(text(&ask(&kind, Value::Null).created()["voucher"], "accounting_code"), "4310");
    assert!(ask(&plain, Value::Null).created()["voucher"].get("accounting_code").is_none());
    assert_eq!(ask(&plain, json!("no good")).status, 422);
}
