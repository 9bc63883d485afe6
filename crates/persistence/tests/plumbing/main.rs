//! What everything stored rests on, on both databases: transactions, migrations, the audit trail, the outbox and
//! idempotency keys. PostgreSQL takes part where `TEST_DATABASE_URL` names one.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests: a failure is told by a panic"
)]

mod migrations;
mod parity;
mod records;
mod support;
mod transactions;
