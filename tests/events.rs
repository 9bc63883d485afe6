//! What has happened, as it is told: to whom, in which order, and once, while many write and several processes give places.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};
use valinta_service::deadlines::run_once;

use crate::support::{County, Provider, User, VoucherType, World, identity_code, price};

/// What a caller is told after a cursor, page by page, and the cursor behind it.
fn heard(user: &User, from: &str, limit: u16) -> (Vec<Value>, String) {
    let (mut all, mut after) = (Vec::new(), from.to_owned());
    loop {
        let page = user.get(&format!("/v1/events?after={after}&limit={limit}")).ok();
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        page["next"].as_str().unwrap().clone_into(&mut after);
        if page["more"] == false {
            return (all, after);
        }
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// Gives places to all that has happened.
fn place(world: &World) {
    run_once(&world.apps[0]).unwrap();
}

/// A county with home care and two providers of it.
fn scene(world: &World) -> (County, VoucherType, [(Provider, String); 2]) {
    let county = County::found(world);
    let care = county.home_care();
    let approved = |n| Provider::approved(&county, n, "company", &care, &price("36.00"));
    let providers = [approved(1), approved(2)];
    (county, care, providers)
}

#[test]
fn each_hears_in_order_and_once_what_is_theirs_and_no_personal_data() {
    let world = World::start();
    let (county, care, [(first, offering), (second, other)]) = scene(&world);
    let another = County::found_as(&world, 1, &[("091", "Helsinki", "Helsingfors")]);
    let resident = county.client();
    place(&world);
    let (_, before) = heard(&county.case_worker, "0", 100);
    let voucher = county.chosen_voucher(&resident, &care, "20", &offering);
    let id = voucher["id"].as_str().unwrap();
    first.record(id, "2").created();
    assert_eq!(heard(&county.case_worker, &before, 100).0, Vec::<Value>::new(), "it has no place yet");
    place(&world);

    let (events, after) = heard(&county.case_worker, &before, 100);
    assert_eq!(types(&events), ["voucher.offered", "voucher.accepted", "voucher.chosen", "service_event.recorded"]);
    assert!(events.iter().all(|event| event["organiser"] == county.id.as_str() && event["data"]["voucher"] == id));
    assert_eq!(
        (&events[2]["subject"], &events[2]["provider"]),
        (&json!({"kind": "voucher", "id": id}), &json!(first.id))
    );
    assert_eq!(events[2]["data"]["provider"], first.id.as_str());
    assert_eq!(heard(&county.case_worker, &before, 1).0, events, "pages of one make the same");
    assert_eq!(heard(&county.case_worker, &after, 100), (vec![], after.clone()));
    let text = json!(events).to_string();
    for personal in [identity_code(0).as_str(), resident.person.as_str(), "1650", "Testi", "value"] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }

    // A provider hears that it was chosen, and nothing of what came before; who was not chosen hears nothing.
    let (own, _) = heard(&first.user, &before, 100);
    assert_eq!(types(&own), ["voucher.chosen", "service_event.recorded"]);
    assert_eq!(own[0], events[2]);
    assert_eq!(heard(&second.user, &before, 100).0, Vec::<Value>::new());
    assert_eq!(heard(&another.case_worker, &before, 100).0, Vec::<Value>::new());

    // Who loses a client is not told to whom, and who gets one is not told from whom.
    resident.choose(id, &other).ok();
    place(&world);
    let (of_first, of_second) = (heard(&first.user, &after, 100).0, heard(&second.user, &after, 100).0);
    assert_eq!(types(&of_first), ["choice.ending"]);
    assert_eq!(types(&of_second), ["choice.beginning", "voucher.chosen"]);
    assert!(!json!(of_first).to_string().contains(&second.id) && !json!(of_second).to_string().contains(&first.id));

    // What becomes of the voucher is heard by the provider that serves with it.
    let reasons = json!({"fi": "Ei enää tarvita.", "sv": "Behövs inte mera.", "en": "Not needed any more."});
    county.case_worker.post(&format!("/v1/vouchers/{id}/cancel"), &json!({"reasons": reasons})).ok();
    place(&world);
    assert_eq!(types(&heard(&second.user, &after, 100).0).last(), Some(&"voucher.cancelled"));
}

#[test]
fn a_role_hears_of_what_it_can_read() {
    let world = World::start();
    let (county, care, [(first, offering), _]) = scene(&world);
    county.chosen_voucher(&county.client(), &care, "20", &offering);
    place(&world);
    let hears = |user: &User, kind: &str| types(&heard(user, "0", 100).0).contains(&kind);
    for (kind, officer, worker, finance, provider) in [
        ("voucher.chosen", false, true, true, true),
        ("application.decided", true, false, false, true),
        ("offering.published", true, true, true, true),
        ("rulebook.proposed", true, false, false, false),
    ] {
        let heard_by =
            [&county.officer, &county.case_worker, &county.finance, &first.user].map(|user| hears(user, kind));
        assert_eq!(heard_by, [officer, worker, finance, provider], "{kind}");
    }
    county.auditor.get("/v1/events?types=voucher.chosen").ok();
    county.client().user.get("/v1/events").refused(403, "forbidden");
    world.operator().get("/v1/events").refused(403, "forbidden");
    world.api.anyone().get("/v1/events").refused(401, "unauthenticated");

    let only = county.case_worker.get("/v1/events?types=voucher.chosen,rulebook.proposed").ok();
    assert_eq!(types(only["items"].as_array().unwrap()), ["voucher.chosen"]);
    let from_now = county.case_worker.get("/v1/events?after=now").ok();
    assert_eq!((&from_now["items"], &from_now["more"]), (&json!([]), &json!(false)));
    assert_eq!(heard(&county.case_worker, from_now["next"].as_str().unwrap(), 100).0, Vec::<Value>::new());
}

#[test]
fn what_cannot_be_asked_is_refused_with_its_place() {
    let world = World::start();
    let county = County::found(&world);
    for (query, pointer, code) in [
        ("after=-1", "/query/after", "invalid"),
        ("after=999999999999999999", "/query/after", "ahead"),
        ("after=9999999999999999999", "/query/after", "length"),
        ("types=voucher.eaten", "/query/types", "unknown"),
        ("types=voucher.chosen,", "/query/types", "unknown"),
        ("limit=0", "/query/limit", "range"),
        ("limit=101", "/query/limit", "range"),
        ("since=1", "/query/since", "unknown_field"),
    ] {
        county.case_worker.get(&format!("/v1/events?{query}")).refused(422, "invalid_input").at(pointer, code);
    }
}

#[test]
fn who_reads_on_while_many_write_and_two_processes_give_places_misses_nothing() {
    const WRITERS: usize = 4;
    const EACH: usize = 10;
    let mut world = World::start();
    world.start_another();
    let county = County::found(&world);
    let care = county.home_care();
    let residents: Vec<_> = (0..WRITERS).map(|_| county.client()).collect();
    let written = AtomicBool::new(false);
    let (mut all, mut after) = (Vec::new(), "0".to_owned());
    thread::scope(|scope| {
        let writers: Vec<_> = residents
            .iter()
            .map(|resident| {
                scope.spawn(|| (0..EACH).map(|_| county.issue(resident, &care, "20")["id"].clone()).collect())
            })
            .collect();
        for app in &world.apps {
            let written = &written;
            scope.spawn(move || {
                while !written.load(Ordering::Acquire) {
                    // The other may be at it: what is not placed now is placed later.
                    let _ = run_once(app);
                }
            });
        }
        let mut issued: Vec<Value> = Vec::new();
        for writer in writers {
            // Reads on between the ends of the writers.
            let (some, next) = heard(&county.case_worker, &after, 7);
            all.extend(some);
            after = next;
            let of_one: Vec<Value> = writer.join().unwrap();
            issued.extend(of_one);
        }
        written.store(true, Ordering::Release);
        assert_eq!(issued.len(), WRITERS * EACH);
    });
    place(&world);
    all.extend(heard(&county.case_worker, &after, 7).0);
    let mut offered: Vec<&str> = all
        .iter()
        .filter(|event| event["type"] == "voucher.offered")
        .map(|event| event["subject"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(offered.len(), WRITERS * EACH);
    offered.sort_unstable();
    offered.dedup();
    assert_eq!(offered.len(), WRITERS * EACH, "each once");
}
