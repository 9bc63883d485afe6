//! `POST /v1/vouchers/{id}/cancel`: the organiser cancels a voucher. A decision; what is left returns to the organiser.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::choice_request::RequestCause;
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::event::EventKind;
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
use valinta_domain::ledger::{EntryKind, Posting};
use valinta_domain::policy::Action;
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::{Day, Id, Localized, Quantity};
use valinta_persistence::service_events::{NewEntry, Occasion};
use valinta_persistence::vouchers::StoredVoucher;
use valinta_persistence::{Conn, choices, decisions, organisers, service_events, voucher_types, vouchers};

use super::places::Places;
use super::told::tell;
use super::view::{VoucherView, target_of, view_of};
use crate::app::{App, Reply};
use crate::choice_requests::end_of_voucher;
use crate::cx::{Cx, found};
use crate::http::permit::VouchersWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// A cancellation.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelVoucher {
    /// Why, in the words of the decision.
    reasons: Localized,
}

impl Parse for CancelVoucher {
    type Into = Localized;

    fn parse(&self, errors: &mut Errors) -> Option<Localized> {
        errors.text("/reasons", &self.reasons, TEXT_CHARS_MAX)
    }
}

/// Cancels a voucher. What has been recorded stays; what is left returns to the organiser at once, so that a service
/// delivered but not yet recorded can no longer be: let the provider record it first. A choice that was to begin later
/// never does.
#[utoipa::path(
    tag = "vouchers",
    params(IdempotencyKey),
    responses((status = 200, description = "Cancelled.", body = VoucherView)),
    security(("bearer" = ["vouchers:write"])),
)]
#[post("/v1/vouchers/{id}/cancel")]
pub(crate) async fn cancel_voucher(
    permit: Permit<VouchersWrite>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    key: IdempotencyKey,
    body: Json<CancelVoucher>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let reasons = body.into_inner();
    app.command(permit.into_caller(), "cancel_voucher", &key, &bytes, move |c, cx| cancel(c, cx, id, &reasons)).await
}

/// Cancels a voucher by a decision with reasons.
pub(crate) fn cancel(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Voucher>,
    reasons: &Localized,
) -> Result<Reply<VoucherView>, Problem> {
    let mut stored = found(vouchers::take(c, id)?)?;
    let target = target_of(c, cx, &stored)?;
    cx.require(Action::ServeClient, &target)?;
    let organiser = found(organisers::find(c, stored.voucher.organiser)?)?;
    let rulebook = found(voucher_types::find_rulebook(c, stored.voucher.rulebook)?)?;
    let today = cx.today(&organiser)?;
    let before = stored.voucher.status_on(today);
    let places = Places::of_voucher(c, id, None)?;
    stored.voucher = stored.voucher.cancel(today, reasons.fi.clone())?;
    let decision = Decision {
        id: cx.id(),
        organiser: organiser.id,
        kind: DecisionKind::CancelVoucher,
        outcome: DecisionOutcome::Granted,
        subject: id.uuid(),
        provider: None,
        person: Some(stored.voucher.person),
        rulebook: Some(rulebook.id),
        inputs: json!({"voucher": id, "status": before, "decided_on": today}),
        steps: vec![Step::new("", "cancelled", reasons.clone())],
        reasons: reasons.clone(),
        appeal: rulebook.terms.texts.appeal.clone(),
        decided_by: cx.actor().subject.clone(),
        decided_at: cx.now(),
    };
    decisions::insert(c, &decision)?;
    vouchers::update_state(c, &stored.voucher)?;
    tell(c, cx, EventKind::VoucherCancelled, (&stored.voucher, today), &json!({"voucher": id}))?;
    choices::end_to_come(c, id, today)?;
    end_of_voucher(c, cx, id, RequestCause::VoucherEnded)?;
    return_rest(c, cx, &stored, Some(decision.id), today)?;
    places.tell(c, cx)?;
    cx.audit("cancel_voucher", ("voucher", id.uuid()), &target, json!({"decision": decision.id}));
    Ok(Reply::ok(view_of(c, cx, &stored)?))
}

/// Gives back to the organiser what a taken voucher, whose life ends, has not used.
pub(super) fn return_rest(
    c: &mut Conn,
    cx: &Cx,
    stored: &StoredVoucher,
    decision: Option<Id<kind::Decision>>,
    today: Day,
) -> Result<(), Problem> {
    let mut entries = Vec::new();
    for part in vouchers::allotments(c, stored.voucher.id)? {
        let left = part.allotment.available();
        if left > Quantity::ZERO {
            vouchers::draw(c, part.id, left)?;
            let posting = Posting::of_quantity(EntryKind::Returned, left);
            entries.push(NewEntry { id: cx.id(), allotment: Some(part.id), posting });
        }
    }
    let occasion = Occasion {
        organiser: stored.voucher.organiser,
        voucher: stored.voucher.id,
        voucher_version: stored.version,
        service_event: None,
        decision,
        day: today,
        at: cx.now(),
    };
    service_events::post(c, &occasion, &entries)?;
    Ok(())
}
