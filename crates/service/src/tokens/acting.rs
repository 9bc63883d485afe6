//! A mandate that a token carries: its subject is represented by whom `act` names (RFC 8693 § 4.1), for what `mandate_scope`
//! says, until `mandate_exp`. Looked at when the token itself is known to be good, so that why it cannot be used is told.

use chrono::Datelike;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use thiserror::Error;
use uuid::Uuid;
use valinta_domain::behalf::{MandateScope, TokenMandate};
use valinta_domain::id::kind;
use valinta_domain::policy::{Mandate, MandateSource, Role};
use valinta_domain::{Id, Moment};

use super::is_name;

/// The last year in which a mandate can end: what seems to be later was not given in seconds.
const END_YEAR_MAX: i32 = 2200;

/// What a token says of a mandate, whatever that is.
#[derive(Debug, Default, Deserialize)]
pub(super) struct MandateClaims {
    #[serde(default, deserialize_with = "said")]
    act: Option<Value>,
    #[serde(default, deserialize_with = "said")]
    mandate_scope: Option<Value>,
    #[serde(default, deserialize_with = "said")]
    mandate_exp: Option<Value>,
}

/// A claim that is there, also where it is null: an issuer that found no mandate says nothing, or else what is no mandate.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Whom a token says to be represented.
pub(super) struct Represented<'a> {
    pub(super) subject: &'a str,
    pub(super) role: Role,
    pub(super) person: Option<Id<kind::Person>>,
    pub(super) issuer: &'a str,
}

/// Who acts, by which mandate.
pub(super) struct Acting {
    pub(super) subject: String,
    pub(super) mandate: Mandate,
}

/// Why the mandate of a good token cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnfitMandate {
    /// A part of it is missing.
    #[error("act, mandate_scope and mandate_exp are wanted together: there is no {0}")]
    Missing(&'static str),
    /// The token is of a role that nobody is represented in.
    #[error("act is for residents, who are represented by others: the token's valinta_role is {0}")]
    NotOfResident(&'static str),
    /// It does not say who acts.
    #[error("act is an object whose sub names who acts, in 1 to 200 characters")]
    Actor,
    /// Which person acts is not said by an id.
    #[error("act.person_id is a person's id")]
    ActorsPerson,
    /// Nobody is represented.
    #[error("act names the one who is represented: nobody represents themselves")]
    Oneself,
    /// What it lets one do is not known.
    #[error("mandate_scope is one or more of {known}, with spaces between", known = MandateScope::ALL.map(MandateScope::code).join(", "))]
    Scope,
    /// When it ends is not known.
    #[error("mandate_exp is a whole number of seconds since 1970, up to the year {END_YEAR_MAX}")]
    End,
    /// It has ended.
    #[error("it ended at {at}, as mandate_exp says", at = .0.utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true))]
    Ended(Moment),
}

impl MandateClaims {
    /// Who acts, if the token carries a mandate. A part of one is not taken for none.
    ///
    /// # Errors
    /// See [`UnfitMandate`].
    pub(super) fn acting(&self, of: &Represented<'_>, now: Moment) -> Result<Option<Acting>, UnfitMandate> {
        let (act, scope, end) = match (&self.act, &self.mandate_scope, &self.mandate_exp) {
            (None, None, None) => return Ok(None),
            (Some(act), Some(scope), Some(end)) => (act, scope, end),
            (None, _, _) => return Err(UnfitMandate::Missing("act")),
            (_, None, _) => return Err(UnfitMandate::Missing("mandate_scope")),
            (_, _, None) => return Err(UnfitMandate::Missing("mandate_exp")),
        };
        let person = of.person.filter(|_| of.role == Role::Resident);
        let person = person.ok_or(UnfitMandate::NotOfResident(of.role.code()))?;
        // Who acted for whom before, inside of `act`, says nothing of what may be done now (RFC 8693 § 4.1).
        let subject = act.get("sub").and_then(Value::as_str).filter(|sub| is_name(sub)).ok_or(UnfitMandate::Actor)?;
        let representative = match act.get("person_id") {
            None | Some(Value::Null) => None,
            Some(id) => Some(person_id(id).ok_or(UnfitMandate::ActorsPerson)?),
        };
        if subject == of.subject || representative == Some(person) {
            return Err(UnfitMandate::Oneself);
        }
        let scope = widest(scope).ok_or(UnfitMandate::Scope)?;
        let ends_at = moment(end).ok_or(UnfitMandate::End)?;
        if ends_at <= now {
            return Err(UnfitMandate::Ended(ends_at));
        }
        let of_token = TokenMandate { issuer: of.issuer.to_owned(), ends_at, representative };
        let mandate = Mandate { person, scope, source: MandateSource::Token(of_token) };
        Ok(Some(Acting { subject: subject.to_owned(), mandate }))
    }
}

fn person_id(id: &Value) -> Option<Id<kind::Person>> {
    id.as_str()?.parse::<Uuid>().ok().map(Id::new)
}

/// What lets more of what is named. One name that nobody knows makes all of it unknown.
fn widest(names: &Value) -> Option<MandateScope> {
    let scopes: Option<Vec<MandateScope>> = names.as_str()?.split(' ').map(MandateScope::from_code).collect();
    scopes?.into_iter().min()
}

fn moment(seconds: &Value) -> Option<Moment> {
    let micros = seconds.as_i64().filter(|seconds| *seconds >= 0)?.checked_mul(1_000_000)?;
    Moment::from_micros(micros).filter(|moment| moment.utc().year() <= END_YEAR_MAX)
}
