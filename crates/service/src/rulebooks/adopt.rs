//! `POST /v1/rulebooks/{id}/adopt`: an officer adopts a draft, which comes into force on a day. A decision.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use thiserror::Error;
use validator::Validate;
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::{Day, Id, Localized};
use valinta_persistence::voucher_types::{self, Rulebook};
use valinta_persistence::{Conn, decisions, organisers};

use super::view::RulebookSummary;
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::RulebooksAdopt;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};

/// How far ahead a rulebook can be adopted.
const AHEAD_DAYS_MAX: i64 = 400;

/// An adoption.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdoptRulebook {
    /// First day on which the rulebook is in force: today or later, and after the first day of the one it follows.
    in_force_from: Day,
    /// Why, in the words of the decision.
    reasons: Localized,
}

/// How a draft is to be adopted.
#[derive(Debug, Clone)]
pub(crate) struct AdoptCommand {
    pub(crate) in_force_from: Day,
    pub(crate) reasons: Localized,
}

impl Parse for AdoptRulebook {
    type Into = AdoptCommand;

    fn parse(&self, errors: &mut Errors) -> Option<AdoptCommand> {
        let reasons = errors.text("/reasons", &self.reasons, TEXT_CHARS_MAX)?;
        Some(AdoptCommand { in_force_from: self.in_force_from, reasons })
    }
}

/// Why a rulebook cannot be adopted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum AdoptionRefused {
    /// It was adopted before.
    #[error("the rulebook has been adopted already, in force from {from}")]
    NotDraft {
        /// Its first day.
        from: Day,
    },
    /// Rules do not reach back.
    #[error("a rulebook comes into force today, {today}, or later")]
    InThePast {
        /// Today.
        today: Day,
    },
    /// A slip of the pen, most likely; and no other rulebook could come into force until then.
    #[error("a rulebook comes into force within {AHEAD_DAYS_MAX} days")]
    TooFarAhead,
    /// The one it would follow has not begun by then.
    #[error("the rulebook that it follows is in force from {open_from}: it can follow on a later day only")]
    NotAfterOpen {
        /// The first day of the one it would follow.
        open_from: Day,
    },
}

/// Adopts a rulebook by a decision with reasons. The rulebook in force until then ends the day before.
#[utoipa::path(
    tag = "rulebooks",
    params(IdempotencyKey),
    responses((status = 200, description = "Adopted.", body = RulebookSummary)),
    security(("bearer" = ["rulebooks:adopt"])),
)]
#[post("/v1/rulebooks/{id}/adopt")]
pub(crate) async fn adopt_rulebook(
    permit: Permit<RulebooksAdopt>,
    app: web::Data<App>,
    path: PathId<kind::Rulebook>,
    key: IdempotencyKey,
    body: Json<AdoptRulebook>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "adopt_rulebook", &key, &bytes, move |c, cx| adopt(c, cx, id, &command)).await
}

/// Adopts a draft.
pub(crate) fn adopt(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Rulebook>,
    command: &AdoptCommand,
) -> Result<Reply<RulebookSummary>, Problem> {
    let seen = found(voucher_types::find_rulebook(c, id)?)?;
    let target = Target { organiser: Some(seen.organiser), ..Target::default() };
    cx.require(Action::AdoptRulebook, &target)?;
    // Taken before anything is looked at: of two adoptions at once, the later one sees what the earlier one did.
    found(voucher_types::take(c, seen.voucher_type)?)?;
    let rulebook = found(voucher_types::find_rulebook(c, id)?)?;
    let organiser = found(organisers::find(c, rulebook.organiser)?)?;
    let today = cx.today(&organiser)?;
    let open = voucher_types::open_rulebook(c, rulebook.voucher_type)?;
    let from = command.in_force_from;
    check(&rulebook, open.as_ref(), from, today)?;
    let decision = Decision {
        id: cx.id(),
        organiser: organiser.id,
        kind: DecisionKind::AdoptRulebook,
        outcome: DecisionOutcome::Granted,
        subject: id.uuid(),
        provider: None,
        person: None,
        rulebook: Some(id),
        inputs: json!({
            "voucher_type": rulebook.voucher_type,
            "number": rulebook.number,
            "in_force_from": from,
            "follows": open.as_ref().map(|open| open.id),
            "decided_on": today,
            "terms": rulebook.terms,
        }),
        steps: vec![step(&rulebook, open.as_ref(), from)],
        reasons: command.reasons.clone(),
        appeal: rulebook.terms.texts.appeal.clone(),
        decided_by: cx.actor().subject.clone(),
        decided_at: cx.now(),
    };
    decisions::insert(c, &decision)?;
    voucher_types::adopt_rulebook(c, &rulebook, from, decision.id)?;
    let details = json!({"voucher_type": rulebook.voucher_type, "decision": decision.id, "in_force_from": from});
    cx.audit("adopt_rulebook", ("rulebook", id.uuid()), &target, details.clone());
    cx.tell("rulebook.adopted", ("rulebook", id.uuid()), target.organiser, details);
    cx.registry_changed();
    let adopted = found(voucher_types::find_rulebook(c, id)?)?;
    Ok(Reply::ok(RulebookSummary::of(&adopted)))
}

fn check(rulebook: &Rulebook, open: Option<&Rulebook>, from: Day, today: Day) -> Result<(), AdoptionRefused> {
    if let Some(period) = rulebook.in_force {
        return Err(AdoptionRefused::NotDraft { from: period.from() });
    }
    if from < today {
        return Err(AdoptionRefused::InThePast { today });
    }
    if from > today.plus_days(AHEAD_DAYS_MAX) {
        return Err(AdoptionRefused::TooFarAhead);
    }
    match open.and_then(|open| open.in_force) {
        Some(period) if from <= period.from() => Err(AdoptionRefused::NotAfterOpen { open_from: period.from() }),
        _ => Ok(()),
    }
}

fn step(rulebook: &Rulebook, open: Option<&Rulebook>, from: Day) -> Step {
    let number = rulebook.number;
    let text = Localized::new(
        format!("Sääntökirjan versio {number} tulee voimaan {from}."),
        format!("Version {number} av regelboken träder i kraft {from}."),
        format!("Version {number} of the rulebook comes into force on {from}."),
    );
    let step = Step::new("", "adopted", text).input("number", number).input("in_force_from", from);
    match open {
        Some(open) => step.input("follows_number", open.number),
        None => step,
    }
}

impl From<AdoptionRefused> for Problem {
    fn from(refused: AdoptionRefused) -> Self {
        match refused {
            AdoptionRefused::NotDraft { .. } => Self::new(ProblemKind::WrongState, format!("Not possible: {refused}.")),
            AdoptionRefused::InThePast { .. } => Self::invalid(Vec::new()).at("/in_force_from", "in_the_past", refused),
            AdoptionRefused::TooFarAhead => Self::invalid(Vec::new()).at("/in_force_from", "too_far_ahead", refused),
            AdoptionRefused::NotAfterOpen { .. } => {
                Self::invalid(Vec::new()).at("/in_force_from", "not_after_current", refused)
            }
        }
    }
}
