//! Service events against their vouchers, their choices, their lines and what was posted for them.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use valinta_domain::ledger::EntryKind;
use valinta_domain::rulebook::Measure;
use valinta_domain::rules::Facts;
use valinta_domain::service_event::account::ActKind;
use valinta_domain::service_event::{Charges, EventKind};
use valinta_domain::voucher::{RaisedValue, Voucher, raised_on};
use valinta_domain::{Day, Quantity};

use super::lines::{self, Line, Whole};
use super::versions::{AllVersions, version};
use super::{About, Faults, PAGE, money};
use crate::convert::PriceColumns;
use crate::dialect::{Conn, sum_i64};
use crate::error::DbError;
use crate::grants;
use crate::schema::{allotments, choices, event_acts, ledger_entries, service_events, vouchers};
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
    kind: String,
}

impl Event {
    fn whole(&self) -> Option<Whole> {
        let facts: Facts = serde_json::from_str(&self.facts).ok()?;
        Some(Whole {
            organiser: self.organiser_id,
            rulebook: self.rulebook_id,
            day: Day::new(self.day),
            has_span: self.started_at.is_some(),
            kind: EventKind::from_code(&self.kind)?,
            facts,
            quantity: Quantity::from_e4(self.quantity_e4),
            value: money(self.value_minor),
            charges: Charges {
                total: money(self.total_minor),
                organiser_pays: money(self.organiser_pays_minor),
                co_payment: money(self.co_payment_minor),
                client_fee: money(self.client_fee_minor),
            },
            raise: None,
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
        let raises = raises_of(c, &page)?;
        let revalued = revalued_between(c, range)?;
        after = Some(range.1);
        for (event, voucher, choice, part) in page {
            let of_event = lines.remove(&event.id).unwrap_or_default();
            let raise = raises.get(&event.id).copied();
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
            let whole = event.whole().map(|whole| Whole { raise, ..whole });
            check_lines(c, &mut about, (&event, whole), (&voucher, choice.as_ref()), &of_event, versions)?;
            let more = revalued.get(&event.id).copied().unwrap_or_default();
            let uses = uses_quantity(c, &event, &voucher, versions)?;
            check_postings(&mut about, &event, (voucher.measure, uses), (&posted, more));
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

/// How much more the organiser pays of events whose units were found to be worth more after they were recorded.
fn revalued_between(c: &mut Conn, (first, last): (DbId, DbId)) -> Result<HashMap<DbId, i64>, DbError> {
    let sums: Vec<(DbId, i64)> = event_acts::table
        .filter(event_acts::service_event_id.between(first, last))
        .filter(event_acts::kind.eq(ActKind::Revalued.code()))
        .group_by(event_acts::service_event_id)
        .select((event_acts::service_event_id, sum_i64(event_acts::co_payment_minor)))
        .load(c)?;
    Ok(sums.into_iter().collect())
}

/// The raised value of each event that was recorded under one: of a day from which it holds, and after its decision.
fn raises_of(c: &mut Conn, page: &[Joined]) -> Result<HashMap<DbId, RaisedValue>, DbError> {
    let vouchers: HashSet<DbId> = page.iter().map(|(event, ..)| event.voucher_id).collect();
    let values = grants::values_of(c, &vouchers.into_iter().collect::<Vec<_>>())?;
    let events: Vec<&Event> =
        page.iter().map(|(event, ..)| event).filter(|event| values.contains_key(&event.voucher_id)).collect();
    let ids: Vec<DbId> = events.iter().map(|event| event.id).collect();
    let recorded: Vec<(Option<DbId>, Option<i64>)> = ledger_entries::table
        .filter(ledger_entries::service_event_id.eq_any(&ids))
        .group_by(ledger_entries::service_event_id)
        .select((ledger_entries::service_event_id, diesel::dsl::min(ledger_entries::voucher_version)))
        .load(c)?;
    let recorded: HashMap<DbId, i64> = recorded.into_iter().filter_map(|(id, version)| id.zip(version)).collect();
    let raise_of = |event: &&Event| {
        let version = recorded.get(&event.id)?;
        let decided = values.get(&event.voucher_id)?.iter().filter(|(decided, _)| decided < version);
        let decided: Vec<RaisedValue> = decided.map(|(_, raise)| *raise).collect();
        Some((event.id, *raised_on(&decided, Day::new(event.day))?))
    };
    Ok(events.iter().filter_map(raise_of).collect())
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
    (event, whole): (&Event, Option<Whole>),
    (voucher, choice): (&Voucher, Option<&Choice>),
    lines: &[Line],
    versions: &mut AllVersions,
) -> Result<(), DbError> {
    let Some(whole) = whole else {
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

/// Whether an event uses the voucher's quantity: a visit does, and a missed one where its rulebook says so.
fn uses_quantity(c: &mut Conn, event: &Event, voucher: &Voucher, versions: &mut AllVersions) -> Result<bool, DbError> {
    let Some(kind) = EventKind::from_code(&event.kind).filter(|kind| *kind != EventKind::Visit) else {
        return Ok(true);
    };
    let versions = versions.of_type(c, voucher.voucher_type.into())?;
    let terms = versions.and_then(|versions| version(versions, event.rulebook_id)).map(|(_, terms)| terms);
    let charge = terms.and_then(|terms| terms.recording.missed.as_ref()).and_then(|missed| kind.charge(missed));
    // Where no charge is found, that is told of the lines.
    Ok(charge.is_none_or(|charge| charge.uses_quantity))
}

fn check_postings(
    about: &mut About<'_>,
    event: &Event,
    (measure, uses): (Measure, bool),
    (posted, more): (&Posted, i64),
) {
    let organiser_pays_minor = event.organiser_pays_minor.saturating_add(more);
    let of_kind = |kind: EntryKind| posted.get(&(event.id, kind.code().to_owned())).copied().unwrap_or((0, 0));
    for (kind, amount) in [
        (EntryKind::Used, 0),
        (EntryKind::OrganiserShare, organiser_pays_minor),
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
    let (lowest, highest) = to_draw(event, organiser_pays_minor, (measure, uses));
    about.expect(lowest <= used && used <= highest, || format!("used has quantity {highest}, the ledger says {used}"));
}

/// What an event takes out of the voucher: its quantity, or out of a purse what the organiser pays. A public unit is paid by
/// nobody outside: it uses a purse up by its cost, as far as the purse goes.
fn to_draw(event: &Event, organiser_pays_minor: i64, (measure, uses): (Measure, bool)) -> (Quantity, Quantity) {
    let of_money = |amount: i64| Quantity::from_e4(amount.saturating_mul(CENT_E4));
    let exactly = |quantity: Quantity| (quantity, quantity);
    match measure {
        Measure::Quantity if !uses => exactly(Quantity::ZERO),
        Measure::Quantity => exactly(Quantity::from_e4(event.quantity_e4)),
        Measure::Money if event.charging == "client_fee" => (Quantity::ZERO, of_money(event.total_minor)),
        Measure::Money => exactly(of_money(organiser_pays_minor)),
    }
}
