//! How a delivery is shown: what, where to and where it stands, never what is in it.

use serde::Serialize;
use uuid::Uuid;
use valinta_domain::delivery::{AttemptOutcome, Channel, DeliveryKind, DeliveryState};
use valinta_domain::id::kind;
use valinta_domain::policy::Target;
use valinta_domain::{Id, Moment};
use valinta_persistence::deliveries::{Attempt, Delivery};

/// One thing that is handed over to one place.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Delivery)]
pub(crate) struct DeliveryView {
    /// Its id, by which a receiver knows a repetition.
    id: Id<kind::Delivery>,
    /// Whose.
    organiser: Id<kind::Organiser>,
    /// What is handed over.
    kind: DeliveryKind,
    /// How.
    channel: Channel,
    /// Of what kind of thing.
    #[schema(max_length = 64, example = "statement")]
    subject_kind: String,
    /// Of which.
    #[schema(value_type = String, format = Uuid)]
    subject: Uuid,
    /// Where it stands.
    state: DeliveryState,
    /// Whether the service has been told a place for it. Without one it waits, however long.
    has_place: bool,
    /// When it is tried next, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_try_at: Option<Moment>,
    /// Until when a process has it, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_until: Option<Moment>,
    /// How often it was tried.
    #[schema(minimum = 0)]
    attempts: i32,
    /// What was said of the last attempt, where it failed or was called off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    last_error: Option<String>,
    /// When it was made.
    created_at: Moment,
    /// When it came to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Moment>,
}

impl DeliveryView {
    /// How it is shown by a service that hands over by these channels.
    pub(super) fn of(delivery: Delivery, channels: &[Channel]) -> Self {
        let made = delivery.made;
        let waits = delivery.state == DeliveryState::Waiting;
        Self {
            id: made.id,
            organiser: made.organiser,
            kind: made.kind,
            channel: made.channel,
            subject_kind: made.subject_kind,
            subject: made.subject,
            state: delivery.state,
            has_place: channels.contains(&made.channel),
            next_try_at: waits.then_some(delivery.due_at),
            taken_until: delivery.lease.map(|lease| lease.until),
            attempts: delivery.attempts,
            last_error: delivery.last_error,
            created_at: made.created_at,
            ended_at: delivery.ended_at,
        }
    }
}

/// An attempt to hand something over.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = DeliveryAttempt)]
pub(crate) struct AttemptView {
    /// Its number, from 1.
    #[schema(minimum = 1)]
    number: i32,
    /// What came of it.
    outcome: AttemptOutcome,
    /// What was said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    said: Option<String>,
    /// When that was known.
    at: Moment,
}

/// A delivery with its attempts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = DeliveryDetails)]
pub(crate) struct DeliveryDetailsView {
    /// The delivery.
    delivery: DeliveryView,
    /// The latest attempts, latest first.
    #[schema(max_items = 100)]
    attempts: Vec<AttemptView>,
}

impl DeliveryDetailsView {
    pub(super) fn of(delivery: Delivery, attempts: Vec<Attempt>, channels: &[Channel]) -> Self {
        let shown = |attempt: Attempt| AttemptView {
            number: attempt.number,
            outcome: attempt.outcome,
            said: attempt.said,
            at: attempt.at,
        };
        Self { delivery: DeliveryView::of(delivery, channels), attempts: attempts.into_iter().map(shown).collect() }
    }
}

/// Whose a delivery is.
pub(super) fn target_of(delivery: &Delivery) -> Target {
    Target { organiser: Some(delivery.made.organiser), ..Target::default() }
}
