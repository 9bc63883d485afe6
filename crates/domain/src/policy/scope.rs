//! What an operation asks its caller to be allowed to do, and which roles can be.

use super::Role;

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $code:literal for [$($role:ident),+];)+) => {
        /// What an operation asks its caller to be allowed to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope { $($(#[$doc])* $name,)+ }

        impl Scope {
            /// All scopes.
            pub const ALL: [Self; [$(Self::$name),+].len()] = [$(Self::$name),+];

            /// The name in tokens and in the OpenAPI document.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The roles that can hold it.
            pub const fn roles(self) -> &'static [Role] {
                match self { $(Self::$name => &[$(Role::$role),+],)+ }
            }
        }
    };
}

scopes! {
    /// Found an organiser.
    OrganisersWrite = "organisers:write" for [Operator];
    /// Register and end programs, their keys and secrets: the operator for organisers, a provider's admins for the provider.
    MachineClientsWrite = "machine-clients:write" for [Operator, Provider];
    /// See which programs there are.
    MachineClientsRead = "machine-clients:read" for [Operator, Provider];
    /// Publish voucher types.
    VoucherTypesWrite = "voucher-types:write" for [Officer];
    /// Draft rulebooks and read drafts.
    RulebooksWrite = "rulebooks:write" for [Officer];
    /// Adopt a rulebook: a decision.
    RulebooksAdopt = "rulebooks:adopt" for [Officer];
    /// Register a provider and its units.
    ProvidersWrite = "providers:write" for [Provider];
    /// Draft, submit and withdraw applications.
    ApplicationsWrite = "applications:write" for [Provider];
    /// Read applications.
    ApplicationsRead = "applications:read" for [Officer, Auditor, Provider];
    /// Approve or reject: a decision.
    ApplicationsDecide = "applications:decide" for [Officer];
    /// Publish offerings and prices.
    OfferingsWrite = "offerings:write" for [Provider];
    /// Register clients.
    ClientsWrite = "clients:write" for [CaseWorker];
    /// Read clients.
    ClientsRead = "clients:read" for [CaseWorker, Auditor];
    /// Record and end what lets a person act for a client.
    MandatesWrite = "mandates:write" for [CaseWorker];
    /// Read who may act for a client.
    MandatesRead = "mandates:read" for [CaseWorker, Auditor];
    /// Issue and cancel vouchers: decisions.
    VouchersWrite = "vouchers:write" for [CaseWorker];
    /// Read vouchers, their choices and what was told about them.
    VouchersRead = "vouchers:read" for [CaseWorker, Finance, Auditor, Provider, Resident];
    /// Be told, accept, refuse and choose. A case worker does it for a client who has consented.
    VouchersRespond = "vouchers:respond" for [CaseWorker, Resident];
    /// Open a voucher by its number.
    VouchersLookup = "vouchers:lookup" for [Provider];
    /// Read and answer clients' requests to be taken.
    ChoiceRequestsAnswer = "choice-requests:answer" for [Provider];
    /// Record service events.
    ServiceEventsWrite = "service-events:write" for [Provider];
    /// Read service events.
    ServiceEventsRead = "service-events:read" for [CaseWorker, Finance, Auditor, Provider, Resident];
    /// Take service events back, before they are settled or afterwards.
    ServiceEventsCorrect = "service-events:correct" for [CaseWorker, Provider];
    /// Accept service events, ask about them, and settle what clients contest.
    ServiceEventsReview = "service-events:review" for [CaseWorker];
    /// Contest a service that was recorded for oneself.
    ServiceEventsContest = "service-events:contest" for [Resident];
    /// Say how months are settled, settle them, send statements to be paid.
    SettlementsWrite = "settlements:write" for [Finance];
    /// Approve statements that others made.
    StatementsApprove = "statements:approve" for [Finance];
    /// Read settlements and statements.
    StatementsRead = "statements:read" for [Finance, Auditor, Provider];
    /// Read what was handed over to others, and what was not.
    DeliveriesRead = "deliveries:read" for [Officer, Finance, Auditor];
    /// Have what could not be handed over tried again.
    DeliveriesReplay = "deliveries:replay" for [Officer, Finance];
    /// Read what the service does by itself, and how it goes.
    JobsRead = "jobs:read" for [Operator];
    /// Read vouchers' ledgers.
    LedgerRead = "ledger:read" for [CaseWorker, Finance, Auditor, Provider, Resident];
    /// Read what is not public of providers: members, contacts, history, evidence.
    ProvidersRead = "providers:read" for [Officer, Auditor, Provider];
    /// Add and remove members of a provider.
    MembersWrite = "members:write" for [Officer, Provider];
    /// Confirm or refuse changes of what two people must agree on.
    ProviderChangesDecide = "provider-changes:decide" for [Officer, Provider];
    /// Give evidence and hand in files.
    EvidenceWrite = "evidence:write" for [Provider];
    /// Accept or reject evidence.
    EvidenceCheck = "evidence:check" for [Officer];
    /// Record findings, impose measures, lift suspensions: decisions.
    ApprovalsSupervise = "approvals:supervise" for [Officer];
    /// End an approval at the provider's own wish.
    ApprovalsEnd = "approvals:end" for [Provider];
    /// Read findings and measures.
    SupervisionRead = "supervision:read" for [Officer, Auditor, Provider];
    /// Answer findings, be heard on measures.
    SupervisionReply = "supervision:reply" for [Provider];
    /// Bring providers, units, offerings and prices in from another system.
    RegistryImport = "registry:import" for [Officer, Provider];
    /// Read the registry's worklists.
    DeskRead = "desk:read" for [Officer, Auditor];
    /// Hear what has happened.
    EventsRead = "events:read" for [Officer, CaseWorker, Finance, Auditor, Provider];
    /// Make and end webhooks, and their secrets.
    WebhooksWrite = "webhooks:write" for [Officer, CaseWorker, Finance, Provider];
    /// See which webhooks there are, and what came of their calls.
    WebhooksRead = "webhooks:read" for [Officer, CaseWorker, Finance, Auditor, Provider];
    /// Read decisions.
    DecisionsRead = "decisions:read" for [Officer, CaseWorker, Finance, Auditor, Provider, Resident];
    /// Read the audit trail.
    AuditRead = "audit:read" for [Auditor];
    /// Read who has looked at one's own data.
    AccessLogRead = "access-log:read" for [Resident];
}

impl Scope {
    /// The scope of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.code() == code)
    }
}
