//! Ledger entries against what they name: money never moves without a service event, nor quantities without an allotment.

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::Quantity;
use valinta_domain::decision::DecisionKind;
use valinta_domain::ledger::EntryKind;
use valinta_domain::rulebook::Unused;

use super::{About, Faults, PAGE, money};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{allotments, decisions, ledger_entries, service_events, vouchers};
use crate::types::DbId;
use crate::vouchers::unused_from_code;

#[derive(Queryable, Selectable)]
#[diesel(table_name = ledger_entries)]
struct Entry {
    id: DbId,
    organiser_id: DbId,
    voucher_id: DbId,
    allotment_id: Option<DbId>,
    service_event_id: Option<DbId>,
    decision_id: Option<DbId>,
    kind: String,
    from_account: String,
    to_account: String,
    quantity_e4: i64,
    amount_minor: i64,
    day: NaiveDate,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = vouchers)]
struct Voucher {
    organiser_id: DbId,
    decision_id: DbId,
    unused: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = service_events)]
struct Event {
    voucher_id: DbId,
    allotment_id: DbId,
    day: NaiveDate,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = allotments)]
struct Part {
    voucher_id: DbId,
    valid_from: NaiveDate,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = decisions)]
struct Decided {
    kind: String,
    subject_id: DbId,
}

type Line = (Entry, Option<Voucher>, Option<Event>, Option<Part>, Option<Decided>);

pub(super) fn check(c: &mut Conn, faults: &mut Faults) -> Result<(), DbError> {
    let mut after = None;
    while !faults.is_full() {
        let page = page_after(c, after)?;
        let Some((last, ..)) = page.last() else { return Ok(()) };
        after = Some(last.id);
        for (entry, voucher, event, part, decided) in &page {
            let mut about = faults.of("ledger entry", entry.id);
            let Some(kind) = EntryKind::from_code(&entry.kind) else {
                about.fault("its kind is unknown");
                continue;
            };
            check_movement(&mut about, kind, entry);
            check_voucher(&mut about, entry, voucher.as_ref());
            check_decision(&mut about, kind, entry, (voucher.as_ref(), decided.as_ref()));
            check_event(&mut about, kind, entry, event.as_ref());
            check_allotment(&mut about, kind, entry, part.as_ref());
            check_drawn(&mut about, entry, (voucher.as_ref(), event.as_ref(), part.as_ref()));
        }
    }
    Ok(())
}

fn page_after(c: &mut Conn, after: Option<DbId>) -> Result<Vec<Line>, DbError> {
    let mut query = ledger_entries::table
        .left_join(vouchers::table.on(vouchers::id.eq(ledger_entries::voucher_id)))
        .left_join(service_events::table.on(service_events::id.nullable().eq(ledger_entries::service_event_id)))
        .left_join(allotments::table.on(allotments::id.nullable().eq(ledger_entries::allotment_id)))
        .left_join(decisions::table.on(decisions::id.nullable().eq(ledger_entries::decision_id)))
        .select((
            Entry::as_select(),
            Option::<Voucher>::as_select(),
            Option::<Event>::as_select(),
            Option::<Part>::as_select(),
            Option::<Decided>::as_select(),
        ))
        .order(ledger_entries::id)
        .limit(PAGE)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(ledger_entries::id.gt(after));
    }
    Ok(query.load(c)?)
}

fn check_movement(about: &mut About<'_>, kind: EntryKind, entry: &Entry) {
    let (code, (from, to)) = (kind.code(), kind.accounts());
    about.expect((entry.from_account.as_str(), entry.to_account.as_str()) == (from.code(), to.code()), || {
        let (is_from, is_to) = (&entry.from_account, &entry.to_account);
        format!("{code} goes from {} to {}, not from {is_from} to {is_to}", from.code(), to.code())
    });
    if kind.moves_money() {
        let quantity = Quantity::from_e4(entry.quantity_e4);
        about.expect(quantity == Quantity::ZERO, || format!("{code} moves a quantity, {quantity}"));
    } else {
        let amount = money(entry.amount_minor);
        about.expect(entry.amount_minor == 0, || format!("{code} moves money, {amount}"));
    }
}

fn check_voucher(about: &mut About<'_>, entry: &Entry, voucher: Option<&Voucher>) {
    let Some(voucher) = voucher else { return about.fault("its voucher is missing") };
    about.expect(entry.organiser_id == voucher.organiser_id, || "its organiser is not its voucher's".to_owned());
}

/// What is granted is granted by the voucher's own decision, or by one that extended or raised it; what is taken back, by one
/// that cancelled or reduced it, or by its holder who refused it; and nobody decides that something expires.
fn check_decision(
    about: &mut About<'_>,
    kind: EntryKind,
    entry: &Entry,
    (voucher, decided): (Option<&Voucher>, Option<&Decided>),
) {
    let by = |kinds: &[DecisionKind]| {
        decided.is_some_and(|decided| {
            decided.subject_id == entry.voucher_id && kinds.iter().any(|kind| kind.code() == decided.kind)
        })
    };
    let is_own = voucher.is_some_and(|voucher| entry.decision_id == Some(voucher.decision_id));
    let agrees = match kind {
        EntryKind::Granted => {
            voucher.is_none() || is_own || by(&[DecisionKind::ExtendVoucher, DecisionKind::RaiseVoucher])
        }
        EntryKind::Returned => {
            entry.decision_id.is_none() || by(&[DecisionKind::CancelVoucher, DecisionKind::ReduceVoucher])
        }
        EntryKind::Expired => entry.decision_id.is_none(),
        EntryKind::Used
        | EntryKind::UseReversed
        | EntryKind::OrganiserShare
        | EntryKind::CoPayment
        | EntryKind::ClientFee
        | EntryKind::OrganiserShareReversed
        | EntryKind::CoPaymentReversed
        | EntryKind::ClientFeeReversed => true,
    };
    about.expect(agrees, || "its decision is not its voucher's".to_owned());
}

fn check_event(about: &mut About<'_>, kind: EntryKind, entry: &Entry, event: Option<&Event>) {
    let code = kind.code();
    let of_event = kind.is_of_event();
    match (entry.service_event_id, event) {
        (None, _) => {
            about.expect(!of_event, || format!("{code} of {} names no service event", money(entry.amount_minor)))
        }
        (Some(_), None) => about.fault("its service event is missing"),
        (Some(_), Some(event)) => {
            // What comes back to a voucher whose life is over is returned at once, by the same service.
            about.expect(of_event || kind == EntryKind::Returned, || format!("{code} names a service event"));
            about.expect(entry.voucher_id == event.voucher_id, || "its voucher is not its service event's".to_owned());
            about.expect(entry.day == event.day, || "its day is not its service event's".to_owned());
        }
    }
}

fn check_allotment(about: &mut About<'_>, kind: EntryKind, entry: &Entry, part: Option<&Part>) {
    match (entry.allotment_id, part) {
        (None, _) => about.expect(kind.moves_money(), || format!("{} names no allotment", kind.code())),
        (Some(_), None) => about.fault("its allotment is missing"),
        (Some(_), Some(part)) => {
            about.expect(part.voucher_id == entry.voucher_id, || "its allotment is not its voucher's".to_owned());
        }
    }
}

/// An event draws on the allotment of its day; where what is left is carried over, on an earlier one as well.
fn check_drawn(
    about: &mut About<'_>,
    entry: &Entry,
    (voucher, event, part): (Option<&Voucher>, Option<&Event>, Option<&Part>),
) {
    let (Some(voucher), Some(event)) = (voucher, event) else { return };
    let carried_over = unused_from_code(&voucher.unused) == Some(Unused::CarriesOver)
        && part.is_some_and(|part| part.voucher_id == event.voucher_id && part.valid_from <= event.day);
    about.expect(carried_over || entry.allotment_id.is_none_or(|part| part == event.allotment_id), || {
        "its allotment is not its service event's".to_owned()
    });
}
