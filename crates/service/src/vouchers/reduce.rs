//! `POST /v1/vouchers/{id}/reduce`: the organiser grants less from a day on, never less than is used. A decision.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::choice_request::RequestCause;
use valinta_domain::decision::DecisionKind;
use valinta_domain::event::EventKind;
use valinta_domain::grant::{QuantityChange, reduce as decide_reduction};
use valinta_domain::id::kind;
use valinta_domain::ledger::EntryKind;
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::{Day, Id, Localized, Quantity};
use valinta_persistence::{Conn, grants, vouchers};

use super::changed::{Case, ChangedVoucher, refused};
use super::places::Places;
use super::told::tell;
use super::view::view_of;
use crate::app::{App, Reply};
use crate::choice_requests::end_of_voucher;
use crate::cx::Cx;
use crate::http::permit::VouchersWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// A reduction.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReduceVoucher {
    /// Granted per period from the period of that day on: less than in each of them now, and no less than is used.
    quantity: Quantity,
    /// From which day of the validity on: today or later, or as far back as the rulebook lets decisions reach.
    from: Day,
    /// Why, in the words of the decision.
    reasons: Localized,
}

impl Parse for ReduceVoucher {
    type Into = (QuantityChange, Localized);

    fn parse(&self, errors: &mut Errors) -> Option<(QuantityChange, Localized)> {
        let reasons = errors.text("/reasons", &self.reasons, TEXT_CHARS_MAX)?;
        Some((QuantityChange { from: self.from, quantity: self.quantity }, reasons))
    }
}

/// Lets a voucher grant less per period from a day on. What is taken back returns to the organiser at once; what has
/// been recorded stays, and no period is left with less than is used of it.
#[utoipa::path(
    tag = "vouchers",
    params(IdempotencyKey),
    responses((status = 200, description = "Reduced.", body = ChangedVoucher)),
    security(("bearer" = ["vouchers:write"])),
)]
#[post("/v1/vouchers/{id}/reduce")]
pub(crate) async fn reduce_voucher(
    permit: Permit<VouchersWrite>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    key: IdempotencyKey,
    body: Json<ReduceVoucher>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let (asked, reasons) = body.into_inner();
    app.command(permit.into_caller(), "reduce_voucher", &key, &bytes, move |c, cx| reduce(c, cx, id, asked, &reasons))
        .await
}

/// Reduces a voucher by a decision with reasons.
pub(crate) fn reduce(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Voucher>,
    asked: QuantityChange,
    reasons: &Localized,
) -> Result<Reply<ChangedVoucher>, Problem> {
    let mut case = Case::take(c, cx, id)?;
    let done =
        decide_reduction(&case.present(), asked.quantity, asked.from).map_err(|errors| refused(errors, "/from"))?;
    let is_used_up = done.voucher.state != case.stored.voucher.state;
    // What is used up holds no place, and is nothing to ask for.
    let places = if is_used_up { Some(Places::of_voucher(c, id, None)?) } else { None };
    let inputs = json!({
        "voucher": id,
        "status": case.stored.voucher.status_on(case.today),
        "quantity": asked.quantity,
        "from": asked.from,
        "decided_on": case.today,
    });
    let decision = case.decide(c, cx, (DecisionKind::ReduceVoucher, id), inputs, (&done.steps, reasons))?;
    let mut moved = Vec::with_capacity(done.parts.len());
    for (place, less) in done.parts {
        let part = case.part(place)?;
        vouchers::draw(c, part, less)?;
        moved.push((EntryKind::Returned, part, less));
    }
    case.post(c, cx, decision, &moved)?;
    case.stored.voucher = done.voucher;
    grants::keep_quantities(c, &case.stored, &[(cx.id(), asked)], decision)?;
    case.stored.quantities.changes.push(asked);
    if let Some(places) = places {
        vouchers::update_state(c, &case.stored.voucher)?;
        end_of_voucher(c, cx, id, RequestCause::VoucherEnded)?;
        places.tell(c, cx)?;
    }
    let details = json!({"decision": decision, "quantity": asked.quantity, "from": asked.from});
    cx.audit("reduce_voucher", ("voucher", id.uuid()), &case.target, details);
    let payload = json!({"voucher": id, "from": asked.from});
    tell(c, cx, EventKind::VoucherReduced, (&case.stored.voucher, case.today), &payload)?;
    let voucher = view_of(c, cx, &case.stored)?;
    Ok(Reply::ok(ChangedVoucher { decision, steps: done.steps, voucher }))
}
