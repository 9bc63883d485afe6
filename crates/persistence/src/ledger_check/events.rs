//! Service events against their vouchers, their choices and what was posted for them.

use std::collections::HashMap;

use diesel::prelude::*;
use valinta_domain::Quantity;
use valinta_domain::ledger::EntryKind;
use valinta_domain::service_event::charge;

use super::{About, Faults, PAGE, money};
use crate::convert::price;
use crate::dialect::{Conn, sum_i64};
use crate::error::DbError;
use crate::schema::{allotments, choices, ledger_entries, service_events, vouchers};
use crate::types::DbId;

#[derive(Queryable, Selectable)]
#[diesel(table_name = service_events)]
struct Event {
    id: DbId,
    organiser_id: DbId,
    voucher_id: DbId,
    provider_id: DbId,
    unit_id: DbId,
    person_id: DbId,
    quantity_e4: i64,
    value_minor: i64,
    charging: String,
    total_minor: i64,
    organiser_pays_minor: i64,
    co_payment_minor: i64,
    client_fee_minor: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = vouchers)]
struct Voucher {
    organiser_id: DbId,
    person_id: DbId,
    value_minor: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = choices)]
struct Choice {
    voucher_id: DbId,
    provider_id: DbId,
    unit_id: DbId,
    charging: String,
    price_minor: Option<i64>,
    client_fee_minor: Option<i64>,
    unit_cost_minor: Option<i64>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = allotments)]
struct Part {
    voucher_id: DbId,
}

type Line = (Event, Option<Voucher>, Option<Choice>, Option<Part>);
/// Quantity and amount, by event and kind of entry.
type Posted = HashMap<(DbId, String), (i64, i64)>;

pub(super) fn check(c: &mut Conn, faults: &mut Faults) -> Result<(), DbError> {
    let mut after = None;
    while !faults.is_full() {
        let page = page_after(c, after)?;
        let (Some((first, ..)), Some((last, ..))) = (page.first(), page.last()) else { return Ok(()) };
        let posted = posted_between(c, first.id, last.id)?;
        after = Some(last.id);
        for (event, voucher, choice, part) in &page {
            let mut about = faults.of("service event", event.id);
            check_voucher(&mut about, event, voucher.as_ref(), part.as_ref());
            match choice {
                None => about.fault("its choice is missing"),
                Some(choice) => check_charges(&mut about, event, choice),
            }
            check_postings(&mut about, event, &posted);
        }
    }
    Ok(())
}

fn page_after(c: &mut Conn, after: Option<DbId>) -> Result<Vec<Line>, DbError> {
    let mut query = service_events::table
        .left_join(vouchers::table.on(vouchers::id.eq(service_events::voucher_id)))
        .left_join(choices::table.on(choices::id.eq(service_events::choice_id)))
        .left_join(allotments::table.on(allotments::id.eq(service_events::allotment_id)))
        .select((
            Event::as_select(),
            Option::<Voucher>::as_select(),
            Option::<Choice>::as_select(),
            Option::<Part>::as_select(),
        ))
        .order(service_events::id)
        .limit(PAGE)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(service_events::id.gt(after));
    }
    Ok(query.load(c)?)
}

fn posted_between(c: &mut Conn, first: DbId, last: DbId) -> Result<Posted, DbError> {
    let sums: Vec<(Option<DbId>, String, i64, i64)> = ledger_entries::table
        .filter(ledger_entries::service_event_id.between(first, last))
        .group_by((ledger_entries::service_event_id, ledger_entries::kind))
        .select((
            ledger_entries::service_event_id,
            ledger_entries::kind,
            sum_i64(ledger_entries::quantity_e4),
            sum_i64(ledger_entries::amount_minor),
        ))
        .load(c)?;
    let of_events = sums
        .into_iter()
        .filter_map(|(event, kind, quantity, amount)| event.map(|event| ((event, kind), (quantity, amount))));
    Ok(of_events.collect())
}

fn check_voucher(about: &mut About<'_>, event: &Event, voucher: Option<&Voucher>, part: Option<&Part>) {
    let Some(voucher) = voucher else { return about.fault("its voucher is missing") };
    let (value, granted) = (money(event.value_minor), money(voucher.value_minor));
    about.expect(value == granted, || format!("value is {value}, the voucher's is {granted}"));
    about.expect((event.organiser_id, event.person_id) == (voucher.organiser_id, voucher.person_id), || {
        "organiser and person are not the voucher's".to_owned()
    });
    about.expect(part.is_some_and(|part| part.voucher_id == event.voucher_id), || {
        "its allotment is not its voucher's".to_owned()
    });
}

fn check_charges(about: &mut About<'_>, event: &Event, choice: &Choice) {
    let agreed = (choice.voucher_id, choice.provider_id, choice.unit_id)
        == (event.voucher_id, event.provider_id, event.unit_id)
        && choice.charging == event.charging;
    about.expect(agreed, || "voucher, provider, unit and charging are not those of its choice".to_owned());
    let price =
        price("choices", &choice.charging, choice.price_minor, choice.client_fee_minor, choice.unit_cost_minor).ok();
    let charges = price.and_then(|price| charge(money(event.value_minor), price, Quantity::from_e4(event.quantity_e4)));
    let Some(charges) = charges else { return about.fault("its choice has no price to charge by") };
    for (what, kept, computed) in [
        ("total", event.total_minor, charges.total),
        ("organiser_pays", event.organiser_pays_minor, charges.organiser_pays),
        ("co_payment", event.co_payment_minor, charges.co_payment),
        ("client_fee", event.client_fee_minor, charges.client_fee),
    ] {
        let kept = money(kept);
        about.expect(kept == computed, || format!("{what} is {kept}, by value, agreed price and quantity {computed}"));
    }
}

fn check_postings(about: &mut About<'_>, event: &Event, posted: &Posted) {
    for (kind, quantity, amount) in [
        (EntryKind::Used, event.quantity_e4, 0),
        (EntryKind::OrganiserShare, 0, event.organiser_pays_minor),
        (EntryKind::CoPayment, 0, event.co_payment_minor),
        (EntryKind::ClientFee, 0, event.client_fee_minor),
    ] {
        let code = kind.code();
        let (in_ledger, paid) = posted.get(&(event.id, code.to_owned())).copied().unwrap_or((0, 0));
        let (quantity, in_ledger) = (Quantity::from_e4(quantity), Quantity::from_e4(in_ledger));
        about.expect(quantity == in_ledger, || format!("{code} has quantity {quantity}, the ledger says {in_ledger}"));
        let (amount, paid) = (money(amount), money(paid));
        about.expect(amount == paid, || format!("{code} is {amount}, the ledger says {paid}"));
    }
}
