//! `GET /v1/vouchers/{id}/ledger`: what was granted, used and charged, entry by entry.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::ledger::{self, Account, EntryKind, Posting};
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
use crate::http::{PathId, Permit, Problem, Query};
use crate::parse_as_is;

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
    /// What each account holds after the last of the entries; all accounts together hold nothing. Told to those who see all
    /// of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 5)]
    balances: Vec<BalanceView>,
    /// The entries, in the order of posting.
    #[schema(max_items = 100000)]
    entries: Vec<LedgerEntryView>,
}

/// What an account holds: below zero where it gave more than it got.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerBalance)]
pub(crate) struct BalanceView {
    /// Which account.
    account: Account,
    /// How much of what was granted: units of service, or money.
    #[schema(value_type = String, max_length = 13, pattern = r"^-?[0-9]{1,7}(\.[0-9]{1,4})?$", example = "-22")]
    quantity: Quantity,
    /// How much money.
    amount: Money,
}

/// Up to when.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AsAt {
    /// The ledger as it stood at that moment: with what had been posted by then.
    #[param(inline)]
    at: Option<Moment>,
}
parse_as_is!(AsAt);

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

/// Shows a voucher's ledger, now or as it stood at a moment. A provider sees the entries of the services it delivered.
#[utoipa::path(
    tag = "vouchers",
    params(AsAt),
    responses((status = 200, description = "The ledger.", body = LedgerView)),
    security(("bearer" = ["ledger:read"])),
)]
#[get("/v1/vouchers/{id}/ledger")]
pub(crate) async fn show_ledger(
    permit: Permit<LedgerRead>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    query: Query<AsAt>,
) -> Result<HttpResponse, Problem> {
    let (id, at) = (path.id(), query.into_inner().at);
    let view = app.write(permit.into_caller(), move |c, cx| show(c, cx, id, at)).await?;
    Ok(HttpResponse::Ok().json(view))
}

fn show(c: &mut Conn, cx: &Cx, id: Id<kind::Voucher>, at: Option<Moment>) -> Result<LedgerView, Problem> {
    let stored = found(vouchers::find(c, id)?)?;
    let target = target_of(c, cx, &stored)?;
    cx.require(Action::ReadVoucher, &target)?;
    let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
    let mut entries = service_events::ledger(c, id)?;
    let parts = vouchers::allotments(c, id)?;
    entries.retain(|entry| at.is_none_or(|at| entry.at <= at));
    let (mut available, mut held, mut balances) = (None, None, Vec::new());
    if cx.actor().role == Role::Provider {
        let own = Whose::Providers(cx.actor().provider_ids());
        let events = service_events::list(c, &own, (Some(id), None), None, i64::from(u16::MAX))?;
        entries.retain(|entry| {
            entry.service_event.is_some_and(|event| events.iter().any(|own_event| own_event.id == event))
        });
    } else {
        let of_entry =
            |entry: &LedgerEntry| Posting { kind: entry.kind, quantity: entry.quantity, amount: entry.amount };
        let sums = ledger::balances(entries.iter().map(of_entry));
        let sums = sums.ok_or_else(|| Problem::internal("a balance is beyond the range of figures"))?;
        let left = sums.iter().find(|balance| balance.account == Account::Available);
        available = left.map(|balance| balance.quantity);
        balances.extend(sums.iter().map(|balance| BalanceView {
            account: balance.account,
            quantity: balance.quantity,
            amount: balance.amount.of(organiser.currency),
        }));
    }
    // What was held at a moment that has been is not told: it follows from what is chosen now.
    if cx.actor().role != Role::Provider && at.is_none() {
        let today = cx.today(&organiser)?;
        let request = choice_requests::latest_of_voucher(c, id)?;
        let promised = promised(&stored.voucher, &choices::of_voucher(c, id)?, request.as_ref(), today);
        let of_part = |part: &StoredAllotment| held_of(&stored.voucher, &part.allotment, &promised, today).e4();
        held = Some(Quantity::from_e4(parts.iter().map(of_part).sum()));
    }
    cx.audit("show_ledger", ("voucher", id.uuid()), &target, json!({}));
    let entries = entries.into_iter().map(|entry| LedgerEntryView::of(entry, &parts, organiser.currency)).collect();
    let (unit, measure) = (stored.voucher.unit, stored.voucher.measure);
    Ok(LedgerView { voucher: id, unit, measure, available, held, balances, entries })
}
