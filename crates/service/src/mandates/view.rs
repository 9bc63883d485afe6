//! How a mandate is shown to the organiser that has recorded it. The representative's identity code is not.

use serde::Serialize;
use valinta_domain::behalf::{MandateBasis, MandateEndReason, MandateScope};
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_domain::{Day, Id, Moment, Period};
use valinta_persistence::mandates::{EndedMandate, RecordedMandate};

use crate::cx::Cx;

/// What lets a person act for a client.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MandateView {
    /// Its id.
    id: Id<kind::Mandate>,
    /// For whom.
    client: Id<kind::Client>,
    /// Who acts: the person's id, the same with every organiser.
    representative: Id<kind::Person>,
    /// The representative's name.
    #[schema(max_length = 200)]
    representative_name: String,
    /// What it lets the representative do.
    scope: MandateScope,
    /// What it rests on.
    basis: MandateBasis,
    /// What else is to be known of it. Not shown to auditors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    note: Option<String>,
    /// First day.
    valid_from: Day,
    /// Last day; absent where it holds until it is ended. Of one that was ended before its first day, the day before.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Day>,
    /// Whether it holds today.
    in_force: bool,
    /// Who recorded it.
    #[schema(max_length = 255)]
    recorded_by: String,
    /// When.
    recorded_at: Moment,
    /// How it was ended, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<MandateEndView>,
}

/// How a mandate was ended.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MandateEndView {
    /// Why.
    reason: MandateEndReason,
    /// What else is to be known of it. Not shown to auditors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    note: Option<String>,
    /// Who ended it.
    #[schema(max_length = 255)]
    by: String,
    /// When.
    at: Moment,
}

impl MandateView {
    pub(super) fn of(mandate: RecordedMandate, cx: &Cx, today: Day) -> Self {
        let shows_notes = cx.actor().role == Role::CaseWorker;
        let period = Period::new(mandate.valid_from, mandate.valid_to).ok();
        let ended = |ended: EndedMandate| MandateEndView {
            reason: ended.reason,
            note: ended.note.filter(|_| shows_notes),
            by: ended.by,
            at: ended.at,
        };
        Self {
            id: mandate.id,
            client: mandate.client,
            representative: mandate.representative,
            representative_name: mandate.representative_name,
            scope: mandate.scope,
            basis: mandate.basis,
            note: mandate.note.filter(|_| shows_notes),
            valid_from: mandate.valid_from,
            valid_until: mandate.valid_to.map(|to| to.plus_days(-1)),
            in_force: period.is_some_and(|period| period.contains(today)),
            recorded_by: mandate.recorded_by,
            recorded_at: mandate.recorded_at,
            ended: mandate.ended.map(ended),
        }
    }
}
