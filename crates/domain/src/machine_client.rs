//! Programs that get tokens from the service itself: what each may be, what its tokens may be good for, and for how long.

use chrono::TimeDelta;
use thiserror::Error;

use crate::policy::{Role, Scope};
use crate::provider::MemberRole;

/// For how long a program's token is good.
pub const TOKEN_LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// The longest that an assertion may be good for, by which a program proves who it is.
pub const ASSERTION_LIFETIME_MAX: TimeDelta = TimeDelta::minutes(10);
/// The longest that a secret is good, in days: it is for trials, and keys are for use.
pub const SECRET_DAYS_MAX: u16 = 90;
/// Most keys and secrets that a program has at once: enough for one to follow the other.
pub const CREDENTIALS_MAX: usize = 10;

/// What a program may be: what acts for an organiser or a provider. Nobody's own vouchers are a program's, and the
/// installation is run by people.
pub const ROLES: [Role; 5] = [Role::Officer, Role::CaseWorker, Role::Finance, Role::Auditor, Role::Provider];

/// Whether a program in a role may have a scope: what the role can hold, but for two things. None keeps programs, so that none
/// makes another one. And what takes a second person takes a person: whoever keeps a program would be both.
pub fn may_have(role: Role, scope: Scope) -> bool {
    let keeps_programs = matches!(scope, Scope::MachineClientsWrite | Scope::MachineClientsRead);
    let is_second = matches!(scope, Scope::RulebooksAdopt | Scope::StatementsApprove | Scope::ProviderChangesDecide);
    scope.roles().contains(&role) && !keeps_programs && !is_second
}

/// Why a program cannot be a member in a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("what binds a provider is done by people: a program is a worker or a clerk")]
pub struct BindsProvider;

/// The role of a program among a provider's members.
///
/// # Errors
/// It would bind the provider.
pub const fn as_member(role: MemberRole) -> Result<MemberRole, BindsProvider> {
    match role {
        MemberRole::Worker | MemberRole::Clerk => Ok(role),
        MemberRole::Admin => Err(BindsProvider),
    }
}

/// Why scopes are not given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScopeRefused {
    /// There is no such scope.
    #[error("there is no scope {0}")]
    Unknown(String),
    /// The role cannot hold it, or the program is not registered for it.
    #[error("the scope {0} is not for it")]
    NotForIt(&'static str),
    /// None is named.
    #[error("at least one scope is needed")]
    None,
}

/// The scopes that are named, each once and in the order of all scopes, where all of them are among those that may be had.
///
/// # Errors
/// The first that is not; or none is named.
pub fn scopes_among<'a>(
    named: impl IntoIterator<Item = &'a str>,
    may_be_had: impl Fn(Scope) -> bool,
) -> Result<Vec<Scope>, ScopeRefused> {
    let mut scopes = Vec::new();
    for code in named {
        let scope = Scope::from_code(code).ok_or_else(|| ScopeRefused::Unknown(code.to_owned()))?;
        if !may_be_had(scope) {
            return Err(ScopeRefused::NotForIt(scope.code()));
        }
        scopes.push(scope);
    }
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() { Err(ScopeRefused::None) } else { Ok(scopes) }
}

/// What a token is good for: all that its program is registered for and may still have, or as much of it as is asked for.
///
/// # Errors
/// Something is asked for that is not of it, or nothing is left.
pub fn narrowed(role: Role, registered: &[Scope], asked: Option<&str>) -> Result<Vec<Scope>, ScopeRefused> {
    // What no program may have by now, one may have been registered for.
    let may_be_had = |scope: Scope| registered.contains(&scope) && may_have(role, scope);
    match asked.map(str::split_ascii_whitespace) {
        Some(named) => scopes_among(named, may_be_had),
        None => {
            scopes_among(registered.iter().copied().filter(|scope| may_be_had(*scope)).map(Scope::code), may_be_had)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_what_is_asked_of_what_its_program_may_have() {
        let registered = [Scope::VouchersWrite, Scope::VouchersRead];
        let of = |asked| narrowed(Role::CaseWorker, &registered, asked);
        assert_eq!(of(None).unwrap(), registered);
        assert_eq!(of(Some(" vouchers:read  vouchers:read")).unwrap(), [Scope::VouchersRead]);
        assert_eq!(of(Some("ledger:read")), Err(ScopeRefused::NotForIt("ledger:read")));
        assert_eq!(of(Some("all")), Err(ScopeRefused::Unknown("all".into())));
        assert_eq!(of(Some(" ")), Err(ScopeRefused::None));
    }

    #[test]
    fn what_no_program_may_have_any_more_is_of_no_token() {
        let registered = [Scope::StatementsRead, Scope::StatementsApprove];
        let of = |registered, asked| narrowed(Role::Finance, registered, asked);
        assert_eq!(of(&registered, None).unwrap(), [Scope::StatementsRead]);
        let asked = of(&registered, Some("statements:approve"));
        assert_eq!(asked, Err(ScopeRefused::NotForIt("statements:approve")));
        assert_eq!(of(&[Scope::StatementsApprove], None), Err(ScopeRefused::None));
    }

    #[test]
    fn a_program_binds_no_provider() {
        let of = MemberRole::ALL.map(|role| as_member(role).ok());
        assert_eq!(of, [Some(MemberRole::Worker), Some(MemberRole::Clerk), None]);
    }

    #[test]
    fn a_program_has_no_scope_that_its_role_cannot_hold() {
        let of = |role: Role| move |scope: Scope| may_have(role, scope);
        assert!(scopes_among(["vouchers:write"], of(Role::CaseWorker)).is_ok());
        assert_eq!(
            scopes_among(["vouchers:read", "vouchers:write"], of(Role::Finance)),
            Err(ScopeRefused::NotForIt("vouchers:write"))
        );
        for (role, scope) in [
            (Role::Provider, "machine-clients:write"),
            (Role::Provider, "provider-changes:decide"),
            (Role::Officer, "provider-changes:decide"),
            (Role::Officer, "rulebooks:adopt"),
            (Role::Finance, "statements:approve"),
        ] {
            assert!(Scope::from_code(scope).unwrap().roles().contains(&role), "{scope}");
            assert_eq!(scopes_among([scope], of(role)), Err(ScopeRefused::NotForIt(scope)));
        }
    }
}
