//! What a voucher's services that were recorded already come to when a decision raises its value from a day that has been:
//! the organiser pays the difference in place of the client. An act on each, and entries of the ledger.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::json;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::ledger::{Allotment, EntryKind, Posting};
use valinta_domain::service_event::account::{ActKind, EventState};
use valinta_domain::service_event::{Agreement, Moved, RecordRefused, Recorded, more_for_organiser};
use valinta_domain::valuation::{Valuation, Versions};
use valinta_domain::voucher::{RaisedValue, Voucher, VoucherState};
use valinta_domain::{Amount, Id, Period, Quantity};
use valinta_persistence::choices::Choice;
use valinta_persistence::event_accounts::{self, EventAct, StoredAccount};
use valinta_persistence::organisers::Organiser;
use valinta_persistence::service_events::{self, NewEntry, ServiceEvent};
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::vouchers::{StoredAllotment, StoredVoucher};
use valinta_persistence::{Conn, choices, organisers, voucher_types, vouchers};

use super::act::target_of;
use super::record::{delivery_of, part_of, use_up};
use crate::cx::{Cx, found};
use crate::http::Problem;
use crate::vouchers::{valuation_of, versions_beside};

/// Why an event was valued anew, as a code.
const VALUE_RAISED: &str = "value_raised";

/// Adds a raise to a voucher that was taken, and moves what it makes of services of its days from the client to the
/// organiser.
pub(crate) fn revalue(c: &mut Conn, cx: &Cx, stored: &mut StoredVoucher, raise: RaisedValue) -> Result<(), Problem> {
    let before = stored.voucher.clone();
    stored.voucher.raises.push(raise);
    let events = service_events::of_voucher_from(c, before.id, raise.from)?;
    if events.is_empty() {
        return Ok(());
    }
    let organiser = found(organisers::find(c, before.organiser)?)?;
    let own_choices = choices::of_voucher(c, before.id)?;
    let mut has_drawn = false;
    let mut under: BTreeMap<Id<kind::Rulebook>, (Rulebook, Versions)> = BTreeMap::new();
    for event in events {
        let choice = own_choices.iter().find(|choice| choice.id == event.choice);
        let choice = choice.ok_or_else(|| Problem::internal("a service of no choice of its voucher"))?;
        let (rulebook, versions) = match under.entry(event.rulebook) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let rulebook = found(voucher_types::find_rulebook(c, event.rulebook)?)?;
                let versions = versions_beside(c, &before, &rulebook)?;
                place.insert((rulebook, versions))
            }
        };
        let account = found(event_accounts::take(c, event.id)?)?;
        if account.account.state == EventState::Withdrawn {
            continue;
        }
        let valued = |voucher| -> Result<Valuation<'_>, Problem> {
            valuation_of(voucher, versions, event.day)?.map_err(|none| RecordRefused::from(none).into())
        };
        let valuations = (valued(&before)?, valued(&stored.voucher)?);
        let parts = vouchers::allotments(c, before.id)?;
        let of = Of { voucher: &before, choice, rulebook, organiser: &organiser, parts: &parts };
        let moved = moved(&of, &event, &account, (&valuations.0, &valuations.1))?;
        if moved.more > Amount::ZERO {
            has_drawn |= !moved.draws.is_empty();
            // Entries of one version of the voucher are those of one occasion.
            stored.version = found(vouchers::take(c, before.id)?)?.version;
            store(c, cx, stored.version, (&event, &account), (&moved, &parts), raise.decision)?;
        }
    }
    if !has_drawn {
        return Ok(());
    }
    let parts = vouchers::allotments(c, before.id)?;
    let is_used_up = parts.iter().all(|part| part.allotment.available() == Quantity::ZERO);
    if is_used_up && stored.voucher.state == VoucherState::InUse {
        stored.voucher = stored.voucher.clone().deliver(raise.from, true)?;
        use_up(c, cx, &stored.voucher)?;
    }
    Ok(())
}

/// What a service was recorded under.
struct Of<'a> {
    voucher: &'a Voucher,
    choice: &'a Choice,
    rulebook: &'a Rulebook,
    organiser: &'a Organiser,
    parts: &'a [StoredAllotment],
}

/// What moves of one service.
fn moved(
    of: &Of<'_>,
    event: &ServiceEvent,
    account: &StoredAccount,
    valuations: (&Valuation<'_>, &Valuation<'_>),
) -> Result<Moved, Problem> {
    let delivery =
        delivery_of((event.day, event.quantity), event.span, (&event.facts, event.missed.as_ref()), of.organiser)?;
    let period = of.choice.period().unwrap_or_else(|| Period::starting(event.day));
    let agreement = Agreement { price: of.choice.price.clone(), period, sector: of.choice.sector };
    let allotments: Vec<Allotment> = of.parts.iter().map(|part| part.allotment).collect();
    let recorded = Recorded {
        delivery: &delivery,
        agreement: &agreement,
        terms: &of.rulebook.terms,
        counted: account.account.counted,
    };
    Ok(more_for_organiser(of.voucher, &allotments, &recorded, valuations)?)
}

fn store(
    c: &mut Conn,
    cx: &Cx,
    voucher_version: i64,
    (event, before): (&ServiceEvent, &StoredAccount),
    (moved, parts): (&Moved, &[StoredAllotment]),
    decision: Id<kind::Decision>,
) -> Result<(), Problem> {
    let (account, taken_back) = before.account.revalue(moved.more)?;
    let act = EventAct {
        id: cx.id(),
        event: event.id,
        number: before.acts.saturating_add(1),
        organiser: event.organiser,
        kind: ActKind::Revalued,
        reason_code: Some(VALUE_RAISED.to_owned()),
        reason: Some(decision.to_string()),
        taken_back,
        by: cx.actor().subject.clone(),
        role: cx.actor().role,
        at: cx.now(),
    };
    event_accounts::store(c, event.id, &account, &act)?;
    let mut entries = vec![
        (None, Posting::of_amount(EntryKind::OrganiserShare, moved.more)),
        (None, Posting::of_amount(EntryKind::CoPaymentReversed, moved.more)),
    ];
    for draw in &moved.draws {
        let part = part_of(parts, draw.allotment)?;
        vouchers::draw(c, part, draw.quantity)?;
        entries.push((Some(part), Posting::of_quantity(EntryKind::Used, draw.quantity)));
    }
    let entries: Vec<NewEntry> =
        entries.into_iter().map(|(allotment, posting)| NewEntry { id: cx.id(), allotment, posting }).collect();
    let occasion = event.occasion(voucher_version, cx.now());
    service_events::post(c, &occasion, &entries)?;
    let details = json!({"service_event": event.id, "decision": decision, "moved_to_organiser": moved.more});
    cx.audit("revalue_service_event", ("service_event", event.id.uuid()), &target_of(event), details);
    let message = json!({"service_event": event.id, "voucher": event.voucher, "act": ActKind::Revalued});
    cx.tell(EventKind::ServiceEventRevalued, ("service_event", event.id.uuid()), &target_of(event), message);
    Ok(())
}
