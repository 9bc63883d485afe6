//! What the verbs of changes have in common: which provider a change is of, and how a value comes into force.

use valinta_domain::id::kind;
use valinta_domain::provider::{AgreedValue, ChangeRefused, Sector, SectorRefused, SectorStep, Waiting, sector_step};
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::{Day, Id};
use valinta_persistence::provider_changes::{self, ProviderChange};
use valinta_persistence::providers::Provider;
use valinta_persistence::{Conn, DbError, providers};

use super::update::store;
use crate::clock::new_uuid;
use crate::cx::{Cx, found};
use crate::http::{Problem, ProblemKind};

/// Takes a change with its provider, which is locked: of all who decide the provider's changes one goes on at a time.
pub(super) fn take_change(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::ProviderChange>,
    provider: Id<kind::Provider>,
) -> Result<(ProviderChange, Provider), Problem> {
    let provider = found(providers::lock(c, provider)?)?;
    let change = found(provider_changes::find(c, cx.vault(), id)?)?;
    Ok((change, provider))
}

/// A change as its decision looks at it.
pub(super) fn waiting(change: &ProviderChange) -> Waiting<'_> {
    Waiting { field: change.value.field(), state: change.state, proposed_by: &change.proposed_by }
}

/// How a value would come into force on a day, or what stands against it.
pub(super) fn check_value(
    c: &mut Conn,
    cx: &Cx,
    provider: &Provider,
    value: &AgreedValue,
    (from, today): (Day, Day),
) -> Result<(), ValueRefused> {
    let unchanged = match value {
        AgreedValue::Name(name) => *name == provider.details.name,
        AgreedValue::Iban(iban) => providers::iban(c, cx.vault(), provider.id)?.as_ref() == Some(iban),
        AgreedValue::Sector(sector) => {
            let last = last_sector(c, provider.id)?;
            sector_step(last, *sector, from, today)?;
            false
        }
    };
    if unchanged { Err(ValueRefused::Unchanged) } else { Ok(()) }
}

/// Lets a value be in force: a sector from a day on, everything else from now on. The provider is locked already.
pub(super) fn put_in_force(
    c: &mut Conn,
    cx: &Cx,
    provider: Id<kind::Provider>,
    value: &AgreedValue,
    (from, today): (Day, Day),
) -> Result<(), ValueRefused> {
    match value {
        AgreedValue::Name(name) => {
            let mut taken = providers::take(c, provider)?.ok_or_else(|| ValueRefused::Other(Problem::not_found()))?;
            taken.details.name.clone_from(name);
            store(c, cx, &taken)?;
        }
        // It is not public, and cannot be chosen by: nothing changes for those who mirror the registry.
        AgreedValue::Iban(iban) => providers::store_iban(c, cx.vault(), provider, iban)?,
        AgreedValue::Sector(sector) => {
            let last = last_sector(c, provider)?;
            match sector_step(last, *sector, from, today)? {
                SectorStep::Follow => providers::follow_sector(c, new_uuid(cx.now()), provider, (*sector, from))?,
                SectorStep::Replace => providers::replace_sector(c, provider, *sector)?,
            }
            cx.registry_changed(RegistryChange::provider(provider, None));
        }
    }
    Ok(())
}

fn last_sector(c: &mut Conn, provider: Id<kind::Provider>) -> Result<(Day, Sector), DbError> {
    providers::last_sector(c, provider)?.ok_or_else(|| DbError::corrupt("a provider without a sector"))
}

/// Why a value does not come into force.
pub(super) enum ValueRefused {
    /// It is in force.
    Unchanged,
    /// The sector's days do not allow it.
    Sector(SectorRefused),
    /// Something else.
    Other(Problem),
}

impl From<SectorRefused> for ValueRefused {
    fn from(refused: SectorRefused) -> Self {
        Self::Sector(refused)
    }
}

impl From<DbError> for ValueRefused {
    fn from(error: DbError) -> Self {
        Self::Other(error.into())
    }
}

impl From<Problem> for ValueRefused {
    fn from(problem: Problem) -> Self {
        Self::Other(problem)
    }
}

impl ValueRefused {
    /// What is told to one who sent the value and its first day.
    pub(super) fn of_request(self) -> Problem {
        let invalid = || Problem::invalid(Vec::new());
        match self {
            Self::Unchanged => invalid().at("/value", "unchanged", "this is in force already"),
            Self::Sector(refused @ SectorRefused::Unchanged) => invalid().at("/value", "unchanged", refused),
            Self::Sector(refused @ SectorRefused::InThePast) => invalid().at("/valid_from", "in_the_past", refused),
            Self::Sector(refused @ SectorRefused::LaterAgreed) => {
                Problem::new(ProblemKind::Conflict, refused.to_string()).at("/valid_from", "later_agreed", refused)
            }
            Self::Other(problem) => problem,
        }
    }

    /// What is told to one who agreed to what another sent.
    pub(super) fn of_decision(self) -> Problem {
        let conflict = |why: &dyn std::fmt::Display| Problem::new(ProblemKind::Conflict, format!("{why}."));
        match self {
            Self::Unchanged => conflict(&"What the change asks for is in force already"),
            Self::Sector(refused) => conflict(&refused),
            Self::Other(problem) => problem,
        }
    }
}

impl From<ChangeRefused> for Problem {
    fn from(refused: ChangeRefused) -> Self {
        let kind = match refused {
            ChangeRefused::NotWaiting => ProblemKind::WrongState,
            ChangeRefused::OwnChange | ChangeRefused::ForOfficer => ProblemKind::Forbidden,
        };
        Self::new(kind, refused.to_string())
    }
}
