//! Decisions (*päätös*): immutable snapshots of what was decided, on what inputs, by which rule and why (434/2003).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::explain::Step;
use crate::id::{Id, kind};
use crate::text::Localized;
use crate::time::Moment;

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// A rulebook is adopted.
    AdoptRulebook,
    /// A provider's application is approved or rejected.
    DecideApplication,
    /// A voucher is granted or refused.
    GrantVoucher,
    /// A voucher is cancelled.
    CancelVoucher,
    /// A voucher is valid for longer.
    ExtendVoucher,
    /// A voucher grants more, or is worth more.
    RaiseVoucher,
    /// A voucher grants less.
    ReduceVoucher,
    /// A step of the sanctions ladder is imposed or dropped.
    DecideMeasure,
    /// A suspension of an approval is lifted.
    LiftSuspension,
    /// An approval is ended at the provider's own wish.
    EndApproval,
}

impl DecisionKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::AdoptRulebook,
        Self::DecideApplication,
        Self::GrantVoucher,
        Self::CancelVoucher,
        Self::ExtendVoucher,
        Self::RaiseVoucher,
        Self::ReduceVoucher,
        Self::DecideMeasure,
        Self::LiftSuspension,
        Self::EndApproval,
    ];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AdoptRulebook => "adopt_rulebook",
            Self::DecideApplication => "decide_application",
            Self::GrantVoucher => "grant_voucher",
            Self::CancelVoucher => "cancel_voucher",
            Self::ExtendVoucher => "extend_voucher",
            Self::RaiseVoucher => "raise_voucher",
            Self::ReduceVoucher => "reduce_voucher",
            Self::DecideMeasure => "decide_measure",
            Self::LiftSuspension => "lift_suspension",
            Self::EndApproval => "end_approval",
        }
    }

    /// The kind of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Which way it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionOutcome {
    /// As asked.
    Granted,
    /// Not as asked.
    Refused,
    /// A measure is imposed.
    Imposed,
    /// A measure is not imposed.
    Dropped,
    /// What was imposed holds no longer.
    Lifted,
}

impl DecisionOutcome {
    /// All outcomes.
    pub const ALL: [Self; 5] = [Self::Granted, Self::Refused, Self::Imposed, Self::Dropped, Self::Lifted];

    /// The name on the wire and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Refused => "refused",
            Self::Imposed => "imposed",
            Self::Dropped => "dropped",
            Self::Lifted => "lifted",
        }
    }

    /// The outcome of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

/// A decision as it was made. Nothing of it changes later.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its id.
    pub id: Id<kind::Decision>,
    /// Whose decision it is.
    pub organiser: Id<kind::Organiser>,
    /// What was decided.
    pub kind: DecisionKind,
    /// Which way.
    pub outcome: DecisionOutcome,
    /// What it is about: the rulebook, application or voucher (or, for a refused voucher, the client).
    pub subject: Uuid,
    /// The provider it is about, if it is about one.
    pub provider: Option<Id<kind::Provider>>,
    /// The person it is about, if it is about one.
    pub person: Option<Id<kind::Person>>,
    /// The rulebook version it was made under.
    pub rulebook: Option<Id<kind::Rulebook>>,
    /// Everything that went in: facts, figures, terms. Ids and figures, never names.
    pub inputs: serde_json::Value,
    /// How the outcome came about.
    pub steps: Vec<Step>,
    /// The reasons, as the decision gives them.
    pub reasons: Localized,
    /// How to ask for revision.
    pub appeal: Localized,
    /// Who decided: the token's subject.
    pub decided_by: String,
    /// When.
    pub decided_at: Moment,
}
