//! A voucher cannot be overdrawn and a retry does nothing twice, however many come at once.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::support::{Answer, County, Provider, Resident, World, price};

const AT_ONCE: usize = 64;

/// Has many record an hour of the voucher at the same moment; each under the key that it is given.
fn all_at_once(provider: &Provider, voucher: &str, key: impl Fn(usize) -> String) -> Vec<Answer> {
    let barrier = Barrier::new(AT_ONCE);
    let body = provider.delivery(voucher, "1");
    thread::scope(|scope| {
        let recorders: Vec<_> = (0..AT_ONCE)
            .map(|n| {
                let (user, key, body, barrier) = (provider.user.clone(), key(n), &body, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    user.post_keyed("/v1/service-events", &key, body)
                })
            })
            .collect();
        recorders.into_iter().map(|recorder| recorder.join().unwrap()).collect()
    })
}

fn used_entries(ledger: &Value) -> usize {
    ledger["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "used").count()
}

/// A voucher of 20 hours a month that is valid until a day, with its resident and the provider chosen.
fn voucher_until(county: &County, day: &str) -> (String, Resident, Provider) {
    let home_care = county.home_care();
    let (provider, offering) = Provider::approved(county, 1, "company", &home_care, &price("36.00"));
    let resident = county.client();
    let mut request = county.voucher_request(&resident, &home_care, "20", "1650.00");
    request["valid_until"] = json!(day);
    let issued = county.case_worker.post("/v1/vouchers", &request).created();
    let voucher = issued["voucher"]["id"].as_str().unwrap().to_owned();
    resident.accept(&voucher);
    resident.choose(&voucher, &offering).ok();
    (voucher, resident, provider)
}

/// Has 64 record an hour each of a voucher with 20, sees that 20 succeed, and gives back the refusals.
fn twenty_of_64_succeed(world: &World, voucher: &str, resident: &Resident, provider: &Provider) -> Vec<Answer> {
    let answers = all_at_once(provider, voucher, |n| format!("distinct-{n}"));
    let (recorded, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((recorded.len(), refused.len()), (20, 44));
    let mut left: Vec<i64> =
        recorded.iter().map(|answer| answer.body["available"].as_str().unwrap().parse().unwrap()).collect();
    left.sort_unstable();
    assert_eq!(left, (0..20).collect::<Vec<i64>>(), "each saw what the one before had left");
    assert_eq!(used_entries(&resident.ledger(voucher)), 20);
    let events = provider.user.get(&format!("/v1/service-events?voucher={voucher}&limit=100")).ok();
    assert_eq!(events["items"].as_array().unwrap().len(), 20);
    world.audit_rows();
    refused
}

#[test]
fn of_64_at_once_exactly_as_many_succeed_as_the_month_has_left() {
    let world = World::start();
    let county = County::found(&world);
    let (voucher, resident, provider) = voucher_until(&county, "2026-12-31");
    for refused in twenty_of_64_succeed(&world, &voucher, &resident, &provider) {
        refused.refused(422, "insufficient_balance").at("/quantity", "over_balance");
    }
    assert_eq!(resident.ledger(&voucher)["available"], "20", "December is untouched");
}

#[test]
fn of_64_at_once_the_last_to_succeed_uses_the_voucher_up() {
    let world = World::start();
    let county = County::found(&world);
    let (voucher, resident, provider) = voucher_until(&county, "2026-11-30");
    for refused in twenty_of_64_succeed(&world, &voucher, &resident, &provider) {
        refused.refused(409, "wrong_state");
    }
    assert_eq!(resident.ledger(&voucher)["available"], "0");
    let shown = resident.user.get(&format!("/v1/vouchers/{voucher}")).ok();
    assert_eq!((&shown["status"], &shown["allotments"][0]["used"]), (&json!("used_up"), &json!("20")));
}

#[test]
fn of_64_repetitions_of_one_request_one_is_done_and_all_are_answered_alike() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "20", &offering);
    let voucher = voucher["id"].as_str().unwrap();

    let answers = all_at_once(&provider, voucher, |_| "the-same".to_owned());
    let first = &answers[0];
    for answer in &answers {
        assert_eq!((answer.status, &answer.text), (201, &first.text));
        assert_eq!(answer.header("location"), first.header("location"));
    }
    let anew = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_none()).count();
    assert_eq!(anew, 1);
    let ledger = resident.ledger(voucher);
    assert_eq!((used_entries(&ledger), &ledger["available"]), (1, &json!("39")));
}

#[test]
fn what_one_month_has_left_does_not_serve_another() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (mut provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let mut resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "3", &offering);
    let voucher = voucher["id"].as_str().unwrap();
    provider.record(voucher, "2").created();
    provider.record(voucher, "1.01").refused(422, "insufficient_balance").saying("1");

    let day = "2026-12-02".parse().unwrap();
    world.set_day(day);
    provider.renew_token();
    let delivery = |day: &str, quantity: &str| json!({"voucher": voucher, "day": day, "quantity": quantity});
    let record = |body: &Value| provider.user.post("/v1/service-events", body);
    record(&delivery("2026-12-02", "3.5")).refused(422, "insufficient_balance");
    record(&delivery("2026-12-01", "3")).created();
    record(&delivery("2026-12-02", "0.25")).refused(422, "insufficient_balance");
    // November's last hour is still there, for a service of November.
    let last = record(&delivery("2026-11-30", "1")).created();
    assert_eq!(last["available"], "0");
    record(&delivery("2026-11-30", "0.01")).refused(409, "wrong_state");
    resident.user = world.user(valinta_domain::policy::Role::Resident, "resident-0", None, Some(&resident.person));
    let shown = resident.user.get(&format!("/v1/vouchers/{voucher}")).ok();
    assert_eq!(shown["status"], "used_up");
}
