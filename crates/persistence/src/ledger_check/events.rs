//! Service events against their vouchers, their choices, their lines and what was posted for them.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::ledger::EntryKind;
use valinta_domain::rulebook::Measure;
use valinta_domain::rules::Facts;
use valinta_domain::service_event::Charges;
use valinta_domain::voucher::Voucher;
use valinta_domain::{Day, Quantity};

use super::lines::{self, Line, Whole};
use super::versions::AllVersions;
use super::{About, Faults, PAGE, money};
use crate::convert::PriceColumns;
use crate::dialect::{Conn, sum_i64};
use crate::error::DbError;
use crate::schema::{allotments, choices, ledger_entries, service_events, vouchers};
use crate::types::{DbId, DbMoment};
use crate::vouchers::Row as VoucherRow;

/// Ten-thousandths of a unit of money in a cent: what a purse is counted in.
const CENT_E4: i64 = 100;

#[derive(Queryable, Selectable)]
#[diesel(table_name = service_events)]
struct Event {
    id: DbId,
    organiser_id: DbId,
    voucher_id: DbId,
    provider_id: DbId,
    unit_id: DbId,
    person_id: DbId,
    rulebook_id: DbId,
    day: NaiveDate,
    quantity_e4: i64,
    started_at: Option<DbMoment>,
    value_minor: i64,
    charging: String,
    total_minor: i64,
    organiser_pays_minor: i64,
    co_payment_minor: i64,
    client_fee_minor: i64,
    facts: String,
}

impl Event {
    fn whole(&self) -> Option<Whole> {
        let facts: Facts = serde_json::from_str(&self.facts).ok()?;
        Some(Whole {
            organiser: self.organiser_id,
            rulebook: self.rulebook_id,
            day: Day::new(self.day),
            has_span: self.started_at.is_some(),
            facts,
            quantity: Quantity::from_e4(self.quantity_e4),
            value: money(self.value_minor),
            charges: Charges {
                total: money(self.total_minor),
                organiser_pays: money(self.organiser_pays_minor),
                co_payment: money(self.co_payment_minor),
                client_fee: money(self.client_fee_minor),
            },
        })
    }
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
    items: Option<String>,
    only_items: bool,
}

impl Choice {
    fn price(&self) -> PriceColumns {
        PriceColumns {
            charging: self.charging.clone(),
            price_minor: self.price_minor,
            client_fee_minor: self.client_fee_minor,
            unit_cost_minor: self.unit_cost_minor,
            items: self.items.clone(),
            only_items: self.only_items,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = allotments)]
struct Part {
    voucher_id: DbId,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
}

type Joined = (Event, Option<VoucherRow>, Option<Choice>, Option<Part>);
/// Quantity and amount, by event and kind of entry.
type Posted = HashMap<(DbId, String), (i64, i64)>;

pub(super) fn check(c: &mut Conn, faults: &mut Faults, versions: &mut AllVersions) -> Result<(), DbError> {
    let mut after = None;
    while !faults.is_full() {
        let page = page_after(c, after)?;
        let (Some((first, ..)), Some((last, ..))) = (page.first(), page.last()) else { return Ok(()) };
        let range = (first.id, last.id);
        let posted = posted_between(c, range)?;
        let mut lines = lines::between(c, range.0, range.1)?;
        after = Some(range.1);
        for (event, voucher, choice, part) in page {
            let of_event = lines.remove(&event.id).unwrap_or_default();
            let mut about = faults.of("service event", event.id);
            let Some(voucher) = voucher else {
                about.fault("its voucher is missing");
                continue;
            };
            // What is wrong with the voucher itself is told of the voucher.
            let Ok(voucher) = voucher.stored().map(|stored| stored.voucher) else {
                about.fault("its voucher cannot be read");
                continue;
            };
            check_voucher(&mut about, &event, &voucher, part.as_ref());
            check_lines(c, &mut about, &event, (&voucher, choice.as_ref()), &of_event, versions)?;
            check_postings(&mut about, &event, voucher.measure, &posted);
        }
    }
    Ok(())
}

fn page_after(c: &mut Conn, after: Option<DbId>) -> Result<Vec<Joined>, DbError> {
    let mut query = service_events::table
        .left_join(vouchers::table.on(vouchers::id.eq(service_events::voucher_id)))
        .left_join(choices::table.on(choices::id.eq(service_events::choice_id)))
        .left_join(allotments::table.on(allotments::id.eq(service_events::allotment_id)))
        .select((
            Event::as_select(),
            Option::<VoucherRow>::as_select(),
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

fn posted_between(c: &mut Conn, (first, last): (DbId, DbId)) -> Result<Posted, DbError> {
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

fn check_voucher(about: &mut About<'_>, event: &Event, voucher: &Voucher, part: Option<&Part>) {
    let whose = (DbId::from(voucher.organiser), DbId::from(voucher.person));
    about.expect((event.organiser_id, event.person_id) == whose, || {
        "organiser and person are not the voucher's".to_owned()
    });
    about.expect(part.is_some_and(|part| part.voucher_id == event.voucher_id), || {
        "its allotment is not its voucher's".to_owned()
    });
    about.expect(part.is_none_or(|part| part.valid_from <= event.day && event.day < part.valid_to), || {
        "its allotment is not that of its day".to_owned()
    });
}

fn check_lines(
    c: &mut Conn,
    about: &mut About<'_>,
    event: &Event,
    (voucher, choice): (&Voucher, Option<&Choice>),
    lines: &[Line],
    versions: &mut AllVersions,
) -> Result<(), DbError> {
    let Some(whole) = event.whole() else {
        about.fault("its facts cannot be read");
        return Ok(());
    };
    lines::check_sums(about, &whole, lines);
    let Some(choice) = choice else {
        about.fault("its choice is missing");
        return Ok(());
    };
    let agreed = (choice.voucher_id, choice.provider_id, choice.unit_id)
        == (event.voucher_id, event.provider_id, event.unit_id)
        && choice.charging == event.charging;
    about.expect(agreed, || "voucher, provider, unit and charging are not those of its choice".to_owned());
    let Ok(price) = choice.price().price("choices") else {
        about.fault("its choice has no price to charge by");
        return Ok(());
    };
    match versions.of_type(c, voucher.voucher_type.into())? {
        Some(versions) => lines::check_charges(about, &whole, lines, (voucher, &price), versions),
        None => about.fault("the rulebooks of its voucher type cannot be read"),
    }
    Ok(())
}

fn check_postings(about: &mut About<'_>, event: &Event, measure: Measure, posted: &Posted) {
    let of_kind = |kind: EntryKind| posted.get(&(event.id, kind.code().to_owned())).copied().unwrap_or((0, 0));
    for (kind, amount) in [
        (EntryKind::Used, 0),
        (EntryKind::OrganiserShare, event.organiser_pays_minor),
        (EntryKind::CoPayment, event.co_payment_minor),
        (EntryKind::ClientFee, event.client_fee_minor),
    ] {
        let (code, (quantity, paid)) = (kind.code(), of_kind(kind));
        let (amount, paid) = (money(amount), money(paid));
        about.expect(amount == paid, || format!("{code} is {amount}, the ledger says {paid}"));
        about.expect(kind == EntryKind::Used || quantity == 0, || {
            format!("{code} has quantity 0, the ledger says {}", Quantity::from_e4(quantity))
        });
    }
    let used = Quantity::from_e4(of_kind(EntryKind::Used).0);
    let (lowest, highest) = to_draw(event, measure);
    about.expect(lowest <= used && used <= highest, || format!("used has quantity {highest}, the ledger says {used}"));
}

/// What an event takes out of the voucher: its quantity, or out of a purse what the organiser pays. A public unit is paid by
/// nobody outside: it uses a purse up by its cost, as far as the purse goes.
fn to_draw(event: &Event, measure: Measure) -> (Quantity, Quantity) {
    let of_money = |amount: i64| Quantity::from_e4(amount.saturating_mul(CENT_E4));
    let exactly = |quantity: Quantity| (quantity, quantity);
    match measure {
        Measure::Quantity => exactly(Quantity::from_e4(event.quantity_e4)),
        Measure::Money if event.charging == "client_fee" => (Quantity::ZERO, of_money(event.total_minor)),
        Measure::Money => exactly(of_money(event.organiser_pays_minor)),
    }
}
