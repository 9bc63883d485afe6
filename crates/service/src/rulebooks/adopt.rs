//! `POST /v1/rulebooks/{id}/adopt`: an officer adopts a proposed rulebook, which comes into force on a day. A decision.
//!
//! Prices that it no longer allows are not touched; whoever asks them is told.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;
use validator::Validate;
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::event::{EventKind, Hearers};
use valinta_domain::explain::Step;
use valinta_domain::id::kind;
use valinta_domain::offering::PriceCheck;
use valinta_domain::policy::Action;
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::{Day, Id, Localized, Period};
use valinta_persistence::rulebooks::{self, Rulebook};
use valinta_persistence::{Conn, decisions, offerings, providers};

use super::prices::{NotAllowed, any_not_allowed};
use super::terms::{Taken, check_base, check_price_unit, take};
use super::view::RulebookSummary;
use crate::app::{App, Reply};
use crate::approvals::refresh_lapses_of_voucher_type;
use crate::cx::{Cx, found};
use crate::http::permit::RulebooksAdopt;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};

/// How far ahead a rulebook can be adopted.
const AHEAD_DAYS_MAX: i64 = 400;
/// How many offerings are looked at in one go.
const OFFERINGS_AT_ONCE: i64 = 500;
/// Most offerings that a decision names one by one.
const OFFERINGS_NAMED_MAX: usize = 100;

/// An adoption.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdoptRulebook {
    /// First day on which the rulebook is in force: today or later, and after the first day of the one it follows.
    in_force_from: Day,
    /// Why, in the words of the decision.
    reasons: Localized,
}

/// How a rulebook is to be adopted.
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

/// What an adoption has done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AdoptionView {
    /// The rulebook as it is now.
    #[serde(flatten)]
    rulebook: RulebookSummary,
    /// How many offerings have a price that it does not allow on some day: their providers are told.
    #[schema(minimum = 0)]
    prices_not_allowed: usize,
}

/// An offering with a price that the adopted version does not allow.
struct Touched {
    offering: Id<kind::Offering>,
    provider: Id<kind::Provider>,
    not_allowed: NotAllowed,
}

/// Why a rulebook cannot be adopted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum AdoptionRefused {
    /// Nobody has said that it is finished.
    #[error("the rulebook is a draft; propose it first")]
    NotProposed,
    /// It was adopted before.
    #[error("the rulebook has been adopted already, in force from {from}")]
    AdoptedAlready {
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

/// Adopts a proposed rulebook by a decision with reasons. The rulebook in force until then ends the day before. Prices
/// that are not allowed any more are marked from that day on, and cannot be chosen.
///
/// Where another version has been adopted since the one that this is based on, it is refused, and that version is named:
/// what it changed would be undone. Make a new draft from it, with `changes`.
#[utoipa::path(
    tag = "rulebooks",
    params(IdempotencyKey),
    responses((status = 200, description = "Adopted.", body = AdoptionView)),
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

/// Adopts a proposed rulebook.
pub(crate) fn adopt(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Rulebook>,
    command: &AdoptCommand,
) -> Result<Reply<AdoptionView>, Problem> {
    let Taken { rulebook, voucher_type, target, today } = take(c, cx, id, Action::AdoptRulebook)?;
    let open = rulebooks::open_rulebook(c, rulebook.voucher_type)?;
    let from = command.in_force_from;
    check_state(&rulebook)?;
    check_base(c, &rulebook, open.as_ref())?;
    check_day(open.as_ref(), from, today)?;
    let mut errors = Errors::new();
    check_price_unit(&rulebook.terms, voucher_type.unit, open.as_ref(), "/terms", &mut errors);
    errors.finish()?;
    let touched = touched_by(c, &rulebook, from)?;
    let decision = Decision {
        id: cx.id(),
        organiser: rulebook.organiser,
        kind: DecisionKind::AdoptRulebook,
        outcome: DecisionOutcome::Granted,
        subject: id.uuid(),
        provider: None,
        person: None,
        rulebook: Some(id),
        inputs: inputs(&rulebook, open.as_ref(), from, today, &touched),
        steps: vec![step(&rulebook, open.as_ref(), from)],
        reasons: command.reasons.clone(),
        appeal: rulebook.terms.texts.appeal.clone(),
        decided_by: cx.actor().subject.clone(),
        decided_at: cx.now(),
    };
    decisions::insert(c, &decision)?;
    rulebooks::adopt_rulebook(c, &rulebook, from, decision.id)?;
    // What it asks of units, they show; from its first day on, those that do not take no new choices.
    refresh_lapses_of_voucher_type(c, cx, rulebook.voucher_type)?;
    let details = json!({
        "voucher_type": rulebook.voucher_type,
        "decision": decision.id,
        "in_force_from": from,
        "prices_not_allowed": touched.len(),
    });
    cx.audit("adopt_rulebook", ("rulebook", id.uuid()), &target, details.clone());
    cx.tell(EventKind::RulebookAdopted, ("rulebook", id.uuid()), &target, details);
    tell_providers(cx, &rulebook, &touched);
    cx.registry_changed(RegistryChange::rulebook(id, target.organiser));
    let adopted = found(rulebooks::find_rulebook(c, id)?)?;
    let rulebook = RulebookSummary::of(&adopted, today);
    Ok(Reply::ok(AdoptionView { rulebook, prices_not_allowed: touched.len() }))
}

/// The offerings of the voucher type with a price that the rulebook will not allow from its first day on, in the order
/// of their ids.
fn touched_by(c: &mut Conn, rulebook: &Rulebook, from: Day) -> Result<Vec<Touched>, Problem> {
    let version = (Period::starting(from), &PriceCheck::under(rulebook.terms.as_ref()));
    let (mut touched, mut after) = (Vec::new(), None);
    loop {
        let some = offerings::list(c, Some(rulebook.voucher_type), None, after, OFFERINGS_AT_ONCE)?;
        let Some(last) = some.last() else { return Ok(touched) };
        after = Some(last.id);
        let ids: Vec<Id<kind::Offering>> = some.iter().map(|offering| offering.id).collect();
        let whose: Vec<Id<kind::Provider>> = some.iter().map(|offering| offering.provider).collect();
        let prices = offerings::prices_of_each(c, &ids)?;
        let sectors = providers::sectors_of_each(c, &whose)?;
        touched.extend(some.into_iter().filter_map(|offering| {
            let prices = prices.get(&offering.id)?;
            let not_allowed = any_not_allowed(prices, sectors.get(&offering.provider)?, version)?;
            Some(Touched { offering: offering.id, provider: offering.provider, not_allowed })
        }));
    }
}

/// One message for each offering, for its provider.
fn tell_providers(cx: &Cx, rulebook: &Rulebook, touched: &[Touched]) {
    for one in touched {
        let payload = json!({
            "offering": one.offering,
            "provider": one.provider,
            "rulebook": rulebook.id,
            "from": one.not_allowed.period.from(),
            "code": one.not_allowed.code,
        });
        let subject = ("offering", one.offering.uuid());
        let hearers = Hearers::both(rulebook.organiser, one.provider);
        cx.tell(EventKind::OfferingPriceNotAllowed, subject, hearers, payload);
    }
}

/// What the decision rested on. Of very many offerings only the number is kept; the messages name each.
fn inputs(rulebook: &Rulebook, open: Option<&Rulebook>, from: Day, today: Day, touched: &[Touched]) -> Value {
    let offerings: Vec<Id<kind::Offering>> = touched.iter().map(|one| one.offering).collect();
    let mut inputs = json!({
        "voucher_type": rulebook.voucher_type,
        "number": rulebook.number,
        "in_force_from": from,
        "follows": open.map(|open| open.id),
        "based_on": rulebook.based_on,
        "proposed_at": rulebook.proposed.as_ref().map(|(at, _)| *at),
        "decided_on": today,
        "prices_not_allowed": touched.len(),
        "terms": rulebook.terms,
    });
    if let Value::Object(members) = &mut inputs
        && offerings.len() <= OFFERINGS_NAMED_MAX
    {
        members.insert("offerings_not_allowed".to_owned(), json!(offerings));
    }
    inputs
}

fn check_state(rulebook: &Rulebook) -> Result<(), AdoptionRefused> {
    if let Some(period) = rulebook.in_force {
        return Err(AdoptionRefused::AdoptedAlready { from: period.from() });
    }
    if rulebook.proposed.is_none() {
        return Err(AdoptionRefused::NotProposed);
    }
    Ok(())
}

fn check_day(open: Option<&Rulebook>, from: Day, today: Day) -> Result<(), AdoptionRefused> {
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
            AdoptionRefused::NotProposed | AdoptionRefused::AdoptedAlready { .. } => {
                Self::new(ProblemKind::WrongState, format!("Not possible: {refused}."))
            }
            AdoptionRefused::InThePast { .. } => Self::invalid(Vec::new()).at("/in_force_from", "in_the_past", refused),
            AdoptionRefused::TooFarAhead => Self::invalid(Vec::new()).at("/in_force_from", "too_far_ahead", refused),
            AdoptionRefused::NotAfterOpen { .. } => {
                Self::invalid(Vec::new()).at("/in_force_from", "not_after_current", refused)
            }
        }
    }
}
