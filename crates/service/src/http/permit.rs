//! What a caller may do: `Permit<VouchersWrite>` in a handler's signature lets only tokens with that scope in.
//!
//! Whose things the caller may touch is not decided here but by `valinta_domain::policy`, where the things are known.

use std::fmt::Display;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, dev, web};
use valinta_domain::policy::Scope;

use super::limits::TOKEN_BYTES_MAX;
use super::problem::{Problem, ProblemKind};
use crate::app::App;
use crate::openid::Provider;
pub use crate::tokens::Caller;
use crate::tokens::{NotVerified, UnfitMandate};

/// A type that stands for a scope.
pub trait ScopeName {
    /// The scope.
    const SCOPE: Scope;
}

macro_rules! scope_names {
    ($($name:ident),+ $(,)?) => {
        $(
            #[doc = concat!("Stands for [`Scope::", stringify!($name), "`].")]
            #[derive(Debug, Clone, Copy)]
            pub struct $name;
            impl ScopeName for $name {
                const SCOPE: Scope = Scope::$name;
            }
        )+

        /// Fails to compile when a scope has no type.
        const _: fn(Scope) = |scope| match scope { $(Scope::$name => {})+ };
    };
}

scope_names! {
    OrganisersWrite, MachineClientsWrite, MachineClientsRead, VoucherTypesWrite, RulebooksWrite, RulebooksAdopt, ProvidersWrite, ApplicationsWrite,
    ApplicationsRead, ApplicationsDecide, OfferingsWrite, ClientsWrite, ClientsRead, VouchersWrite, VouchersRead,
    VouchersRespond, VouchersLookup, ServiceEventsWrite, ServiceEventsRead, LedgerRead, DecisionsRead, AuditRead,
    AccessLogRead, ProvidersRead, MembersWrite, ProviderChangesDecide, EvidenceWrite, EvidenceCheck, ApprovalsSupervise,
    ApprovalsEnd, SupervisionRead, SupervisionReply, RegistryImport, DeskRead, ChoiceRequestsAnswer,
    MandatesWrite, MandatesRead, ServiceEventsCorrect, ServiceEventsReview, ServiceEventsContest, SettlementsWrite,
    StatementsApprove, StatementsRead, DeliveriesRead, DeliveriesReplay, JobsRead, EventsRead, WebhooksWrite, WebhooksRead,
}

/// Proof that the caller's token is valid and carries the scope `S`.
///
/// It is a handler's first argument, so that nothing about a request is read before its caller is known.
#[derive(Debug)]
pub struct Permit<S> {
    caller: Caller,
    scope: PhantomData<fn() -> S>,
}

impl<S> Permit<S> {
    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Who calls.
    pub fn into_caller(self) -> Caller {
        self.caller
    }
}

impl<S: ScopeName> FromRequest for Permit<S> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let caller = caller_of(request);
        Box::pin(async move {
            let caller = caller.await?;
            may(&caller, S::SCOPE)?;
            Ok(Self { caller, scope: PhantomData })
        })
    }
}

fn may(caller: &Caller, scope: Scope) -> Result<(), Problem> {
    if caller.scopes.contains(&scope) {
        return Ok(());
    }
    let detail = if scope.roles().contains(&caller.role) {
        format!("The token does not carry the scope {}.", scope.code())
    } else {
        "This is not for the caller's role.".to_owned()
    };
    let challenge = format!("Bearer realm=\"valinta\", error=\"insufficient_scope\", scope=\"{}\"", scope.code());
    Err(Problem::new(ProblemKind::Forbidden, detail).with_header(header::WWW_AUTHENTICATE, challenge))
}

/// Who calls, whatever their token lets them do. Where the token names a key of an OpenID provider's that is not here, the
/// provider is asked first.
pub(super) fn caller_of(request: &HttpRequest) -> impl Future<Output = Result<Caller, Problem>> + use<> {
    let known = known_caller(request);
    async move {
        let (provider, app, token) = match known {
            Ok(caller) => return Ok(caller),
            Err(Unknown::Refused(problem)) => return Err(problem),
            Err(Unknown::KeyWanted(provider, app, token)) => (provider, app, token),
        };
        provider.fetch(app.clock().now()).await;
        app.tokens().verify(&token, app.clock().now()).map_err(|unknown| match unknown {
            NotVerified::Invalid(reason) => invalid(reason),
            NotVerified::Mandate(reason) => unfit(&reason),
            NotVerified::KeyWanted(_) if provider.keys(app.clock().now()).is_some() => invalid("kid is not known"),
            NotVerified::KeyWanted(_) => {
                let detail = format!("The keys of {} cannot be had at the moment.", provider.issuer());
                Problem::new(ProblemKind::Unavailable, detail)
            }
        })
    }
}

/// Why it is not known at once who calls.
enum Unknown {
    Refused(Problem),
    KeyWanted(Arc<Provider>, web::Data<App>, String),
}

impl From<Problem> for Unknown {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

fn known_caller(request: &HttpRequest) -> Result<Caller, Unknown> {
    let app = request.app_data::<web::Data<App>>().ok_or_else(|| Problem::internal("no app in this server"))?;
    let token = bearer(request)?;
    app.tokens().verify(token, app.clock().now()).map_err(|unknown| match unknown {
        NotVerified::Invalid(reason) => invalid(reason).into(),
        NotVerified::Mandate(reason) => unfit(&reason).into(),
        NotVerified::KeyWanted(provider) => Unknown::KeyWanted(provider, app.clone(), token.to_owned()),
    })
}

/// Why it is not valid is for the log: a forger learns nothing.
fn invalid(reason: impl Display) -> Problem {
    unauthenticated("The bearer token is not valid.", true).caused_by(reason)
}

/// Its issuer has signed it, and is told what is wrong with the mandate that it carries.
fn unfit(reason: &UnfitMandate) -> Problem {
    unauthenticated(&format!("The mandate that the bearer token carries cannot be used: {reason}."), true)
}

/// The one bearer token of a request.
fn bearer(request: &HttpRequest) -> Result<&str, Problem> {
    let mut sent = request.headers().get_all(header::AUTHORIZATION);
    let Some(value) = sent.next() else {
        return Err(unauthenticated("A bearer token is needed.", false));
    };
    let credentials = value.to_str().ok().filter(|_| sent.next().is_none()).and_then(|value| value.split_once(' '));
    match credentials {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && token.len() <= TOKEN_BYTES_MAX => {
            Ok(token.trim())
        }
        _ => Err(unauthenticated("The Authorization header must be one bearer token.", true)),
    }
}

fn unauthenticated(detail: &str, sent: bool) -> Problem {
    let challenge = if sent { "Bearer realm=\"valinta\", error=\"invalid_token\"" } else { "Bearer realm=\"valinta\"" };
    Problem::new(ProblemKind::Unauthenticated, detail).with_header(header::WWW_AUTHENTICATE, challenge.to_owned())
}
