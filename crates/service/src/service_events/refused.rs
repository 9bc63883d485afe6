//! Why a service cannot be recorded, as it is told: where it is wrong, what, and why.

use valinta_domain::approval::{NotBefore, NotServing};
use valinta_domain::offering::PriceRefused;
use valinta_domain::service_event::{MissedRefused, RecordRefused};

use crate::http::{Problem, ProblemKind};

impl From<NotBefore> for Problem {
    fn from(refused: NotBefore) -> Self {
        let pointer = match refused {
            NotBefore::TimeUnknown { .. } => "/started_at",
            NotBefore::Afterwards { .. } => "/ended_at",
        };
        Self::new(ProblemKind::NotValidOnDay, format!("The service cannot be recorded: {refused}.")).at(
            pointer,
            "not_approved",
            refused,
        )
    }
}

impl From<NotServing> for Problem {
    fn from(refused: NotServing) -> Self {
        let code = match refused {
            NotServing::Closed { .. } => "closed",
            NotServing::NotApproved { .. } | NotServing::MustMove { .. } => "not_approved",
        };
        Self::new(ProblemKind::NotValidOnDay, format!("The service cannot be recorded: {refused}."))
            .at("/day", code, refused)
    }
}

impl From<RecordRefused> for Problem {
    fn from(refused: RecordRefused) -> Self {
        let (kind, pointer, code) = match &refused {
            RecordRefused::Voucher(refusal) => return Self::from(*refusal).at("/voucher", "refused", refusal),
            RecordRefused::Facts(unfit) => {
                let problem = Self::new(ProblemKind::RuleError, format!("The service cannot be recorded: {refused}."));
                return unfit
                    .iter()
                    .fold(problem, |problem, unfit| problem.at(&format!("/facts/{}", unfit.name()), "unfit", unfit));
            }
            RecordRefused::NotChosenOn { .. } => (ProblemKind::NotValidOnDay, "/day", "not_chosen"),
            RecordRefused::InFuture { .. } => (ProblemKind::InvalidInput, "/day", "in_the_future"),
            RecordRefused::TooLate { .. } => (ProblemKind::InvalidInput, "/day", "too_late"),
            RecordRefused::NoQuantity => (ProblemKind::InvalidInput, "/quantity", "zero"),
            RecordRefused::NotAStep { .. } => (ProblemKind::InvalidInput, "/quantity", "not_a_step"),
            RecordRefused::SpanNeeded => (ProblemKind::InvalidInput, "/started_at", "span_needed"),
            RecordRefused::SpanOnOtherDay { .. } => (ProblemKind::InvalidInput, "/started_at", "other_day"),
            RecordRefused::SpanInFuture => (ProblemKind::InvalidInput, "/ended_at", "in_the_future"),
            RecordRefused::SpanTooLong => (ProblemKind::InvalidInput, "/ended_at", "too_long"),
            RecordRefused::SpanReversed => (ProblemKind::InvalidInput, "/ended_at", "before_start"),
            RecordRefused::SpanNotQuantity { .. } => (ProblemKind::InvalidInput, "/quantity", "not_the_span"),
            RecordRefused::OtherItem { .. } => (ProblemKind::RuleError, "/facts/item", "other_item"),
            RecordRefused::ItemNotOffered { .. } => (ProblemKind::RuleError, "/facts/item", "item_not_offered"),
            RecordRefused::NotEligible => (ProblemKind::RuleError, "/voucher", "not_eligible"),
            RecordRefused::Overdrawn(_) => (ProblemKind::InsufficientBalance, "/quantity", "over_balance"),
            RecordRefused::Price(PriceRefused::OverCeiling { .. }) => {
                (ProblemKind::PriceOverCeiling, "/voucher", "over_ceiling")
            }
            RecordRefused::Price(
                PriceRefused::OverFreeValue { .. }
                | PriceRefused::FeeForFreeService { .. }
                | PriceRefused::ClientFeeNotPublic
                | PriceRefused::VoucherPriceOfPublic
                | PriceRefused::UnknownItem { .. },
            ) => (ProblemKind::RuleError, "/voucher", "price_not_allowed"),
            RecordRefused::Missed(missed) => of_missed(missed),
            RecordRefused::Overflow => (ProblemKind::RuleError, "/quantity", "too_large"),
        };
        Self::new(kind, format!("The service cannot be recorded: {refused}.")).at(pointer, code, &refused)
    }
}

/// Where a missed visit is wrong, and what.
const fn of_missed(refused: &MissedRefused) -> (ProblemKind, &'static str, &'static str) {
    match refused {
        MissedRefused::NotCharged(_) => (ProblemKind::RuleError, "/kind", "not_charged"),
        MissedRefused::UnknownReason { .. } => (ProblemKind::RuleError, "/reason_code", "unknown"),
        MissedRefused::Excused(_) => (ProblemKind::RuleError, "/reason_code", "excused"),
        MissedRefused::StartNeeded => (ProblemKind::InvalidInput, "/started_at", "span_needed"),
        MissedRefused::InTime { .. } => (ProblemKind::RuleError, "/cancelled_at", "in_time"),
        MissedRefused::AfterStart { .. } => (ProblemKind::InvalidInput, "/cancelled_at", "after_start"),
    }
}
