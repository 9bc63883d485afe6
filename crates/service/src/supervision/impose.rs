//! Deciding a measure: the decision is written with its steps, and what it does to the approval is done. One path for
//! what was heard first and for what comes at once.

use serde_json::{Value, json};
use valinta_domain::approval::{ApprovalState, Interruption, VouchersInUse};
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::event::{EventKind, Hearers};
use valinta_domain::id::kind;
use valinta_domain::measure::{
    AskedEffect, Effect, EffectRefused, Grounds, Measure, MeasureRefused, MeasureState, effect, steps,
};
use valinta_domain::{Day, Id, Localized, Period};
use valinta_persistence::approvals::Approval;
use valinta_persistence::voucher_types::Rulebook;
use valinta_persistence::{Conn, decisions};

use crate::approvals::{Chain, end_on, rulebook_of, suspend};
use crate::cx::Cx;
use crate::http::{Problem, ProblemKind};

/// What a measure is decided on.
pub(super) struct Case {
    /// The approval that it is against, and those that follow it.
    pub(super) chain: Chain,
    pub(super) rulebook: Rulebook,
    /// Those of all of them.
    pub(super) interruptions: Vec<Interruption>,
    pub(super) today: Day,
}

impl Case {
    /// Loads it and holds the approvals: of two officers, one comes first.
    pub(super) fn hold(c: &mut Conn, approval: Id<kind::Approval>, today: Day) -> Result<Self, Problem> {
        let chain = Chain::hold(c, approval)?;
        let rulebook = rulebook_of(c, &chain.first, today)?;
        let interruptions = chain.interruptions(c)?;
        Ok(Self { chain, rulebook, interruptions, today })
    }

    /// The codes of the requirements that have lapsed today.
    pub(super) fn lapsed(&self) -> Vec<String> {
        let of_today = self.interruptions.iter().filter(|one| one.holds_on(self.today));
        let mut codes: Vec<String> = of_today.filter_map(|one| one.requirement().map(str::to_owned)).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// The days of the approval and of those that follow it, of which some are left.
    pub(super) fn days_left(&self) -> Result<Period, MeasureRefused> {
        let left = self.chain.period().filter(|period| period.to().is_none_or(|to| to > self.today));
        left.ok_or(MeasureRefused::ApprovalOver)
    }

    /// What a step does if it is imposed today, or everything that stands against it.
    pub(super) fn effect_of(&self, measure: &Measure, asked: &AskedEffect) -> Result<Effect, Problem> {
        // Where clients are in danger, vouchers in use move at once, also where the unit is suspended in a milder way.
        let harder = measure.grounds == Grounds::Danger && asked.vouchers_in_use == Some(VouchersInUse::MustMove);
        let in_the_way =
            |one: &&Interruption| one.is_suspension() && (!harder || one.vouchers_in_use == VouchersInUse::MustMove);
        let suspensions: Vec<Period> =
            self.interruptions.iter().filter(in_the_way).filter_map(Interruption::period).collect();
        let days = self.days_left()?;
        let terms = &self.rulebook.terms.supervision;
        effect((measure.step, measure.grounds), asked, days, &suspensions, terms, self.today)
            .map_err(|refused| of_effect(&refused))
    }
}

/// Writes the decision on a measure: imposed with an effect, or dropped. The measure is as it is afterwards; it has not
/// been stored, nor has anything been done to the approval.
pub(super) fn decide(
    c: &mut Conn,
    cx: &Cx,
    case: &Case,
    measure: Measure,
    effect: Option<&Effect>,
    reasons: &Localized,
) -> Result<Measure, Problem> {
    let lapsed = measure.still_lapsed(&case.lapsed(), case.today).unwrap_or_default();
    let decision = Decision {
        id: cx.id(),
        organiser: measure.organiser,
        kind: DecisionKind::DecideMeasure,
        outcome: if effect.is_some() { DecisionOutcome::Imposed } else { DecisionOutcome::Dropped },
        subject: measure.id.uuid(),
        provider: Some(measure.provider),
        person: None,
        rulebook: Some(case.rulebook.id),
        inputs: json!({
            "measure": measure.id,
            "approval": measure.approval,
            "finding": measure.finding,
            "step": measure.step,
            "grounds": measure.grounds,
            "heard_about": measure.reasons,
            "heard_about_lapsed": measure.lapsed,
            "hear_until": measure.hear_until,
            "reply": measure.reply.as_ref().map(|reply| &reply.text),
            "replied_at": measure.reply.as_ref().map(|reply| reply.at),
            "lapsed": lapsed,
            "supervision": case.rulebook.terms.supervision,
            "effect": effect.map(effect_value),
            "following": case.chain.following.iter().map(|one| one.id).collect::<Vec<_>>(),
            "decided_on": case.today,
        }),
        steps: steps(&measure, effect, &case.rulebook.terms.supervision, &lapsed, case.today),
        reasons: reasons.clone(),
        appeal: case.rulebook.terms.texts.appeal.clone(),
        decided_by: cx.actor().subject.clone(),
        decided_at: cx.now(),
    };
    decisions::insert(c, &decision)?;
    Ok(with_effect(measure, effect, decision.id))
}

fn with_effect(mut measure: Measure, effect: Option<&Effect>, decision: Id<kind::Decision>) -> Measure {
    measure.decision = Some(decision);
    measure.state = if effect.is_some() { MeasureState::Imposed } else { MeasureState::Dropped };
    match effect {
        None | Some(Effect::Notice) => {}
        Some(Effect::Warning { deadline }) => measure.deadline = Some(*deadline),
        Some(Effect::Suspension { period, vouchers_in_use }) => {
            (measure.from, measure.to) = (Some(period.from()), period.to());
            measure.vouchers_in_use = Some(*vouchers_in_use);
        }
        Some(Effect::Cancellation { from }) => measure.from = Some(*from),
    }
    measure
}

fn effect_value(effect: &Effect) -> Value {
    match effect {
        Effect::Notice => json!({}),
        Effect::Warning { deadline } => json!({"deadline": deadline}),
        Effect::Suspension { period, vouchers_in_use } => json!({
            "from": period.from(),
            "until": period.to().map(|to| to.plus_days(-1)),
            "vouchers_in_use": vouchers_in_use,
        }),
        Effect::Cancellation { from } => json!({"from": from}),
    }
}

/// Does to the approval what was imposed, and tells what was decided. How many vouchers in use are chosen with again.
pub(super) fn carry_out(
    c: &mut Conn,
    cx: &Cx,
    case: &Case,
    measure: &Measure,
    effect: Option<&Effect>,
) -> Result<usize, Problem> {
    let decision = measure.decision.ok_or_else(|| Problem::internal("a measure is carried out without a decision"))?;
    let mut moved = 0_usize;
    for approval in case.chain.each() {
        let of_this = match effect {
            None | Some(Effect::Notice | Effect::Warning { .. }) => 0,
            Some(Effect::Suspension { period, vouchers_in_use }) => match common(approval, *period) {
                None => 0,
                Some(period) => suspend(c, cx, approval, (period, *vouchers_in_use), decision, case.today)?,
            },
            Some(Effect::Cancellation { from }) => match common(approval, Period::starting(*from)) {
                None => 0,
                Some(_) => end_on(c, cx, approval, (ApprovalState::Cancelled, *from), decision)?,
            },
        };
        moved = moved.saturating_add(of_this);
    }
    let details = json!({
        "measure": measure.id,
        "approval": measure.approval,
        "provider": measure.provider,
        "step": measure.step,
        "outcome": measure.state,
        "decision": decision,
        "from": measure.from,
        "deadline": measure.deadline,
        "vouchers_in_use": moved,
    });
    let hearers = Hearers::both(measure.organiser, measure.provider);
    cx.tell(EventKind::MeasureDecided, ("measure", measure.id.uuid()), hearers, details.clone());
    if let Some(Effect::Cancellation { .. }) = effect {
        cx.tell(EventKind::ApprovalCancelled, ("approval", measure.approval.uuid()), hearers, details);
    }
    Ok(moved)
}

/// The days that an approval has in common with others.
fn common(approval: &Approval, days: Period) -> Option<Period> {
    approval.period()?.intersection(days)
}

/// Everything that stands against an effect, each at its place.
pub(super) fn of_effect(refused: &[EffectRefused]) -> Problem {
    refused.iter().fold(Problem::invalid(Vec::new()), |problem, one| {
        problem.at(&format!("/{}", one.field().code()), one.code(), one)
    })
}

impl From<MeasureRefused> for Problem {
    fn from(refused: MeasureRefused) -> Self {
        let at_step = |code: &str| {
            Self::new(ProblemKind::RuleError, format!("The measure cannot be taken: {refused}."))
                .at("/step", code, refused)
        };
        match refused {
            MeasureRefused::StepMissing { .. } => at_step("step_missing"),
            MeasureRefused::WarningRuns { .. } => at_step("warning_runs"),
            MeasureRefused::TooMild { .. } => at_step("too_mild"),
            MeasureRefused::NothingLapsed { .. } => Self::new(
                ProblemKind::RuleError,
                format!("The measure cannot be taken: {refused}."),
            )
            .at("/grounds", "nothing_lapsed", refused),
            MeasureRefused::HearingTooShort { .. } => {
                Self::invalid(Vec::new()).at("/hear_until", "hearing_too_short", refused)
            }
            MeasureRefused::HearingTooLong { .. } => {
                Self::invalid(Vec::new()).at("/hear_until", "hearing_too_long", refused)
            }
            MeasureRefused::ApprovalOver
            | MeasureRefused::NotHeard { .. }
            | MeasureRefused::Replied
            | MeasureRefused::WrongState { .. } => {
                Self::new(ProblemKind::WrongState, format!("Not possible: {refused}."))
            }
        }
    }
}
