//! Migrations can be run by several at once, be undone and be run again.

use std::thread;

use valinta_persistence::Db;
use valinta_persistence::testing::TestDatabase;

use super::parity::{columns, constraints};
use super::support::{ask, on_each};

#[test]
fn every_migration_can_be_undone_and_run_again() {
    on_each(|database, db| {
        let before = (columns(db), constraints(db));
        database.revert_migrations().unwrap();
        assert_eq!(columns(db).into_iter().collect::<Vec<_>>(), Vec::<String>::new());
        if db.is_postgres() {
            let left = "SELECT count(*) AS n FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
                        AND proname NOT LIKE 'diesel_%'";
            assert_eq!(ask(db, left), 0, "functions are left behind");
        }
        assert!(!db.pending_migrations().unwrap().is_empty());
        let run = db.migrate().unwrap();
        assert_eq!(run.first().map(String::as_str), Some("00000000000001_foundation"));
        assert_eq!((columns(db), constraints(db)), before);
        assert!(db.pending_migrations().unwrap().is_empty() && db.migrate().unwrap().is_empty());
    });
}

#[test]
fn several_may_migrate_at_once() {
    for database in TestDatabase::each().unwrap() {
        let migrated: Vec<_> = thread::scope(|scope| {
            let all: Vec<_> =
                (0..6).map(|_| scope.spawn(|| Db::open(database.url()).and_then(|db| db.migrate()))).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        for outcome in migrated {
            outcome.unwrap();
        }
        let db = Db::open(database.url()).unwrap();
        assert!(db.pending_migrations().unwrap().is_empty());
        assert_eq!(ask(&db, "SELECT count(*) AS n FROM audit_chains"), 16);
    }
}

#[test]
fn what_is_pending_is_told_without_changing_anything() {
    for database in TestDatabase::each().unwrap() {
        let db = Db::open(database.url()).unwrap();
        let pending = db.pending_migrations().unwrap();
        assert_eq!(pending.first().map(String::as_str), Some("00000000000001_foundation"));
        assert_eq!(columns(&db).len(), 0);
    }
}
