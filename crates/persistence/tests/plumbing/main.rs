//! What everything stored rests on, on both databases: transactions, migrations, what cannot be changed, what is
//! found if it was, the audit trail, the outbox and idempotency keys. PostgreSQL takes part where `TEST_DATABASE_URL` names one.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests: a failure is told by a panic"
)]

mod approvals;
mod behalf;
mod changes;
mod choosing;
mod county;
mod evidence;
mod grants;
mod guards;
mod ledger_check;
mod migrations;
mod parity;
mod persons;
mod plans;
mod providers;
mod records;
mod rules;
mod sending;
mod support;
mod transactions;
