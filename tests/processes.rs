//! Two processes on one database: what one of them changes the other one shows, and together they overdraw nothing.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Api, County, Provider, User, World, price};

/// The longest that one process may show what another has changed.
const BEHIND_MAX: Duration = Duration::from_secs(1);
/// The longest that a list may take while what is listed is loaded anew.
const LIST_MAX: Duration = Duration::from_secs(1);

fn at(api: &Api, user: &User) -> User {
    User { api: api.clone(), token: user.token.clone() }
}

#[test]
fn what_one_process_publishes_the_other_lists_soon() {
    let mut world = World::start();
    let other = world.start_another();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (_, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let path = format!("/v1/choices?voucher_type={}", home_care.id);
    let own = world.api.anyone().get(&path).ok();
    assert_eq!(own["items"][0]["offering"], offering.as_str(), "one's own change is listed at once");
    let since = Instant::now();
    loop {
        let list = other.api.anyone().get(&path).ok();
        if list["items"][0]["offering"] == offering.as_str() {
            assert_eq!((&list["revision"], &list["items"]), (&own["revision"], &own["items"]), "in the same order");
            return;
        }
        assert!(since.elapsed() < BEHIND_MAX, "{list}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Stops those who read when it goes, also where it goes by a panic.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Reads a list over and over until it is told to stop. The longest that an answer took, and how many there were.
fn read_on(api: &Api, path: &str, stop: &AtomicBool) -> (Duration, u32) {
    let (mut longest, mut answers, mut revision) = (Duration::ZERO, 0, 0);
    let user = Api::at(format!("http://{}", api.address())).anyone();
    while !stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let list = user.get(path).ok();
        longest = longest.max(asked.elapsed());
        answers += 1;
        let shown = list["revision"].as_i64().unwrap();
        assert!(shown >= revision, "the list goes back from {revision} to {shown}");
        revision = shown;
    }
    (longest, answers)
}

#[test]
fn each_change_is_listed_by_the_other_process_within_a_second_and_lists_do_not_wait_for_it() {
    let mut world = World::start();
    let other = world.start_another();
    let county = County::found(&world);
    let home_care = county.home_care();
    let offerings: Vec<(Provider, String)> =
        (1..=8).map(|n| Provider::approved(&county, n, "company", &home_care, &price("36.00"))).collect();
    let path = format!("/v1/choices?voucher_type={}", home_care.id);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let stops = Stops(&stop);
        let readers = [&world.api, &other.api].map(|api| scope.spawn(|| read_on(api, &path, &stop)));
        for (n, (provider, offering)) in (0..).zip(offerings.iter().cycle().take(16)) {
            let takes = n >= 8;
            let body = json!({"accepts_new_clients": takes});
            provider.user.put_seen(&format!("/v1/offerings/{offering}"), "*", &body).ok();
            let since = Instant::now();
            let own = world.api.anyone().get(&path).ok();
            let taking = if takes { n - 7 } else { 7 - n };
            assert_eq!(own["total"], taking, "one's own change is listed at once");
            loop {
                let list = other.api.anyone().get(&path).ok();
                if list["revision"] == own["revision"] {
                    assert_eq!((&list["total"], &list["items"]), (&own["total"], &own["items"]));
                    break;
                }
                assert!(since.elapsed() < BEHIND_MAX, "change {n} is not listed after {:?}", since.elapsed());
                thread::sleep(Duration::from_millis(10));
            }
        }
        drop(stops);
        for reader in readers {
            let (longest, answers) = reader.join().unwrap();
            assert!(answers > 16 && longest < LIST_MAX, "{answers} answers, the longest after {longest:?}");
        }
    });
}

#[test]
fn two_processes_together_record_what_the_balance_allows() {
    let mut world = World::start();
    let other = world.start_another();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "12", &offering);
    let voucher = voucher["id"].as_str().unwrap();
    let users = [provider.user.clone(), at(&other.api, &provider.user)];
    let (barrier, body) = (Barrier::new(32), provider.delivery(voucher, "1"));
    // Each key is used at both processes: a caller whose connection broke tries again elsewhere.
    let answers: Vec<_> = thread::scope(|scope| {
        let senders: Vec<_> = (0..32)
            .map(|n| {
                let (user, key, barrier, body) = (&users[n % 2], format!("key-{}", n / 2), &barrier, &body);
                scope.spawn(move || {
                    barrier.wait();
                    (n / 2, user.post_keyed("/v1/service-events", &key, body))
                })
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let recorded: Vec<_> = answers.iter().filter(|(_, answer)| answer.status == 201).collect();
    let told: Vec<_> = answers.iter().filter(|(_, answer)| answer.status != 201).map(|(_, a)| &a.text).collect();
    assert_eq!(recorded.len(), 24, "{told:#?}");
    for (key, answer) in &recorded {
        assert!(recorded.iter().filter(|(other_key, _)| other_key == key).all(|(_, other)| other.text == answer.text));
    }
    assert_eq!(resident.ledger(voucher)["available"], "12");
    world.ledger_balances();
    world.audit_rows();
}
