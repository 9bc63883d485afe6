//! How a rulebook is shown.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use valinta_domain::id::kind;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::rulebooks::{Rulebook, RulebookState as Stored};

/// Where a version stands between its drafting and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RulebookState {
    /// Its terms can be changed.
    Draft,
    /// Its terms are fixed; it can be adopted, or returned to be a draft again.
    Proposed,
    /// Adopted for good: in force, or to come into force.
    Adopted,
    /// Its last day has passed.
    Superseded,
}

impl RulebookState {
    /// The state of a version as of a day.
    pub(crate) fn of(rulebook: &Rulebook, today: Day) -> Self {
        match rulebook.state_on(today) {
            Stored::Draft => Self::Draft,
            Stored::Proposed => Self::Proposed,
            Stored::Adopted => Self::Adopted,
            Stored::Superseded => Self::Superseded,
        }
    }

    /// The state as the database speaks of it.
    pub(super) fn stored(self) -> Stored {
        match self {
            Self::Draft => Stored::Draft,
            Self::Proposed => Stored::Proposed,
            Self::Adopted => Stored::Adopted,
            Self::Superseded => Stored::Superseded,
        }
    }
}

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
    /// Where it stands.
    pub(crate) state: RulebookState,
    /// First day on which it is in force; a draft has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_force_from: Option<Day>,
    /// Last day, if another rulebook follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_force_until: Option<Day>,
    /// The decision by which it was adopted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<Id<kind::Decision>>,
    /// The version that it was made from, or that was adopted last when it was drafted whole; shown to its organiser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) based_on: Option<Id<kind::Rulebook>>,
    /// When it was proposed; shown to its organiser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proposed_at: Option<Moment>,
    /// When it was drafted.
    pub(crate) created_at: Moment,
}

impl RulebookSummary {
    /// As its organiser sees it.
    pub(crate) fn of(rulebook: &Rulebook, today: Day) -> Self {
        Self {
            id: rulebook.id,
            organiser: rulebook.organiser,
            voucher_type: rulebook.voucher_type,
            number: rulebook.number,
            state: RulebookState::of(rulebook, today),
            in_force_from: rulebook.in_force.map(|period| period.from()),
            in_force_until: last_day(rulebook),
            decision: rulebook.decision,
            based_on: rulebook.based_on,
            proposed_at: rulebook.proposed.as_ref().map(|(at, _)| *at),
            created_at: rulebook.created_at,
        }
    }

    /// As everyone sees it: how it came about is the organiser's own affair, and it may be based on what was never
    /// adopted.
    pub(crate) fn for_everyone(rulebook: &Rulebook, today: Day) -> Self {
        Self { based_on: None, proposed_at: None, ..Self::of(rulebook, today) }
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
    /// Where it stands.
    pub(crate) state: RulebookState,
    /// First day on which it is in force; a draft has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_force_from: Option<Day>,
    /// Last day, if another rulebook follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_force_until: Option<Day>,
    /// The decision by which it was adopted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<Id<kind::Decision>>,
    /// The version that it was made from, or that was adopted last when it was drafted whole; shown to its organiser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) based_on: Option<Id<kind::Rulebook>>,
    /// When it was proposed; shown to its organiser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proposed_at: Option<Moment>,
    /// The rules.
    pub(crate) terms: RulebookTerms,
    /// When it was drafted.
    pub(crate) created_at: Moment,
}

impl RulebookView {
    /// As its organiser sees it.
    pub(crate) fn of(rulebook: Rulebook, today: Day) -> Self {
        let summary = RulebookSummary::of(&rulebook, today);
        Self::with_terms(summary, Arc::unwrap_or_clone(rulebook.terms))
    }

    /// As everyone sees it.
    pub(crate) fn for_everyone(rulebook: Rulebook, today: Day) -> Self {
        let summary = RulebookSummary::for_everyone(&rulebook, today);
        Self::with_terms(summary, Arc::unwrap_or_clone(rulebook.terms))
    }

    fn with_terms(summary: RulebookSummary, terms: RulebookTerms) -> Self {
        Self {
            id: summary.id,
            organiser: summary.organiser,
            voucher_type: summary.voucher_type,
            number: summary.number,
            state: summary.state,
            in_force_from: summary.in_force_from,
            in_force_until: summary.in_force_until,
            decision: summary.decision,
            based_on: summary.based_on,
            proposed_at: summary.proposed_at,
            terms,
            created_at: summary.created_at,
        }
    }
}
