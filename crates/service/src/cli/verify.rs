//! `valinta verify`: recomputes the audit trail's chains, every figure that vouchers, events and the ledger share, the days
//! on which approvals lapse, and how every offering stands.

use valinta_persistence::ledger_check::LEDGER_FAULTS_MAX;
use valinta_persistence::{Conn, Db, DbError, audit, ledger_check, offering_states};

use super::CliError;
use crate::approvals::lapse_faults;
use crate::clock::Clock;
use crate::console::{complain, say};

/// Checks the data. It is fine only if nothing was found.
pub(super) fn verify(db: &Db) -> Result<(), CliError> {
    let checked = |c: &mut Conn| Ok::<_, DbError>((audit::verify(c)?, ledger_check::verify(c)?));
    let (trail, faults) = db
        .read_blocking(checked)
        .map_err(|error| CliError::Refused(format!("the database cannot be read: {error}")))?;
    let digest: String = trail.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    say(format_args!("audit trail: {} rows in {} chains, digest {digest}", trail.rows, trail.chains));
    if let Some(broken) = &trail.first_break {
        complain(format_args!("audit trail: {broken}"));
    }
    for fault in &faults {
        complain(format_args!("ledger: {} {}: {}", fault.kind, fault.subject, fault.what));
    }
    if faults.len() >= LEDGER_FAULTS_MAX {
        complain(format_args!("ledger: the check stopped after {LEDGER_FAULTS_MAX} faults"));
    }
    let lapses = lapse_faults(db, Clock::system().now())
        .map_err(|problem| CliError::Refused(format!("the approvals cannot be checked: {}", problem.detail())))?;
    for fault in &lapses {
        complain(format_args!("approvals: {fault}"));
    }
    if lapses.is_empty() {
        say("approvals: every condition that has lapsed, or will, is stored, and nothing else is");
    }
    let unnoted = db
        .read_blocking(offering_states::not_as_noted)
        .map_err(|error| CliError::Refused(format!("the offerings cannot be checked: {error}")))?;
    for offering in &unnoted {
        complain(format_args!("choices: the offering {offering} does not stand as is noted of it"));
    }
    if unnoted.is_empty() {
        say("choices: every offering stands as is noted of it");
    }
    if trail.first_break.is_none() && faults.is_empty() && lapses.is_empty() && unnoted.is_empty() {
        say("ledger: every voucher, every event and every entry agrees with the others");
        return Ok(());
    }
    Err(CliError::Refused("the data is not as it was written".to_owned()))
}
