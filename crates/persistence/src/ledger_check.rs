//! Recomputes what vouchers, service events and the ledger say of one another. Reads alone, a page at a time, so that it
//! takes no more memory for more data; of rulebooks it keeps those in force or once in force, as the registry does.
//! Whether the audit trail is whole is for [`crate::audit::verify`].
//!
//! A voucher is compared with the decisions that granted and changed it, with its rulebook and with the audit rows of them; its
//! allotments with the ledger; an event with its voucher, its choice, its rulebook, its lines and its postings; an entry
//! with its event, its allotment and its voucher; a confirmed request with the choice that it became; how an event stands
//! with what was done about it and with what was settled; a statement with its lines.

mod accounts;
mod changes;
mod entries;
mod events;
mod lines;
mod requests;
mod versions;
mod vouchers;

use uuid::Uuid;
use valinta_domain::Amount;

use self::versions::AllVersions;
use crate::dialect::Conn;
use crate::error::DbError;
use crate::types::DbId;

/// Rows that are held in memory at once.
const PAGE: i64 = 1_000;
/// Where [`verify`] stops: whoever has so many faults need not know them all.
pub const LEDGER_FAULTS_MAX: usize = 1_000;

/// A fault that [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFault {
    /// What kind of thing it is about: a voucher, an allotment, a service event, a ledger entry, a statement or a choice
    /// request.
    pub kind: &'static str,
    /// Which one.
    pub subject: Uuid,
    /// What does not agree.
    pub what: String,
}

/// Checks every voucher, every allotment, every service event with its lines, and every ledger entry. Gives no more than
/// [`LEDGER_FAULTS_MAX`] faults.
///
/// # Errors
/// The database's. What does not agree is no error but the answer.
pub fn verify(c: &mut Conn) -> Result<Vec<LedgerFault>, DbError> {
    let mut faults = Faults(Vec::new());
    let mut versions = AllVersions::default();
    vouchers::check(c, &mut faults, &mut versions)?;
    events::check(c, &mut faults, &mut versions)?;
    entries::check(c, &mut faults)?;
    accounts::check(c, &mut faults)?;
    requests::check(c, &mut faults)?;
    faults.0.truncate(LEDGER_FAULTS_MAX);
    Ok(faults.0)
}

/// What has been found so far.
struct Faults(Vec<LedgerFault>);

impl Faults {
    fn is_full(&self) -> bool {
        self.0.len() >= LEDGER_FAULTS_MAX
    }

    fn of(&mut self, kind: &'static str, subject: DbId) -> About<'_> {
        About { faults: self, kind, subject }
    }
}

/// Notes faults of one subject.
struct About<'a> {
    faults: &'a mut Faults,
    kind: &'static str,
    subject: DbId,
}

impl About<'_> {
    fn fault(&mut self, what: impl Into<String>) {
        self.faults.0.push(LedgerFault { kind: self.kind, subject: self.subject.0, what: what.into() });
    }

    fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.fault(otherwise());
        }
    }
}

fn money(minor: i64) -> Amount {
    Amount::from_minor(minor)
}
