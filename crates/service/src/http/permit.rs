//! What a caller may do: `Permit<VouchersWrite>` in a handler's signature lets only tokens with that scope in.
//!
//! Whose things the caller may touch is not decided here but by `valinta_domain::policy`, where the things are known.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, dev, web};
use valinta_domain::policy::Scope;

use super::limits::TOKEN_BYTES_MAX;
use super::problem::{Problem, ProblemKind};
use crate::app::App;
pub use crate::tokens::Caller;

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
    OrganisersWrite, VoucherTypesWrite, RulebooksWrite, RulebooksAdopt, ProvidersWrite, ApplicationsWrite,
    ApplicationsRead, ApplicationsDecide, OfferingsWrite, ClientsWrite, ClientsRead, VouchersWrite, VouchersRead,
    VouchersRespond, VouchersLookup, ServiceEventsWrite, ServiceEventsRead, LedgerRead, DecisionsRead, AuditRead,
    AccessLogRead, ProvidersRead, MembersWrite, ProviderChangesDecide, EvidenceWrite, EvidenceCheck, ApprovalsSupervise,
    ApprovalsEnd, SupervisionRead, SupervisionReply, RegistryImport, DeskRead, ChoiceRequestsAnswer,
    MandatesWrite, MandatesRead, ServiceEventsCorrect, ServiceEventsReview, ServiceEventsContest, SettlementsWrite,
    StatementsApprove, StatementsRead, DeliveriesRead, DeliveriesReplay, JobsRead,
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
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(permit(request, S::SCOPE).map(|caller| Self { caller, scope: PhantomData }))
    }
}

fn permit(request: &HttpRequest, scope: Scope) -> Result<Caller, Problem> {
    let app = request.app_data::<web::Data<App>>().ok_or_else(|| Problem::internal("no app in this server"))?;
    let caller = caller_of(request, app)?;
    if caller.scopes.contains(&scope) {
        return Ok(caller);
    }
    let detail = if scope.roles().contains(&caller.role) {
        format!("The token does not carry the scope {}.", scope.code())
    } else {
        "This is not for the caller's role.".to_owned()
    };
    let challenge = format!("Bearer realm=\"valinta\", error=\"insufficient_scope\", scope=\"{}\"", scope.code());
    Err(Problem::new(ProblemKind::Forbidden, detail).with_header(header::WWW_AUTHENTICATE, challenge))
}

/// Who calls, whatever their token lets them do.
pub(super) fn caller_of(request: &HttpRequest, app: &App) -> Result<Caller, Problem> {
    let token = bearer(request)?;
    app.tokens()
        .verify(token, app.clock().now())
        .map_err(|reason| unauthenticated("The bearer token is not valid.", true).caused_by(reason))
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
