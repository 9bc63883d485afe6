//! `POST /v1/vouchers/{id}/raise`: the organiser grants more, or raises what a unit is worth (569/2009 § 8). A
//! decision.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::decision::DecisionKind;
use valinta_domain::event::EventKind;
use valinta_domain::grant::{QuantityChange, Raise, raise as decide_raise};
use valinta_domain::id::kind;
use valinta_domain::ledger::EntryKind;
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::valuation::Worth;
use valinta_domain::voucher::RaisedValue;
use valinta_domain::{Amount, Day, Id, Localized, Quantity};
use valinta_persistence::{Conn, grants, vouchers};

use super::changed::{Case, ChangedVoucher, refused};
use super::places::Places;
use super::told::tell;
use super::view::view_of;
use super::worth::{valuation_of, versions_on};
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::permit::VouchersWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};
use crate::service_events::revalue;

/// A raise: of the quantity, of the value, or of both.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RaiseVoucher {
    /// Granted per period from the period of that day on: more than in each of them now, at most what the rulebook lets
    /// be granted.
    #[serde(default)]
    quantity: Option<Quantity>,
    /// Worth of a unit from that day on, in the organiser's currency: more than it is worth on that day.
    #[serde(default)]
    value: Option<Amount>,
    /// From which day of the validity on: today or later, or as far back as the rulebook lets decisions reach.
    from: Day,
    /// Why, in the words of the decision.
    reasons: Localized,
}

impl Parse for RaiseVoucher {
    type Into = (Raise, Localized);

    fn parse(&self, errors: &mut Errors) -> Option<(Raise, Localized)> {
        let reasons = errors.text("/reasons", &self.reasons, TEXT_CHARS_MAX)?;
        Some((Raise { quantity: self.quantity, value: self.value, from: self.from }, reasons))
    }
}

/// Lets a voucher grant more per period, or be worth more per unit, from a day on.
///
/// A raised value holds for services of that day and later ones, wherever the rules give less: where livelihood or
/// maintenance would be endangered, it must be raised (569/2009 § 8). Where the organiser fixes the co-payment, what is
/// raised comes off it. Of services that were recorded already the organiser pays the difference in place of the client;
/// where they were settled, it is a line of the next month that is.
#[utoipa::path(
    tag = "vouchers",
    params(IdempotencyKey),
    responses((status = 200, description = "Raised.", body = ChangedVoucher)),
    security(("bearer" = ["vouchers:write"])),
)]
#[post("/v1/vouchers/{id}/raise")]
pub(crate) async fn raise_voucher(
    permit: Permit<VouchersWrite>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    key: IdempotencyKey,
    body: Json<RaiseVoucher>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let (asked, reasons) = body.into_inner();
    app.command(permit.into_caller(), "raise_voucher", &key, &bytes, move |c, cx| raise(c, cx, id, &asked, &reasons))
        .await
}

/// Raises a voucher by a decision with reasons.
pub(crate) fn raise(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Voucher>,
    asked: &Raise,
    reasons: &Localized,
) -> Result<Reply<ChangedVoucher>, Problem> {
    let mut case = Case::take(c, cx, id)?;
    let present = worth_before(c, &case, asked)?;
    let done = decide_raise(&case.present(), asked, present).map_err(|errors| refused(errors, "/from"))?;
    let is_revived = done.voucher.state != case.stored.voucher.state;
    let places = if is_revived { Some(Places::of_voucher(c, id, None)?) } else { None };
    let inputs = json!({
        "voucher": id,
        "status": case.stored.voucher.status_on(case.today),
        "quantity": asked.quantity,
        "value": asked.value,
        "value_before": present.filter(|_| asked.value.is_some()).map(|worth| worth.value),
        "from": asked.from,
        "decided_on": case.today,
    });
    let decision = case.decide(c, cx, (DecisionKind::RaiseVoucher, id), inputs, (&done.steps, reasons))?;
    let mut moved = Vec::with_capacity(done.parts.len());
    for (place, more) in done.parts {
        let part = case.part(place)?;
        grants::grant_more(c, part, more)?;
        moved.push((EntryKind::Granted, part, more));
    }
    case.post(c, cx, decision, &moved)?;
    case.stored.voucher = done.voucher;
    if let Some(quantity) = asked.quantity {
        let change = QuantityChange { from: asked.from, quantity };
        grants::keep_quantities(c, &case.stored, &[(cx.id(), change)], decision)?;
        case.stored.quantities.changes.push(change);
    }
    if let Some(value) = asked.value {
        let raise = RaisedValue { from: asked.from, value, decision };
        grants::keep_values(c, &case.stored, &[(cx.id(), raise)])?;
        revalue(c, cx, &mut case.stored, raise)?;
    }
    if let Some(places) = places {
        vouchers::update_state(c, &case.stored.voucher)?;
        case.make_room(c, cx, case.today)?;
        places.tell(c, cx)?;
    }
    let details = json!({"decision": decision, "quantity": asked.quantity, "value": asked.value, "from": asked.from});
    cx.audit("raise_voucher", ("voucher", id.uuid()), &case.target, details);
    let payload = json!({
        "voucher": id,
        "from": asked.from,
        "quantity_raised": asked.quantity.is_some(),
        "value_raised": asked.value.is_some(),
    });
    tell(c, cx, EventKind::VoucherRaised, (&case.stored.voucher, case.today), &payload)?;
    let voucher = view_of(c, cx, &case.stored)?;
    Ok(Reply::ok(ChangedVoucher { decision, steps: done.steps, voucher }))
}

/// What a unit is worth on the day from which a value is to be raised; nothing where the day is none of the voucher's.
fn worth_before(c: &mut Conn, case: &Case, asked: &Raise) -> Result<Option<Worth>, Problem> {
    let voucher = &case.stored.voucher;
    if asked.value.is_none() || !voucher.validity.contains(asked.from) {
        return Ok(None);
    }
    let versions = versions_on(c, voucher, asked.from)?;
    Ok(Some(valuation_of(voucher, &versions, asked.from)??.quoted()))
}
