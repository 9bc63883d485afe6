//! How many steps an evaluation takes at most, known before there is a client.

use super::super::value_rule::ValueRule;

/// The most steps that an evaluation of a rule can take. Of blocks that choose only one way is gone.
pub(super) fn most(rule: &ValueRule) -> usize {
    let within = rule.children().into_iter().map(|(_, child)| most(child));
    match rule {
        // Nothing is said of a plain number by itself.
        ValueRule::Number { .. } => 0,
        ValueRule::Flat { .. } | ValueRule::Price { .. } | ValueRule::NotEligible { .. } => 1,
        // The household's terms are a step of their own.
        ValueRule::IncomeReduction(_) => 2,
        ValueRule::Fact { .. }
        | ValueRule::Bands { .. }
        | ValueRule::Cases { .. }
        | ValueRule::Listed { .. }
        | ValueRule::TimeBands(_)
        | ValueRule::Individual { .. } => within.max().unwrap_or(0).saturating_add(1),
        ValueRule::Sum { .. }
        | ValueRule::Difference { .. }
        | ValueRule::Product { .. }
        | ValueRule::Least { .. }
        | ValueRule::Greatest { .. }
        | ValueRule::Clamp { .. }
        | ValueRule::Round { .. }
        | ValueRule::Named { .. } => within.fold(1, usize::saturating_add),
    }
}
