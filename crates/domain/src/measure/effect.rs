//! What a step does when it is imposed, checked whole: a deadline, days, and what becomes of vouchers in use.

use thiserror::Error;

use super::{Grounds, MeasureStep, leads_until};
use crate::approval::VouchersInUse;
use crate::rulebook::SupervisionTerms;
use crate::time::{Day, Period};

/// How far ahead a step may take effect or set a deadline.
const AHEAD_DAYS_MAX: i64 = 400;

/// What is asked of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AskedEffect {
    /// Last day for putting things right.
    pub deadline: Option<Day>,
    /// First day.
    pub from: Option<Day>,
    /// Last day.
    pub until: Option<Day>,
    /// What becomes of vouchers in use.
    pub vouchers_in_use: Option<VouchersInUse>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing but what it says.
    Notice,
    /// The provider puts things right by a day.
    Warning {
        /// The last day for it.
        deadline: Day,
    },
    /// The approval takes no new choices.
    Suspension {
        /// The days.
        period: Period,
        /// What becomes of vouchers in use.
        vouchers_in_use: VouchersInUse,
    },
    /// The approval ends.
    Cancellation {
        /// First day on which it no longer holds.
        from: Day,
    },
}

/// A part of what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectField {
    /// The last day for putting things right.
    Deadline,
    /// The first day.
    From,
    /// The last day.
    Until,
    /// What becomes of vouchers in use.
    VouchersInUse,
}

impl EffectField {
    /// Its name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::From => "from",
            Self::Until => "until",
            Self::VouchersInUse => "vouchers_in_use",
        }
    }
}

/// Why what is asked cannot be the effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EffectRefused {
    /// The step needs it.
    #[error("a {} needs it", step.code())]
    Missing {
        /// What is missing.
        field: EffectField,
        /// The step.
        step: MeasureStep,
    },
    /// The step has no use for it.
    #[error("a {} has no such thing", step.code())]
    NotApplicable {
        /// What was given.
        field: EffectField,
        /// The step.
        step: MeasureStep,
    },
    /// Nothing takes effect on a day that is over.
    #[error("it is {today} or later")]
    InThePast {
        /// What was given.
        field: EffectField,
        /// Today.
        today: Day,
    },
    /// A slip of the pen, most likely.
    #[error("it is within {AHEAD_DAYS_MAX} days")]
    TooFarAhead {
        /// What was given.
        field: EffectField,
    },
    /// By then the ladder would have begun anew, and nothing would follow where things are not put right.
    #[error("it is {latest} or before, for the next step to follow where things are not put right")]
    AfterLadder {
        /// The latest day.
        latest: Day,
    },
    /// It ends before it begins.
    #[error("it ends on its first day or later")]
    Reversed,
    /// Where clients are in danger, it is at once.
    #[error("where clients are in danger it begins today, {today}")]
    NotAtOnce {
        /// Today.
        today: Day,
    },
    /// The approval has ended by then.
    #[error("the approval ends on {end} already")]
    AfterEnd {
        /// The first day on which it no longer holds.
        end: Day,
    },
    /// The approval has not begun by then, so there is nothing to suspend.
    #[error("the approval begins on {begins}")]
    BeforeBeginning {
        /// Its first day.
        begins: Day,
    },
    /// There is a suspension on some of the days.
    #[error("the approval is suspended from {from} already")]
    Suspended {
        /// The first day of that suspension.
        from: Day,
    },
}

impl EffectRefused {
    /// What of the request it is about.
    pub const fn field(&self) -> EffectField {
        match self {
            Self::Missing { field, .. }
            | Self::NotApplicable { field, .. }
            | Self::InThePast { field, .. }
            | Self::TooFarAhead { field } => *field,
            Self::AfterLadder { .. } => EffectField::Deadline,
            Self::Reversed => EffectField::Until,
            Self::NotAtOnce { .. } | Self::AfterEnd { .. } | Self::BeforeBeginning { .. } | Self::Suspended { .. } => {
                EffectField::From
            }
        }
    }

    /// A stable word for it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing_field",
            Self::NotApplicable { .. } => "not_applicable",
            Self::InThePast { .. } => "in_the_past",
            Self::TooFarAhead { .. } => "too_far_ahead",
            Self::AfterLadder { .. } => "ladder_ends_before",
            Self::Reversed => "reversed",
            Self::NotAtOnce { .. } => "not_at_once",
            Self::AfterEnd { .. } => "approval_ends_before",
            Self::BeforeBeginning { .. } => "approval_begins_later",
            Self::Suspended { .. } => "suspended_already",
        }
    }
}

/// What a step does to an approval when it is imposed today, or everything that stands against it. `approval` are the days
/// of the approval, `suspensions` those on which it is suspended already. Where no first day is asked for, danger begins
/// today and everything else tomorrow: services of the day on which it is decided are not in doubt.
///
/// # Errors
/// See [`EffectRefused`].
pub fn effect(
    (step, grounds): (MeasureStep, Grounds),
    asked: &AskedEffect,
    approval: Period,
    suspensions: &[Period],
    terms: &SupervisionTerms,
    today: Day,
) -> Result<Effect, Vec<EffectRefused>> {
    let mut refused = not_applicable(step, asked);
    let made = match step {
        MeasureStep::Notice => Some(Effect::Notice),
        MeasureStep::Warning => warning(asked, terms, today, &mut refused),
        MeasureStep::Suspension => suspension(grounds, asked, (approval, suspensions), today, &mut refused),
        MeasureStep::Cancellation => {
            first_day(step, grounds, asked, approval, today, &mut refused).map(|from| Effect::Cancellation { from })
        }
    };
    match made {
        Some(effect) if refused.is_empty() => Ok(effect),
        _ => Err(refused),
    }
}

fn not_applicable(step: MeasureStep, asked: &AskedEffect) -> Vec<EffectRefused> {
    use EffectField as F;
    let used: &[F] = match step {
        MeasureStep::Notice => &[],
        MeasureStep::Warning => &[F::Deadline],
        MeasureStep::Suspension => &[F::From, F::Until, F::VouchersInUse],
        MeasureStep::Cancellation => &[F::From],
    };
    let given = [
        (F::Deadline, asked.deadline.is_some()),
        (F::From, asked.from.is_some()),
        (F::Until, asked.until.is_some()),
        (F::VouchersInUse, asked.vouchers_in_use.is_some()),
    ];
    let unused = given.into_iter().filter(|(field, given)| *given && !used.contains(field));
    unused.map(|(field, _)| EffectRefused::NotApplicable { field, step }).collect()
}

fn warning(
    asked: &AskedEffect,
    terms: &SupervisionTerms,
    today: Day,
    refused: &mut Vec<EffectRefused>,
) -> Option<Effect> {
    let field = EffectField::Deadline;
    let Some(deadline) = asked.deadline else {
        refused.push(EffectRefused::Missing { field, step: MeasureStep::Warning });
        return None;
    };
    if !within(field, deadline, today, refused) {
        return None;
    }
    // The next step is opened after the deadline.
    let latest = leads_until(today, terms.ladder_months).plus_days(-1);
    if deadline > latest {
        refused.push(EffectRefused::AfterLadder { latest });
    }
    Some(Effect::Warning { deadline })
}

fn suspension(
    grounds: Grounds,
    asked: &AskedEffect,
    (approval, suspensions): (Period, &[Period]),
    today: Day,
    refused: &mut Vec<EffectRefused>,
) -> Option<Effect> {
    let step = MeasureStep::Suspension;
    if asked.vouchers_in_use.is_none() {
        refused.push(EffectRefused::Missing { field: EffectField::VouchersInUse, step });
    }
    let from = first_day(step, grounds, asked, approval, today, refused)?;
    if from < approval.from() {
        refused.push(EffectRefused::BeforeBeginning { begins: approval.from() });
    }
    // A suspension ends with its approval: another one may follow that is not suspended.
    let to = asked.until.map(|last| last.plus_days(1)).into_iter().chain(approval.to().filter(|end| *end > from)).min();
    let Ok(period) = Period::new(from, to) else {
        refused.push(EffectRefused::Reversed);
        return None;
    };
    if let Some(last) = asked.until {
        within(EffectField::Until, last, today, refused);
    }
    if let Some(other) = suspensions.iter().find(|other| other.overlaps(period)) {
        refused.push(EffectRefused::Suspended { from: other.from() });
    }
    Some(Effect::Suspension { period, vouchers_in_use: asked.vouchers_in_use? })
}

/// The first day of what ends or interrupts an approval: the one asked for, or the earliest that puts no service of the day
/// of the decision in doubt.
fn first_day(
    step: MeasureStep,
    grounds: Grounds,
    asked: &AskedEffect,
    approval: Period,
    today: Day,
    refused: &mut Vec<EffectRefused>,
) -> Option<Day> {
    let earliest = if grounds == Grounds::Danger { today } else { today.plus_days(1) };
    let at_once = if step == MeasureStep::Suspension { earliest.max(approval.from()) } else { earliest };
    let from = asked.from.unwrap_or(at_once);
    if !within(EffectField::From, from, today, refused) {
        return None;
    }
    if grounds == Grounds::Danger && from != at_once {
        refused.push(EffectRefused::NotAtOnce { today });
    }
    if let Some(end) = approval.to().filter(|end| *end <= from) {
        refused.push(EffectRefused::AfterEnd { end });
    }
    Some(from)
}

fn within(field: EffectField, day: Day, today: Day, refused: &mut Vec<EffectRefused>) -> bool {
    if day < today {
        refused.push(EffectRefused::InThePast { field, today });
    } else if day > today.plus_days(AHEAD_DAYS_MAX) {
        refused.push(EffectRefused::TooFarAhead { field });
    } else {
        return true;
    }
    false
}
