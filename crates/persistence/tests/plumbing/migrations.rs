//! Migrations can be run by several at once, be undone and be run again.

use std::thread;

use valinta_domain::Id;
use valinta_domain::application::Evidence;
use valinta_domain::evidence::EvidenceKind;
use valinta_domain::rulebook::{Requirement, RulebookTerms};
use valinta_persistence::testing::TestDatabase;
use valinta_persistence::{
    Db, DbError, approvals, choices, offerings, organisers, rulebooks, service_events, vouchers,
};

use super::approvals::{APPROVAL, approved_on};
use super::county::{RULEBOOK, TYPE, adopt, day, draft, found, terms, text, voucher_type};
use super::grants::{Part, issue_and_deliver, of};
use super::ledger_check::verify;
use super::parity::{columns, constraints};
use super::support::{ask, on_each, uuid};

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
    for database in TestDatabase::each_empty().unwrap() {
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
    for database in TestDatabase::each_empty().unwrap() {
        let db = Db::open(database.url()).unwrap();
        let pending = db.pending_migrations().unwrap();
        assert_eq!(pending.first().map(String::as_str), Some("00000000000001_foundation"));
        assert_eq!(columns(&db).len(), 0);
    }
}

/// Everything that the rules' migration has to do with, as the domain sees it.
fn granted_and_delivered(db: &Db) -> Vec<String> {
    db.read_blocking(|c| {
        let mut all = Vec::new();
        for n in 0..3 {
            let voucher = Id::new(of(Part::Voucher, n));
            all.push(format!("{:?}", vouchers::find(c, voucher)?));
            all.push(format!("{:?}", vouchers::allotments(c, voucher)?));
            all.push(format!("{:?}", choices::of_voucher(c, voucher)?));
            all.push(format!("{:?}", service_events::ledger(c, voucher)?));
        }
        for n in 0..6 {
            all.push(format!("{:?}", service_events::find(c, Id::new(of(Part::Event, n)))?));
        }
        all.push(format!("{:?}", offerings::prices(c, Id::new(uuid(super::county::OFFERING)))?));
        all.push(format!("{:?}", rulebooks::find_rulebook(c, Id::new(uuid(RULEBOOK)))?));
        Ok::<_, DbError>(all)
    })
    .unwrap()
}

const BEFORE_THE_RULES: &str = "00000000000003";

#[test]
fn vouchers_and_events_of_the_release_before_keep_everything() {
    on_each(|database, db| {
        found(db);
        issue_and_deliver(db, 3, 2);
        let before = granted_and_delivered(db);
        assert!(before.iter().all(|one| one != "None"), "{before:#?}");
        database.revert_migrations_after(BEFORE_THE_RULES).unwrap();
        let of_before = Db::open(database.url()).unwrap();
        let counts =
            [("vouchers", 3), ("allotments", 3), ("choices", 3), ("service_events", 6), ("ledger_entries", 21)];
        for (table, rows) in counts {
            assert_eq!(ask(&of_before, &format!("SELECT count(*) AS n FROM {table}")), rows, "{table}");
        }
        for (table, column) in [("vouchers", "facts"), ("service_events", "facts"), ("choices", "items")] {
            assert!(!columns(&of_before).iter().any(|line| line.starts_with(&format!("{table}.{column} "))));
        }
        assert!(database.tamper("UPDATE vouchers SET value_minor = value_minor").is_err());
        assert!(database.tamper("UPDATE vouchers SET state = state").is_ok());
        assert_eq!(of_before.migrate().unwrap().first().map(String::as_str), Some("00000000000004_rules"));
        let after = Db::open(database.url()).unwrap();
        assert_eq!(granted_and_delivered(&after), before);
        assert_eq!(verify(&after), []);
        if !after.is_postgres() {
            assert_eq!(ask(&after, "SELECT count(*) AS n FROM pragma_foreign_key_check"), 0);
            assert_eq!(ask(&after, "SELECT count(*) AS n FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
        }
        assert!(database.tamper("UPDATE vouchers SET facts = facts").is_err());
        assert!(database.tamper("DELETE FROM persons").is_err(), "foreign keys hold");
    });
}

const BEFORE_THE_LIFECYCLE: &str = "00000000000004";

#[test]
fn approvals_of_the_release_before_lapse_by_what_the_rulebook_in_force_asks_for() {
    on_each(|database, db| {
        found(db);
        let expiring = |code: &str| Requirement {
            code: code.to_owned(),
            text: text(),
            source: "569/2009 § 5".to_owned(),
            expires: true,
            kind: EvidenceKind::Other,
            services: vec![],
            issued_within_months: None,
        };
        let asking = |codes: &[&str]| {
            let requirements = codes.iter().map(|code| expiring(code)).collect();
            RulebookTerms { requirements, ..terms() }
        };
        let stated = |code: &str, valid_until| Evidence {
            requirement: code.to_owned(),
            reference: "Policy 1".to_owned(),
            valid_until,
            ..Evidence::default()
        };
        let (superseded, in_force) = (asking(&["insurance", "dropped"]), asking(&["insurance"]));
        let pieces =
            vec![stated("insurance", Some(day(1, 20))), stated("dropped", Some(day(1, 20))), stated("register", None)];
        db.write_blocking(move |c| {
            let home_care = voucher_type(TYPE, "home-care");
            adopt(c, &draft(&home_care, uuid(901), 2, superseded.clone()), uuid(902), day(1, 2))?;
            adopt(c, &draft(&home_care, uuid(903), 3, in_force.clone()), uuid(904), day(1, 3))?;
            approved_on(c, pieces.clone())
        })
        .unwrap();
        database.revert_migrations_after(BEFORE_THE_LIFECYCLE).unwrap();
        let run = Db::open(database.url()).unwrap().migrate().unwrap();
        assert_eq!(run.first().map(String::as_str), Some("00000000000005_lifecycle"));
        let after = Db::open(database.url()).unwrap();
        let id = Id::new(uuid(APPROVAL));
        let (gaps, due) = after
            .read_blocking(move |c| {
                let gaps = approvals::interruptions_of(c, &[id])?.remove(&id).unwrap_or_default();
                Ok::<_, DbError>((gaps, organisers::installation_fact(c, "lapses_are_due")?))
            })
            .unwrap();
        let gaps: Vec<_> = gaps.iter().map(|gap| (gap.requirement(), gap.from, gap.to)).collect();
        assert_eq!(gaps, [(Some("insurance"), day(1, 21), None)], "what was dropped stands in nobody's way");
        assert!(due.is_some(), "the service looks once what else is asked for");
        assert_eq!(ask(&after, "SELECT count(*) AS n FROM evidence_checks"), 3);
        assert!(after.write_blocking(|c| organisers::forget_installation_fact(c, "lapses_are_due")).unwrap());
        assert!(!after.write_blocking(|c| organisers::forget_installation_fact(c, "lapses_are_due")).unwrap());
    });
}

#[test]
fn a_decision_that_names_no_facts_makes_a_voucher_without_any() {
    on_each(|database, db| {
        found(db);
        issue_and_deliver(db, 3, 2);
        database.revert_migrations_after(BEFORE_THE_RULES).unwrap();
        let unguard = if db.is_postgres() {
            "ALTER TABLE decisions DISABLE TRIGGER USER"
        } else {
            "DROP TRIGGER decisions_no_update"
        };
        database.tamper(&format!("{unguard}; UPDATE decisions SET inputs = '{{}}'")).unwrap();
        Db::open(database.url()).unwrap().migrate().unwrap();
        let after = Db::open(database.url()).unwrap();
        assert_eq!(ask(&after, "SELECT count(*) AS n FROM vouchers WHERE facts = '{}'"), 3);
    });
}

#[test]
fn what_the_release_before_has_no_place_for_is_not_lost_by_going_back() {
    for change in [
        "UPDATE rulebooks SET proposed_at = created_at, proposed_by = 'a' WHERE state = 'draft'",
        "INSERT INTO service_event_lines SELECT service_event_id, 1, organiser_id, item, quantity_e4, value_minor, \
         price_minor, total_minor, organiser_pays_minor, co_payment_minor, client_fee_minor \
         FROM service_event_lines",
    ] {
        on_each(|database, db| {
            found(db);
            issue_and_deliver(db, 3, 2);
            database
                .tamper(
                    "INSERT INTO rulebooks (id, organiser_id, voucher_type_id, number, terms, state, version, created_at) \
                     SELECT organiser_id, organiser_id, voucher_type_id, 99, terms, 'draft', 1, created_at FROM rulebooks",
                )
                .unwrap();
            database.tamper(change).unwrap();
            let refused = database.revert_migrations_after(BEFORE_THE_RULES).unwrap_err();
            assert!(refused.contains("nothing_is_lost"), "{refused}");
            // What came after has been undone, since that would have lost nothing.
            let again = Db::open(database.url()).unwrap();
            again.migrate().unwrap();
            assert_eq!(granted_and_delivered(&again).len(), 20);
        });
    }
}
