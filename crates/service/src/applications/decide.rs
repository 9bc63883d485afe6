//! `POST /v1/applications/{id}/decision`: an officer approves or rejects. A decision; an approval follows from it.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use thiserror::Error;
use validator::Validate;
use valinta_domain::application::{ApplicationEventKind, Examination, is_overdue};
use valinta_domain::approval::InTheWay;
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::event::EventKind;
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::{Day, Id, Localized};
use valinta_persistence::applications::{Application, NewEvent};
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::{Conn, applications, approvals, decisions, organisers, providers, voucher_types};

use super::approve::{ReplacedApproval, approve_unit, replaced_by};
use super::entries::Given;
use super::examined::{Examined, examined};
use super::view::{ApplicationView, check_seen, event, target_of};
use crate::app::{App, Reply};
use crate::approvals::ApprovalView;
use crate::cx::{Cx, found};
use crate::http::conditional::IfMatch;
use crate::http::permit::ApplicationsDecide;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};

/// How far ahead an approval can begin.
const AHEAD_DAYS_MAX: i64 = 400;

/// Which way an application goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// The unit is approved.
    Approved,
    /// It is not; it may apply again.
    Rejected,
}

/// A decision on an application.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideApplication {
    /// Which way.
    outcome: Verdict,
    /// Why, in the words of the decision.
    reasons: Localized,
    /// First day of the approval: today or later; today if nothing is said.
    valid_from: Option<Day>,
}

/// How an application is to be decided.
#[derive(Debug, Clone)]
pub(crate) struct DecideCommand {
    pub(crate) outcome: Verdict,
    pub(crate) reasons: Localized,
    pub(crate) valid_from: Option<Day>,
}

impl Parse for DecideApplication {
    type Into = DecideCommand;

    fn parse(&self, errors: &mut Errors) -> Option<DecideCommand> {
        if self.outcome == Verdict::Rejected && self.valid_from.is_some() {
            errors.fail("/valid_from", "not_applicable", "nothing begins with a rejection");
        }
        let reasons = errors.text("/reasons", &self.reasons, TEXT_CHARS_MAX)?;
        Some(DecideCommand { outcome: self.outcome, reasons, valid_from: self.valid_from })
    }
}

/// Why an application cannot be approved.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum ApprovalRefused {
    /// Criteria or requirements of the rulebook stand in the way.
    #[error("criteria or requirements of the rulebook are not met")]
    Unmet(Vec<Step>),
    /// A slip of the pen, most likely.
    #[error("an approval begins within {AHEAD_DAYS_MAX} days")]
    TooFarAhead,
    /// Nobody is served there any more.
    #[error("the unit is closed from {from}")]
    Closed {
        /// From which day.
        from: Day,
    },
    /// Approvals do not reach back.
    #[error("an approval begins today, {today}, or later")]
    InThePast {
        /// Today.
        today: Day,
    },
    /// There is one, and this one cannot take its place.
    #[error(transparent)]
    InTheWay(#[from] InTheWay),
    /// It would take the place of one against which something is decided or heard.
    #[error(
        "the approval that it would replace is suspended, or the provider is being heard about it: decide that first"
    )]
    Supervised,
}

/// What came of an application.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DecidedApplication {
    /// Which way.
    pub(crate) outcome: Verdict,
    /// The decision, which says how each requirement came out.
    pub(crate) decision: Id<kind::Decision>,
    /// The application.
    pub(crate) application: ApplicationView,
    /// The approval, if it was approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) approval: Option<ApprovalView>,
    /// The approval that ends as this one begins, where the unit was approved for another area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replaced: Option<ReplacedApproval>,
}

/// Decides a submitted application. It is examined by the rulebook that is in force when the approval begins. What was
/// asked more about can be rejected once the answer is overdue. Of two who decide at once, one is told that the other did.
///
/// Approving accepts, for the organiser, each piece of the application's evidence that it has not looked at before. Where
/// the unit is approved for another area, that approval ends on the first day of this one by the same decision: clients
/// whose municipality this one covers keep their choices, others choose again.
#[utoipa::path(
    tag = "applications",
    params(IdempotencyKey, IfMatch),
    responses((status = 200, description = "Decided.", body = DecidedApplication)),
    security(("bearer" = ["applications:decide"])),
)]
#[post("/v1/applications/{id}/decision")]
pub(crate) async fn decide_application(
    permit: Permit<ApplicationsDecide>,
    app: web::Data<App>,
    path: PathId<kind::Application>,
    precondition: IfMatch,
    key: IdempotencyKey,
    body: Json<DecideApplication>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "decide_application", &key, &bytes, move |c, cx| {
        decide(c, cx, id, Some(&precondition), &command)
    })
    .await
}

/// Decides an application. Who has read it names the version that was read.
pub(crate) fn decide(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Application>,
    precondition: Option<&IfMatch>,
    command: &DecideCommand,
) -> Result<Reply<DecidedApplication>, Problem> {
    let mut application = found(applications::take(c, id)?)?;
    let target = target_of(&application);
    cx.require(Action::DecideApplication, &target)?;
    precondition.map_or(Ok(()), |precondition| check_seen(precondition, &application))?;
    // From here on nobody adopts another rulebook, and nobody looks at the provider's evidence.
    approvals::hold_for(c, application.provider, application.voucher_type)?;
    let organiser = found(organisers::find(c, application.organiser)?)?;
    let unit = found(providers::find_unit(c, application.unit)?)?;
    let today = cx.today(&organiser)?;
    let approve = command.outcome == Verdict::Approved;
    let decided_state = application.state.decide(approve, is_overdue(application.answer_due, today))?;
    let valid_from = command.valid_from.unwrap_or(today);
    let first_day = valid_from.max(today);
    // What is asked of the unit is what the rules ask when its approval begins, whatever they asked when it applied.
    let rulebook = voucher_types::rulebook_in_force(c, application.voucher_type, first_day)?.ok_or_else(|| {
        Problem::new(ProblemKind::WrongState, "The voucher type has no rulebook in force on the first day.")
    })?;
    Given::load(c, organiser.id, &unit)?.name_pieces(&mut application.evidence);
    let examined = examined(c, cx, (&application, &unit, &organiser), &rulebook, first_day)?;
    let mut former = None;
    if approve {
        check(&examined.examination, &unit, valid_from, today)?;
        former = replaced_by(c, &application, valid_from)?;
    }
    let replaces = former.as_ref().map(|former| former.id);
    let days = (today, valid_from, replaces);
    let decision = store_decision(c, cx, command, &application, &rulebook, examined, days)?;
    application.state = decided_state;
    application.decision = Some(decision);
    application.answer_due = None;
    applications::update(c, &application)?;
    let decided = event(cx, ApplicationEventKind::Decided);
    let new = NewEvent { organiser: organiser.id, application: id, event: &decided, document: None };
    applications::append_event(c, &new)?;
    let days = (decision, valid_from, today);
    let approved = approve.then(|| approve_unit(c, cx, &application, former.as_ref(), days)).transpose()?;
    let (approval, replaced) = approved.map_or((None, None), |(approval, replaced)| (Some(approval), replaced));
    let details = json!({
        "application": id,
        "provider": application.provider,
        "outcome": command.outcome,
        "decision": decision,
        "approval": approval.as_ref().map(|approval| approval.id),
        "replaces": replaces,
    });
    cx.audit("decide_application", ("application", id.uuid()), &target, details.clone());
    cx.tell(EventKind::ApplicationDecided, ("application", id.uuid()), &target, details);
    Ok(Reply::ok(DecidedApplication {
        outcome: command.outcome,
        decision,
        application: ApplicationView::of(application),
        approval: approval.map(ApprovalView::of),
        replaced,
    }))
}

fn check(examination: &Examination, unit: &ServiceUnit, valid_from: Day, today: Day) -> Result<(), ApprovalRefused> {
    if valid_from < today {
        return Err(ApprovalRefused::InThePast { today });
    }
    if valid_from > today.plus_days(AHEAD_DAYS_MAX) {
        return Err(ApprovalRefused::TooFarAhead);
    }
    if let Some(from) = unit.details.closed_from.filter(|from| *from <= valid_from) {
        return Err(ApprovalRefused::Closed { from });
    }
    if !examination.unmet.is_empty() {
        let is_unmet = |step: &&Step| step.code != "met";
        return Err(ApprovalRefused::Unmet(examination.steps.iter().filter(is_unmet).cloned().collect()));
    }
    Ok(())
}

fn store_decision(
    c: &mut Conn,
    cx: &Cx,
    command: &DecideCommand,
    application: &Application,
    rulebook: &Rulebook,
    Examined { facts, examination, shown_on }: Examined,
    (today, valid_from, replaces): (Day, Day, Option<Id<kind::Approval>>),
) -> Result<Id<kind::Decision>, Problem> {
    let approve = command.outcome == Verdict::Approved;
    let decision = Decision {
        id: cx.id(),
        organiser: application.organiser,
        kind: DecisionKind::DecideApplication,
        outcome: if approve { DecisionOutcome::Granted } else { DecisionOutcome::Refused },
        subject: application.id.uuid(),
        provider: Some(application.provider),
        person: None,
        rulebook: Some(rulebook.id),
        inputs: json!({
            "application": application.id,
            "unit": application.unit,
            "voucher_type": application.voucher_type,
            "rulebook": rulebook.id,
            "requirements": rulebook.terms.requirements,
            "evidence": application.evidence,
            "criteria": rulebook.terms.eligibility.unit,
            "unit_facts": facts,
            "unmet": examination.unmet,
            "area": application.area,
            "shown_on": shown_on,
            "submitted_sha256": application.submitted_sha256,
            "submitted_at": application.submitted.as_ref().map(|(at, _)| at),
            "valid_from": approve.then_some(valid_from),
            "replaces": replaces,
            "decided_on": today,
        }),
        steps: examination.steps,
        reasons: command.reasons.clone(),
        appeal: rulebook.terms.texts.appeal.clone(),
        decided_by: cx.actor().subject.clone(),
        decided_at: cx.now(),
    };
    decisions::insert(c, &decision)?;
    Ok(decision.id)
}

impl From<ApprovalRefused> for Problem {
    fn from(refused: ApprovalRefused) -> Self {
        match &refused {
            ApprovalRefused::Unmet(steps) => {
                let problem = Self::new(ProblemKind::RuleError, format!("It cannot be approved: {refused}."));
                steps.iter().fold(problem, |problem, step| {
                    let asked = step.inputs.get("requirement").or_else(|| step.inputs.get("criterion"));
                    let asked = asked.map_or("", String::as_str);
                    problem.at("/outcome", &step.code, format!("{asked}: {}", step.text.en))
                })
            }
            ApprovalRefused::InThePast { .. } => Self::invalid(Vec::new()).at("/valid_from", "in_the_past", refused),
            ApprovalRefused::Closed { .. } => {
                Self::new(ProblemKind::WrongState, format!("It cannot be approved: {refused}."))
            }
            ApprovalRefused::TooFarAhead => Self::invalid(Vec::new()).at("/valid_from", "too_far_ahead", refused),
            ApprovalRefused::InTheWay(_) => {
                Self::new(ProblemKind::Duplicate, format!("It cannot be approved: {refused}."))
            }
            ApprovalRefused::Supervised => {
                Self::new(ProblemKind::WrongState, format!("It cannot be approved: {refused}."))
            }
        }
    }
}
