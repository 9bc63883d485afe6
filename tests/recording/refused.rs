//! Rows that are refused: each with its place, a code and words, and nothing of it written.

use serde_json::{Value, json};

use super::{Scene, errors, outcomes};

/// A row with these members in place of its own; null takes one out.
fn with(mut row: Value, members: &Value) -> Value {
    for (name, member) in members.as_object().unwrap() {
        if member.is_null() {
            row.as_object_mut().unwrap().remove(name);
        } else {
            row[name] = member.clone();
        }
    }
    row
}

#[test]
fn every_bad_row_is_told_at_its_place_and_keeps_no_other_back() {
    let scene = Scene::new();
    let day = scene.world.today();
    let at = |time: &str| json!(format!("{day}T{time}:00Z"));
    let cases: Vec<(Value, &str, &str)> = vec![
        (json!({"reference": null}), "/reference", "missing_field"),
        (json!({"reference": ""}), "/reference", "length"),
        (json!({"reference": "with blank"}), "/reference", "invalid"),
        (json!({"reference": "good"}), "/reference", "duplicate"),
        (json!({"voucher": null}), "/voucher", "missing_field"),
        (json!({"voucher": "no-id"}), "/voucher", "invalid"),
        (json!({"voucher": scene.world.unknown_id()}), "/voucher", "unknown"),
        (json!({"quantity": "-1"}), "/quantity", "invalid"),
        (json!({"quantity": "0"}), "/quantity", "zero"),
        (json!({"quantity": "99999999999"}), "/quantity", "invalid"),
        (json!({"quantity": "900000"}), "/quantity", "over_balance"),
        (json!({"quantity": "0.001"}), "/quantity", "not_a_step"),
        (json!({"quantity": 1}), "/quantity", "invalid_type"),
        (json!({"day": day.plus_days(1)}), "/day", "in_the_future"),
        (json!({"day": day.plus_days(-400)}), "/day", "no_rulebook"),
        (json!({"day": "2026-02-30"}), "/day", "invalid"),
        (json!({"started_at": at("05:00"), "ended_at": at("04:00")}), "/ended_at", "before_start"),
        (json!({"started_at": at("05:00"), "ended_at": at("05:00")}), "/ended_at", "before_start"),
        (json!({"started_at": at("05:00")}), "/ended_at", "missing_field"),
        (json!({"ended_at": at("05:00")}), "/started_at", "missing_field"),
        (json!({"started_at": at("03:00"), "ended_at": at("05:00")}), "/quantity", "not_the_span"),
        (json!({"worker": "Maija M"}), "/worker", "invalid"),
        (json!({"facts": {"colour": "red"}}), "/facts/colour", "unfit"),
        (json!({"kind": "party"}), "/kind", "unknown_value"),
        (json!({"kind": "no_show"}), "/reason_code", "missing_field"),
        (json!({"kind": "no_show", "reason_code": "not_at_home"}), "/kind", "not_charged"),
        (json!({"note": "one more"}), "/note", "unknown_field"),
    ];
    let mut rows = vec![scene.row("good", "1")];
    for (n, (members, ..)) in cases.iter().enumerate() {
        rows.push(with(scene.row(&format!("bad-{n}"), "1"), members));
    }
    rows.push(scene.row("good-2", "2"));
    for query in ["mode=per_row&dry_run=true", "mode=per_row"] {
        let view = scene.batch(query, &rows).ok();
        let items = view["items"].as_array().unwrap();
        for (place, (members, pointer, code)) in cases.iter().enumerate() {
            let item = &items[place + 1];
            let expected = (format!("/rows/{}{pointer}", place + 1), (*code).to_owned());
            assert_eq!(item["outcome"], "refused", "{members}: {item}");
            assert!(errors(item).contains(&expected), "{members}: {expected:?} is not in {:?}", errors(item));
            let words = item["problem"]["errors"][0]["detail"].as_str().unwrap();
            assert!(!words.is_empty(), "{item}");
        }
        let outcomes = outcomes(&view);
        assert_eq!((outcomes[0], outcomes[outcomes.len() - 1]), ("recorded", "recorded"));
        assert_eq!((&view["recorded"], &view["refused"]), (&json!(2), &json!(cases.len())));
    }
    assert_eq!((scene.available(), scene.events().len()), (json!("17"), 2));
    scene.world.ledger_balances();
}

#[test]
fn what_is_wrong_with_the_whole_is_told_of_the_whole() {
    let scene = Scene::new();
    scene.batch("", &[]).refused(422, "invalid_input").at("/rows", "length");
    let many: Vec<Value> = (0..1_001).map(|n| scene.row(&format!("r-{n}"), "0.01")).collect();
    scene.batch("", &many).refused(422, "invalid_input").at("/rows", "length").saying("1 to 1000 rows");
    scene.batch("mode=some", &[scene.row("r-1", "1")]).refused(422, "invalid_input").at("/query/mode", "unknown_value");
    let user = &scene.provider.user;
    let twice = r#"{"rows": [{"day": "2026-11-01", "day": "2026-11-02"}]}"#;
    let sent = user.send("POST", "/v1/service-events/batch", &[("Idempotency-Key", "twice")], Some(twice));
    sent.refused(422, "invalid_input").at("/rows/0/day", "duplicate_field");
    user.send("POST", "/v1/service-events/batch", &[], Some("{\"rows\": []}")).refused(400, "idempotency_key_missing");
    scene.resident.user.post("/v1/service-events/batch", &json!({"rows": []})).refused(403, "forbidden");
    assert!(scene.events().is_empty());
}

#[test]
fn a_service_after_the_voucher_was_cancelled_is_refused_and_what_another_provider_has_is_not_there() {
    let scene = Scene::new();
    let stranger = crate::support::Provider::register(&scene.world, 7, "Another provider", "ngo");
    let row = scene.row("r-1", "1");
    let seen = stranger.user.post("/v1/service-events/batch?mode=per_row", &json!({"rows": [row]})).ok();
    assert_eq!(errors(&seen["items"][0]), [("/rows/0/voucher".to_owned(), "unknown".to_owned())]);
    let reasons = crate::support::localized("Moved away");
    let cancel = format!("/v1/vouchers/{}/cancel", scene.voucher);
    scene.county.case_worker.post(&cancel, &json!({"reasons": reasons})).ok();
    let view = scene.batch("mode=per_row", &[scene.row("r-1", "1")]).ok();
    assert_eq!((outcomes(&view), scene.events().len()), (vec!["refused"], 0));
    assert!(errors(&view["items"][0]).iter().all(|(pointer, _)| pointer.starts_with("/rows/0/")), "{view}");
    scene.world.ledger_balances();
}
