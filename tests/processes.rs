//! Two processes on one database: what one of them changes the other one shows, and together they overdraw nothing.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Api, County, Provider, User, World, price};

/// The longest that one process may show what another has changed.
const BEHIND_MAX: Duration = Duration::from_secs(5);

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
