//! How service events stand is what was recorded, without what acts took back; what is settled of them is what the lines of
//! statements say; and the ledger has posted what acts took back. A statement is the sum of its lines.

use std::collections::HashMap;

use diesel::prelude::*;
use valinta_domain::Amount;
use valinta_domain::ledger::EntryKind;
use valinta_domain::service_event::account::{ActKind, EventState, Figures};

use super::{Faults, PAGE, money};
use crate::dialect::{Conn, sum_i64};
use crate::error::DbError;
use crate::event_accounts::{StoredAccount, accounts_after, figures_of};
use crate::schema::{event_acts, ledger_entries, service_events, settlement_lines};
use crate::statements::{Statement, statements_after};
use crate::types::DbId;

/// Sums of figures, with how many there were.
type Sums = HashMap<DbId, (i64, Figures)>;

macro_rules! sums_of {
    ($c:expr, $table:ident, $between:expr, $filter:expr) => {{
        let rows: Vec<(DbId, i64, i64, i64, i64, i64, i64)> = $table::table
            .filter($table::service_event_id.between($between.0, $between.1))
            .filter($filter)
            .group_by($table::service_event_id)
            .select((
                $table::service_event_id,
                diesel::dsl::count_star(),
                sum_i64($table::quantity_e4),
                sum_i64($table::total_minor),
                sum_i64($table::organiser_pays_minor),
                sum_i64($table::co_payment_minor),
                sum_i64($table::client_fee_minor),
            ))
            .load($c)?;
        let sum = |(id, count, quantity, total, organiser, client, fee): (DbId, i64, i64, i64, i64, i64, i64)| {
            (id, (count, figures_of(quantity, [total, organiser, client, fee])))
        };
        rows.into_iter().map(sum).collect::<Sums>()
    }};
}

pub(super) fn check(c: &mut Conn, faults: &mut Faults) -> Result<(), DbError> {
    check_there(c, faults)?;
    let mut after = None;
    while !faults.is_full() {
        let page = accounts_after(c, after, PAGE)?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else { break };
        let range = (DbId::from(first.event), DbId::from(last.event));
        after = Some(last.event);
        let acts = sums_of!(c, event_acts, range, event_acts::number.ge(1_i64));
        let lines = sums_of!(c, settlement_lines, range, settlement_lines::month.is_not_null());
        let raised = event_acts::kind.eq(ActKind::Revalued.code());
        let raises = sums_of!(c, event_acts, range, raised);
        let recorded = recorded_between(c, range)?;
        let reversed = reversed_between(c, range)?;
        for stored in &page {
            check_account(faults, stored, (&recorded, &acts, &raises, &lines, &reversed));
        }
    }
    check_statements(c, faults)
}

/// Events that nobody keeps the account of.
fn check_there(c: &mut Conn, faults: &mut Faults) -> Result<(), DbError> {
    use crate::schema::event_accounts;
    let kept = event_accounts::table.filter(event_accounts::service_event_id.eq(service_events::id));
    let without: Vec<DbId> = service_events::table
        .filter(diesel::dsl::not(diesel::dsl::exists(kept)))
        .order(service_events::id)
        .limit(PAGE)
        .select(service_events::id)
        .load(c)?;
    for id in without {
        faults.of("service event", id).fault("it has no account of how it stands");
    }
    Ok(())
}

fn recorded_between(c: &mut Conn, range: (DbId, DbId)) -> Result<HashMap<DbId, Figures>, DbError> {
    let rows: Vec<(DbId, i64, i64, i64, i64, i64)> = service_events::table
        .filter(service_events::id.between(range.0, range.1))
        .select((
            service_events::id,
            service_events::quantity_e4,
            service_events::total_minor,
            service_events::organiser_pays_minor,
            service_events::co_payment_minor,
            service_events::client_fee_minor,
        ))
        .load(c)?;
    let figures = |(id, quantity, total, organiser, client, fee): (DbId, i64, i64, i64, i64, i64)| {
        (id, figures_of(quantity, [total, organiser, client, fee]))
    };
    Ok(rows.into_iter().map(figures).collect())
}

/// What the ledger has posted back of events, by event and kind.
fn reversed_between(c: &mut Conn, range: (DbId, DbId)) -> Result<HashMap<(DbId, String), i64>, DbError> {
    let kinds = [
        EntryKind::OrganiserShareReversed.code(),
        EntryKind::CoPaymentReversed.code(),
        EntryKind::ClientFeeReversed.code(),
    ];
    let rows: Vec<(Option<DbId>, String, i64)> = ledger_entries::table
        .filter(ledger_entries::service_event_id.between(range.0, range.1))
        .filter(ledger_entries::kind.eq_any(kinds))
        .group_by((ledger_entries::service_event_id, ledger_entries::kind))
        .select((ledger_entries::service_event_id, ledger_entries::kind, sum_i64(ledger_entries::amount_minor)))
        .load(c)?;
    Ok(rows.into_iter().filter_map(|(id, kind, sum)| id.map(|id| ((id, kind), sum))).collect())
}

type Told<'a> = (&'a HashMap<DbId, Figures>, &'a Sums, &'a Sums, &'a Sums, &'a HashMap<(DbId, String), i64>);

fn check_account(faults: &mut Faults, stored: &StoredAccount, (recorded, acts, raises, lines, reversed): Told<'_>) {
    let id = DbId::from(stored.event);
    let mut about = faults.of("service event", id);
    let Some(recorded) = recorded.get(&id) else { return about.fault("it has an account and was not recorded") };
    let none = (0, Figures::ZERO);
    let (count, taken_back) = acts.get(&id).copied().unwrap_or(none);
    let (settlements, settled) = lines.get(&id).copied().unwrap_or(none);
    // A raise is posted as more of the organiser's share, and not as less of it taken back.
    let (_, raised) = raises.get(&id).copied().unwrap_or(none);
    let organiser_pays = taken_back.charges.organiser_pays.minus(raised.charges.organiser_pays);
    let account = stored.account;
    about.expect(recorded.minus(taken_back) == Some(account.counted), || {
        "what counts of it is not what was recorded without what was taken back".to_owned()
    });
    about.expect(count == stored.acts, || format!("{} acts are counted, and there are {count}", stored.acts));
    about.expect((settlements, settled) == (account.settlements, account.settled), || {
        "what is settled of it is not what the lines of statements say".to_owned()
    });
    about.expect((account.state == EventState::Withdrawn) == (account.counted == Figures::ZERO), || {
        format!("it is {} and counts {}", account.state.code(), account.counted.charges.total)
    });
    for (kind, amount) in [
        (EntryKind::OrganiserShareReversed, organiser_pays.unwrap_or(taken_back.charges.organiser_pays)),
        (EntryKind::CoPaymentReversed, taken_back.charges.co_payment),
        (EntryKind::ClientFeeReversed, taken_back.charges.client_fee),
    ] {
        let posted = money(reversed.get(&(id, kind.code().to_owned())).copied().unwrap_or_default());
        about.expect(posted == amount, || format!("{} is {amount}, the ledger says {posted}", kind.code()));
    }
}

fn check_statements(c: &mut Conn, faults: &mut Faults) -> Result<(), DbError> {
    let mut after = None;
    while !faults.is_full() {
        let page = statements_after(c, after, PAGE)?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(()) };
        let range = (DbId::from(first.id), DbId::from(last.id));
        after = Some(last.id);
        let sums: Vec<(DbId, i64, i64, i64, i64)> = settlement_lines::table
            .filter(settlement_lines::statement_id.between(range.0, range.1))
            .group_by(settlement_lines::statement_id)
            .select((
                settlement_lines::statement_id,
                diesel::dsl::count_star(),
                sum_i64(settlement_lines::organiser_pays_minor),
                sum_i64(settlement_lines::co_payment_minor),
                sum_i64(settlement_lines::client_fee_minor),
            ))
            .load(c)?;
        let sums: HashMap<DbId, [i64; 4]> =
            sums.into_iter().map(|(id, count, organiser, client, fee)| (id, [count, organiser, client, fee])).collect();
        for statement in &page {
            let kept = sums.get(&DbId::from(statement.id)).copied().unwrap_or_default();
            check_statement(c, faults, statement, kept)?;
        }
    }
    Ok(())
}

fn check_statement(c: &mut Conn, faults: &mut Faults, statement: &Statement, kept: [i64; 4]) -> Result<(), DbError> {
    let sums = statement.sums;
    let said = [sums.lines, sums.organiser_pays.minor(), sums.co_payment.minor(), sums.client_fee.minor()];
    let carried = match statement.made_at {
        Some(_) => crate::statements::carried_to(c, statement.organiser, statement.provider, statement.month)?,
        None => Amount::ZERO,
    };
    let mut about = faults.of("statement", DbId::from(statement.id));
    about.expect(said == kept, || "its sums are not those of its lines".to_owned());
    about.expect(statement.carried_in == carried, || {
        format!("{} is carried in, and the one before left {carried}", statement.carried_in)
    });
    Ok(())
}
