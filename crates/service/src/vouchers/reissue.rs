//! `POST /v1/vouchers/{id}/reissue`: another voucher is issued in place of one that is lost, cancelled or over.

use std::collections::HashMap;

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::choice_request::RequestCause;
use valinta_domain::decision::DecisionKind;
use valinta_domain::event::EventKind;
use valinta_domain::explain::Step;
use valinta_domain::grant::{Quantities, Reissue, reissue as decide_reissue};
use valinta_domain::id::kind;
use valinta_domain::identifiers::AccountingCode;
use valinta_domain::ledger::EntryKind;
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::voucher::{RaisedValue, Voucher, VoucherState, VoucherStatus};
use valinta_domain::{Day, Id, Localized, Quantity};
use valinta_persistence::vouchers::{StoredAllotment, StoredVoucher};
use valinta_persistence::{Conn, choices, decisions, grants, vouchers};

use super::cancel::return_rest;
use super::changed::{Case, post, refused};
use super::issuing::random_number;
use super::places::Places;
use super::told::tell;
use super::view::{VoucherView, view_of};
use crate::app::{App, Reply};
use crate::choice_requests::end_of_voucher;
use crate::cx::{Cx, found};
use crate::http::permit::VouchersWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};

/// A voucher in place of another: what is not said is as the old one has it.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReissueVoucher {
    /// The last day. Wanted where the old voucher's is over.
    #[serde(default)]
    valid_until: Option<Day>,
    /// By what its costs are known in the organiser's ledgers.
    #[serde(default)]
    accounting_code: Option<AccountingCode>,
    /// Why, in the words of the decision.
    reasons: Localized,
}

/// What is to be issued anew.
#[derive(Debug, Clone)]
pub(crate) struct ReissueCommand {
    valid_until: Option<Day>,
    accounting_code: Option<AccountingCode>,
    reasons: Localized,
}

impl Parse for ReissueVoucher {
    type Into = ReissueCommand;

    fn parse(&self, errors: &mut Errors) -> Option<ReissueCommand> {
        let reasons = errors.text("/reasons", &self.reasons, TEXT_CHARS_MAX)?;
        Some(ReissueCommand { valid_until: self.valid_until, accounting_code: self.accounting_code.clone(), reasons })
    }
}

/// A voucher that was issued in place of another.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReissuedVoucher {
    /// The decision that granted it.
    decision: Id<kind::Decision>,
    /// The voucher that it replaces, which is cancelled.
    replaces: Id<kind::Voucher>,
    /// How it came about.
    #[schema(max_items = 400)]
    steps: Vec<Step>,
    /// The new voucher.
    voucher: VoucherView,
}

/// Issues a voucher with another number in place of one that is lost, cancelled or over.
///
/// The old one is cancelled, if it is not yet; what is left of it returns, and is granted by the new one for the rest
/// of its time, on the same facts and by the same rulebook. The new one is on offer: its holder is told, accepts it and
/// chooses anew. A service that was delivered under the old one and not yet recorded can no longer be: let the provider
/// record it first.
#[utoipa::path(
    tag = "vouchers",
    params(IdempotencyKey),
    responses((status = 201, description = "Issued anew.", body = ReissuedVoucher)),
    security(("bearer" = ["vouchers:write"])),
)]
#[post("/v1/vouchers/{id}/reissue")]
pub(crate) async fn reissue_voucher(
    permit: Permit<VouchersWrite>,
    app: web::Data<App>,
    path: PathId<kind::Voucher>,
    key: IdempotencyKey,
    body: Json<ReissueVoucher>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "reissue_voucher", &key, &bytes, move |c, cx| reissue(c, cx, id, &command)).await
}

/// Issues a voucher in place of another.
pub(crate) fn reissue(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Voucher>,
    command: &ReissueCommand,
) -> Result<Reply<ReissuedVoucher>, Problem> {
    let case = Case::take(c, cx, id)?;
    if let Some(by) = grants::replaced_by(c, id)? {
        let detail = format!("The voucher has been replaced already, by {by}.");
        return Err(Problem::new(ProblemKind::WrongState, detail));
    }
    let ended = case.stored.voucher.clone().replace(case.today, command.reasons.fi.clone())?;
    let rests = rests_of(&case, &grants::rests(c, id)?);
    let done = decide_reissue(&case.present(), &rests, command.valid_until)
        .map_err(|error| refused(vec![error], "/valid_until"))?;
    let new: Id<kind::Voucher> = cx.id();
    end(c, cx, &case, (ended, new), &command.reasons)?;
    let steps = steps_of(c, &case, &done)?;
    let decision = grant_anew(c, cx, &case, (&done, new), (&steps, command))?;
    let stored = found(vouchers::find(c, new)?)?;
    let details = json!({
        "decision": decision,
        "value": stored.voucher.value,
        "quantity": stored.quantities.issued,
        "replaces": id,
    });
    cx.audit("reissue_voucher", ("voucher", new.uuid()), &case.target, details);
    cx.tell(EventKind::VoucherOffered, ("voucher", new.uuid()), &case.target, json!({"voucher": new, "replaces": id}));
    let voucher = view_of(c, cx, &stored)?;
    let body = ReissuedVoucher { decision, replaces: id, steps, voucher };
    Ok(Reply::created(format!("/v1/vouchers/{new}"), body))
}

/// What is left of the parts, by their places.
fn rests_of(case: &Case, rests: &HashMap<Id<kind::Allotment>, Quantity>) -> Vec<Quantity> {
    case.parts.iter().map(|part| rests.get(&part.id).copied().unwrap_or(Quantity::ZERO)).collect()
}

/// Why the old voucher was worth what it is stands in its own decision; that of the new one says it again.
fn steps_of(c: &mut Conn, case: &Case, done: &Reissue) -> Result<Vec<Step>, Problem> {
    let granted = found(decisions::find(c, case.stored.decision)?)?;
    let of_old = granted.steps.into_iter().filter(|step| !["reissued", "retroactive"].contains(&step.code.as_str()));
    Ok(done.steps.iter().cloned().chain(of_old).collect())
}

/// Cancels the old voucher by a decision, if it is not so already, and returns its rest.
fn end(
    c: &mut Conn,
    cx: &Cx,
    case: &Case,
    (ended, new): (Voucher, Id<kind::Voucher>),
    reasons: &Localized,
) -> Result<(), Problem> {
    let id = case.stored.voucher.id;
    let status = case.stored.voucher.status_on(case.today);
    if status == VoucherStatus::Cancelled {
        return Ok(());
    }
    let places = Places::of_voucher(c, id, None)?;
    let inputs = json!({"voucher": id, "status": status, "replaced_by": new, "decided_on": case.today});
    let steps = [Step::new("", "cancelled", reasons.clone())];
    let decision = case.decide(c, cx, (DecisionKind::CancelVoucher, id), inputs, (&steps, reasons))?;
    vouchers::update_state(c, &ended)?;
    choices::end_to_come(c, id, case.today)?;
    end_of_voucher(c, cx, id, RequestCause::VoucherEnded)?;
    return_rest(c, cx, &case.stored, Some(decision), case.today)?;
    places.tell(c, cx)?;
    let details = json!({"decision": decision, "replaced_by": new});
    cx.audit("cancel_voucher", ("voucher", id.uuid()), &case.target, details);
    let payload = json!({"voucher": id, "replaced_by": new});
    tell(c, cx, EventKind::VoucherCancelled, (&case.stored.voucher, case.today), &payload)?;
    Ok(())
}

/// Stores the new voucher with its decision, its parts and its first entries.
fn grant_anew(
    c: &mut Conn,
    cx: &Cx,
    case: &Case,
    (done, new): (&Reissue, Id<kind::Voucher>),
    (steps, command): (&[Step], &ReissueCommand),
) -> Result<Id<kind::Decision>, Problem> {
    let old = &case.stored.voucher;
    let terms = &case.rulebook.terms;
    let parts: Vec<_> = done
        .parts
        .iter()
        .map(|part| json!({"from": part.period.from(), "until": part.period.last_day(), "granted": part.granted}))
        .collect();
    let raises: Vec<_> = done.raises.iter().map(|raise| json!({"from": raise.from, "value": raise.value})).collect();
    let quantities = done.quantities.changes.iter();
    let quantities: Vec<_> =
        quantities.map(|change| json!({"from": change.from, "quantity": change.quantity})).collect();
    let inputs = json!({
        "client": old.client,
        "voucher_type": old.voucher_type,
        "rulebook": old.rulebook,
        "facts": old.facts,
        "quantity": done.quantities.issued,
        "valid_from": done.validity.from(),
        "valid_until": done.validity.last_day(),
        "decided_on": case.today,
        "replaces": old.id,
        "allotments": parts,
        "raises": raises,
        "quantities": quantities,
        "value_rule": terms.value,
        "criteria": terms.eligibility.client,
    });
    let decision = case.decide(c, cx, (DecisionKind::GrantVoucher, new), inputs, (steps, &command.reasons))?;
    let voucher = Voucher {
        id: new,
        number: random_number()?,
        state: VoucherState::Offered,
        validity: done.validity,
        raises: Vec::new(),
        ..old.clone()
    };
    let stored = StoredVoucher {
        voucher,
        quantities: Quantities::issued(done.quantities.issued),
        per: case.stored.per,
        decision,
        accounting_code: command.accounting_code.clone().or_else(|| case.stored.accounting_code.clone()),
        replaces: Some(old.id),
        issued_at: cx.now(),
        version: 1,
    };
    let parts: Vec<StoredAllotment> =
        done.parts.iter().map(|part| StoredAllotment { id: cx.id(), allotment: *part }).collect();
    vouchers::insert(c, &stored, &parts)?;
    let moved: Vec<_> = parts.iter().map(|part| (EntryKind::Granted, part.id, part.allotment.granted)).collect();
    post(c, cx, &stored, (decision, case.today), &moved)?;
    let raises: Vec<_> = done.raises.iter().map(|raise| (cx.id(), RaisedValue { decision, ..*raise })).collect();
    let changes: Vec<_> = done.quantities.changes.iter().map(|change| (cx.id(), *change)).collect();
    if !changes.is_empty() {
        grants::keep_quantities(c, &stored, &changes, decision)?;
    }
    if !raises.is_empty() {
        grants::keep_values(c, &stored, &raises)?;
    }
    Ok(decision)
}
