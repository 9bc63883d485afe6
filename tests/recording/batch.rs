//! Batches: what becomes of their rows, and of batches that are sent again.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Scene, errors, outcomes};

#[test]
fn rows_of_one_voucher_see_what_those_before_have_used() {
    let scene = Scene::new();
    let rows = [scene.hour("r-1", 3), scene.row("r-2", "18"), scene.row("r-3", "1.5"), scene.hour("r-4", 4)];
    let tried = scene.batch("mode=per_row&dry_run=true", &rows).ok();
    assert_eq!(outcomes(&tried), ["recorded", "recorded", "refused", "recorded"]);
    assert_eq!((&tried["dry_run"], &tried["recorded"], &tried["refused"]), (&json!(true), &json!(3), &json!(1)));
    let first = &tried["items"][0];
    assert_eq!((&first["organiser_pays"]["amount"], &first["co_payment"]["amount"]), (&json!("36.00"), &json!("4.00")));
    assert_eq!((&first["available"], first.get("service_event")), (&json!("19"), None));
    assert_eq!(scene.available(), "20", "a batch that is tried stores nothing");
    assert!(scene.events().is_empty());

    let done = scene.batch("mode=per_row", &rows).ok();
    assert_eq!(outcomes(&done), ["recorded", "recorded", "refused", "recorded"]);
    let refused = &done["items"][2];
    assert_eq!(refused["problem"]["type"], "/docs/problems#insufficient_balance");
    assert_eq!(errors(refused), [("/rows/2/quantity".to_owned(), "over_balance".to_owned())]);
    assert_eq!((&done["items"][3]["available"], scene.available()), (&json!("0"), json!("0")));
    let event = done["items"][0]["service_event"].as_str().unwrap();
    let shown = scene.provider.user.get(&format!("/v1/service-events/{event}")).ok();
    assert_eq!((&shown["reference"], &shown["kind"]), (&json!("r-1"), &json!("visit")));
    let client = scene.resident.user.get(&format!("/v1/service-events/{event}")).ok();
    assert!(client.get("reference").is_none(), "{client}");
    scene.world.ledger_balances();
}

#[test]
fn a_voucher_is_named_by_its_id_or_by_the_number_that_the_client_gave() {
    let scene = Scene::new();
    let shown = scene.resident.user.get(&format!("/v1/vouchers/{}", scene.voucher)).ok();
    let number = shown["number"].as_str().unwrap();
    let by = |voucher: &str, mut row: Value| {
        row["voucher"] = json!(voucher);
        row
    };
    let as_it_was_said = number.replace('-', " ").to_lowercase();
    let recorded = scene.provider.user.post("/v1/service-events", &by(&as_it_was_said, scene.hour("r-0", 2))).created();
    assert_eq!(recorded["event"]["voucher"], scene.voucher);
    // Rows of one voucher are known for it, by whichever name: what is left is taken in their order.
    let rows = [
        by(number, scene.hour("r-0", 2)),
        scene.row("r-1", "17"),
        by(number, scene.row("r-2", "1.5")),
        scene.row("r-3", "1"),
        by("0000-0000-0000-0000", scene.row("r-4", "1")),
    ];
    let done = scene.batch("mode=per_row", &rows).ok();
    assert_eq!(outcomes(&done), ["repeated", "recorded", "recorded", "refused", "refused"]);
    assert_eq!(errors(&done["items"][3]), [("/rows/3/quantity".to_owned(), "over_balance".to_owned())]);
    assert_eq!(errors(&done["items"][4]), [("/rows/4/voucher".to_owned(), "unknown".to_owned())]);
    let neither = by("a voucher", scene.row("r-5", "1"));
    scene.provider.user.post("/v1/service-events", &neither).refused(422, "invalid_input").at("/voucher", "invalid");
    scene.world.ledger_balances();
}

#[test]
fn where_all_or_nothing_is_asked_one_refused_row_keeps_all_back() {
    let scene = Scene::new();
    let rows = [scene.row("r-1", "5"), scene.row("r-2", "16"), scene.hour("r-3", 3)];
    scene
        .batch("", &rows)
        .refused(422, "invalid_input")
        .at("/rows/1/quantity", "over_balance")
        .saying("1 of 3 rows are refused, and nothing is recorded");
    assert_eq!((scene.available(), scene.events().len()), (json!("20"), 0));
    let done = scene.batch("mode=all_or_nothing", &[rows[0].clone(), rows[2].clone()]).ok();
    assert_eq!((outcomes(&done), scene.available()), (vec!["recorded", "recorded"], json!("14")));
    scene.world.ledger_balances();
}

#[test]
fn what_is_sent_again_is_not_recorded_again() {
    let scene = Scene::new();
    let rows = [scene.hour("r-1", 3), scene.hour("r-2", 4)];
    let body = json!({"rows": rows});
    for mode in ["per_row", "all_or_nothing"] {
        let path = format!("/v1/service-events/batch?mode={mode}");
        let key = format!("batch-{mode}");
        let first = scene.provider.user.post_keyed(&path, &key, &body);
        let again = scene.provider.user.post_keyed(&path, &key, &body);
        assert_eq!((first.text.clone(), again.header("idempotent-replayed")), (again.text.clone(), Some("true")));
        scene
            .provider
            .user
            .post_keyed(&path, &key, &json!({"rows": [scene.hour("r-9", 5)]}))
            .refused(422, "idempotency_key_reused");
    }
    assert_eq!((scene.events().len(), scene.available()), (2, json!("18")));

    // Under another key it is known by its references; a dry run takes none up.
    let mut other = scene.hour("r-2", 4);
    other["worker"] = json!("w-1");
    let key = "batch-again";
    let (path, trial) = ("/v1/service-events/batch?mode=per_row", "&dry_run=true");
    let rows = json!({"rows": [scene.hour("r-1", 3), other, scene.hour("r-3", 5)]});
    let tried = scene.provider.user.post_keyed(&format!("{path}{trial}"), key, &rows).ok();
    let done = scene.provider.user.post_keyed(path, key, &rows).ok();
    for view in [&tried, &done] {
        assert_eq!(outcomes(view), ["repeated", "refused", "recorded"]);
        assert_eq!(errors(&view["items"][1]), [("/rows/1/reference".to_owned(), "other_content".to_owned())]);
    }
    assert_eq!((&done["repeated"], scene.available()), (&json!(1), json!("17")));
    assert_eq!(tried["items"][0]["service_event"], done["items"][0]["service_event"]);

    // A single one is recorded by the same door.
    let single = |row: &Value| scene.provider.user.post("/v1/service-events", row);
    let repeated = single(&scene.hour("r-3", 5)).ok();
    assert_eq!(repeated["event"]["id"], done["items"][2]["service_event"]);
    single(&scene.hour("r-3", 6)).refused(409, "duplicate").at("/reference", "other_content");
    assert_eq!(scene.available(), "17");
    scene.world.ledger_balances();
}

#[test]
fn what_may_have_been_recorded_already_is_looked_at_within_a_batch_too() {
    let scene = Scene::of(&json!({"acceptance": {"up_to": "50.00"}}));
    let (other, mut rows) = (scene.another_voucher("20"), Vec::new());
    for (reference, hour, worker) in [("r-1", 3, "w-7"), ("r-2", 4, "w-7"), ("r-3", 4, "w-7"), ("r-4", 5, "w-7")] {
        let mut row = scene.hour(reference, hour);
        row["worker"] = json!(worker);
        if reference == "r-3" {
            row["voucher"] = json!(other);
        }
        rows.push(row);
    }
    rows.push(scene.row("r-5", "2"));
    rows.push(scene.row("r-6", "2"));
    let done = scene.batch("mode=per_row", &rows).ok();
    assert_eq!(outcomes(&done), ["recorded"; 6]);
    let statuses: Vec<&Value> = done["items"].as_array().unwrap().iter().map(|item| &item["status"]).collect();
    // r-2 and r-3 overlap: the one that comes second is looked at. Two hours are dear.
    assert_eq!((statuses[0], statuses[3], statuses[4]), (&json!("accepted"), &json!("accepted"), &json!("recorded")));
    let flags = |place: usize| done["items"][place]["flags"].clone();
    assert!([flags(1), flags(2)].contains(&json!(["worker_elsewhere"])), "{done}");
    assert_eq!((flags(4), flags(5)), (Value::Null, json!(["same_as_another"])));
    scene.world.ledger_balances();
}

#[test]
fn of_batches_at_the_same_time_none_records_a_service_twice_and_none_waits_for_the_other_for_good() {
    let scene = Scene::new();
    let vouchers: Vec<String> =
        std::iter::once(scene.voucher.clone()).chain((0..4).map(|_| scene.another_voucher("20"))).collect();
    let row = |n: usize| {
        let mut row = scene.row(&format!("r-{n}"), &format!("0.{}", 1 + n % 9));
        row["voucher"] = json!(vouchers[n % vouchers.len()]);
        row
    };
    let forward: Vec<Value> = (0..40).map(row).collect();
    let backward: Vec<Value> = forward.iter().rev().cloned().collect();
    let done: Vec<Value> = thread::scope(|scope| {
        let running: Vec<_> = ["mode=per_row", "", "mode=per_row", ""]
            .into_iter()
            .zip([&forward, &backward, &backward, &forward])
            .map(|(query, rows)| scope.spawn(|| scene.batch(query, rows).ok()))
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |name: &str| done.iter().map(|view| view[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("recorded"), sum("repeated"), sum("refused")), (40, 120, 0));
    assert_eq!(scene.events().len(), 40);
    scene.world.ledger_balances();
}

/// How many rows there are in the batch that is measured; `VALINTA_BATCH_ROWS` says another number, up to 1,000.
fn rows_measured() -> usize {
    std::env::var("VALINTA_BATCH_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(100)
}

#[test]
fn many_rows_are_recorded_and_others_need_not_wait_for_them() {
    let scene = Scene::new();
    let vouchers: Vec<String> = (0..10).map(|_| scene.another_voucher("20")).collect();
    let row = |n: usize| {
        let mut row = scene.row(&format!("r-{n}"), "0.1");
        row["voucher"] = json!(vouchers[n % vouchers.len()]);
        row
    };
    let many = rows_measured();
    let rows: Vec<Value> = (0..many).map(row).collect();
    let began = Instant::now();
    let tried = scene.batch("dry_run=true", &rows).ok();
    println!("a dry run of {many} rows took {:?}", began.elapsed());
    assert_eq!(tried["recorded"], json!(many));
    let began = Instant::now();
    let done = thread::scope(|scope| {
        let batch = scope.spawn(|| scene.batch("mode=per_row", &rows[..many / 2]).ok());
        let mut longest = Duration::ZERO;
        while !batch.is_finished() {
            let asked = Instant::now();
            scene.county.case_worker.get(&format!("/v1/vouchers/{}", scene.voucher)).ok();
            longest = longest.max(asked.elapsed());
        }
        println!("{} rows, row by row, took {:?}; others waited {longest:?} at most", many / 2, began.elapsed());
        batch.join().unwrap()
    });
    assert_eq!(done["recorded"], json!(many / 2));
    let began = Instant::now();
    let rest = scene.batch("mode=all_or_nothing", &rows).ok();
    println!("half of {many} rows new in one transaction took {:?}", began.elapsed());
    assert_eq!((&rest["recorded"], &rest["repeated"]), (&json!(many - many / 2), &json!(many / 2)));
    scene.world.ledger_balances();
}
