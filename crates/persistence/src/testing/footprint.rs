//! How much there is in the tables of money and of what is told about it: what a command that was refused must not change.

use diesel::prelude::*;

use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{
    allotments, audit_log, choices, decisions, event_accounts, event_acts, idempotency_keys, ledger_entries, outbox,
    service_events, settlement_lines, settlements, statements, vouchers,
};

macro_rules! counted {
    ($c:expr, $($table:ident),+ $(,)?) => {
        vec![$((stringify!($table), $table::table.count().get_result::<i64>($c)?)),+]
    };
}

/// How many rows the tables have, and how often vouchers and events were taken: by table.
///
/// # Errors
/// The database's.
pub fn footprint(c: &mut Conn) -> Result<Vec<(&'static str, i64)>, DbError> {
    let mut rows = counted!(
        c,
        vouchers,
        allotments,
        choices,
        decisions,
        service_events,
        event_accounts,
        event_acts,
        ledger_entries,
        settlements,
        settlement_lines,
        statements,
        idempotency_keys,
        outbox,
        audit_log,
    );
    rows.push(("versions of vouchers", versions(c)?));
    Ok(rows)
}

fn versions(c: &mut Conn) -> Result<i64, DbError> {
    let all: Vec<i64> = vouchers::table.select(vouchers::version).load(c)?;
    Ok(all.iter().fold(0, |sum, version| sum.saturating_add(*version)))
}
