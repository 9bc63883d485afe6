//! How offerings stand at each revision of the registry, and the lists that were shown.

use std::collections::BTreeSet;

use valinta_domain::Id;
use valinta_domain::choice::Snapshot;
use valinta_domain::policy::Role;
use valinta_domain::registry_change::RegistryChange;
use valinta_persistence::shown_lists::{self, ShownList};
use valinta_persistence::{Db, DbError, offering_states, registry, vouchers};

use super::county::{OFFERING, ORGANISER, RULEBOOK, TYPE, adopt, day, draft, found, terms, vault, voucher_type};
use super::grants::{Part, issue_and_deliver, of};
use super::support::{ask, moment, on_each, tell, uuid};

fn touch(db: &Db, change: RegistryChange) {
    let changes = BTreeSet::from([change]);
    db.write_blocking(move |c| registry::touch(c, &changes, moment(1))).unwrap();
}

fn offering() -> RegistryChange {
    RegistryChange::offering(Id::new(uuid(OFFERING)), None)
}

fn names(snapshot: &Snapshot) -> Vec<String> {
    snapshot.offered(Id::new(uuid(TYPE))).iter().map(|candidate| candidate.provider_name.to_string()).collect()
}

fn unnoted(db: &Db) -> usize {
    db.read_blocking(offering_states::not_as_noted).unwrap().len()
}

fn load(db: &Db, known: Option<&Snapshot>) -> Option<Snapshot> {
    db.read_blocking(|c| registry::load(c, known)).unwrap()
}

fn load_as_of(db: &Db, revision: i64) -> Snapshot {
    db.read_blocking(|c| registry::load_as_of(c, Id::new(uuid(TYPE)), revision)).unwrap()
}

#[test]
fn an_offering_stands_as_was_noted_with_each_change_and_as_it_stood_before() {
    on_each(|_, db| {
        found(db);
        assert_eq!(unnoted(db), 1, "what was never noted is found");
        let last = db.write_blocking(|c| offering_states::find_some(c, None)).unwrap();
        assert_eq!(last, Some(Id::new(uuid(OFFERING))));
        assert_eq!(db.write_blocking(move |c| offering_states::find_some(c, last)).unwrap(), None);
        assert_eq!(unnoted(db), 0);

        let first = load(db, None).unwrap();
        assert_eq!(names(&first), ["p"]);
        assert!(load(db, Some(&first)).is_none(), "nothing has changed");

        tell(db, "UPDATE providers SET name = 'q'").unwrap();
        assert_eq!(unnoted(db), 1, "a change that was not noted is found");
        touch(db, RegistryChange::provider(first.offered(Id::new(uuid(TYPE)))[0].provider, None));
        assert_eq!(unnoted(db), 0);
        let second = load(db, Some(&first)).unwrap();
        assert_eq!((names(&second), second.revision()), (vec!["q".to_owned()], first.revision() + 1));
        assert_eq!(names(&load(db, None).unwrap()), ["q"], "as whoever begins now has it");

        touch(db, offering());
        assert_eq!(ask(db, "SELECT count(*) AS n FROM offering_states"), 2, "what stands as before is not noted again");
        assert_eq!(names(&load_as_of(db, first.revision())), ["p"]);
        assert_eq!(names(&load_as_of(db, second.revision())), ["q"]);
        assert_eq!(names(&load_as_of(db, first.revision() - 1)), [""; 0]);
    });
}

#[test]
fn what_a_process_of_an_earlier_release_has_moved_is_noted_by_the_next_that_looks() {
    on_each(|_, db| {
        found(db);
        db.write_blocking(|c| offering_states::find_some(c, None)).unwrap();
        touch(db, offering());
        let known = load(db, None).unwrap();
        assert!(!db.read_blocking(registry::is_behind).unwrap());
        assert!(!db.write_blocking(registry::catch_up).unwrap());
        // It raises the revision and says what it has moved, and notes nothing.
        tell(db, "UPDATE providers SET name = 'q'").unwrap();
        tell(db, "UPDATE registry_revision SET noted = noted - 1").unwrap();
        assert!(db.read_blocking(registry::is_behind).unwrap());
        assert!(db.write_blocking(registry::catch_up).unwrap());
        assert!(!db.write_blocking(registry::catch_up).unwrap(), "once is enough");
        assert_eq!(unnoted(db), 0);
        let next = load(db, Some(&known)).expect("whoever had looked before sees it as well");
        assert_eq!(names(&next), ["q"]);
    });
}

#[test]
fn rulebooks_are_as_they_were_adopted_by_a_revision() {
    on_each(|_, db| {
        found(db);
        db.write_blocking(|c| offering_states::find_some(c, None)).unwrap();
        let versions = |snapshot: &Snapshot| -> Vec<_> {
            let basis = snapshot.basis(Id::new(uuid(TYPE))).unwrap();
            basis.versions.entries().iter().map(|(period, (id, _))| (*period, id.uuid())).collect()
        };
        let first = load(db, None).unwrap();
        db.write_blocking(|c| {
            let next = draft(&voucher_type(TYPE, "home-care"), uuid(70), 2, terms());
            adopt(c, &next, uuid(71), day(9, 1))
        })
        .unwrap();
        touch(db, RegistryChange::rulebook(Id::new(uuid(70)), None));
        let second = load(db, Some(&first)).unwrap();
        assert_eq!(versions(&second).len(), 2);
        assert_eq!(versions(&second), versions(&load_as_of(db, second.revision())));
        let before = versions(&load_as_of(db, first.revision()));
        assert_eq!(before, versions(&first), "the one that was in force had no end then");
        assert_eq!(before[0].1, uuid(RULEBOOK));
        assert_eq!(ask(db, "SELECT count(*) AS n FROM offering_states"), 1, "a rulebook moves no offering");
    });
}

#[test]
fn what_was_noted_and_shown_stays() {
    on_each(|_, db| {
        found(db);
        issue_and_deliver(db, 1, 0);
        let voucher = db.read_blocking(|c| vouchers::find(c, Id::new(of(Part::Voucher, 0)))).unwrap().unwrap().voucher;
        db.write_blocking(|c| offering_states::find_some(c, None)).unwrap();
        let list = ShownList {
            id: Id::new(uuid(80)),
            organiser: Id::new(uuid(ORGANISER)),
            voucher: voucher.id,
            person: voucher.person,
            revision: 3,
            day: day(6, 1),
            rule: "lot-2".into(),
            asked: r#"{"order":"neutral"}"#.into(),
            total: 7,
            offerings: vec![Id::new(uuid(OFFERING)), Id::new(uuid(1))],
            shown_to: "someone".into(),
            shown_as: Role::CaseWorker,
            shown_at: moment(0),
        };
        let noted = list.clone();
        db.write_blocking(move |c| shown_lists::append(c, &vault(), [&noted])).unwrap();
        assert_eq!(
            db.read_blocking(|c| shown_lists::find(c, &vault(), Id::new(uuid(80)))).unwrap(),
            Some(list.clone())
        );
        let of_voucher = db.read_blocking(|c| shown_lists::of_voucher(c, &vault(), list.voucher, None, 10)).unwrap();
        assert_eq!(of_voucher, [list]);
        for change in [
            "UPDATE shown_lists SET total = 8",
            "DELETE FROM shown_lists",
            "UPDATE offering_states SET document = '{}'",
            "DELETE FROM offering_states",
        ] {
            assert!(matches!(tell(db, change), Err(DbError::AppendOnly { .. })), "{change}");
        }
        assert_eq!(tell(db, "UPDATE offering_states SET until = revision + 1").unwrap(), 1);
        assert!(tell(db, "UPDATE offering_states SET until = revision + 2").is_err(), "an end is set once");
    });
}
