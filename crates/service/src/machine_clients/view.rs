//! How a program is shown to those who keep it. Of a secret, nothing is.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_domain::text::LineText;
use valinta_domain::{Id, Moment};
use valinta_persistence::machine_clients::{ActsFor, Credential, Ended, MachineClient, Proof};

/// A program that gets tokens from the service itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MachineClientView {
    /// Its id, which it gives as `client_id`, and which is the subject of its tokens.
    id: Id<kind::MachineClient>,
    /// What it is called.
    #[schema(max_length = 200)]
    name: String,
    /// The organiser for which it acts, if it acts for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    organiser: Option<Id<kind::Organiser>>,
    /// The provider for which it acts, if it acts for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Id<kind::Provider>>,
    /// In what role it acts.
    role: Role,
    /// What its tokens may be good for.
    #[schema(max_items = 100, value_type = Vec<LineText>)]
    scopes: Vec<String>,
    /// Who registered it.
    #[schema(max_length = 255)]
    registered_by: String,
    /// When.
    registered_at: Moment,
    /// How it was ended, if it was: it gets no tokens since.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<EndView>,
    /// By what it proves who it is, oldest first, those that are over among them.
    #[schema(max_items = 1000)]
    credentials: Vec<CredentialView>,
}

/// By what a program proves who it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CredentialView {
    /// Its id.
    pub(super) id: Id<kind::MachineCredential>,
    /// A key or a secret.
    pub(super) kind: CredentialKind,
    /// The key's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub(super) kid: Option<String>,
    /// Until when a secret is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) valid_until: Option<Moment>,
    /// Who added it.
    #[schema(max_length = 255)]
    pub(super) added_by: String,
    /// When.
    pub(super) added_at: Moment,
    /// How it was ended, if it was: it proves nothing since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<EndView>,
}

/// What a program can prove by who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CredentialKind {
    /// A public key: the program signs with the private one, which it keeps to itself.
    Key,
    /// A secret, for trials.
    Secret,
}

/// Who ended something, and when.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EndView {
    /// Who.
    #[schema(max_length = 255)]
    by: String,
    /// When.
    at: Moment,
}

impl EndView {
    fn of(ended: Ended) -> Self {
        Self { by: ended.by, at: ended.at }
    }
}

impl MachineClientView {
    pub(super) fn of(client: MachineClient, credentials: Vec<Credential>) -> Self {
        let (organiser, provider) = match client.acts_for {
            ActsFor::Organiser(organiser) => (Some(organiser), None),
            ActsFor::Provider(provider) => (None, Some(provider)),
        };
        Self {
            id: client.id,
            name: client.name,
            organiser,
            provider,
            role: client.role,
            scopes: client.scopes.iter().map(|scope| scope.code().to_owned()).collect(),
            registered_by: client.registered_by,
            registered_at: client.registered_at,
            ended: client.ended.map(EndView::of),
            credentials: credentials.into_iter().map(CredentialView::of).collect(),
        }
    }
}

impl CredentialView {
    pub(super) fn of(credential: Credential) -> Self {
        let (kind, kid, valid_until) = match credential.proof {
            Proof::Key { kid, .. } => (CredentialKind::Key, Some(kid), None),
            Proof::Secret { valid_until, .. } => (CredentialKind::Secret, None, Some(valid_until)),
        };
        Self {
            id: credential.id,
            kind,
            kid,
            valid_until,
            added_by: credential.added_by,
            added_at: credential.added_at,
            ended: credential.ended.map(EndView::of),
        }
    }
}
