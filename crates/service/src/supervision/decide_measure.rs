//! `POST /v1/measures/{id}/decision`: an officer imposes a measure or drops it, after the provider was heard. A decision.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::approval::VouchersInUse;
use valinta_domain::id::kind;
use valinta_domain::measure::AskedEffect;
use valinta_domain::policy::Action;
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::{Day, Id, Localized};
use valinta_persistence::{Conn, measures, organisers};

use super::impose::{Case, carry_out, decide};
use super::measure_view::{MeasureView, target_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::conditional::IfMatch;
use crate::http::openapi::StateProblems;
use crate::http::permit::ApprovalsSupervise;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// Which way a measure goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MeasureOutcome {
    /// It is imposed.
    Imposed,
    /// It is not.
    Dropped,
}

/// A decision on a measure.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideMeasure {
    /// Which way.
    outcome: MeasureOutcome,
    /// Why, in the words of the decision.
    reasons: Localized,
    /// Of a warning: last day for putting things right.
    deadline: Option<Day>,
    /// Of a suspension or cancellation: first day; tomorrow if nothing is said.
    from: Option<Day>,
    /// Of a suspension: last day; open if nothing is said.
    until: Option<Day>,
    /// Of a suspension: what becomes of vouchers in use.
    vouchers_in_use: Option<VouchersInUse>,
}

/// How a measure is to be decided.
#[derive(Debug, Clone)]
pub(crate) struct DecideCommand {
    outcome: MeasureOutcome,
    reasons: Localized,
    effect: AskedEffect,
}

impl Parse for DecideMeasure {
    type Into = DecideCommand;

    fn parse(&self, errors: &mut Errors) -> Option<DecideCommand> {
        let effect = AskedEffect {
            deadline: self.deadline,
            from: self.from,
            until: self.until,
            vouchers_in_use: self.vouchers_in_use,
        };
        if self.outcome == MeasureOutcome::Dropped && effect != AskedEffect::default() {
            errors.fail("/outcome", "not_applicable", "nothing follows from a measure that is dropped");
        }
        let reasons = errors.text("/reasons", &self.reasons, TEXT_CHARS_MAX)?;
        Some(DecideCommand { outcome: self.outcome, reasons, effect })
    }
}

/// What came of a measure.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DecidedMeasure {
    /// The measure.
    measure: MeasureView,
    /// How many vouchers in use end there; their holders choose another provider.
    #[schema(minimum = 0)]
    vouchers_in_use: usize,
}

/// Decides a measure: after the provider's reply, or after the last day for it. The decision has reasons, the steps that
/// led to it and instructions for appeal. If-Match names the measure's version.
#[utoipa::path(
    tag = "supervision",
    params(IfMatch, IdempotencyKey),
    responses((status = 200, description = "Decided.", body = DecidedMeasure), StateProblems),
    security(("bearer" = ["approvals:supervise"])),
)]
#[post("/v1/measures/{id}/decision")]
pub(crate) async fn decide_measure(
    permit: Permit<ApprovalsSupervise>,
    app: web::Data<App>,
    path: PathId<kind::Measure>,
    precondition: IfMatch,
    key: IdempotencyKey,
    body: Json<DecideMeasure>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "decide_measure", &key, &bytes, move |c, cx| {
        settle(c, cx, id, &precondition, &command)
    })
    .await
}

/// Decides a measure. The approval is held before the measure is taken, as wherever both change.
fn settle(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Measure>,
    precondition: &IfMatch,
    command: &DecideCommand,
) -> Result<Reply<DecidedMeasure>, Problem> {
    let seen = found(measures::find(c, id)?)?;
    let target = target_of(&seen);
    cx.require(Action::Supervise, &target)?;
    let organiser = found(organisers::find(c, seen.organiser)?)?;
    let today = cx.today(&organiser)?;
    let case = Case::hold(c, seen.approval, today)?;
    let measure = found(measures::take(c, id)?)?;
    precondition.check(measure.version.saturating_sub(1)).map_err(|problem| {
        problem.at("/header/If-Match", "changed", format!("the measure is {} now", measure.state.code()))
    })?;
    measure.may_decide(today)?;
    let effect = match command.outcome {
        MeasureOutcome::Dropped => None,
        MeasureOutcome::Imposed => {
            // A condition that was shown to hold again meanwhile is no reason any more.
            measure.still_lapsed(&case.lapsed(), today)?;
            Some(case.effect_of(&measure, &command.effect)?)
        }
    };
    let measure = decide(c, cx, &case, measure, effect.as_ref(), &command.reasons)?;
    measures::update(c, &measure)?;
    let vouchers_in_use = carry_out(c, cx, &case, &measure, effect.as_ref())?;
    let details = json!({"approval": measure.approval, "outcome": measure.state, "decision": measure.decision});
    cx.audit("decide_measure", ("measure", id.uuid()), &target, details);
    Ok(Reply::ok(DecidedMeasure { measure: MeasureView::of(measure, cx), vouchers_in_use }))
}
