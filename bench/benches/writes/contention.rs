//! Three ways of spending a voucher on PostgreSQL, with the same rows: a guarded `UPDATE` that takes the voucher first, a lock
//! on its row, and SERIALIZABLE that is tried again. Under one voucher that all want, and under many.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_query;
use diesel::sql_types::BigInt;
use valinta_bench::Outcome;
use valinta_bench::load::Round;

/// Connections, as many as a process of the service has.
const CONNECTIONS: usize = 16;
/// Rounds of every case.
const ROUNDS: usize = 3;
/// How long a round lasts.
const ROUND: Duration = Duration::from_secs(2);
/// Vouchers where there are many.
const MANY: i64 = 1_000;
/// The longest pause before a transaction is tried again.
const PAUSE_MAX_MICROS: u64 = 5_000;

const TABLES: &str = "
DROP SCHEMA IF EXISTS contention CASCADE;
CREATE SCHEMA contention;
CREATE TABLE contention.vouchers (id bigint PRIMARY KEY, version bigint NOT NULL, state text NOT NULL);
CREATE TABLE contention.allotments (
    id bigint PRIMARY KEY, voucher_id bigint NOT NULL REFERENCES contention.vouchers (id), granted bigint NOT NULL,
    used bigint NOT NULL CHECK (used <= granted)
);
CREATE INDEX ON contention.allotments (voucher_id);
CREATE TABLE contention.entries (
    id uuid PRIMARY KEY, voucher_id bigint NOT NULL REFERENCES contention.vouchers (id), voucher_version bigint NOT NULL,
    line bigint NOT NULL, quantity bigint NOT NULL, UNIQUE (voucher_id, voucher_version, line)
);
INSERT INTO contention.vouchers SELECT i, 1, 'in_use' FROM generate_series(0, 999) AS i;
INSERT INTO contention.allotments SELECT i, i, 1000000000, 0 FROM generate_series(0, 999) AS i;
ANALYZE contention.vouchers, contention.allotments;
";

#[derive(Clone, Copy)]
enum Way {
    Update,
    Lock,
    Serializable,
}

impl Way {
    const ALL: [Self; 3] = [Self::Update, Self::Lock, Self::Serializable];

    const fn name(self) -> &'static str {
        match self {
            Self::Update => "guarded UPDATE",
            Self::Lock => "SELECT … FOR UPDATE",
            Self::Serializable => "SERIALIZABLE, tried again",
        }
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Measures all of them; nothing here has a bound: the figures are what ADR 0015 chooses by.
pub(crate) fn measure(url: &str) -> Outcome<()> {
    PgConnection::establish(url)?.batch_execute(TABLES)?;
    println!("\nPostgreSQL, {CONNECTIONS} connections, medians of {ROUNDS} rounds of {} s", ROUND.as_secs());
    println!("{:<28} {:<10} {:>8} {:>9} {:>9} {:>12}", "", "vouchers", "per s", "p99, ms", "most, ms", "tried again");
    for vouchers in [1, MANY] {
        let mut rounds = Way::ALL.map(|_| (Vec::new(), 0));
        for _ in 0..ROUNDS {
            for (way, (all, again)) in Way::ALL.into_iter().zip(&mut rounds) {
                let (round, tried_again) = run(url, way, vouchers)?;
                all.push(round);
                *again += tried_again;
            }
        }
        for (way, (all, again)) in Way::ALL.into_iter().zip(rounds) {
            let round = Round::median(&all)?;
            let of = |time: Duration| time.as_secs_f64() * 1_000.0;
            let (p99, most) = (of(round.p99), of(round.most));
            println!("{:<28} {vouchers:<10} {:>8.0} {p99:>9.2} {most:>9.2} {again:>12}", way.name(), round.per_second);
        }
    }
    PgConnection::establish(url)?.batch_execute("DROP SCHEMA contention CASCADE")?;
    Ok(())
}

/// One round: how long each transaction took with all its tries, and how often one was tried again.
fn run(url: &str, way: Way, vouchers: i64) -> Outcome<(Round, u64)> {
    let (began, again) = (Instant::now(), AtomicU64::new(0));
    let spend = |thread: u64| -> Result<Vec<Duration>, String> {
        let mut c = PgConnection::establish(url).map_err(|e| e.to_string())?;
        let (mut took, mut random) = (Vec::new(), thread.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        while began.elapsed() < ROUND {
            random = next(random);
            let voucher = i64::try_from(random >> 33).unwrap_or_default().checked_rem(vouchers).unwrap_or_default();
            let asked = Instant::now();
            loop {
                match spend_once(&mut c, way, voucher) {
                    Ok(()) => break,
                    Err(Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => {
                        again.fetch_add(1, Ordering::Relaxed);
                        random = next(random);
                        thread::sleep(Duration::from_micros((random >> 33) % PAUSE_MAX_MICROS));
                    }
                    Err(error) => return Err(error.to_string()),
                }
            }
            took.push(asked.elapsed());
        }
        Ok(took)
    };
    let took = thread::scope(|scope| {
        let threads: Vec<_> = (1..).take(CONNECTIONS).map(|n| scope.spawn(move || spend(n))).collect();
        let mut took = Vec::new();
        for one in threads {
            took.extend(one.join().map_err(|_| "a writer panicked".to_owned())??);
        }
        Ok::<_, String>(took)
    })?;
    Ok((Round::of(took, began.elapsed())?, again.load(Ordering::Relaxed)))
}

fn spend_once(c: &mut PgConnection, way: Way, voucher: i64) -> QueryResult<()> {
    let spend = |c: &mut PgConnection| {
        let version = take(c, way, voucher)?;
        let left = "SELECT granted - used AS number FROM contention.allotments WHERE voucher_id = $1";
        let _left: Number = sql_query(left).bind::<BigInt, _>(voucher).get_result(c)?;
        let draw = "UPDATE contention.allotments SET used = used + 1 WHERE voucher_id = $1";
        sql_query(draw).bind::<BigInt, _>(voucher).execute(c)?;
        let post = "INSERT INTO contention.entries (id, voucher_id, voucher_version, line, quantity) \
                    SELECT gen_random_uuid(), $1, $2, line, 1 FROM generate_series(0, 2) AS line";
        sql_query(post).bind::<BigInt, _>(voucher).bind::<BigInt, _>(version).execute(c)?;
        Ok(())
    };
    #[expect(clippy::disallowed_methods, reason = "the ways are what is compared")]
    match way {
        Way::Update | Way::Lock => c.build_transaction().read_committed().run(spend),
        Way::Serializable => c.build_transaction().serializable().run(spend),
    }
}

/// The version that entries carry.
fn take(c: &mut PgConnection, way: Way, voucher: i64) -> QueryResult<i64> {
    let bump = "UPDATE contention.vouchers SET version = version + 1 WHERE id = $1 RETURNING version AS number";
    let select = match way {
        Way::Update => None,
        Way::Lock => Some("SELECT version AS number FROM contention.vouchers WHERE id = $1 FOR UPDATE"),
        Way::Serializable => Some("SELECT version AS number FROM contention.vouchers WHERE id = $1"),
    };
    if let Some(select) = select {
        let _version: Number = sql_query(select).bind::<BigInt, _>(voucher).get_result(c)?;
    }
    Ok(sql_query(bump).bind::<BigInt, _>(voucher).get_result::<Number>(c)?.number)
}

fn next(random: u64) -> u64 {
    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}
