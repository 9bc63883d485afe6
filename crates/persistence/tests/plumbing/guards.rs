//! What was agreed, granted, delivered or posted is not changed behind anyone's back; what has to move on still can.

use valinta_persistence::DbError;

use super::county::found;
use super::grants::issue_and_deliver;
use super::support::{on_each, tell};

#[test]
fn what_was_agreed_granted_or_delivered_cannot_be_changed_or_removed() {
    const FINAL: [(&str, &[&str]); 7] = [
        ("service_events", &["value_minor", "total_minor", "recorded_by", "day", "facts"]),
        ("service_event_lines", &["item", "value_minor", "price_minor", "organiser_pays_minor"]),
        ("ledger_entries", &["amount_minor", "kind"]),
        ("decisions", &["inputs", "steps"]),
        (
            "choices",
            &[
                "voucher_id",
                "offering_id",
                "provider_id",
                "unit_id",
                "sector",
                "charging",
                "price_minor",
                "client_fee_minor",
                "unit_cost_minor",
                "valid_from",
                "items",
            ],
        ),
        (
            "offering_prices",
            &["offering_id", "charging", "price_minor", "client_fee_minor", "unit_cost_minor", "valid_from", "items"],
        ),
        (
            "vouchers",
            &[
                "client_id",
                "person_id",
                "rulebook_id",
                "number",
                "value_minor",
                "quantity_e4",
                "per",
                "free_of_charge",
                "decision_id",
                "measure",
                "unused",
                "facts",
            ],
        ),
    ];
    on_each(|_, db| {
        found(db);
        issue_and_deliver(db, 1, 1);
        for (table, columns) in FINAL {
            let mut changes: Vec<String> =
                columns.iter().map(|column| format!("UPDATE {table} SET {column} = {column}")).collect();
            changes.push(format!("DELETE FROM {table}"));
            if db.is_postgres() {
                changes.push(format!("TRUNCATE {table} CASCADE"));
            }
            for sql in changes {
                let refused = tell(db, &sql).expect_err(&sql);
                let DbError::AppendOnly { message } = refused else { panic!("{sql}: {refused:?}") };
                assert!(message.starts_with("append-only: "), "{message}");
                assert!(message.ends_with(table) || sql.starts_with("TRUNCATE"), "{sql}: {message}");
            }
        }
    });
}

/// A request of the first voucher to the provider, by the columns of its choice.
const ASK: &str = "INSERT INTO choice_requests (id, organiser_id, voucher_id, offering_id, provider_id, unit_id, sector, \
    charging, price_minor, client_fee_minor, unit_cost_minor, only_items, first_day, requested_by, requested_at, \
    answer_by, state) SELECT id, organiser_id, voucher_id, offering_id, provider_id, unit_id, sector, charging, \
    price_minor, client_fee_minor, unit_cost_minor, only_items, valid_from, chosen_by, chosen_at, '2026-03-01', 'waiting' \
    FROM choices";

#[test]
fn a_request_waits_once_and_ends_once() {
    on_each(|_, db| {
        found(db);
        issue_and_deliver(db, 1, 1);
        assert_eq!(tell(db, ASK), Ok(1));
        let end = |members: &str| tell(db, &format!("UPDATE choice_requests SET {members}"));
        for halfway in [
            "state = 'lapsed', ended_by = 'x', ended_at = requested_at",
            "state = 'refused', ended_by = 'x', ended_at = requested_at",
            "state = 'confirmed', ended_by = 'x', ended_at = requested_at",
            "state = 'withdrawn', cause = 'holder'",
        ] {
            assert!(matches!(end(halfway), Err(DbError::Check { .. })), "{halfway}");
        }
        assert!(matches!(end("first_day = first_day"), Err(DbError::AppendOnly { .. })));
        let confirmed = "state = 'confirmed', choice_id = id, ended_by = 'x', ended_at = requested_at";
        assert_eq!(end(confirmed), Ok(1));
        assert_eq!(db.read_blocking(valinta_persistence::ledger_check::verify), Ok(vec![]));
        for again in
            [confirmed, "reason = 'another'", "state = 'waiting', choice_id = NULL, ended_by = NULL, ended_at = NULL"]
        {
            assert!(matches!(end(again), Err(DbError::AppendOnly { .. })), "{again}");
        }
        assert!(matches!(tell(db, "DELETE FROM choice_requests"), Err(DbError::AppendOnly { .. })));
    });
}

#[test]
fn a_choice_and_a_price_can_end_and_a_voucher_can_move_on() {
    on_each(|_, db| {
        found(db);
        issue_and_deliver(db, 1, 1);
        for sql in [
            "UPDATE choices SET valid_to = '2026-03-01'",
            "UPDATE offering_prices SET valid_to = '2026-03-01'",
            "UPDATE vouchers SET state = 'used_up', version = version + 1",
        ] {
            assert_eq!(tell(db, sql), Ok(1), "{sql}");
        }
    });
}

/// A text of the longest length in each of three languages, all of it escaped.
#[test]
fn the_longest_directions_and_the_longest_answers_fit() {
    on_each(|_, db| {
        found(db);
        issue_and_deliver(db, 1, 0);
        let directions = "\\n".repeat(3 * 4_000) + &"x".repeat(100);
        let sql = format!("UPDATE vouchers SET state = 'refused', directed_to = '{directions}'");
        assert_eq!(tell(db, &sql), Ok(1));
        db.write_blocking(|c| {
            use valinta_persistence::idempotency::{Kept, Trace, claim, complete};
            let at = super::support::moment(1);
            claim(c, "caller", "k", "issue_voucher", &[1; 32], at)?;
            complete(
                c,
                "caller",
                "k",
                &Kept { status: 201, body: &"x".repeat(4_000_000), location: None, trace: Trace::default() },
            )
        })
        .unwrap();
    });
}
