//! `POST /v1/approvals/{id}/measures`: an officer opens a step of the sanctions ladder. The provider is heard first; where
//! clients are in danger, it is imposed by this call and the provider is heard afterwards.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::approval::VouchersInUse;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::measure::{
    AskedEffect, Grounds, ImposedStep, Measure, MeasureState, MeasureStep, hear_until, may_open,
};
use valinta_domain::policy::Action;
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::{Day, Id, Localized};
use valinta_persistence::approvals::Approval;
use valinta_persistence::measures;
use valinta_persistence::organisers::Organiser;
use valinta_persistence::{Conn, approvals, findings, organisers};

use super::impose::{Case, carry_out, decide};
use super::measure_view::MeasureView;
use crate::app::{App, Reply};
use crate::approvals::{changed, target_of};
use crate::cx::{Cx, day_at, found};
use crate::http::conditional::IfMatch;
use crate::http::openapi::StateProblems;
use crate::http::permit::ApprovalsSupervise;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};

/// A step to be taken against an approval.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenMeasure {
    /// Which step.
    step: MeasureStep,
    /// Why.
    grounds: Grounds,
    /// What the provider is heard about; with `danger`, the reasons of the decision.
    reasons: Localized,
    /// Last day for the provider's reply; the earliest that the rulebook allows, if nothing is said.
    hear_until: Option<Day>,
    /// The finding that it follows from.
    finding: Option<Id<kind::Finding>>,
    /// With `danger`, of a suspension: its last day; open if nothing is said.
    until: Option<Day>,
    /// With `danger`, of a suspension: what becomes of vouchers in use.
    vouchers_in_use: Option<VouchersInUse>,
}

/// How a measure is to be opened.
#[derive(Debug, Clone)]
pub(crate) struct OpenCommand {
    step: MeasureStep,
    grounds: Grounds,
    reasons: Localized,
    hear_until: Option<Day>,
    finding: Option<Id<kind::Finding>>,
    effect: AskedEffect,
}

impl Parse for OpenMeasure {
    type Into = OpenCommand;

    fn parse(&self, errors: &mut Errors) -> Option<OpenCommand> {
        if self.grounds != Grounds::Danger {
            let given = [("/until", self.until.is_some()), ("/vouchers_in_use", self.vouchers_in_use.is_some())];
            for (pointer, _) in given.into_iter().filter(|(_, given)| *given) {
                errors.fail(pointer, "not_applicable", "this is said with the decision, after the provider was heard");
            }
        }
        let reasons = errors.text("/reasons", &self.reasons, TEXT_CHARS_MAX)?;
        let effect =
            AskedEffect { deadline: None, from: None, until: self.until, vouchers_in_use: self.vouchers_in_use };
        Some(OpenCommand {
            step: self.step,
            grounds: self.grounds,
            reasons,
            hear_until: self.hear_until,
            finding: self.finding,
            effect,
        })
    }
}

/// Opens a measure against an approval: its provider is told and heard. For a breach, a step follows the one before it;
/// where a condition of the approval has lapsed, any step can be taken; where clients are in danger, the approval is
/// suspended or cancelled at once. If-Match names the approval's version.
#[utoipa::path(
    tag = "supervision",
    params(IfMatch, IdempotencyKey),
    responses((status = 201, description = "Opened; with `danger`, imposed.", body = MeasureView), StateProblems),
    security(("bearer" = ["approvals:supervise"])),
)]
#[post("/v1/approvals/{id}/measures")]
pub(crate) async fn open_measure(
    permit: Permit<ApprovalsSupervise>,
    app: web::Data<App>,
    path: PathId<kind::Approval>,
    precondition: IfMatch,
    key: IdempotencyKey,
    body: Json<OpenMeasure>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "open_measure", &key, &bytes, move |c, cx| {
        open(c, cx, id, &precondition, &command)
    })
    .await
}

/// Opens a measure. The approval is held, so that of two officers one comes first.
fn open(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Approval>,
    precondition: &IfMatch,
    command: &OpenCommand,
) -> Result<Reply<MeasureView>, Problem> {
    let target = target_of(&found(approvals::find(c, id)?)?);
    cx.require(Action::Supervise, &target)?;
    let organiser = found(target.organiser.map_or(Ok(None), |id| organisers::find(c, id))?)?;
    let today = cx.today(&organiser)?;
    let case = Case::hold(c, id, today)?;
    let approval = &case.chain.first;
    precondition.check(approval.version)?;
    case.days_left()?;
    if command.grounds != Grounds::Danger {
        check_alone(c, approval)?;
    }
    check_finding(c, approval, command.finding)?;
    let terms = &case.rulebook.terms.supervision;
    let imposed = imposed_on(c, approval, &organiser)?;
    let lapsed = case.lapsed();
    may_open((command.step, command.grounds), &imposed, !lapsed.is_empty(), terms, today)?;
    let mut measure = Measure {
        id: cx.id(),
        organiser: approval.organiser,
        approval: id,
        provider: approval.provider,
        finding: command.finding,
        step: command.step,
        grounds: command.grounds,
        state: MeasureState::Hearing,
        reasons: command.reasons.clone(),
        lapsed: if command.grounds == Grounds::ConditionsLost { lapsed } else { Vec::new() },
        hear_until: hear_until(command.hear_until, terms, today)?,
        reply: None,
        deadline: None,
        from: None,
        to: None,
        vouchers_in_use: None,
        decision: None,
        opened_by: cx.actor().subject.clone(),
        opened_at: cx.now(),
        version: 1,
    };
    let details = json!({
        "measure": measure.id,
        "provider": measure.provider,
        "step": measure.step,
        "grounds": measure.grounds,
        "hear_until": measure.hear_until,
        "lapsed": measure.lapsed,
    });
    cx.audit("open_measure", ("approval", id.uuid()), &target, details.clone());
    if command.grounds == Grounds::Danger {
        let effect = case.effect_of(&measure, &command.effect)?;
        measure = decide(c, cx, &case, measure, Some(&effect), &command.reasons)?;
        measures::insert(c, &measure)?;
        carry_out(c, cx, &case, &measure, Some(&effect))?;
    } else {
        measures::insert(c, &measure)?;
        cx.tell(EventKind::MeasureOpened, ("measure", measure.id.uuid()), &target, details);
    }
    changed(c, cx, approval)?;
    Ok(Reply::created(format!("/v1/measures/{}", measure.id), MeasureView::of(measure, cx)))
}

/// One is heard about at a time, but for what comes at once.
fn check_alone(c: &mut Conn, approval: &Approval) -> Result<(), Problem> {
    match measures::is_heard_about(c, (approval.unit, approval.voucher_type))? {
        false => Ok(()),
        true => Err(Problem::new(
            ProblemKind::Duplicate,
            "The provider is being heard about a measure against the approval.",
        )),
    }
}

/// A finding is the organiser's own, at the same provider.
fn check_finding(c: &mut Conn, approval: &Approval, finding: Option<Id<kind::Finding>>) -> Result<(), Problem> {
    let Some(id) = finding else { return Ok(()) };
    let same = findings::find(c, id)?
        .is_some_and(|one| one.organiser == approval.organiser && one.provider == approval.provider);
    if same { Ok(()) } else { Err(Problem::unknown("/finding", "there is no such finding at the provider")) }
}

/// The steps that were imposed on the unit for what it is approved for, with the days of their decisions.
fn imposed_on(c: &mut Conn, approval: &Approval, organiser: &Organiser) -> Result<Vec<ImposedStep>, Problem> {
    measures::imposed_on(c, (approval.unit, approval.voucher_type))?
        .into_iter()
        .map(|(one, at)| Ok(ImposedStep { step: one.step, on: day_at(at, organiser)?, deadline: one.deadline }))
        .collect()
}
