//! How a webhook is shown, and what came of its calls. Of a secret, nothing is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_domain::webhook::{CallOutcome, WebhookState};
use valinta_domain::{Id, Moment};
use valinta_persistence::machine_clients::ActsFor;
use valinta_persistence::webhooks::{Call, Secret, Webhook};

/// An address at which somebody is told what happens.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Webhook)]
pub(crate) struct WebhookView {
    /// Its id.
    id: Id<kind::Webhook>,
    /// The organiser that is told, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    organiser: Option<Id<kind::Organiser>>,
    /// The provider that is told, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Id<kind::Provider>>,
    /// It is told of what this role can read.
    role: Role,
    /// Where it is called.
    #[schema(max_length = 1000)]
    url: String,
    /// What its owner calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    description: Option<String>,
    /// What it is told; absent where it is everything that its role is told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 200)]
    types: Option<Vec<EventKind>>,
    /// Where it stands.
    state: WebhookState,
    /// The last event that it has heard, or that was passed over: `after` in `GET /v1/events`.
    #[schema(max_length = 18, example = "42")]
    heard: String,
    /// When it is called next, where it could not be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_call_at: Option<Moment>,
    /// Since when no call was heard, where the last was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<Moment>,
    /// How often it was called.
    #[schema(minimum = 0)]
    calls: i64,
    /// Who made it.
    #[schema(max_length = 300)]
    made_by: String,
    /// When.
    made_at: Moment,
    /// When it was turned off, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<Moment>,
    /// When it was ended, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Moment>,
}

impl WebhookView {
    pub(super) fn of(webhook: Webhook) -> Self {
        let (organiser, provider) = match webhook.owner {
            ActsFor::Organiser(organiser) => (Some(organiser), None),
            ActsFor::Provider(provider) => (None, Some(provider)),
        };
        let waits = webhook.state == WebhookState::Active && webhook.failing_since.is_some();
        Self {
            id: webhook.id,
            organiser,
            provider,
            role: webhook.role,
            url: webhook.url,
            description: webhook.description,
            types: webhook.kinds,
            state: webhook.state,
            heard: webhook.heard.0.to_string(),
            next_call_at: waits.then_some(webhook.due_at),
            failing_since: webhook.failing_since,
            calls: webhook.calls,
            made_by: webhook.made_by,
            made_at: webhook.made_at,
            disabled_at: webhook.disabled_at,
            ended_at: webhook.ended_at,
        }
    }
}

/// A webhook with its new secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WebhookWithSecret {
    #[serde(flatten)]
    webhook: WebhookView,
    /// By what the receiver knows that it is this service who calls: as Standard Webhooks 1.0 writes it. It is shown this
    /// once.
    #[schema(max_length = 60, example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    secret: String,
}

impl WebhookWithSecret {
    pub(super) fn of(webhook: Webhook, secret: &Secret) -> Self {
        let secret = format!("whsec_{}", STANDARD.encode(&secret.secret));
        Self { webhook: WebhookView::of(webhook), secret }
    }
}

/// A call of a webhook.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WebhookCall)]
pub(crate) struct WebhookCallView {
    /// Its number, from 1.
    #[schema(minimum = 1)]
    number: i64,
    /// Which event was told.
    event: Id<kind::OutboxMessage>,
    /// What came of it.
    outcome: CallOutcome,
    /// The status that the receiver answered, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 100, maximum = 599)]
    status: Option<i32>,
    /// What was said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    said: Option<String>,
    /// How long it took, in milliseconds.
    #[schema(minimum = 0)]
    millis: i32,
    /// When it was over.
    at: Moment,
}

impl From<Call> for WebhookCallView {
    fn from(call: Call) -> Self {
        let Call { number, event, outcome, status, said, millis, at, .. } = call;
        Self { number, event, outcome, status, said, millis, at }
    }
}
