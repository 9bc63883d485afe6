//! Assertions by which programs prove who they are (RFC 7523 § 3, `private_key_jwt`): signed with a key of the program's, for
//! this service, good for minutes, and for one token.

use chrono::TimeDelta;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use valinta_domain::id::kind;
use valinta_domain::machine_client::ASSERTION_LIFETIME_MAX;
use valinta_domain::{Id, Moment};

use super::{Audience, InvalidToken, LEEWAY_S, Trusted, is_name, key_of, signed_with, unverified};

/// What is kept of an assertion, so that it is good for one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Assertion {
    /// The hash of its name.
    pub(crate) jti_hash: [u8; 32],
    /// When it is good no more, however far clocks are apart.
    pub(crate) expires_at: Moment,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    jti: String,
}

/// Which program an assertion names, before anything is known of its signature: good for nothing but to find its keys.
pub(crate) fn stated_client(assertion: &str) -> Option<Id<kind::MachineClient>> {
    #[derive(Deserialize)]
    struct Stated {
        sub: String,
    }
    let stated: Stated = unverified(assertion)?;
    stated.sub.parse().ok()
}

/// Lets an assertion prove that a program calls.
///
/// # Errors
/// Anything about it that is not as RFC 7523 has it.
pub(crate) fn verify_assertion(
    assertion: &str,
    client: Id<kind::MachineClient>,
    keys: &[Trusted],
    for_whom: &[String],
    now: Moment,
) -> Result<Assertion, InvalidToken> {
    let header = jsonwebtoken::decode_header(assertion).map_err(InvalidToken::because)?;
    // A token of any other kind proves nothing here, whoever has signed it.
    let is_of_kind =
        |typ: &str| typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("client-authentication+jwt");
    if !header.typ.as_deref().is_none_or(is_of_kind) || header.crit.is_some() {
        return Err(InvalidToken::because("it is no assertion of a client"));
    }
    let keys: Vec<&Trusted> = keys.iter().collect();
    let key = key_of(&keys, header.kid.as_deref())?.ok_or(InvalidToken::because("kid is not known"))?;
    let claims: Claims = signed_with(key, header.alg, assertion)?;
    let (now_s, own) = (now.utc().timestamp(), client.to_string());
    let latest_exp = now_s.saturating_add(ASSERTION_LIFETIME_MAX.num_seconds()).saturating_add(LEEWAY_S);
    let in_future = |at: Option<i64>| at.is_some_and(|at| at > now_s.saturating_add(LEEWAY_S));
    let fault = if claims.iss != own || claims.sub != own {
        "iss and sub are not the client"
    } else if !for_whom.iter().any(|whom| claims.aud.names(whom)) {
        "aud is another"
    } else if claims.exp.saturating_add(LEEWAY_S) <= now_s {
        "it has expired"
    } else if claims.exp > latest_exp {
        "it is good for too long"
    } else if in_future(claims.iat) || in_future(claims.nbf) {
        "it is from the future"
    } else if !is_name(&claims.jti) {
        "jti is empty or too long"
    } else {
        let left = TimeDelta::seconds(claims.exp.saturating_sub(now_s).saturating_add(LEEWAY_S.saturating_mul(2)));
        let expires_at = Moment::new(now.utc() + left);
        return Ok(Assertion { jti_hash: Sha256::digest(&claims.jti).into(), expires_at });
    };
    Err(InvalidToken::because(fault))
}
