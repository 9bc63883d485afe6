//! `POST /v1/vouchers/{id}/extend`: the organiser lets a voucher be valid for longer. A decision.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::decision::DecisionKind;
use valinta_domain::event::EventKind;
use valinta_domain::grant::extend as decide_extension;
use valinta_domain::id::kind;
use valinta_domain::ledger::EntryKind;
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::{Day, Id, Localized};
use valinta_persistence::vouchers::StoredAllotment;
use valinta_persistence::{Conn, grants, vouchers};

use super::changed::{Case, ChangedVoucher, refused};
use super::places::Places;
use super::told::tell;
use super::view::view_of;
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::permit::VouchersWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// A longer validity.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtendVoucher {
    /// The new last day.
    to: Day,
    /// Why, in the words of the decision.
    reasons: Localized,
}

impl Parse for ExtendVoucher {
    type Into = (Day, Localized);

    fn parse(&self, errors: &mut Errors) -> Option<(Day, Localized)> {
        Some((self.to, errors.text("/reasons", &self.reasons, TEXT_CHARS_MAX)?))
    }
}

/// Lets a voucher be valid until a later last day, at most 1830 days in all.
///
/// Its periods go on, and each new one is granted as the last one was; a grant for the whole voucher keeps its
/// quantity. A choice that held to the end goes on, unless all places of the offering have been promised to others from
/// then on. A voucher that has expired is not extended: nobody was chosen for the days between. Issue another one in
/// its place.
#[utoipa::path(
    tag = "vouchers",
    params(IdempotencyKey),
    responses((status = 200, description = "Extended.", body = ChangedVoucher)),
    security(("bearer" = ["vouchers:write"])),
)]
#[post("/v1/vouchers/{id}/extend")]
pub(crate) async fn extend_voucher(
    permit: Permit<VouchersWrite>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    key: IdempotencyKey,
    body: Json<ExtendVoucher>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let (to, reasons) = body.into_inner();
    app.command(permit.into_caller(), "extend_voucher", &key, &bytes, move |c, cx| extend(c, cx, id, to, &reasons))
        .await
}

/// Extends a voucher by a decision with reasons.
pub(crate) fn extend(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Voucher>,
    to: Day,
    reasons: &Localized,
) -> Result<Reply<ChangedVoucher>, Problem> {
    let mut case = Case::take(c, cx, id)?;
    let done = decide_extension(&case.present(), to).map_err(|error| refused(vec![error], "/to"))?;
    let places = Places::of_voucher(c, id, None)?;
    let before = case.stored.voucher.validity.last_day();
    let status = case.stored.voucher.status_on(case.today);
    let inputs = json!({
        "voucher": id,
        "status": status,
        "valid_until_before": before,
        "valid_until": to,
        "decided_on": case.today,
    });
    let decision = case.decide(c, cx, (DecisionKind::ExtendVoucher, id), inputs, (&done.steps, reasons))?;
    let new: Vec<StoredAllotment> =
        done.new.into_iter().map(|allotment| StoredAllotment { id: cx.id(), allotment }).collect();
    let lengthened =
        done.lengthened.map(|(place, period)| Ok::<_, Problem>((case.part(place)?, period))).transpose()?;
    grants::extend(c, &done.voucher, lengthened, &new)?;
    let is_revived = done.voucher.state != case.stored.voucher.state;
    if is_revived {
        vouchers::update_state(c, &done.voucher)?;
    }
    let moved: Vec<_> = new.iter().map(|part| (EntryKind::Granted, part.id, part.allotment.granted)).collect();
    case.post(c, cx, decision, &moved)?;
    // Others may have been promised the place from the old end on; where it was used up, from today on.
    case.make_room(c, cx, if is_revived { case.today } else { before.plus_days(1) })?;
    places.tell(c, cx)?;
    case.stored.voucher = done.voucher;
    let details = json!({"decision": decision, "valid_until": to});
    cx.audit("extend_voucher", ("voucher", id.uuid()), &case.target, details);
    let payload = json!({"voucher": id, "valid_until": to});
    tell(c, cx, EventKind::VoucherExtended, (&case.stored.voucher, case.today), &payload)?;
    let voucher = view_of(c, cx, &case.stored)?;
    Ok(Reply::ok(ChangedVoucher { decision, steps: done.steps, voucher }))
}
