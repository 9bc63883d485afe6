//! `POST /v1/approvals/{id}/resume`: an officer lifts a suspension. A decision.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;
use validator::Validate;
use valinta_domain::approval::{Interruption, InterruptionCause, VouchersInUse};
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::event::EventKind;
use valinta_domain::explain::{Step, days};
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::{Day, Id, Localized};
use valinta_persistence::approvals::Approval;
use valinta_persistence::{Conn, approvals, decisions, organisers};

use super::chain::Chain;
use super::in_use::{changed, tell_unit_resumed};
use super::view::{ApprovalDetails, detail_of, rulebook_of, target_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::conditional::IfMatch;
use crate::http::openapi::StateProblems;
use crate::http::permit::ApprovalsSupervise;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};

/// The end of a suspension.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResumeApproval {
    /// First day on which the unit can be chosen again: today or later; today if nothing is said.
    from: Option<Day>,
    /// The decision that suspended it, where one suspension is lifted and others go on. All that hold on the day are lifted
    /// if nothing is said, or the next one where none does.
    suspension: Option<Id<kind::Decision>>,
    /// Why, in the words of the decision.
    reasons: Localized,
}

/// How a suspension is to be lifted.
#[derive(Debug, Clone)]
pub(crate) struct ResumeCommand {
    from: Option<Day>,
    suspension: Option<Id<kind::Decision>>,
    reasons: Localized,
}

impl Parse for ResumeApproval {
    type Into = ResumeCommand;

    fn parse(&self, errors: &mut Errors) -> Option<ResumeCommand> {
        let reasons = errors.text("/reasons", &self.reasons, TEXT_CHARS_MAX)?;
        Some(ResumeCommand { from: self.from, suspension: self.suspension, reasons })
    }
}

/// Why a suspension cannot be lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
enum ResumeRefused {
    /// There is none that reaches the day, or none by that decision.
    #[error("the approval is not suspended on {from} or later, or not by that decision")]
    NotSuspended {
        /// The day asked for.
        from: Day,
    },
    /// What was suspended was.
    #[error("a suspension is lifted from today, {today}, or later")]
    InThePast {
        /// Today.
        today: Day,
    },
}

/// Lifts a suspension from a day on, by a decision with reasons. It is lifted of the approvals that follow, too, where it
/// reaches them. One that was to begin later does not; holders whose choices it would have ended, and who have not chosen again, are told
/// that the unit can be chosen. What has lapsed meanwhile goes on until the condition is shown again.
#[utoipa::path(
    tag = "approvals",
    params(IfMatch, IdempotencyKey),
    responses((status = 200, description = "Lifted.", body = ApprovalDetails), StateProblems),
    security(("bearer" = ["approvals:supervise"])),
)]
#[post("/v1/approvals/{id}/resume")]
pub(crate) async fn resume_approval(
    permit: Permit<ApprovalsSupervise>,
    app: web::Data<App>,
    path: PathId<kind::Approval>,
    precondition: IfMatch,
    key: IdempotencyKey,
    body: Json<ResumeApproval>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "resume_approval", &key, &bytes, move |c, cx| {
        resume(c, cx, id, &precondition, &command)
    })
    .await
}

/// Lifts suspensions of an approval, and of those that follow it.
fn resume(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Approval>,
    precondition: &IfMatch,
    command: &ResumeCommand,
) -> Result<Reply<ApprovalDetails>, Problem> {
    let target = target_of(&found(approvals::find(c, id)?)?);
    cx.require(Action::Supervise, &target)?;
    let chain = Chain::hold(c, id)?;
    let approval = &chain.first;
    precondition.check(approval.version)?;
    let organiser = found(organisers::find(c, approval.organiser)?)?;
    let today = cx.today(&organiser)?;
    let from = command.from.unwrap_or(today);
    let all = chain.interruptions(c)?;
    let lifted = lifted(&all, command.suspension, from, today)?;
    let rulebook = rulebook_of(c, approval, today)?;
    let decision = Decision {
        id: cx.id(),
        organiser: approval.organiser,
        kind: DecisionKind::LiftSuspension,
        outcome: DecisionOutcome::Lifted,
        subject: id.uuid(),
        provider: Some(approval.provider),
        person: None,
        rulebook: Some(rulebook.id),
        inputs: json!({
            "approval": id,
            "suspensions": lifted.iter().map(inputs_of).collect::<Vec<_>>(),
            "from": from,
            "decided_on": today,
        }),
        steps: vec![step(from)],
        reasons: command.reasons.clone(),
        appeal: rulebook.terms.texts.appeal.clone(),
        decided_by: cx.actor().subject.clone(),
        decided_at: cx.now(),
    };
    decisions::insert(c, &decision)?;
    let mut left = 0_usize;
    for suspension in &lifted {
        let to = from.max(suspension.from);
        approvals::end_interruption(c, suspension.id, Some(to), Some(decision.id))?;
        let of = chain.each().find(|one| one.id == suspension.approval);
        if let Some(approval) = of.filter(|_| to == suspension.from) {
            left = left.saturating_add(tell_holders(c, cx, approval, suspension)?);
        }
    }
    for approval in chain.each().filter(|one| lifted.iter().any(|lifted| lifted.approval == one.id)) {
        changed(c, cx, approval)?;
    }
    let goes_on = |one: &&Interruption| one.is_suspension() && one.approval == id && one.holds_on(from);
    let still_suspended = all.iter().filter(goes_on).any(|one| !lifted.iter().any(|lifted| lifted.id == one.id));
    let details = json!({
        "approval": id,
        "provider": approval.provider,
        "decision": decision.id,
        "from": from,
        "vouchers_in_use": left,
        "still_suspended": still_suspended,
    });
    cx.audit("resume_approval", ("approval", id.uuid()), &target, details.clone());
    cx.tell(EventKind::ApprovalResumed, ("approval", id.uuid()), &target, details);
    let approval = found(approvals::find(c, id)?)?;
    Ok(Reply::ok(detail_of(c, cx, approval)?))
}

/// A suspension as a decision names it.
fn inputs_of(suspension: &Interruption) -> Value {
    json!({
        "approval": suspension.approval,
        "decision": suspended_by(suspension),
        "suspended_from": suspension.from,
        "suspended_to": suspension.to,
        "vouchers_in_use": suspension.vouchers_in_use,
    })
}

/// The decision that suspended, if one did.
fn suspended_by(interruption: &Interruption) -> Option<Id<kind::Decision>> {
    match &interruption.cause {
        InterruptionCause::Suspended { decision, .. } => Some(*decision),
        InterruptionCause::Lapsed { .. } => None,
    }
}

/// Tells those whose choices ended for a suspension of which no day is left. How many have not chosen again.
fn tell_holders(c: &mut Conn, cx: &Cx, approval: &Approval, suspension: &Interruption) -> Result<usize, Problem> {
    let decided = match (&suspension.cause, suspension.vouchers_in_use) {
        (InterruptionCause::Suspended { decision, .. }, VouchersInUse::MustMove) => decisions::find(c, *decision)?,
        (InterruptionCause::Suspended { .. } | InterruptionCause::Lapsed { .. }, _) => None,
    };
    let Some(decided) = decided else { return Ok(0) };
    tell_unit_resumed(c, cx, approval, (suspension.from, decided.decided_at))
}

/// What is lifted from a day on: the suspension of a decision; or else those that hold on the day, or the next one. Wherever
/// a decision suspended, of all the approvals.
fn lifted(
    all: &[Interruption],
    suspension: Option<Id<kind::Decision>>,
    from: Day,
    today: Day,
) -> Result<Vec<Interruption>, ResumeRefused> {
    if from < today {
        return Err(ResumeRefused::InThePast { today });
    }
    let reaches = |one: &&Interruption| {
        one.is_suspension() && one.period().is_some_and(|period| period.to().is_none_or(|to| to > from))
    };
    let reaching = || all.iter().filter(reaches);
    let mut decisions: Vec<_> = match suspension {
        Some(decision) => vec![decision],
        None => reaching().filter(|one| one.holds_on(from)).filter_map(suspended_by).collect(),
    };
    if decisions.is_empty() {
        decisions.extend(reaching().min_by_key(|one| one.from).and_then(suspended_by));
    }
    let is_meant = |one: &&Interruption| suspended_by(one).is_some_and(|by| decisions.contains(&by));
    let lifted: Vec<Interruption> = reaching().filter(is_meant).cloned().collect();
    if lifted.is_empty() { Err(ResumeRefused::NotSuspended { from }) } else { Ok(lifted) }
}

fn step(from: Day) -> Step {
    let [fi, sv, en] = days::in_languages(from);
    let text = Localized::new(
        format!("Hyväksymisen keskeytys päättyy: yksikön voi valita {fi} alkaen."),
        format!("Avbrottet i godkännandet upphör: enheten kan väljas från och med {sv}."),
        format!("The suspension of the approval is lifted: the unit can be chosen from {en} on."),
    );
    Step::new("", "lifted", text).input("from", from)
}

impl From<ResumeRefused> for Problem {
    fn from(refused: ResumeRefused) -> Self {
        match refused {
            ResumeRefused::NotSuspended { .. } => {
                Self::new(ProblemKind::WrongState, format!("Nothing can be lifted: {refused}."))
            }
            ResumeRefused::InThePast { .. } => Self::invalid(Vec::new()).at("/from", "in_the_past", refused),
        }
    }
}
