//! `GET /v1/vouchers/{id}/ledger`: what was granted, used and charged, entry by entry.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use serde_json::json;
use valinta_domain::id::kind;
use valinta_domain::ledger::{Account, EntryKind};
use valinta_domain::policy::{Action, Role};
use valinta_domain::rulebook::Measure;
use valinta_domain::{Currency, Day, Id, Moment, Money, Quantity, Unit};
use valinta_persistence::service_events::{LedgerEntry, Whose};
use valinta_persistence::vouchers::StoredAllotment;
use valinta_persistence::{Conn, choice_requests, choices, organisers, service_events, vouchers};

use super::promised::{held_of, promised};
use super::view::target_of;
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::permit::LedgerRead;
use crate::http::{PathId, Permit, Problem};

/// A voucher's ledger.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LedgerView {
    /// Which voucher's.
    voucher: Id<kind::Voucher>,
    /// What services are counted in.
    unit: Unit,
    /// What quantities are: units of service, or money.
    measure: Measure,
    /// What is left over all periods; what lies in one period cannot be used in another unless it carries over. A
    /// provider, who sees its own part only, is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<Quantity>,
    /// What of that is held: all that is left of each period for which somebody has been chosen or asked. It follows from
    /// the choice, and is no entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<Quantity>,
    /// The entries, in the order of posting.
    #[schema(max_items = 100000)]
    entries: Vec<LedgerEntryView>,
}

/// One movement from an account to another.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LedgerEntryView {
    /// The entry's id.
    id: Id<kind::LedgerEntry>,
    /// Why it moved.
    kind: EntryKind,
    /// From which account.
    from: Account,
    /// To which.
    to: Account,
    /// How much of what was granted: units of service, or money.
    quantity: Quantity,
    /// How much money.
    amount: Money,
    /// The day it counts for.
    day: Day,
    /// When it was posted.
    at: Moment,
    /// First day of the period that the quantity lies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    period_from: Option<Day>,
    /// Last day of that period.
    #[serde(skip_serializing_if = "Option::is_none")]
    period_until: Option<Day>,
    /// The service event it was posted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    service_event: Option<Id<kind::ServiceEvent>>,
    /// The decision it was posted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Id<kind::Decision>>,
}

impl LedgerEntryView {
    fn of(entry: LedgerEntry, parts: &[StoredAllotment], currency: Currency) -> Self {
        let part = parts.iter().find(|part| entry.allotment == Some(part.id));
        Self {
            period_from: part.map(|part| part.allotment.period.from()),
            period_until: part.map(|part| part.allotment.period.last_day()),
            id: entry.id,
            kind: entry.kind,
            from: entry.from,
            to: entry.to,
            quantity: entry.quantity,
            amount: entry.amount.of(currency),
            day: entry.day,
            at: entry.at,
            service_event: entry.service_event,
            decision: entry.decision,
        }
    }
}

/// Shows a voucher's ledger. A provider sees the entries of the services it delivered.
#[utoipa::path(
    tag = "vouchers",
    responses((status = 200, description = "The ledger.", body = LedgerView)),
    security(("bearer" = ["ledger:read"])),
)]
#[get("/v1/vouchers/{id}/ledger")]
pub(crate) async fn show_ledger(
    permit: Permit<LedgerRead>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let view = app.write(permit.into_caller(), move |c, cx| show(c, cx, id)).await?;
    Ok(HttpResponse::Ok().json(view))
}

fn show(c: &mut Conn, cx: &Cx, id: Id<kind::Voucher>) -> Result<LedgerView, Problem> {
    let stored = found(vouchers::find(c, id)?)?;
    let target = target_of(c, cx, &stored)?;
    cx.require(Action::ReadVoucher, &target)?;
    let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
    let mut entries = service_events::ledger(c, id)?;
    let parts = vouchers::allotments(c, id)?;
    let (mut available, mut held) = (None, None);
    if cx.actor().role == Role::Provider {
        let own = Whose::Providers(cx.actor().provider_ids());
        let events = service_events::list(c, &own, Some(id), None, i64::from(u16::MAX))?;
        entries.retain(|entry| {
            entry.service_event.is_some_and(|event| events.iter().any(|own_event| own_event.id == event))
        });
    } else {
        let left = parts.iter().map(|part| part.allotment.available().e4()).sum();
        available = Some(Quantity::from_e4(left));
        let today = cx.today(&organiser)?;
        let request = choice_requests::latest_of_voucher(c, id)?;
        let promised = promised(&stored.voucher, &choices::of_voucher(c, id)?, request.as_ref(), today);
        let of_part = |part: &StoredAllotment| held_of(&stored.voucher, &part.allotment, &promised, today).e4();
        held = Some(Quantity::from_e4(parts.iter().map(of_part).sum()));
    }
    cx.audit("show_ledger", ("voucher", id.uuid()), &target, json!({}));
    let entries = entries.into_iter().map(|entry| LedgerEntryView::of(entry, &parts, organiser.currency)).collect();
    let (unit, measure) = (stored.voucher.unit, stored.voucher.measure);
    Ok(LedgerView { voucher: id, unit, measure, available, held, entries })
}
