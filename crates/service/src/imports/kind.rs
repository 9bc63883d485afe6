//! What is brought in or out, and whose it is: the last part of a path, and the source that a caller acts for.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev};
use serde::Deserialize;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Role, Target};
use valinta_persistence::Conn;

use super::apply::Source;
use crate::cx::Cx;
use crate::http::{Problem, ProblemKind};

/// A kind of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RowKind {
    /// Legal entities.
    Providers,
    /// Their units.
    ServiceUnits,
    /// What the units offer.
    Offerings,
    /// At what prices.
    Prices,
}

impl RowKind {
    /// The name in paths.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Providers => "providers",
            Self::ServiceUnits => "service-units",
            Self::Offerings => "offerings",
            Self::Prices => "prices",
        }
    }
}

impl FromRequest for RowKind {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let named = request.match_info().get("kind").unwrap_or_default();
        let known = [Self::Providers, Self::ServiceUnits, Self::Offerings, Self::Prices];
        let unknown = || {
            let why = "what is brought in and out is providers, service-units, offerings or prices";
            Problem::new(ProblemKind::NotFound, "There are no files of that kind; see errors.").at(
                "/path/kind",
                "unknown_value",
                why,
            )
        };
        ready(known.into_iter().find(|kind| kind.code() == named).ok_or_else(unknown))
    }
}

/// Whose names stand in the caller's files: its organiser's, or those of the provider that it acts for.
pub(crate) fn source_of(
    c: &mut Conn,
    cx: &Cx,
    action: Action,
    provider: Option<Id<kind::Provider>>,
) -> Result<Source, Problem> {
    if cx.actor().role != Role::Provider {
        if provider.is_some() {
            let why = "this is for those who act for several providers";
            return Err(Problem::invalid(Vec::new()).at("/query/provider", "not_for_role", why));
        }
        let organiser = cx.own_organiser(c)?;
        cx.require(action, &Target { organiser: Some(organiser.id), ..Target::default() })?;
        return Ok(Source::Organiser(Box::new(organiser)));
    }
    let own = match (provider, cx.actor().memberships.as_slice()) {
        (Some(provider), _) => provider,
        (None, []) => return Err(Problem::not_found()),
        (None, [one]) => one.provider,
        (None, _) => {
            let why = "the caller acts for several providers: say for which";
            return Err(Problem::invalid(Vec::new()).at("/query/provider", "missing_field", why));
        }
    };
    cx.require(action, &Target { provider: Some(own), ..Target::default() })?;
    Ok(Source::Provider(own))
}

/// Lets a source bring rows of a kind in.
pub(super) fn may_bring(source: &Source, kind: RowKind) -> Result<(), Problem> {
    match (source, kind) {
        (Source::Provider(_), RowKind::Providers) => Err(Problem::new(
            ProblemKind::Forbidden,
            "A provider registers itself; only an officer brings providers in from a file.",
        )),
        (Source::Organiser(_) | Source::Provider(_), _) => Ok(()),
    }
}
