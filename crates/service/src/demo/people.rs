//! The demo county's people, as far as tokens need to know them, and their tokens.

use chrono::TimeDelta;
use valinta_domain::id::kind;
use valinta_domain::identifiers::BusinessId;
use valinta_domain::policy::Role;
use valinta_domain::{Id, Moment};

use crate::tokens::{Grant, Tokens};

/// The program that the demo's tokens are issued to.
const CLIENT_ID: &str = "valinta-demo";
/// How long they last: long enough for an afternoon of trying things out.
const LIFETIME: TimeDelta = TimeDelta::hours(12);

/// The subject of a token that acts for a demo provider.
pub(crate) fn member_of(provider: &BusinessId) -> String {
    format!("demo-provider-{provider}")
}

/// Whom a token is for, within a role.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bearer {
    /// The organiser that county staff works for.
    pub(crate) organiser: Option<Id<kind::Organiser>>,
    /// The person that a resident is.
    pub(crate) person: Option<Id<kind::Person>>,
    /// The subject; by default the role's own.
    pub(crate) subject: Option<String>,
}

/// A token with everything that its role can hold.
pub(crate) fn token(tokens: &Tokens, role: Role, bearer: Bearer, now: Moment) -> String {
    let subject = bearer.subject.unwrap_or_else(|| format!("demo-{}", role.code()));
    let grant = Grant {
        subject,
        role,
        organiser: bearer.organiser.filter(|_| role.is_county_staff()),
        person: bearer.person.filter(|_| role == Role::Resident),
        scopes: role.scopes(),
        lifetime: LIFETIME,
        client_id: CLIENT_ID.to_owned(),
    };
    tokens.mint(&grant, now)
}
