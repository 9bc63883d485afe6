//! The database away: the service says so with 503 and when to come back, and goes on by itself once it is there again.

use std::io::Write as _;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use valinta_persistence::testing::TestDatabase;
use valinta_persistence::{DatabaseUrl, Db, DbError};

use crate::support::{County, Provider, World, price};

/// The longest that the service may take to notice that its database is back.
const BACK_MAX: Duration = Duration::from_secs(20);

#[test]
fn a_database_that_refuses_is_503_until_it_is_back() {
    let world = World::start();
    let DatabaseUrl::Postgres(url) = world.database.url() else {
        // Not by a print macro: of a test that passes, those show nothing.
        let skipped = "SKIPPED on SQLite: a file that is open refuses nobody; run with TEST_DATABASE_URL";
        writeln!(std::io::stderr(), "database_away: {skipped}").unwrap();
        return;
    };
    let url = url.split('?').next().unwrap();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "20", &offering);
    let voucher = voucher["id"].as_str().unwrap();

    // A database cannot shut itself: another one of the same server does it.
    let other = TestDatabase::postgres().unwrap().unwrap();
    other.tamper(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")).unwrap();
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    other.tamper(&end).unwrap();

    let before = Instant::now();
    for answer in [
        provider.record(voucher, "1"),
        resident.user.get(&format!("/v1/vouchers/{voucher}")),
        world.api.anyone().get("/v1/organisers"),
        world.api.anyone().get("/health/ready"),
    ] {
        let seconds: u32 = answer.header("retry-after").expect(&answer.text).parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        answer.refused(503, "unavailable");
    }
    assert!(before.elapsed() < Duration::from_secs(10), "a database that refuses is told at once");
    world.api.anyone().get("/health/live").ok();

    other.tamper(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")).unwrap();
    is_back(&world);
    provider.record(voucher, "1").created();
    assert_eq!(resident.ledger(voucher)["available"], "39", "what was answered by 503 was not done");
    world.audit_rows();
}

fn is_back(world: &World) {
    let since = Instant::now();
    while world.api.anyone().get("/health/ready").status != 200 {
        assert!(since.elapsed() < BACK_MAX, "the service did not notice that its database is back");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_command_that_waits_too_long_for_another_is_to_be_sent_again() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let resident = county.client();
    let voucher: Value = county.chosen_voucher(&resident, &home_care, "20", &offering);
    let voucher = voucher["id"].as_str().unwrap().to_owned();

    // Another process holds what the command needs: the voucher's row, or all of a SQLite.
    let (held, release) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let holder = {
        let (url, voucher) = (world.database.url().clone(), voucher.parse().unwrap());
        let (held, release) = (Arc::clone(&held), Arc::clone(&release));
        thread::spawn(move || {
            let other = Db::open(&url).unwrap();
            let kept: Result<(), DbError> = other.write_blocking(move |c| {
                valinta_persistence::vouchers::take(c, voucher)?;
                held.wait();
                release.wait();
                Ok(())
            });
            kept.unwrap();
        })
    };
    held.wait();
    let body = provider.delivery(&voucher, "1");
    let answer = provider.user.post_keyed("/v1/service-events", "waits", &body);
    release.wait();
    holder.join().unwrap();
    assert!(answer.header("retry-after").is_some(), "{}", answer.text);
    answer.refused(409, "request_in_progress");

    let repeated = provider.user.post_keyed("/v1/service-events", "waits", &body);
    assert_eq!(repeated.header("idempotent-replayed"), None, "the first try did nothing");
    repeated.created();
    assert_eq!(resident.ledger(&voucher)["available"], "39");
}
