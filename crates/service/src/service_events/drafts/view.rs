//! How a draft is shown, and found.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::service_event::draft::DraftState;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::event_drafts::{self, Draft};
use valinta_persistence::{Conn, DbError};

use super::content::DraftServiceEvent;
use crate::cx::{Cx, found};
use crate::http::{Problem, ProblemKind};
use crate::providers::registry_day;

/// A service that a provider has begun to record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ServiceEventDraft)]
pub(crate) struct DraftView {
    /// Its id.
    id: Id<kind::EventDraft>,
    /// Whose it is.
    provider: Id<kind::Provider>,
    /// What is said so far.
    content: DraftServiceEvent,
    /// Where it stands. What is open stays so until it is recorded or discarded.
    state: DraftState,
    /// What it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    service_event: Option<Id<kind::ServiceEvent>>,
    /// The last day on which it can be recorded, as the rulebook says where voucher and day are known; else as is usual.
    recordable_until: Day,
    /// How many days are left until then, the last one not counted; less than nothing where it is past.
    days_left: i64,
    /// Whether it is open and cannot be recorded any more.
    too_late: bool,
    /// When it was begun.
    begun_at: Moment,
    /// When it was recorded or discarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Moment>,
}

impl DraftView {
    pub(super) fn of(draft: Draft, now: Moment) -> Result<Self, Problem> {
        let content = content_of(&draft)?;
        let days_left = draft.deadline.date().signed_duration_since(registry_day(now).date()).num_days();
        Ok(Self {
            id: draft.id,
            provider: draft.provider,
            content,
            state: draft.state,
            service_event: draft.event,
            recordable_until: draft.deadline,
            days_left,
            too_late: draft.state == DraftState::Open && days_left < 0,
            begun_at: draft.begun_at,
            ended_at: draft.ended_at,
        })
    }
}

/// What a draft says.
pub(super) fn content_of(draft: &Draft) -> Result<DraftServiceEvent, Problem> {
    serde_json::from_str(&draft.content).map_err(|_| DbError::corrupt("event_drafts holds a malformed draft").into())
}

/// Whose a draft is.
pub(super) fn target_of(draft: &Draft) -> Target {
    Target { provider: Some(draft.provider), ..Target::default() }
}

/// A draft of the caller's.
pub(super) fn own(c: &mut Conn, cx: &Cx, id: Id<kind::EventDraft>) -> Result<Draft, Problem> {
    let draft = found(event_drafts::find(c, id)?)?;
    cx.require(Action::RecordServiceEvent, &target_of(&draft))?;
    Ok(draft)
}

/// A draft of the caller's that is open.
pub(super) fn own_open(c: &mut Conn, cx: &Cx, id: Id<kind::EventDraft>) -> Result<Draft, Problem> {
    let draft = own(c, cx, id)?;
    match draft.state {
        DraftState::Open => Ok(draft),
        DraftState::Recorded | DraftState::Discarded => {
            let why = format!("The draft is {} already.", draft.state.code());
            Err(Problem::new(ProblemKind::WrongState, why).at("/path/id", "ended", "an open draft is wanted"))
        }
    }
}

/// Goes on where a draft was as it was read; else it is read again.
pub(super) fn not_overtaken(stored: bool) -> Result<(), DbError> {
    if stored { Ok(()) } else { Err(DbError::Serialization) }
}
