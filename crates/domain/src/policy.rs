//! Who may do what, and to whose things.
//!
//! *What*: a role holds scopes, a token names some of them, and an operation asks for one. *Whose*: [`require`]
//! compares the actor with the owners of the target. What an actor has nothing to do with is hidden, not refused.

mod scope;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::behalf::{MandateScope, TokenMandate};
use crate::id::{Id, kind};
use crate::provider::MemberRole;

pub use scope::Scope;

/// What a person or a system is to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Runs the installation; sees nobody's data.
    Operator,
    /// Publishes voucher types and rulebooks, approves and supervises providers (*rekisterivastaava*).
    Officer,
    /// Registers clients and issues vouchers, mostly through an integration (*palveluohjaaja*).
    CaseWorker,
    /// Follows the money.
    Finance,
    /// Reads everything of the county and changes nothing.
    Auditor,
    /// Acts for a provider.
    Provider,
    /// Holds vouchers.
    Resident,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] =
        [Self::Operator, Self::Officer, Self::CaseWorker, Self::Finance, Self::Auditor, Self::Provider, Self::Resident];

    /// The name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Officer => "officer",
            Self::CaseWorker => "case-worker",
            Self::Finance => "finance",
            Self::Auditor => "auditor",
            Self::Provider => "provider",
            Self::Resident => "resident",
        }
    }

    /// The role of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    /// Whether the role works for an organiser, and so needs to say for which.
    pub const fn is_county_staff(self) -> bool {
        match self {
            Self::Officer | Self::CaseWorker | Self::Finance | Self::Auditor => true,
            Self::Operator | Self::Provider | Self::Resident => false,
        }
    }

    /// The most that a token of this role can be good for.
    pub fn scopes(self) -> Vec<Scope> {
        Scope::ALL.into_iter().filter(|scope| scope.roles().contains(&self)).collect()
    }
}

/// Who acts: a person or a system, in one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The token's subject, as its issuer names them.
    pub subject: String,
    /// In what role.
    pub role: Role,
    /// For which organiser; county staff only.
    pub organiser: Option<Id<kind::Organiser>>,
    /// Which person; residents only, and not those whose token carries a mandate: what is their own stays closed to it.
    pub person: Option<Id<kind::Person>>,
    /// Members of which providers, and as what; providers only.
    pub memberships: Vec<Membership>,
    /// For whom the resident acts now, what lets more first; residents only.
    pub mandates: Vec<Mandate>,
}

/// What lets a resident act for another person, at a moment at which it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// For whom.
    pub person: Id<kind::Person>,
    /// What it lets the representative do.
    pub scope: MandateScope,
    /// From where it is known.
    pub source: MandateSource,
}

/// From where a mandate is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MandateSource {
    /// An organiser has recorded it.
    Recorded {
        /// Which it is.
        id: Id<kind::Mandate>,
        /// Who has recorded it: it is good for what is this organiser's alone.
        organiser: Id<kind::Organiser>,
        /// For whom, as the organiser's client.
        client: Id<kind::Client>,
    },
    /// The caller's token carries it: it is good for what is the person's with every organiser.
    Token(TokenMandate),
}

impl Mandate {
    /// Whether it is for what is this person's with this organiser.
    fn is_for(&self, person: Id<kind::Person>, organiser: Id<kind::Organiser>) -> bool {
        let with_organiser = match &self.source {
            MandateSource::Recorded { organiser: recorded_by, .. } => *recorded_by == organiser,
            MandateSource::Token(_) => true,
        };
        with_organiser && self.person == person
    }
}

/// One who acts for a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// For which provider.
    pub provider: Id<kind::Provider>,
    /// As what.
    pub role: MemberRole,
}

impl Actor {
    /// The providers that the actor acts for.
    pub fn provider_ids(&self) -> Vec<Id<kind::Provider>> {
        self.memberships.iter().map(|membership| membership.provider).collect()
    }

    /// Whether the actor acts for a provider.
    pub fn is_member_of(&self, provider: Id<kind::Provider>) -> bool {
        self.role_in(provider).is_some()
    }

    /// As what the actor acts for a provider.
    pub fn role_in(&self, provider: Id<kind::Provider>) -> Option<MemberRole> {
        self.memberships.iter().find(|membership| membership.provider == provider).map(|membership| membership.role)
    }

    /// By which mandate the actor touches a target: none, where it is the actor's own or nobody's whom the actor acts for.
    pub fn mandate_for(&self, target: &Target) -> Option<&Mandate> {
        self.mandates_for(target).next()
    }

    /// For whom the actor acts by the mandate that the token carries, if it carries one.
    pub fn represents(&self) -> Option<Id<kind::Person>> {
        let of_token = |mandate: &&Mandate| match mandate.source {
            MandateSource::Token(_) => true,
            MandateSource::Recorded { .. } => false,
        };
        self.mandates.iter().find(of_token).map(|mandate| mandate.person)
    }

    fn mandates_for(&self, target: &Target) -> impl Iterator<Item = &Mandate> {
        let acts = self.role == Role::Resident && self.person != target.person;
        let whose = target.person.zip(target.organiser).filter(|_| acts);
        let is_for =
            move |mandate: &&Mandate| whose.is_some_and(|(person, organiser)| mandate.is_for(person, organiser));
        self.mandates.iter().filter(is_for)
    }
}

/// Whose a thing is. A thing may have several owners: a chosen voucher has all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Target {
    /// The organiser it belongs to.
    pub organiser: Option<Id<kind::Organiser>>,
    /// The provider it belongs to, or that serves under it.
    pub provider: Option<Id<kind::Provider>>,
    /// The person it is about.
    pub person: Option<Id<kind::Person>>,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident for [$($role:ident),+] by $member:ident;)+) => {
        /// What is done to a target.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action { $($(#[$doc])* $name,)+ }

        impl Action {
            /// All actions.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// The roles that may do it to what is theirs.
            pub const fn roles(self) -> &'static [Role] {
                match self { $(Self::$name => &[$(Role::$role),+],)+ }
            }

            /// What a member of a provider must be to do it, at least.
            pub const fn member(self) -> MemberRole {
                match self { $(Self::$name => MemberRole::$member,)+ }
            }
        }
    };
}

actions! {
    /// Publish a voucher type; draft a rulebook and read the draft.
    ManageRules for [Officer] by Admin;
    /// Adopt a rulebook.
    AdoptRulebook for [Officer] by Admin;
    /// Change a provider's own details, units, offerings and evidence; draft applications.
    ManageProvider for [Provider] by Clerk;
    /// Add, change and remove members of a provider.
    ManageMembers for [Officer, Provider] by Admin;
    /// Register and end programs that act for a provider, and see them.
    ManageMachineClients for [Provider] by Admin;
    /// Ask for a change of what two people must agree on.
    ProposeProviderChange for [Provider] by Admin;
    /// Confirm or refuse such a change.
    DecideProviderChange for [Officer, Provider] by Admin;
    /// Read what is not public of a provider.
    ReadProvider for [Officer, Auditor, Provider] by Worker;
    /// Submit and withdraw applications, end approvals: what binds the provider.
    BindProvider for [Provider] by Admin;
    /// Read an application.
    ReadApplication for [Officer, Auditor, Provider] by Worker;
    /// Decide an application, or ask for more information.
    DecideApplication for [Officer] by Admin;
    /// Accept or reject evidence.
    CheckEvidence for [Officer] by Admin;
    /// Record findings, impose measures, lift suspensions.
    Supervise for [Officer] by Admin;
    /// Read findings and measures.
    ReadSupervision for [Officer, Auditor, Provider] by Worker;
    /// Answer findings, be heard on measures.
    ReplyToSupervision for [Provider] by Clerk;
    /// Bring a provider's units, offerings and prices in from another system.
    ImportRegistry for [Officer, Provider] by Clerk;
    /// Read the registry's worklists.
    ReadDesk for [Officer, Auditor] by Admin;
    /// Register a client or issue or cancel a voucher.
    ServeClient for [CaseWorker] by Admin;
    /// Read a client's details.
    ReadClient for [CaseWorker, Auditor] by Admin;
    /// Read a voucher and what follows from it.
    ReadVoucher for [CaseWorker, Finance, Auditor, Provider, Resident] by Worker;
    /// Be told, accept, refuse, choose. A case worker does it for a client who has consented.
    RespondToVoucher for [CaseWorker, Resident] by Admin;
    /// Read a client's request to be taken.
    ReadChoiceRequest for [Provider] by Worker;
    /// Confirm or refuse such a request.
    AnswerChoiceRequest for [Provider] by Clerk;
    /// Record a service event.
    RecordServiceEvent for [Provider] by Worker;
    /// Take a service event back.
    CorrectServiceEvent for [CaseWorker, Provider] by Worker;
    /// Accept a service event, ask about it, settle what is contested.
    ReviewServiceEvent for [CaseWorker] by Admin;
    /// Contest a service event.
    ContestServiceEvent for [Resident] by Admin;
    /// Settle months, send statements.
    Settle for [Finance] by Admin;
    /// Approve a statement.
    ApproveStatement for [Finance] by Admin;
    /// Read a statement.
    ReadStatement for [Finance, Auditor, Provider] by Clerk;
    /// Read what was handed over to others.
    ReadDelivery for [Officer, Finance, Auditor] by Admin;
    /// Have what could not be handed over tried again.
    ReplayDelivery for [Officer, Finance] by Admin;
    /// Hear what has happened.
    ReadEvents for [Officer, CaseWorker, Finance, Auditor, Provider] by Clerk;
    /// Make and end webhooks, and their secrets.
    ManageWebhooks for [Officer, CaseWorker, Finance, Provider] by Clerk;
    /// See webhooks, and what came of their calls.
    ReadWebhooks for [Officer, CaseWorker, Finance, Auditor, Provider] by Clerk;
    /// Read a decision about a client.
    ReadClientDecision for [CaseWorker, Finance, Auditor, Resident] by Admin;
    /// Read a decision about a provider.
    ReadProviderDecision for [Officer, Auditor, Provider] by Worker;
    /// Read the audit trail.
    ReadAudit for [Auditor] by Admin;
}

/// Why an actor may not act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Denied {
    /// The actor has nothing to do with the target and is not told that it exists.
    #[error("not found")]
    Hidden,
    /// The target is the actor's, but the action is not for the role.
    #[error("this is not for the caller's role")]
    NotForRole,
    /// The actor has a mandate for the target, but not one that is for the action.
    #[error("the mandate is not for this")]
    NotForMandate,
}

/// Lets the actor act on the target, or says why not.
///
/// # Errors
/// [`Denied::Hidden`] where the target is not the actor's; [`Denied::NotForRole`] where it is, but not to act on so;
/// [`Denied::NotForMandate`] where the actor may act on it for another, but not so.
pub fn require(actor: &Actor, action: Action, target: &Target) -> Result<(), Denied> {
    if !is_owner(actor, target) {
        return require_mandate(actor, action, target);
    }
    // Who acts for the owner as something less than it takes is told so.
    let enough = |provider| actor.role_in(provider).is_some_and(|role| role >= action.member());
    if !action.roles().contains(&actor.role) || (actor.role == Role::Provider && !target.provider.is_some_and(enough)) {
        return Err(Denied::NotForRole);
    }
    Ok(())
}

/// Lets a representative do what a mandate is for. Of what none is for, not even that it exists is told.
fn require_mandate(actor: &Actor, action: Action, target: &Target) -> Result<(), Denied> {
    let known = MandateScope::ALL.into_iter().any(|scope| scope.actions().contains(&action));
    let mut mandates = actor.mandates_for(target).peekable();
    if !known || mandates.peek().is_none() {
        return Err(Denied::Hidden);
    }
    if mandates.any(|mandate| mandate.scope.actions().contains(&action)) { Ok(()) } else { Err(Denied::NotForMandate) }
}

fn is_owner(actor: &Actor, target: &Target) -> bool {
    match actor.role {
        Role::Officer | Role::CaseWorker | Role::Finance | Role::Auditor => {
            actor.organiser.is_some() && actor.organiser == target.organiser
        }
        Role::Provider => target.provider.is_some_and(|provider| actor.is_member_of(provider)),
        Role::Resident => actor.person.is_some() && actor.person == target.person,
        Role::Operator => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Moment;
    use uuid::Uuid;

    fn actor(role: Role, own: bool) -> Actor {
        let n = if own { 1 } else { 2 };
        Actor {
            subject: "s".into(),
            role,
            organiser: role.is_county_staff().then(|| Id::new(Uuid::from_u128(n))),
            person: (role == Role::Resident).then(|| Id::new(Uuid::from_u128(n))),
            memberships: if role == Role::Provider { vec![membership(n, MemberRole::Admin)] } else { vec![] },
            mandates: vec![],
        }
    }

    fn membership(n: u128, role: MemberRole) -> Membership {
        Membership { provider: Id::new(Uuid::from_u128(n)), role }
    }

    fn target() -> Target {
        let one = Uuid::from_u128(1);
        Target { organiser: Some(Id::new(one)), provider: Some(Id::new(one)), person: Some(Id::new(one)) }
    }

    #[test]
    fn what_is_anothers_is_hidden_from_every_role() {
        for role in Role::ALL {
            for action in Action::ALL {
                assert_eq!(require(&actor(role, false), action, &target()), Err(Denied::Hidden), "{role:?} {action:?}");
                assert_eq!(require(&actor(role, true), action, &Target::default()), Err(Denied::Hidden));
            }
        }
    }

    /// The provider's members who may, as `provider(admin,clerk)`.
    fn as_what(action: Action) -> String {
        let may = |member: &MemberRole| {
            let acting = Actor { memberships: vec![membership(1, *member)], ..actor(Role::Provider, true) };
            require(&acting, action, &target()).is_ok()
        };
        let members: Vec<&str> = MemberRole::ALL.into_iter().filter(may).map(MemberRole::code).collect();
        format!("provider({})", members.join(","))
    }

    #[test]
    fn the_matrix_of_actions_and_roles_is_this() {
        let mut matrix = String::new();
        for action in Action::ALL {
            let allowed: Vec<String> = Role::ALL
                .into_iter()
                .filter(|role| require(&actor(*role, true), action, &target()).is_ok())
                .map(|role| if role == Role::Provider { as_what(action) } else { role.code().to_owned() })
                .collect();
            matrix.push_str(&format!("{action:?}: {}\n", allowed.join(" ")));
        }
        assert_eq!(matrix, include_str!("policy_matrix.txt"));
    }

    fn mandate(organiser: u128, person: u128, scope: MandateScope) -> Mandate {
        let id = |n| Uuid::from_u128(n);
        let source =
            MandateSource::Recorded { id: Id::new(id(9)), organiser: Id::new(id(organiser)), client: Id::new(id(8)) };
        Mandate { person: Id::new(id(person)), scope, source }
    }

    /// As it is in a token.
    fn carried(person: u128, scope: MandateScope) -> Mandate {
        let ends_at = Moment::from_micros(1_800_000_000_000_000).unwrap();
        let of_token = TokenMandate { issuer: "https://id.example".to_owned(), ends_at, representative: None };
        Mandate { source: MandateSource::Token(of_token), ..mandate(9, person, scope) }
    }

    #[test]
    fn a_representative_does_what_the_mandate_is_for_and_nothing_else() {
        let representative = |mandates| Actor { mandates, ..actor(Role::Resident, false) };
        for scope in MandateScope::ALL {
            let acting = representative(vec![mandate(1, 1, scope)]);
            for action in Action::ALL {
                let of_mandates = [Action::ReadVoucher, Action::RespondToVoucher, Action::ContestServiceEvent];
                let known = of_mandates.contains(&action);
                let expected = match (known, scope.actions().contains(&action)) {
                    (true, true) => Ok(()),
                    (true, false) => Err(Denied::NotForMandate),
                    (false, _) => Err(Denied::Hidden),
                };
                assert_eq!(require(&acting, action, &target()), expected, "{scope:?} {action:?}");
            }
            // Another county's, another person's, and what belongs to no person.
            for other in [mandate(2, 1, scope), mandate(1, 3, scope)] {
                let acting = representative(vec![other]);
                assert_eq!(require(&acting, Action::ReadVoucher, &target()), Err(Denied::Hidden));
            }
            let nobodys = Target { person: None, ..target() };
            assert_eq!(require(&acting, Action::ReadVoucher, &nobodys), Err(Denied::Hidden));
        }
        assert_eq!(
            MandateScope::Vouchers.actions(),
            [Action::ReadVoucher, Action::RespondToVoucher, Action::ContestServiceEvent]
        );
        assert_eq!(MandateScope::VouchersRead.actions(), [Action::ReadVoucher]);
        let both = MandateScope::ALL.map(|scope| mandate(1, 1, scope)).to_vec();
        assert_eq!(require(&representative(both), Action::RespondToVoucher, &target()), Ok(()));
    }

    #[test]
    fn a_mandate_is_a_residents_and_is_not_used_for_what_is_ones_own() {
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Resident) {
            let acting = Actor { mandates: vec![mandate(1, 1, MandateScope::Vouchers)], ..actor(role, false) };
            assert_eq!(require(&acting, Action::ReadVoucher, &target()), Err(Denied::Hidden), "{role:?}");
        }
        let own = Actor { mandates: vec![mandate(1, 1, MandateScope::Vouchers)], ..actor(Role::Resident, true) };
        assert_eq!(own.mandate_for(&target()), None);
        assert_eq!(require(&own, Action::ReadClientDecision, &target()), Ok(()));
    }

    #[test]
    fn a_mandate_of_a_token_is_for_one_person_with_every_organiser_and_for_nothing_else() {
        let representative = |mandate| Actor { person: None, mandates: vec![mandate], ..actor(Role::Resident, false) };
        for scope in MandateScope::ALL {
            let acting = representative(carried(1, scope));
            assert_eq!(acting.represents(), target().person);
            for organiser in [1, 2] {
                let target = Target { organiser: Some(Id::new(Uuid::from_u128(organiser))), ..target() };
                for action in Action::ALL {
                    let recorded = representative(mandate(organiser, 1, scope));
                    assert_eq!(require(&acting, action, &target), require(&recorded, action, &target), "{action:?}");
                }
            }
            for other in [
                Target { person: Some(Id::new(Uuid::from_u128(2))), ..target() },
                Target { person: None, ..target() },
                Target { organiser: None, ..target() },
                Target::default(),
            ] {
                assert_eq!(require(&acting, Action::ReadVoucher, &other), Err(Denied::Hidden), "{other:?}");
            }
        }
    }

    #[test]
    fn an_auditor_changes_nothing_and_nobody_both_approves_and_settles() {
        for scope in Role::Auditor.scopes() {
            assert!(scope.code().ends_with(":read"), "{scope:?}");
        }
        for role in Role::ALL {
            let scopes = role.scopes();
            assert!(
                !(scopes.contains(&Scope::ApplicationsDecide) && scopes.contains(&Scope::VouchersWrite)),
                "{role:?}"
            );
        }
    }
}
