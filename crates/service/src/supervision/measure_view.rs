//! How a measure is shown, and to whom it belongs.

use serde::Serialize;
use valinta_domain::approval::VouchersInUse;
use valinta_domain::id::kind;
use valinta_domain::measure::{Grounds, Measure, MeasureState, MeasureStep};
use valinta_domain::policy::Target;
use valinta_domain::{Day, Id, Localized, Moment};

use crate::cx::Cx;

/// A step of the sanctions ladder.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SupervisionMeasure)]
pub(crate) struct MeasureView {
    /// Its id.
    id: Id<kind::Measure>,
    /// Whose measure it is.
    organiser: Id<kind::Organiser>,
    /// Against which approval.
    approval: Id<kind::Approval>,
    /// Against whom.
    provider: Id<kind::Provider>,
    /// The finding that it follows from.
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<Id<kind::Finding>>,
    /// Which step.
    step: MeasureStep,
    /// Why.
    grounds: Grounds,
    /// Where it stands.
    state: MeasureState,
    /// What the provider is heard about.
    reasons: Localized,
    /// With lost conditions: the codes of the requirements that had lapsed, which the provider is heard about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100, value_type = Vec<valinta_domain::text::CodeText>)]
    lapsed: Vec<String>,
    /// Last day for the provider's reply. Where it has not replied, the measure is decided after it.
    hear_until: Day,
    /// What the provider said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    reply: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    replied_at: Option<Moment>,
    /// Of an imposed warning: last day for putting things right.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Day>,
    /// Of an imposed suspension: its first day; of a cancellation: the first day without approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Day>,
    /// Of an imposed suspension: its last day, if one was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Day>,
    /// Of an imposed suspension: what becomes of vouchers in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    vouchers_in_use: Option<VouchersInUse>,
    /// The decision by which it was imposed or dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Id<kind::Decision>>,
    /// Who opened it; not shown to the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    opened_by: Option<String>,
    /// When.
    opened_at: Moment,
}

impl MeasureView {
    pub(super) fn of(measure: Measure, cx: &Cx) -> Self {
        let (reply, replied_at) = measure.reply.map(|reply| (reply.text, reply.at)).unzip();
        Self {
            id: measure.id,
            organiser: measure.organiser,
            approval: measure.approval,
            provider: measure.provider,
            finding: measure.finding,
            step: measure.step,
            grounds: measure.grounds,
            state: measure.state,
            reasons: measure.reasons,
            lapsed: measure.lapsed,
            hear_until: measure.hear_until,
            reply,
            replied_at,
            deadline: measure.deadline,
            from: measure.from,
            until: measure.to.map(|to| to.plus_days(-1)),
            vouchers_in_use: measure.vouchers_in_use,
            decision: measure.decision,
            opened_by: cx.actor().role.is_county_staff().then_some(measure.opened_by),
            opened_at: measure.opened_at,
        }
    }
}

/// To whom a measure belongs: who takes it, and whom it is taken against.
pub(super) fn target_of(measure: &Measure) -> Target {
    Target { organiser: Some(measure.organiser), provider: Some(measure.provider), person: None }
}
