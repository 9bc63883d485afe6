//! One command is one transaction, whatever happens around it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use tokio::task::JoinSet;
use valinta_persistence::testing::TestDatabase;
use valinta_persistence::{Conn, DatabaseUrl, Db, DbError};

use super::support::{ask, make_counters, number, on_each, run, tell};

const COUNT: &str = "SELECT count(*) AS n FROM counters";
const FIRST: &str = "SELECT n FROM counters WHERE id = 1";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn concurrent_guarded_updates_lose_nothing() {
    on_each(|database, db| {
        make_counters(database);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        tell(db, "UPDATE counters SET n = n + 1 WHERE id = 1 AND n < 1000").unwrap();
                    }
                });
            }
        });
        assert_eq!(ask(db, FIRST), 400);
    });
}

/// Many commands at once; `f` gets a number for each. Gives how many succeeded.
fn at_once(db: &Db, commands: u32, f: impl Fn(&mut Conn, u32) -> Result<(), DbError> + Send + Sync + 'static) -> u32 {
    let f = Arc::new(f);
    runtime().block_on(async {
        let mut set = JoinSet::new();
        for n in 0..commands {
            let (db, f) = (db.clone(), Arc::clone(&f));
            set.spawn(async move { db.write(move |c| f(c, n)).await });
        }
        let mut succeeded = 0;
        while let Some(outcome) = set.join_next().await {
            succeeded += u32::from(outcome.unwrap().is_ok());
        }
        succeeded
    })
}

fn insert(c: &mut Conn, n: u32) -> Result<(), DbError> {
    run(c, &format!("INSERT INTO counters (id, n) VALUES ({}, 0)", n + 10))?;
    Ok(())
}

#[test]
fn an_error_undoes_its_own_command_alone() {
    on_each(|database, db| {
        make_counters(database);
        let succeeded = at_once(db, 200, |c, n| {
            insert(c, n)?;
            if n % 4 == 0 { Err(DbError::corrupt("as the test wants it")) } else { Ok(()) }
        });
        assert_eq!((succeeded, ask(db, COUNT)), (150, 151));
    });
}

#[test]
fn a_failed_statement_undoes_its_own_command_alone() {
    on_each(|database, db| {
        make_counters(database);
        let succeeded = at_once(db, 100, |c, n| {
            insert(c, n)?;
            if n % 2 == 0 { run(c, "INSERT INTO counters (id, n) VALUES (1, 0)").map(|_| ()) } else { Ok(()) }
        });
        assert_eq!((succeeded, ask(db, COUNT)), (50, 51));
    });
}

#[test]
fn a_panic_undoes_its_own_command_alone_and_writing_goes_on() {
    on_each(|database, db| {
        make_counters(database);
        let succeeded = at_once(db, 60, |c, n| {
            insert(c, n)?;
            assert!(n % 3 != 0, "as the test wants it");
            Ok(())
        });
        assert_eq!((succeeded, ask(db, COUNT)), (40, 41));
        let panicked: Result<(), DbError> = db.read_blocking(|_| panic!("as the test wants it"));
        assert!(matches!(panicked, Err(DbError::Internal(_))));
        assert_eq!(ask(db, COUNT), 41);
    });
}

#[test]
fn a_command_that_goes_on_after_a_failed_statement_fails() {
    on_each(|database, db| {
        make_counters(database);
        let outcome = db.write_blocking(|c| {
            insert(c, 0)?;
            let _ = insert(c, 0);
            Ok::<_, DbError>(())
        });
        assert!(matches!(outcome, Err(DbError::Internal(_))), "{outcome:?}");
        assert_eq!(ask(db, COUNT), 1);
    });
}

#[test]
fn a_command_that_ends_the_transaction_harms_no_other() {
    on_each(|database, db| {
        make_counters(database);
        let succeeded = at_once(db, 50, |c, n| {
            insert(c, n)?;
            if n == 7 { run(c, "ROLLBACK").map(|_| ()) } else { Ok(()) }
        });
        assert_eq!((succeeded, ask(db, COUNT)), (49, 50));
    });
}

#[test]
fn a_constraint_that_is_broken_at_the_commit_undoes_its_own_command_alone() {
    on_each(|database, db| {
        make_counters(database);
        let succeeded = at_once(db, 50, |c, n| {
            let counter = if n == 7 { 999 } else { 1 };
            run(c, &format!("INSERT INTO parts (id, counter) VALUES ({n}, {counter})"))?;
            Ok(())
        });
        assert_eq!((succeeded, ask(db, "SELECT count(*) AS n FROM parts")), (49, 49));
    });
}

#[test]
fn a_command_that_came_second_is_run_again_from_its_start() {
    on_each(|database, db| {
        make_counters(database);
        for (collisions, tries, kept) in [(3, 4, true), (100, 5, false)] {
            let tried = Arc::new(AtomicU32::new(0));
            let seen = Arc::clone(&tried);
            let outcome = db.write_blocking(move |c| {
                run(c, "UPDATE counters SET n = n + 1 WHERE id = 1")?;
                let earlier = seen.fetch_add(1, Ordering::SeqCst);
                if earlier < collisions { Err(DbError::Serialization) } else { Ok(()) }
            });
            assert_eq!(outcome, if kept { Ok(()) } else { Err(DbError::Serialization) });
            assert_eq!(tried.load(Ordering::SeqCst), tries);
        }
        assert_eq!(ask(db, FIRST), 1);
    });
}

#[test]
fn a_deadlock_is_dissolved_by_a_retry() {
    on_each(|database, db| {
        if !db.is_postgres() {
            return;
        }
        make_counters(database);
        tell(db, "INSERT INTO counters (id, n) VALUES (2, 0)").unwrap();
        let barrier = Arc::new(Barrier::new(2));
        let both = [(1, 2), (2, 1)].map(|(first, second)| {
            let (db, barrier, tries) = (db.clone(), Arc::clone(&barrier), Arc::new(AtomicU32::new(0)));
            thread::spawn(move || {
                let seen = Arc::clone(&tries);
                db.write_blocking(move |c| {
                    run(c, &format!("UPDATE counters SET n = n + 1 WHERE id = {first}"))?;
                    if seen.fetch_add(1, Ordering::SeqCst) == 0 {
                        barrier.wait();
                    }
                    run(c, &format!("UPDATE counters SET n = n + 1 WHERE id = {second}"))
                })
                .unwrap();
                tries.load(Ordering::SeqCst)
            })
        });
        let tries: u32 = both.map(|t| t.join().unwrap()).iter().sum();
        assert!(tries > 2, "there was no deadlock");
        assert_eq!(ask(db, "SELECT sum(n)::bigint AS n FROM counters"), 4);
    });
}

#[test]
fn a_read_sees_one_state_of_the_data_and_changes_nothing() {
    on_each(|database, db| {
        make_counters(database);
        let writer = db.clone();
        let seen = db.read_blocking(|c| {
            let before = number(c, COUNT)?;
            writer.write_blocking(|c| insert(c, 0))?;
            Ok::<_, DbError>((before, number(c, COUNT)?))
        });
        assert_eq!(seen, Ok((1, 1)));
        assert_eq!(ask(db, COUNT), 2);
        let refused = db.read_blocking(|c| insert(c, 1));
        assert!(matches!(refused, Err(DbError::Internal(_))), "{refused:?}");
        assert_eq!(ask(db, COUNT), 2);
    });
}

#[test]
fn a_full_queue_is_told_at_once() {
    let database = TestDatabase::sqlite().unwrap();
    let db = database.open().unwrap();
    let held = Arc::new(Mutex::new(()));
    let guard = held.lock().unwrap();
    runtime().block_on(async {
        let mut set = JoinSet::new();
        for _ in 0..2_000 {
            let (db, held) = (db.clone(), Arc::clone(&held));
            set.spawn(async move {
                db.write(move |_| {
                    drop(held.lock().unwrap());
                    Ok::<_, DbError>(())
                })
                .await
            });
        }
        let (mut refused, mut done) = (0, 0);
        let mut guard = Some(guard);
        while let Some(outcome) = set.join_next().await {
            match outcome.unwrap() {
                Ok(()) => done += 1,
                Err(e) => {
                    assert_eq!(e, DbError::Overloaded);
                    refused += 1;
                    guard = None;
                }
            }
        }
        drop(guard);
        assert!(refused > 0 && done >= 1_024, "{refused} refused, {done} done");
    });
}

#[test]
fn violations_have_the_same_names_on_both_databases() {
    let taken = |c: &mut Conn, chain: &str, id: u32| {
        let (uuid, hash) = match c {
            Conn::Postgres(_) => (format!("'00000000-0000-0000-0000-0000000000{id:02}'"), "'\\x0123'::bytea"),
            Conn::Sqlite(_) => (format!("x'000000000000000000000000000000{id:02}'"), "x'0123'"),
        };
        let hash = match c {
            Conn::Postgres(_) => "decode(repeat('00', 32), 'hex')".to_owned(),
            Conn::Sqlite(_) => format!("coalesce(zeroblob(32), {hash})"),
        };
        let at = if matches!(c, Conn::Postgres(_)) { "now()" } else { "0" };
        run(
            c,
            &format!(
                "INSERT INTO audit_log (id, at, actor, role, action, target_kind, request_id, details, chain, position, \
                 prev_hash, hash) VALUES ({uuid}, {at}, 'a', 'r', 'a', 'k', {uuid}, '{{}}', {chain}, 1, {hash}, {hash})"
            ),
        )
    };
    on_each(|database, db| {
        make_counters(database);
        db.write_blocking(move |c| taken(c, "1", 1)).unwrap();
        let error = |id: u32, chain: &'static str| db.write_blocking(move |c| taken(c, chain, id)).unwrap_err();
        assert!(error(2, "1").is_unique("audit_log_chain_position"), "{:?}", error(2, "1"));
        assert!(error(1, "2").is_unique("audit_log_pkey"), "{:?}", error(1, "2"));
        assert!(matches!(error(3, "99"), DbError::ForeignKey { .. }));
        let check = tell(db, "UPDATE counters SET n = -1 WHERE id = 1").unwrap_err();
        assert!(matches!(check, DbError::Check { .. }), "{check:?}");
        for sql in ["UPDATE audit_log SET actor = 'b'", "DELETE FROM audit_log"] {
            let refused = tell(db, sql).unwrap_err();
            assert_eq!(refused, DbError::AppendOnly { message: "append-only: audit_log".into() });
        }
    });
}

#[test]
fn a_database_that_cannot_be_reached_is_told_with_its_reason_and_no_password() {
    let url: DatabaseUrl = "postgres://user:secret@127.0.0.1:1/name".parse().unwrap();
    let told = Db::open(&url).err().expect("nothing listens there").to_string();
    assert!(told.contains("refused") && told.contains("127.0.0.1") && !told.contains("secret"), "{told}");
    let url: DatabaseUrl = "sqlite:///no/such/folder/valinta.db".parse().unwrap();
    let told = Db::open(&url).err().expect("there is no such folder").to_string();
    assert!(told.contains("/no/such/folder/valinta.db") && told.contains("No such file"), "{told}");
}

#[test]
fn lost_connections_are_replaced() {
    on_each(|_, db| {
        if !db.is_postgres() {
            return;
        }
        let end_others = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity \
                          WHERE datname = current_database() AND pid <> pg_backend_pid()";
        // Several are idle, all die, and nobody notices.
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| ask(db, "SELECT count(*) AS n FROM outbox, pg_sleep(0.2)"));
            }
        });
        assert!(ask(db, end_others) >= 2);
        for _ in 0..4 {
            assert_eq!(ask(db, "SELECT count(*) AS n FROM outbox"), 0);
        }
        // One that dies in the middle of a command is an error of that command alone.
        let cut = db.write_blocking(move |c| {
            let own = number(c, "SELECT pg_backend_pid()::bigint AS n")?;
            run(c, &format!("SELECT pg_terminate_backend({own})"))
        });
        assert!(matches!(cut, Err(DbError::Unavailable { .. })), "{cut:?}");
        runtime().block_on(db.ping()).unwrap();
    });
}

#[test]
fn a_row_that_is_kept_too_long_is_a_lock_timeout() {
    on_each(|database, db| {
        make_counters(database);
        if !db.is_postgres() {
            return;
        }
        let inner = db.clone();
        let outcome = db.write_blocking(move |c| {
            run(c, "UPDATE counters SET n = 1 WHERE id = 1")?;
            Ok::<_, DbError>(inner.write_blocking(|c| run(c, "UPDATE counters SET n = 2 WHERE id = 1")))
        });
        assert_eq!(outcome, Ok(Err(DbError::LockTimeout)));
        assert_eq!(ask(db, FIRST), 1);
    });
}

#[test]
fn the_last_one_out_closes_the_file_which_is_its_owners_alone() {
    // The first is a SQLite, and its file is not made yet.
    let database = TestDatabase::each_empty().unwrap().swap_remove(0);
    let DatabaseUrl::Sqlite(file) = database.url().clone() else { panic!("a SQLite was asked for") };
    let beside = file.with_extension("db-wal");
    let db = database.open().unwrap();
    db.migrate().unwrap();
    let other = db.clone();
    drop(db);
    runtime().block_on(other.ping()).unwrap();
    assert!(beside.exists());
    for path in [&file, &beside] {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    drop(other);
    assert!(!beside.exists());
}
