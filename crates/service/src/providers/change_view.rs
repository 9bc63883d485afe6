//! How changes are shown that two people must agree on.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::provider::{AgreedField, AgreedValue, ChangeState, Sector};
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::provider_changes::ProviderChange;

use super::whose::told_who;
use crate::cx::Cx;

/// A change that waits, or waited, for a second person.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProviderChangeView {
    /// Its id.
    pub(crate) id: Id<kind::ProviderChange>,
    /// Whose.
    pub(crate) provider: Id<kind::Provider>,
    /// What of.
    pub(crate) field: AgreedField,
    /// The name, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub(crate) name: Option<String>,
    /// The sector, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sector: Option<Sector>,
    /// The last four characters of the account, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4, example = "0785")]
    pub(crate) iban_last_four: Option<String>,
    /// From which day it is to hold; once confirmed, from which it holds.
    pub(crate) valid_from: Day,
    /// Where it stands.
    pub(crate) state: ChangeState,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4000)]
    pub(crate) reason: Option<String>,
    /// Who asked for it.
    #[schema(max_length = 255)]
    pub(crate) proposed_by: String,
    /// When.
    pub(crate) proposed_at: Moment,
    /// Who decided it or took it back. An officer's name is told to the officer's own organiser alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub(crate) decided_by: Option<String>,
    /// For which organiser; absent for a member of the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decided_for: Option<Id<kind::Organiser>>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decided_at: Option<Moment>,
}

impl ProviderChangeView {
    pub(super) fn of(cx: &Cx, change: ProviderChange) -> Self {
        let field = change.value.field();
        let (name, sector, iban_last_four) = match change.value {
            AgreedValue::Name(name) => (Some(name), None, None),
            AgreedValue::Sector(sector) => (None, Some(sector), None),
            AgreedValue::Iban(iban) => (None, None, Some(iban.last_four().to_owned())),
        };
        let (decided_by, decided_for, decided_at) = change.decided.map_or((None, None, None), |decided| {
            (told_who(cx, decided.by, decided.organiser), decided.organiser, Some(decided.at))
        });
        Self {
            id: change.id,
            provider: change.provider,
            field,
            name,
            sector,
            iban_last_four,
            valid_from: change.valid_from,
            state: change.state,
            reason: change.reason,
            proposed_by: change.proposed_by,
            proposed_at: change.proposed_at,
            decided_by,
            decided_for,
            decided_at,
        }
    }
}
