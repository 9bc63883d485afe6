//! `GET /v1/decisions/{id}`: a decision with its inputs, steps, reasons and appeal instructions, as it was made.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use serde_json::json;
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Role, Target};
use valinta_domain::{Id, Localized, Moment};
use valinta_persistence::{Conn, decisions};

use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::permit::DecisionsRead;
use crate::http::{PathId, Permit, Problem};

/// A decision.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DecisionView {
    /// Its id.
    id: Id<kind::Decision>,
    /// Whose decision it is.
    organiser: Id<kind::Organiser>,
    /// What was decided.
    kind: DecisionKind,
    /// Which way.
    outcome: DecisionOutcome,
    /// The id of what it is about.
    #[schema(value_type = String, format = Uuid)]
    subject: uuid::Uuid,
    /// The rulebook version it was made under.
    #[serde(skip_serializing_if = "Option::is_none")]
    rulebook: Option<Id<kind::Rulebook>>,
    /// Everything that went in: facts, figures, rules.
    #[schema(value_type = Object)]
    inputs: serde_json::Value,
    /// How the outcome came about.
    #[schema(max_items = 100)]
    steps: Vec<Step>,
    /// The reasons.
    reasons: Localized,
    /// How to ask for revision.
    appeal: Localized,
    /// Who decided; not shown to those it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    decided_by: Option<String>,
    /// When.
    decided_at: Moment,
}

/// Shows a decision to those it is about and to the organiser's staff.
#[utoipa::path(
    tag = "decisions",
    responses((status = 200, description = "The decision.", body = DecisionView)),
    security(("bearer" = ["decisions:read"])),
)]
#[get("/v1/decisions/{id}")]
pub(crate) async fn show_decision(
    permit: Permit<DecisionsRead>,
    app: web::Data<App>,
    path: PathId<kind::Decision>,
) -> Result<HttpResponse, Problem> {
    let id = path.id();
    let view = app.write(permit.into_caller(), move |c, cx| show(c, cx, id)).await?;
    Ok(HttpResponse::Ok().json(view))
}

fn show(c: &mut Conn, cx: &Cx, id: Id<kind::Decision>) -> Result<DecisionView, Problem> {
    let decision = found(decisions::find(c, id)?)?;
    let target = Target { organiser: Some(decision.organiser), provider: decision.provider, person: decision.person };
    let action = match decision.kind {
        DecisionKind::GrantVoucher
        | DecisionKind::CancelVoucher
        | DecisionKind::ExtendVoucher
        | DecisionKind::RaiseVoucher
        | DecisionKind::ReduceVoucher => Action::ReadClientDecision,
        DecisionKind::DecideApplication
        | DecisionKind::DecideMeasure
        | DecisionKind::LiftSuspension
        | DecisionKind::EndApproval
        | DecisionKind::AdoptRulebook => Action::ReadProviderDecision,
    };
    cx.require(action, &target)?;
    cx.audit("show_decision", ("decision", id.uuid()), &target, json!({}));
    Ok(view(decision, cx.actor().role))
}

fn view(decision: Decision, role: Role) -> DecisionView {
    let shows_decider = role.is_county_staff();
    DecisionView {
        id: decision.id,
        organiser: decision.organiser,
        kind: decision.kind,
        outcome: decision.outcome,
        subject: decision.subject,
        rulebook: decision.rulebook,
        inputs: decision.inputs,
        steps: decision.steps,
        reasons: decision.reasons,
        appeal: decision.appeal,
        decided_by: shows_decider.then_some(decision.decided_by),
        decided_at: decision.decided_at,
    }
}
