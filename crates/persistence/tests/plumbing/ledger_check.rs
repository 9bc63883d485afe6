//! Whoever changes a figure with all rights over the database is found out.

use uuid::Uuid;
use valinta_persistence::Db;
use valinta_persistence::ledger_check::{self, LEDGER_FAULTS_MAX, LedgerFault};
use valinta_persistence::testing::TestDatabase;

use super::county::found;
use super::grants::{Part, issue_and_deliver, of};
use super::support::on_each;

pub(crate) fn verify(db: &Db) -> Vec<LedgerFault> {
    db.read_blocking(ledger_check::verify).unwrap()
}

/// Takes the guards away that refuse changes.
pub(crate) fn unguard(database: &TestDatabase, db: &Db) {
    const GUARDS: [(&str, &[&str]); 9] = [
        ("service_events", &["no_update", "no_delete"]),
        ("service_event_lines", &["no_update", "no_delete"]),
        ("ledger_entries", &["no_update", "no_delete"]),
        ("decisions", &["no_update", "no_delete"]),
        ("choices", &["agreed_is_final", "no_delete"]),
        ("vouchers", &["granted_is_final", "extended_by_decision", "no_delete"]),
        ("allotments", &["granted_is_final", "grow", "no_delete"]),
        ("voucher_values", &["no_update", "no_delete"]),
        ("voucher_quantities", &["no_update", "no_delete"]),
    ];
    for (table, names) in GUARDS {
        if db.is_postgres() {
            database.tamper(&format!("ALTER TABLE {table} DISABLE TRIGGER USER")).unwrap();
        } else {
            for name in names {
                database.tamper(&format!("DROP TRIGGER {table}_{name}")).unwrap();
            }
        }
    }
}

fn literal(db: &Db, id: Uuid) -> String {
    if db.is_postgres() { format!("'{id}'") } else { format!("x'{}'", id.simple()) }
}

/// Changes something, and gives what is found then, as `kind: what` of the subject that is expected.
fn found_by(change: impl Fn(&dyn Fn(Part, u128) -> String) -> String, part: Part, n: u128, expected: &str) {
    on_each(|database, db| {
        found(db);
        issue_and_deliver(db, 2, 2);
        assert_eq!(verify(db), []);
        unguard(database, db);
        let sql = change(&|part, n| literal(db, of(part, n)));
        database.tamper(&sql).unwrap();
        let faults = verify(db);
        let told: Vec<_> = faults.iter().map(|f| format!("{} {}: {}", f.kind, f.subject, f.what)).collect();
        let wanted = |f: &LedgerFault| f.subject == of(part, n) && format!("{}: {}", f.kind, f.what) == expected;
        assert!(faults.iter().any(wanted), "{sql}\nwas not found as {expected:?} of {}, but: {told:#?}", of(part, n));
    });
}

#[test]
fn money_that_no_service_event_moved_is_found() {
    for (kind, accounts) in [
        ("organiser_share", "'organiser', 'provider'"),
        ("co_payment", "'client', 'provider'"),
        ("client_fee", "'client', 'organiser'"),
    ] {
        let invented = |id: &dyn Fn(Part, u128) -> String| {
            format!(
                "INSERT INTO ledger_entries (id, organiser_id, voucher_id, voucher_version, line, kind, from_account, \
                 to_account, quantity_e4, amount_minor, day, at) \
                 SELECT {}, organiser_id, voucher_id, 999, 0, '{kind}', {accounts}, 0, 99999, day, at \
                 FROM ledger_entries WHERE id = {}",
                id(Part::Posting, 999),
                id(Part::Posting, 1),
            )
        };
        let expected = format!("ledger entry: {kind} of 999.99 names no service event");
        found_by(invented, Part::Posting, 999, &expected);
    }
}

#[test]
fn a_changed_value_of_an_event_is_found() {
    let change = |id: &dyn Fn(Part, u128) -> String| {
        format!("UPDATE service_events SET value_minor = 1 WHERE id = {}", id(Part::Event, 3))
    };
    found_by(change, Part::Event, 3, "service event: value is 0.01, its first line's is 36.00");
    let with_its_line = |id: &dyn Fn(Part, u128) -> String| {
        let event = id(Part::Event, 3);
        format!(
            "UPDATE service_events SET value_minor = 1 WHERE id = {event}; \
             UPDATE service_event_lines SET value_minor = 1 WHERE service_event_id = {event}"
        )
    };
    found_by(with_its_line, Part::Event, 3, "service event: line 0 has the value 0.01, by its rules 36.00");
}

#[test]
fn changed_lines_of_an_event_are_found() {
    for (change, expected) in [
        ("UPDATE service_event_lines SET quantity_e4 = 20000 WHERE", "quantity is 1, its lines' is 2"),
        (
            "UPDATE service_event_lines SET item = 'sunday' WHERE",
            "line 0 is of the item sunday, by its rules of nothing",
        ),
        ("UPDATE service_event_lines SET price_minor = 4300 WHERE", "line 0 has the price 43.00, not the agreed one"),
        ("UPDATE service_event_lines SET line = 1 WHERE", "its lines are not numbered from 0, or not its organiser's"),
        ("DELETE FROM service_event_lines WHERE", "its lines are not numbered from 0, or not its organiser's"),
    ] {
        let change = |id: &dyn Fn(Part, u128) -> String| format!("{change} service_event_id = {}", id(Part::Event, 3));
        found_by(change, Part::Event, 3, &format!("service event: {expected}"));
    }
}

#[test]
fn a_changed_price_of_a_choice_is_found() {
    let change = |id: &dyn Fn(Part, u128) -> String| {
        format!("UPDATE choices SET price_minor = 4300 WHERE id = {}", id(Part::Choice, 1))
    };
    let expected = "service event: total is 42.00, by value, agreed price and quantity 43.00";
    found_by(change, Part::Event, 2, expected);
    found_by(change, Part::Event, 3, "service event: co_payment is 6.00, by value, agreed price and quantity 7.00");
}

#[test]
fn a_changed_value_or_quantity_of_a_voucher_is_found() {
    for (change, expected) in [
        ("value_minor = 1", "voucher: its value is 0.01, the decision says 36.00"),
        ("value_minor = 1", "voucher: its value is 0.01, the audit trail says 36.00"),
        ("quantity_e4 = 210000", "voucher: its quantity is 21, the decision says 20"),
        ("quantity_e4 = 210000", "voucher: its quantity is 21, the audit trail says 20"),
    ] {
        let change = |id: &dyn Fn(Part, u128) -> String| {
            format!("UPDATE vouchers SET {change} WHERE id = {}", id(Part::Voucher, 1))
        };
        found_by(change, Part::Voucher, 1, expected);
    }
}

#[test]
fn a_voucher_that_was_changed_together_with_its_decision_is_found() {
    let change = |id: &dyn Fn(Part, u128) -> String| {
        format!(
            "UPDATE vouchers SET value_minor = 9600 WHERE id = {}; \
             UPDATE decisions SET steps = replace(steps, '36.00', '96.00') WHERE id = {}",
            id(Part::Voucher, 0),
            id(Part::Decision, 0),
        )
    };
    found_by(change, Part::Voucher, 0, "voucher: its value is 96.00, the audit trail says 36.00");
    let other_decision = |id: &dyn Fn(Part, u128) -> String| {
        let (voucher, decision) = (id(Part::Voucher, 0), id(Part::Decision, 1));
        format!("UPDATE vouchers SET decision_id = {decision} WHERE id = {voucher}")
    };
    found_by(other_decision, Part::Voucher, 0, "voucher: its decision did not grant it");
    found_by(other_decision, Part::Entry, 0, "ledger entry: its decision is not its voucher's");
}

#[test]
fn a_charge_that_was_shifted_in_event_and_ledger_alike_is_found() {
    let change = |id: &dyn Fn(Part, u128) -> String| {
        format!(
            "UPDATE service_events SET organiser_pays_minor = 4200, co_payment_minor = 0 WHERE id = {}; \
             UPDATE service_event_lines SET organiser_pays_minor = 4200, co_payment_minor = 0 \
             WHERE service_event_id = {}; \
             UPDATE ledger_entries SET amount_minor = 4200 WHERE id = {}; \
             UPDATE ledger_entries SET amount_minor = 0 WHERE id = {}",
            id(Part::Event, 1),
            id(Part::Event, 1),
            id(Part::Posting, 4),
            id(Part::Posting, 5),
        )
    };
    let expected = "service event: organiser_pays is 42.00, by value, agreed price and quantity 36.00";
    found_by(change, Part::Event, 1, expected);
}

#[test]
fn an_entry_that_is_not_what_was_posted_is_found() {
    let of_posting = |column: &'static str, to: Option<Part>, other: &'static str| {
        move |id: &dyn Fn(Part, u128) -> String| {
            let to = to.map_or_else(|| other.to_owned(), |part| id(part, 1));
            format!("UPDATE ledger_entries SET {column} = {to} WHERE id = {}", id(Part::Posting, 0))
        }
    };
    for (column, to, other, expected) in [
        ("amount_minor", None, "1", "used moves money, 0.01"),
        ("voucher_id", Some(Part::Voucher), "", "its voucher is not its service event's"),
        ("allotment_id", Some(Part::Allotment), "", "its allotment is not its service event's"),
        ("allotment_id", Some(Part::Allotment), "", "its allotment is not its voucher's"),
        ("allotment_id", None, "NULL", "used names no allotment"),
        ("service_event_id", None, "NULL", "used of 0.00 names no service event"),
        ("day", None, "'2026-02-03'", "its day is not its service event's"),
        ("from_account", None, "'client'", "used goes from available to used, not from client to used"),
    ] {
        found_by(of_posting(column, to, other), Part::Posting, 0, &format!("ledger entry: {expected}"));
    }
    let amount = |id: &dyn Fn(Part, u128) -> String| {
        format!("UPDATE ledger_entries SET amount_minor = 1 WHERE id = {}", id(Part::Posting, 1))
    };
    found_by(amount, Part::Event, 0, "service event: organiser_share is 36.00, the ledger says 0.01");
}

#[test]
fn an_allotment_that_its_ledger_and_its_voucher_do_not_know_is_found() {
    let uneven = "voucher: an allotment does not grant the quantity of the voucher";
    let elsewhere = "voucher: its allotments are not the periods of its validity";
    for (change, part, expected) in [
        ("granted_e4 = 300000", Part::Allotment, "allotment: granted is 30, the ledger says 20"),
        ("granted_e4 = 300000", Part::Voucher, uneven),
        ("used_e4 = 0", Part::Allotment, "allotment: used is 0, the ledger says 2"),
        ("valid_to = '2026-07-02'", Part::Voucher, elsewhere),
    ] {
        let change = |id: &dyn Fn(Part, u128) -> String| {
            format!("UPDATE allotments SET {change} WHERE id = {}", id(Part::Allotment, 1))
        };
        found_by(change, part, 1, expected);
    }
}

#[test]
fn changed_terms_or_a_changed_state_of_a_voucher_are_found() {
    let longer = "voucher: its valid_until is 2026-07-30, the decision says 2026-06-30";
    let elsewhere = "voucher: its allotments are not the periods of its validity";
    let state = "voucher: it is chosen, which its ledger did not lead to";
    for (change, expected) in [
        ("valid_to = '2026-07-31'", longer),
        ("valid_to = '2026-07-31'", elsewhere),
        ("per = 'month'", elsewhere),
        ("state = 'chosen'", state),
        ("unused = 'carries_over'", "voucher: its unused is not that of its rulebook"),
        ("facts = '{}'", "voucher: its facts are not those of its decision"),
    ] {
        let change = |id: &dyn Fn(Part, u128) -> String| {
            format!("UPDATE vouchers SET {change} WHERE id = {}", id(Part::Voucher, 1))
        };
        found_by(change, Part::Voucher, 1, expected);
    }
}

#[test]
fn every_page_is_looked_at_and_no_more_is_told_than_can_be_read() {
    on_each(|database, db| {
        found(db);
        issue_and_deliver(db, 201, 6);
        assert_eq!(verify(db), []);
        unguard(database, db);
        let last = (literal(db, of(Part::Event, 1_205)), literal(db, of(Part::Voucher, 200)));
        database.tamper(&format!("UPDATE service_events SET value_minor = 3500 WHERE id = {}", last.0)).unwrap();
        database.tamper(&format!("UPDATE vouchers SET quantity_e4 = 1 WHERE id = {}", last.1)).unwrap();
        let subjects: Vec<_> = verify(db).into_iter().map(|fault| fault.subject).collect();
        assert!(subjects.contains(&of(Part::Event, 1_205)) && subjects.contains(&of(Part::Voucher, 200)));
        assert!(subjects.len() < 10, "{subjects:?}");
        database.tamper("UPDATE service_events SET value_minor = 1").unwrap();
        assert_eq!(verify(db).len(), LEDGER_FAULTS_MAX);
    });
}
