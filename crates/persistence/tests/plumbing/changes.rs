//! What decisions change of a grant is kept, guarded and verified.

use serde_json::{Value, json};
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::explain::Step;
use valinta_domain::grant::QuantityChange;
use valinta_domain::ledger::{EntryKind, Posting};
use valinta_domain::policy::Role;
use valinta_domain::voucher::{RaisedValue, Voucher};
use valinta_domain::{Id, Period, Quantity};
use valinta_persistence::audit::{self, NewAuditRow};
use valinta_persistence::service_events::{self, NewEntry, Occasion};
use valinta_persistence::vouchers::{self, StoredVoucher};
use valinta_persistence::{Conn, Db, DbError, decisions, expiries, grants};

use super::county::{TYPE, amount, day, found, price, text};
use super::grants::{Grant, Part, deliver_lines, hour, issue, issue_and_deliver, of, part_of};
use super::ledger_check::{unguard, verify};
use super::support::{moment, on_each, tell, uuid};

/// Ids of what is made here.
const EXTENSION: u128 = 90_000_001;
const RAISE: u128 = 90_000_002;
const REDUCTION: u128 = 90_000_003;
const RAISED: u128 = 90_000_012;
const REDUCED: u128 = 90_000_013;
const EXPIRED: u128 = 90_000_014;

/// Keeps a decision about a voucher, and its audit row.
fn decide(c: &mut Conn, id: u128, kind: DecisionKind, voucher: &Voucher, inputs: Value) -> Result<(), DbError> {
    let decision = Decision {
        id: Id::new(uuid(id)),
        organiser: voucher.organiser,
        kind,
        outcome: DecisionOutcome::Granted,
        subject: voucher.id.uuid(),
        provider: None,
        person: Some(voucher.person),
        rulebook: Some(voucher.rulebook),
        inputs: inputs.clone(),
        steps: vec![Step::new("/grant", "changed", text())],
        reasons: text(),
        appeal: text(),
        decided_by: "worker".into(),
        decided_at: moment(3),
    };
    decisions::insert(c, &decision)?;
    let mut details = inputs;
    details.as_object_mut().unwrap().insert("decision".into(), json!(decision.id));
    let row = NewAuditRow {
        id: Id::new(uuid(id + 100)),
        at: moment(3),
        organiser: Some(voucher.organiser),
        actor: "worker".into(),
        role: Role::CaseWorker,
        action: kind.code().into(),
        target_kind: "voucher".into(),
        target: Some(voucher.id.uuid()),
        person: Some(voucher.person),
        request: uuid(id),
        details,
    };
    audit::append(c, &[row])
}

fn post(
    c: &mut Conn,
    stored: &StoredVoucher,
    id: u128,
    decision: Option<u128>,
    posting: Posting,
) -> Result<(), DbError> {
    let occasion = Occasion {
        organiser: stored.voucher.organiser,
        voucher: stored.voucher.id,
        voucher_version: stored.version,
        service_event: None,
        decision: decision.map(|id| Id::new(uuid(id))),
        day: day(2, 3),
        at: moment(3),
    };
    let n = if stored.voucher.id.uuid() == of(Part::Voucher, 0) { 0 } else { 1 };
    let entry = NewEntry { id: Id::new(uuid(id)), allotment: Some(Id::new(part_of(n, 0))), posting };
    service_events::post(c, &occasion, &[entry])
}

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

/// Two vouchers of 20 hours with two delivered; the first one is extended, raised and reduced, and an hour delivered at
/// the raised value; what is left of the second has expired.
fn change(db: &Db) {
    issue_and_deliver(db, 2, 2);
    db.write_blocking(|c| {
        let part = Id::new(part_of(0, 0));
        let mut stored = vouchers::find(c, Id::new(of(Part::Voucher, 0)))?.unwrap();
        let longer = Period::new(day(1, 1), Some(day(8, 1))).unwrap();
        decide(c, EXTENSION, DecisionKind::ExtendVoucher, &stored.voucher, json!({"valid_until": "2026-07-31"}))?;
        stored.voucher.validity = longer;
        grants::extend(c, &stored.voucher, Some((part, longer)), &[])?;

        stored.version = 50;
        let raise = json!({"quantity": "25", "value": "40.00", "from": "2026-02-01"});
        decide(c, RAISE, DecisionKind::RaiseVoucher, &stored.voucher, raise)?;
        grants::grant_more(c, part, quantity("5"))?;
        post(c, &stored, RAISED, Some(RAISE), Posting::of_quantity(EntryKind::Granted, quantity("5")))?;
        let change = QuantityChange { from: day(2, 1), quantity: quantity("25") };
        grants::keep_quantities(c, &stored, &[(Id::new(uuid(RAISE)), change)], Id::new(uuid(RAISE)))?;
        let raise = RaisedValue { from: day(2, 1), value: amount("40.00"), decision: Id::new(uuid(RAISE)) };
        grants::keep_values(c, &stored, &[(Id::new(uuid(RAISE)), raise)])?;

        stored.version = 51;
        let reduction = json!({"quantity": "22", "from": "2026-02-02"});
        decide(c, REDUCTION, DecisionKind::ReduceVoucher, &stored.voucher, reduction)?;
        vouchers::draw(c, part, quantity("3"))?;
        post(c, &stored, REDUCED, Some(REDUCTION), Posting::of_quantity(EntryKind::Returned, quantity("3")))?;
        let change = QuantityChange { from: day(2, 2), quantity: quantity("22") };
        grants::keep_quantities(c, &stored, &[(Id::new(uuid(REDUCTION)), change)], Id::new(uuid(REDUCTION)))?;
        let line = hour(amount("40.00"), &price(), None);
        deliver_lines(c, &stored, (0, 100), vec![line], &[(part_of(0, 0), Quantity::ONE)])?;

        let mut second = vouchers::find(c, Id::new(of(Part::Voucher, 1)))?.unwrap();
        second.version = 50;
        let left = expiries::left_of(c, second.voucher.id)?;
        assert_eq!(left, quantity("18"));
        vouchers::draw(c, Id::new(part_of(1, 0)), left)?;
        post(c, &second, EXPIRED, None, Posting::of_quantity(EntryKind::Expired, left))
    })
    .unwrap();
}

#[test]
fn what_was_changed_is_read_with_its_voucher_and_agrees_with_the_ledger() {
    on_each(|_, db| {
        found(db);
        change(db);
        assert_eq!(verify(db), []);
        let id = Id::new(of(Part::Voucher, 0));
        let stored = db.read_blocking(|c| vouchers::find(c, id)).unwrap().unwrap();
        assert_eq!((stored.voucher.raises.len(), stored.quantities.changes.len()), (1, 2));
        assert_eq!((stored.quantity_on(day(3, 1)), stored.quantities.issued), (quantity("22"), quantity("20")));
        let rests = db.read_blocking(|c| grants::rests(c, id)).unwrap();
        assert_eq!(rests.get(&Id::new(part_of(0, 0))), Some(&quantity("19")));
    });
}

#[test]
fn changes_that_no_decision_made_are_found() {
    let counted = |n: i64, kept: usize| format!("voucher: it counts {n} changes, and {kept} are kept");
    let audited = format!("voucher: the audit trail does not say what the decision {} changed", uuid(RAISE));
    for (sql, expected) in [
        (
            "UPDATE voucher_values SET value_minor = 4100",
            "voucher: its value was raised to 41.00 from 2026-02-01 on by no decision",
        ),
        (
            "UPDATE voucher_values SET value_minor = 4100",
            "service event: line 0 has the value 40.00, by its rules 41.00",
        ),
        (
            "UPDATE voucher_values SET voucher_version = 2",
            "service event: line 0 has the value 36.00, by its rules 40.00",
        ),
        (
            "UPDATE voucher_quantities SET quantity_e4 = 240000 WHERE quantity_e4 = 250000",
            "voucher: its quantity was set to 24 from 2026-02-01 on by no decision",
        ),
        ("DELETE FROM voucher_quantities WHERE quantity_e4 = 220000", &counted(3, 2)),
        (
            "DELETE FROM voucher_quantities WHERE quantity_e4 = 220000",
            "voucher: an allotment does not grant the quantity of the voucher",
        ),
        ("UPDATE vouchers SET changes = 2 WHERE changes = 3", &counted(2, 3)),
        (
            "UPDATE vouchers SET valid_to = '2026-08-31' WHERE changes = 3",
            "voucher: its valid_until is 2026-08-30, the decision says 2026-07-31",
        ),
        (
            "UPDATE decisions SET inputs = replace(inputs, '40.00', '41.00'); \
             UPDATE voucher_values SET value_minor = 4100; \
             UPDATE service_event_lines SET value_minor = 4100 WHERE value_minor = 4000",
            &audited,
        ),
        ("DELETE FROM ledger_entries WHERE quantity_e4 = 50000", "allotment: granted is 25, the ledger says 20"),
        ("DELETE FROM ledger_entries WHERE kind = 'expired'", "allotment: used is 20, the ledger says 2"),
        (
            "UPDATE ledger_entries SET decision_id = (SELECT decision_id FROM vouchers WHERE changes = 0) \
             WHERE kind IN ('expired', 'returned')",
            "ledger entry: its decision is not its voucher's",
        ),
    ] {
        on_each(|database, db| {
            found(db);
            change(db);
            unguard(database, db);
            database.tamper(sql).unwrap();
            let faults: Vec<String> =
                verify(db).iter().map(|fault| format!("{}: {}", fault.kind, fault.what)).collect();
            assert!(
                faults.iter().any(|fault| fault == expected),
                "{sql}\nwas not found as {expected:?}, but: {faults:#?}"
            );
        });
    }
}

#[test]
fn the_database_lets_nothing_but_decisions_move_what_was_granted() {
    on_each(|_, db| {
        found(db);
        change(db);
        let checked = |sql: &str, name: &str| {
            let refused = tell(db, sql);
            assert!(matches!(&refused, Err(DbError::Check { constraint }) if constraint == name), "{sql}: {refused:?}");
        };
        // Without a decision that says so, and back.
        checked("UPDATE vouchers SET valid_to = '2027-01-01'", "vouchers_extended_by_decision");
        checked("UPDATE vouchers SET valid_to = '2026-06-01'", "vouchers_extended_by_decision");
        checked("UPDATE allotments SET valid_to = '2027-01-01'", "allotments_grow");
        checked("UPDATE allotments SET valid_to = '2026-06-01'", "allotments_grow");
        checked("UPDATE allotments SET granted_e4 = granted_e4 - 1", "allotments_grow");
        for sql in [
            "UPDATE allotments SET valid_from = '2025-12-01'",
            "DELETE FROM allotments",
            "UPDATE vouchers SET valid_from = '2025-12-01'",
            "UPDATE vouchers SET replaces_id = id",
            "UPDATE voucher_values SET value_minor = value_minor",
            "DELETE FROM voucher_values",
            "UPDATE voucher_quantities SET from_day = from_day",
            "DELETE FROM voucher_quantities",
        ] {
            let refused = tell(db, sql);
            assert!(matches!(refused, Err(DbError::AppendOnly { .. })), "{sql}: {refused:?}");
        }
    });
}

#[test]
fn of_two_that_note_an_end_one_does_and_what_is_extended_is_noted_anew() {
    on_each(|_, db| {
        found(db);
        issue_and_deliver(db, 2, 0);
        let to_tell = |end, on, until| {
            db.read_blocking(|c| expiries::to_tell(c, Id::new(uuid(TYPE)), end, (on, until), 10)).unwrap()
        };
        let note = |ending, end| db.write_blocking(move |c| expiries::note(c, &ending, end)).unwrap();
        assert_eq!(to_tell(expiries::End::Coming, day(5, 1), day(6, 30)).len(), 0);
        let coming = to_tell(expiries::End::Coming, day(5, 1), day(7, 1));
        assert_eq!(coming.len(), 2);
        let first = *coming.first().unwrap();
        assert!(note(first, expiries::End::Coming));
        assert!(!note(first, expiries::End::Coming));
        assert_eq!(to_tell(expiries::End::Coming, day(5, 1), day(7, 1)).len(), 1);
        assert_eq!(to_tell(expiries::End::Come, day(6, 30), day(6, 30)).len(), 0);
        let come = to_tell(expiries::End::Come, day(7, 1), day(7, 1));
        assert_eq!(come.len(), 2);
        let first = *come.first().unwrap();
        assert!(note(first, expiries::End::Come) && !note(first, expiries::End::Come));
        assert!(!note(first, expiries::End::Coming));
        // What is left after its end, in order of id, once nothing is to be recorded any more.
        let left = |over| db.read_blocking(|c| expiries::left_over(c, Id::new(uuid(TYPE)), over, None, 10)).unwrap();
        assert_eq!((left(day(6, 30)).len(), left(day(7, 1)).len()), (0, 2));
        let after =
            |id| db.read_blocking(|c| expiries::left_over(c, Id::new(uuid(TYPE)), day(7, 1), Some(id), 10)).unwrap();
        let all = left(day(7, 1));
        assert_eq!(after(*all.first().unwrap()), all.get(1..).unwrap());
    });
}

#[test]
fn a_voucher_that_replaces_another_is_known_by_it_and_only_one_does() {
    on_each(|_, db| {
        found(db);
        issue_and_deliver(db, 1, 0);
        let replaced = Id::new(of(Part::Voucher, 0));
        assert_eq!(db.read_blocking(|c| grants::replaced_by(c, replaced)).unwrap(), None);
        let replace = |n: u128| {
            db.write_blocking(move |c| {
                let mut stored = issue(c, n, &Grant::usual())?;
                stored.voucher.id = Id::new(uuid(90_001_000 + n));
                stored.voucher.number = valinta_domain::identifiers::VoucherNumber::from_random(
                    [9; 15].map(|r| r + u8::try_from(n).unwrap()),
                );
                stored.replaces = Some(replaced);
                vouchers::insert(c, &stored, &[])
            })
        };
        replace(5).unwrap();
        let by = db.read_blocking(|c| grants::replaced_by(c, replaced)).unwrap();
        assert_eq!(by, Some(Id::new(uuid(90_001_005))));
        let again = replace(6);
        assert!(
            matches!(&again, Err(DbError::Unique { constraint }) if constraint == "vouchers_replaced"),
            "{again:?}"
        );
    });
}
