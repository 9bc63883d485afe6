//! How an event is told.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::{Id, Moment};
use valinta_persistence::outbox::Message;

/// Something that has happened.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventView {
    /// Its id. What is told again has the same.
    id: Id<kind::OutboxMessage>,
    /// What has happened.
    #[serde(rename = "type")]
    kind: EventKind,
    /// When.
    timestamp: Moment,
    /// At which organiser, where it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    organiser: Option<Id<kind::Organiser>>,
    /// Which provider it concerns, where it concerns one.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Id<kind::Provider>>,
    /// To what.
    subject: EventSubject,
    /// What is told of it: ids, days, figures and states.
    #[schema(value_type = Object)]
    data: Value,
}

/// What something has happened to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EventSubject {
    /// What kind of thing it is.
    #[schema(max_length = 64, example = "voucher")]
    kind: String,
    /// Which.
    id: Uuid,
}

impl EventView {
    /// How a message is told.
    pub(crate) fn of(message: Message) -> Self {
        Self {
            id: message.id,
            kind: message.kind,
            timestamp: message.at,
            organiser: message.hearers.organiser,
            provider: message.hearers.provider,
            subject: EventSubject { kind: message.subject_kind, id: message.subject },
            data: message.payload,
        }
    }
}
