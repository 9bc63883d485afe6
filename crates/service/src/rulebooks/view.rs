//! How a rulebook is shown.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::voucher_types::Rulebook;

/// One version of a voucher type's rules, without the rules: what a command answers, since answers are kept.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RulebookSummary {
    /// Its id.
    pub(crate) id: Id<kind::Rulebook>,
    /// Whose it is.
    pub(crate) organiser: Id<kind::Organiser>,
    /// Of which voucher type.
    pub(crate) voucher_type: Id<kind::VoucherType>,
    /// First, second, third version of the type's rules.
    #[schema(minimum = 1)]
    pub(crate) number: i32,
    /// First day on which it is in force; a draft has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_force_from: Option<Day>,
    /// Last day, if another rulebook follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_force_until: Option<Day>,
    /// The decision by which it was adopted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<Id<kind::Decision>>,
    /// When it was drafted.
    pub(crate) created_at: Moment,
}

impl RulebookSummary {
    pub(super) fn of(rulebook: &Rulebook) -> Self {
        Self {
            id: rulebook.id,
            organiser: rulebook.organiser,
            voucher_type: rulebook.voucher_type,
            number: rulebook.number,
            in_force_from: rulebook.in_force.map(|period| period.from()),
            in_force_until: last_day(rulebook),
            decision: rulebook.decision,
            created_at: rulebook.created_at,
        }
    }
}

fn last_day(rulebook: &Rulebook) -> Option<Day> {
    rulebook.in_force.filter(|period| period.to().is_some()).map(|period| period.last_day())
}

/// One version of a voucher type's rules.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RulebookView {
    /// Its id.
    pub(crate) id: Id<kind::Rulebook>,
    /// Whose it is.
    pub(crate) organiser: Id<kind::Organiser>,
    /// Of which voucher type.
    pub(crate) voucher_type: Id<kind::VoucherType>,
    /// First, second, third version of the type's rules.
    #[schema(minimum = 1)]
    pub(crate) number: i32,
    /// First day on which it is in force; a draft has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_force_from: Option<Day>,
    /// Last day, if another rulebook follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_force_until: Option<Day>,
    /// The decision by which it was adopted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<Id<kind::Decision>>,
    /// The rules.
    pub(crate) terms: RulebookTerms,
    /// When it was drafted.
    pub(crate) created_at: Moment,
}

impl RulebookView {
    pub(crate) fn of(rulebook: Rulebook) -> Self {
        Self {
            id: rulebook.id,
            organiser: rulebook.organiser,
            voucher_type: rulebook.voucher_type,
            number: rulebook.number,
            in_force_from: rulebook.in_force.map(|period| period.from()),
            in_force_until: last_day(&rulebook),
            decision: rulebook.decision,
            terms: rulebook.terms,
            created_at: rulebook.created_at,
        }
    }
}
